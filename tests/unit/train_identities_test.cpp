// Identities that hold for any gradient of a likelihood, whatever its value: rest at the truth, linearity in
// the cases, symmetry in the units.
#include <gtest/gtest.h>

#include <cmath>

#include "harmonium/measure/exact.h"
#include "unit/gradients.h"

namespace harmonium {
namespace {

// All states of the worked machine with their probabilities: data that come from the model itself.
struct OwnData {
  Matrix<float> states = all_triples();
  std::vector<float> p;

  OwnData() {
    ThreadTeam team(1);
    const Rbm rbm = worked_rbm();
    for (const double l : log_likelihoods(rbm, states, exact_log_z(rbm, team), team))
      p.push_back(static_cast<float>(std::exp(l)));
  }
};

// The largest |mean| / standard error over the parameters, and the largest |mean|, of CD-k over many seeds.
struct Size {
  double z = 0, mean = 0;
};
Size size_of_updates(const OwnData& data, TrainOptions options) {
  constexpr std::size_t kCopies = 400, kSeeds = 30;
  const auto many = repeated(data.states, kCopies);
  std::vector<float> weights;
  for (std::size_t r = 0; r < many.rows(); ++r) weights.push_back(data.p[r % 8]);
  std::vector<double> sum, square;
  for (options.seed = 1; options.seed <= kSeeds; ++options.seed) {
    const auto one = flat(gradient_of(worked_rbm(), options, many, weights));
    sum.resize(one.size()), square.resize(one.size());
    for (std::size_t i = 0; i < one.size(); ++i) sum[i] += one[i], square[i] += one[i] * one[i];
  }
  Size size;
  for (std::size_t i = 0; i < sum.size(); ++i) {
    const double mean = sum[i] / kSeeds, error = std::sqrt((square[i] / kSeeds - mean * mean) / (kSeeds - 1));
    size.z = std::max(size.z, std::abs(mean) / error), size.mean = std::max(size.mean, std::abs(mean));
  }
  return size;
}

TEST(Score, HasZeroMeanUnderTheModel) {
  const OwnData data;
  for (const double g : flat(gradient_of(worked_rbm(), exact_options(), data.states, data.p)))
    EXPECT_NEAR(g, 0, 1e-6);
}

// E[CD-k] = 0 for every k where both layers are sampled; not where means stand for visible samples, for which
// the largest entry was computed independently.
TEST(ContrastiveDivergence, RestsAtTheTruthOnlyOnSamples) {
  const OwnData data;
  TrainOptions options;
  for (const double k : {1.0, 2.0, 5.0}) {
    options.steps = k;
    EXPECT_LT(size_of_updates(data, options).z, 4.5) << "CD-" << k;
  }
  options.steps = 1.0;
  options.visible_states = VisibleStates::kMeans;
  EXPECT_NEAR(size_of_updates(data, options).mean, 0.0650, 0.003);
}

// One gradient of 100 cases is the mean of ten of 10, with the cases' own weights too.
TEST(Gradient, IsTheMeanOfItsParts) {
  const Rbm rbm = worked_rbm();
  Matrix<float> cases(100, 3);
  std::vector<float> weights(100);
  const Noise noise(1, Stream::kSynthetic, 0);
  for (std::size_t r = 0; r < 100; ++r) {
    for (std::uint32_t i = 0; i < 3; ++i) cases(r, i) = noise.uniform(r, i) < 0.6f ? 1.0f : 0.0f;
    weights[r] = 0.1f + noise.uniform(r, 9);
  }
  const auto whole = flat(gradient_of(rbm, exact_options(), cases, weights));
  std::vector<double> sum(whole.size(), 0.0);
  double total = 0;
  for (std::size_t part = 0; part < 10; ++part) {
    Matrix<float> ten(10, 3);
    std::copy_n(cases.row(10 * part).data(), 30, ten.data());
    const auto own = std::span<const float>(weights).subspan(10 * part, 10);
    const double weight = std::accumulate(own.begin(), own.end(), 0.0);
    const auto g = flat(gradient_of(rbm, exact_options(), ten, own));
    for (std::size_t i = 0; i < g.size(); ++i) sum[i] += weight * g[i];
    total += weight;
  }
  for (std::size_t i = 0; i < whole.size(); ++i) EXPECT_NEAR(whole[i], sum[i] / total, 1e-6);
}

// Hidden units have no order: exchanged ones have exchanged gradients and the same likelihood.
TEST(Gradient, FollowsHiddenUnitsThatChangePlaces) {
  Rbm rbm(parse_layer("2 + softmax 3"), parse_layer("4"));
  initialise_weights(rbm, 0.8f, 0.0f, 3, 0);
  for (std::size_t j = 0; j < 4; ++j) rbm.hidden.bias[j] = 0.3f * static_cast<float>(j) - 0.5f;
  const std::size_t place[] = {2, 0, 3, 1};  // unit j of the other model is unit place[j] of this one
  Rbm other = rbm;
  for (std::size_t j = 0; j < 4; ++j) {
    other.hidden.bias[j] = rbm.hidden.bias[place[j]];
    for (std::size_t i = 0; i < 5; ++i) other.weights(i, j) = rbm.weights(i, place[j]);
  }
  const auto cases = matrix_of(5, {1, 0, 0, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1});
  const auto a = gradient_of(rbm, exact_options(), cases), b = gradient_of(other, exact_options(), cases);
  for (std::size_t j = 0; j < 4; ++j) {
    EXPECT_NEAR(b.hidden_bias[j], a.hidden_bias[place[j]], 1e-6);
    for (std::size_t i = 0; i < 5; ++i) EXPECT_NEAR(b.weights(i, j), a.weights(i, place[j]), 1e-6);
  }
  ThreadTeam team(1);
  EXPECT_NEAR(exact_log_z(rbm, team), exact_log_z(other, team), 1e-6);
}

}  // namespace
}  // namespace harmonium
