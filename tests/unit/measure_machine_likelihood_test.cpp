// Likelihoods of deep Boltzmann machines against sums over all states.
#include <gtest/gtest.h>

#include <cmath>

#include "harmonium/base/error.h"
#include "harmonium/measure/annealed.h"
#include "harmonium/measure/exact.h"
#include "harmonium/measure/machine_likelihood.h"
#include "unit/machine_cases.h"

namespace harmonium {
namespace {

TEST(MachineLikelihood, SumsLogZByTheFold) {
  ThreadTeam team(2);
  EXPECT_NEAR(exact_log_z(folded(worked_machine()), team), 7.248362799397237, 1e-6);
  for (const char* layers : {"3-4", "3-4-3", "3-2-3-2", "2-2-2-2-2"}) {
    const DeepBoltzmannMachine machine = random_machine(layers, 1.5f, 6);
    EXPECT_NEAR(exact_log_z(folded(machine), team), summed_log_z(machine), 1e-5) << layers;
  }
}

TEST(MachineLikelihood, AnnealsLogZToWithinItsInterval) {
  ThreadTeam team(2);
  std::size_t inside = 0, all = 0;
  for (const char* layers : {"6-5-4", "6-4-3-3"})
    for (std::uint64_t seed = 0; seed < 20; ++seed, ++all) {
      const DeepBoltzmannMachine machine = random_machine(layers, 1.5f, 100 + seed);
      const Rbm fold = folded(machine);
      Matrix<float> cases(50, 6);
      for (std::size_t i = 0; i < cases.size(); ++i)
        cases.values()[i] = (i * 5 + i / 6) % 3 == 0 ? 1.0f : 0.0f;
      AnnealingOptions options;
      options.schedule = standard_schedule(300);
      options.seed = seed;
      const auto z = annealed_log_z(fold, folded_base_bias(machine, cases, team), options, team);
      const double truth = exact_log_z(fold, team);
      inside += truth >= z.interval_low && truth <= z.interval_high;
      EXPECT_LT(z.interval_high - z.interval_low, 1.0);
      EXPECT_NEAR(z.log_z, truth, 0.5);
      EXPECT_GT(z.effective_runs, 20.0);
    }
  // 95 % intervals; 34 of 40 or fewer have a probability below one in a thousand.
  EXPECT_GE(inside, all * 35 / 40);
}

TEST(MachineLikelihood, OfCasesIsTheirSumAndSumsToOne) {
  ThreadTeam team(2);
  for (const char* layers : {"3-4", "3-4-3", "3-2-3-2"}) {
    const DeepBoltzmannMachine machine = random_machine(layers, 1.5f, 9);
    const double log_z = summed_log_z(machine);
    const auto exact = exact_machine_likelihoods(machine, all_triples(), log_z, team);
    double total = 0;
    for (std::size_t r = 0; r < 8; ++r) {
      EXPECT_NEAR(exact.log_probability[r], summed_log_p(machine, all_triples().row(r)) - log_z, 1e-5);
      EXPECT_LE(exact.bound[r], exact.log_probability[r] + 1e-5);
      total += std::exp(exact.log_probability[r]);
    }
    EXPECT_NEAR(total, 1.0, 1e-5);
  }
}

TEST(MachineLikelihood, OfCasesIsEstimatedFromMeanField) {
  ThreadTeam team(2);
  const DeepBoltzmannMachine machine = random_machine("3-6-5", 2.0f, 9);
  const double log_z = exact_log_z(folded(machine), team);
  const auto exact = exact_machine_likelihoods(machine, all_triples(), log_z, team);
  MachineLikelihoodOptions options;
  options.runs = 200, options.temperatures = 100;
  const auto estimate = machine_likelihoods(machine, all_triples(), log_z, options, team);
  double gap = 0;
  for (std::size_t r = 0; r < 8; ++r) {
    EXPECT_EQ(estimate.bound[r], exact.bound[r]);
    EXPECT_NEAR(estimate.log_probability[r], exact.log_probability[r], 0.15);
    EXPECT_GT(estimate.effective_runs[r], 50.0);
    gap += exact.log_probability[r] - exact.bound[r];
  }
  EXPECT_GT(gap, 0.4) << "the bounds of this machine are loose enough to tell the two apart";
}

TEST(MachineLikelihood, DependsOnTheCaseAndNotOnItsCompanionsOrThreads) {
  ThreadTeam one(1), two(2);
  const DeepBoltzmannMachine machine = random_machine("3-6-5", 1.0f, 9);
  MachineLikelihoodOptions options;
  options.runs = 20, options.temperatures = 10;
  const auto cases = all_triples();
  const auto a = machine_likelihoods(machine, cases, 1.0, options, one);
  const auto b = machine_likelihoods(machine, cases, 1.0, options, two);
  EXPECT_EQ(a.bound, b.bound);
  EXPECT_EQ(a.log_probability, b.log_probability);
  const auto last = machine_likelihoods(machine, cases.view().row_block(7, 1), 1.0, options, one, 7);
  EXPECT_NEAR(last.log_probability[0], a.log_probability[7], 1e-3);
}

TEST(MachineLikelihood, RefusesGreyCasesAndSumsThatAreTooLong) {
  ThreadTeam team(1);
  const DeepBoltzmannMachine machine = worked_machine();
  EXPECT_THROW(machine_likelihoods(machine, matrix_of(3, {1, 0.5f, 0}), 0, {}, team), InputError);
  EXPECT_THROW(exact_machine_likelihoods(make_machine(parse_layers("3-30-30")), all_triples(), 0, team),
               InputError);
  EXPECT_EQ(summed_hidden_states(make_machine(parse_layers("3-30-4"))), 16.0);
  EXPECT_EQ(summed_hidden_states(make_machine(parse_layers("3-30-4-2"))), 16.0);
}

}  // namespace
}  // namespace harmonium
