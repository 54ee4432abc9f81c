// What is measured after an epoch, against plain sums; and models for which not all can be measured.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "harmonium/data/dataset.h"
#include "harmonium/measure/exact.h"
#include "harmonium/train/greedy.h"
#include "unit/rbm_cases.h"

namespace harmonium {
namespace {

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

TEST(Monitor, MeasuresTheModelThatWasLearned) {
  const auto train = repeated(worked_cases(), 10), held_out = all_triples();
  const MatrixSource source(parse_layer("3"), train), other(parse_layer("3"), held_out);
  TrainOptions options;
  options.epochs = 3, options.batch = 10, options.rate = 0.2, options.likelihood_every = 1;
  ThreadTeam team(1);
  GreedyTrainer trainer(make_net(parse_layers("3 - 2"), false), {&source, &other}, {options}, team);
  trainer.run({});
  ASSERT_EQ(trainer.history().size(), 3u);
  const HistoryRecord& record = trainer.history().back();
  const Rbm& rbm = trainer.net().top();
  const double own = mean_of(free_energy(rbm, train, team)),
               others = mean_of(free_energy(rbm, held_out, team));
  EXPECT_EQ(record.epoch, 3u);
  EXPECT_NEAR(record.measures.at("free_energy_train"), own, 1e-9);
  EXPECT_NEAR(record.measures.at("free_energy_held_out"), others, 1e-9);
  EXPECT_NEAR(record.measures.at("free_energy_gap"), others - own, 1e-9);
  EXPECT_NEAR(record.measures.at("log_likelihood"), -others - exact_log_z(rbm, team), 1e-6);
  double squares = 0;
  for (const float w : rbm.weights.values()) squares += w * w / 6.0;
  EXPECT_NEAR(record.measures.at("weight_deviation"), std::sqrt(squares), 1e-6);
}

// Documents of different lengths, grey pixels and rectified units have no likelihood here, and learn none the
// less.
TEST(Monitor, GoesWithoutWhatCannotBeMeasured) {
  const auto documents = matrix_of(3, {1, 0, 2, 0, 1, 0, 4, 1, 0, 2, 2, 2});
  const auto grey = matrix_of(3, {0.5f, 0, 1, 1, 0.2f, 0, 0, 1, 0.9f});
  const struct {
    const char* layers;
    const Matrix<float>& values;
  } examples[] = {{"multinomial 3 - 2", documents}, {"3 - 2", grey}, {"3 - rectified 2", grey}};
  TrainOptions options;
  options.epochs = 2, options.likelihood_every = 1;
  ThreadTeam team(1);
  for (const auto& [layers, values] : examples) {
    const MatrixSource source(parse_layers(layers)[0], values);
    GreedyTrainer trainer(make_net(parse_layers(layers), false), {&source}, {options}, team);
    EXPECT_TRUE(trainer.run({})) << layers;
    ASSERT_EQ(trainer.history().size(), 2u) << layers;
    EXPECT_EQ(trainer.history()[1].measures.count("log_likelihood"), 0u) << layers;
    EXPECT_EQ(trainer.history()[1].measures.count("reconstruction_error"), 1u) << layers;
  }
}

// The likelihood of what was observed is that of a model with unknown values; one whose values are absent has
// none.
TEST(Monitor, MeasuresTheObservedOfUnknownValuesAndNothingOfAbsentOnes) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const auto values = matrix_of(3, {1, 0, nan, 0, 1, 1, nan, 1, 0, 1, 1, 0});
  for (const bool absent : {false, true}) {
    const Dataset data =
        dataset_from_matrix(parse_layer("3"), values, {}, {}, absent ? Missing::kAbsent : Missing::kUnknown);
    TrainOptions options;
    options.epochs = 2, options.likelihood_every = 1, options.missing_absent = absent;
    ThreadTeam team(1);
    GreedyTrainer trainer(make_net(parse_layers("3 - 2"), false), {&data}, {options}, team);
    EXPECT_TRUE(trainer.run({}));
    ASSERT_EQ(trainer.history().size(), 2u);
    for (const HistoryRecord& record : trainer.history()) {
      EXPECT_EQ(record.measures.count("log_likelihood"), absent ? 0u : 1u) << "absent: " << absent;
      EXPECT_EQ(record.measures.count("reconstruction_error"), 1u);
    }
    if (absent) continue;
    const Rbm& rbm = trainer.net().top();
    EXPECT_NEAR(trainer.history()[1].measures.at("log_likelihood"),
                mean_of(observed_log_likelihoods(rbm, values, exact_log_z(rbm, team), team)), 1e-9);
  }
}

// 2^21 states are no short sum, so log Z comes from chains that follow the run; here it can be had.
class FollowedRun : public testing::Test {
 protected:
  FollowedRun() : values_(400, 21) {
    const Noise noise(3, Stream::kSynthetic, 0);
    for (std::size_t r = 0; r < values_.rows(); ++r)
      for (std::uint32_t i = 0; i < 21; ++i)
        values_(r, i) = noise.uniform(r, i) < (r % 2 == i % 2 ? 0.9f : 0.1f) ? 1.0f : 0.0f;
    options_.epochs = 6, options_.rate = 0.1, options_.likelihood_every = 3;
  }
  GreedyTrainer trainer() {
    return {make_net(parse_layers("21 - 21"), false), {&source_}, {options_}, team_};
  }

  Matrix<float> values_;
  MatrixSource source_{parse_layer("21"), values_};
  TrainOptions options_;
  ThreadTeam team_{2};
};

TEST_F(FollowedRun, HasTheLikelihoodOfTheModel) {
  GreedyTrainer trained = trainer();
  trained.run({});
  const auto& history = trained.history();
  EXPECT_EQ(history[1].measures.count("log_likelihood"), 0u);
  ASSERT_EQ(history[2].measures.count("log_likelihood"), 1u);
  const Rbm& rbm = trained.net().top();
  const double truth = mean_of(log_likelihoods(rbm, values_, exact_log_z(rbm, team_), team_));
  const double error = history[5].measures.at("log_likelihood_error");
  EXPECT_LT(error, 0.2);
  EXPECT_NEAR(history[5].measures.at("log_likelihood"), truth, 4 * error + 0.02);
  EXPECT_GT(history[5].measures.at("log_likelihood"), history[2].measures.at("log_likelihood"));
}

TEST_F(FollowedRun, IsTheSameAfterAResume) {
  GreedyTrainer whole = trainer(), stopped = trainer(), resumed = trainer();
  whole.run({});
  GreedyHooks hooks;
  int batches = 0;
  hooks.stop_requested = [&] { return ++batches > 14; };
  EXPECT_FALSE(stopped.run(hooks));
  resumed.restore(stopped.checkpoint("recipe"), "recipe");
  resumed.run({});
  ASSERT_EQ(whole.history().size(), resumed.history().size());
  for (std::size_t e = 0; e < whole.history().size(); ++e)
    EXPECT_EQ(whole.history()[e].measures, resumed.history()[e].measures) << e;
}

}  // namespace
}  // namespace harmonium
