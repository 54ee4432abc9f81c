// Recipes: what they say is what is set, what is wrong is named with its place, and the canonical text reads
// back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "harmonium/base/error.h"
#include "harmonium/recipe/recipe.h"

namespace harmonium {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

template <class F>
std::string input_error(F f) {
  try {
    f();
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}
std::string fault_of(const std::string& text) {
  return input_error([&] { parse_recipe(text, "my.toml"); });
}
std::string setting_fault(const std::string& key, const std::string& text) {
  Recipe recipe;
  return input_error([&] { set_recipe_key(recipe, key, text); });
}

TEST(RecipeKeys, AreUniqueAndExplained) {
  std::set<std::string> paths;
  for (const RecipeKey& key : recipe_keys()) {
    EXPECT_TRUE(paths.insert(key.path).second) << key.path;
    EXPECT_GT(key.help.size(), 10u) << key.path;
  }
  for (const char* path : {"name", "title", "seed", "data.train", "model.layers", "train.rate", "measure.kl",
                           "report.fantasies", "measure.one_class.class"})
    EXPECT_TRUE(paths.contains(path)) << path;
}

TEST(Recipe, SaysWhatIsSet) {
  const Recipe recipe = parse_recipe(R"(
name = "digits"
seed = 7
[data]
train = "mnist"
classes = [2, "3"]
held_out = 500
binarise = "sample"
resize = [16, 16]
[model]
layers = "data - 500 - 500 + softmax 10 - 2000"
start = "tied"
pass = "samples"
[train]
rate = 0.3
rate_schedule = "linear"
momentum = [0.5, 0.9]
negative = "tempering"
visible_states = "means"
centring = true
[measure]
kl = true
[measure.one_class]
class = "2"
neighbours = 3
[report]
fantasy_steps = [0, 5]
image_shape = [16, 16]
)",
                                     "my.toml");
  EXPECT_EQ(recipe.name, "digits");
  EXPECT_EQ(recipe.seed, 7u);
  EXPECT_THAT(recipe.data.classes, ElementsAre("2", "3"));
  EXPECT_EQ(recipe.data.held_out, 500u);
  EXPECT_EQ(recipe.data.binarise, "sample");
  EXPECT_THAT(recipe.data.resize, ElementsAre(16u, 16u));
  EXPECT_EQ(recipe.layers, "data - 500 - 500 + softmax 10 - 2000");
  EXPECT_TRUE(recipe.train.tied_start);
  EXPECT_TRUE(recipe.train.pass_samples);
  EXPECT_TRUE(recipe.train.centring);
  EXPECT_EQ(recipe.train.negative, NegativeKind::kTempering);
  EXPECT_EQ(recipe.train.visible_states, VisibleStates::kMeans);
  EXPECT_EQ(recipe.train.rate.shape, ScheduleShape::kLinear);
  EXPECT_THAT(recipe.train.momentum.values, ElementsAre(0.5, 0.9));
  EXPECT_TRUE(recipe.measure.kl);
  EXPECT_EQ(recipe.measure.one_class, "2");
  EXPECT_EQ(recipe.measure.one_class_neighbours, 3u);
  EXPECT_THAT(recipe.report.fantasy_steps, ElementsAre(0u, 5u));
  EXPECT_THAT(recipe.report.image_shape, ElementsAre(16u, 16u));
}

TEST(Recipe, NamesThePlaceAndTheNearestKey) {
  EXPECT_THAT(fault_of("[train]\nepochs = 3\n  raet = 0.1\n"),
              AllOf(StartsWith("my.toml:3:"), HasSubstr("unknown key train.raet"), HasSubstr("train.rate")));
  EXPECT_THAT(fault_of("rate = 0.1\n"), AllOf(StartsWith("my.toml:1:"), HasSubstr("train.rate")));
  EXPECT_THAT(fault_of("[train]\nrate = \"fast\"\n"), StartsWith("my.toml:2:8: train.rate must be a number"));
  EXPECT_THAT(fault_of("[train]\nnegative = \"pdc\"\n"), AllOf(StartsWith("my.toml:2:"), HasSubstr("'pcd'")));
  EXPECT_THAT(fault_of("[train]\nepochs = -1\n"), HasSubstr("whole number, 0 or more, but is -1"));
  EXPECT_THAT(fault_of("[train]\nepochs = 2.5\n"), HasSubstr("but is 2.5"));
  EXPECT_THAT(fault_of("[train]\nepochs = [1]\n"), HasSubstr("train.epochs must be"));
  EXPECT_THAT(fault_of("[train]\ncentring = 1\n"), HasSubstr("true or false"));
  EXPECT_THAT(fault_of("[train]\nrate = nan\n"), HasSubstr("must be a number"));
  EXPECT_THAT(fault_of("[train]\nrate = 1979-05-27\n"), HasSubstr("train.rate must be"));
  EXPECT_THAT(fault_of("[report]\nfantasy_steps = [10, 1]\n"), HasSubstr("must ascend"));
  EXPECT_THAT(fault_of("[train\n"), StartsWith("my.toml:1:"));
  EXPECT_THAT(fault_of("[train]\nmomentum = 1.5\n"),
              AllOf(StartsWith("my.toml"), HasSubstr("train.momentum")));
  EXPECT_THAT(fault_of("[[layer]]\nepocs = 3\n"), AllOf(StartsWith("my.toml:2:"), HasSubstr("train.epochs")));
  EXPECT_THAT(fault_of("[layer]\nepochs = 3\n"), HasSubstr("[[layer]]"));
}

TEST(Recipe, SetsAKeyFromWordsOrLiterals) {
  Recipe recipe;
  set_recipe_key(recipe, "train.negative", "pcd");
  set_recipe_key(recipe, "train.rate", "[0.1, 0.01]");
  set_recipe_key(recipe, "model.layers", "data - 10 - 5");
  set_recipe_key(recipe, "layer.2.epochs", "3");
  set_recipe_key(recipe, "sweep.seeds", "[4, 9]");
  set_recipe_key(recipe, "data.train", "\"quoted name\"");
  EXPECT_EQ(recipe.train.negative, NegativeKind::kPersistent);
  EXPECT_THAT(recipe.train.rate.values, ElementsAre(0.1, 0.01));
  EXPECT_EQ(recipe.layers, "data - 10 - 5");
  EXPECT_THAT(recipe.sweep_seeds, ElementsAre(4u, 9u));
  EXPECT_EQ(recipe.data.train, "quoted name");
  const auto options = layer_options(recipe, 2);
  EXPECT_EQ(options[0].epochs, TrainOptions{}.epochs);
  EXPECT_EQ(options[1].epochs, 3u);
  EXPECT_THROW(layer_options(recipe, 1), InputError);
  EXPECT_THAT(setting_fault("layer.0.epochs", "3"), HasSubstr("count from 1"));
  EXPECT_THAT(setting_fault("layer.two.epochs", "3"), HasSubstr("layer.N.KEY"));
  EXPECT_THAT(setting_fault("sweep.seeds", "[4, 4]"), HasSubstr("4 twice"));
  EXPECT_THAT(setting_fault("nonsense", "1"), HasSubstr("unknown key nonsense"));
}

TEST(Recipe, AShapeOfTheRateStaysWhenTheRateChanges) {
  Recipe recipe;
  set_recipe_key(recipe, "train.rate_schedule", "cosine");
  set_recipe_key(recipe, "train.rate", "0.7");
  EXPECT_EQ(recipe.train.rate.shape, ScheduleShape::kCosine);
  EXPECT_THAT(recipe.train.rate.values, ElementsAre(0.7));
  set_recipe_key(recipe, "train.rate", "[0.7, 0.1]");
  EXPECT_EQ(recipe.train.rate.shape, ScheduleShape::kList);
  EXPECT_THROW(set_recipe_key(recipe, "train.rate_schedule", "linear"), InputError);
}

TEST(Recipe, LayersDifferWhereTheirTablesSaySo) {
  const Recipe recipe = parse_recipe(
      "seed = 5\n[train]\nepochs = 4\nrate = 0.1\n[[layer]]\n[[layer]]\nepochs = 9\nnegative = \"pcd\"\npass "
      "= "
      "\"samples\"\n",
      "my.toml");
  const auto options = layer_options(recipe, 3);
  EXPECT_EQ(options[0].epochs, 4u);
  EXPECT_EQ(options[1].epochs, 9u);
  EXPECT_EQ(options[1].negative, NegativeKind::kPersistent);
  EXPECT_TRUE(options[1].pass_samples);
  EXPECT_EQ(options[2].epochs, 4u);
  for (const TrainOptions& o : options) EXPECT_EQ(o.seed, 5u);
}

TEST(Recipe, VariantsAreCheckedWhenRead) {
  const Recipe recipe = parse_recipe(
      "[sweep]\nseeds = [1, 2]\n[[variant]]\nname = \"one\"\ntrain.steps = 1\n[[variant]]\nname = "
      "\"five\"\ntrain.steps = 5\ntrain.negative = \"pcd\"\n",
      "my.toml");
  EXPECT_THAT(recipe.sweep_seeds, ElementsAre(1u, 2u));
  ASSERT_EQ(recipe.variants.size(), 2u);
  EXPECT_EQ(recipe.variants[1].name, "five");
  EXPECT_EQ(recipe.variants[1].set.size(), 2u);
  EXPECT_THAT(fault_of("[[variant]]\nname = \"a\"\ntrain.stesp = 1\n"),
              AllOf(StartsWith("my.toml:3:"), HasSubstr("train.steps")));
  EXPECT_THAT(fault_of("[[variant]]\ntrain.steps = 1\n"), HasSubstr("name"));
  EXPECT_THAT(fault_of("[[variant]]\nname = \"a/b\"\n"), HasSubstr("slashes"));
  EXPECT_THAT(fault_of("[[variant]]\nname = \"a\\u0000b\"\n"), HasSubstr("control characters"));
  EXPECT_THAT(fault_of("[[variant]]\nname = \"a\"\n[[variant]]\nname = \"a\"\n"),
              AllOf(StartsWith("my.toml:3:"), HasSubstr("two variants")));
  EXPECT_THAT(fault_of("[[variant]]\nname = \"a\"\nsweep.seeds = [1]\n"),
              HasSubstr("same for every variant"));
  EXPECT_THAT(fault_of("[sweep]\nseed = [1]\n"), HasSubstr("one key, seeds"));
}

// A recipe in which no key has its default.
Recipe unusual() {
  Recipe recipe;
  for (const RecipeKey& key : recipe_keys()) {
    const std::string& now = key.default_value;
    std::string other = "\"" + key.path + " \\\"\\u0001\\n\"";
    if (now == "true" || now == "false")
      other = now == "true" ? "false" : "true";
    else if (!now.empty() && now.find_first_not_of("0123456789") == std::string::npos)
      other = std::to_string(std::stoull(now) + 3);
    else if (!now.empty() && now.find_first_not_of("0123456789.e-") == std::string::npos)
      other = "0.3125";
    else if (now.starts_with("["))
      other = key.path == "data.classes" ? "[\"a\", \"b\"]" : "[3, 9]";
    static const std::map<std::string, std::string> kWords = {{"data.binarise", "\"sample\""},
                                                              {"train.steps", "3.0"},
                                                              {"data.threshold", "0.25"},
                                                              {"data.standardise", "true"},
                                                              {"data.missing", "\"absent\""},
                                                              {"model.kind", "\"dbm\""},
                                                              {"model.start", "\"tied\""},
                                                              {"model.pass", "\"samples\""},
                                                              {"train.rate_schedule", "\"cosine\""},
                                                              {"train.negative", "\"fpcd\""},
                                                              {"joint.rate_schedule", "\"cosine\""},
                                                              {"joint.steps", "[3, 6]"},
                                                              {"joint.steps_schedule", "\"stages\""},
                                                              {"joint.states", "\"probabilities\""},
                                                              {"joint.negative", "\"tempering\""},
                                                              {"joint.keep", "\"best\""},
                                                              {"fine_tune.rate_schedule", "\"cosine\""},
                                                              {"fine_tune.keep", "\"best\""},
                                                              {"fine_tune.task", "\"reconstruct\""},
                                                              {"measure.fantasies.reader", "\"neighbours\""},
                                                              {"measure.mixing.mix", "\"tempering\""},
                                                              {"train.precision", "\"f32\""},
                                                              {"train.visible_states", "\"means\""},
                                                              {"measure.likelihood", "\"annealed\""},
                                                              {"measure.annealing_schedule", "\"uniform\""},
                                                              {"report.fantasy_start", "\"data\""}};
    if (const auto found = kWords.find(key.path); found != kWords.end()) other = found->second;
    EXPECT_NE(other, now) << key.path;
    set_recipe_key(recipe, key.path, other);
  }
  return recipe;
}

TEST(RecipeText, ReadsBackToTheSameRecipe) {
  for (Recipe recipe : {Recipe(), unusual()}) {
    set_recipe_key(recipe, "layer.2.rate", "[0.1, 0.2]");
    set_recipe_key(recipe, "layer.2.pass", "samples");
    recipe.seed = 18446744073709551615u;
    const std::string text = recipe_text(recipe);
    const Recipe back = parse_recipe(text, "text");
    EXPECT_EQ(recipe_text(back), text);
    EXPECT_EQ(back.seed, recipe.seed);
    EXPECT_EQ(back.layer_overrides, recipe.layer_overrides);
    EXPECT_EQ(find_training_difference(back, recipe), "");
  }
}

TEST(RecipeText, KeepsTheColumnsOfATable) {
  const Recipe recipe = parse_recipe(
      "[data]\ntrain = \"a.csv\"\n[data.columns]\n\"body weight\" = { kind = \"gaussian\", standardise = "
      "true }\n"
      "colour = { kind = \"softmax\", categories = [\"red\", \"blue\"] }\n",
      "my.toml");
  ASSERT_FALSE(recipe.data.columns.empty());
  const std::string text = recipe_text(recipe);
  EXPECT_THAT(text, HasSubstr("body weight"));
  EXPECT_EQ(recipe_text(parse_recipe(text, "text")), text);
  const DataRequest request = train_request(recipe);
  ASSERT_TRUE(request.columns.has_value());
  EXPECT_EQ(request.columns->unit_columns(), 3u);
}

// What is taken when learning is over is bounded before it begins.
TEST(RecipeKeys, OfMemoryAreBounded) {
  Recipe recipe;
  for (const char* key : {"measure.annealing_runs",
                          "measure.annealing_temperatures",
                          "measure.raise_temperatures",
                          "measure.raise_chains",
                          "measure.net_samples",
                          "measure.net_temperatures",
                          "measure.mixing_steps",
                          "measure.mixing.chains",
                          "measure.mixing.steps",
                          "measure.mixing.temperatures",
                          "measure.mixing.pairs",
                          "measure.fantasies.cases",
                          "measure.fantasies.looks",
                          "measure.fantasies.reader_units",
                          "report.fantasies",
                          "report.fantasies_per_class",
                          "report.features",
                          "train.chains",
                          "train.temperatures",
                          "joint.chains",
                          "joint.temperatures"})
    try {
      set_recipe_key(recipe, key, "1000000000000");
      ADD_FAILURE() << key;
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), AllOf(StartsWith(std::string(key) + " must be a whole number, "),
                                      HasSubstr("but is 1000000000000.")));
    }
}

