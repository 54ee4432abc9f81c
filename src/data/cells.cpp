#include "data/cells.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>

namespace harmonium {

std::string_view trimmed(std::string_view cell) {
  while (!cell.empty() && (cell.front() == ' ' || cell.front() == '\t')) cell.remove_prefix(1);
  while (!cell.empty() && (cell.back() == ' ' || cell.back() == '\t')) cell.remove_suffix(1);
  return cell;
}

bool is_missing_cell(std::string_view cell) {
  cell = trimmed(cell);
  if (cell.empty()) return true;
  if (cell.size() > 3) return false;
  std::string word(cell);
  std::transform(word.begin(), word.end(), word.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return word == "nan" || word == "na" || word == "n/a";
}

std::optional<double> cell_number(std::string_view cell) {
  cell = trimmed(cell);
  if (cell.size() > 1 && cell.front() == '+' && cell[1] != '-') cell.remove_prefix(1);
  double value = 0.0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (end != cell.data() + cell.size() || cell.empty()) return std::nullopt;
  if (error == std::errc::result_out_of_range) {
    // Too small is 0 to us; too large is as good as infinite, which is refused with its place.
    const bool tiny = cell.find("e-") != std::string_view::npos || cell.find("E-") != std::string_view::npos;
    return tiny ? 0.0 : HUGE_VAL;
  }
  if (error != std::errc{}) return std::nullopt;
  return value;
}

CategoryIndex::CategoryIndex(const std::vector<std::string>& categories) {
  for (std::size_t i = 0; i < categories.size(); ++i) {
    by_text_.emplace(std::string(trimmed(categories[i])), i);
    if (const auto value = cell_number(categories[i]); value && !std::isnan(*value)) {
      by_value_.emplace(*value, i);
    }
  }
}

std::optional<std::size_t> CategoryIndex::find(std::string_view cell) const {
  if (const auto at = by_text_.find(std::string(trimmed(cell))); at != by_text_.end()) return at->second;
  if (const auto value = cell_number(cell); value && !std::isnan(*value)) {
    if (const auto at = by_value_.find(*value); at != by_value_.end()) return at->second;
  }
  return std::nullopt;
}

std::vector<std::string> sorted_categories(std::vector<std::string> words) {
  const bool numbers = std::all_of(words.begin(), words.end(),
                                   [](const std::string& w) { return cell_number(w).has_value(); });
  if (!numbers) {
    std::sort(words.begin(), words.end());
    words.erase(std::unique(words.begin(), words.end()), words.end());
    return words;
  }
  // Equal numbers ("1", "1.0") are one category, named by the shortest text.
  std::sort(words.begin(), words.end(), [](const std::string& a, const std::string& b) {
    const double x = *cell_number(a), y = *cell_number(b);
    if (x != y) return x < y;
    return a.size() != b.size() ? a.size() < b.size() : a < b;
  });
  words.erase(std::unique(words.begin(), words.end(),
                          [](const std::string& a, const std::string& b) {
                            return *cell_number(a) == *cell_number(b);
                          }),
              words.end());
  return words;
}

}  // namespace harmonium
