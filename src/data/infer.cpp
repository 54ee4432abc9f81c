#include "data/infer.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <map>
#include <optional>

#include "data/cells.h"
#include "data/raw_values.h"
#include "data/sample_ranges.h"
#include "data/value_check.h"
#include "harmonium/base/error.h"
#include "harmonium/io/suggest.h"

namespace harmonium {
namespace {

constexpr std::size_t kMostWords = 20;    // categories that are words
constexpr std::size_t kMostNumbers = 10;  // categories that are whole numbers
constexpr double kMostCopies = 20;        // N of a binomial that is guessed
constexpr double kRare = 0.02;            // share of cases below which a value is a thin tail

/// What a column holds, before it is said what it is.
struct Census {
  std::size_t cells = 0, missing = 0;
  std::map<double, std::size_t> numbers;  ///< how often each occurs
  std::map<std::string, std::size_t> words;
  std::optional<std::pair<std::string, std::size_t>> first_word;  ///< that is no number, and its line
  bool all_whole = true;

  double smallest() const { return numbers.begin()->first; }
  double largest() const { return numbers.rbegin()->first; }
  std::size_t present() const { return cells - missing; }
};

Census count_column(const CsvTable& table, std::size_t c) {
  Census census;
  for (const CsvRow& row : table.rows) {
    ++census.cells;
    const std::string cell(trimmed(row.cells[c]));
    if (is_missing_cell(cell)) {
      ++census.missing;
      continue;
    }
    ++census.words[cell];
    const auto value = cell_number(cell);
    if (!value) {
      if (!census.first_word) census.first_word = {cell, row.line};
      continue;
    }
    ++census.numbers[*value];
    census.all_whole = census.all_whole && std::floor(*value) == *value;
  }
  return census;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool is_named_like_identifier(const std::string& name) {
  const std::string n = lower(name);
  return n.empty() || n == "id" || n == "index" || n == "row" || n.ends_with("_id") ||
         n.starts_with("unnamed");
}

bool is_named_like_label(const std::string& name) {
  const std::string n = lower(name);
  return n == "label" || n == "labels" || n == "class" || n == "target";
}

std::string set_ignored(Column& column, const std::string& reason) {
  column.role = ColumnRole::kIgnore;
  column.kind = UnitKind::kBernoulli;
  column.reason = reason;
  return reason;
}

std::vector<std::string> texts(const Census& census) {
  std::vector<std::string> all;
  for (const auto& [word, count] : census.words) all.push_back(word);
  return sorted_categories(std::move(all));
}

std::string infer_words(Column& column, const Census& census) {
  const std::size_t different = census.words.size();
  std::string reason = std::to_string(different) + " different words";
  if (!census.numbers.empty()) {
    reason += ", not all numbers: \"" + census.first_word->first + "\" on line " +
              std::to_string(census.first_word->second);
  }
  if (different == census.present() && different > 2) {
    return set_ignored(column, census.numbers.empty() ? "all values differ: an identifier or free text"
                                                      : reason + ": all values differ");
  }
  if (different > kMostWords) return set_ignored(column, reason + ": free text, or too many categories");
  column.categories = texts(census);
  column.kind = different == 2 ? UnitKind::kBernoulli : UnitKind::kSoftmax;
  return reason;
}

/// Whole numbers from 0 up, more than two different ones.
std::string infer_counts(Column& column, const Census& census) {
  const std::size_t different = census.numbers.size();
  const double largest = census.largest();
  const bool no_hole = static_cast<double>(different) == largest + 1;
  const double share =
      static_cast<double>(census.numbers.rbegin()->second) / static_cast<double>(census.present());
  const std::string range = number_text(census.smallest()) + " to " + number_text(largest);
  if (no_hole && different >= 5 && share < kRare) {
    column.kind = UnitKind::kPoisson;
    return "counts from " + range + " whose largest is rare";
  }
  if (different <= kMostNumbers) {
    column.kind = UnitKind::kSoftmax;
    column.categories = texts(census);
    return std::to_string(different) + " different whole numbers from " + range +
           "; if they are counts, kind = \"binomial(" + number_text(largest) + ")\" or \"poisson\"";
  }
  if (no_hole && largest <= kMostCopies) {
    column.kind = UnitKind::kBinomial;
    column.parameter = static_cast<unsigned>(largest);
    return "whole numbers that fill 0 to " + number_text(largest) + " and end there sharply";
  }
  column.kind = UnitKind::kPoisson;
  return "whole numbers from " + range;
}

std::string set_gaussian(Column& column, const std::string& reason) {
  column.kind = UnitKind::kGaussian;
  column.standardise = true;
  return reason;
}

std::string infer_numbers(Column& column, const Census& census) {
  const std::size_t different = census.numbers.size();
  const double smallest = census.smallest(), largest = census.largest();
  column.minimum = smallest, column.maximum = largest;
  if (different == 1)
    return set_ignored(column, "the same value, " + number_text(smallest) + ", in every case");
  if (different == 2 && smallest == 0 && largest == 1) {
    column.kind = UnitKind::kBernoulli;
    return "only 0 and 1";
  }
  if (!census.all_whole) {
    return set_gaussian(column, "real numbers from " + number_text(smallest) + " to " + number_text(largest));
  }
  if (different == 2) {
    column.kind = UnitKind::kBernoulli;
    column.categories = texts(census);
    return "only " + number_text(smallest) + " and " + number_text(largest);
  }
  const bool all_differ = different == census.present();
  const bool consecutive = largest - smallest + 1 == static_cast<double>(different);
  if (all_differ && different > 2 &&
      (is_named_like_identifier(column.name) || (consecutive && different > kMostNumbers))) {
    return set_ignored(column, "whole numbers that all differ: an identifier");
  }
  if (smallest >= 0) return infer_counts(column, census);
  if (different <= kMostNumbers) {
    column.kind = UnitKind::kSoftmax;
    column.categories = texts(census);
    return std::to_string(different) + " different whole numbers from " + number_text(smallest) + " to " +
           number_text(largest);
  }
  return set_gaussian(column, "whole numbers from " + number_text(smallest) + " to " + number_text(largest) +
                                  ", some negative");
}

std::string infer_table_column(Column& column, const Census& census) {
  column.missing_cells = census.missing;
  if (census.missing > 0) column.missing = Missing::kUnknown;
  std::string reason;
  if (census.present() == 0) {
    reason = set_ignored(column, "no cell has a value");
  } else if (census.words.size() == 1 && census.first_word) {
    reason = set_ignored(column, "the same value, \"" + census.first_word->first + "\", in every case");
  } else {
    reason = census.first_word ? infer_words(column, census) : infer_numbers(column, census);
  }
  if (census.missing > 0) {
    reason +=
        "; " + std::to_string(census.missing) + " of " + std::to_string(census.cells) + " cells are missing";
  }
  return reason;
}

// What is done to a column that its owner may not expect, to follow the file's name; or empty.
std::string warning_of(const Column& column, const Census& census, const std::string& reason) {
  const bool ignored = column.role == ColumnRole::kIgnore,
             mixed = !census.numbers.empty() && census.first_word;
  if (!ignored && !mixed) return {};
  return ": column \"" + column.name + "\" is " + (ignored ? "left out" : "taken as categories") + " (" +
         reason + "); " + (mixed ? "mend that cell, or say" : "where that is wrong, say") +
         " in [data.columns] what it is.";
}

std::size_t require_column(const CsvTable& table, const std::string& name, const char* what) {
  const auto at = std::find(table.header.begin(), table.header.end(), name);
  if (at == table.header.end()) {
    throw InputError(table.file + " has no column \"" + name + "\" to be the " + what +
                     did_you_mean(name, table.header));
  }
  return static_cast<std::size_t>(at - table.header.begin());
}

std::string infer_label(Column& column, const CsvTable& table, std::size_t c) {
  column.role = ColumnRole::kLabel;
  RawLabels raw;
  raw.file = table.file;
  for (const CsvRow& row : table.rows) raw.words.push_back(row.cells[c]);
  number_labels(raw, nullptr, column.categories);
  for (const std::string& word : raw.words) column.missing_cells += is_missing_cell(word);
  if (column.missing_cells > 0) column.missing = Missing::kUnknown;
  return "the class: " + std::to_string(column.categories.size()) + " of them";
}

Inferred infer_table(const CsvTable& table, const std::string& label_column,
                     const std::string& weights_column) {
  const std::size_t none = table.header.size();
  std::size_t label = none, weight = none;
  if (!label_column.empty()) label = require_column(table, label_column, "label");
  if (!weights_column.empty()) weight = require_column(table, weights_column, "weight");
  for (std::size_t c = 0; c < none && label_column.empty(); ++c) {
    if (label == none && is_named_like_label(table.header[c])) label = c;
  }
  for (std::size_t c = 0; c < none && weights_column.empty(); ++c) {
    if (lower(table.header[c]) == "case_weight") weight = c;
  }
  Inferred all;
  if (std::all_of(table.header.begin(), table.header.end(),
                  [](const std::string& name) { return cell_number(name).has_value(); }))
    all.warnings.push_back(
        table.file +
        ": its first line is taken as the names of columns, but holds numbers only; if it is "
        "a case, put a line of names before it.");
  for (std::size_t c = 0; c < none; ++c) {
    Column column;
    column.name = table.header[c];
    std::string reason;
    if (c == label) {
      reason = infer_label(column, table, c);
    } else if (c == weight) {
      column.role = ColumnRole::kWeight;
      reason = "the weight of each case";
    } else {
      const Census census = count_column(table, c);
      reason = infer_table_column(column, census);
      if (auto sentence = warning_of(column, census, reason); !sentence.empty())
        all.warnings.push_back(table.file + sentence);
    }
    all.schema.columns.push_back(std::move(column));
    all.reasons.push_back(std::move(reason));
  }
  return all;
}

/// What all values of a block have in common.
struct Extent {
  double smallest = HUGE_VAL, largest = -HUGE_VAL;
  bool whole = true, binary = true;
  std::uint64_t missing = 0;

  template <class T>
  void add(const T* values, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto x = static_cast<double>(values[i]);
      if (std::isnan(x)) {
        ++missing;
        continue;
      }
      smallest = std::min(smallest, x), largest = std::max(largest, x);
      whole = whole && std::floor(x) == x;
      binary = binary && (x == 0.0 || x == 1.0);
    }
  }
  /// Bytes by which of them occur: a data set of images is many of few.
  void add(const std::uint8_t* values, std::size_t count) {
    std::array<bool, 256> seen{};
    for (std::size_t i = 0; i < count; ++i) seen[values[i]] = true;
    for (std::size_t v = 0; v < 256; ++v) {
      const auto byte = static_cast<std::uint8_t>(v);
      if (seen[v]) add<std::uint8_t>(&byte, 1);
    }
  }
};

std::string infer_dense_block(Column& column, const Extent& extent, bool is_bytes) {
  if (extent.smallest > extent.largest) return set_ignored(column, "no value is there");
  column.minimum = extent.smallest, column.maximum = extent.largest;
  const std::string range = number_text(extent.smallest) + " to " + number_text(extent.largest);
  if (extent.binary) return "only 0 and 1";
  if (is_bytes) {
    column.scale = 1.0f / 255.0f;
    return "bytes, taken for intensities: divided by 255 they are probabilities";
  }
  if (extent.smallest >= 0 && extent.largest <= 1) return "numbers between 0 and 1, taken for probabilities";
  if (extent.whole && extent.smallest >= 0) {
    column.kind = UnitKind::kPoisson;
    return "whole numbers from " + range;
  }
  return set_gaussian(column, (extent.whole ? "whole" : "real") + std::string(" numbers from ") + range);
}

Column make_block(const SourceFile& source, std::size_t width) {
  Column block;
  block.shape = source.case_shape();
  block.name = block.shape.empty() ? "values" : "pixels";
  block.width = width;
  return block;
}

/// `extent` is of `seen` values.
Inferred infer_dense(const SourceFile& source, std::size_t width, ElementType type, const Extent& extent,
                     std::size_t seen) {
  Column block = make_block(source, width);
  std::string reason = infer_dense_block(block, extent, type == ElementType::kU8);
  block.missing_cells = extent.missing;
  if (extent.missing > 0) {
    block.missing = Missing::kUnknown;
    reason += "; " + std::to_string(extent.missing) + " of " + std::to_string(seen) + " values are missing";
  }
  Inferred all;
  all.schema.columns.push_back(std::move(block));
  all.reasons.push_back(std::move(reason));
  return all;
}

Inferred infer_array(const SourceFile& source, const NumericArray& array) {
  Extent extent;
  visit_type(array, [&](const auto* values) { extent.add(values, array.size()); });
  return infer_dense(source, array.row_size(), array.type, extent, array.size());
}

/// From a sample of blocks; what does not fit the guess is refused when it is read.
Inferred infer_rows_on_disk(const SourceFile& source, const NpyRows& rows) {
  Extent extent;
  AlignedVector<std::byte> bytes;
  std::size_t seen = 0;
  for (const CaseRange& range : sample_ranges(rows.rows(), rows.row_bytes())) {
    const std::size_t most = std::max<std::size_t>(1, (std::size_t{1} << 18) / rows.row_bytes());
    for (std::uint64_t done = 0; done < range.count;) {
      const std::size_t count = std::min<std::uint64_t>(most, range.count - done);
      bytes.resize(std::max(bytes.size(), count * rows.row_bytes()));
      rows.read(range.first + done, count, bytes);
      visit_type(rows.type(), bytes.data(),
                 [&](const auto* values) { extent.add(values, count * rows.row_size()); });
      done += count;
    }
    seen += range.count;
  }
  Inferred all = infer_dense(source, rows.row_size(), rows.type(), extent, seen * rows.row_size());
  if (seen < rows.rows())
    all.reasons.front() +=
        "; seen in " + std::to_string(seen) + " of " + std::to_string(rows.rows()) + " cases";
  return all;
}

Inferred infer_sparse(const SourceFile& source, const CsrMatrix& matrix) {
  Column block = make_block(source, matrix.cols);
  Extent extent;
  const double zero = 0.0;
  extent.add(&zero, 1);  // what is not listed
  extent.add(matrix.values.data(), matrix.values.size());
  block.minimum = extent.smallest, block.maximum = extent.largest;
  block.missing_cells = extent.missing;
  if (extent.missing > 0) block.missing = Missing::kUnknown;
  std::string reason;
  if (extent.binary) {
    reason = "a sparse matrix of ones";
  } else if (extent.whole && extent.smallest >= 0) {
    block.kind = UnitKind::kMultinomial;
    block.name = "words";
    reason = "sparse counts, taken for the words of documents";
  } else {
    block.kind = UnitKind::kGaussian;
    // Centring would be right for dense data; scaling is left to the person, whose zeros may be meant.
    reason = "sparse numbers from " + number_text(extent.smallest) + " to " + number_text(extent.largest) +
             ", not standardised because most are 0";
  }
  Inferred all;
  all.schema.columns.push_back(std::move(block));
  all.reasons.push_back(std::move(reason));
  return all;
}

}  // namespace

Inferred infer_schema(const SourceFile& source, const std::string& label_column,
                      const std::string& weights_column) {
  Inferred all;
  if (const auto* table = std::get_if<CsvTable>(&source.content)) {
    all = infer_table(*table, label_column, weights_column);
  } else {
    if (!label_column.empty() || !weights_column.empty()) {
      throw InputError(source.file + " is not a table, so it has no column \"" +
                       (label_column.empty() ? weights_column : label_column) +
                       "\"; labels of arrays are a file of their own");
    }
    if (const auto* dense = std::get_if<NumericArray>(&source.content)) {
      all = infer_array(source, *dense);
    } else if (const auto* rows = std::get_if<NpyRows>(&source.content)) {
      all = infer_rows_on_disk(source, *rows);
    } else {
      all = infer_sparse(source, std::get<CsrMatrix>(source.content));
    }
  }
  if (source.labels && all.schema.label() == nullptr) {
    Column label;
    label.name = "label";
    label.role = ColumnRole::kLabel;
    label.width = 0;
    number_labels(*source.labels, nullptr, label.categories);
    all.reasons.push_back("the class, from beside the values: " + std::to_string(label.categories.size()) +
                          " of them");
    all.schema.columns.push_back(std::move(label));
  }
  return all;
}

}  // namespace harmonium
