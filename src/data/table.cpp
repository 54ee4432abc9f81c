#include "data/table.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <set>
#include <unordered_map>

#include "data/cells.h"
#include "data/value_check.h"
#include "harmonium/base/error.h"
#include "harmonium/io/suggest.h"

namespace harmonium {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/// Where a column of the schema lies in the table.
struct Found {
  const Column* column;
  std::vector<std::size_t> cells;  ///< of each raw column; empty where the table has not got it
};

/// Where the schema and the table differ, only what has no partner is worth suggesting.
template <class Names>
std::string suggest_unmatched(const std::string& word, const std::vector<std::string>& candidates,
                              const Names& matched) {
  std::vector<std::string> rest;
  std::copy_if(candidates.begin(), candidates.end(), std::back_inserter(rest),
               [&](const std::string& name) { return !matched.contains(name); });
  return did_you_mean(word, rest);
}

std::vector<Found> match_columns(const CsvTable& table, const Schema& schema) {
  std::unordered_map<std::string, std::size_t> by_name;
  for (std::size_t i = 0; i < table.header.size(); ++i) by_name.emplace(table.header[i], i);
  std::vector<std::string> names;
  for (const Column& column : schema.columns) names.push_back(column.name);
  const std::set<std::string> named(names.begin(), names.end());
  std::vector<bool> known(table.header.size(), false);
  std::vector<Found> all;
  for (const Column& column : schema.columns) {
    Found found{&column, {}};
    for (std::size_t j = 0; j < std::max<std::size_t>(column.width, 1); ++j) {
      const std::string name = column.width == 0 ? column.name : column.raw_name(j);
      const auto at = by_name.find(name);
      if (at == by_name.end()) {
        if (column.role != ColumnRole::kFeature) break;
        throw InputError(table.file + " has no column \"" + name + "\", which the schema names" +
                         suggest_unmatched(name, table.header, named));
      }
      found.cells.push_back(at->second);
      known[at->second] = true;
    }
    all.push_back(std::move(found));
  }
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (known[i]) continue;
    throw InputError(table.file + ": column \"" + table.header[i] +
                     "\" is not in the schema; add it, with role = \"ignore\" if it is not to be read" +
                     suggest_unmatched(table.header[i], names, by_name));
  }
  if (schema.ordered) return all;
  // The file's order, so that the order in which a person lists columns means nothing.
  std::stable_sort(all.begin(), all.end(), [](const Found& a, const Found& b) {
    const std::size_t end = std::numeric_limits<std::size_t>::max();
    return (a.cells.empty() ? end : a.cells[0]) < (b.cells.empty() ? end : b.cells[0]);
  });
  return all;
}

std::string place(const CsvTable& table, const CsvRow& row, const std::string& column) {
  return table.file + ":" + std::to_string(row.line) + ", column \"" + column + "\": ";
}

float category_cell(const CsvTable& table, const CsvRow& row, std::size_t cell, const Column& column,
                    const CategoryIndex& index) {
  const std::string& text = row.cells[cell];
  if (const auto k = index.find(text)) return static_cast<float>(*k);
  if (is_missing_cell(text)) return kNan;
  throw InputError(place(table, row, table.header[cell]) + "\"" + text + "\" is not one of its " +
                   std::to_string(column.categories.size()) + " categories" +
                   did_you_mean(trimmed(text), column.categories));
}

float number_cell(const CsvTable& table, const CsvRow& row, std::size_t cell) {
  const std::string& text = row.cells[cell];
  if (is_missing_cell(text)) return kNan;
  const auto value = cell_number(text);
  if (!value) {
    throw InputError(place(table, row, table.header[cell]) + "\"" + text +
                     "\" is not a number; it should be one, or the schema should say what the column is "
                     "(categories = [...], or role = \"ignore\")");
  }
  return static_cast<float>(*value);
}

void fill_feature(const CsvTable& table, const Found& found, std::size_t first, std::size_t width,
                  std::vector<float>& values) {
  const Column& column = *found.column;
  const CategoryIndex index(column.categories);
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    for (std::size_t j = 0; j < found.cells.size(); ++j) {
      values[r * width + first + j] =
          column.categories.empty() ? number_cell(table, table.rows[r], found.cells[j])
                                    : category_cell(table, table.rows[r], found.cells[j], column, index);
    }
  }
}

void fill_labels(const CsvTable& table, const Found& found, Column& label, Dataset::Parts& parts) {
  RawLabels raw;
  raw.file = table.file;
  raw.lines = parts.lines;
  for (const CsvRow& row : table.rows) raw.words.push_back(row.cells[found.cells[0]]);
  std::vector<std::string> classes;
  parts.labels = number_labels(raw, found.column, classes);
  label.categories = std::move(classes);
  for (std::size_t r = 0; r < parts.labels.size(); ++r) {
    if (parts.labels[r] >= 0 || label.missing != Missing::kRefuse) continue;
    throw InputError(place(table, table.rows[r], label.name) +
                     "the label is missing; set missing = \"unknown\" if there are cases without one");
  }
}

}  // namespace

void build_table(const CsvTable& table, const Schema& schema, Dataset::Parts& parts) {
  const auto all = match_columns(table, schema);
  for (const CsvRow& row : table.rows) parts.lines.push_back(row.line);
  RawValues raw;
  std::size_t width = 0;
  parts.schema.columns.clear();
  for (const Found& found : all) {
    const bool stored = found.column->role == ColumnRole::kFeature;
    parts.schema.columns.push_back(*found.column);
    raw.first_column.push_back(stored ? width : kNotStored);
    if (stored) width += found.column->width;
  }
  std::vector<float> values(table.rows.size() * width);
  for (std::size_t c = 0; c < all.size(); ++c) {
    const Found& found = all[c];
    if (found.column->role == ColumnRole::kFeature) {
      fill_feature(table, found, raw.first_column[c], width, values);
    } else if (found.column->role == ColumnRole::kLabel && !found.cells.empty()) {
      fill_labels(table, found, parts.schema.columns[c], parts);
    } else if (found.column->role == ColumnRole::kWeight && !found.cells.empty()) {
      for (const CsvRow& row : table.rows) parts.weights.push_back(number_cell(table, row, found.cells[0]));
    }
  }
  raw.values = NumericArray::from<float>(values, {table.rows.size(), width});
  parts.values = std::make_shared<const RawValues>(std::move(raw));
}

}  // namespace harmonium
