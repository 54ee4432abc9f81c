#include "io/json.h"

#include <set>
#include <string>
#include <vector>

#include "harmonium/base/error.h"

namespace harmonium {
namespace {

// Line and column of a byte, both from 1.
std::string place(std::string_view text, std::size_t byte) {
  std::size_t line = 1, column = 1;
  for (std::size_t i = 0; i < byte && i < text.size(); ++i) {
    if (text[i] == '\n')
      ++line, column = 1;
    else
      ++column;
  }
  return std::to_string(line) + ":" + std::to_string(column);
}

}  // namespace

Json parse_json(std::string_view text, const std::string& where) {
  std::vector<std::set<std::string>> keys;  // of the objects that are open
  const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (static_cast<std::size_t>(depth) > kMaxJsonDepth)
      throw InputError(where + ": the JSON is nested deeper than " + std::to_string(kMaxJsonDepth) +
                       " levels.");
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key && !keys.back().insert(parsed.get<std::string>()).second)
      throw InputError(where + ": the key " + parsed.dump() + " stands twice in one JSON object.");
    return true;
  };
  try {
    return Json::parse(text.begin(), text.end(), watch);
  } catch (const Json::parse_error& error) {
    throw InputError(where + ":" + place(text, error.byte ? error.byte - 1 : 0) + ": this is not JSON.");
  } catch (const Json::exception&) {
    throw InputError(where + ": this is not JSON that can be held (a number too large).");
  }
}

std::string dump_json(const Json& value, int indent) {
  try {
    return value.dump(indent);
  } catch (const Json::exception&) {
    throw InputError("a text is not UTF-8, which JSON needs.");
  }
}

}  // namespace harmonium
