// Numbers as words of a text file.
#pragma once

#include <charconv>
#include <cmath>
#include <string>
#include <string_view>

namespace harmonium {

/// Takes the next word (up to a blank or tab) off the front of `line`; empty at its end.
inline std::string_view next_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(" \t\r"), line.size()));
  const auto word = line.substr(0, line.find_first_of(" \t\r"));
  line.remove_prefix(word.size());
  return word;
}

/// The whole of `word` as a number; false where it is none.
template <class T>
bool parse_number(std::string_view word, T& number) {
  if (word.starts_with('+')) word.remove_prefix(1);
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  return !word.empty() && error == std::errc() && end == word.data() + word.size();
}

/// The shortest text that reads back the same.
template <class T>
std::string shortest_text(T number) {
  char text[64];
  const auto [end, error] = std::to_chars(text, text + sizeof text, number);
  return {text, end};
}

}  // namespace harmonium
