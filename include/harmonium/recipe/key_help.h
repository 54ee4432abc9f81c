// All that a recipe may say, for people: `harmonium run --keys` prints it and docs/recipes.md holds it.
#pragma once

#include <string>
#include <vector>

namespace harmonium {

/// A key as its table describes it. recipe_keys() (recipe.h) has those that every recipe has; here are also
/// those of [[layer]], [sweep], [[variant]] and of each idea.
struct KeyHelp {
  std::string path;           ///< as in `--set`: "train.rate"
  std::string default_value;  ///< as TOML; empty where nothing is set
  std::string values;         ///< which it takes, in words: "a number, 0 or more"
  std::string help;           ///< one line
};

/// The keys of one table of a recipe.
struct KeyTable {
  std::string title;  ///< "[train]"; of an idea "[idea], name = \"mixing\""
  std::vector<KeyHelp> keys;
};

/// All tables, in the order of a recipe's canonical text.
std::vector<KeyTable> key_tables();

/// The same as Markdown, a heading and a table of each.
std::string key_tables_markdown();

}  // namespace harmonium
