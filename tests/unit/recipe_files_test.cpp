// The recipes that ship: each says what it costs, is called as its file, and could run on the data it names.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>

#include "harmonium/recipe/training.h"
#include "recipe/sweep.h"
#include "unit/recipe_folder.h"

namespace harmonium {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> shipped_recipes() {
  std::vector<fs::path> files;
  for (const auto& entry :
       fs::recursive_directory_iterator(fs::path(HARMONIUM_DATA).parent_path() / "recipes"))
    if (entry.path().extension() == ".toml") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

class ShippedRecipe : public testing::TestWithParam<fs::path> {
 protected:
  // The comment before the first key.
  static std::string header() {
    std::ifstream file(GetParam());
    std::string line, text;
    while (std::getline(file, line) && line.starts_with("#")) text += line + "\n";
    return text;
  }
  // With few cases, so that only what the keys ask for together is looked at.
  void expect_could_run(Recipe recipe) const {
    recipe.data.limit = 300, recipe.data.held_out = std::min<std::size_t>(recipe.data.held_out, 30);
    Reporter silent;
    ThreadTeam team(1);
    EXPECT_NO_THROW(check_run(recipe, load_recipe_data(recipe, silent), team)) << GetParam();
  }
};
INSTANTIATE_TEST_SUITE_P(All, ShippedRecipe, testing::ValuesIn(shipped_recipes()), [](const auto& recipe) {
  std::string name = recipe.param.stem().string();
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return !std::isalnum(c); }, '_');
  return name;
});

TEST_P(ShippedRecipe, SaysWhatItIsAndCosts) {
  EXPECT_EQ(load_recipe(GetParam()).name, GetParam().stem());
  EXPECT_THAT(header(), testing::HasSubstr("Work"));
  EXPECT_THAT(header(), testing::ContainsRegex("TFLOP|GFLOP"));
}

TEST_P(ShippedRecipe, CouldRun) {
  const Recipe recipe = load_recipe(GetParam());
  if (!recipe.idea.name.empty()) return;  // ideas are run in full elsewhere
  expect_could_run(recipe_of(recipe, nullptr, recipe.seed));
  for (const RecipeVariant& variant : recipe.variants)
    expect_could_run(recipe_of(recipe, &variant, recipe.seed));
}

}  // namespace
}  // namespace harmonium
