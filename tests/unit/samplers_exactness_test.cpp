// Chains against enumeration: conditional distributions of clamped chains, joint states of tempered ones.
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "harmonium/samplers/gibbs.h"
#include "harmonium/samplers/tempering.h"
#include "unit/reference_rbm.h"

namespace harmonium {
namespace {

Rbm random_rbm(const char* visible, const char* hidden) {
  Rbm rbm(parse_layer(visible), parse_layer(hidden));
  initialise_weights(rbm, 0.7f, 0.2f, 5, 0);
  for (std::size_t i = 0; i < rbm.visible.bias.size(); ++i)
    rbm.visible.bias[i] = 0.3f * static_cast<float>(i) - 0.4f;
  for (float& z : rbm.visible.log_variance) z = 0.5f;
  return rbm;
}

using State = std::vector<double>;
using Probabilities = std::map<State, double>;

State joined(std::span<const float> a, std::span<const float> b) {
  State s(a.begin(), a.end());
  s.insert(s.end(), b.begin(), b.end());
  return s;
}

// p(v, h) of every pair of states, from the reference; unnormalised terms by the chain rule over h.
Probabilities joint(const Rbm& rbm) {
  const reference::Model model(rbm.visible.spec, rbm.hidden.spec);
  const auto &v = model.visible_states(), &h = model.hidden_states();
  Probabilities result;
  double sum = 0;
  for (std::size_t a = 0; a < v.values.size(); ++a)
    for (std::size_t b = 0; b < h.values.size(); ++b) {
      double x = v.log_measure[a] + h.log_measure[b];
      for (std::size_t i = 0; i < v.values[a].size(); ++i) {
        x += rbm.visible.bias[i] * v.values[a][i];
        for (std::size_t j = 0; j < h.values[b].size(); ++j)
          x += v.values[a][i] * rbm.weights(i, j) * h.values[b][j];
      }
      for (std::size_t j = 0; j < h.values[b].size(); ++j) x += rbm.hidden.bias[j] * h.values[b][j];
      State s = v.values[a];
      s.insert(s.end(), h.values[b].begin(), h.values[b].end());
      sum += result[s] = std::exp(x);
    }
  for (auto& [state, p] : result) p /= sum;
  return result;
}

// Pearson's statistic as a normal deviate (Wilson and Hilferty 1931), states of few expected counts pooled.
double deviate(const Probabilities& truth, const std::map<State, double>& counts, double n) {
  double sum = 0, rest = 0, rest_seen = 0;
  double cells = 0, seen_in_all = 0;
  for (const auto& [state, p] : truth) {
    const auto found = counts.find(state);
    const double seen = found == counts.end() ? 0 : found->second, expected = n * p;
    seen_in_all += seen;
    if (expected < 8) {
      rest += expected, rest_seen += seen;
      continue;
    }
    sum += (seen - expected) * (seen - expected) / expected, ++cells;
  }
  EXPECT_EQ(seen_in_all, n) << "states that the model does not have";
  if (rest > 8) sum += (rest_seen - rest) * (rest_seen - rest) / rest, ++cells;
  const double k = cells - 1;
  return (std::cbrt(sum / k) - (1 - 2 / (9 * k))) / std::sqrt(2 / (9 * k));
}

constexpr std::pair<const char*, const char*> kPairs[] = {{"2 + softmax 3", "2"},
                                                          {"binomial(3) 2", "softmax(3) 1"},
                                                          {"stepped(4) 1 + 1", "binomial(2) 2"},
                                                          {"multinomial(3) 3", "2 + 1"},
                                                          {"softmax(3) 2", "stepped(3) 1"}};

TEST(GibbsExactness, PairsOfStatesHaveTheModelsDistribution) {
  ThreadTeam team(2);
  for (const auto& [visible, hidden] : kPairs) {
    const Rbm rbm = random_rbm(visible, hidden);
    Chains chains = start_chains_from_bias(rbm, 20000, 1, team);
    advance(rbm, chains, 40, 1, team);
    std::map<State, double> counts;
    for (std::size_t r = 0; r < 20000; ++r) ++counts[joined(chains.visible.row(r), chains.hidden.row(r))];
    EXPECT_LT(deviate(joint(rbm), counts, 20000), 3.5) << visible << " x " << hidden;
  }
}

// The distribution given that values 0 and 4 of a state are 1.
Probabilities given_two_values(const Rbm& rbm) {
  Probabilities truth;
  double sum = 0;
  for (const auto& [state, p] : joint(rbm))
    if (state[0] == 1 && state[4] == 1) sum += truth[state] = p;
  for (auto& [state, p] : truth) p /= sum;
  return truth;
}

TEST(GibbsExactness, ClampedChainsHaveTheConditionalDistribution) {
  ThreadTeam team(2);
  const Rbm rbm = random_rbm("3 + softmax 3", "3");
  Chains chains = start_chains_from_bias(rbm, 20000, 1, team);
  Clamp clamp{Matrix<float>(20000, 6), {1, 0, 0, 1, 1, 1}};
  for (std::size_t r = 0; r < 20000; ++r) clamp.values(r, 0) = clamp.values(r, 4) = 1;
  advance(rbm, chains, 40, 1, team, clamp);
  std::map<State, double> counts;
  for (std::size_t r = 0; r < 20000; ++r) ++counts[joined(chains.visible.row(r), chains.hidden.row(r))];
  EXPECT_LT(deviate(given_two_values(rbm), counts, 20000), 3.5);
}

// Flags for each chain: what is held is held in its chain alone.
TEST(GibbsExactness, EachChainHoldsItsOwn) {
  ThreadTeam team(3);
  const Rbm rbm = random_rbm("4", "3");
  Chains chains = start_chains_from_bias(rbm, 200, 1, team);
  Clamp clamp{Matrix<float>(200, 4), std::vector<unsigned char>(800, 0)};
  for (std::size_t r = 0; r < 200; ++r)
    clamp.clamped[r * 4 + r % 4] = 1, clamp.values(r, r % 4) = static_cast<float>(r / 4 % 2);
  advance(rbm, chains, 3, 1, team, clamp);
  std::size_t free = 0;
  for (std::size_t r = 0; r < 200; ++r) {
    EXPECT_EQ(chains.visible(r, r % 4), static_cast<float>(r / 4 % 2));
    EXPECT_EQ(chains.visible_mean(r, r % 4), static_cast<float>(r / 4 % 2));
    free += chains.visible(r, (r + 1) % 4) != static_cast<float>(r / 4 % 2);
  }
  EXPECT_GT(free, 20u);
}

constexpr std::size_t kTempered = 6000;

TEST(TemperingExactness, PairsOfStatesHaveTheModelsDistribution) {
  ThreadTeam team(2);
  for (const auto& [visible, hidden] : kPairs) {
    const Rbm rbm = random_rbm(visible, hidden);
    std::vector<float> base(rbm.visible_columns());
    for (std::size_t i = 0; i < base.size(); ++i) base[i] = 0.5f - 0.3f * static_cast<float>(i);
    TemperedChains chains = start_tempering(rbm, uniform_betas(4), kTempered, base, 1);
    advance_tempering(rbm, chains, 20, 3, team);
    std::map<State, double> counts;
    for (std::size_t r = 3 * kTempered; r < 4 * kTempered; ++r)
      ++counts[joined(chains.visible.row(r), chains.hidden.row(r))];
    EXPECT_LT(deviate(joint(rbm), counts, kTempered), 3.5) << visible << " x " << hidden;
    // At inverse temperature 0 there is the base model, whatever was exchanged.
    Rbm at_zero(rbm.visible.spec, rbm.hidden.spec);
    std::copy(base.begin(), base.end(), at_zero.visible.bias.begin());
    counts.clear();
    for (std::size_t r = 0; r < kTempered; ++r) ++counts[joined(chains.visible.row(r), chains.hidden.row(r))];
    EXPECT_LT(deviate(joint(at_zero), counts, kTempered), 3.5) << visible << " x " << hidden << ", base";
  }
}

// What is held is held at every temperature: the model's chain has the conditional distribution.
TEST(TemperingExactness, ClampedChainsHaveTheConditionalDistribution) {
  ThreadTeam team(2);
  const Rbm rbm = random_rbm("3 + softmax 3", "3");
  TemperedChains chains = start_tempering(rbm, uniform_betas(4), kTempered, std::vector<float>(6), 1);
  Clamp clamp{Matrix<float>(kTempered, 6), {1, 0, 0, 1, 1, 1}};
  for (std::size_t r = 0; r < kTempered; ++r) clamp.values(r, 0) = clamp.values(r, 4) = 1;
  advance_tempering(rbm, chains, 20, 3, team, clamp);
  EXPECT_GT(chains.accepted[2], 0.0);
  std::map<State, double> counts;
  for (std::size_t r = 3 * kTempered; r < 4 * kTempered; ++r)
    ++counts[joined(chains.visible.row(r), chains.hidden.row(r))];
  EXPECT_LT(deviate(given_two_values(rbm), counts, kTempered), 3.5);
}

// Exchanges of real values: moments of the model chain against quadrature.
TEST(TemperingExactness, RealValuesHaveTheModelsMoments) {
  ThreadTeam team(2);
  const Rbm rbm = random_rbm("gaussian(learned) 1", "2");
  const reference::Model model(rbm.visible.spec, rbm.hidden.spec);
  const reference::Parameters p(rbm);
  const double log_z = model.log_z(p);
  double mean = 0, square = 0;
  for (std::size_t s = 0; s < model.visible_states().values.size(); ++s) {
    const double v = model.visible_states().values[s][0];
    const double weight =
        std::exp(model.visible_states().log_measure[s] + model.log_unnormalised(p, {v}) - log_z);
    mean += weight * v, square += weight * v * v;
  }
  TemperedChains chains = start_tempering(rbm, uniform_betas(4), 20000, std::vector<float>{2.0f}, 1);
  advance_tempering(rbm, chains, 20, 3, team);
  double first = 0, second = 0;
  for (const float v : std::span(chains.model_visible().data(), 20000))
    first += v / 20000.0, second += static_cast<double>(v) * v / 20000.0;
  const double variance = square - mean * mean;
  EXPECT_NEAR(first, mean, 4.5 * std::sqrt(variance / 20000));
  EXPECT_NEAR(second, square, 4.5 * std::sqrt(4 * square * square / 20000));
}

}  // namespace
}  // namespace harmonium
