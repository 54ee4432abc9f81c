#include "data/source_file.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <system_error>

#include "data/sources.h"
#include "harmonium/base/error.h"
#include "harmonium/base/paths.h"
#include "harmonium/io/idx.h"
#include "harmonium/io/matrix_market.h"
#include "harmonium/io/npy.h"
#include "harmonium/io/read_file.h"
#include "harmonium/io/suggest.h"
#include "harmonium/io/svmlight.h"

namespace harmonium {
namespace {

namespace fs = std::filesystem;

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}
bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string without_gz(const std::string& name) {
  return name.ends_with(".gz") ? name.substr(0, name.size() - 3) : name;
}

enum class Format { kIdx, kNpy, kNpz, kTable, kSvmlight, kMatrixMarket, kText, kUnknown };

Format format_of(const fs::path& path) {
  const std::string name = lower(without_gz(path.filename().string()));
  const auto ends = [&](std::initializer_list<const char*> endings) {
    return std::any_of(endings.begin(), endings.end(), [&](const char* e) { return name.ends_with(e); });
  };
  if (ends({".npy"})) return Format::kNpy;
  if (ends({".npz"})) return Format::kNpz;
  if (ends({".csv", ".tsv", ".tab"})) return Format::kTable;
  if (ends({".svm", ".svmlight", ".libsvm"})) return Format::kSvmlight;
  if (ends({".mtx"})) return Format::kMatrixMarket;
  if (ends({".idx"}) || name.find("-idx") != std::string::npos) return Format::kIdx;
  if (ends({".txt"})) return Format::kText;
  return Format::kUnknown;
}

RawLabels read_labels(const fs::path& path) {
  RawLabels labels;
  labels.file = path.string();
  const Format format = format_of(path);
  if (format == Format::kText) {
    labels.words = read_words(path, labels.lines);
    return labels;
  }
  if (format != Format::kIdx && format != Format::kNpy) {
    throw InputError(path.string() + ": labels should be in an IDX, .npy or .txt file (one label a line)");
  }
  const NumericArray array = format == Format::kIdx ? read_idx(path) : read_npy(path);
  if (array.row_size() != 1 || array.shape.empty()) {
    throw InputError(path.string() + ": labels should be one number a case, not " +
                     std::to_string(array.row_size()));
  }
  labels.numbers.resize(array.size());
  for (std::size_t i = 0; i < array.size(); ++i) labels.numbers[i] = array.value(i);
  return labels;
}

/// Labels that were asked for, or those that lie beside the file; says so in the description.
void add_labels(SourceFile& source, const DataRequest& request, const fs::path& path) {
  fs::path found = request.labels;
  if (found.empty()) {
    for (const fs::path& one : label_paths(path)) {
      if (is_there(one) && found.empty()) found = one;
    }
  }
  if (found.empty()) return;
  source.labels = read_labels(found);
  source.description += ", labels from " + found.filename().string();
}

void read_archive(SourceFile& source, const DataRequest& request, const fs::path& path,
                  const std::string& member) {
  const auto names = npz_names(path);
  const auto has = [&](const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  const auto first_of = [&](std::initializer_list<const char*> stems) -> std::string {
    for (const std::string stem : stems) {
      if (!request.part.empty()) {
        for (const std::string& one : {stem + "_" + request.part, request.part + "_" + stem}) {
          if (has(one)) return one;
        }
      } else if (has(stem)) {
        return stem;
      }
    }
    return "";
  };
  std::string chosen = member.empty() ? first_of({"x", "X", "data", "images", "values", "arr_0"}) : member;
  if (chosen.empty() && request.part.empty() && names.size() == 1) chosen = names[0];
  if (chosen.empty()) {
    std::string all;
    for (const auto& name : names) all += (all.empty() ? "" : ", ") + name;
    throw InputError(path.string() + " holds the arrays " + all + "; say which to read, as in \"" +
                     path.string() + ":" + (names.empty() ? "data" : names[0]) + "\"");
  }
  source.content = read_npz(path, chosen);
  source.description += ", array " + chosen;
  const std::string labels = member.empty() ? first_of({"y", "Y", "labels", "label", "target"}) : "";
  if (!request.labels.empty() || labels.empty()) return add_labels(source, request, path);
  const NumericArray array = read_npz(path, labels);
  if (array.size() != array.rows()) {
    throw InputError(path.string() + ": the labels in array " + labels + " should be one number a case");
  }
  RawLabels raw;
  raw.file = path.string() + ":" + labels;
  for (std::size_t i = 0; i < array.size(); ++i) raw.numbers.push_back(array.value(i));
  source.labels = std::move(raw);
  source.description += ", labels from array " + labels;
}

/// A number mistyped in a few bytes of text must not become gigabytes of weights. Hashed words fill up to
/// 2^24 columns here and there; more than that must be used.
void refuse_unused_columns(const fs::path& path, const CsrMatrix& matrix) {
  constexpr std::size_t kFree = std::size_t{1} << 24, kAnEntry = 64;
  if (matrix.cols <= kFree + kAnEntry * matrix.values.size()) return;
  throw InputError(path.string() + ": has " + std::to_string(matrix.cols) + " columns but only " +
                   std::to_string(matrix.values.size()) +
                   " entries, which leaves nearly all columns empty; number the columns that are used from 1 "
                   "on");
}

void read_sparse(SourceFile& source, const DataRequest& request, const fs::path& path, CsrMatrix matrix) {
  if (!request.columns) refuse_unused_columns(path, matrix);
  if (!matrix.labels.empty() && request.labels.empty()) {
    RawLabels raw;
    raw.file = path.string();
    raw.numbers = std::move(matrix.labels);
    const bool whole = std::all_of(raw.numbers.begin(), raw.numbers.end(),
                                   [](double x) { return x == std::trunc(x) && std::abs(x) < 0x1p31; });
    if (whole) {
      source.labels = std::move(raw);
    } else {
      source.description += ", its numbers before the columns left out because they are no classes";
    }
  }
  matrix.labels.clear();
  source.content = std::move(matrix);
  if (!source.labels) add_labels(source, request, path);
}

/// "FILE.npz:ARRAY" in two.
std::pair<fs::path, std::string> split_member(const std::string& text) {
  const auto at = text.rfind(".npz:");
  if (at == std::string::npos) return {text, ""};
  return {text.substr(0, at + 4), text.substr(at + 5)};
}

/// The rows of a file that is to stay on the disk, or nothing.
std::optional<NpyRows> rows_on_disk(const fs::path& path, const StreamOptions& options) {
  std::error_code error;
  const auto bytes = fs::file_size(path, error);
  if (error || bytes <= options.memory) return std::nullopt;
  return NpyRows::open(path);
}

SourceFile read_path(const DataRequest& request, const std::string& text) {
  const auto [path, member] = split_member(text);
  SourceFile source;
  source.name = text;
  source.file = path.string();
  source.description = path.filename().string();
  const Format format = format_of(path);
  if (!request.part.empty() && format != Format::kNpz) {
    throw InputError(path.string() + " is one file and has no part \"" + request.part +
                     "\"; leave part out, or name the folder that holds the parts");
  }
  switch (format) {
    case Format::kIdx:
      source.content = read_idx(path);
      break;
    case Format::kNpy:
      if (auto rows = rows_on_disk(path, request.stream)) {
        source.content = std::move(*rows);
        source.description += ", read from the disk";
        if (request.labels.empty() && request.classes.empty()) return source;
      } else {
        source.content = read_npy(path);
      }
      break;
    case Format::kNpz:
      read_archive(source, request, path, member);
      return source;
    case Format::kTable:
      source.content = read_csv(path);
      if (!request.labels.empty()) add_labels(source, request, path);
      return source;
    case Format::kSvmlight: {
      SvmlightOptions options;
      // A schema says how wide the data are, where the last columns happen to be empty.
      if (request.columns) options.columns = request.columns->raw_columns();
      read_sparse(source, request, path, read_svmlight(path, options));
      return source;
    }
    case Format::kMatrixMarket: {
      auto matrix = read_matrix_market(path);
      if (auto* sparse = std::get_if<CsrMatrix>(&matrix)) {
        read_sparse(source, request, path, std::move(*sparse));
        return source;
      }
      source.content = std::get<NumericArray>(std::move(matrix));
      break;
    }
    case Format::kText:
    case Format::kUnknown:
      if (!is_there(path)) read_file(path);  // says what is wrong with the path itself
      throw InputError(path.string() +
                       ": the name does not tell the format; it should end in .idx, .npy, .npz, .csv, .tsv, "
                       ".svm or .mtx, or contain \"-idx\" as MNIST's names do");
  }
  add_labels(source, request, path);
  return source;
}

/// The file of images in a folder laid out like MNIST's; empty where there is none of any part.
fs::path images_in_folder(const fs::path& folder, const std::string& part) {
  std::vector<std::string> stems;
  if (part.empty() || part == "train") stems.push_back("train-");
  if (part == "test") stems.insert(stems.end(), {"test-", "t10k-"});
  if (!part.empty() && part != "train" && part != "test") stems.push_back(part + "-");
  if (part.empty()) stems.push_back("");
  for (const std::string& stem : stems) {
    for (const char* type : {"ubyte", "int16", "float"}) {
      for (const char* ending : {"", ".gz"}) {
        const fs::path path = folder / (stem + "images-idx3-" + type + ending);
        if (is_there(path)) return path;
      }
    }
  }
  return {};
}

SourceFile read_folder(const DataRequest& request, const fs::path& folder, const std::string& name) {
  fs::path images = images_in_folder(folder, request.part);
  if (images.empty()) {
    for (const char* part : {"", "test"}) {
      if (const auto other = images_in_folder(folder, part); !other.empty()) {
        throw InputError(folder.string() + " has no part \"" +
                         (request.part.empty() ? "train" : request.part) + "\"; it has " +
                         other.filename().string());
      }
    }
    if (!request.part.empty()) {
      throw InputError(folder.string() + " has no part \"" + request.part +
                       "\"; it should hold files named like train-images-idx3-ubyte.gz");
    }
    return read_png_folder(folder);
  }
  DataRequest one = request;
  one.part.clear();
  SourceFile source = read_path(one, images.string());
  source.name = name;
  return source;
}

SourceFile read_named(const DataRequest& request, const std::string& name, const std::string& size) {
  if (name == "bars-and-stripes") {
    if (!request.part.empty()) {
      throw InputError("bars-and-stripes has no parts; leave part out instead of \"" + request.part + "\"");
    }
    return make_bars_and_stripes(size);
  }
  if (!size.empty()) throw InputError(name + " has no size; \"" + name + "\" alone names it");
  const std::string part = request.part.empty() ? "train" : request.part;
  if (part != "train" && part != "test") {
    throw InputError("mnist has no part \"" + part + "\"; it has \"train\" and \"test\"");
  }
  DataRequest of_part = request;
  of_part.part = part;
  const fs::path folder = data_folder() / name;
  if (!is_folder(folder)) {
    throw InputError("the data of mnist should be in " + folder.string() +
                     ", which is not there; set HARMONIUM_DATA to the folder that holds mnist/");
  }
  SourceFile source = read_folder(of_part, folder, name);
  source.description = "MNIST digits, " + part + " (" + source.description + ")";
  if (source.labels) source.labels->classes = 10;
  return source;
}

}  // namespace

std::vector<fs::path> label_paths(const fs::path& path) {
  const std::string name = path.filename().string();
  const std::string plain = without_gz(name);
  std::vector<std::string> names;
  if (const auto at = plain.find("images"); at != std::string::npos) {
    std::string other = plain.substr(0, at) + "labels" + plain.substr(at + 6);
    if (const auto idx = other.find("-idx"); idx != std::string::npos) other.resize(idx);
    if (format_of(path) == Format::kIdx) other += "-idx1-ubyte";
    names.push_back(other);
  }
  const auto dot = plain.rfind('.');
  if (dot != std::string::npos) {
    names.push_back(plain.substr(0, dot) + "-labels" + plain.substr(dot));
    const auto first = plain.find('.');
    names.push_back(plain.substr(0, first) + ".labels.txt");
  }
  std::vector<fs::path> paths;
  for (const std::string& one : names) {
    for (const char* ending : {"", ".gz"}) {
      if (one + ending != name) paths.push_back(path.parent_path() / (one + ending));
    }
  }
  return paths;
}

std::size_t SourceFile::rows() const {
  if (const auto* dense = std::get_if<NumericArray>(&content)) return dense->rows();
  if (const auto* sparse = std::get_if<CsrMatrix>(&content)) return sparse->rows;
  if (const auto* on_disk = std::get_if<NpyRows>(&content)) return on_disk->rows();
  return std::get<CsvTable>(content).rows.size();
}

std::vector<std::size_t> SourceFile::case_shape() const {
  std::vector<std::size_t> shape;
  if (const auto* dense = std::get_if<NumericArray>(&content)) shape = dense->shape;
  if (const auto* on_disk = std::get_if<NpyRows>(&content)) shape = on_disk->shape();
  if (shape.size() < 3) return {};
  return {shape.begin() + 1, shape.end()};
}

SourceFile read_source(const DataRequest& request) {
  const std::string& text = request.source;
  if (text.empty()) throw InputError("no data are named; give the name of a data set or a path");
  const auto colon = text.find(':');
  const std::string name = text.substr(0, colon);
  const std::string size = colon == std::string::npos ? "" : text.substr(colon + 1);
  std::vector<std::string> names;
  for (const auto& known : list_datasets()) names.push_back(known.name);
  if (std::find(names.begin(), names.end(), name) != names.end()) return read_named(request, name, size);
  const fs::path path = split_member(text).first;
  if (is_folder(path)) return read_folder(request, path, text);
  const bool looks_like_path = text.find('/') != std::string::npos || text.find('.') != std::string::npos;
  if (!is_there(path) && !looks_like_path) {
    throw InputError("there is neither a data set nor a file named \"" + text + "\"" +
                     did_you_mean(name, names));
  }
  return read_path(request, text);
}

std::vector<NamedDataset> list_datasets() {
  bool has_mnist = false;
  try {
    has_mnist = !images_in_folder(data_folder() / "mnist", "train").empty();
  } catch (const InputError&) {
    // No folder of data on this machine: what is made by rule is still there.
  }
  return {{"mnist", "70,000 handwritten digits of 28 x 28 pixels, 10 classes", {"train", "test"}, has_mnist},
          {"bars-and-stripes",
           "all patterns of equal rows or equal columns, each once; \"bars-and-stripes:4\" is 30 of 4 x 4",
           {},
           true}};
}

}  // namespace harmonium
