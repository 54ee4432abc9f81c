// A data set: raw values in the file's own type, in memory or on a disk, and the schema that turns them into
// unit values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "harmonium/data/batch_source.h"
#include "harmonium/data/schema.h"

namespace harmonium {

struct RawValues;  // src/data/raw_values.h: dense of one of eight types, sparse by rows, or rows on a disk
class LabelledSource;

/// How data that do not fit in memory are read while they are learned. The order of the cases depends on
/// `block` and `mixed_blocks`, and on whether data are read so at all; so all three are part of what a recipe
/// means, and none is taken from the machine.
struct StreamOptions {
  /// Larger .npy files stay on the disk; 0 leaves all there. Bytes.
  std::uint64_t memory = std::uint64_t{2} << 30;
  /// Bytes that are read at once: whole cases, one to 8192.
  std::size_t block = std::size_t{1} << 20;
  /// Blocks whose cases are shuffled among themselves. More mix better a file whose neighbours are alike, and
  /// take more memory: twice so many blocks.
  std::size_t mixed_blocks = 16;
};

/// Cases with their labels and weights. Copies and subsets share the raw values, so both are cheap. A case
/// is addressed by its number in this data set; its random numbers by its row in the file, so that a case of
/// a subset is drawn as it is in the whole.
class Dataset final : public BatchSource {
 public:
  /// What a data set is made of; see `load_dataset` for files and `dataset_from_matrix` for memory.
  struct Parts {
    std::string name;         ///< "mnist", or the path
    std::string description;  ///< one line: what was read, and what was done to it
    Schema schema;
    std::shared_ptr<const RawValues> values;
    /// One a row, -1 where unknown, numbering the categories of the schema's label column; empty where there
    /// are none.
    std::vector<std::int32_t> labels;
    std::vector<float> weights;         ///< one a row, or empty
    std::vector<std::string> warnings;  ///< sentences for the person, e.g. columns of zero variance
    std::string file;                   ///< named in errors
    std::vector<std::size_t> lines;     ///< of a table: the line of the file that each row begins on
    /// The rows that are cases, in order; nothing means all. Statistics are of these.
    std::optional<std::vector<std::uint64_t>> rows;
    /// Of rows on a disk: keep the first so many, in place of a list; 0 keeps all.
    std::uint64_t limit = 0;
    StreamOptions stream;  ///< of rows on a disk
  };
  /// Checks every value against the schema, once: here, or for rows on a disk whenever they are read, where
  /// missing values are refused too. Standardised columns without statistics get them from these values (from
  /// `sample()` of rows on a disk). Throws InputError naming file, row (line of a table) and column.
  explicit Dataset(Parts parts);

  std::size_t size() const override { return cases_; }
  const LayerSpec& layer() const override;
  void fetch(std::span<const std::uint64_t> cases, std::uint64_t seed, std::uint64_t epoch,
             MatrixView<float> values) const override;
  std::span<const float> case_weights() const override { return weights_; }
  bool varies_by_epoch() const override { return is_sampled(); }
  float value_step() const override;
  bool has_missing() const override;
  bool is_on_disk() const override;
  std::unique_ptr<EpochOrder> order(std::uint64_t seed) const override;
  std::vector<CaseRange> sample() const override;
  bool is_sparse() const override;
  void fetch_sparse(std::span<const std::uint64_t> cases, SparseMatrix& rows) const override;

  const std::string& name() const { return name_; }
  const std::string& description() const { return description_; }
  const Schema& schema() const;
  const std::vector<std::string>& warnings() const;
  /// kRefuse where no feature has missing values, else what the schema says they mean.
  Missing missing() const;

  bool has_labels() const { return !labels_.empty(); }
  /// One a case, -1 where unknown; empty where there are none.
  std::span<const std::int32_t> labels() const override { return labels_; }
  std::size_t class_count() const { return class_names().size(); }
  const std::vector<std::string>& class_names() const;
  /// Cases of each class.
  std::vector<std::size_t> class_counts() const;

  /// Rows and columns of the image that a case is, or empty.
  std::vector<std::size_t> image_shape() const { return schema().image_shape(); }
  /// True where any column is binarised by sampling, so that epochs differ.
  bool is_sampled() const;
  /// The row of the file that case `i` is.
  std::uint64_t original_row(std::size_t i) const;
  /// Bytes that the raw values take, in memory or on the disk.
  std::size_t raw_bytes() const;
  /// What the raw values are, "u8 60000 x 784" or "f32 sparse 11314 x 2000 (1.2 M entries)".
  std::string raw_description() const;

