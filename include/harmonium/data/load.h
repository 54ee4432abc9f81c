// Finds and reads data sets: by the name of one that ships, or from a path.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harmonium/data/dataset.h"
#include "harmonium/data/schema.h"

namespace harmonium {

/// What to read and what to do to it. Every field but `source` may stay as it is.
struct DataRequest {
  /// A named data set ("mnist", "bars-and-stripes:4"), or a path: .idx, .npy, .npz (FILE.npz:ARRAY chooses),
  /// .csv, .tsv, .svm, .mtx, most also .gz; a folder of PNGs (subfolders are classes), or a folder of IDX
  /// files named like those of MNIST. What a name starts with "./" or "/" is always a path.
  std::string source;
  /// "train" or "test" of data sets that come in parts; empty is "train" of those.
  std::string part;
  std::string labels;          ///< path of the labels, where they are not found beside the values
  std::string label_column;    ///< of a table
  std::string weights_column;  ///< of a table
  /// What the columns are, instead of what is inferred: from [data.columns], or of a trained model, whose
  /// statistics then standardise the new data. Images are reduced as the schema's were.
  std::optional<Schema> columns;
  /// `columns` were described from other cases, a model's or a run's training data, and not by a person: an
  /// array of floats from 0 to 1 is then not divided by 255 as the bytes were that they tell of.
  bool columns_of_other_cases = false;

  // Changes to the schema's features, whether inferred or given.
  std::optional<UnitKind> kind;  ///< of every feature, with `parameter` for binomial N
  unsigned parameter = 0;
  std::optional<Binarise> binarise;
  std::optional<float> threshold;  ///< of the scaled value; with no `binarise`, means kThreshold
  std::optional<float> scale, offset;
  std::optional<bool> standardise;
  std::optional<Missing> missing;

  // Choice of cases, in this order.
  std::vector<std::string> classes;  ///< keep these classes, by name; empty keeps all
  std::size_t limit = 0;             ///< keep the first so many; 0 keeps all
  std::optional<std::pair<std::size_t, std::size_t>> resize;  ///< images to (height, width)

  /// Which files stay on the disk, and how they are read. Labels beside such a file are read only where
  /// `labels` names them or `classes` needs them, because they take 4 bytes a case.
  StreamOptions stream;
};

/// Reads, checks and transforms. Throws InputError where the file is missing, is not what it claims, does not
/// fit the schema or holds values that its kinds cannot have; each names file, row (line) and column, and
/// what would be right. An unknown name is answered with the nearest known one.
Dataset load_dataset(const DataRequest& request);
/// The same with nothing else asked for.
Dataset load_dataset(const std::string& source);

/// A data set that ships or is made by rule.
struct NamedDataset {
  std::string name;         ///< "mnist"
  std::string description;  ///< one line
  std::vector<std::string> parts;
  bool is_here = false;  ///< its files are found on this machine
};
/// All of them, in a fixed order.
std::vector<NamedDataset> list_datasets();

}  // namespace harmonium
