#include "harmonium/data/restore.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "harmonium/base/error.h"

namespace harmonium {
namespace {

std::string number(double value) {
  if (std::isnan(value)) return {};
  char text[32];
  std::snprintf(text, sizeof text, "%.7g", value);
  return text;
}

std::string category(const Column& column, std::size_t state) {
  return state < column.categories.size() ? column.categories[state] : std::to_string(state);
}

// The cell of raw column `j` of a block; `units` are the block's.
std::string cell(const Column& column, std::size_t j, std::span<const float> units) {
  if (column.kind == UnitKind::kSoftmax) {
    const auto states = units.subspan(j * column.states(), column.states());
    if (std::isnan(states.front())) return {};
    return category(
        column, static_cast<std::size_t>(std::max_element(states.begin(), states.end()) - states.begin()));
  }
  const float unit = units[j];
  if (std::isnan(unit)) return {};
  if (column.kind == UnitKind::kBernoulli && !column.categories.empty())
    return category(column, unit > 0.5f ? 1 : 0);
  if (column.binarise != Binarise::kNone) return number(unit);
  double value = unit;
  if (column.standardise) value = value * column.deviation[j] + column.mean[j];
  return number((value - column.offset) / column.scale);
}

}  // namespace

std::vector<std::string> raw_header(const Schema& schema) {
  std::vector<std::string> names;
  for (const Column& column : schema.columns)
    for (std::size_t j = 0; column.role == ColumnRole::kFeature && j < column.width; ++j)
      names.push_back(column.raw_name(j));
  return names;
}

std::vector<std::string> raw_cells(const Schema& schema, std::span<const float> units) {
  check(units.size() == schema.unit_columns(), "a row has the units of its schema");
  std::vector<std::string> cells;
  std::size_t first = 0;
  for (const Column& column : schema.columns) {
    if (column.role != ColumnRole::kFeature) continue;
    const auto own = units.subspan(first, column.unit_columns());
    for (std::size_t j = 0; j < column.width; ++j) cells.push_back(cell(column, j, own));
    first += own.size();
  }
  return cells;
}

}  // namespace harmonium
