// Deep Boltzmann machines as values: energies, the fold, the start from a doubled stack, mean field.
#include <gtest/gtest.h>

#include <cmath>

#include "harmonium/base/error.h"
#include "harmonium/models/mean_field.h"
#include "unit/machine_cases.h"

namespace harmonium {
namespace {

double logistic(double x) {
  return 1.0 / (1.0 + std::exp(-x));
}

TEST(DeepBoltzmannMachine, HasTheWorkedLogZAndLikelihood) {
  const DeepBoltzmannMachine machine = worked_machine();
  EXPECT_NEAR(summed_log_z(machine), 7.248362799397237, 1e-6);
  EXPECT_NEAR(summed_log_p(machine, std::vector<float>{1, 1, 0}) - summed_log_z(machine), -2.7823994762,
              1e-6);
}

// The energy of a state is that of its fold, for any depth.
TEST(DeepBoltzmannMachine, FoldsIntoAnRbm) {
  for (const char* layers : {"3-2", "3-2-4", "2-3-1-2", "2-1-2-1-2"}) {
    const DeepBoltzmannMachine machine = random_machine(layers, 1.0f, 3);
    const Rbm fold = folded(machine);
    for_all_states(machine, [&](const auto& states) {
      std::vector<float> sides[2];
      for (std::size_t n = 0; n < states.size(); ++n) {
        EXPECT_EQ(first_folded_column(machine, n), sides[n % 2].size());
        sides[n % 2].insert(sides[n % 2].end(), states[n].begin(), states[n].end());
      }
      ASSERT_NEAR(energy(machine, states), energy(fold, sides[0], sides[1]), 1e-5) << layers;
    });
  }
}

TEST(DeepBoltzmannMachine, RefoldsSomeRowsAlone) {
  const DeepBoltzmannMachine old = random_machine("5-4-6-3-2", 1.0f, 3),
                             now = random_machine("5-4-6-3-2", 1.0f, 4);
  Rbm fold = folded(old);
  refold_rows(now, 4, 5, fold);
  const Rbm before = folded(old), after = folded(now);
  for (std::size_t i = 0; i < fold.visible_columns(); ++i)
    for (std::size_t j = 0; j < fold.hidden_columns(); ++j)
      EXPECT_EQ(fold.weights(i, j), (i >= 4 && i < 9 ? after : before).weights(i, j)) << i << ' ' << j;
}

// With a case held, the rest is an RBM.
TEST(DeepBoltzmannMachine, GivesTheHiddenLayersOfACase) {
  const DeepBoltzmannMachine machine = random_machine("3-2-3-2", 1.0f, 5);
  const std::vector<float> visible = {1, 0, 1};
  const Rbm hidden = given_case(machine, visible);
  double sum = 0;
  const StateEnumerator odd(hidden.visible.spec), even(hidden.hidden.spec);
  std::vector<float> a(hidden.visible_columns()), b(hidden.hidden_columns());
  for (std::uint64_t s = 0; s < odd.states(); ++s)
    for (std::uint64_t t = 0; t < even.states(); ++t) {
      odd.state(s, a), even.state(t, b);
      sum += std::exp(-energy(hidden, a, b));
    }
  const double own = machine.layers[0].bias[0] + machine.layers[0].bias[2];
  EXPECT_NEAR(own + std::log(sum), summed_log_p(machine, visible), 1e-5);
}

// Each layer of the machine takes in the mean of what the RBMs at its sides have it take in, with the input
// of these doubled as the stack was learned.
TEST(DeepBoltzmannMachine, ComposedOfADoubledStackHasItsConditionals) {
  const auto layers = parse_layers("5-4-3-4");
  ASSERT_EQ(layers_to_string(doubled_layers(layers)), "binomial(2) 5 - 4 - 3 - binomial(2) 4");
  DeepBeliefNet stack = make_net(doubled_layers(layers), false);
  for (std::size_t n = 0; n < stack.depth(); ++n) {
    initialise_weights(stack.rbms[n], 1.0f, 0.3f, 11, n);
    for (std::size_t i = 0; i < stack.rbms[n].visible_columns(); ++i)
      stack.rbms[n].visible.bias[i] = 0.1f * static_cast<float>(i + n);
  }
  const DeepBoltzmannMachine machine = composed(stack);
  std::vector<Matrix<float>> states;
  for (std::size_t n = 0; n < 4; ++n) {
    states.emplace_back(1, layers[n].columns());
    for (std::size_t i = 0; i < states[n].cols(); ++i) states[n](0, i) = static_cast<float>((i + n) % 2);
  }
  // Values as the stack's RBMs have them: layers at its ends are sums of two copies.
  const auto value = [&](std::size_t n, std::size_t i) {
    return (n == 0 || n == 3 ? 2.0 : 1.0) * states[n](0, i);
  };
  for (std::size_t n = 0; n < 4; ++n)
    for (std::size_t i = 0; i < states[n].cols(); ++i) {
      double input = machine.layers[n].bias[i], sum = 0, sides = 0;
      for (std::size_t j = 0; n > 0 && j < states[n - 1].cols(); ++j)
        input += machine.weights[n - 1](j, i) * states[n - 1](0, j);
      for (std::size_t j = 0; n < 3 && j < states[n + 1].cols(); ++j)
        input += machine.weights[n](i, j) * states[n + 1](0, j);
      if (n > 0) {
        sum += stack.rbms[n - 1].hidden.bias[i], sides += 1;
        for (std::size_t j = 0; j < states[n - 1].cols(); ++j)
          sum += stack.rbms[n - 1].weights(j, i) * value(n - 1, j);
      }
      if (n < 3) {
        sum += stack.rbms[n].visible.bias[i], sides += 1;
        for (std::size_t j = 0; j < states[n + 1].cols(); ++j)
          sum += stack.rbms[n].weights(i, j) * value(n + 1, j);
      }
      EXPECT_NEAR(input, sum / sides, 1e-5) << n << ' ' << i;
    }
}

TEST(DeepBoltzmannMachine, OfOneHiddenLayerStartsAsAnRbm) {
  EXPECT_EQ(doubled_layers(parse_layers("5-4")), parse_layers("5-4"));
  DeepBeliefNet stack = make_net(parse_layers("3-2"), false);
  stack.rbms[0] = worked_rbm();
  const Rbm fold = folded(composed(stack));
  EXPECT_TRUE(std::equal(fold.weights.values().begin(), fold.weights.values().end(),
                         stack.rbms[0].weights.values().begin()));
  EXPECT_EQ(fold.visible.bias, stack.rbms[0].visible.bias);
  EXPECT_EQ(fold.hidden.bias, stack.rbms[0].hidden.bias);
}

TEST(DeepBoltzmannMachine, RefusesOtherUnitsAndSingleLayers) {
  EXPECT_THROW(make_machine(parse_layers("gaussian 4 - 3 - 2")), InputError);
  EXPECT_THROW(make_machine(parse_layers("4 - 3 + softmax 3 - 2")), InputError);
  EXPECT_NE(find_machine_fault(parse_layers("4 - 3 - rectified 2")).find("rectified 2"), std::string::npos);
  EXPECT_FALSE(find_machine_fault({parse_layer("4")}).empty());
  EXPECT_TRUE(find_machine_fault(parse_layers("4-3-2-5")).empty());
}

TEST(MeanField, FindsTheWorkedMeansAndBound) {
  ThreadTeam team(1);
  const auto posterior = mean_field(worked_machine(), matrix_of(3, {1, 1, 0}), {}, team);
  EXPECT_NEAR(posterior.bounds[0] - 7.248362799397237, -2.8155011701, 2e-6);
  const double first[] = {0.8946510767, 0.6162961001}, second[] = {0.7823714482, 0.4864311678};
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_NEAR(posterior.means[0](0, i), first[i], 2e-5);
    EXPECT_NEAR(posterior.means[1](0, i), second[i], 2e-5);
  }
}

TEST(MeanField, SweepsNeverLowerTheBoundWhichIsBelowTheTruth) {
  const auto cases = all_triples();
  for (const char* layers : {"3-4-3", "3-2-3-2", "3-2-2-1-2"})
    for (const float deviation : {0.5f, 2.0f}) {
      const DeepBoltzmannMachine machine = random_machine(layers, deviation, 21);
      const auto packed = packed_weights(machine);
      MeanField field(machine, packed);
      std::vector<double> last(8, -INFINITY), bounds(8);
      for (std::size_t sweeps = 0; sweeps < 12; ++sweeps) {
        field.run(cases, {sweeps, 0.0f});
        EXPECT_EQ(field.sweeps(), sweeps);
        field.bounds(bounds);
        for (std::size_t r = 0; r < 8; ++r) {
          EXPECT_GE(bounds[r], last[r] - 1e-5) << layers << ' ' << deviation << ' ' << sweeps;
          EXPECT_LE(bounds[r], summed_log_p(machine, cases.row(r)) + 1e-5);
        }
        last = bounds;
      }
    }
}

// The gap closes as coupling between hidden units goes: with the square of the weights, and at once for one
// hidden layer, whose units are independent given the data.
TEST(MeanField, IsExactWhereHiddenUnitsAreIndependent) {
  ThreadTeam team(2);
  const auto cases = all_triples();
  const auto gap = [&](const DeepBoltzmannMachine& machine) {
    const auto posterior = mean_field(machine, cases, {}, team);
    double largest = 0;
    for (std::size_t r = 0; r < 8; ++r)
      largest = std::max(largest, summed_log_p(machine, cases.row(r)) - posterior.bounds[r]);
    return largest;
  };
  EXPECT_LT(gap(random_machine("3-4", 2.0f, 5)), 1e-5);
  DeepBoltzmannMachine machine = random_machine("3-4-3", 1.0f, 5);
  const double strong = gap(machine);
  EXPECT_GT(strong, 1e-3);
  for (float& w : machine.weights[1].values()) w *= 0.1f;
  EXPECT_LT(gap(machine), 0.02 * strong);
}

TEST(MeanField, StopsWhereMeansHaveSettled) {
  const DeepBoltzmannMachine machine = random_machine("3-4-3", 0.5f, 8);
  const auto packed = packed_weights(machine);
  MeanField field(machine, packed);
  field.run(all_triples(), {1000, 1e-5f});
  EXPECT_GT(field.sweeps(), 2u);
  EXPECT_LT(field.sweeps(), 100u);
}

TEST(MeanField, HasTheSameBitsForAnyNumberOfThreads) {
  const DeepBoltzmannMachine machine = random_machine("30-20-17-5", 0.3f, 2);
  Matrix<float> cases(300, 30);
  for (std::size_t i = 0; i < cases.size(); ++i) cases.values()[i] = (i * i) % 7 < 3 ? 1.0f : 0.0f;
  ThreadTeam one(1), two(2);
  const auto a = mean_field(machine, cases, {}, one), b = mean_field(machine, cases, {}, two);
  EXPECT_EQ(a.bounds, b.bounds);
  for (std::size_t n = 0; n < 3; ++n)
    EXPECT_TRUE(
        std::equal(a.means[n].values().begin(), a.means[n].values().end(), b.means[n].values().begin()));
}

TEST(MeanField, GivesTheVisibleLayerOfTheFold) {
  ThreadTeam team(1);
  const DeepBoltzmannMachine machine = random_machine("3-4-3-2-2", 1.0f, 4);
  const auto cases = repeated(all_triples(), 500);
  const Noise noise(1, Stream::kSampling, 0);
  const auto means = folded_cases(machine, cases, States::kMeans, noise, team);
  const auto samples = folded_cases(machine, cases, States::kSamples, noise, team);
  ASSERT_EQ(means.cols(), 8u);
  const auto posterior = mean_field(machine, all_triples(), {}, team);
  for (std::size_t s = 0; s < 8; ++s)
    for (std::size_t i = 0; i < 8; ++i) {
      const double mean = i < 3   ? all_triples()(s, i)
                          : i < 6 ? posterior.means[1](s, i - 3)
                                  : posterior.means[3](s, i - 6);
      EXPECT_NEAR(means(s, i), mean, 1e-4);
      double drawn = 0;
      for (std::size_t c = 0; c < 500; ++c) drawn += samples(8 * c + s, i) / 500.0;
      EXPECT_NEAR(drawn, mean, 4.0 * std::sqrt(0.25 / 500.0) + 1e-9);
    }
}

TEST(MeanField, GoesBackToTheVisibleLayer) {
  ThreadTeam team(1);
  const DeepBoltzmannMachine machine = worked_machine();
  const auto back = visible_means(machine, matrix_of(2, {1.0f, 0.25f}), team);
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_NEAR(
        back(0, i),
        logistic(machine.layers[0].bias[i] + machine.weights[0](i, 0) + 0.25 * machine.weights[0](i, 1)),
        1e-6);
}

}  // namespace
}  // namespace harmonium
