#include "data/value_step.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace harmonium {
namespace {

constexpr float kMostSteps = 256.0f;  // whole numbers up to here are exact in a 16-bit float

struct StepAndLargest {
  float step, largest;
};

/// Whether the raw values [first, first + count) of every row are whole numbers from 0 to 255.
bool are_bytes(const RawValues& raw, std::size_t first, std::size_t count) {
  if (raw.type() == ElementType::kU8) return true;
  if (raw.on_disk()) return false;  // it is not known, and to know it the whole file would have to be read
  const auto is_byte = [](double value) {
    return std::isnan(value) || (value >= 0.0 && value <= 255.0 && value == std::floor(value));
  };
  bool bytes = true;
  if (const auto* sparse = std::get_if<CsrMatrix>(&raw.values)) {
    for (std::size_t k = 0; bytes && k < sparse->values.size(); ++k)
      if (sparse->columns[k] >= first && sparse->columns[k] < first + count)
        bytes = is_byte(sparse->values[k]);
    return bytes;
  }
  visit_rows(
      raw, raw.rows(), [](std::size_t i) { return i; },
      [&](std::size_t, const auto* row) {
        for (std::size_t j = first; bytes && j < first + count; ++j)
          bytes = is_byte(static_cast<double>(row[j]));
      });
  return bytes;
}

std::optional<StepAndLargest> step_of(const Column& column, const RawValues& raw, std::size_t first) {
  // Looked at only where it decides: it may have to read all values.
  const auto whole = [&] { return column.offset == 0.0f && are_bytes(raw, first, column.width); };
  switch (column.kind) {
    case UnitKind::kSoftmax:
      return StepAndLargest{1.0f, 1.0f};
    case UnitKind::kBernoulli:
      if (column.binarise != Binarise::kNone) return StepAndLargest{1.0f, 1.0f};
      if (!(column.scale > 0.0f) || !whole()) return std::nullopt;
      // A value of 1 must be a whole number of steps too, because samples are 0 or 1.
      if (const float steps = 1.0f / column.scale; std::abs(steps - std::round(steps)) > 1e-3f)
        return std::nullopt;
      return StepAndLargest{column.scale, 1.0f};
    case UnitKind::kBinomial:
    case UnitKind::kStepped:
      if (column.scale != 1.0f || !whole()) return std::nullopt;
      return StepAndLargest{1.0f, static_cast<float>(column.parameter)};
    case UnitKind::kMultinomial:
      if (column.scale != 1.0f || column.parameter == 0 || !whole()) return std::nullopt;
      return StepAndLargest{1.0f, static_cast<float>(column.parameter)};
    case UnitKind::kGaussian:
    case UnitKind::kRectified:
    case UnitKind::kPoisson:
      break;
  }
  return std::nullopt;
}

}  // namespace

float value_step(const Schema& schema, const RawValues& raw) {
  std::vector<StepAndLargest> all;
  for (std::size_t c = 0; c < schema.columns.size(); ++c) {
    const Column& column = schema.columns[c];
    if (column.role != ColumnRole::kFeature) continue;
    const auto one = step_of(column, raw, raw.first_column[c]);
    if (!one) return 0.0f;
    all.push_back(*one);
  }
  float step = 1.0f;
  for (const StepAndLargest& one : all) step = std::min(step, one.step);
  for (const StepAndLargest& one : all) {
    const float steps = one.step / step;
    if (std::abs(steps - std::round(steps)) > 1e-3f || one.largest / step > kMostSteps) return 0.0f;
  }
  return step;
}

}  // namespace harmonium
