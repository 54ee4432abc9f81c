// The one table of recipe keys.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "harmonium/recipe/recipe.h"
#include "recipe/value.h"

namespace harmonium {

struct KeyRow {
  std::string path;
  std::string help;
  std::function<void(Recipe&, const RecipeValue&)> set;
  std::function<std::string(const Recipe&)> get;  ///< TOML literal; empty where nothing is set
  std::string values;                             ///< which it takes, in words
  bool is_learned = true;  ///< what is learned depends on it, not only how it is named, measured or shown
};

/// All keys in canonical order.
const std::vector<KeyRow>& key_table();
/// The row of a path, or null.
const KeyRow* find_key(const std::string& path);
/// "unknown key PATH; did you mean ...?", of the names of the table, or of these.
std::string unknown_key(const std::string& path);
std::string unknown_key(const std::string& path, const std::vector<std::string>& names);

}  // namespace harmonium
