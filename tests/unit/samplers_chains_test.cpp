// Chains: their distribution against enumeration, clamping, pieces, fantasies.
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "harmonium/base/error.h"
#include "harmonium/samplers/generate.h"
#include "harmonium/samplers/gibbs.h"
#include "harmonium/samplers/tempering.h"
#include "unit/reference_rbm.h"

namespace harmonium {
namespace {

Rbm small_rbm(const char* visible, const char* hidden, float scale) {
  Rbm rbm(parse_layer(visible), parse_layer(hidden));
  initialise_weights(rbm, scale, 0.2f, 5, 0);
  for (std::size_t i = 0; i < rbm.visible.bias.size(); ++i)
    rbm.visible.bias[i] = 0.3f * static_cast<float>(i) - 0.4f;
  return rbm;
}

// Pearson's chi-square of the rows' counts against the model's probabilities.
double chi_square(const Rbm& rbm, ConstMatrixView<float> rows) {
  const reference::Model model(rbm.visible.spec, rbm.hidden.spec);
  const reference::Parameters p(rbm);
  const double log_z = model.log_z(p);
  std::map<std::vector<double>, double> counts;
  for (std::size_t r = 0; r < rows.rows(); ++r) ++counts[{rows.row(r).begin(), rows.row(r).end()}];
  double sum = 0;
  const auto& states = model.visible_states();
  for (std::size_t s = 0; s < states.values.size(); ++s) {
    const double expected =
        static_cast<double>(rows.rows()) *
        std::exp(states.log_measure[s] + model.log_unnormalised(p, states.values[s]) - log_z);
    sum += std::pow(counts[states.values[s]] - expected, 2) / expected;
  }
  return sum;
}

TEST(GibbsChains, HaveTheModelsDistribution) {
  const Rbm rbm = small_rbm("2 + softmax 3", "3", 0.7f);
  ThreadTeam team(2);
  Chains chains = start_chains_from_bias(rbm, 20000, 1, team);
  advance(rbm, chains, 60, 1, team);
  EXPECT_LT(chi_square(rbm, chains.visible), 31.3);  // 11 degrees of freedom, p = 0.001
}

TEST(GibbsChains, InPiecesAreTheChainsAtOnce) {
  const Rbm rbm = small_rbm("6", "4", 1.0f);
  ThreadTeam one(1), three(3);
  Chains whole = start_chains_from_bias(rbm, 130, 1, one),
         pieces = start_chains_from_bias(rbm, 130, 1, three);
  advance(rbm, whole, 9, 4, one);
  for (const std::uint64_t steps : {2u, 0u, 3u, 4u}) advance(rbm, pieces, steps, 4, three);
  EXPECT_TRUE(std::equal(whole.visible.values().begin(), whole.visible.values().end(),
                         pieces.visible.values().begin()));
  EXPECT_TRUE(
      std::equal(whole.hidden.values().begin(), whole.hidden.values().end(), pieces.hidden.values().begin()));
}

TEST(GibbsChains, HoldWhatIsClamped) {
  const Rbm rbm = small_rbm("6", "4", 1.0f);
  ThreadTeam team(1);
  Chains chains = start_chains_from_bias(rbm, 50, 1, team);
  Clamp clamp{Matrix<float>(50, 6, 1.0f), std::vector<unsigned char>{1, 0, 0, 0, 0, 1}};
  advance(rbm, chains, 5, 1, team, clamp);
  std::size_t others = 0;
  for (std::size_t r = 0; r < 50; ++r) {
    EXPECT_EQ(chains.visible(r, 0), 1.0f);
    EXPECT_EQ(chains.visible(r, 5), 1.0f);
    others += chains.visible(r, 2) == 0.0f;
  }
  EXPECT_GT(others, 0u);
}

// Two modes far apart, which plain Gibbs chains started in one of them do not leave.
Rbm two_modes() {
  Rbm rbm(parse_layer("4"), parse_layer("1"));
  std::fill(rbm.weights.values().begin(), rbm.weights.values().end(), 8.0f);
  std::fill(rbm.visible.bias.begin(), rbm.visible.bias.end(), -4.0f);
  rbm.hidden.bias[0] = -16.0f;
  return rbm;
}

TEST(Tempering, HasTheModelsDistributionWhereGibbsIsStuck) {
  const Rbm rbm = two_modes();
  ThreadTeam team(2);
  const std::vector<float> base(4, 0.0f);
  TemperedChains tempered = start_tempering(rbm, uniform_betas(8), 4000, base, 1);
  std::fill(tempered.visible.values().begin(), tempered.visible.values().end(), 0.0f);  // all in one mode
  std::fill(tempered.hidden.values().begin(), tempered.hidden.values().end(), 0.0f);
  advance_tempering(rbm, tempered, 200, 3, team);
  EXPECT_LT(chi_square(rbm, tempered.model_visible()), 37.7);  // 15 degrees of freedom, p = 0.001
  for (std::size_t t = 0; t + 1 < tempered.betas.size(); ++t) {
    EXPECT_GT(tempered.accepted[t] / tempered.proposed[t], 0.2) << t;
    EXPECT_LT(tempered.accepted[t], tempered.proposed[t]) << t;
  }
  Chains plain = start_chains(rbm, Matrix<float>(2000, 4), 1, team);
  advance(rbm, plain, 200, 3, team);
  double on = 0;
  for (const float v : plain.visible.values()) on += v / static_cast<float>(plain.visible.size());
  EXPECT_LT(on, 0.25);  // half of them should be on
}

TEST(Tempering, IsTheSameForAnyNumberOfThreads) {
  const Rbm rbm = small_rbm("5", "3", 1.0f);
  ThreadTeam one(1), three(3);
  const std::vector<float> base(5, 0.1f);
  TemperedChains a = start_tempering(rbm, uniform_betas(4), 150, base, 1), b = a;
  advance_tempering(rbm, a, 20, 3, one);
  advance_tempering(rbm, b, 20, 3, three);
  EXPECT_TRUE(std::equal(a.visible.values().begin(), a.visible.values().end(), b.visible.values().begin()));
  EXPECT_EQ(a.accepted, b.accepted);
}

TEST(Tempering, RefusesWhatHasNoEnergy) {
  const Rbm rbm(parse_layer("3"), parse_layer("rectified 2"));
  EXPECT_THROW(start_tempering(rbm, uniform_betas(3), 5, std::vector<float>(3), 1), InputError);
}

TEST(Fantasies, KeepTheirLabelAndTellTheirs) {
  DeepBeliefNet net = make_net(parse_layers("6-5-4 + softmax 3-7"), true);
  for (std::size_t n = 0; n < 3; ++n) initialise_weights(net.rbms[n], 0.5f, 0.0f, 1, n);
  ThreadTeam team(1);
  FantasyOptions options;
  options.chains = 8;
  options.steps = {0, 3};
  options.label = 2;
  const Fantasies fantasies = fantasies_from_noise(net, options, team);
  ASSERT_EQ(fantasies.visible.size(), 2u);
  EXPECT_EQ(fantasies.visible[1].cols(), 6u);
  for (std::size_t r = 0; r < 8; ++r) EXPECT_EQ(fantasies.labels[1](r, 2), 1.0f);
  const Fantasies again = fantasies_from_noise(net, options, team);
  EXPECT_TRUE(std::equal(fantasies.visible[1].values().begin(), fantasies.visible[1].values().end(),
                         again.visible[1].values().begin()));
  EXPECT_EQ(fantasies_from_data(net, Matrix<float>(3, 6, 1.0f), options, team).visible[0].rows(), 3u);
  options.label = 3;
  EXPECT_THROW(fantasies_from_noise(net, options, team), InputError);
}

}  // namespace
}  // namespace harmonium
