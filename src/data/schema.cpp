// The layer that a schema makes, names of its units, and what a schema must hold to.
#include "harmonium/data/schema.h"

#include <array>
#include <cmath>
#include <set>

#include "harmonium/base/error.h"
#include "harmonium/io/suggest.h"

namespace harmonium {
namespace {

const std::array<std::string, 4> kRoles{"feature", "label", "weight", "ignore"};
const std::array<std::string, 3> kMissings{"refuse", "unknown", "absent"};
const std::array<std::string, 3> kBinarises{"none", "threshold", "sample"};

template <class Enum, std::size_t N>
Enum parse_word(std::string_view word, const std::array<std::string, N>& words, const char* what) {
  for (std::size_t i = 0; i < N; ++i) {
    if (words[i] == word) return static_cast<Enum>(i);
  }
  std::string all;
  for (const auto& known : words) all += (all.empty() ? "\"" : ", \"") + known + "\"";
  throw InputError("\"" + std::string(word) + "\" is no " + what + "; it should be one of " + all +
                   did_you_mean(word, words));
}

bool is_merged(const UnitGroup& last, const UnitGroup& next) {
  return last.kind == next.kind && last.parameter == next.parameter &&
         last.learned_variance == next.learned_variance && next.kind != UnitKind::kSoftmax &&
         next.kind != UnitKind::kMultinomial;
}

UnitGroup group_of(const Column& column) {
  UnitGroup group;
  group.kind = column.kind;
  group.units = column.width;
  if (column.kind == UnitKind::kSoftmax) {
    group.parameter = static_cast<unsigned>(column.states());
  } else if (column.kind == UnitKind::kBinomial || column.kind == UnitKind::kStepped ||
             column.kind == UnitKind::kMultinomial) {
    group.parameter = column.parameter;
  }
  group.learned_variance = column.kind == UnitKind::kGaussian && column.learned_variance;
  return group;
}

void validate_feature(const Column& column, const std::string& where) {
  if (column.width == 0) throw InputError(where + "a feature should have a width of at least 1");
  if (column.kind == UnitKind::kSoftmax && column.states() < 2) {
    throw InputError(where +
                     "softmax needs at least 2 states; give categories = [...] or kind = \"softmax(K)\"");
  }
  const bool counts_copies = column.kind == UnitKind::kBinomial || column.kind == UnitKind::kStepped;
  if (counts_copies && column.parameter == 0) {
    throw InputError(where + std::string(kind_name(column.kind)) +
                     " needs its number of copies, as in kind = \"" + std::string(kind_name(column.kind)) +
                     "(8)\"");
  }
  if (column.kind == UnitKind::kBernoulli && !column.categories.empty() && column.categories.size() != 2) {
    throw InputError(where + "bernoulli has 2 categories or none, not " +
                     std::to_string(column.categories.size()));
  }
  if (!column.categories.empty() && column.kind != UnitKind::kSoftmax &&
      column.kind != UnitKind::kBernoulli) {
    throw InputError(where + "categories belong to softmax or bernoulli, not to " +
                     std::string(kind_name(column.kind)));
  }
  if (column.learned_variance && column.kind != UnitKind::kGaussian) {
    throw InputError(where + "only gaussian columns have a learned variance");
  }
  if (column.binarise != Binarise::kNone && column.kind != UnitKind::kBernoulli) {
    throw InputError(where + "only bernoulli columns can be binarised, and this is " +
                     std::string(kind_name(column.kind)));
  }
  const bool is_real = column.kind == UnitKind::kGaussian;
  if (column.standardise && !is_real) {
    throw InputError(where + "only gaussian columns can be standardised, and this is " +
                     std::string(kind_name(column.kind)));
  }
}

void validate_statistics(const Column& column, const std::string& where) {
  if (column.mean.size() != column.deviation.size() ||
      (!column.mean.empty() && column.mean.size() != column.width)) {
    throw InputError(where + "mean and deviation should have " + std::to_string(column.width) +
                     " values each, not " + std::to_string(column.mean.size()) + " and " +
                     std::to_string(column.deviation.size()));
  }
  for (std::size_t i = 0; i < column.mean.size(); ++i) {
    if (!std::isfinite(column.mean[i]) || !std::isfinite(column.deviation[i]) || column.deviation[i] <= 0) {
      throw InputError(where + "means should be finite and deviations above 0");
    }
  }
}

void validate_column(const Column& column) {
  const std::string where = "column \"" + column.name + "\": ";
  if (column.role == ColumnRole::kFeature) validate_feature(column, where);
  if (!std::isfinite(column.scale) || !std::isfinite(column.offset) || column.scale == 0.0f) {
    throw InputError(where + "scale and offset should be finite, and scale not 0");
  }
  if (!std::isfinite(column.threshold)) throw InputError(where + "threshold should be finite");
  std::size_t rest = column.width;
  bool divides = true;
  for (const std::size_t n : column.shape) {
    divides = divides && n != 0 && rest % n == 0;
    if (divides) rest /= n;
  }
  if (!column.shape.empty() && (!divides || rest != 1)) {
    throw InputError(where + "the sizes in shape should multiply to the width " +
                     std::to_string(column.width));
  }
  if (std::set<std::string>(column.categories.begin(), column.categories.end()).size() !=
      column.categories.size()) {
    throw InputError(where + "a category stands twice in categories");
  }
  validate_statistics(column, where);
}

/// "[3,7]" in a block with a shape, "[12]" in one without, "" in a single column.
std::string place_in_block(const Column& column, std::size_t index) {
  if (column.width == 1) return "";
  if (column.shape.size() < 2) return "[" + std::to_string(index) + "]";
  std::string place;
  for (std::size_t d = column.shape.size(); d-- > 0;) {
    place = std::to_string(index % column.shape[d]) + (place.empty() ? "]" : "," + place);
    index /= column.shape[d];
  }
  return "[" + place;
}

}  // namespace

std::size_t Column::unit_columns() const {
  if (role != ColumnRole::kFeature) return 0;
  return kind == UnitKind::kSoftmax ? width * states() : width;
}

std::string Column::raw_name(std::size_t index) const {
  return name + place_in_block(*this, index);
}

LayerSpec Schema::layer() const {
  LayerSpec spec;
  for (const Column& column : columns) {
    if (column.role != ColumnRole::kFeature) continue;
    const UnitGroup group = group_of(column);
    if (!spec.groups.empty() && is_merged(spec.groups.back(), group)) {
      spec.groups.back().units += group.units;
    } else {
      spec.groups.push_back(group);
    }
  }
  return spec;
}

std::size_t Schema::unit_columns() const {
  std::size_t sum = 0;
  for (const Column& column : columns) sum += column.unit_columns();
  return sum;
}

std::size_t Schema::raw_columns() const {
  std::size_t sum = 0;
  for (const Column& column : columns) sum += column.width;
  return sum;
}

const Column* Schema::label() const {
  for (const Column& column : columns) {
    if (column.role == ColumnRole::kLabel) return &column;
  }
  return nullptr;
}

std::vector<std::size_t> Schema::image_shape() const {
  const Column* only = nullptr;
  for (const Column& column : columns) {
    if (column.role != ColumnRole::kFeature) continue;
    if (only != nullptr) return {};
    only = &column;
  }
  if (only == nullptr || only->shape.size() != 2 || only->kind == UnitKind::kSoftmax) return {};
  return only->shape;
}

std::string Schema::unit_name(std::size_t unit_column) const {
  for (const Column& column : columns) {
    const std::size_t count = column.unit_columns();
    if (unit_column >= count) {
      unit_column -= count;
      continue;
    }
    if (column.kind != UnitKind::kSoftmax) return column.raw_name(unit_column);
    const std::size_t state = unit_column % column.states();
    return column.raw_name(unit_column / column.states()) + "=" +
           (column.categories.empty() ? std::to_string(state) : column.categories[state]);
  }
  throw InputError("there is no unit column " + std::to_string(unit_column + unit_columns()) +
                   "; the schema makes " + std::to_string(unit_columns()));
}

void Schema::validate() const {
  std::set<std::string> names;
  std::size_t features = 0, labels = 0, weights = 0;
  for (const Column& column : columns) {
    if (!names.insert(column.name).second) {
      throw InputError("two columns are named \"" + column.name + "\"; each should have a name of its own");
    }
    validate_column(column);
    features += column.role == ColumnRole::kFeature;
    labels += column.role == ColumnRole::kLabel;
    weights += column.role == ColumnRole::kWeight;
  }
  if (features == 0) throw InputError("no column is a feature; at least one should have role = \"feature\"");
  if (labels > 1 || weights > 1) {
    throw InputError(std::string("two columns have the role \"") + (labels > 1 ? "label" : "weight") +
                     "\"; at most one should");
  }
}

std::string_view role_name(ColumnRole role) {
  return kRoles[static_cast<std::size_t>(role)];
}
std::string_view missing_name(Missing missing) {
  return kMissings[static_cast<std::size_t>(missing)];
}
std::string_view binarise_name(Binarise binarise) {
  return kBinarises[static_cast<std::size_t>(binarise)];
}

ColumnRole parse_role(std::string_view word) {
  return parse_word<ColumnRole>(word, kRoles, "role");
}
Missing parse_missing(std::string_view word) {
  return parse_word<Missing>(word, kMissings, "way to treat missing values");
}
Binarise parse_binarise(std::string_view word) {
  return parse_word<Binarise>(word, kBinarises, "way to binarise");
}

}  // namespace harmonium
