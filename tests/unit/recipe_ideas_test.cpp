// Recipes of ideas: their keys are strict, their numbers are the known ones, and no number depends on
// threads.
#include <gmock/gmock.h>

#include <algorithm>

#include "recipe/idea.h"
#include "recipe_folder.h"

namespace harmonium {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class RecipeIdeas : public RecipeFolder {
 protected:
  // Settings under which an idea takes a moment.
  Recipe short_recipe(const std::string& name) const {
    Recipe recipe;
    set_recipe_key(recipe, "idea.name", name);
    const std::vector<std::pair<const char*, const char*>> settings = {
        {"samples", "2000"},   {"chains", "3"}, {"updates", "60"},  {"steps", "40"},
        {"starts", "2"},       {"parts", "3"},  {"runs", "2"},      {"depth", "4"},
        {"gibbs_steps", "40"}, {"looks", "5"},  {"most_units", "3"}};
    for (const auto& [key, value] : settings)
      if (recipe.idea.settings.contains(key)) set_recipe_key(recipe, std::string("idea.") + key, value);
    return recipe;
  }
  RunResult run(const Recipe& recipe, const std::string& folder, unsigned threads = 1, bool resume = false,
                bool overwrite = false) {
    ThreadTeam team(threads);
    return run_recipe(recipe, at(folder),
                      {resume, overwrite, &team, &reporter_, nullptr, "harmonium run test"});
  }
  static Recipe learning_recipe() {
    Recipe recipe;
    recipe.data.train = "bars-and-stripes:3";
    recipe.layers = "data - 3";
    recipe.train.epochs = 1;
    return recipe;
  }
  std::vector<std::string> files_in(const std::string& folder) const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(at(folder)))
      names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  }
  static double value_of(const RunResult& result, const std::string& name) {
    for (const Measurement& m : result.measurements)
      if (m.name == name) return m.value;
    ADD_FAILURE() << "no measure " << name;
    return 0;
  }
  static std::string fault_of(const std::string& text) {
    return refusal([&] { parse_recipe(text, "my.toml"); });
  }
};

TEST_F(RecipeIdeas, KeysAreStrict) {
  EXPECT_THAT(fault_of("[idea]\nname = \"explaining-awy\""),
              testing::AllOf(StartsWith("my.toml:2:8: "), HasSubstr("did you mean 'explaining-away'")));
  EXPECT_THAT(fault_of("[idea]\nchain = 3\nname = \"explaining-away\""),
              testing::AllOf(StartsWith("my.toml:2:9: "), HasSubstr("did you mean 'chains'")));
  EXPECT_THAT(fault_of("chains = 3\n[idea]\nname = \"explaining-away\""),
              testing::AllOf(StartsWith("my.toml:1:10: "), HasSubstr("did you mean 'idea.chains'")));
  EXPECT_THAT(fault_of("sede = 3\n[idea]\nname = \"mixing\""), HasSubstr("did you mean 'seed'"));
  EXPECT_THAT(fault_of("[idea]\nnmae = \"mixing\""),
              testing::AllOf(StartsWith("my.toml:2:"), HasSubstr("did you mean 'name'")));
  EXPECT_THAT(fault_of("[idae]\nname = \"mixing\""), HasSubstr("did you mean 'idea.name'"));
  EXPECT_THAT(fault_of("[idea]\nname = \"explaining-away\"\nchains = 2.5"), HasSubstr("idea.chains"));
  EXPECT_THAT(fault_of("[idea]\nname = \"explaining-away\"\nchains = 0"),
              HasSubstr("from 1 to 1,000, but is 0."));
  EXPECT_THAT(fault_of("[idea]\nname = \"mixing\"\n[train]\nepochs = 3"),
              HasSubstr("train.epochs belongs to"));
  EXPECT_THAT(fault_of("[idea]\nname = \"mixing\"\n[sweep]\nseeds = [1, 2]"),
              HasSubstr("[sweep] belongs to"));
  EXPECT_THAT(fault_of("[idea]\nchains = 3"), HasSubstr("with a name"));
  EXPECT_THAT(fault_of("idea = \"mixing\""), HasSubstr("is a table"));
  Recipe recipe;
  EXPECT_THAT(refusal([&] { set_recipe_key(recipe, "idea.chains", "3"); }), HasSubstr("has no idea.name"));
}

