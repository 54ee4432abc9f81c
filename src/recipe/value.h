// A value of a recipe: what TOML can say, without the library's types, and how keys read it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace harmonium {

using RecipeList = std::vector<std::variant<double, std::string>>;
/// One value. Whole numbers stay whole; lists hold numbers or texts.
using RecipeValue = std::variant<bool, std::int64_t, double, std::string, RecipeList>;

/// Reads a TOML literal; bare words are a text, so that `--set train.negative=pcd` works.
RecipeValue parse_value(std::string_view text);

/// The literal that reads back to the value.
std::string value_text(const RecipeValue& value);
std::string value_text(const std::string& text);
std::string value_text(double number);
/// As `as_seed` reads it.
std::string seed_text(std::uint64_t seed);

/// What each key asks for. Throw InputError "KEY must be ..., but is ...".
bool as_bool(const std::string& key, const RecipeValue& value);
std::size_t as_count(const std::string& key, const RecipeValue& value);
/// Any number of 64 bits; TOML's whole numbers end at 2^63 - 1, so larger ones are written as a text.
std::uint64_t as_seed(const std::string& key, const RecipeValue& value);
double as_number(const std::string& key, const RecipeValue& value);
std::string as_text(const std::string& key, const RecipeValue& value);
std::vector<double> as_numbers(const std::string& key, const RecipeValue& value);
std::vector<std::size_t> as_counts(const std::string& key, const RecipeValue& value);
std::vector<std::string> as_texts(const std::string& key, const RecipeValue& value);

}  // namespace harmonium
