// From a request to a data set: read, infer or match the schema, change it as asked, choose cases.
#include "harmonium/data/load.h"

#include <algorithm>
#include <set>

#include "data/cells.h"
#include "data/infer.h"
#include "data/source_file.h"
#include "data/table.h"
#include "harmonium/base/error.h"
#include "harmonium/io/suggest.h"

namespace harmonium {
namespace {

void require_gaussian(const Schema& schema, const DataRequest& request) {
  if (!request.standardise.value_or(false)) return;
  for (const Column& column : schema.columns) {
    if (column.role == ColumnRole::kFeature && column.kind == UnitKind::kGaussian) return;
  }
  throw InputError(
      request.source +
      " has no gaussian column to be standardised; say kind = \"gaussian\" if its values are real");
}

void change_kind(Column& column, const DataRequest& request) {
  column.kind = *request.kind;
  column.parameter = request.parameter;
  if (column.kind != UnitKind::kSoftmax && column.kind != UnitKind::kBernoulli) column.categories.clear();
  if (column.kind != UnitKind::kBernoulli) column.binarise = Binarise::kNone;
  if (column.kind != UnitKind::kGaussian) column.standardise = false;
  // Counts are the numbers themselves, not what intensities were divided by.
  const bool counts = column.kind != UnitKind::kBernoulli && column.kind != UnitKind::kGaussian &&
                      column.kind != UnitKind::kRectified;
  if (counts) column.scale = 1.0f, column.offset = 0.0f;
}

/// What the request says about all features, over what was inferred or given.
void apply_changes(Schema& schema, const DataRequest& request) {
  for (Column& column : schema.columns) {
    if (request.missing) column.missing = *request.missing;
    if (column.role != ColumnRole::kFeature) continue;
    if (request.kind) change_kind(column, request);
    if (request.scale) column.scale = *request.scale;
    if (request.offset) column.offset = *request.offset;
    if (request.threshold) column.threshold = *request.threshold;
    const bool takes_binarise = column.kind == UnitKind::kBernoulli && column.categories.empty();
    if (request.binarise && takes_binarise) {
      column.binarise = *request.binarise;
    } else if (request.threshold && takes_binarise) {
      column.binarise = Binarise::kThreshold;
    }
    if (request.standardise && column.kind == UnitKind::kGaussian) column.standardise = *request.standardise;
    if (!column.standardise) column.mean.clear(), column.deviation.clear();
  }
  require_gaussian(schema, request);
  if (!request.binarise || *request.binarise == Binarise::kNone) return;
  for (const Column& column : schema.columns) {
    if (column.binarise == *request.binarise) return;
  }
  throw InputError(request.source + " has no bernoulli column to be binarised");
}

/// Arrays hold features and what is ignored, column by column.
void store_array(SourceFile& source, Dataset::Parts& parts) {
  RawValues raw;
  std::size_t first = 0;
  for (const Column& column : parts.schema.columns) {
    raw.first_column.push_back(column.width == 0 ? kNotStored : first);
    first += column.width;
  }
  if (auto* dense = std::get_if<NumericArray>(&source.content)) {
    raw.values = std::move(*dense);
  } else if (auto* on_disk = std::get_if<NpyRows>(&source.content)) {
    raw.values = std::make_shared<StreamedRows>(std::move(*on_disk));
  } else {
    raw.values = std::get<CsrMatrix>(std::move(source.content));
  }
  parts.values = std::make_shared<const RawValues>(std::move(raw));
}

/// Labels from beside the values, numbered as the schema's label column says.
void add_labels(const SourceFile& source, const DataRequest& request, Dataset::Parts& parts) {
  if (!source.labels) return;
  for (Column& column : parts.schema.columns) {
    if (column.role != ColumnRole::kLabel) continue;
    std::vector<std::string> classes;
    parts.labels = number_labels(*source.labels, &column, classes);
    column.categories = std::move(classes);
  }
  const bool unknown = std::find(parts.labels.begin(), parts.labels.end(), -1) != parts.labels.end();
  if (unknown && request.missing.value_or(Missing::kRefuse) == Missing::kRefuse) {
    throw InputError(source.labels->file + " has missing labels; set missing = \"unknown\" if that is meant");
  }
}

/// The rows of the chosen classes, cut to the limit; nothing where all are chosen.
std::optional<std::vector<std::uint64_t>> choose_rows(const DataRequest& request, const Dataset::Parts& parts,
                                                      std::size_t total) {
  if (request.classes.empty() && request.limit == 0) return std::nullopt;
  std::set<std::size_t> kept;
  if (!request.classes.empty()) {
    const Column* label = parts.schema.label();
    if (parts.labels.empty() || label == nullptr) {
      throw InputError(parts.file +
                       " has no labels, so classes cannot be chosen; name them with labels or "
                       "label_column");
    }
    const CategoryIndex index(label->categories);
    for (const std::string& name : request.classes) {
      const auto k = index.find(name);
      if (!k) {
        throw InputError(parts.file + " has no class \"" + name + "\"" +
                         did_you_mean(name, label->categories));
      }
      kept.insert(*k);
    }
  }
  std::vector<std::uint64_t> rows;
  for (std::size_t r = 0; r < total; ++r) {
    if (request.limit != 0 && rows.size() == request.limit) break;
    const bool chosen =
        kept.empty() || (parts.labels[r] >= 0 && kept.contains(static_cast<std::size_t>(parts.labels[r])));
    if (chosen) rows.push_back(r);
  }
  if (rows.empty()) throw InputError(parts.file + " has no case of the chosen classes");
  return rows;
}

std::string chosen_text(const DataRequest& request) {
  std::string text;
  for (const std::string& name : request.classes) {
    text += (text.empty() ? ", only the classes " : " ") + name;
  }
  if (request.limit != 0) text += ", the first " + std::to_string(request.limit) + " cases";
  return text;
}

/// The inferred schema, in which missing values are refused unless the request says what they mean.
Schema infer_for_load(const SourceFile& source, const DataRequest& request,
                      std::vector<std::string>& warnings) {
  Inferred inferred = infer_schema(source, request.label_column, request.weights_column);
  for (Column& column : inferred.schema.columns) column.missing = Missing::kRefuse;
  warnings = std::move(inferred.warnings);
  return std::move(inferred.schema);
}

/// Makes the schema fit where its labels and weights are: arrays have theirs beside them, not in a column.
void place_labels(Schema& schema, const SourceFile& source) {
  if (!std::holds_alternative<CsvTable>(source.content)) {
    for (Column& column : schema.columns) {
      if (column.role == ColumnRole::kLabel || column.role == ColumnRole::kWeight) column.width = 0;
    }
  }
  if (!source.labels || schema.label() != nullptr) return;
  Column label;
  label.name = "label";
  label.role = ColumnRole::kLabel;
  label.width = 0;
  schema.columns.push_back(std::move(label));
}

/// A label or weight column that the request names takes that role in a given schema too.
void assign_roles(Schema& schema, const DataRequest& request) {
  const auto assign = [&](const std::string& name, ColumnRole role) {
    if (name.empty()) return;
    std::vector<std::string> names;
    bool found = false;
    for (Column& column : schema.columns) {
      names.push_back(column.name);
      if (column.name == name) {
        column.role = role;
        found = true;
      } else if (column.role == role) {
        column.role = ColumnRole::kIgnore;
        column.reason = "\"" + name + "\" is the " + std::string(role_name(role)) + " instead";
      }
    }
    if (!found) {
      throw InputError("the schema has no column \"" + name + "\" to be the " + std::string(role_name(role)) +
                       did_you_mean(name, names));
    }
  };
  assign(request.label_column, ColumnRole::kLabel);
  assign(request.weights_column, ColumnRole::kWeight);
}

/// A schema of reduced images (that of a model trained on them) reads images of the full size, which are then
/// reduced alike: the block takes the file's shape for reading, and the shape to reduce to is returned.
std::optional<std::pair<std::size_t, std::size_t>> shape_to_reduce_to(Schema& schema,
                                                                      const SourceFile& source) {
  const auto wanted = schema.image_shape(), given = source.case_shape();
  if (wanted.size() != 2 || given.size() != 2 || wanted == given) return std::nullopt;
  for (Column& column : schema.columns) {
    if (column.role != ColumnRole::kFeature) continue;
    if (column.reduced_from != given || column.standardise) return std::nullopt;
    column.shape = given;
    column.width = given[0] * given[1];
  }
  return std::pair{wanted[0], wanted[1]};
}

// True for bytes that are divided by 255.
bool is_of_bytes(const Column& column) {
  return column.role == ColumnRole::kFeature && column.kind == UnitKind::kBernoulli &&
         column.scale == 1.0f / 255.0f && column.offset == 0.0f && column.maximum > 1.0;
}

// Bytes divided by 255 that come as floats, as fantasies and reconstructions are written, are not divided
// again.
void keep_probabilities(Schema& schema, const SourceFile& source, std::vector<std::string>& warnings) {
  const auto* array = std::get_if<NumericArray>(&source.content);
  const auto* rows = std::get_if<NpyRows>(&source.content);
  if (!array && !rows) return;
  const ElementType type = array ? array->type : rows->type();
  if (type != ElementType::kF32 && type != ElementType::kF64) return;
  if (std::none_of(schema.columns.begin(), schema.columns.end(), is_of_bytes)) return;
  const Column found = infer_schema(source, "", "").schema.columns.front();
  if (!(found.minimum >= 0.0 && found.maximum <= 1.0)) return;
  for (Column& column : schema.columns)
    if (is_of_bytes(column)) column.scale = 1.0f;
  warnings.push_back(source.file +
                     ": its numbers lie between 0 and 1, so they are taken as they are and not divided by "
                     "255 as bytes would be.");
}

}  // namespace

Dataset load_dataset(const DataRequest& request) {
  SourceFile source = read_source(request);
  if (source.rows() == 0) throw InputError(source.file + " holds no cases; it should hold at least one");
  Dataset::Parts parts;
  Schema schema = request.columns ? *request.columns : infer_for_load(source, request, parts.warnings);
  if (request.columns) assign_roles(schema, request);
  if (request.columns && request.columns_of_other_cases && !request.scale)
    keep_probabilities(schema, source, parts.warnings);
  apply_changes(schema, request);
  place_labels(schema, source);
  auto resize = shape_to_reduce_to(schema, source);
  if (request.resize) resize = request.resize;
  schema.validate();
  parts.name = source.name;
  parts.file = source.file;
  parts.description = source.description + chosen_text(request);
  if (const auto* table = std::get_if<CsvTable>(&source.content)) {
    build_table(*table, schema, parts);
  } else {
    parts.schema = std::move(schema);
  }
  add_labels(source, request, parts);
  const std::size_t total = source.rows();
  if (parts.values == nullptr) store_array(source, parts);
  if (parts.values->on_disk() && request.classes.empty()) {
    parts.limit = request.limit;  // a list of rows would grow with the file
  } else {
    parts.rows = choose_rows(request, parts, total);
  }
  parts.stream = request.stream;
  Dataset dataset(std::move(parts));
  if (resize) return dataset.resize_images(resize->first, resize->second);
  return dataset;
}

Dataset load_dataset(const std::string& source) {
  DataRequest request;
  request.source = source;
  return load_dataset(request);
}

}  // namespace harmonium