TEST_F(RecipeIdeas, TextReadsBack) {
  for (const Idea& idea : ideas()) {
    const Recipe recipe = short_recipe(idea.name);
    const Recipe again = parse_recipe(recipe_text(recipe), "again");
    EXPECT_EQ(again.idea.settings, recipe.idea.settings) << idea.name;
    EXPECT_EQ(recipe_text(again), recipe_text(recipe));
    for (const IdeaKey& key : idea.keys) {
      EXPECT_GE(key.standard, key.least) << key.name;
      EXPECT_LE(key.standard, key.most) << key.name;
      EXPECT_FALSE(key.help.empty());
    }
  }
}

TEST_F(RecipeIdeas, AreTheSameForAnyNumberOfThreads) {
  for (const Idea& idea : ideas()) {
    const Recipe recipe = short_recipe(idea.name);
    const RunResult one = run(recipe, idea.name + "-1", 1);
    run(recipe, idea.name + "-3", 3);
    EXPECT_TRUE(one.finished);
    for (const auto& file : one.files)
      EXPECT_EQ(text_of(file), text_of(at(idea.name + "-3") / file.filename())) << file;
    EXPECT_EQ(text_of(at(idea.name + "-1") / "metrics.json"), text_of(at(idea.name + "-3") / "metrics.json"));
    EXPECT_THAT(text_of(at(idea.name + "-1") / "report.html"), HasSubstr("<svg"));
  }
}

TEST_F(RecipeIdeas, ARunIsNotOverwritten) {
  const Recipe recipe = short_recipe("explaining-away");
  run(recipe, "a");
  EXPECT_THAT(refusal([&] { run(recipe, "a"); }), HasSubstr("is there already"));
}

TEST_F(RecipeIdeas, AFinishedRunResumesAsItselfOnly) {
  const Recipe recipe = short_recipe("explaining-away");
  run(recipe, "a");
  const std::string before = text_of(at("a") / "metrics.json");
  EXPECT_TRUE(run(recipe, "a", 1, true).finished);
  const auto refused = [&](const char* key, const char* value) {
    Recipe other = recipe;
    set_recipe_key(other, key, value);
    return refusal([&] { run(other, "a", 1, true); });
  };
  EXPECT_THAT(refused("idea.chains", "2"), HasSubstr("was run with idea.chains = 3 and not 2"));
  EXPECT_THAT(refused("seed", "7"), HasSubstr("was run with seed = 1 and not 7"));
  EXPECT_THAT(refused("idea.name", "mixing"), HasSubstr("idea.name = \"explaining-away\" and not"));
  EXPECT_EQ(text_of(at("a") / "metrics.json"), before);
}

TEST_F(RecipeIdeas, ForceLeavesNothingOfTheEarlierRun) {
  run(short_recipe("belief-net"), "a");
  std::ofstream(at("a") / "notes.txt") << "mine";
  run(short_recipe("explaining-away"), "a", 1, false, true);
  run(short_recipe("explaining-away"), "b");
  auto expected = files_in("b");
  expected.emplace_back("notes.txt");
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(files_in("a"), expected);
}

// What metrics.json lists is removed from its own folder only.
TEST_F(RecipeIdeas, ForceStaysInItsFolder) {
  run(short_recipe("explaining-away"), "a");
  std::ofstream(at("precious")) << "mine";
  std::string metrics = text_of(at("a") / "metrics.json");
  const auto list = metrics.find("\"files\": [");
  ASSERT_NE(list, std::string::npos);
  metrics.insert(list + 10, "\"../precious\", \"" + at("precious").string() + "\", \"..\", \"\", ");
  std::ofstream(at("a") / "metrics.json") << metrics;
  run(short_recipe("mixing"), "a", 1, false, true);
  EXPECT_EQ(text_of(at("precious")), "mine");
}