  /// The cases `indices` of this data set, in that order. Throws InputError on an index that is too large.
  Dataset subset(std::span<const std::uint64_t> indices) const;
  /// The cases whose label is one of `classes`. Throws InputError without labels or where none is left.
  Dataset filter_classes(std::span<const std::int32_t> classes) const;
  /// The cases [first, first + count), cut at the end. Throws InputError where none is left.
  Dataset take(std::size_t first, std::size_t count) const;
  /// (the rest, `held_out` cases drawn without replacement under `seed`); both in the order of the file.
  /// Throws InputError where held_out is 0 or not below size(). Takes memory for the held-out cases alone,
  /// where all rows of a file on a disk are split.
  std::pair<Dataset, Dataset> split(std::size_t held_out, std::uint64_t seed) const;
  /// Images of `height` x `width` pixels by averaging over areas; raw values become bytes. Throws InputError
  /// where cases are not images of bytes, or are on a disk, or where the new image is larger.
  Dataset resize_images(std::size_t height, std::size_t width) const;
  /// This data set with its labels appended to each case as one softmax group: the data of a joint model.
  LabelledSource with_labels_as_units() const;

  /// 16 hexadecimal digits over the header (type and sizes), a fixed sample of blocks of the raw values, the
  /// labels and which rows these cases are. It tells data sets apart; it does not resist an attacker.
  std::string hash() const;

 private:
  friend void convert(const Dataset& dataset, const std::filesystem::path& path);
  struct Shared;  // raw values, schema and plan of the transforms: the same for all subsets
  Dataset() = default;
  Dataset with_rows(std::vector<std::uint64_t> rows, std::span<const std::uint64_t> indices) const;
  Dataset without(std::vector<std::uint64_t> left_out) const;
  std::vector<std::uint64_t> draw(std::size_t count, std::uint64_t seed) const;
  void compute_missing_statistics(Schema& schema, const RawValues& raw,
                                  std::vector<std::string>& warnings) const;

  std::shared_ptr<const Shared> shared_;
  std::string name_, description_;
  std::size_t cases_ = 0;
  std::vector<std::uint64_t> rows_;      ///< row of each case; empty where cases are rows in their order
  std::vector<std::uint64_t> left_out_;  ///< rows that are no cases, ascending, where `rows_` is empty
  std::vector<std::int32_t> labels_;
  std::vector<float> weights_;
};

/// A data set of the values of a matrix (B x N), as units of `layer`: for programs that have data in memory.
/// Classes without a name in `classes` are named by
/// their numbers. Throws InputError where a value is not one that the layer can hold.
Dataset dataset_from_matrix(const LayerSpec& layer, ConstMatrixView<float> values,
                            std::vector<std::int32_t> labels = {}, std::vector<std::string> classes = {},
                            Missing missing = Missing::kRefuse);

/// Another source with a softmax group of labels appended to each row.
class LabelledSource final : public BatchSource {
 public:
  /// `source` is shared; `labels` one a case in [0, classes), or -1 where unknown, which becomes NaN.
  /// Throws InputError on another number of labels, a label out of range or fewer than 2 classes.
  LabelledSource(std::shared_ptr<const BatchSource> source, std::vector<std::int32_t> labels,
                 std::size_t classes);

  std::size_t size() const override { return source_->size(); }
  const LayerSpec& layer() const override { return layer_; }
  void fetch(std::span<const std::uint64_t> cases, std::uint64_t seed, std::uint64_t epoch,
             MatrixView<float> values) const override;
  std::span<const float> case_weights() const override { return source_->case_weights(); }
  std::span<const std::int32_t> labels() const override { return labels_; }
  bool varies_by_epoch() const override { return source_->varies_by_epoch(); }
  float value_step() const override { return source_->value_step(); }
  bool has_missing() const override { return source_->has_missing() || has_unknown_; }
  bool is_sparse() const override { return source_->is_sparse() && !has_unknown_; }
  void fetch_sparse(std::span<const std::uint64_t> cases, SparseMatrix& rows) const override;
  bool is_on_disk() const override { return source_->is_on_disk(); }
  std::unique_ptr<EpochOrder> order(std::uint64_t seed) const override { return source_->order(seed); }
  std::vector<CaseRange> sample() const override { return source_->sample(); }

 private:
  std::shared_ptr<const BatchSource> source_;
  std::vector<std::int32_t> labels_;
  std::size_t classes_;
  bool has_unknown_ = false;
  LayerSpec layer_;
};

/// Writes raw values and labels as PATH's ending says: .npy or .idx (or a name with "-idx", also .gz), with
/// the labels beside it, named so that `load_dataset` finds them; or .csv or .tsv, one table with names,
/// categories and a column for the label and the weight. Values keep their type; sparse ones become dense.
/// Throws InputError on another ending or where the format does not have the type, WorkError where writing
/// fails.
void convert(const Dataset& dataset, const std::filesystem::path& path);

}  // namespace harmonium
