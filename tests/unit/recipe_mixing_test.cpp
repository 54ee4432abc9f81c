// [measure.mixing] in miniature: a judgement of whole runs, planted classes, and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "harmonium/recipe/run.h"
#include "recipe/measure_mixing.h"
#include "unit/recipe_folder.h"

namespace harmonium {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

class RecipeMixing : public RecipeFolder {
 protected:
  void SetUp() override {
    RecipeFolder::SetUp();
    const Noise noise(1, Stream::kSynthetic, 0);
    std::ofstream table(at("train.csv"));
    table << "a,b,c,d,e,f,g,h,class\n";
    for (std::size_t r = 0; r < 400; ++r) {
      for (std::uint32_t i = 0; i < 8; ++i)
        table << (((i % 4 >= 2) == (r % 2 == 1)) != (noise.uniform(r, i) < 0.2f) ? 1 : 0) << ",";
      table << (r % 2 == 1 ? "right" : "left") << "\n";
    }
    table.close();
    recipe_.data.train = at("train.csv").string();
    recipe_.data.label_column = "class";
    recipe_.layers = "data - 6 + softmax 2 - 8";
    recipe_.train.epochs = 5, recipe_.train.batch = 10;
    recipe_.measure.mixing_chains = 40, recipe_.measure.mixing_record = 200;
    recipe_.measure.mixing_burn_in = 50, recipe_.measure.mixing_temperatures = 4;
  }

  RunResult run(const std::string& name, unsigned threads = 2) {
    ThreadTeam team(threads);
    return run_recipe(recipe_, at(name), {false, false, &team, &reporter_, nullptr, "harmonium run test"});
  }
  // The judgement on an RBM of these data and their labels whose units are independent.
  MixingJudgement judge(float first_label_bias) {
    ThreadTeam team(2);
    const RecipeData data = load_recipe_data(recipe_, reporter_);
    Model model;
    model.net = make_net(parse_layers("8 + softmax 2 - 3"), true);
    model.net.top().visible.bias[8] = first_label_bias;
    model.classes = data.train.class_names();
    return judge_mixing(recipe_, data, model, at("none"), team, reporter_);
  }
  static std::map<std::string, double> values_of(const std::vector<Measurement>& measurements) {
    std::map<std::string, double> values;
    for (const Measurement& m : measurements) values[m.name] = m.value;
    return values;
  }
};

TEST_F(RecipeMixing, IsOffUnlessAskedFor) {
  recipe_.measure.mixing_chains = 0;
  EXPECT_EQ(values_of(run("a").measurements).count("mixing_r_hat"), 0u);
  EXPECT_THAT(text_of(at("a") / "metrics.json"), Not(HasSubstr("verdict")));
}

TEST_F(RecipeMixing, IsToldInMetricsAndReport) {
  const auto values = values_of(run("a").measurements);
  EXPECT_LT(values.at("mixing_r_hat"), 1.05);  // hardly learned
  EXPECT_GT(values.at("mixing_effective_samples"), 1000.0);
  EXPECT_GE(values.at("mixing_autocorrelation_time"), 1.0);
  EXPECT_NEAR(values.at("class_share_left") + values.at("class_share_right"), 1.0, 1e-9);
  EXPECT_GT(values.at("moments_second_ratio"), 1.0);
  EXPECT_EQ(values.count("exchange_rate_least"), 0u);
  const std::string metrics = text_of(at("a") / "metrics.json"), report = text_of(at("a") / "report.html");
  EXPECT_THAT(metrics, HasSubstr("\"grade\": \"mixes"));
  EXPECT_THAT(metrics, HasSubstr("\"label right\""));
  for (const char* text : {"Do the chains mix?", "The chains mix", "Autocorrelation along the chains",
                           "Classes among free fantasies"})
    EXPECT_THAT(report, HasSubstr(text));
}

TEST_F(RecipeMixing, ExchangesAreCounted) {
  for (const char* mix : {"tempering", "trajectory"}) {
    recipe_.measure.mixing_mix = mix;
    recipe_.train.snapshots = 4;
    const auto values = values_of(run(mix).measurements);
    EXPECT_GT(values.at("exchange_rate_least"), 0.5) << mix;
    EXPECT_LE(values.at("exchange_rate_least"), values.at("exchange_rate_mean")) << mix;
    EXPECT_GT(values.at("round_trips"), 40.0) << mix;
    EXPECT_THAT(text_of(at(mix) / "report.html"), HasSubstr("Accepted exchanges")) << mix;
  }
}

TEST_F(RecipeMixing, PlantedClassesAreNamed) {
  MixingJudgement judgement = judge(std::log(4.0f));
  auto values = values_of(judgement.measurements);
  EXPECT_EQ(judgement.grade, MixingGrade::kMixes);
  EXPECT_NEAR(values.at("class_share_left"), 0.8, 0.02);
  EXPECT_NEAR(values.at("class_share_distance"), 0.3, 0.02);
  EXPECT_THAT(judgement.verdict, HasSubstr("Class left is over-represented (8"));
  EXPECT_THAT(judgement.verdict, HasSubstr("class right is under-represented"));
  // Each pixel is on half the time, as in the data, but pairs are not as they are there.
  EXPECT_LT(values.at("moments_first_ratio"), 2.0);
  EXPECT_GT(values.at("moments_second_ratio"), 2.0);
  judgement = judge(0.0f);
  EXPECT_THAT(judgement.verdict, HasSubstr("No class is over- or under-represented"));
}

TEST_F(RecipeMixing, DeterminismForAnyNumberOfThreads) {
  run("one", 1);
  run("three", 3);
  for (const char* file : {"metrics.json", "report.html"})
    EXPECT_EQ(text_of(at("one") / file), text_of(at("three") / file)) << file;
}

TEST_F(RecipeMixing, WhatCannotBeHadIsRefusedBeforeLearning) {
  const Recipe good = recipe_;
  const auto fault = [&] { return refusal([&] { run("refused"); }); };
  recipe_.measure.mixing_chains = 3;
  EXPECT_THAT(fault(), HasSubstr("4 or more"));
  recipe_ = good;
  recipe_.measure.mixing_mix = "trajectory";
  EXPECT_THAT(fault(), HasSubstr("train.snapshots"));
  recipe_ = good;
  recipe_.layers = "data - rectified 6";
  EXPECT_THAT(fault(), HasSubstr("has none"));
  EXPECT_FALSE(fs::exists(at("refused")));
  EXPECT_THAT(refusal([&] { set_recipe_key(recipe_, "measure.mixing.steps", "9"); }),
              HasSubstr("10 to 10000000"));
  EXPECT_THAT(refusal([&] { set_recipe_key(recipe_, "measure.mixing.mix", "gibs"); }), HasSubstr("gibbs"));
}

}  // namespace
}  // namespace harmonium
