// Tables of states, pairs of layers and sigmoid belief nets against numbers that are known.
#include <gtest/gtest.h>

#include <cmath>

#include "harmonium/base/error.h"
#include "harmonium/models/sigmoid_belief_net.h"
#include "unit/pair_cases.h"

namespace harmonium {
namespace {

// Two causes, the earthquake and the truck, and one effect: the house jumps.
SigmoidBeliefNet earthquake_and_truck() {
  SigmoidBeliefNet net({1, 2});
  net.biases[1] = {-10, -10};
  net.biases[0] = {-20};
  net.weights[0](0, 0) = net.weights[0](0, 1) = 20;
  return net;
}

TEST(StateTable, DivergencesAreExact) {
  const StateTable p = {0.5, 0.25, 0.125, 0.125}, q = {0.25, 0.25, 0.25, 0.25};
  EXPECT_NEAR(entropy(p), 1.75 * std::log(2.0), 1e-15);
  EXPECT_NEAR(kl_divergence(p, q), 0.25 * std::log(2.0), 1e-15);
  EXPECT_EQ(kl_divergence(q, {0.5, 0.5, 0, 0}), INFINITY);
  const auto means = unit_means(p);
  EXPECT_DOUBLE_EQ(means[0], 0.375);
  EXPECT_DOUBLE_EQ(means[1], 0.25);
  EXPECT_NEAR(multi_information(factorial_table(means)), 0.0, 1e-15);
  EXPECT_NEAR(multi_information({0.5, 0, 0, 0.5}), std::log(2.0), 1e-15);  // copies of each other
  EXPECT_THROW(table_units(StateTable(3)), InputError);
}

TEST(StateTable, ListsAndTablesHoldTheSame) {
  const std::vector<std::uint32_t> states = {5, 2, 5, 7};
  const StateList list = evenly(states);
  ASSERT_EQ(list.size(), 3u);
  EXPECT_EQ(list[1].state, 5u);
  EXPECT_DOUBLE_EQ(list[1].weight, 0.5);
  const StateTable table = table_of(list, 3);
  EXPECT_DOUBLE_EQ(table[7], 0.25);
  EXPECT_EQ(support_of(table).size(), 3u);
  std::vector<float> values(3);
  write_state(6, values);
  EXPECT_EQ(values, (std::vector<float>{0, 1, 1}));
  EXPECT_EQ(read_state(values), 6u);
}

TEST(StateTable, GibbsAndDrawsComeFromTheTable) {
  const StateTable p = {0.4, 0.1, 0.2, 0.3};
  StateTable swept(4), drawn(4);
  constexpr int kSteps = 40000;
  std::uint32_t state = 0;
  for (std::uint64_t n = 0; n < kSteps; ++n) {
    state = gibbs_sweep(p, state, Noise(3, Stream::kSampling, n), 0);
    swept[state] += 1.0 / kSteps;
    drawn[draw_state(p, Noise(4, Stream::kSampling, n), 0)] += 1.0 / kSteps;
  }
  for (std::size_t x = 0; x < 4; ++x) {
    EXPECT_NEAR(drawn[x], p[x], 5 * std::sqrt(p[x] / kSteps));
    EXPECT_NEAR(swept[x], p[x], 10 * std::sqrt(p[x] / kSteps));  // steps of a chain depend on each other
  }
}

TEST(StateTable, FactorialFitIsALocalMinimum) {
  const StateTable p = {0.05, 0.4, 0.45, 0.1};
  const FactorialFit fit = fit_factorial(p, std::vector<double>{0.6, 0.5});
  EXPECT_NEAR(fit.kl, kl_divergence(factorial_table(fit.means), p), 1e-12);
  for (std::size_t i = 0; i < 2; ++i)
    for (const double move : {-1e-3, 1e-3}) {
      auto means = fit.means;
      means[i] += move;
      EXPECT_GT(kl_divergence(factorial_table(means), p), fit.kl);
    }
  EXPECT_NEAR(fit_factorial(factorial_table(std::vector<double>{0.2, 0.9}), std::vector<double>{0.5, 0.5}).kl,
              0.0, 1e-12);
  EXPECT_THROW(fit_factorial({0.5, 0, 0, 0.5}, std::vector<double>{0.5, 0.5}), InputError);
}

TEST(BinaryPair, IsTheKnownRbm) {
  const BinaryPair pair = worked_pair();
  EXPECT_NEAR(log_z(pair), 4.995233962965479, 1e-12);
  const StateTable p = rbm_lower_table(pair);
  const double known[] = {-3.4447307601, -3.6378220505, -2.6020335694, -2.6903761743,
                          -1.7485086878, -2.3912778864, -1.1056186297, -1.5933334835};  // bit 0 is v_1
  for (std::size_t v = 0; v < 8; ++v) EXPECT_NEAR(std::log(p[v]), known[v], 1e-9);
  const std::vector<std::uint32_t> data = {0b011, 0b110, 0b101};
  EXPECT_NEAR(rbm_log_likelihood(pair, evenly(data)), -2.0624242301, 1e-9);
  const StateTable up = up_table(pair, p), again = down_table(pair, up), upper = rbm_upper_table(pair);
  for (std::size_t u = 0; u < 4; ++u) EXPECT_NEAR(up[u], upper[u], 1e-14);
  for (std::size_t v = 0; v < 8; ++v)
    EXPECT_NEAR(again[v], p[v], 1e-14);  // Gibbs sampling leaves it as it is
}

TEST(BinaryPair, OfAnRbmNeedsBernoulliUnits) {
  Rbm rbm({{{UnitKind::kBernoulli, 3}}}, {{{UnitKind::kBernoulli, 2}}});
  rbm.weights(2, 1) = 2;
  rbm.hidden.bias[0] = -1;
  EXPECT_EQ(pair_of(rbm).weights(2, 1), 2.0);
  EXPECT_EQ(pair_of(rbm).upper_bias[0], -1.0);
  EXPECT_THROW(pair_of(Rbm({{{UnitKind::kGaussian, 3}}}, {{{UnitKind::kBernoulli, 2}}})), InputError);
}

TEST(SigmoidBeliefNet, ExplainsAway) {
  const SigmoidBeliefNet net = earthquake_and_truck();
  Matrix<float> effect(1, 1, 1.0f);
  EXPECT_NEAR(log_likelihoods(net, effect)[0], -10.000000002061155, 1e-12);
  const StateTable p = DirectedPosterior(pair_of(net, 0), layer_table(net, 1))(1);
  EXPECT_NEAR(p[0], 4.5395807736e-5, 1e-15);
  EXPECT_NEAR(p[3], 4.5395807736e-5, 1e-15);
  EXPECT_NEAR(p[1], 0.4999546042, 1e-10);
  EXPECT_NEAR(p[2], 0.4999546042, 1e-10);
}

TEST(SigmoidBeliefNet, DreamsAndPosteriorsAgreeWithSums) {
  SigmoidBeliefNet net({3, 2, 2});
  initialise_weights(net, 1.5f, Noise(7, Stream::kInitialWeights, 0));
  net.biases[0] = {0.3f, -0.4f, 0.1f};
  net.biases[2] = {0.5f, -0.2f};
  constexpr std::size_t kCases = 40000;
  const LayerStates dreams = dream(net, kCases, Noise(5, Stream::kSampling, 0));
  const StateTable visible = layer_table(net, 0), hidden = layer_table(net, 1);
  StateTable seen(8);
  for (std::size_t c = 0; c < kCases; ++c) seen[read_state(dreams[0].row(c))] += 1.0 / kCases;
  double total = 0;
  for (std::size_t v = 0; v < 8; ++v) {
    EXPECT_NEAR(seen[v], visible[v], 5 * std::sqrt(visible[v] / kCases));
    total += visible[v];
  }
  EXPECT_NEAR(total, 1.0, 1e-12);
  // Posterior samples of dreamed data are distributed as the prior.
  const LayerStates drawn = draw_posterior(net, dreams[0], Noise(6, Stream::kSampling, 0));
  StateTable first(4), second(4);
  for (std::size_t c = 0; c < kCases; ++c) {
    first[read_state(drawn[1].row(c))] += 1.0 / kCases;
    second[read_state(drawn[2].row(c))] += 1.0 / kCases;
  }
  const StateTable top = layer_table(net, 2);
  for (std::size_t h = 0; h < 4; ++h) {
    EXPECT_NEAR(first[h], hidden[h], 5 * std::sqrt(hidden[h] / kCases));
    EXPECT_NEAR(second[h], top[h], 5 * std::sqrt(top[h] / kCases));
  }
}

TEST(SigmoidBeliefNet, RefusesLayersThatCannotBeSummed) {
  EXPECT_THROW(SigmoidBeliefNet({3}), InputError);
  EXPECT_THROW(SigmoidBeliefNet({3, 0}), InputError);
  EXPECT_THROW(SigmoidBeliefNet({3, 21}), InputError);
}

}  // namespace
}  // namespace harmonium
