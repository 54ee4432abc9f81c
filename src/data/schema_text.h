// Schemas as JSON and TOML. Private: a recipe reads [data.columns] out of its own table with this.
#pragma once

#include <span>
#include <string>

#include "harmonium/data/schema.h"
#include "io/toml.h"

namespace harmonium {

/// The columns in the order in which they stand in the file. `file` names it in errors. Throws InputError.
Schema schema_from_toml_table(const toml::table& columns, const std::string& file);

/// `[data.columns]`, with `comments[i]` (where there is one) on a line before column i.
std::string schema_to_toml(const Schema& schema, std::span<const std::string> comments);

}  // namespace harmonium
