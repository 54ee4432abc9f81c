// Numbers as words of a text file.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

namespace harmonium {

/// Takes the next word (up to a blank or tab) off the front of `line`; empty at its end.
inline std::string_view next_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(" \t\r"), line.size()));
  const auto word = line.substr(0, line.find_first_of(" \t\r"));
  line.remove_prefix(word.size());
  return word;
}

/// True where a number that does not fit T is too small for it rather than too large; `number` becomes what
/// is nearest. Numbers beyond even long double (10^4932) are told apart by the sign of their exponent.
template <class T>
bool is_tiny(std::string_view word, T& number) {
  long double wide = 0;
  const auto error = std::from_chars(word.data(), word.data() + word.size(), wide).ec;
  const auto exponent = word.find_first_of("eE");
  const bool tiny = error == std::errc()
                        ? std::abs(wide) < 1
                        : exponent != word.npos && word.substr(exponent + 1).starts_with('-');
  if (tiny) number = error == std::errc() ? static_cast<T>(wide) : word.starts_with('-') ? -T{0} : T{0};
  return tiny;
}

/// The whole of `word` as a number, with a leading + allowed; false where it is none or too large for T. What
/// is too small for T becomes what is nearest.
template <class T>
bool parse_number(std::string_view word, T& number) {
  if (word.starts_with('+') && !word.starts_with("+-")) word.remove_prefix(1);
  const char* end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data(), end, number);
  if (word.empty() || stop != end) return false;
  if constexpr (std::is_floating_point_v<T>) {
    if (error == std::errc::result_out_of_range) return is_tiny(word, number);
  }
  return error == std::errc();
}

/// The shortest text that reads back the same.
template <class T>
std::string shortest_text(T number) {
  char text[64];
  const auto [end, error] = std::to_chars(text, text + sizeof text, number);
  return {text, end};
}

}  // namespace harmonium
