// Cells of a table as numbers, words or nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace harmonium {

/// Without blanks at both ends.
std::string_view trimmed(std::string_view cell);

/// True for an empty cell and for NaN, NA and N/A, in upper or lower case.
bool is_missing_cell(std::string_view cell);

/// The number that the whole cell is ("1e-3", "+2", "inf"); nothing where it is something else.
std::optional<double> cell_number(std::string_view cell);

/// Finds categories by their text, or where both are numbers by their value: "1.0" finds "1".
class CategoryIndex {
 public:
  explicit CategoryIndex(const std::vector<std::string>& categories);
  std::optional<std::size_t> find(std::string_view cell) const;

 private:
  std::unordered_map<std::string, std::size_t> by_text_;
  std::unordered_map<double, std::size_t> by_value_;
};

/// What occurs, each once: numbers by their value where all are numbers, else words as texts.
std::vector<std::string> sorted_categories(std::vector<std::string> words);

}  // namespace harmonium
