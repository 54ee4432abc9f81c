// Labels as they stand in files become numbers of classes.
#include <algorithm>
#include <cmath>

#include "data/cells.h"
#include "data/source_file.h"
#include "data/value_check.h"
#include "harmonium/base/error.h"
#include "harmonium/io/suggest.h"

namespace harmonium {
namespace {

constexpr double kMostClasses = 65536;

/// Names of classes that are whole numbers: all from 0 (from 1 where none is 0) to the largest, so that a
/// part that lacks a class numbers the others like a part that has it.
std::vector<std::string> numbered_classes(double smallest, double largest) {
  std::vector<std::string> names;
  for (double k = std::min(smallest, 1.0); k <= largest; ++k) names.push_back(number_text(k));
  return names;
}

std::vector<std::string> find_classes(const RawLabels& labels) {
  if (labels.classes > 0) return numbered_classes(0, static_cast<double>(labels.classes) - 1);
  std::vector<double> numbers = labels.numbers;
  for (const std::string& word : labels.words) {
    if (is_missing_cell(word)) continue;
    const auto value = cell_number(word);
    if (!value) {
      auto words = labels.words;
      std::erase_if(words, [](const std::string& w) { return is_missing_cell(w); });
      for (std::string& one : words) one = std::string(trimmed(one));
      return sorted_categories(std::move(words));
    }
    numbers.push_back(*value);
  }
  std::erase_if(numbers, [](double x) { return std::isnan(x); });
  if (numbers.empty()) return {};
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  const bool whole = std::all_of(numbers.begin(), numbers.end(), [](double x) { return std::floor(x) == x; });
  if (!whole || numbers.size() > kMostClasses) {
    throw InputError(labels.file + ": the labels are not classes: " +
                     (whole ? std::to_string(numbers.size()) + " are different"
                            : number_text(*std::find_if(numbers.begin(), numbers.end(),
                                                        [](double x) { return std::floor(x) != x; })) +
                                  " is not a whole number"));
  }
  if (numbers.front() >= 0 && numbers.back() < 1000) return numbered_classes(numbers.front(), numbers.back());
  std::vector<std::string> names;
  for (const double x : numbers) names.push_back(number_text(x));
  return names;
}

}  // namespace

std::vector<std::int32_t> number_labels(const RawLabels& labels, const Column* given,
                                        std::vector<std::string>& classes) {
  classes = given != nullptr && !given->categories.empty() ? given->categories : find_classes(labels);
  const CategoryIndex index(classes);
  std::vector<std::int32_t> numbers;
  numbers.reserve(labels.size());
  for (std::size_t r = 0; r < labels.size(); ++r) {
    const std::string text = labels.words.empty() ? number_text(labels.numbers[r]) : labels.words[r];
    if (const auto k = index.find(text)) {
      numbers.push_back(static_cast<std::int32_t>(*k));
    } else if (is_missing_cell(text)) {
      numbers.push_back(-1);
    } else {
      throw InputError(Place{labels.file, labels.lines}.row(r) + ": the label \"" + text +
                       "\" is not one of the " + std::to_string(classes.size()) + " classes" +
                       did_you_mean(text, classes));
    }
  }
  return numbers;
}

}  // namespace harmonium
