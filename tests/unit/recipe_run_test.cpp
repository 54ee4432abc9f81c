// Whole runs in miniature: their files, what a resumed run may differ in, and what is refused before
// learning.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <numeric>

#include "harmonium/base/error.h"
#include "harmonium/measure/exact.h"
#include "harmonium/recipe/run.h"
#include "io/json.h"
#include "unit/recipe_folder.h"

namespace harmonium {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class RecipeRun : public RecipeFolder {
 protected:
  void SetUp() override {
    RecipeFolder::SetUp();
    recipe_.data.train = "bars-and-stripes:3";
    recipe_.layers = "data - 4";
    recipe_.train.epochs = 6;
    recipe_.report.fantasy_steps = {0, 5};
  }

  RunOptions options(bool resume = false, bool overwrite = false) {
    return {resume, overwrite, &team_, &reporter_, nullptr, "harmonium run test"};
  }
  std::string fault(const std::string& name, bool resume = false) {
    return refusal([&] { run_recipe(recipe_, at(name), options(resume)); });
  }
  static double value_of(const RunResult& result, const std::string& name) {
    for (const Measurement& m : result.measurements)
      if (m.name == name) return m.value;
    ADD_FAILURE() << "no measure " << name;
    return 0;
  }

  ThreadTeam team_{2};
};

TEST_F(RecipeRun, LeavesItsFilesAndNoTimeInThem) {
  recipe_.measure.kl = true, recipe_.measure.pseudo_likelihood = true, recipe_.measure.mixing_steps = 40;
  const RunResult result = run_recipe(recipe_, at("a"), options());
  EXPECT_TRUE(result.finished);
  const std::vector<std::string> same = {"model.safetensors",   "history.jsonl", "metrics.json",
                                         "report.html",         "cases.png",     "features-1.png",
                                         "reconstructions.png", "fantasies.png", "fantasies-steps.png"};
  run_recipe(recipe_, at("b"), options());
  for (const std::string& file : same) {
    EXPECT_FALSE(text_of(at("a") / file).empty()) << file;
    EXPECT_EQ(text_of(at("a") / file), text_of(at("b") / file)) << file;
  }
  EXPECT_TRUE(fs::exists(at("a") / "timing.json"));
  EXPECT_FALSE(fs::exists(at("a") / "model.safetensors.checkpoint"));
  for (const fs::path& file : result.files) EXPECT_TRUE(fs::exists(file)) << file;
}

TEST_F(RecipeRun, MeasuresAreThoseOfTheModel) {
  recipe_.measure.kl = true;
  const RunResult result = run_recipe(recipe_, at("a"), options());
  const Model model = load_model(at("a") / "model.safetensors");
  const Rbm& rbm = model.net.rbms.front();
  const Dataset data = load_dataset("bars-and-stripes:3");
  const auto cases = fetch_range(data, 0, data.size(), 1, 0, team_);
  const double log_z = exact_log_z(rbm, team_);
  const auto values = log_likelihoods(rbm, cases, log_z, team_);
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  EXPECT_NEAR(value_of(result, "log_z"), log_z, 1e-9);
  EXPECT_NEAR(value_of(result, "train_log_likelihood"), mean, 1e-9);
  // Uniform data: KL = -log N - mean log p.
  EXPECT_NEAR(value_of(result, "kl_from_data"), -std::log(static_cast<double>(data.size())) - mean, 1e-9);
}

TEST_F(RecipeRun, TheModelsRecipeRepeatsTheRun) {
  set_recipe_key(recipe_, "train.rate", "[0.3, 0.1]");
  set_recipe_key(recipe_, "layer.1.momentum", "0.5");
  recipe_.seed = 1ull << 63;
  run_recipe(recipe_, at("a"), options());
  const Recipe kept = parse_recipe(load_model(at("a") / "model.safetensors").recipe, "kept");
  run_recipe(kept, at("b"), options());
  EXPECT_EQ(text_of(at("a") / "model.safetensors"), text_of(at("b") / "model.safetensors"));
}

TEST_F(RecipeRun, AFinishedRunIsNotTrainedOverUnlessForced) {
  run_recipe(recipe_, at("a"), options());
  EXPECT_THAT(fault("a"), HasSubstr("is there already"));
  const std::string before = text_of(at("a") / "model.safetensors");
  recipe_.seed = 2;
  run_recipe(recipe_, at("a"), options(false, true));
  EXPECT_NE(text_of(at("a") / "model.safetensors"), before);
}

TEST_F(RecipeRun, AFinishedRunResumesAsItselfOnly) {
  run_recipe(recipe_, at("a"), options());
  const std::string before = text_of(at("a") / "model.safetensors");
  recipe_.measure.kl = true, recipe_.title = "Measured again", recipe_.train.checkpoint_minutes = 1;
  fs::remove(at("a") / "report.html");
  std::ofstream(at("a") / "history.jsonl") << "";
  const RunResult again = run_recipe(recipe_, at("a"), options(true));
  EXPECT_TRUE(again.finished);
  EXPECT_GT(value_of(again, "kl_from_data"), 0.0);
  EXPECT_THAT(text_of(at("a") / "report.html"), HasSubstr("Measured again"));
  EXPECT_THAT(text_of(at("a") / "history.jsonl"), HasSubstr("\"epoch\""));
  EXPECT_EQ(text_of(at("a") / "model.safetensors"), before);
  recipe_.train.epochs = 7;
  EXPECT_THAT(fault("a", true), HasSubstr("was trained with train.epochs = 6 and not 7"));
}

TEST_F(RecipeRun, AFinishedRunOnOtherDataIsRefused) {
  std::ofstream(at("d.csv")) << "a,b\n1,0\n0,1\n1,1\n";
  recipe_.data.train = at("d.csv").string();
  run_recipe(recipe_, at("a"), options());
  std::ofstream(at("d.csv")) << "a,b\n1,0\n0,1\n0,0\n";
  EXPECT_THAT(fault("a", true), HasSubstr("was trained on other data"));
}

TEST_F(RecipeRun, StoppedAndResumedDeterminism) {
  recipe_.layers = "data - 4 - 3";
  recipe_.train.epochs = 40;
  recipe_.train.batch = 4;
  recipe_.train.average_epochs = 3;
  recipe_.train.momentum = 0.5;
  run_recipe(recipe_, at("whole"), options());

  // Ctrl-C at the first batch of each stretch of ten epochs or so.
  class Stopper final : public Reporter {
   public:
    void training(std::size_t, std::size_t, const LoopProgress&, std::size_t, std::size_t) override {
      if (++calls % 37 == 0) stop = true;
    }
    std::atomic<bool> stop{false};
    int calls = 0;
  } stopper;
  RunOptions stopped = options(true);
  stopped.reporter = &stopper, stopped.stop = &stopper.stop;
  int stops = 0;
  while (!run_recipe(recipe_, at("parts"), stopped).finished) {
    ASSERT_LT(++stops, 100);
    EXPECT_TRUE(fs::exists(at("parts") / "model.safetensors.checkpoint") ||
                fs::exists(at("parts") / "model.safetensors"));
    stopper.stop = false;
  }
  EXPECT_GE(stops, 2);
  for (const char* file : {"model.safetensors", "history.jsonl", "metrics.json", "report.html"})
    EXPECT_EQ(text_of(at("whole") / file), text_of(at("parts") / file)) << file;
}

// How a run is named and measured may change on the way; what it learns may not.
TEST_F(RecipeRun, AnUnfinishedRunGoesOnWithOtherMeasures) {
  recipe_.train.epochs = 40;
  run_recipe(recipe_, at("whole"), options());
  class Stopper final : public Reporter {
   public:
    void training(std::size_t, std::size_t, const LoopProgress&, std::size_t, std::size_t) override {
      stop = true;
    }
    std::atomic<bool> stop{false};
  } stopper;
  RunOptions stopped = options();
  stopped.reporter = &stopper, stopped.stop = &stopper.stop;
  ASSERT_FALSE(run_recipe(recipe_, at("a"), stopped).finished);
  Recipe measured = recipe_;
  measured.title = "Measured otherwise", measured.name = "other", measured.data.test = "none";
  measured.measure.kl = true, measured.measure.cases = 5, measured.report.features = 2;
  Recipe learned = measured;
  learned.train.rate = 0.7;
  EXPECT_THAT(refusal([&] { run_recipe(learned, at("a"), options(true)); }),
              HasSubstr("train.rate = 0.1 and not train.rate = 0.7"));
  const RunResult result = run_recipe(measured, at("a"), options(true));
  EXPECT_TRUE(result.finished);
  EXPECT_GT(value_of(result, "kl_from_data"), 0.0);
  const Model whole = load_model(at("whole") / "model.safetensors"),
              parts = load_model(at("a") / "model.safetensors");
  EXPECT_TRUE(std::ranges::equal(whole.net.top().weights.values(), parts.net.top().weights.values()));
  EXPECT_EQ(text_of(at("whole") / "history.jsonl"), text_of(at("a") / "history.jsonl"));
  EXPECT_THAT(parts.recipe, HasSubstr("measure.kl = true"));
}

TEST_F(RecipeRun, WhatCannotBeMeasuredIsRefusedBeforeLearning) {
  const auto refused = [&](const std::string& key, const std::string& value, const std::string& sentence,
                           const std::string& layers = "data - 4") {
    recipe_ = Recipe();
    recipe_.data.train = "bars-and-stripes:6";
    recipe_.layers = layers;
    set_recipe_key(recipe_, key, value);
    EXPECT_THAT(fault("refused"), HasSubstr(sentence)) << key;
    EXPECT_FALSE(fs::exists(at("refused"))) << key;
  };
  refused("measure.likelihood", "exact", "2^20", "data - 21 - 3");
  refused("measure.likelihood", "exact", "top RBM", "data - 26 - 26");
  refused("measure.likelihood", "annealed", "no energy", "data - rectified 4 - 3");
  refused("measure.kl", "true", "deep belief net", "data - 4 - 3");
  refused("measure.pseudo_likelihood", "true", "deep belief net", "data - 4 - 3");
  refused("measure.likelihood", "exact", "2^25", "data - 40");
  refused("measure.kl", "true", "2^25", "data - 40");
  refused("measure.likelihood", "annealed", "no energy", "data - rectified 4");
  refused("measure.mixing_steps", "5", "has none", "data - rectified 4");
  refused("measure.one_class.class", "2", "data.test");
  refused("report.image_shape", "[5, 5]", "36 pixels");
  refused("layer.2.negative", "exact", "2^20", "data - 30 - 40");
  refused("layer.2.rate", "0.1", "[[layer]]");
  // Memory that no machine has, though each key may be so large.
  const auto too_much = [&](std::vector<std::pair<const char*, const char*>> keys, const char* sentence) {
    recipe_ = Recipe();
    recipe_.data.train = "bars-and-stripes:6", recipe_.layers = "data - 9 - 9";
    for (const auto& [key, value] : keys) set_recipe_key(recipe_, key, value);
    EXPECT_THAT(fault("refused"), HasSubstr(sentence));
    EXPECT_FALSE(fs::exists(at("refused")));
  };
  too_much({{"measure.mixing.chains", "1000000"}, {"measure.mixing.steps", "10000000"}},
           "measure.mixing.chains = 1000000 and measure.mixing.steps = 10000000 would take");
  too_much({{"layer.2.negative", "tempering"},
            {"layer.2.chains", "1000000"},
            {"layer.2.temperatures", "1000"},
            {"model.layers", "data - 9 - 500000"}},
           "train.chains = 1000000 and train.temperatures = 1000 would take");
  too_much({{"model.kind", "dbm"},
            {"joint.epochs", "3"},
            {"joint.negative", "tempering"},
            {"joint.chains", "1000000"},
            {"joint.temperatures", "1000"},
            {"model.layers", "data - 9 - 500000"}},
           "joint.chains = 1000000 and joint.temperatures = 1000 would take");
  too_much({{"joint.epochs", "3"},
            {"joint.negative", "pcd"},
            {"joint.chains", "1000000"},
            {"model.layers", "data - 5000000 - 9"}},
           "joint.chains = 1000000 would take");
  too_much({{"model.kind", "dbm"},
            {"joint.epochs", "3"},
            {"joint.negative", "exact"},
            {"model.layers", "data - 40 - 9"}},
           "joint.negative = \"exact\" sums over all states");
  // A program may set what no key can.
  EXPECT_THROW(set_recipe_key(recipe_, "measure.cases", "0"), InputError);
  recipe_ = Recipe();
  recipe_.data.train = "bars-and-stripes:3";
  recipe_.measure.cases = 0;
  EXPECT_THAT(fault("refused"), HasSubstr("1 or more"));
  EXPECT_FALSE(fs::exists(at("refused")));
}

TEST_F(RecipeRun, MissingValuesHaveALikelihoodWhereTheyAreUnknownAndNoneWhereTheyAreAbsent) {
  std::ofstream(at("holes.csv")) << "a,b,c\n1,0,1\n0,,1\n1,1,0\n0,1,\n1,0,0\n";
  recipe_.data.train = at("holes.csv").string();
  recipe_.data.missing = "unknown";
  EXPECT_LT(value_of(run_recipe(recipe_, at("unknown"), options()), "train_log_likelihood"), 0.0);
  recipe_.data.missing = "absent";
  const RunResult absent = run_recipe(recipe_, at("absent"), options());
  for (const Measurement& m : absent.measurements) EXPECT_NE(m.name, "train_log_likelihood");
  EXPECT_THAT(absent.warnings, testing::Contains(HasSubstr("absent")));
  recipe_.measure.likelihood = "exact";
  EXPECT_THAT(fault("demanded"), HasSubstr("absent"));
}

TEST_F(RecipeRun, ASweepComparesItsVariants) {
  recipe_.sweep_seeds = {1, 2, 3};
  recipe_.measure.kl = true;
  recipe_.variants = {{"little", {{"train.epochs", "1"}}}, {"much", {{"train.epochs", "9"}}}};
  const RunResult result = run_recipe(recipe_, at("sweep"), options());
  std::vector<double> kl;
  for (const int seed : {1, 2, 3}) {
    Recipe alone = recipe_;
    alone.sweep_seeds.clear(), alone.variants.clear();
    alone.train.epochs = 9, alone.seed = static_cast<std::uint64_t>(seed);
    kl.push_back(value_of(run_recipe(alone, at("alone-" + std::to_string(seed)), options()), "kl_from_data"));
  }
  EXPECT_EQ(value_of(result, "kl_from_data of much, worst of 3"), *std::max_element(kl.begin(), kl.end()));
  for (const char* run : {"little-1", "much-3"}) EXPECT_TRUE(fs::exists(at("sweep") / run / "report.html"));
  const auto metrics = parse_json(text_of(at("sweep") / "metrics.json"), "metrics.json");
  const auto& much = metrics["variants"]["much"]["measures"]["kl_from_data"];
  const double mean = (kl[0] + kl[1] + kl[2]) / 3;
  EXPECT_NEAR(much["mean"].get<double>(), mean, 1e-12);
  EXPECT_NEAR(
      much["deviation"].get<double>(),
      std::sqrt((std::pow(kl[0] - mean, 2) + std::pow(kl[1] - mean, 2) + std::pow(kl[2] - mean, 2)) / 2),
      1e-12);

  // One run's report and that of several do not take each other's place.
  Recipe alone = recipe_;
  alone.sweep_seeds.clear(), alone.variants.clear();
  const auto run_in = [&](const Recipe& recipe, const char* name, bool overwrite) {
    RunOptions again = options();
    again.resume = !overwrite, again.overwrite = overwrite;
    return run_recipe(recipe, at(name), again);
  };
  const std::string report = text_of(at("alone-1") / "report.html");
  EXPECT_THAT(refusal([&] { run_in(alone, "sweep", false); }), HasSubstr("compares several runs"));
  EXPECT_THAT(refusal([&] { run_in(recipe_, "alone-1", false); }), HasSubstr("is of a single run"));
  EXPECT_EQ(text_of(at("alone-1") / "report.html"), report);
  run_in(recipe_, "alone-1", true);
  EXPECT_FALSE(fs::exists(at("alone-1") / "model.safetensors"));
  run_in(recipe_, "sweep", false);

  // Nor does another comparison; and one that is begun anew leaves no earlier run that would stop --resume.
  EXPECT_THAT(refusal([&] { run_recipe(recipe_, at("sweep"), options()); }), HasSubstr("--resume"));
  Recipe renamed = recipe_;
  renamed.name = "another";
  EXPECT_THAT(refusal([&] { run_in(renamed, "sweep", false); }), HasSubstr("finished comparison"));
  std::atomic<bool> stop = true;
  RunOptions stopped = options();
  stopped.overwrite = true, stopped.stop = &stop;
  Recipe shorter = recipe_;
  set_recipe_key(shorter, "train.rate", "0.05");
  EXPECT_FALSE(run_recipe(shorter, at("sweep"), stopped).finished);
  EXPECT_TRUE(run_in(shorter, "sweep", false).finished);

  // A fault of the last variant is found before the first one learns.
  recipe_.variants.push_back({"impossible", {{"model.layers", "\"data - 4 - 4\""}}});
  EXPECT_THAT(fault("faulty"), HasSubstr("deep belief net"));
  EXPECT_FALSE(fs::exists(at("faulty") / "little-1"));
}

TEST_F(RecipeRun, AStackIsMeasuredByItsBoundAndItsProbability) {
  recipe_.layers = "data - 4 - 9";
  recipe_.train.tied_start = recipe_.train.pass_samples = true;
  set_recipe_key(recipe_, "layer.2.rate", "0");
  const RunResult tied = run_recipe(recipe_, at("tied"), options());  // exact without being asked: it is tiny
  for (const char* name : {"train_log_probability_bound", "train_log_probability"})
    EXPECT_NEAR(value_of(tied, name), value_of(tied, "train_first_rbm_log_likelihood"), 1e-5);
  EXPECT_NEAR(value_of(tied, "train_bound_gain"), 0, 1e-5);

  set_recipe_key(recipe_, "layer.2.rate", "0.1");
  const RunResult exact = run_recipe(recipe_, at("exact"), options());
  set_recipe_key(recipe_, "measure.likelihood", "annealed");
  const RunResult annealed = run_recipe(recipe_, at("annealed"), options());
  const double truth = value_of(exact, "train_log_probability");
  EXPECT_GT(truth, value_of(exact, "train_log_probability_bound"));
  EXPECT_NEAR(value_of(annealed, "train_log_probability"), truth, 0.1);
  EXPECT_NEAR(value_of(annealed, "train_log_probability_bound"),
              value_of(exact, "train_log_probability_bound"), 0.1);
  EXPECT_GT(value_of(annealed, "train_effective_samples"), 100);

  // Not asked for where it takes long, and none of grey values.
  recipe_.measure = {};
  recipe_.data.train = "mnist", recipe_.data.test = "mnist", recipe_.data.limit = 200;
  recipe_.layers = "data - 30 - 9", recipe_.train.tied_start = false, recipe_.train.epochs = 1;
  recipe_.measure.net_cases = 10;
  const RunResult grey = run_recipe(recipe_, at("grey"), options());
  EXPECT_THAT(grey.warnings, testing::Contains(HasSubstr("data.binarise")));
  recipe_.measure.net_cases = 0;
  for (const Measurement& m : run_recipe(recipe_, at("silent"), options()).measurements)
    EXPECT_THAT(m.name, testing::Not(HasSubstr("probability")));
}

TEST_F(RecipeRun, OneClassIsComparedWithPcaAndRead) {
  // Two classes of 4 x 4 images that share no pixel: all-left and all-right, with a little noise.
  const auto write = [&](const std::string& name, int cases) {
    std::ofstream file(at(name));
    for (int i = 0; i < 16; ++i) file << "p" << i << ",";
    file << "class\n";
    for (int r = 0; r < cases; ++r) {
      const bool right = r % 2;
      for (int i = 0; i < 16; ++i) file << ((i % 4 >= 2) == right && (r * 7 + i * 3) % 11 != 0) << ",";
      file << (right ? "right" : "left") << "\n";
    }
  };
  write("train.csv", 80), write("test.csv", 40);
  recipe_.data.train = at("train.csv").string(), recipe_.data.test = at("test.csv").string();
  recipe_.data.label_column = "class", recipe_.data.classes = {"left"};
  recipe_.train.epochs = 30, recipe_.train.batch = 10;
  recipe_.measure.one_class = "left", recipe_.measure.one_class_pca = 3,
  recipe_.measure.one_class_neighbours = 3;
  recipe_.report.image_shape = {4, 4};
  const RunResult result = run_recipe(recipe_, at("a"), options());
  // The model has seen the left half alone: it makes a "left" of what it reconstructs, and errs more on
  // "right".
  EXPECT_EQ(value_of(result, "others_read_as_own"), 0.0);
  EXPECT_GT(value_of(result, "other_reconstructions_read_as_own"), 0.9);
  EXPECT_LT(value_of(result, "own_class_error"), value_of(result, "other_classes_error"));
  EXPECT_LT(value_of(result, "pca3_own_class_error"), value_of(result, "pca3_other_classes_error"));
  EXPECT_TRUE(fs::exists(at("a") / "own-class.png"));
  EXPECT_TRUE(fs::exists(at("a") / "other-classes.png"));
  recipe_.measure.one_class_pca = 1000;
  EXPECT_THAT(fault("b"), HasSubstr("measure.one_class.pca = 1000"));
  recipe_.measure.one_class_pca = 3, recipe_.measure.one_class = "middle";
  EXPECT_THAT(fault("b"), HasSubstr("is no class"));
}

TEST(MeanMeasurement, HasItsStandardError) {
  const std::vector<double> values = {1, 2, 3, 6};
  const Measurement m = mean_measurement("x", values, "nats", "");
  EXPECT_DOUBLE_EQ(m.value, 3.0);
  EXPECT_EQ(m.cases, 4u);
  EXPECT_NEAR(m.standard_error.value(), std::sqrt((4.0 + 1 + 0 + 9) / 3 / 4), 1e-12);
  EXPECT_FALSE(mean_measurement("x", std::vector<double>{5}, "", "").standard_error.has_value());
}

}  // namespace
}  // namespace harmonium
