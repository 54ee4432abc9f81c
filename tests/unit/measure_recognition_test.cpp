// Recognition by the associative memory, against sums over all states.
#include <gtest/gtest.h>

#include <cmath>

#include "harmonium/base/error.h"
#include "harmonium/measure/recognition.h"

namespace harmonium {
namespace {

DeepBeliefNet labelled_net(const char* layers) {
  DeepBeliefNet net = make_net(parse_layers(layers), true);
  for (std::size_t n = 0; n < net.depth(); ++n) {
    initialise_weights(net.rbms[n], 1.0f, 0.2f, 5, n);
    for (std::size_t i = 0; i < net.rbms[n].visible.bias.size(); ++i)
      net.rbms[n].visible.bias[i] = 0.3f * static_cast<float>(i % 3) - 0.2f;
  }
  return net;
}

Matrix<float> some_cases(std::size_t rows, std::size_t columns) {
  Matrix<float> cases(rows, columns);
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t i = 0; i < columns; ++i) cases(r, i) = (r + i * i) % 3 == 0 ? 1.0f : 0.0f;
  return cases;
}

TEST(Recognition, ByFreeEnergyIsTheExactConditional) {
  ThreadTeam team(2);
  const DeepBeliefNet net = labelled_net("4 + softmax 3-5");
  const auto cases = some_cases(6, 4);
  const auto probabilities = label_probabilities(net, cases, {}, team);
  for (std::size_t r = 0; r < 6; ++r) {
    std::vector<double> weights(3, 0.0);
    double sum = 0;
    for (std::size_t l = 0; l < 3; ++l) {
      std::vector<float> visible(cases.row(r).begin(), cases.row(r).end());
      visible.resize(7, 0.0f);
      visible[4 + l] = 1.0f;
      const StateEnumerator hidden(net.top().hidden.spec);
      std::vector<float> h(5);
      for (std::uint64_t s = 0; s < hidden.states(); ++s) {
        hidden.state(s, h);
        weights[l] += std::exp(-energy(net.top(), visible, h));
      }
      sum += weights[l];
    }
    for (std::size_t l = 0; l < 3; ++l) EXPECT_NEAR(probabilities(r, l), weights[l] / sum, 1e-6);
  }
}

TEST(Recognition, BySettlingComesCloseWhereTheMemoryMixes) {
  ThreadTeam team(2);
  const DeepBeliefNet net = labelled_net("4 + softmax 3-5");
  const auto cases = some_cases(6, 4);
  const auto exact = label_probabilities(net, cases, {}, team);
  const auto settled = label_probabilities(net, cases, {RecognitionWay::kGibbs, 1, 20000, 3}, team);
  for (std::size_t i = 0; i < exact.size(); ++i) EXPECT_NEAR(settled.values()[i], exact.values()[i], 0.03);
}

TEST(Recognition, ByUpPassesAveragesOverCodes) {
  ThreadTeam team(2);
  const DeepBeliefNet net = labelled_net("4-3 + softmax 3-5");
  const auto cases = some_cases(5, 4);
  const auto averaged = label_probabilities(net, cases, {RecognitionWay::kUpPasses, 5000, 1, 3}, team);
  // The average over all codes, weighed by the up-pass.
  const auto q = up_pass(net, 0, 1, cases, States::kMeans, Noise(1, Stream::kUpPass, 0), {}, team);
  for (std::size_t r = 0; r < 5; ++r)
    for (std::size_t l = 0; l < 3; ++l) {
      double expected = 0;
      for (unsigned s = 0; s < 8; ++s) {
        Matrix<float> code(1, 3);
        double weight = 1;
        for (std::size_t j = 0; j < 3; ++j) {
          code(0, j) = (s >> j & 1u) ? 1.0f : 0.0f;
          weight *= code(0, j) == 1.0f ? q(r, j) : 1 - q(r, j);
        }
        expected += weight * label_probabilities_of_codes(net, code, team)(0, l);
      }
      EXPECT_NEAR(averaged(r, l), expected, 0.02);
    }
}

TEST(Recognition, DoesNotDependOnPiecesOrThreads) {
  const DeepBeliefNet net = labelled_net("4-3 + softmax 3-5");
  const auto cases = some_cases(300, 4);
  for (const auto way : {RecognitionWay::kFreeEnergy, RecognitionWay::kUpPasses, RecognitionWay::kGibbs}) {
    ThreadTeam one(1), three(3);
    const RecognitionOptions options{way, 3, 6, 9};
    const auto whole = label_probabilities(net, cases, options, one);
    const auto part = label_probabilities(net, cases.view().row_block(128, 172), options, three, 128);
    for (std::size_t i = 0; i < part.size(); ++i)
      ASSERT_EQ(part.values()[i], whole.values()[i + 128 * 3]) << static_cast<int>(way);
  }
}

TEST(Recognition, NeedsLabelUnits) {
  ThreadTeam team(1);
  EXPECT_THROW(label_probabilities(make_net(parse_layers("4-3"), false), some_cases(1, 4), {}, team),
               InputError);
}

TEST(Recognition, IsRefusedWhereFreeEnergiesAreNoNumbers) {
  ThreadTeam team(1);
  DeepBeliefNet net = labelled_net("4 + softmax 3-5");
  for (float& w : net.top().weights.values()) w = 3e38f;
  EXPECT_THROW(label_probabilities(net, some_cases(2, 4), {}, team), WorkError);
}

TEST(Recognition, TakesTheFirstOfEquals) {
  Matrix<double> p(1, 3, 1.0 / 3);
  EXPECT_EQ(likeliest_labels(p), std::vector<std::int32_t>{0});
}

}  // namespace
}  // namespace harmonium
