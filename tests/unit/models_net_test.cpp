// Deep belief nets: tied starts, passes, label units.
#include <gtest/gtest.h>

#include <cmath>

#include "harmonium/base/error.h"
#include "harmonium/models/completion.h"
#include "harmonium/models/deep_belief_net.h"
#include "unit/rbm_cases.h"
#include "unit/reference_rbm.h"

namespace harmonium {
namespace {

// log p(v) of a net of two RBMs with 3 visible units: sum over the middle layer of p(h) p(v | h).
double log_p(const DeepBeliefNet& net, const std::vector<double>& v) {
  const reference::Model top(net.rbms[1].visible.spec, net.rbms[1].hidden.spec);
  const reference::Parameters p(net.rbms[1]), below(net.rbms[0]);
  const double log_z = top.log_z(p);
  double sum = 0;
  for (const auto& h : top.visible_states().values) {
    double log_term = top.log_unnormalised(p, h) - log_z;
    for (std::size_t i = 0; i < v.size(); ++i) {
      double x = below.visible_bias[i];
      for (std::size_t j = 0; j < h.size(); ++j) x += below.weights[i * h.size() + j] * h[j];
      log_term += v[i] * x - std::log1p(std::exp(x));
    }
    sum += std::exp(log_term);
  }
  return std::log(sum);
}

TEST(TiedStart, KeepsTheDistributionOfTheRbmBelow) {
  DeepBeliefNet net = make_net(parse_layers("3-2-3"), false);
  net.rbms[0] = worked_rbm();
  start_tied(net.rbms[0], net.rbms[1]);
  EXPECT_NEAR(log_p(net, {1, 1, 0}), -2.6903761743, 1e-7);
  EXPECT_NEAR(log_p(net, {0, 1, 1}), -1.1056186297, 1e-7);
}

TEST(TiedStart, IsLeftByTheWorkedAmount) {
  DeepBeliefNet net = make_net(parse_layers("3-2-3"), false);
  net.rbms[0] = worked_rbm();
  start_tied(net.rbms[0], net.rbms[1]);
  const float change[] = {0.3f, -0.2f, 0.1f, 0.0f, 0.4f, -0.3f};
  for (std::size_t i = 0; i < 6; ++i) net.rbms[1].weights.data()[i] += change[i];
  EXPECT_NEAR(log_p(net, {1, 1, 0}), -2.6563031893, 1e-7);
}

TEST(TiedStart, LeavesSurplusUnitsAtZero) {
  DeepBeliefNet net = make_net(parse_layers("3-2-5"), false);
  net.rbms[0] = worked_rbm();
  initialise_weights(net.rbms[1], 1.0f, 0.5f, 1, 1);
  start_tied(net.rbms[0], net.rbms[1]);
  EXPECT_EQ(net.rbms[1].weights(0, 3), 0.0f);
  EXPECT_NEAR(log_p(net, {1, 1, 0}), -2.6903761743, 1e-7);
}

TEST(Untying, KeepsBothDirectionsUntilOneIsChanged) {
  ThreadTeam team(2);
  DeepBeliefNet net = make_net(parse_layers("5-4-3 + softmax 2-6"), true);
  for (Rbm& rbm : net.rbms) initialise_weights(rbm, 1.0f, 0.3f, 3, 1);
  const Matrix<float> v(3, 5, 1.0f);
  const Noise noise(1, Stream::kUpPass, 0);
  const auto up = up_pass(net, 0, 3, v, States::kMeans, noise, {}, team);
  const auto down = down_pass(net, 3, 0, up, States::kMeans, noise, {}, team);
  untie(net);
  ASSERT_EQ(net.recognition.size(), 2u);
  EXPECT_EQ(up.values()[3], up_pass(net, 0, 3, v, States::kMeans, noise, {}, team).values()[3]);
  net.recognition[0].weights(0, 0) += 1.0f;
  EXPECT_NE(up.values()[3], up_pass(net, 0, 3, v, States::kMeans, noise, {}, team).values()[3]);
  const auto same = down_pass(net, 3, 0, up, States::kMeans, noise, {}, team);
  EXPECT_TRUE(std::equal(down.values().begin(), down.values().end(), same.values().begin()));
}

TEST(Untying, NamesEveryParameterOnce) {
  DeepBeliefNet net = make_net(parse_layers("gaussian(learned) 5-4-3-6"), false);
  untie(net);
  std::vector<std::string> names;
  for (const NamedTensor& tensor : net.parameters()) names.push_back(tensor.name);
  const std::vector<std::string> expected = {"layers.0.generative_weights",
                                             "layers.0.generative_bias",
                                             "layers.0.generative_log_variance",
                                             "layers.0.recognition_weights",
                                             "layers.0.recognition_bias",
                                             "layers.0.recognition_visible_log_variance",
                                             "layers.1.generative_weights",
                                             "layers.1.generative_bias",
                                             "layers.1.recognition_weights",
                                             "layers.1.recognition_bias",
                                             "layers.2.weights",
                                             "layers.2.visible_bias",
                                             "layers.2.hidden_bias"};
  EXPECT_EQ(names, expected);
}

TEST(TiedStart, IsRefusedWhereTheCopyHasNoRoom) {
  for (const char* layers : {"3-2-2", "3-2-gaussian 3"}) {
    DeepBeliefNet net = make_net(parse_layers(layers), false);
    net.rbms[0] = worked_rbm();
    EXPECT_THROW(start_tied(net.rbms[0], net.rbms[1]), InputError) << layers;
  }
}

TEST(Net, KnowsItsLabelUnits) {
  EXPECT_TRUE(names_label_units(parse_layers("784-500-500 + softmax 10-2000"), 784));
  EXPECT_TRUE(names_label_units(parse_layers("784 + softmax 10-500"), 784));
  EXPECT_FALSE(names_label_units(parse_layers("784 + softmax 10-500"), 794));
  EXPECT_FALSE(names_label_units(parse_layers("784-500-500-2000"), 784));
  const DeepBeliefNet net = make_net(parse_layers("6-5-4 + softmax 3-7"), true);
  EXPECT_EQ(net.label_columns, 3u);
  EXPECT_EQ(net.columns(2), 4u);
  EXPECT_EQ(net.rbms[1].hidden_columns(), 4u);
  EXPECT_EQ(net.rbms[2].visible_columns(), 7u);
  EXPECT_EQ(layers_to_string(net.layers()), layers_to_string(parse_layers("6-5-4 + softmax 3-7")));
  EXPECT_THROW(make_net(parse_layers("6-5-4"), true), InputError);
  EXPECT_THROW(make_net(parse_layers("6"), false), InputError);
}

TEST(Net, PassesMeansUpAndDown) {
  DeepBeliefNet net = make_net(parse_layers("3-2-3"), false);
  net.rbms[0] = worked_rbm();
  start_tied(net.rbms[0], net.rbms[1]);
  ThreadTeam team(2);
  Matrix<float> v(2, 3);
  v(0, 0) = v(1, 2) = 1;
  const Noise noise(1, Stream::kUpPass, 0);
  const auto up = up_pass(net, 0, 2, v, States::kMeans, noise, {}, team);
  const auto half = up_pass(net, 0, 1, v, States::kMeans, noise, {}, team);
  const auto rest = up_pass(net, 1, 2, half, States::kMeans, noise, {}, team);
  EXPECT_TRUE(std::equal(up.values().begin(), up.values().end(), rest.values().begin()));
  EXPECT_NEAR(half(0, 0), 1 / (1 + std::exp(-(-0.4 + 0.5))), 1e-6);
  const auto down = down_pass(net, 1, 0, half, States::kMeans, noise, {}, team);
  EXPECT_NEAR(down(0, 1), 1 / (1 + std::exp(-(-0.2 + 1.5 * half(0, 0) + 0.25 * half(0, 1)))), 1e-6);
}

TEST(Net, SamplesOfACaseDoNotDependOnItsBatch) {
  DeepBeliefNet net = make_net(parse_layers("3-2-3"), false);
  net.rbms[0] = worked_rbm();
  ThreadTeam team(1);
  Matrix<float> v(3, 3, 1.0f);
  const Noise noise(1, Stream::kUpPass, 0);
  const std::uint64_t cases[] = {5, 9, 2};
  const auto together = up_pass(net, 0, 2, v, States::kSamples, noise, cases, team);
  const auto alone =
      up_pass(net, 0, 2, v.view().row_block(1, 1), States::kSamples, noise, std::span(cases + 1, 1), team);
  for (std::size_t j = 0; j < 3; ++j) EXPECT_EQ(together(1, j), alone(0, j));
}

TEST(Completion, KeepsWhatIsObservedAndExpectsTheRest) {
  const Rbm rbm = worked_rbm();
  Matrix<float> v(1, 3, 1.0f);
  v(0, 1) = std::nanf("");
  const auto complete = complete_missing(rbm, v, 20);
  EXPECT_EQ(complete(0, 0), 1.0f);
  EXPECT_GT(complete(0, 1), 0.0f);
  EXPECT_LT(complete(0, 1), 1.0f);
}

TEST(Rbm, TurnedOverIsTheSameDistribution) {
  const Rbm rbm = worked_rbm(), turned = mirrored(rbm);
  const std::vector<float> v = {1, 0, 1}, h = {0, 1};
  EXPECT_NEAR(energy(rbm, v, h), energy(turned, h, v), 1e-6);
}

TEST(Rbm, NamesItsBiasesInFull) {
  Rbm rbm = worked_rbm();
  std::vector<std::string> names;
  for (const NamedTensor& tensor : rbm.parameters("layers.0")) names.push_back(tensor.name);
  EXPECT_EQ(names,
            (std::vector<std::string>{"layers.0.weights", "layers.0.visible_bias", "layers.0.hidden_bias"}));
}

TEST(Initialisation, TakesVisibleBiasesFromMarginals) {
  Rbm rbm(parse_layer("2 + gaussian 1 + softmax 2 + poisson 1"), parse_layer("4"));
  const double means[] = {0.25, 0.0, 3.5, 0.9, 0.1, 2.0};
  initialise_visible_bias(rbm, means, 0.01);
  EXPECT_NEAR(rbm.visible.bias[0], std::log(0.25 / 0.75), 1e-6);
  EXPECT_NEAR(rbm.visible.bias[1], std::log(0.01 / 0.99), 1e-6);  // the guard
  EXPECT_NEAR(rbm.visible.bias[2], 3.5, 1e-6);
  EXPECT_NEAR(rbm.visible.bias[3] - rbm.visible.bias[4], std::log(9.0), 1e-5);
  EXPECT_NEAR(rbm.visible.bias[5], std::log(2.0), 1e-6);
  initialise_weights(rbm, 0.01f, -4.0f, 1, 0);
  double squares = 0;
  for (const float w : rbm.weights.values()) squares += w * w;
  EXPECT_NEAR(std::sqrt(squares / static_cast<double>(rbm.weights.size())), 0.01, 0.004);
  EXPECT_EQ(rbm.hidden.bias[2], -4.0f);
}

}  // namespace
}  // namespace harmonium
