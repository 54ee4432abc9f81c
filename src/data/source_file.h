// What a request names, found and read: values, and labels beside them, before anything is known of kinds.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "harmonium/data/load.h"
#include "harmonium/io/csv.h"
#include "harmonium/io/npy_rows.h"
#include "harmonium/io/table.h"

namespace harmonium {

/// Labels as they stand in a file: numbers, or words.
struct RawLabels {
  std::string file;
  std::vector<double> numbers;     ///< NaN where missing
  std::vector<std::string> words;  ///< instead of numbers; empty where missing
  std::vector<std::size_t> lines;  ///< of the file, where they are lines
  std::size_t classes = 0;  ///< of a named data set or folder: how many there are, whether or not all occur
  std::size_t size() const { return words.empty() ? numbers.size() : words.size(); }
};

struct SourceFile {
  std::string name;         ///< of the data set
  std::string file;         ///< for messages
  std::string description;  ///< "train-images-idx3-ubyte.gz with labels from ..."
  /// NpyRows where the values stay on the disk.
  std::variant<NumericArray, CsrMatrix, CsvTable, NpyRows> content;
  std::optional<RawLabels> labels;  ///< from beside the values; those of a table are in its columns

  std::size_t rows() const;
  /// Sizes of a case of more than one dimension: rows and columns of an image; else empty.
  std::vector<std::size_t> case_shape() const;
};

/// Throws InputError as load_dataset does.
SourceFile read_source(const DataRequest& request);

/// Where the labels of a file of values lie by the usual naming: "train-images-idx3-ubyte.gz" has
/// "train-labels-idx1-ubyte.gz", "x.npy" has "x-labels.npy", "train.counts.mtx.gz" has "train.labels.txt";
/// the likeliest first, each plain and as .gz.
std::vector<std::filesystem::path> label_paths(const std::filesystem::path& path);

/// Numbers of classes from labels in a file. With `given` (a label column with categories) each label must be
/// one of them; else the classes are found: whole numbers from 0 (or 1) to the largest, or what occurs,
/// sorted. `classes` gets their names. Throws InputError naming row and nearest class.
std::vector<std::int32_t> number_labels(const RawLabels& labels, const Column* given,
                                        std::vector<std::string>& classes);

}  // namespace harmonium
