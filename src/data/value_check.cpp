#include "data/value_check.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "harmonium/base/error.h"

namespace harmonium {
namespace {

constexpr float kMaxCount = 0x1p24f;  // whole numbers beyond are not all floats

/// What y = raw * scale + offset must be.
struct Rule {
  float scale = 1.0f, offset = 0.0f;
  float low = -std::numeric_limits<float>::max(), high = std::numeric_limits<float>::max();
  bool whole = false;

  template <class T>
  bool holds(T raw) const {
    const auto y = static_cast<Wide<T>>(raw) * scale + offset;
    // Not `y < low || y > high`: NaN must fail too.
    if (!(y >= low && y <= high)) return false;
    return !whole || y == std::floor(y);
  }
};

Rule rule_of(const Column& column) {
  Rule rule;
  rule.scale = column.scale, rule.offset = column.offset;
  const auto range = [&](float low, float high, bool whole) {
    rule.low = low, rule.high = high, rule.whole = whole;
  };
  switch (column.kind) {
    case UnitKind::kBernoulli:
      if (!column.categories.empty()) {
        range(0, 1, true);
      } else if (column.binarise != Binarise::kThreshold) {
        range(0, 1, false);
      }
      break;
    case UnitKind::kGaussian:
      break;
    case UnitKind::kRectified:
      rule.low = 0;
      break;
    case UnitKind::kBinomial:
    case UnitKind::kStepped:
      range(0, static_cast<float>(column.parameter), true);
      break;
    case UnitKind::kSoftmax:
      range(0, static_cast<float>(column.states() - 1), true);
      break;
    case UnitKind::kMultinomial:
    case UnitKind::kPoisson:
      range(0, kMaxCount, true);
      break;
  }
  return rule;
}

std::string wanted(const Column& column) {
  switch (column.kind) {
    case UnitKind::kBernoulli:
      if (!column.categories.empty()) return "is neither of its 2 categories, 0 and 1";
      return "is not between 0 and 1, as a bernoulli value must be";
    case UnitKind::kGaussian:
      return "is not a number that f32 can hold";
    case UnitKind::kRectified:
      return "is below 0, where rectified values begin";
    case UnitKind::kBinomial:
    case UnitKind::kStepped:
      return "is not a whole number from 0 to " + std::to_string(column.parameter) + ", as a " +
             std::string(kind_name(column.kind)) + " value must be here";
    case UnitKind::kSoftmax:
      return "is not one of its " + std::to_string(column.states()) + " categories, which count from 0 to " +
             std::to_string(column.states() - 1);
    case UnitKind::kMultinomial:
      return "is not a whole number from 0 up, as a count of words must be";
    case UnitKind::kPoisson:
      break;
  }
  return "is not a whole number from 0 up, as a poisson value must be";
}

std::string column_text(const Column& column, std::size_t index, std::size_t stored) {
  if (column.width == 1) return "column \"" + column.name + "\": ";
  return "column " + std::to_string(stored) + " (\"" + column.raw_name(index) + "\"): ";
}

[[noreturn]] void refuse(const Column& column, double raw, const std::string& where) {
  if (std::isnan(raw)) {
    throw InputError(
        where +
        "the value is missing (NaN or an empty cell); set missing = \"unknown\" if such values are "
        "unknown, or \"absent\" to leave them out");
  }
  if (std::isinf(raw)) throw InputError(where + "the value is infinite; it should be a finite number");
  std::string value = number_text(raw);
  if (column.scale != 1.0f || column.offset != 0.0f) {
    const double y = raw * column.scale + column.offset;
    value += ", with scale and offset " + number_text(static_cast<float>(y)) + ",";
  }
  throw InputError(where + value + " " + wanted(column));
}

template <class T>
bool is_missing([[maybe_unused]] T raw) {
  if constexpr (std::is_floating_point_v<T>) return std::isnan(raw);
  return false;
}

/// True where no value of the type can be wrong, so that they need not be looked at.
template <class T>
bool holds_always(const Rule& rule, const Column& column) {
  if (column.kind == UnitKind::kMultinomial && column.parameter != 0) return false;  // rows have a sum
  if constexpr (sizeof(T) == 1) {
    for (int raw = std::numeric_limits<T>::min(); raw <= std::numeric_limits<T>::max(); ++raw) {
      if (!rule.holds(static_cast<T>(raw))) return false;
    }
    return true;
  }
  return false;
}

struct Feature {
  std::size_t number;  ///< in the schema
  const Column* column;
  std::size_t first;  ///< stored column
  Rule rule;
};

/// Of value `j` of a feature's column. Calls `missed(j)` for what is missing where it may be.
template <class T, class Missed>
void check_value(const Feature& feature, T raw, std::size_t j, std::size_t row_number, const Place& place,
                 Missed&& missed) {
  if (feature.rule.holds(raw)) return;
  const Column& column = *feature.column;
  if (is_missing(raw) && column.missing != Missing::kRefuse) return missed(j);
  refuse(column, static_cast<double>(raw),
         place.row(row_number) + ", " + column_text(column, j, feature.first + j));
}

bool has_fixed_length(const Column& column) {
  return column.kind == UnitKind::kMultinomial && column.parameter != 0;
}

void check_length(const Column& column, double length, std::size_t row_number, const Place& place) {
  if (length == column.parameter || std::isnan(length)) return;
  throw InputError(place.row(row_number) + ", column \"" + column.name + "\": the counts sum to " +
                   number_text(length) + ", not to the fixed length " + std::to_string(column.parameter));
}

template <class T, class Missed>
void check_row(const Feature& feature, const T* row, std::size_t row_number, const Place& place,
               Missed&& missed) {
  const Column& column = *feature.column;
  for (std::size_t j = 0; j < column.width; ++j)
    check_value(feature, row[feature.first + j], j, row_number, place, missed);
  if (!has_fixed_length(column)) return;
  double length = 0.0;
  for (std::size_t j = 0; j < column.width; ++j) {
    length += static_cast<double>(row[feature.first + j]) * column.scale + column.offset;
  }
  check_length(column, length, row_number, place);
}

/// The same of a sparse row whose zeros are known to hold.
template <class Missed>
void check_sparse_row(const Feature& feature, const CsrMatrix& raw, std::size_t row_number,
                      const Place& place, Missed&& missed) {
  const Column& column = *feature.column;
  double length = static_cast<double>(column.offset) * static_cast<double>(column.width);
  for (auto k = raw.row_start[row_number]; k < raw.row_start[row_number + 1]; ++k) {
    if (raw.columns[k] < feature.first || raw.columns[k] >= feature.first + column.width) continue;
    check_value(feature, raw.values[k], raw.columns[k] - feature.first, row_number, place, missed);
    length += static_cast<double>(raw.values[k]) * column.scale;
  }
  if (has_fixed_length(column)) check_length(column, length, row_number, place);
}

void add_constant_warning(const Column& column, std::size_t constant, std::vector<std::string>& warnings) {
  if (constant == 0) return;
  if (column.width == 1) {
    warnings.push_back("column \"" + column.name +
                       "\" has the same value in every case, so standardising only centres it (deviation 1); "
                       "role = \"ignore\" leaves it out");
    return;
  }
  warnings.push_back(
      std::to_string(constant) + " of the " + std::to_string(column.width) + " columns of \"" + column.name +
      "\" have the same value in every case, so standardising only centres them (deviation 1)");
}

/// Calls f(index in the column, y) for every value of a column that is there.
template <class F>
void visit_column(const Column& column, std::size_t first, const RawValues& raw,
                  std::span<const std::uint64_t> rows, F&& f) {
  const std::size_t count = rows.empty() ? raw.rows() : rows.size();
  const auto row_of = [&](std::size_t i) { return rows.empty() ? i : static_cast<std::size_t>(rows[i]); };
  visit_rows(raw, count, row_of, [&](std::size_t, const auto* row) {
    for (std::size_t j = 0; j < column.width; ++j) {
      const auto value = row[first + j];
      if (!is_missing(value)) f(j, static_cast<double>(value) * column.scale + column.offset);
    }
  });
}

}  // namespace

std::string Place::row(std::size_t row_number) const {
  if (row_number < lines.size()) return file + ":" + std::to_string(lines[row_number]);
  return file + ": row " + std::to_string(row_number) + " (counted from 0)";
}

std::string number_text(double value) {
  char text[40];
  if (std::floor(value) == value && std::abs(value) < 1e15) {
    return {text, std::to_chars(text, text + sizeof text, static_cast<long long>(value)).ptr};
  }
  // A value that was read as f32 is shown as that: 1.1, not 1.10000002384186.
  const auto narrow = static_cast<float>(value);
  const auto end = static_cast<double>(narrow) == value ? std::to_chars(text, text + sizeof text, narrow).ptr
                                                        : std::to_chars(text, text + sizeof text, value).ptr;
  return {text, end};
}

namespace {

/// The features that have values which can be wrong.
std::vector<Feature> features_to_check(const Schema& schema, const RawValues& raw) {
  std::vector<Feature> features;
  for (std::size_t c = 0; c < schema.columns.size(); ++c) {
    const Column& column = schema.columns[c];
    if (column.role == ColumnRole::kFeature) {
      features.push_back({c, &column, raw.first_column[c], rule_of(column)});
    }
  }
  visit_type(raw.type(), nullptr, [&](const auto* values) {
    using T = std::remove_cvref_t<decltype(*values)>;
    std::erase_if(features, [](const Feature& f) { return holds_always<T>(f.rule, *f.column); });
  });
  return features;
}

}  // namespace

std::vector<std::uint64_t> check_values(const Schema& schema, const RawValues& raw, const Place& place) {
  std::vector<std::uint64_t> missing(schema.columns.size(), 0);
  const std::vector<Feature> features = features_to_check(schema, raw);
  if (features.empty()) return missing;
  const auto* sparse = std::get_if<CsrMatrix>(&raw.values);
  if (sparse != nullptr &&
      std::all_of(features.begin(), features.end(), [](const Feature& f) { return f.rule.holds(0.0f); })) {
    for (std::size_t r = 0; r < sparse->rows; ++r)
      for (const Feature& feature : features)
        check_sparse_row(feature, *sparse, r, place, [&](std::size_t) { ++missing[feature.number]; });
    return missing;
  }
  visit_rows(
      raw, raw.rows(), [](std::size_t i) { return i; },
      [&](std::size_t r, const auto* row) {
        for (const Feature& feature : features)
          check_row(feature, row, r, place, [&](std::size_t) { ++missing[feature.number]; });
      });
  return missing;
}

std::shared_ptr<const RawValues> with_row_check(const RawValues& raw, const Schema& schema,
                                                const std::string& file) {
  auto own = std::make_shared<Schema>(schema);  // `features` points into it
  for (Column& column : own->columns) column.missing = Missing::kUnknown;
  auto features = features_to_check(*own, raw);
  StreamedRows::Check check;
  if (!features.empty()) {
    check = [own, features = std::move(features), file, type = raw.type(), columns = raw.columns()](
                std::uint64_t first, std::size_t count, const std::byte* bytes) {
      const Place place{file, {}};
      visit_type(type, bytes, [&](const auto* values) {
        for (std::size_t r = 0; r < count; ++r)
          for (const Feature& feature : features)
            check_row(feature, values + r * columns, first + r, place, [&](std::size_t j) {
              throw InputError(
                  place.row(first + r) + ", " + column_text(*feature.column, j, feature.first + j) +
                  "the value is missing (NaN); missing values are learned only in data that are kept "
                  "in memory, so fill them in, or raise data.memory above the size of the file");
            });
      });
    };
  }
  return std::make_shared<const RawValues>(
      RawValues{std::make_shared<StreamedRows>(raw.on_disk()->file(), std::move(check)), raw.first_column});
}

void compute_statistics(Schema& schema, const RawValues& raw, std::span<const std::uint64_t> rows,
                        std::vector<std::string>& warnings) {
  for (std::size_t c = 0; c < schema.columns.size(); ++c) {
    Column& column = schema.columns[c];
    if (column.role != ColumnRole::kFeature || !column.standardise || !column.mean.empty()) continue;
    // Two passes: a sum of squares would lose what a large mean hides.
    std::vector<double> mean(column.width, 0.0), square(column.width, 0.0);
    std::vector<std::uint64_t> count(column.width, 0);
    visit_column(column, raw.first_column[c], raw, rows, [&](std::size_t j, double y) {
      mean[j] += y;
      ++count[j];
    });
    for (std::size_t j = 0; j < column.width; ++j)
      mean[j] /= static_cast<double>(std::max<std::uint64_t>(count[j], 1));
    visit_column(column, raw.first_column[c], raw, rows,
                 [&](std::size_t j, double y) { square[j] += (y - mean[j]) * (y - mean[j]); });
    column.mean.assign(mean.begin(), mean.end());
    column.deviation.assign(column.width, 1.0f);
    std::size_t constant = 0;
    for (std::size_t j = 0; j < column.width; ++j) {
      const auto deviation = static_cast<float>(
          std::sqrt(square[j] / static_cast<double>(std::max<std::uint64_t>(count[j], 1))));
      // Rounding of equal values leaves a trace of about their size times 2^-53.
      if (deviation > 1e-12 * std::abs(mean[j]) && deviation > 0.0f) {
        column.deviation[j] = deviation;
      } else {
        ++constant;
      }
    }
    add_constant_warning(column, constant, warnings);
  }
}

}  // namespace harmonium