TEST(RecipeText, EveryKeyOfTheTextIsAKeyAndACheckpointIgnoresWhenItIsWritten) {
  Recipe often, seldom;
  often.train.checkpoint_minutes = 1, seldom.train.checkpoint_minutes = 60;
  EXPECT_NE(recipe_text(often), recipe_text(seldom));
  EXPECT_EQ(recipe_text(often, true), recipe_text(seldom, true));
  seldom.measure.kl = true, seldom.report.features = 3, seldom.title = "other",
  seldom.data.test = "elsewhere";
  EXPECT_EQ(recipe_text(often, true), recipe_text(seldom, true));
  seldom.joint.train.epochs += 1;
  EXPECT_NE(recipe_text(often, true), recipe_text(seldom, true));
}

TEST(RecipeDifference, IsInWhatIsLearnedOnly) {
  const Recipe a;
  Recipe b = a;
  b.title = "another title", b.data.test = "elsewhere", b.measure.kl = true, b.report.features = 3;
  b.train.checkpoint_minutes = 1;
  EXPECT_EQ(find_training_difference(a, b), "");
  b.train.epochs = 3;
  EXPECT_EQ(find_training_difference(a, b), "train.epochs = 10 and not 3");
  b = a, b.seed = 2;
  EXPECT_EQ(find_training_difference(a, b), "seed = 1 and not 2");
  b = a, b.data.threshold = 0.5;
  EXPECT_EQ(find_training_difference(a, b), "data.threshold = not set and not 0.5");
  b = a;
  set_recipe_key(b, "layer.1.rate", "0.7");
  EXPECT_THAT(find_training_difference(a, b), HasSubstr("[[layer]]"));
  b = a, b.data.columns = "[data.columns]\n";
  EXPECT_THAT(find_training_difference(a, b), HasSubstr("[data.columns]"));
}

TEST(RecipeRequests, TestCasesAreThoseOfTheSameSource) {
  Recipe recipe;
  recipe.data.classes = {"2"}, recipe.data.limit = 50;
  EXPECT_EQ(train_request(recipe).limit, 50u);
  recipe.data.test = "none";
  EXPECT_FALSE(test_request(recipe).has_value());
  recipe.data.test.clear();
  const auto test = test_request(recipe);
  ASSERT_TRUE(test.has_value());
  EXPECT_EQ(test->part, "test");
  EXPECT_EQ(test->limit, 0u);
  EXPECT_THAT(test->classes, ElementsAre("2"));
  recipe.data.test = recipe.data.train;
  EXPECT_EQ(test_request(recipe)->part, "test");
  recipe.data.test.clear();
  recipe.data.train = "bars-and-stripes:3";
  EXPECT_FALSE(test_request(recipe).has_value());
  recipe.data.test = recipe.data.train;
  EXPECT_THROW(test_request(recipe), InputError);
  recipe.data.test = "other.npy";
  EXPECT_EQ(test_request(recipe)->source, "other.npy");
  recipe.data.resize = {3};
  EXPECT_THROW(train_request(recipe), InputError);
}

}  // namespace
}  // namespace harmonium
