// Labels as units beside the data, and data sets from matrices in memory.
#include <algorithm>
#include <cmath>
#include <limits>

#include "data/raw_values.h"
#include "harmonium/base/error.h"
#include "harmonium/data/dataset.h"

namespace harmonium {
namespace {

/// One raw column a variable: a softmax variable's number of the state that is 1. NaN where it is missing.
float state_of(std::span<const float> states, std::size_t row, const std::string& name) {
  if (std::all_of(states.begin(), states.end(), [](float x) { return std::isnan(x); })) {
    return std::numeric_limits<float>::quiet_NaN();
  }
  const auto one = std::find(states.begin(), states.end(), 1.0f);
  const auto zeros = std::count(states.begin(), states.end(), 0.0f);
  if (one == states.end() || static_cast<std::size_t>(zeros) + 1 != states.size()) {
    throw InputError("the matrix: row " + std::to_string(row) + " (counted from 0), " + name +
                     ": one of its states should be 1 and the others 0");
  }
  return static_cast<float>(one - states.begin());
}

Schema schema_of(const LayerSpec& layer, Missing missing) {
  Schema schema;
  for (std::size_t g = 0; g < layer.groups.size(); ++g) {
    const UnitGroup& group = layer.groups[g];
    Column column;
    column.name = layer.groups.size() == 1 ? "values" : "group" + std::to_string(g);
    column.kind = group.kind;
    column.parameter = group.parameter;
    column.learned_variance = group.learned_variance;
    column.width = group.units;
    column.missing = missing;
    schema.columns.push_back(std::move(column));
  }
  return schema;
}

}  // namespace

LabelledSource::LabelledSource(std::shared_ptr<const BatchSource> source, std::vector<std::int32_t> labels,
                               std::size_t classes)
    : source_(std::move(source)), labels_(std::move(labels)), classes_(classes), layer_(source_->layer()) {
  if (labels_.size() != source_->size()) {
    throw InputError("there are " + std::to_string(source_->size()) + " cases but " +
                     std::to_string(labels_.size()) + " labels");
  }
  if (classes_ < 2)
    throw InputError("labels should have at least 2 classes, not " + std::to_string(classes_));
  for (const auto label : labels_) {
    if (label < -1 || label >= static_cast<std::int64_t>(classes_)) {
      throw InputError("the label " + std::to_string(label) + " should be from 0 to " +
                       std::to_string(classes_ - 1) + ", or -1 where it is unknown");
    }
    has_unknown_ = has_unknown_ || label == -1;
  }
  UnitGroup group;
  group.kind = UnitKind::kSoftmax;
  group.units = 1;
  group.parameter = static_cast<unsigned>(classes_);
  layer_.groups.push_back(group);
}

void LabelledSource::fetch_sparse(std::span<const std::uint64_t> cases, SparseMatrix& rows) const {
  SparseMatrix below;
  source_->fetch_sparse(cases, below);
  rows.clear(layer_.columns());
  for (std::size_t r = 0; r < cases.size(); ++r) {
    for (auto k = below.row_start[r]; k < below.row_start[r + 1]; ++k)
      rows.add(below.columns[k], below.values[k]);
    rows.add(static_cast<std::uint32_t>(below.cols + static_cast<std::size_t>(labels_[cases[r]])), 1.0f);
    rows.end_row();
  }
}

void LabelledSource::fetch(std::span<const std::uint64_t> cases, std::uint64_t seed, std::uint64_t epoch,
                           MatrixView<float> values) const {
  check(values.cols() == layer_.columns(), "LabelledSource::fetch: the view is not cases x columns");
  const std::size_t columns = values.cols() - classes_;
  source_->fetch(cases, seed, epoch, values.col_block(0, columns));
  for (std::size_t r = 0; r < cases.size(); ++r) {
    const std::int32_t label = labels_[cases[r]];
    const auto states = values.row(r).subspan(columns);
    const float others = label < 0 ? std::numeric_limits<float>::quiet_NaN() : 0.0f;
    std::fill(states.begin(), states.end(), others);
    if (label >= 0) states[static_cast<std::size_t>(label)] = 1.0f;
  }
}

Dataset dataset_from_matrix(const LayerSpec& layer, ConstMatrixView<float> values,
                            std::vector<std::int32_t> labels, std::vector<std::string> classes,
                            Missing missing) {
  if (values.cols() != layer.columns()) {
    throw InputError("the matrix has " + std::to_string(values.cols()) + " columns, but the layer \"" +
                     layer.to_string() + "\" has " + std::to_string(layer.columns()));
  }
  Dataset::Parts parts;
  parts.name = parts.file = "the matrix";
  parts.description = "values from memory";
  parts.schema = schema_of(layer, missing);
  RawValues raw;
  for (const Column& column : parts.schema.columns) {
    const std::size_t end =
        raw.first_column.empty()
            ? 0
            : raw.first_column.back() + parts.schema.columns[raw.first_column.size() - 1].width;
    raw.first_column.push_back(end);
    check(column.width > 0, "dataset_from_matrix: an empty group");
  }
  Matrix<float> stored(values.rows(), parts.schema.raw_columns());
  for (std::size_t r = 0; r < values.rows(); ++r) {
    float* out = stored.row(r).data();
    const float* in = values.row(r).data();
    for (const Column& column : parts.schema.columns) {
      const std::size_t states = column.kind == UnitKind::kSoftmax ? column.parameter : 1;
      for (std::size_t j = 0; j < column.width; ++j, in += states) {
        *out++ = column.kind == UnitKind::kSoftmax ? state_of({in, states}, r, column.raw_name(j)) : *in;
      }
    }
  }
  raw.values = NumericArray::from(stored.view());
  if (!labels.empty()) {
    const auto largest = *std::max_element(labels.begin(), labels.end());
    for (auto k = static_cast<std::int64_t>(classes.size()); k <= largest; ++k) {
      classes.push_back(std::to_string(k));
    }
    Column label;
    label.name = "label";
    label.role = ColumnRole::kLabel;
    label.width = 0;
    label.categories = std::move(classes);
    parts.schema.columns.push_back(std::move(label));
    raw.first_column.push_back(kNotStored);
    parts.labels = std::move(labels);
  }
  parts.values = std::make_shared<const RawValues>(std::move(raw));
  return Dataset(std::move(parts));
}

}  // namespace harmonium
