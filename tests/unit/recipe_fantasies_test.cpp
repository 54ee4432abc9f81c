// [measure.fantasies] in miniature: what is measured, the reader that is kept, and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "harmonium/base/error.h"
#include "harmonium/models/network_model.h"
#include "harmonium/recipe/run.h"
#include "unit/left_and_right.h"
#include "unit/recipe_folder.h"

namespace harmonium {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class RecipeFantasies : public RecipeFolder {
 protected:
  void SetUp() override {
    RecipeFolder::SetUp();
    use_left_and_right(recipe_, folder_);
    recipe_.layers = "data - 6 + softmax 2 - 12";
    recipe_.train.epochs = 60, recipe_.train.batch = 10;
    recipe_.train.rate = 0.1, recipe_.train.initial_deviation = 0.1;
    recipe_.measure.fantasies = 25, recipe_.measure.fantasy_steps = 20, recipe_.measure.fantasy_looks = 4;
    recipe_.measure.reader_units = 16, recipe_.measure.reader_epochs = 30;
  }

  RunResult run(const std::string& name, unsigned threads = 2, bool resume = false) {
    ThreadTeam team(threads);
    return run_recipe(recipe_, at(name), {resume, false, &team, &reporter_, nullptr, "harmonium run test"});
  }
  std::string fault() {
    return refusal([&] { run("refused"); });
  }
  static std::map<std::string, double> values_of(const RunResult& result) {
    std::map<std::string, double> values;
    for (const Measurement& m : result.measurements) values[m.name] = m.value;
    return values;
  }
};

TEST_F(RecipeFantasies, AreReadComparedAndShown) {
  const auto values = values_of(run("a"));
  EXPECT_LT(values.at("reader_test_error"), 0.2);
  EXPECT_GT(values.at("fantasies_read_as_label"), 0.7);
  EXPECT_NEAR(values.at("fantasies_read_as_label"),
              0.5 * (values.at("fantasies_read_as_left") + values.at("fantasies_read_as_right")), 1e-9);
  for (const char* what : {"precision", "recall"}) {
    const double made = values.at(std::string("fantasies_") + what),
                 real = values.at(std::string("real_") + what);
    EXPECT_GE(made, 0.0);
    EXPECT_LE(made, 1.0);
    EXPECT_GT(real, 0.5);
    EXPECT_DOUBLE_EQ(values.at(std::string("fantasies_") + what + "_ratio"), made / real);
  }
  EXPECT_GT(values.at("fantasies_nearest_distance"), 0.0);  // means of pixels are no training case
  EXPECT_GT(values.at("reconstructed_nearest_distance"), 0.0);
  EXPECT_EQ(values.at("test_nearest_distance"), 0.0);  // most noisy patterns of 8 pixels are in 200 cases
  EXPECT_EQ(load_network_model(at("a") / "reader.safetensors").network.to_string(),
            "8 - rectified 16 - rectified 16 - softmax 2");
  EXPECT_TRUE(fs::exists(at("a") / "fantasies-nearest.png"));
  EXPECT_THAT(text_of(at("a") / "report.html"), HasSubstr("nearest training cases"));
}

TEST_F(RecipeFantasies, TheReaderIsKeptWhereItFits) {
  run("a");
  const std::string metrics = text_of(at("a") / "metrics.json");
  const auto reader = at("a") / "reader.safetensors";
  // A reader that always says "left" is taken as it is ...
  NetworkModel file = load_network_model(reader);
  file.network.layers.back().weights = Matrix<float>(16, 2);
  file.network.layers.back().bias = {1.0f, 0.0f};
  save_network_model(reader, file);
  const RunResult result = run("a", 2, true);
  EXPECT_THAT(result.warnings, testing::Contains(HasSubstr("the reader misreads")));
  const auto values = values_of(result);
  EXPECT_EQ(values.at("fantasies_read_as_left"), 1.0);
  EXPECT_EQ(values.at("fantasies_read_as_right"), 0.0);
  // ... but not one that was learned otherwise: it is learned anew, to the same bytes.
  file.recipe += "# otherwise\n";
  save_network_model(reader, file);
  run("a", 2, true);
  EXPECT_EQ(text_of(at("a") / "metrics.json"), metrics);
}

TEST_F(RecipeFantasies, NeighboursReadWithoutANet) {
  recipe_.measure.fantasy_reader = "neighbours";
  const auto values = values_of(run("a"));
  EXPECT_LT(values.at("reader_test_error"), 0.2);
  EXPECT_GT(values.at("fantasies_read_as_label"), 0.7);
  EXPECT_FALSE(fs::exists(at("a") / "reader.safetensors"));
}

TEST_F(RecipeFantasies, AreDrawnOfClassesThatWereLearned) {
  for (const char* table : {"train.csv", "test.csv"})
    std::ofstream(at(table), std::ios::app) << "1,1,1,1,0,0,0,0,up\n";
  recipe_.data.classes = {"left", "right"};  // "up" keeps its label unit
  recipe_.layers = "data - 6 + softmax 3 - 12";
  const RunResult result = run("a");
  const auto values = values_of(result);
  EXPECT_EQ(values.count("fantasies_read_as_up"), 0u);
  EXPECT_NEAR(values.at("fantasies_read_as_label"),
              0.5 * (values.at("fantasies_read_as_left") + values.at("fantasies_read_as_right")), 1e-9);
}

TEST_F(RecipeFantasies, WithoutLabelUnitsTheyAreComparedAlone) {
  recipe_.layers = "data - 12";
  const auto values = values_of(run("a"));
  EXPECT_EQ(values.count("fantasies_read_as_label"), 0u);
  EXPECT_EQ(values.count("fantasies_precision"), 1u);
}

TEST_F(RecipeFantasies, DeterminismForAnyNumberOfThreads) {
  run("one", 1);
  run("three", 3);
  for (const char* file : {"metrics.json", "reader.safetensors", "fantasies-nearest.png"})
    EXPECT_EQ(text_of(at("one") / file), text_of(at("three") / file)) << file;
}

TEST_F(RecipeFantasies, WhatCannotBeHadIsRefusedBeforeLearning) {
  const Recipe good = recipe_;
  recipe_.data.test.clear();
  EXPECT_THAT(fault(), HasSubstr("data.held_out"));
  recipe_ = good;
  recipe_.data.classes = {"left"};
  recipe_.layers = "data - 6";
  EXPECT_THAT(fault(), HasSubstr("two classes"));
  recipe_ = good;
  recipe_.layers = "data - 6";
  recipe_.measure.fantasies = 3;
  EXPECT_THAT(fault(), HasSubstr("4 or more"));
  EXPECT_FALSE(fs::exists(at("refused")));
}

}  // namespace
}  // namespace harmonium
