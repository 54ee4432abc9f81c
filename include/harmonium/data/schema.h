// What the columns of a data set are: their kinds, ranges, categories and transforms.
//
// A schema travels inside a model file, so that a trained model reads a new raw file by itself, and as TOML
// under [data.columns], so that a person can correct what `data describe` inferred. A column may be a block
// of many raw columns: the 784 pixels of an image are one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "harmonium/units/layer.h"

namespace harmonium {

/// What a column is used for.
enum class ColumnRole {
  kFeature,  ///< becomes visible units
  kLabel,    ///< the class of a case
  kWeight,   ///< the weight of a case
  kIgnore,   ///< not read; `reason` says why
};

/// What a missing value (NaN, an empty cell) means.
enum class Missing {
  kRefuse,   ///< an error
  kUnknown,  ///< an unknown variable, sampled in the positive phase
  kAbsent,   ///< masked in both phases, the variant of collaborative filtering
};

/// How values become 0 or 1.
enum class Binarise {
  kNone,
  kThreshold,  ///< 1 where the scaled value lies above the threshold
  kSample,     ///< 1 with the scaled value as probability, drawn anew each epoch
};

/// One column of a table, or a block of `width` raw columns that are alike.
///
/// Raw values become unit values so: y = raw * scale + offset; then binarised, or standardised as
/// (y - mean) / deviation. Of columns with categories the raw value is the number of the category (a table's
/// text is turned into that number when it is read). Of softmax columns y becomes `states()` unit columns of
/// which one is 1.
struct Column {
  std::string name;
  ColumnRole role = ColumnRole::kFeature;
  UnitKind kind = UnitKind::kBernoulli;
  /// binomial and stepped: N. softmax without named categories: k. multinomial: the fixed length D, or 0.
  unsigned parameter = 0;
  bool learned_variance = false;  ///< gaussian only
  /// Raw columns. 0 for labels that lie beside the file rather than in it.
  std::size_t width = 1;
  /// Names of the states of a softmax column, of the two values of a Bernoulli column, or of the classes of
  /// a label, in their order.
  std::vector<std::string> categories;
  std::vector<std::size_t> shape;  ///< of a block: rows and columns of an image; empty where there is none
  /// The larger shape of the file's images, where they were reduced to `shape`; new images of that shape are
  /// reduced alike. Empty where nothing was reduced.
  std::vector<std::size_t> reduced_from;

  float scale = 1.0f;
  float offset = 0.0f;
  Binarise binarise = Binarise::kNone;
  float threshold = 0.5f;
  bool standardise = false;
  /// Saved statistics of y, one a raw column; empty until they are computed from training data.
  std::vector<float> mean, deviation;

  Missing missing = Missing::kRefuse;
  std::uint64_t missing_cells = 0;      ///< seen when the column was described
  double minimum = 0.0, maximum = 0.0;  ///< raw values seen when the column was described; both 0: none
  std::string reason;                   ///< why a column is ignored

  /// Softmax: number of states k (of named categories, or `parameter`).
  std::size_t states() const { return categories.empty() ? parameter : categories.size(); }
  /// Columns of the visible layer that this makes: 0 unless it is a feature.
  std::size_t unit_columns() const;
  /// The name of raw column `index` of the block: "age", "pixels[3,7]", "values[12]".
  std::string raw_name(std::size_t index) const;
  bool operator==(const Column&) const = default;
};

/// The ordered columns of a data set.
struct Schema {
  std::vector<Column> columns;
  /// Units follow `columns` whatever the order in a table's file: so it is once data were read by the schema,
  /// because a model's weights stand in that order. In what a person lists, the file's order decides.
  bool ordered = false;

  /// The visible layer: features in order, neighbours of the same kind merged into one group; a softmax or
  /// multinomial column is a group of its own.
  LayerSpec layer() const;
  /// Columns of `layer()`.
  std::size_t unit_columns() const;
  /// Raw columns of the file: sum of the widths.
  std::size_t raw_columns() const;
  /// The label column, or null.
  const Column* label() const;
  /// The shape of the image where the features are one block with two dimensions, else empty.
  std::vector<std::size_t> image_shape() const;
  /// The name of a column by its number in `layer()`: "age", "pixels[3,7]", "colour=red".
  std::string unit_name(std::size_t unit_column) const;

  /// Throws InputError with one sentence where the schema contradicts itself: two columns of one name, no
  /// feature, a softmax without states, a shape that is not the width, statistics of another length, sampling
  /// or thresholding of what is not Bernoulli, standardising of what is not Gaussian, a scale that is not
  /// finite.
  void validate() const;

  /// Everything but the saved statistics as one JSON object; equal schemas give equal text.
  std::string to_json() const;
  /// The saved statistics: "data.mean" and "data.deviation", one a raw column of the standardised columns in
  /// order. Empty where nothing is standardised. Throws InputError where statistics are not there yet.
  std::map<std::string, std::vector<float>> statistics() const;
  /// The inverse of the two above. Throws InputError naming the key where the text is not such an object or
  /// the statistics do not fit it.
  static Schema from_json(std::string_view json, const std::map<std::string, std::vector<float>>& statistics);

  /// `[data.columns]` with one line a column in their order, and comments for the person who edits it.
  std::string to_toml() const;
  /// Reads what `to_toml` wrote: either a text with a table `data.columns`, or one whose top level holds the
  /// columns. `file` names the text in errors. Throws InputError with line, key and the nearest known key.
  static Schema from_toml(std::string_view text, const std::string& file = "columns");

  /// Equal schemas have equal columns.
  bool operator==(const Schema& other) const { return columns == other.columns; }
};

/// The words of the three enumerations as they are written in recipes and schemas: "feature", "unknown",
/// "sample", ... The parsers throw InputError with the nearest known word.
std::string_view role_name(ColumnRole role);
std::string_view missing_name(Missing missing);
std::string_view binarise_name(Binarise binarise);
ColumnRole parse_role(std::string_view word);
Missing parse_missing(std::string_view word);
Binarise parse_binarise(std::string_view word);

}  // namespace harmonium
