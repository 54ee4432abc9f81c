// Joint learning of deep Boltzmann machines: gradients against differences of the bound, likelihoods of what
// is learned, threads, resuming.
#include <gtest/gtest.h>

#include <cmath>

#include "harmonium/base/error.h"
#include "harmonium/measure/exact.h"
#include "harmonium/measure/machine_likelihood.h"
#include "harmonium/train/machine_rule.h"
#include "unit/machine_cases.h"

namespace harmonium {
namespace {

struct Cases {
  Matrix<float> values;
  std::vector<std::uint64_t> numbers;
  std::vector<float> weights;
  Batch batch() {
    Batch batch;
    batch.values = values;
    batch.cases = numbers;
    batch.weights = weights;
    return batch;
  }
};

Cases cases_of(Matrix<float> values, std::vector<float> weights = {}) {
  const auto numbers = numbered(values.rows());
  return {std::move(values), numbers, std::move(weights)};
}

TrainOptions options_with(NegativeKind negative) {
  TrainOptions options;
  options.negative = negative;
  options.mean_field_sweeps = 500;
  return options;
}

// Weighted mean over cases of the bound on log p(v), with mean field settled and log Z summed.
double mean_bound(const DeepBoltzmannMachine& machine, const Cases& cases, ThreadTeam& team) {
  const auto posterior = mean_field(machine, cases.values, {5000, 1e-7f}, team);
  double sum = 0, all = 0;
  for (std::size_t r = 0; r < cases.values.rows(); ++r) {
    const double weight = cases.weights.empty() ? 1.0 : cases.weights[r];
    sum += weight * posterior.bounds[r], all += weight;
  }
  return sum / all - exact_log_z(folded(machine), team);
}

// Mean field is stationary in its means, so the bound changes with the parameters as the learner says.
TEST(MachineLearner, FollowsTheGradientOfTheBound) {
  ThreadTeam team(2);
  for (const char* layers : {"3-2", "3-4-3", "3-2-3-2"}) {
    const DeepBoltzmannMachine start = random_machine(layers, 0.7f, 13);
    Cases cases = cases_of(worked_cases(), {1.0f, 2.0f, 0.5f});
    MachineLearner learner(start, options_with(NegativeKind::kExact), team);
    for (const NamedGradient& gradient : learner.gradient(cases.batch(), {}, team))
      for (std::size_t i = 0; i < gradient.values.size(); ++i) {
        double bounds[2];
        constexpr float kStep = 0.02f;
        for (const int side : {0, 1}) {
          DeepBoltzmannMachine moved = start;
          for (const NamedTensor& tensor : moved.parameters())
            if (tensor.name == gradient.name) tensor.values[i] += side == 0 ? -kStep : kStep;
          bounds[side] = mean_bound(moved, cases, team);
        }
        EXPECT_NEAR(gradient.values.values()[i], (bounds[1] - bounds[0]) / (2 * kStep), 4e-4)
            << layers << ' ' << gradient.name << ' ' << i;
      }
  }
}

// Many persistent chains stand for the sum over all states.
TEST(MachineLearner, EstimatesTheSameGradientByChains) {
  ThreadTeam team(2);
  const DeepBoltzmannMachine start = random_machine("3-4-3", 0.7f, 13);
  Cases cases = cases_of(worked_cases());
  for (const NegativeKind negative : {NegativeKind::kPersistent, NegativeKind::kTempering}) {
    TrainOptions options = options_with(negative);
    options.chains = 8000, options.temperatures = 3;
    MachineLearner exact(start, options_with(NegativeKind::kExact), team), chains(start, options, team);
    const auto truth = exact.gradient(cases.batch(), {}, team),
               estimate = chains.gradient(cases.batch(), {}, team);
    ASSERT_EQ(truth.size(), estimate.size());
    for (std::size_t t = 0; t < truth.size(); ++t)
      for (std::size_t i = 0; i < truth[t].values.size(); ++i)
        // Standard errors are below 0.5 / sqrt(8,000) = 0.0056.
        EXPECT_NEAR(truth[t].values.values()[i], estimate[t].values.values()[i], 0.022) << truth[t].name;
  }
}

double mean_log_p(const DeepBoltzmannMachine& machine, const Matrix<float>& cases, ThreadTeam& team) {
  const auto p = exact_machine_likelihoods(machine, cases, exact_log_z(folded(machine), team), team);
  double sum = 0;
  for (const double value : p.log_probability) sum += value / static_cast<double>(cases.rows());
  return sum;
}

// Chains and 10 sweeps, centred or not, on three of eight states: log p of a perfect model is -log 3.
TEST(MachineLearner, RaisesTheExactLikelihood) {
  ThreadTeam team(2);
  for (const bool centring : {false, true}) {
    TrainOptions options = options_with(NegativeKind::kPersistent);
    options.mean_field_sweeps = 10, options.centring = centring;
    const DeepBoltzmannMachine start = random_machine("3-4-3", 0.1f, 17);
    MachineLearner learner(start, options, team);
    Cases cases = cases_of(repeated(worked_cases(), 20));
    const double before = mean_log_p(start, worked_cases(), team);
    for (std::uint64_t update = 0; update < 3000; ++update) {
      StepInfo info;
      info.update = update, info.rate = update < 2000 ? 0.1 : 0.02, info.gibbs_steps = 5, info.momentum = 0.5;
      learner.step(cases.batch(), info, team);
    }
    EXPECT_NEAR(before, -std::log(8.0), 0.1);
    EXPECT_GT(mean_log_p(learner.machine(), worked_cases(), team), -1.3) << centring;
  }
}

// Flipping the meaning of all bits leaves the path of centred learning as it is, and changes the plain one.
TEST(MachineLearner, CentredDoesNotCareWhatIsCalledOne) {
  ThreadTeam team(1);
  const auto distance = [&](bool centring) {
    TrainOptions options = options_with(NegativeKind::kExact);
    options.centring = centring;
    DeepBoltzmannMachine plain = random_machine("3-4-3", 0.3f, 19), flipped = plain;
    // v -> 1 - v: W_0 and b_0 change sign, and the hidden biases take in what all ones gave.
    for (float& w : flipped.weights[0].values()) w = -w;
    for (float& b : flipped.layers[0].bias) b = -b;
    for (std::size_t i = 0; i < 3; ++i)
      for (std::size_t j = 0; j < 4; ++j) flipped.layers[1].bias[j] += plain.weights[0](i, j);
    Matrix<float> other = worked_cases();
    for (float& value : other.values()) value = 1.0f - value;
    MachineLearner a(plain, options, team), b(flipped, options, team);
    Cases cases = cases_of(worked_cases()), others = cases_of(other);
    for (std::uint64_t update = 0; update < 200; ++update) {
      StepInfo info;
      // The first update, which has no offsets yet, only finds them.
      info.update = update, info.rate = update == 0 ? 0.0 : 0.1;
      a.step(cases.batch(), info, team), b.step(others.batch(), info, team);
    }
    return std::abs(mean_log_p(a.machine(), worked_cases(), team) - mean_log_p(b.machine(), other, team));
  };
  EXPECT_LT(distance(true), 1e-4);
  EXPECT_GT(distance(false), 2e-3);
}

TEST(MachineLearner, HasTheSameBitsForAnyNumberOfThreadsAndAfterResuming) {
  std::vector<std::vector<float>> results;
  for (const bool centring : {false, true})
    for (const unsigned run : {1u, 2u, 3u}) {
      ThreadTeam team(run == 1 ? 1 : 2);
      TrainOptions options = options_with(NegativeKind::kPersistent);
      options.mean_field_sweeps = 5, options.centring = centring, options.l2 = 1e-3, options.chains = 70;
      const DeepBoltzmannMachine start = random_machine("20-17-13-9", 0.3f, 23);
      auto learner = std::make_unique<MachineLearner>(start, options, team);
      Cases cases = cases_of(Matrix<float>(130, 20));
      for (std::size_t i = 0; i < cases.values.size(); ++i)
        cases.values.values()[i] = (i * 7 + i / 20 * 3) % 5 < 2 ? 1.0f : 0.0f;
      for (std::uint64_t update = 0; update < 6; ++update) {
        if (run == 3 && update == 3) {  // a new learner takes over parameters and state
          auto next = std::make_unique<MachineLearner>(make_machine(start.specs()), options, team);
          const auto carry = [](const ParameterList& from, const ParameterList& to) {
            ASSERT_EQ(from.size(), to.size());
            for (std::size_t t = 0; t < to.size(); ++t) {
              EXPECT_EQ(from[t].name, to[t].name);
              std::copy(from[t].values.begin(), from[t].values.end(), to[t].values.begin());
            }
          };
          carry(learner->parameters(), next->parameters());
          carry(learner->state(), next->state());
          next->restored();
          learner = std::move(next);
        }
        StepInfo info;
        info.update = update, info.rate = 0.1, info.momentum = 0.5, info.gibbs_steps = 2;
        learner->step(cases.batch(), info, team);
      }
      std::vector<float> all;
      for (const NamedTensor& tensor : learner->parameters())
        all.insert(all.end(), tensor.values.begin(), tensor.values.end());
      for (const float x : all) ASSERT_TRUE(std::isfinite(x));
      results.push_back(std::move(all));
    }
  for (const std::size_t first : {0u, 3u}) {
    EXPECT_EQ(results[first], results[first + 1]);
    EXPECT_EQ(results[first], results[first + 2]);
  }
  EXPECT_NE(results[0], results[3]);
}

TEST(MachineLearner, RefusesWhatItCannotDo) {
  ThreadTeam team(1);
  TrainOptions options = options_with(NegativeKind::kContrastiveDivergence);
  EXPECT_THROW(MachineLearner(worked_machine(), options, team), InputError);
  options.negative = NegativeKind::kPersistent;
  EXPECT_TRUE(find_machine_learning_fault(options, false).empty());
  EXPECT_FALSE(find_machine_learning_fault(options, true).empty());
  options.precision = PrecisionChoice::kBf16;
  EXPECT_FALSE(find_machine_learning_fault(options, false).empty());
}

// All of it: the doubled stack learned greedily, composed, learned on; each stage is worth something.
TEST(MachineRule, LearnsOnFromADoubledStack) {
  ThreadTeam team(2);
  const auto layers = parse_layers("3-4-3");
  const Matrix<float> values = repeated(worked_cases(), 30);
  const MatrixSource source(layers[0], values);
  const auto doubled = make_doubled_source(source);
  EXPECT_EQ(doubled->layer(), parse_layer("binomial(2) 3"));
  TrainOptions options;
  options.epochs = 300, options.batch = 30, options.rate = 0.1, options.initial_deviation = 0.1;
  options.negative = NegativeKind::kPersistent, options.steps = 5.0, options.measure_every = 100;
  GreedyTrainer greedy(make_net(doubled_layers(layers), false), {doubled.get()}, {options, options}, team);
  ASSERT_TRUE(greedy.run({}));
  const DeepBoltzmannMachine start = composed(greedy.net());
  const double at_start = mean_log_p(start, worked_cases(), team);
  EXPECT_GT(at_start, -std::log(8.0) + 0.2);

  options.rate = 0.05;
  JointOptions joint;
  joint.train = options;
  JointTrainer trainer(make_machine_rule(start, {&source, &source}, options, team), joint, 2,
                       greedy.history(), team);
  ASSERT_TRUE(trainer.run({}));
  DeepBoltzmannMachine learned = start;
  const ParameterList result = trainer.result(), into = learned.parameters();
  for (std::size_t t = 0; t < into.size(); ++t)
    std::copy(result[t].values.begin(), result[t].values.end(), into[t].values.begin());
  EXPECT_GT(mean_log_p(learned, worked_cases(), team), std::max(at_start, -1.35));
  const HistoryRecord& last = trainer.history().back();
  EXPECT_EQ(last.layer, 2u);
  for (const char* name : {"reconstruction_error", "reconstruction_error_held_out", "free_energy_gap",
                           "chain_moved", "update_ratio"})
    EXPECT_EQ(last.measures.count(name), 1u) << name;
  EXPECT_EQ(last.measures.at("free_energy_gap"), 0.0);
}

// The doctor looks at the joint stage too, and names its keys.
TEST(MachineRule, IsWarnedOfARateThatIsTooHigh) {
  ThreadTeam team(1);
  const DeepBoltzmannMachine start = worked_machine();
  const Matrix<float> values = repeated(worked_cases(), 4);
  const MatrixSource source(start.layers[0].spec, values);
  JointOptions joint;
  joint.train = options_with(NegativeKind::kPersistent);
  joint.train.rate = 20, joint.train.epochs = 2, joint.train.table = "joint";
  JointTrainer trainer(make_machine_rule(start, {&source}, joint.train, team), joint, 2, {}, team);
  ASSERT_TRUE(trainer.run({}));
  const auto& warnings = last_record(trainer.history(), 2)->warnings;
  ASSERT_FALSE(warnings.empty());
  EXPECT_NE(warnings[0].find("joint.rate"), std::string::npos) << warnings[0];
  EXPECT_TRUE(trainer.history().front().warnings.empty());  // nothing to compare the first epoch with
  EXPECT_EQ(last_record(trainer.history(), 0), nullptr);
}

}  // namespace
}  // namespace harmonium
