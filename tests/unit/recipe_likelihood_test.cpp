// Likelihoods among the measures: the two sides of a bracket, and the warnings about what is not to be
// believed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "harmonium/measure/exact.h"
#include "harmonium/recipe/measures.h"

namespace harmonium {
namespace {

using testing::Contains;
using testing::HasSubstr;

class MeasuredLikelihood : public testing::Test {
 protected:
  MeasuredLikelihood() {
    recipe_.measure.likelihood = "annealed";
    recipe_.measure.annealing_runs = 50;
    recipe_.measure.annealing_temperatures = 500;
    recipe_.measure.raise_cases = 7;
    model_.net = make_net({data_.layer(), parse_layer("4")}, false);
    initialise_weights(rbm(), 0.5f, 0.2f, 3, 0);
  }
  Rbm& rbm() { return model_.net.rbms.front(); }
  MeasureResult measure() {
    ThreadTeam team(2);
    Reporter reporter;
    return measure_model(recipe_, RecipeData{data_, {}, {}}, model_, team, reporter);
  }
  static const Measurement* find(const MeasureResult& result, const std::string& name) {
    for (const Measurement& m : result.measurements)
      if (m.name == name) return &m;
    return nullptr;
  }

  Dataset data_ = load_dataset("bars-and-stripes:4");
  Recipe recipe_;
  Model model_;
};

TEST_F(MeasuredLikelihood, AnnealedComesAsABracket) {
  ThreadTeam team(1);
  const double log_z = exact_log_z(rbm(), team);
  const auto mean_of_first = [&](std::size_t count) {
    const auto values = log_likelihoods(rbm(), fetch_range(data_, 0, count, 1, 0, team), log_z, team);
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(count);
  };
  for (const char* schedule : {"adaptive", "standard", "uniform"}) {
    recipe_.measure.annealing_schedule = schedule;
    const MeasureResult result = measure();
    const Measurement *all = find(result, "train_log_likelihood"),
                      *paired = find(result, "train_log_likelihood_paired"),
                      *raise = find(result, "train_log_likelihood_raise"),
                      *bracket = find(result, "train_log_likelihood_bracket");
    ASSERT_TRUE(all && paired && raise && bracket) << schedule;
    EXPECT_NEAR(all->value, mean_of_first(data_.size()), 0.1) << schedule;
    EXPECT_NEAR(paired->value, mean_of_first(7), 0.1) << schedule;
    EXPECT_NEAR(raise->value, mean_of_first(7), 0.2) << schedule;
    EXPECT_NEAR(bracket->value, paired->value - raise->value, 1e-9);
    EXPECT_EQ(bracket->cases, 7u);
    EXPECT_LT(*bracket->standard_error, 0.2);
    EXPECT_THAT(all->how, HasSubstr(schedule));
    EXPECT_TRUE(result.warnings.empty()) << result.warnings.front();
  }
}

TEST_F(MeasuredLikelihood, TheLowerSideIsLeftOutWhereNobodyWantsIt) {
  recipe_.measure.raise_cases = 0;
  const MeasureResult result = measure();
  EXPECT_TRUE(find(result, "train_log_likelihood"));
  EXPECT_FALSE(find(result, "train_log_likelihood_raise"));
  EXPECT_FALSE(find(result, "train_log_likelihood_bracket"));
}

TEST_F(MeasuredLikelihood, TheLowerSideMayHaveTemperaturesAndChainsOfItsOwn) {
  recipe_.measure.raise_temperatures = 20, recipe_.measure.raise_chains = 3;
  const MeasureResult result = measure();
  ASSERT_TRUE(find(result, "train_log_likelihood_raise"));
  EXPECT_THAT(find(result, "train_log_likelihood_raise")->how,
              HasSubstr("3 chains a case of 20 temperatures"));
}

// One case does not tell how far RAISE spreads; two runs do not tell a log Z, however even their weights are.
TEST_F(MeasuredLikelihood, WhatTooFewTellHasNoErrorOrAWarning) {
  recipe_.measure.raise_cases = 1;
  const MeasureResult one = measure();
  ASSERT_TRUE(find(one, "train_log_likelihood_bracket"));
  EXPECT_FALSE(find(one, "train_log_likelihood_bracket")->standard_error);
  EXPECT_TRUE(one.warnings.empty()) << one.warnings.front();
  recipe_.measure.annealing_runs = 2;
  EXPECT_THAT(measure().warnings, Contains(HasSubstr("effective runs of 2, too few")));
}

// What rests on the log Z of a net's top RBM, or of a machine's fold, has its lower side too.
TEST_F(MeasuredLikelihood, OfNetsAndMachinesComesAsABracket) {
  model_.net = make_net({data_.layer(), parse_layer("4"), parse_layer("3")}, false);
  for (std::size_t n = 0; n < 2; ++n) initialise_weights(model_.net.rbms[n], 0.5f, 0.2f, 3, n);
  for (const bool machine : {false, true}) {
    model_.is_machine = recipe_.is_machine = machine;
    const MeasureResult result = measure();
    const Measurement* bracket = find(result, "train_log_probability_bracket");
    ASSERT_TRUE(bracket) << machine;
    EXPECT_NEAR(bracket->value, 0, 0.2) << machine;
    EXPECT_EQ(bracket->cases, 7u) << machine;
    const Measurement* first = find(result, "train_first_rbm_log_likelihood_bracket");
    EXPECT_EQ(first != nullptr, !machine);
    if (first) EXPECT_NEAR(first->value, 0, 0.2);
    EXPECT_TRUE(result.warnings.empty()) << result.warnings.front();
  }
  recipe_.measure.raise_cases = 0;
  EXPECT_FALSE(find(measure(), "train_log_probability_bracket"));
}

// Two distant modes and ten temperatures. Where the far one holds most of Z, one run that finds it outweighs
// all others; where both weigh alike the weights look even, and the other end tells.
TEST_F(MeasuredLikelihood, TwoDistantModesInTenStepsRaiseTheWarnings) {
  std::fill(rbm().weights.values().begin(), rbm().weights.values().end(), 6.0f);
  std::fill(rbm().visible.bias.begin(), rbm().visible.bias.end(), -12.0f);
  recipe_.measure.annealing_temperatures = 10;
  for (const char* schedule : {"adaptive", "standard", "uniform"}) {
    recipe_.measure.annealing_schedule = schedule;
    for (const auto& [bias, sentence] :
         {std::pair{-46.0f, "effective runs of 50"}, std::pair{-48.0f, "nats apart"}}) {
      std::fill(rbm().hidden.bias.begin(), rbm().hidden.bias.end(), bias);
      EXPECT_THAT(measure().warnings, Contains(HasSubstr(sentence))) << schedule << ", " << bias;
    }
  }
  recipe_.measure.likelihood = "exact";
  EXPECT_TRUE(measure().warnings.empty());
}

}  // namespace
}  // namespace harmonium
