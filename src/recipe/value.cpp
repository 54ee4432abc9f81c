#include "recipe/value.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "harmonium/base/error.h"
#include "io/toml.h"
#include "recipe/toml_value.h"

namespace harmonium {
namespace {

[[noreturn]] void refuse(const std::string& key, const char* wanted, const RecipeValue& value) {
  throw InputError(key + " must be " + wanted + ", but is " + value_text(value) + ".");
}

std::size_t count_of(const std::string& key, double number, const RecipeValue& whole) {
  if (!(number >= 0) || number != std::floor(number) || number > 9e15)
    refuse(key, "a whole number, 0 or more", whole);
  return static_cast<std::size_t>(number);
}

}  // namespace

RecipeValue value_of_node(const toml::node& node, const std::string& key) {
  if (const auto* boolean = node.as_boolean()) return boolean->get();
  if (const auto* integer = node.as_integer()) return integer->get();
  if (const auto* number = node.as_floating_point()) return number->get();
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* array = node.as_array()) {
    RecipeList list;
    for (const toml::node& item : *array) {
      const RecipeValue value = value_of_node(item, key);
      if (const auto* whole = std::get_if<std::int64_t>(&value))
        list.emplace_back(static_cast<double>(*whole));
      else if (const auto* real = std::get_if<double>(&value))
        list.emplace_back(*real);
      else if (const auto* word = std::get_if<std::string>(&value))
        list.emplace_back(*word);
      else
        throw InputError(key + " is a list of something else than numbers or texts.");
    }
    return list;
  }
  throw InputError(key + " must be a number, a text, true or false, or a list of those.");
}

RecipeValue parse_value(std::string_view text) {
  try {
    const toml::table table = parse_toml("value = " + std::string(text) + "\n", "value");
    if (table.size() == 1) return value_of_node(*table.get("value"), "value");
  } catch (const InputError&) {
    // Not a literal: the words themselves are meant.
  }
  return std::string(text);
}

std::string value_text(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      result += std::string("\\") + c;
    else if (c == '\n')
      result += "\\n";
    else if (c == '\t')
      result += "\\t";
    else if (static_cast<unsigned char>(c) < 0x20)
      result += "\\u00" + std::string(1, "01"[c / 16]) + std::string(1, "0123456789ABCDEF"[c % 16]);
    else
      result += c;
  }
  return result + '"';
}

std::string value_text(double number) {
  char text[40];
  const auto [end, error] = std::to_chars(text, text + sizeof text, number);
  std::string result(text, end);
  return result.find_first_of(".en") == std::string::npos ? result + ".0" : result;
}

std::string seed_text(std::uint64_t seed) {
  const std::string digits = std::to_string(seed);
  return seed > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) ? value_text(digits)
                                                                                     : digits;
}

std::string value_text(const RecipeValue& value) {
  if (const auto* boolean = std::get_if<bool>(&value)) return *boolean ? "true" : "false";
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return std::to_string(*whole);
  if (const auto* number = std::get_if<double>(&value)) return value_text(*number);
  if (const auto* text = std::get_if<std::string>(&value)) return value_text(*text);
  std::string result = "[";
  for (const auto& item : std::get<RecipeList>(value)) {
    if (result.size() > 1) result += ", ";
    result += std::holds_alternative<double>(item) ? value_text(std::get<double>(item))
                                                   : value_text(std::get<std::string>(item));
  }
  return result + "]";
}

bool as_bool(const std::string& key, const RecipeValue& value) {
  if (const auto* boolean = std::get_if<bool>(&value)) return *boolean;
  refuse(key, "true or false", value);
}

double as_number(const std::string& key, const RecipeValue& value) {
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return static_cast<double>(*whole);
  if (const auto* number = std::get_if<double>(&value); number && std::isfinite(*number)) return *number;
  refuse(key, "a number", value);
}

std::size_t as_count(const std::string& key, const RecipeValue& value) {
  if (const auto* whole = std::get_if<std::int64_t>(&value); whole && *whole >= 0)
    return static_cast<std::size_t>(*whole);
  if (!std::holds_alternative<double>(value)) refuse(key, "a whole number, 0 or more", value);
  return count_of(key, as_number(key, value), value);
}

std::uint64_t as_seed(const std::string& key, const RecipeValue& value) {
  const auto* text = std::get_if<std::string>(&value);
  if (!text) return as_count(key, value);
  std::uint64_t seed = 0;
  const char* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, seed);
  if (error != std::errc() || stop != end) refuse(key, "a whole number, 0 to 2^64 - 1", value);
  return seed;
}

std::string as_text(const std::string& key, const RecipeValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return std::to_string(*whole);
  refuse(key, "a text", value);
}

std::vector<double> as_numbers(const std::string& key, const RecipeValue& value) {
  const auto* list = std::get_if<RecipeList>(&value);
  if (!list) return {as_number(key, value)};
  std::vector<double> numbers;
  for (const auto& item : *list) {
    const auto* number = std::get_if<double>(&item);
    if (!number || !std::isfinite(*number)) refuse(key, "a list of numbers", value);
    numbers.push_back(*number);
  }
  if (numbers.empty()) refuse(key, "a list with at least one number", value);
  return numbers;
}

std::vector<std::size_t> as_counts(const std::string& key, const RecipeValue& value) {
  std::vector<std::size_t> counts;
  if (const auto* list = std::get_if<RecipeList>(&value); list && list->empty()) return counts;
  for (const double number : as_numbers(key, value)) counts.push_back(count_of(key, number, value));
  return counts;
}

std::vector<std::string> as_texts(const std::string& key, const RecipeValue& value) {
  const auto* list = std::get_if<RecipeList>(&value);
  if (!list) return {as_text(key, value)};
  std::vector<std::string> texts;
  for (const auto& item : *list) {
    if (const auto* text = std::get_if<std::string>(&item))
      texts.push_back(*text);
    else  // class 2 is named "2"
      texts.push_back(std::to_string(count_of(key, std::get<double>(item), value)));
  }
  return texts;
}

}  // namespace harmonium
