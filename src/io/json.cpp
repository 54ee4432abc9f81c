#include "io/json.h"

#include <set>
#include <string>
#include <vector>

#include "harmonium/base/error.h"
#include "io/bytes.h"

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

// The library's reason without its preface.
std::string reason(const std::string& what) {
  for (const char* start : {"syntax error", "number overflow"})
    if (const auto at = what.find(start); at != std::string::npos) return what.substr(at);
  return what;
}

// Goes through the text once before it becomes values, and refuses what should not become any. (The library's
// own callback would do, but it looks through all siblings at each end of an object.)
class Watcher : public nlohmann::json_sax<Json> {
 public:
  Watcher(std::string_view text, const std::string& where, std::vector<std::string>* top_keys)
      : text_(text), where_(where), top_keys_(top_keys) {}

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override {
    go_down();
    keys_.emplace_back();
    return true;
  }
  bool start_array(std::size_t) override {
    go_down();
    return true;
  }
  bool end_object() override {
    keys_.pop_back();
    --depth_;
    return true;
  }
  bool end_array() override {
    --depth_;
    return true;
  }
  bool key(string_t& key) override {
    if (!keys_.back().insert(key).second)
      throw InputError(where_ + ": the key \"" + printable(key) + "\" stands twice in one JSON object.");
    if (depth_ == 1 && top_keys_) top_keys_->push_back(key);
    return true;
  }
  bool parse_error(std::size_t byte, const std::string&, const nlohmann::json::exception& error) override {
    throw InputError(where_ + ":" + place(text_, byte ? byte - 1 : 0) +
                     ": this is not JSON: " + reason(error.what()) + ".");
  }

 private:
  void go_down() {
    if (++depth_ > kMaxJsonDepth)
      throw InputError(where_ + ": the JSON is nested deeper than " + std::to_string(kMaxJsonDepth) +
                       " levels.");
  }

  std::string_view text_;
  const std::string& where_;
  std::vector<std::string>* top_keys_;
  std::vector<std::set<std::string>> keys_;  // of the objects that are open
  std::size_t depth_ = 0;
};

template <class AnyJson>
AnyJson parse(std::string_view text, const std::string& where, std::vector<std::string>* top_keys) {
  Watcher watcher(text, where, top_keys);
  Json::sax_parse(text.begin(), text.end(), &watcher);
  return AnyJson::parse(text.begin(), text.end());
}

}  // namespace

Json parse_json(std::string_view text, const std::string& where) {
  return parse<Json>(text, where, nullptr);
}

SortedJson parse_sorted_json(std::string_view text, const std::string& where,
                             std::vector<std::string>& top_keys) {
  return parse<SortedJson>(text, where, &top_keys);
}

std::string dump_json(const Json& value, int indent) {
  try {
    return value.dump(indent);
  } catch (const Json::exception&) {
    throw InputError("a text is not UTF-8, which JSON needs.");
  }
}

std::uint64_t whole_number_of(const Json& object, const char* key, const std::string& where) {
  const Json& value = object.at(key);
  if (value.is_number_unsigned()) return value.get<std::uint64_t>();
  throw InputError(where + ": " + key + " must be a whole number, 0 or more, but is " + dump_json(value) +
                   "; the file is damaged.");
}

}  // namespace harmonium
