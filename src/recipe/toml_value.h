// Recipe values from TOML nodes.
#pragma once

#include <string>

#include "io/toml.h"
#include "recipe/value.h"

namespace harmonium {

/// Throws InputError naming `key` for tables, dates and lists of something else than numbers or texts.
RecipeValue value_of_node(const toml::node& node, const std::string& key);

}  // namespace harmonium