TEST_F(RecipeIdeas, AndLearningRunsDoNotOverwriteEachOther) {
  const Recipe idea = short_recipe("explaining-away"), learning = learning_recipe();
  run(idea, "a");
  run(learning, "b");
  const std::string model = text_of(at("b") / "model.safetensors");
  for (const bool resume : {false, true}) {
    EXPECT_THAT(refusal([&] { run(learning, "a", 1, resume); }), HasSubstr("is of the idea explaining-away"));
    EXPECT_THAT(refusal([&] { run(idea, "b", 1, resume); }), HasSubstr("learns from data"));
  }
  Recipe sweep = learning;
  sweep.sweep_seeds = {1, 2};
  EXPECT_THAT(refusal([&] { run(sweep, "a"); }), HasSubstr("is of the idea explaining-away"));
  EXPECT_EQ(text_of(at("b") / "model.safetensors"), model);
  EXPECT_THAT(files_in("a"), testing::Not(testing::Contains(HasSubstr("model"))));

  // An unfinished run is one too.
  std::filesystem::rename(at("b") / "model.safetensors", at("b") / "model.safetensors.checkpoint");
  std::filesystem::remove(at("b") / "metrics.json");
  EXPECT_THAT(refusal([&] { run(idea, "b"); }), HasSubstr("learns from data"));

  // What is of no run is nobody's to remove.
  std::filesystem::create_directories(at("own"));
  for (const char* file : {"history.jsonl", "fantasies.png", "reader.safetensors"})
    std::ofstream(at("own") / file) << "mine";
  run(idea, "own");
  for (const char* file : {"history.jsonl", "fantasies.png", "reader.safetensors"})
    EXPECT_EQ(text_of(at("own") / file), "mine") << file;

  run(learning, "c");
  run(idea, "d");
  const auto of_learning = files_in("c"), of_idea = files_in("d");
  run(learning, "d", 1, false, true);
  run(idea, "c", 1, false, true);
  run(idea, "b", 1, false, true);
  EXPECT_EQ(files_in("d"), of_learning);
  EXPECT_EQ(files_in("c"), of_idea);
  EXPECT_EQ(files_in("b"), of_idea);
}

TEST_F(RecipeIdeas, ExplainingAwayIsExact) {
  const RunResult result = run(short_recipe("explaining-away"), "a");
  EXPECT_NEAR(value_of(result, "posterior_both"), 4.5395807736e-5, 1e-15);
  EXPECT_NEAR(value_of(result, "posterior_truck"), 0.4999546042, 1e-10);
  EXPECT_NEAR(value_of(result, "log_likelihood"), -10.000000002061155, 1e-12);
  // The best factorial distribution settles on one explanation.
  EXPECT_NEAR(value_of(result, "kl_variational"), std::log(2.0), 1e-3);
}

TEST_F(RecipeIdeas, WeightsOfNoStrengthAreAsVagueAsCanBe) {
  Recipe recipe = short_recipe("combinations");
  set_recipe_key(recipe, "idea.strength", "0");
  const RunResult result = run(recipe, "a");
  for (const char* name : {"entropy_part", "entropy_mixture", "entropy_product"})
    EXPECT_NEAR(value_of(result, name), 9 * std::log(2.0), 1e-12);
  const RunResult sharp = run(short_recipe("combinations"), "b");
  EXPECT_GE(value_of(sharp, "entropy_mixture"), value_of(sharp, "entropy_part"));
  EXPECT_LT(value_of(sharp, "entropy_product"), value_of(sharp, "entropy_part"));
}

TEST_F(RecipeIdeas, TiedLayersAreGibbsSteps) {
  const RunResult result = run(short_recipe("tied-net"), "a");
  EXPECT_LT(value_of(result, "largest_difference_from_gibbs"), 1e-14);
  EXPECT_LT(value_of(result, "kl_at_full_depth"), value_of(result, "kl_at_depth_1"));
  EXPECT_LT(value_of(result, "dropped_by_cd_1024"), value_of(result, "dropped_by_cd_1"));
}

TEST_F(RecipeIdeas, TheBoundHoldsForBothKindsOfModules) {
  const RunResult result = run(short_recipe("directed-greedy"), "a");
  EXPECT_LT(value_of(result, "posterior_from_factorial_undirected"), 1e-12);
  EXPECT_GT(value_of(result, "posterior_from_factorial_directed"), 0.0);
  for (const std::string kind :
       {"_directed", "_undirected"})  // what is gained is at least what the bound gains
    EXPECT_LE(value_of(result, "kl_two_layers" + kind),
              value_of(result, "kl_one_layer" + kind) - value_of(result, "bound_gain" + kind) + 1e-12);
}

}  // namespace
}  // namespace harmonium
