// Annealing both ways: schedules, the path between base and model, and what the estimates promise.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "harmonium/base/error.h"
#include "harmonium/measure/raise.h"
#include "measure/annealed_path.h"
#include "unit/annealed_models.h"
#include "unit/rbm_cases.h"

namespace harmonium {
namespace {

using annealed_models::base_of;

TEST(Schedules, AscendFromZeroToOneInSoManySteps) {
  for (const std::size_t steps : {4u, 10u, 101u, 14500u})
    for (const auto& betas :
         {standard_schedule(steps), uniform_schedule(steps), respaced(standard_schedule(77), steps),
          respaced(uniform_schedule(3000), steps)}) {
      EXPECT_EQ(betas.size(), steps + 1);
      EXPECT_EQ(betas.front(), 0.0f);
      EXPECT_EQ(betas.back(), 1.0f);
      for (std::size_t k = 1; k < betas.size(); ++k) ASSERT_LT(betas[k - 1], betas[k]) << steps;
    }
  EXPECT_EQ(standard_schedule(1).size(), 5u);
  EXPECT_EQ(uniform_schedule(4), (std::vector<float>{0.0f, 0.25f, 0.5f, 0.75f, 1.0f}));
}

TEST(Schedules, RespacedKeepsTheDensity) {
  const auto betas = standard_schedule(1000);
  EXPECT_EQ(respaced(betas, 1000), betas);
  const auto doubled = respaced(betas, 2000);
  for (std::size_t k = 0; k < betas.size(); ++k) EXPECT_EQ(doubled[2 * k], betas[k]);
}

TEST(Schedules, ThatDoNotAscendFromZeroToOneAreRefused) {
  for (const std::vector<float>& betas : {std::vector<float>{},
                                          {0.0f},
                                          {0.0f, 0.5f},
                                          {0.1f, 1.0f},
                                          {0.0f, 0.6f, 0.5f, 1.0f},
                                          {0.0f, NAN, 1.0f}})
    EXPECT_THROW(check_schedule(betas), InputError);
}

// Without weights a step of the path is a sample of its own, and all that changes are the biases, by d: the
// density of steps is the square root of the variance of d v, d^2 p (1 - p), and its tenth that is even.
TEST(Schedules, AdaptiveIsDenseWhereTheLogWeightsVary) {
  constexpr double d = 12;
  Rbm rbm(parse_layer("60"), parse_layer("2"));
  std::fill(rbm.visible.bias.begin(), rbm.visible.bias.end(), static_cast<float>(d));
  const std::vector<float> base(60);
  ThreadTeam team(2);
  PilotOptions pilot;
  pilot.runs = 400;
  const auto betas = adaptive_schedule(rbm, base, Matrix<float>(1, 60, 1.0f), 1000, pilot, team);
  // The integral of sqrt(p (1 - p)), with p the logistic of d beta, is 2 atan(exp(d beta / 2)) / d.
  const auto length = [](double beta) { return std::atan(std::exp(d * beta / 2)) - std::numbers::pi / 4; };
  for (const std::size_t k : {100u, 300u, 500u, 700u, 900u}) {
    const double reached = 0.9 * length(betas[k]) / length(1) + 0.1 * betas[k];
    EXPECT_NEAR(reached, static_cast<double>(k) / 1000, 0.03) << k;
  }
}

TEST(Schedules, OfPilotsDifferFromSeedToSeedButNotWithTheThreads) {
  const auto models = annealed_models::draw(1);
  const Rbm& rbm = models.front().rbm;
  ThreadTeam one(1), three(3);
  const auto cases = annealed_models::stand_in_data(rbm, one);
  const auto base = base_of(rbm, cases);
  PilotOptions pilot, other;
  pilot.runs = 150, pilot.steps = 60;
  other = pilot, other.seed = 2;
  const auto betas = adaptive_schedule(rbm, base, cases, 500, pilot, one);
  EXPECT_EQ(betas, adaptive_schedule(rbm, base, cases, 500, pilot, three));
  EXPECT_NE(betas, adaptive_schedule(rbm, base, cases, 500, other, one));
}

// A model that is its base has nothing that varies.
TEST(Schedules, OfAModelWithoutChangeAreUniform) {
  ThreadTeam team(1);
  const Rbm rbm(parse_layer("3"), parse_layer("2"));
  EXPECT_EQ(adaptive_schedule(rbm, std::vector<float>(3), all_triples(), 10, {}, team), uniform_schedule(10));
}

// log f between two temperatures by its definition: layers' energies and log-partitions.
TEST(AnnealedPath, ChangesByTheDifferenceOfFreeEnergies) {
  ThreadTeam team(1);
  for (const auto& [name, rbm] : annealed_models::draw(1)) {
    const auto cases = annealed_models::stand_in_data(rbm, team);
    const auto base = base_of(rbm, cases);
    const AnnealedPath path(rbm, base);
    AnnealedChains chains(path, 0, 20);
    chains.start_at(cases.view().row_block(0, 20));
    const float from = 0.3f, to = 0.7f;
    std::vector<double> changes(20), before(20), after(20);
    chains.changes(from, to, changes);
    std::vector<float> v(rbm.visible_columns()), h(rbm.hidden_columns());
    path.visible_bias_at(from, v), path.hidden_bias_at(from, h);
    free_energy(rbm, cases.view().row_block(0, 20), before, team, {from, v, h});
    path.visible_bias_at(to, v), path.hidden_bias_at(to, h);
    free_energy(rbm, cases.view().row_block(0, 20), after, team, {to, v, h});
    for (std::size_t r = 0; r < 20; ++r)
      EXPECT_NEAR(changes[r], before[r] - after[r], 1e-5 * (1 + std::abs(before[r]))) << name;
    chains.log_f(changes);
    const auto last = free_energy(rbm, cases.view().row_block(0, 20), team);
    for (std::size_t r = 0; r < 20; ++r) EXPECT_NEAR(changes[r], -last[r], 1e-5 * (1 + std::abs(last[r])));
  }
}

// The probability of every visible state under the annealing model, by multiplying its transitions out.
std::vector<double> annealing_model(const Rbm& rbm, std::span<const float> base,
                                    std::span<const float> betas) {
  const StateEnumerator visible(rbm.visible.spec), hidden(rbm.hidden.spec);
  const std::size_t n = visible.states(), m = hidden.states();
  std::vector<float> v(rbm.visible_columns()), h(rbm.hidden_columns()), b(v.size()), c(h.size());
  std::vector<double> p(n);
  for (const float beta : betas) {
    for (std::size_t i = 0; i < b.size(); ++i) b[i] = (1 - beta) * base[i] + beta * rbm.visible.bias[i];
    for (std::size_t j = 0; j < c.size(); ++j) c[j] = beta * rbm.hidden.bias[j];
    RowContext of_v, of_h;
    of_v.bias = b, of_h.bias = c;
    Matrix<double> joint(n, m);
    std::vector<double> rows(n), columns(m);
    for (std::size_t s = 0; s < n; ++s)
      for (std::size_t t = 0; t < m; ++t) {
        visible.state(s, v), hidden.state(t, h);
        double interaction = 0;
        for (std::size_t i = 0; i < v.size(); ++i)
          for (std::size_t j = 0; j < h.size(); ++j) interaction += v[i] * rbm.weights(i, j) * h[j];
        const double weight = std::exp(beta * interaction - layer_energy(rbm.visible, v, of_v) -
                                       layer_energy(rbm.hidden, h, of_h));
        joint(s, t) = weight, rows[s] += weight, columns[t] += weight;
      }
    if (beta == 0.0f) {
      const double z = std::accumulate(rows.begin(), rows.end(), 0.0);
      for (std::size_t s = 0; s < n; ++s) p[s] = rows[s] / z;
      continue;
    }
    std::vector<double> of_hidden(m), next(n);
    for (std::size_t s = 0; s < n; ++s)
      for (std::size_t t = 0; t < m; ++t) of_hidden[t] += p[s] * joint(s, t) / rows[s];
    for (std::size_t s = 0; s < n; ++s)
      for (std::size_t t = 0; t < m; ++t) next[s] += of_hidden[t] * joint(s, t) / columns[t];
    p = next;
  }
  return p;
}

// E[w] = p_ann(v) and E[log w] <= log p_ann(v), at a schedule so short that p_ann is not the model.
TEST(Raise, EstimatesTheAnnealingModelWithoutBiasAndFromBelow) {
  ThreadTeam team(2);
  constexpr std::size_t kChains = 4000;
  const std::vector<float> betas = {0.0f, 0.4f, 0.8f, 1.0f};
  double apart = 0;
  for (const auto& [visible, hidden] :
       {std::pair{"3", "2"}, std::pair{"binomial(2) 2", "softmax(3) 1"}, std::pair{"stepped(2) 2", "2"},
        std::pair{"softmax(3) 2", "2"}, std::pair{"multinomial(3) 3", "binomial(2) 1"}}) {
    Rbm rbm(parse_layer(visible), parse_layer(hidden));
    initialise_weights(rbm, 1.5f, 0.4f, 3, 0);
    rbm.visible.bias[0] = 0.6f;
    const std::vector<float> base(rbm.visible_columns(), -0.2f);
    const auto truth = annealing_model(rbm, base, betas);
    const StateEnumerator states(rbm.visible.spec);
    const double log_z = exact_log_z(rbm, team);
    for (std::size_t s = 0; s < states.states(); ++s) {
      Matrix<float> cases(kChains, rbm.visible_columns());
      for (std::size_t r = 0; r < kChains; ++r) states.state(s, cases.row(r));
      RaiseOptions options;
      options.schedule = betas;
      const auto log_w = raise_log_likelihoods(rbm, base, cases, options, team);
      const AnnealedLogZ estimate = summarise_log_weights(log_w);
      const double error = estimate.high - estimate.log_z;
      EXPECT_NEAR(estimate.log_z, std::log(truth[s]), 4.5 * error + 1e-6) << visible << ", state " << s;
      const double mean = std::accumulate(log_w.begin(), log_w.end(), 0.0) / kChains;
      EXPECT_LT(mean, std::log(truth[s])) << visible << ", state " << s;
      const auto model = log_likelihoods(rbm, cases.view().row_block(0, 1), log_z, team);
      apart = std::max(apart, std::abs(model[0] - std::log(truth[s])) - 10 * error);
    }
  }
  EXPECT_GT(apart, 0.0);  // else the test could not tell the annealing model from the model
}

TEST(Raise, ComesCloserWithMoreChainsAndWithMoreSteps) {
  ThreadTeam team(2);
  const Rbm rbm = worked_rbm();
  const std::vector<float> base(3);
  const auto cases = repeated(all_triples(), 50);
  const auto truth = log_likelihoods(rbm, cases, exact_log_z(rbm, team), team);
  const auto lost = [&](std::size_t chains, std::size_t steps) {
    RaiseOptions options;
    options.chains = chains, options.schedule = uniform_schedule(steps);
    return bracket_of(truth, raise_log_likelihoods(rbm, base, cases, options, team), 0.0).width;
  };
  const double fast = lost(1, 4);
  EXPECT_GT(fast, 0.05);
  EXPECT_LT(lost(10, 4), 0.5 * fast);
  EXPECT_LT(lost(1, 200), 0.1 * fast);
}

TEST(Raise, RefusesWhatHasNoLikelihood) {
  ThreadTeam team(1);
  RaiseOptions options;
  options.schedule = uniform_schedule(4);
  const std::vector<float> base(3);
  EXPECT_THROW(raise_log_likelihoods(worked_rbm(), base, matrix_of(3, {0, 0.5f, 1}), options, team),
               InputError);
  const Rbm rectified(parse_layer("3"), parse_layer("rectified 2"));
  EXPECT_THROW(raise_log_likelihoods(rectified, base, all_triples(), options, team), InputError);
  const Rbm documents(parse_layer("multinomial 3"), parse_layer("2"));
  EXPECT_THROW(raise_log_likelihoods(documents, base, all_triples(), options, team), InputError);
  options.chains = 0;
  EXPECT_THROW(raise_log_likelihoods(worked_rbm(), base, all_triples(), options, team), InputError);
}

TEST(Bracket, IsTheMeanDifferenceWithTheErrorOfBothSides) {
  const auto bracket =
      bracket_of(std::vector<double>{-10, -50, -90}, std::vector<double>{-11, -52, -93}, 0.3);
  EXPECT_NEAR(bracket.width, 2.0, 1e-12);
  EXPECT_NEAR(bracket.error, std::hypot(1 / std::sqrt(3.0), 0.3), 1e-12);
}

// Two distant modes of which the base knows one only: every run stays there, agrees with the others, and
// misses nearly all of Z. Only chains that come from the other mode tell.
TEST(Bracket, ShowsAModeThatNoRunFound) {
  ThreadTeam team(1);
  Rbm rbm(parse_layer("20"), parse_layer("1"));
  std::fill(rbm.weights.values().begin(), rbm.weights.values().end(), 12.0f);
  std::fill(rbm.visible.bias.begin(), rbm.visible.bias.end(), -6.0f);
  rbm.hidden.bias[0] = -110.0f;
  const std::vector<float> base(20, -6.0f);
  AnnealingOptions options;
  options.temperatures = 10;
  const AnnealedLogZ annealed = annealed_log_z(rbm, base, options, team);
  const double truth = exact_log_z(rbm, team);
  EXPECT_GT(annealed.effective_runs, 90);
  EXPECT_LT(annealed.interval_high, truth - 5);
  RaiseOptions raise;
  raise.schedule = standard_schedule(10);
  const Matrix<float> other_mode(30, 20, 1.0f);
  const auto bracket = bracket_of(log_likelihoods(rbm, other_mode, annealed.log_z, team),
                                  raise_log_likelihoods(rbm, base, other_mode, raise, team), 0.0);
  EXPECT_GT(bracket.width, 5);
}

TEST(Interval, OfWeightsWithoutSpreadIsAPoint) {
  const auto summary = summarise_log_weights(std::vector<double>(50, 3.25));
  EXPECT_NEAR(summary.log_z, 3.25, 1e-12);
  EXPECT_NEAR(summary.interval_low, 3.25, 1e-6);
  EXPECT_NEAR(summary.interval_high, 3.25, 1e-6);
  EXPECT_NEAR(summary.effective_runs, 50, 1e-9);
}

// Means of 100 log-normal weights: the interval holds the truth more often than the symmetric one.
TEST(Interval, AllowsForSkewedWeights) {
  for (const double deviation : {0.3, 1.0}) {
    std::size_t held = 0, symmetric = 0;
    const Noise noise(5, Stream::kSynthetic, 0);
    for (std::uint64_t trial = 0; trial < 1000; ++trial) {
      std::vector<double> log_weights(100);
      for (std::size_t i = 0; i < log_weights.size(); ++i)
        log_weights[i] = deviation * noise.normal(trial, static_cast<std::uint32_t>(i));
      const auto summary = summarise_log_weights(log_weights);
      const double truth = 0.5 * deviation * deviation, error = std::expm1(summary.high - summary.log_z);
      held += summary.interval_low < truth && truth < summary.interval_high;
      symmetric += std::abs(std::expm1(truth - summary.log_z)) < 1.96 * error;
    }
    EXPECT_GE(held, deviation < 0.5 ? 930u : 905u) << deviation;
    EXPECT_GT(held, symmetric) << deviation;
  }
}

// A few of the 200 models of the slow test `annealing.coverage`, which prints the table.
TEST(Interval, HoldsTheExactLogZOfSmallModelsOfEveryKind) {
  ThreadTeam team(2);
  std::size_t held = 0;
  std::vector<double> widths;
  for (const auto& [name, rbm] : annealed_models::draw(1)) {
    const auto cases = annealed_models::stand_in_data(rbm, team);
    const auto estimate = annealed_models::anneal(rbm, cases, 150, 1, team);
    const double truth = exact_log_z(rbm, team);
    held += estimate.interval_low < truth + 1e-5 && truth - 1e-5 < estimate.interval_high;
    widths.push_back(estimate.interval_high - estimate.interval_low);
  }
  std::sort(widths.begin(), widths.end());
  EXPECT_EQ(widths.size(), 55u);
  EXPECT_GE(static_cast<double>(held), 0.9 * static_cast<double>(widths.size()));
  EXPECT_LE(widths[widths.size() / 2], 0.3);
}

// One hidden unit with infinitely many states, summed out by hand: whole numbers, or a line in steps.
double log_z_of_one_hidden_unit(const Rbm& rbm, double from, double to, double step) {
  ThreadTeam team(1);
  const auto count = static_cast<std::size_t>((to - from) / step) + 1;
  Matrix<float> hidden(count, 1);
  for (std::size_t k = 0; k < count; ++k)
    hidden(k, 0) = static_cast<float>(from + step * static_cast<double>(k));
  std::vector<double> energies(count);
  hidden_free_energy(rbm, hidden, energies, team);
  const double lowest = *std::min_element(energies.begin(), energies.end());
  double sum = 0;
  for (const double f : energies) sum += std::exp(lowest - f);
  return std::log(sum * step) - lowest;
}

TEST(Interval, HoldsLogZWhereBothLayersHaveInfinitelyManyStates) {
  ThreadTeam team(2);
  const auto check = [&](const char* visible, const char* hidden, float sign, double from, double to,
                         double step) {
    Rbm rbm(parse_layer(visible), parse_layer(hidden));
    const Noise noise(5, Stream::kSynthetic, 0);
    for (std::size_t i = 0; i < rbm.visible_columns(); ++i) {
      rbm.weights(i, 0) = sign * (0.2f + 0.3f * noise.uniform(i, 0));
      rbm.visible.bias[i] = noise.normal(i, 1);
    }
    rbm.hidden.bias[0] = 0.7f;
    const auto cases = annealed_models::stand_in_data(rbm, team);
    const auto estimate = annealed_models::anneal(rbm, cases, 500, 3, team);
    const double truth = log_z_of_one_hidden_unit(rbm, from, to, step);
    EXPECT_GT(truth, estimate.interval_low - 1e-5) << visible;
    EXPECT_LT(truth, estimate.interval_high + 1e-5) << visible;
    EXPECT_LT(estimate.interval_high - estimate.interval_low, 0.3) << visible;
    EXPECT_GT(estimate.interval_high - estimate.interval_low, 1e-4) << visible;
  };
  check("gaussian 4", "gaussian 1", 1, -60, 60, 0.01);  // singular values are below 1
  check("poisson 4", "poisson 1", -1, 0, 100, 1);       // no weight is positive
}

}  // namespace
}  // namespace harmonium
