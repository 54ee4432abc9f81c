// JSON behind our own errors. Private: public headers never show the library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace harmonium {

/// Keys stay in the order in which they were written.
using Json = nlohmann::ordered_json;

/// Keys are sorted: look-ups stay fast in objects of any size.
using SortedJson = nlohmann::json;

/// Objects and arrays may stand in each other this deep.
inline constexpr std::size_t kMaxJsonDepth = 64;

/// Parses one JSON value. Throws InputError "WHERE:LINE:COLUMN: ..." where the text is no JSON (line and
/// column count from 1), and "WHERE: ..." where it has a key twice in one object or is nested deeper than
/// kMaxJsonDepth.
Json parse_json(std::string_view text, const std::string& where);
/// The same for objects of very many keys; `top_keys` receives those of the outermost object in their order.
SortedJson parse_sorted_json(std::string_view text, const std::string& where,
                             std::vector<std::string>& top_keys);

/// The text of a value: on one line for `indent` < 0, else indented by so many blanks. Numbers read back the
/// same; NaN and infinities become null. Throws InputError for strings that are not UTF-8.
std::string dump_json(const Json& value, int indent = -1);

/// The whole number, 0 or more, under `key` of an object. The library's own reading makes 3 of 3.5 and of
/// 2^32 + 3. Throws InputError "WHERE: KEY must be ...", and the library's error where the key is not there.
std::uint64_t whole_number_of(const Json& object, const char* key, const std::string& where);

}  // namespace harmonium
