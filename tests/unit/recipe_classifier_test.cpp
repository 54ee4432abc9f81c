// [fine_tune] in miniature: a stack that becomes a classifier, from its own start, a random one and a file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <set>

#include "harmonium/data/load.h"
#include "harmonium/measure/reconstruction.h"
#include "harmonium/models/network_model.h"
#include "harmonium/recipe/run.h"
#include "recipe/labelled_cases.h"
#include "unit/left_and_right.h"
#include "unit/recipe_folder.h"

namespace harmonium {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class RecipeClassifier : public RecipeFolder {
 protected:
  void SetUp() override {
    RecipeFolder::SetUp();
    use_left_and_right(recipe_, folder_);
    recipe_.layers = "data - 6 - 12";
    recipe_.train.epochs = 10, recipe_.train.batch = 10;
    recipe_.fine_tune.train.epochs = 40, recipe_.fine_tune.train.batch = 10;
    recipe_.fine_tune.train.rate = 0.5, recipe_.fine_tune.train.momentum = 0.5;
  }

  RunResult run(const std::string& name, unsigned threads = 2, bool resume = false,
                const std::atomic<bool>* stop = nullptr) {
    ThreadTeam team(threads);
    return run_recipe(recipe_, at(name), {resume, false, &team, &reporter_, stop, "harmonium run test"});
  }
  std::string fault() {
    return refusal([&] { run("refused"); });
  }
  fs::path model(const std::string& name) const { return at(name) / "model.safetensors"; }
  static double value_of(const RunResult& result, const std::string& name) {
    for (const Measurement& m : result.measurements)
      if (m.name == name) return m.value;
    ADD_FAILURE() << "no " << name;
    return 0;
  }
};

TEST_F(RecipeClassifier, IsLearnedMeasuredAndShown) {
  const RunResult result = run("a");
  // One pixel in ten is wrong, independently: 8 pixels are read as the other side in about 0.5 % of cases.
  EXPECT_LT(value_of(result, "test_error"), 0.06);
  EXPECT_LT(value_of(result, "test_cross_entropy"), 0.2);
  EXPECT_LT(value_of(result, "train_error"), 0.06);
  EXPECT_LT(value_of(result, "test_calibration_error"), 0.2);
  const NetworkModel net = load_network_model(model("a"));
  EXPECT_EQ(net.network.to_string(), "8 - logistic 6 - logistic 12 - softmax 2");
  EXPECT_EQ(net.classes.size(), 2u);
  const HistoryRecord* last = last_record(net.history, 3);
  ASSERT_NE(last, nullptr);
  EXPECT_EQ(last->epoch, 40u);
  EXPECT_LT(last->measures.at("error"), 0.06);
  EXPECT_NE(last_record(net.history, 1), nullptr) << "the history of the stack is kept";
  // The stack beside is the one that would have been learned without what followed.
  Model stack = load_model(stack_path(model("a")));
  EXPECT_EQ(stack.net.depth(), 2u);
  for (const char* file : {"report.html", "metrics.json", "features-1.png", "features-before.png"})
    EXPECT_TRUE(fs::exists(at("a") / file)) << file;
  EXPECT_THAT(text_of(at("a") / "report.html"), HasSubstr("Which class is read as which"));
}

TEST_F(RecipeClassifier, HasTheSameBytesForThreadsAndAfterStops) {
  recipe_.fine_tune.net.input_dropout = 0.1, recipe_.fine_tune.net.hidden_dropout = 0.2;
  recipe_.fine_tune.train.average_epochs = 1;
  recipe_.train.batch = recipe_.fine_tune.train.batch = 25;
  recipe_.train.epochs = 1, recipe_.fine_tune.train.epochs = 2;
  run("a", 1);
  run("b", 3);
  EXPECT_EQ(text_of(model("a")), text_of(model("b")));
  // Stopped after every batch that it begins with, it goes on: in the stack and in fine-tuning.
  std::atomic<bool> stop = true;
  bool finished = false;
  int parts = 0;
  for (; !finished && parts < 500; ++parts)
    finished = run("c", 2, true, &stop).finished || !fs::exists(at("c"));
  EXPECT_GT(parts, 20);
  stop = false;
  run("c", 2, true);
  EXPECT_EQ(text_of(model("a")), text_of(model("c")));
  EXPECT_EQ(text_of(stack_path(model("a"))), text_of(stack_path(model("c"))));
}

TEST_F(RecipeClassifier, StartsFromAFileAsFromItsOwnStack) {
  run("own");
  recipe_.fine_tune.start = stack_path(model("own")).string();
  run("file");
  const Network a = load_network_model(model("own")).network, b = load_network_model(model("file")).network;
  for (std::size_t n = 0; n < a.layers.size(); ++n)
    EXPECT_TRUE(std::equal(a.layers[n].weights.values().begin(), a.layers[n].weights.values().end(),
                           b.layers[n].weights.values().begin()))
        << n;
  EXPECT_FALSE(fs::exists(stack_path(model("file"))));
  EXPECT_TRUE(fs::exists(at("file") / "features-before.png"));
  // Another stack under the same name is another run.
  std::atomic<bool> stop = true;
  run("stopped", 2, false, &stop);
  Model other = load_model(recipe_.fine_tune.start);
  other.net.rbms[0].weights(0, 0) += 1.0f;
  save_model(recipe_.fine_tune.start, other);
  EXPECT_THAT(refusal([&] { run("stopped", 2, true); }), HasSubstr("stack"));
}

TEST_F(RecipeClassifier, StartsAtRandomWithoutAStack) {
  recipe_.fine_tune.start = "random";
  recipe_.layers = "data - rectified 12 - rectified 6";
  recipe_.fine_tune.train.rate = 0.1;
  const RunResult result = run("random");
  EXPECT_LT(value_of(result, "test_error"), 0.06);
  const NetworkModel net = load_network_model(model("random"));
  EXPECT_EQ(net.network.to_string(), "8 - rectified 12 - rectified 6 - softmax 2");
  EXPECT_EQ(last_record(net.history, 0), nullptr);
  EXPECT_FALSE(fs::exists(stack_path(model("random"))));
}

TEST_F(RecipeClassifier, AnAutoencoderIsTheStackGoingUpAndDown) {
  recipe_.fine_tune.net.task = NetworkTask::kReconstruct;
  recipe_.layers = "data - 6 - gaussian 2";
  recipe_.train.epochs = 60, recipe_.train.initial_deviation = 0.3;
  set_recipe_key(recipe_, "layer.2.negative", "cd");
  set_recipe_key(recipe_, "layer.2.rate", "0.02");
  recipe_.data.label_column.clear();
  // At rate 0 it is the stack.
  recipe_.fine_tune.train.rate = 0.0;
  const RunResult start = run("start");
  const NetworkModel unrolled = load_network_model(model("start"));
  EXPECT_EQ(unrolled.network.to_string(), "8 - logistic 6 - linear 2 - logistic 6 - logistic 8");
  EXPECT_EQ(unrolled.code_layer(), 2u);
  const Model stack = load_model(stack_path(model("start")));
  ThreadTeam team(1);
  Matrix<float> cases(3, 8);
  for (std::size_t i = 0; i < cases.size(); ++i) cases.data()[i] = static_cast<float>(i % 3 == 0);
  const Matrix<float> ours = forward(unrolled.network, cases, team),
                      theirs = reconstruct(stack.net, 2, cases, team);
  for (std::size_t i = 0; i < ours.size(); ++i) EXPECT_NEAR(ours.data()[i], theirs.data()[i], 1e-5);
  const Matrix<float> codes = forward(unrolled.network, cases, unrolled.code_layer(), team),
                      back = forward(unrolled.network, codes, unrolled.code_layer(), 4, team);
  for (std::size_t i = 0; i < ours.size(); ++i) EXPECT_NEAR(ours.data()[i], back.data()[i], 1e-6);

  recipe_.fine_tune.train.rate = 0.2;
  const RunResult learned = run("learned");
  EXPECT_LT(value_of(learned, "test_reconstruction_error"), value_of(start, "test_reconstruction_error"));
  EXPECT_EQ(value_of(learned, "test_pca_error"), value_of(start, "test_pca_error"));
  EXPECT_LT(value_of(learned, "test_reconstruction_cross_entropy"),
            value_of(start, "test_reconstruction_cross_entropy"));
  EXPECT_TRUE(fs::exists(at("learned") / "reconstructions.png"));

  // A linear encoder and logistic outputs, at random: logistic PCA.
  recipe_.layers = "data - gaussian 2", recipe_.fine_tune.start = "random";
  recipe_.layer_overrides.clear();
  run("logistic");
  EXPECT_EQ(load_network_model(model("logistic")).network.to_string(), "8 - linear 2 - logistic 8");
  recipe_.layers = "data - 6 + softmax 2 - 4";
  EXPECT_THAT(fault(), HasSubstr("label units"));
}

TEST_F(RecipeClassifier, LearnsFromFewLabelsOfEachClass) {
  const Dataset all = load_dataset(train_request(recipe_));
  const auto drawn = [&](std::size_t labels, std::uint64_t seed) {
    recipe_.fine_tune.labels = labels, recipe_.seed = seed;
    const Dataset few = labelled_cases(recipe_, all);
    EXPECT_EQ(few.size(), labels);
    EXPECT_EQ(std::count(few.labels().begin(), few.labels().end(), 0), static_cast<long>((labels + 1) / 2));
    std::set<std::size_t> rows;
    for (std::size_t i = 0; i < few.size(); ++i) rows.insert(few.original_row(i));
    EXPECT_EQ(rows.size(), labels);
    return rows;
  };
  const auto eight = drawn(8, 1), twenty = drawn(21, 1), others = drawn(8, 2);
  EXPECT_TRUE(std::includes(twenty.begin(), twenty.end(), eight.begin(), eight.end()));
  EXPECT_NE(eight, others);

  recipe_.fine_tune.labels = 20, recipe_.seed = 1;
  const RunResult result = run("few");
  EXPECT_LT(value_of(result, "test_error"), 0.2);
  for (const Measurement& m : result.measurements)
    if (m.name == "train_error") EXPECT_EQ(m.cases, 20u);
  recipe_.fine_tune.labels = 201;
  EXPECT_THAT(fault(), HasSubstr("200 training cases"));
}

TEST_F(RecipeClassifier, TakesNothingThatIsOfAnotherRun) {
  run("a");
  const std::string stack = stack_path(model("a")).string();
  // What the run itself writes is no start for it.
  recipe_.fine_tune.start = stack;
  ThreadTeam team(1);
  const RunOptions anew{false, true, &team, &reporter_, nullptr, ""};
  EXPECT_THAT(refusal([&] { run_recipe(recipe_, at("a"), anew); }), HasSubstr("writes over"));
  EXPECT_TRUE(fs::exists(stack));
  // A stack in the place of the net is no finished run, nor is a net in the place of a stack.
  recipe_.fine_tune.start = "stack";
  fs::copy_file(model("a"), at("net.safetensors"));
  fs::copy_file(stack, model("a"), fs::copy_options::overwrite_existing);
  EXPECT_THAT(refusal([&] { run("a", 2, true); }), HasSubstr("does not make"));
  fs::copy_file(at("net.safetensors"), model("a"), fs::copy_options::overwrite_existing);
  recipe_.fine_tune.train.epochs = 0;
  EXPECT_THAT(refusal([&] { run("a", 2, true); }), HasSubstr("does not make"));
  // Another run leaves no picture of the one before.
  run_recipe(recipe_, at("a"), anew);
  EXPECT_FALSE(fs::exists(at("a") / "features-before.png"));
  EXPECT_TRUE(fs::exists(at("a") / "features-2.png"));
  // Cases of other units are none for the stack of a file.
  recipe_.fine_tune.train.epochs = 2;
  Model other;
  other.net = make_net(parse_layers("gaussian 8 - 6 - 12"), false);
  save_model(at("other.safetensors"), other);
  recipe_.fine_tune.start = at("other.safetensors").string();
  EXPECT_THAT(fault(), HasSubstr("takes cases of"));
}

TEST_F(RecipeClassifier, KeepsTheBestEpochAndEndsWhenPatienceDoes) {
  recipe_.data.held_out = 50;
  recipe_.fine_tune.keep = "best", recipe_.fine_tune.patience = 3;
  recipe_.fine_tune.train.epochs = 500;
  run("best");
  const NetworkModel net = load_network_model(model("best"));
  std::vector<double> errors;
  for (const HistoryRecord& record : net.history)
    if (record.layer == 3) errors.push_back(record.measures.at("error_held_out"));
  ASSERT_LT(errors.size(), 500u);
  const double best = *std::min_element(errors.begin(), errors.end());
  const auto first_best = std::find(errors.begin(), errors.end(), best) - errors.begin();
  EXPECT_EQ(errors.size(), static_cast<std::size_t>(first_best) + 4) << "three epochs after the first best";
}

TEST_F(RecipeClassifier, WhatItCannotDoIsRefusedBeforeLearning) {
  const auto with = [&](const char* key, const char* value) {
    const Recipe kept = recipe_;
    set_recipe_key(recipe_, key, value);
    const std::string sentence = fault();
    recipe_ = kept;
    EXPECT_FALSE(fs::exists(model("refused"))) << key;
    return sentence;
  };
  EXPECT_THAT(with("fine_tune.keep", "best"), HasSubstr("data.held_out"));
  EXPECT_THAT(with("fine_tune.patience", "3"), HasSubstr("data.held_out"));
  EXPECT_THAT(with("fine_tune.layer_rates", "[1, 1]"), HasSubstr("3 layers"));
  EXPECT_THAT(with("fine_tune.hidden_dropout", "1"), HasSubstr("fine_tune.hidden_dropout"));
  EXPECT_THAT(with("fine_tune.start", "nosuch.safetensors"), HasSubstr("nosuch.safetensors"));
  EXPECT_THAT(with("model.kind", "dbm"), HasSubstr("dbm"));
  EXPECT_THAT(with("model.layers", "data - poisson 4"), HasSubstr("poisson"));
  EXPECT_THAT(with("measure.likelihood", "exact"), HasSubstr("measure.likelihood"));
  EXPECT_THAT(with("measure.fantasies.cases", "4"), HasSubstr("measure.fantasies"));
  EXPECT_THAT(with("report.image_shape", "[3, 3]"), HasSubstr("report.image_shape"));
  // Faults of a variant are found before the first one learns.
  recipe_.variants = {{"one", {}}, {"two", {{"fine_tune.patience", "3"}}}};
  EXPECT_THAT(fault(), HasSubstr("data.held_out"));
  EXPECT_FALSE(fs::exists(at("refused") / "one-1"));
}

}  // namespace
}  // namespace harmonium
