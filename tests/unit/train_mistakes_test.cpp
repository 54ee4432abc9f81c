// The mistakes that this field has made, one test each.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "harmonium/base/error.h"
#include "harmonium/data/dataset.h"
#include "harmonium/kernels/update.h"
#include "harmonium/measure/exact.h"
#include "harmonium/samplers/gibbs.h"
#include "harmonium/train/doctor.h"
#include "harmonium/train/greedy.h"
#include "harmonium/train/rbm_learner.h"
#include "unit/rbm_cases.h"

namespace harmonium {
namespace {

RbmGradient exact_gradient(const Rbm& rbm, Matrix<float> cases, std::span<const float> weights = {}) {
  ThreadTeam team(1);
  TrainOptions options;
  options.negative = NegativeKind::kExact;
  RbmLearner learner(rbm, options, "l", team);
  const auto cases_numbers = numbered(cases.rows());
  return learner.gradient({cases, cases_numbers, weights}, {}, team);
}

Rbm example() {
  Rbm rbm(parse_layer("3"), parse_layer("2"));
  initialise_weights(rbm, 0.7f, 0.1f, 5, 0);
  return rbm;
}

// One update of a learner at rate 1 without momentum, from `rbm`, on one case.
Rbm after_one_update(const Rbm& rbm, TrainOptions options, Matrix<float> cases) {
  ThreadTeam team(1);
  options.negative = NegativeKind::kExact;
  RbmLearner learner(rbm, options, "l", team);
  StepInfo info;
  info.rate = 0.1;
  const auto cases_numbers = numbered(cases.rows());
  learner.step({cases, cases_numbers, {}}, info, team);
  return learner.rbm();
}

// A short last batch padded with zero rows that enter the gradient.
TEST(Mistakes, AShortLastBatchIsNotPadded) {
  const auto whole = matrix_of(3, {1, 1, 0, 0, 1, 1});
  auto padded = matrix_of(3, {1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0});
  const RbmGradient a = exact_gradient(example(), whole);
  const RbmGradient with_zeros = exact_gradient(example(), padded);
  const std::vector<float> weights = {1, 1, 0, 0};
  const RbmGradient weighed_out = exact_gradient(example(), padded, weights);
  for (std::size_t i = 0; i < a.weights.size(); ++i)
    EXPECT_NEAR(a.weights.values()[i], weighed_out.weights.values()[i], 1e-6);
  EXPECT_GT(std::abs(a.visible_bias[0] - with_zeros.visible_bias[0]), 0.1);
  // The loop hands over what is left: 7 cases in batches of 5 are 5 and 2.
  struct Counter final : Learner {
    std::vector<std::size_t> sizes;
    void step(const Batch& batch, const StepInfo&, ThreadTeam&) override {
      sizes.push_back(batch.values.rows());
    }
    ParameterList parameters() override { return {}; }
    ParameterList state() override { return {}; }
  } counter;
  const auto seven = matrix_of(1, {0, 1, 0, 1, 1, 0, 1});
  const MatrixSource source(parse_layer("1"), seven);
  TrainOptions options;
  options.epochs = 2, options.batch = 5;
  ThreadTeam team(1);
  TrainingLoop(counter, source, options, 1).run(team, {});
  EXPECT_EQ(counter.sizes, (std::vector<std::size_t>{5, 2, 5, 2}));
}

// Weight decay divided by the batch size.
TEST(Mistakes, WeightCostIsNotDividedByTheBatchSize) {
  TrainOptions plain, costly;
  costly.l2 = 0.3;
  for (const std::size_t times : {1u, 8u}) {
    Matrix<float> cases(times, 3, 1.0f);
    const Rbm a = after_one_update(example(), plain, cases), b = after_one_update(example(), costly, cases);
    for (std::size_t i = 0; i < a.weights.size(); ++i)
      EXPECT_NEAR(a.weights.values()[i] - b.weights.values()[i], 0.1 * 0.3 * example().weights.values()[i],
                  1e-6);
    EXPECT_EQ(a.visible.bias, b.visible.bias);  // biases have no cost
    EXPECT_EQ(a.hidden.bias, b.hidden.bias);
  }
}

// L1 decay by |w| instead of its sign.
TEST(Mistakes, L1CostHasTheSignOfTheWeight) {
  const float start[] = {2.0f, -2.0f, 0.0f};
  std::vector<float> values(std::begin(start), std::end(start)), velocity(3), gradient(3);
  update_values({0.1f, 0.0f, 0.0f, 0.5f}, gradient, velocity, values);
  EXPECT_NEAR(values[0], 1.95, 1e-6);
  EXPECT_NEAR(values[1], -1.95, 1e-6);
  EXPECT_EQ(values[2], 0.0f);
}

// A learned variance that goes negative or to zero: constant data drive it down hard.
TEST(Mistakes, ALearnedVarianceKeepsItsFloor) {
  Rbm rbm(parse_layer("gaussian(learned) 2"), parse_layer("2"));
  ThreadTeam team(1);
  TrainOptions options;
  options.variance_rate = 1;
  RbmLearner learner(rbm, options, "l", team);
  StepInfo info;
  info.rate = 0.5;
  const auto case_numbers = numbered(4);
  for (info.update = 0; info.update < 300; ++info.update) {
    Matrix<float> constant(4, 2);
    learner.step({constant, case_numbers, {}}, info, team);
  }
  for (const float z : learner.rbm().visible.log_variance) {
    EXPECT_GE(z, kMinLogVariance);
    EXPECT_TRUE(std::isfinite(z));
  }
}

// Columns of zero variance, and weights that are all zero.
TEST(Mistakes, ConstantColumnsAndZeroWeightsAreFine) {
  const auto constant = matrix_of(3, {1, 0, 1, 1, 0, 0, 1, 0, 1});
  const MatrixSource source(parse_layer("3"), constant);
  TrainOptions options;
  options.epochs = 20;
  options.initial_deviation = 0;
  ThreadTeam team(1);
  GreedyTrainer trainer(make_net(parse_layers("3 - 2"), false), {&source}, {options}, team);
  EXPECT_TRUE(trainer.run({}));
  DeepBeliefNet net = trainer.net();
  EXPECT_EQ(find_number_fault(net.parameters()), "");
  const Dataset table = dataset_from_matrix(parse_layer("gaussian 2"), matrix_of(2, {1, 5, 2, 5, 3, 5}));
  EXPECT_EQ(table.size(), 3u);
}

// NaN in data that becomes NaN in weights, silently.
TEST(Mistakes, NanNeverBecomesWeightsInSilence) {
  EXPECT_THROW(dataset_from_matrix(parse_layer("2"), matrix_of(2, {1, std::nanf(""), 0, 1})), InputError);
  // A source that breaks its promise to have none is caught after the epoch, and the run ends with a
  // sentence.
  const auto broken = matrix_of(2, {1, std::nanf(""), 0, 1});
  struct Liar final : BatchSource {
    explicit Liar(ConstMatrixView<float> v) : inner(parse_layer("2"), v) {}
    std::size_t size() const override { return inner.size(); }
    const LayerSpec& layer() const override { return inner.layer(); }
    void fetch(std::span<const std::uint64_t> c, std::uint64_t s, std::uint64_t e,
               MatrixView<float> v) const override {
      inner.fetch(c, s, e, v);
    }
    MatrixSource inner;
  } liar(broken);
  ThreadTeam team(1);
  EXPECT_ANY_THROW({
    GreedyTrainer trainer(make_net(parse_layers("2 - 2"), false), {&liar}, {TrainOptions{}}, team);
    trainer.run({});
  });
}

// A Gaussian-Gaussian model that does not normalise.
TEST(Mistakes, AModelWithoutADistributionIsToldOf) {
  Rbm rbm(parse_layer("gaussian 2"), parse_layer("gaussian 2"));
  rbm.weights(0, 0) = 0.9f;
  EXPECT_EQ(find_normalisation_fault(rbm), "");
  rbm.weights(0, 0) = 1.1f;
  EXPECT_NE(find_normalisation_fault(rbm), "");
  Rbm counts(parse_layer("poisson 2"), parse_layer("poisson 2"));
  EXPECT_EQ(find_normalisation_fault(counts), "");
  counts.weights(1, 0) = 0.1f;
  EXPECT_NE(find_normalisation_fault(counts), "");
  EXPECT_NE(find_normalisation_fault(Rbm(parse_layer("gaussian 2"), parse_layer("poisson 2"))), "");
}

// Centring that changed the distribution: offsets move no parameter by themselves.
TEST(Mistakes, CentringLeavesTheDistribution) {
  TrainOptions centred;
  centred.centring = true;
  centred.negative = NegativeKind::kExact;
  ThreadTeam team(1);
  RbmLearner learner(example(), centred, "l", team);
  StepInfo info;
  info.rate = 0;
  Matrix<float> cases(5, 3, 1.0f);
  const auto case_numbers = numbered(5);
  for (info.update = 0; info.update < 5; ++info.update) learner.step({cases, case_numbers, {}}, info, team);
  EXPECT_NEAR(exact_log_z(learner.rbm(), team), exact_log_z(example(), team), 1e-9);
}

// A gradient is the same however its batch is cut.
TEST(Mistakes, AGradientIsTheMeanOfItsParts) {
  const auto cases = matrix_of(3, {1, 1, 0, 0, 1, 1, 1, 0, 0, 0, 0, 1});
  const RbmGradient whole = exact_gradient(example(), cases);
  std::vector<double> mean(whole.weights.size(), 0.0);
  for (std::size_t r = 0; r < 4; ++r) {
    const auto one = exact_gradient(example(), matrix_of(3, {cases(r, 0), cases(r, 1), cases(r, 2)}));
    for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += one.weights.values()[i] / 4;
  }
  for (std::size_t i = 0; i < mean.size(); ++i) EXPECT_NEAR(whole.weights.values()[i], mean[i], 1e-6);
}

// Data that come from the model give CD no reason to move, however short its chain.
TEST(Mistakes, ContrastiveDivergenceRestsAtTheTruth) {
  const Rbm rbm = example();
  ThreadTeam team(1);
  Chains chains = start_chains_from_bias(rbm, 40000, 1, team);
  advance(rbm, chains, 100, 1, team);
  RbmLearner learner(rbm, TrainOptions{}, "l", team);
  const auto case_numbers = numbered(40000);
  const RbmGradient gradient = learner.gradient({chains.visible, case_numbers, {}}, {}, team);
  for (const float g : gradient.weights.values()) EXPECT_NEAR(g, 0, 0.012);
  for (const float g : gradient.visible_bias) EXPECT_NEAR(g, 0, 0.012);
}

TEST(Options, FaultsNameTheKeyAndWhatWouldBeRight) {
  TrainOptions options;
  EXPECT_EQ(find_option_fault(options), "");
  options.momentum = 1.5;
  EXPECT_NE(find_option_fault(options).find("train.momentum = 1.5"), std::string::npos)
      << find_option_fault(options);
  options.momentum = 0.5;
  options.steps = Schedule(std::vector<double>{1, 0.5});
  EXPECT_NE(find_option_fault(options).find("train.steps"), std::string::npos);
  options.steps = 1.0;
  options.rate = std::numeric_limits<double>::quiet_NaN();
  EXPECT_NE(find_option_fault(options).find("train.rate"), std::string::npos);
}

TEST(Schedules, GoWhereTheySay) {
  EXPECT_EQ(Schedule(0.4).at(7, 10), 0.4);
  EXPECT_NEAR(Schedule(0.4, ScheduleShape::kLinear).at(5, 10), 0.2, 1e-12);
  EXPECT_NEAR(Schedule(0.4, ScheduleShape::kLinear).at(10, 10), 0.0, 1e-12);
  EXPECT_NEAR(Schedule(0.4, ScheduleShape::kCosine).at(5, 10), 0.2, 1e-12);
  EXPECT_NEAR(Schedule(0.4, ScheduleShape::kStep).at(6, 10), 0.04, 1e-12);
  const Schedule list(std::vector<double>{0.5, 0.5, 0.9});
  EXPECT_EQ(list.at(1.5, 10), 0.5);
  EXPECT_EQ(list.at(9, 10), 0.9);
}

// Label units learn which label goes with what.
TEST(Labels, AreLearnedByTheAssociativeMemory) {
  Matrix<float> cases(80, 6);
  std::vector<std::int32_t> labels(80);
  for (std::size_t r = 0; r < 80; ++r) {
    labels[r] = static_cast<std::int32_t>(r % 2);
    for (std::size_t i = 0; i < 6; ++i) cases(r, i) = (i < 3) == (r % 2 == 0) ? 1.0f : 0.0f;
  }
  const MatrixSource source(parse_layer("6"), cases);
  TrainOptions options;
  options.epochs = 200, options.batch = 20, options.rate = 0.1, options.measure_every = 100;
  ThreadTeam team(1);
  GreedyTrainer trainer(make_net(parse_layers("6 + softmax 2 - 8"), true), {&source, nullptr, labels},
                        {options}, team);
  trainer.run({});
  // F(v, right label) lies below F(v, wrong label).
  const auto both = matrix_of(8, {1, 1, 1, 0, 0, 0, 1, 0, 1, 1, 1, 0, 0, 0, 0, 1});
  const auto f = free_energy(trainer.net().top(), both, team);
  EXPECT_LT(f[0], f[1] - 2);
}

}  // namespace
}  // namespace harmonium
