// JSON behind our own errors. Private: public headers never show the library.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace harmonium {

/// Keys stay in the order in which they were written.
using Json = nlohmann::ordered_json;

/// Objects and arrays may stand in each other this deep.
inline constexpr std::size_t kMaxJsonDepth = 64;

/// Parses one JSON value. Throws InputError "WHERE:LINE:COLUMN: ..." where the text is no JSON, has a key
/// twice in one object, or is nested deeper than kMaxJsonDepth. Line and column count from 1.
Json parse_json(std::string_view text, const std::string& where);

/// The text of a value: on one line for `indent` < 0, else indented by so many blanks. Numbers read back the
/// same; NaN and infinities become null. Throws InputError for strings that are not UTF-8.
std::string dump_json(const Json& value, int indent = -1);

}  // namespace harmonium
