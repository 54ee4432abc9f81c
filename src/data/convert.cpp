// Data sets written in other formats.
#include <algorithm>
#include <cmath>
#include <limits>

#include "data/cells.h"
#include "data/shared.h"
#include "data/source_file.h"
#include "data/value_check.h"
#include "harmonium/base/error.h"
#include "harmonium/io/atomic_file.h"
#include "harmonium/io/idx.h"
#include "harmonium/io/npy.h"

namespace harmonium {
namespace {

namespace fs = std::filesystem;

/// Calls f(case, stored row) for the cases of a data set.
template <class F>
void visit_cases(const Dataset& dataset, const RawValues& raw, F&& f) {
  visit_rows(
      raw, dataset.size(), [&](std::size_t i) { return static_cast<std::size_t>(dataset.original_row(i)); },
      std::forward<F>(f));
}

/// The features of all cases in their own type: B x raw columns, or B x height x width.
NumericArray to_array(const Dataset& dataset, const RawValues& raw) {
  const Schema& schema = dataset.schema();
  NumericArray array;
  std::size_t width = 0;
  for (const Column& column : schema.columns) width += column.role == ColumnRole::kFeature ? column.width : 0;
  array.shape = {dataset.size()};
  const std::uint64_t bytes = std::uint64_t{dataset.size()} * width * element_size(raw.type());
  // What is dense in memory already is no more than twice there.
  const bool dense = std::holds_alternative<NumericArray>(raw.values);
  if (!dense && bytes > StreamOptions{}.memory) {
    throw InputError(dataset.name() + ": " + std::to_string(bytes >> 20) + " MiB " +
                     (dataset.is_on_disk() ? "stay on the disk" : "would be mostly zeros") +
                     " and cannot be converted whole but to .csv or .tsv; take fewer cases by --limit");
  }
  const auto image = dataset.image_shape();
  if (image.empty()) {
    array.shape.push_back(width);
  } else {
    array.shape.insert(array.shape.end(), image.begin(), image.end());
  }
  visit_cases(dataset, raw, [&](std::size_t i, const auto* row) {
    using T = std::remove_cvref_t<decltype(*row)>;
    if (i == 0) {
      array.type = ElementTypeOf<T>::kValue;
      array.bytes.resize(dataset.size() * width * sizeof(T));
    }
    T* out = array.template values<T>().data() + i * width;
    for (std::size_t c = 0; c < schema.columns.size(); ++c) {
      const Column& column = schema.columns[c];
      if (column.role != ColumnRole::kFeature) continue;
      out = std::copy_n(row + raw.first_column[c], column.width, out);
    }
  });
  return array;
}

/// The classes as numbers: those of their names where all names are whole numbers, else 0, 1, ...
std::vector<double> class_numbers(const Dataset& dataset) {
  std::vector<double> numbers;
  for (const std::string& name : dataset.class_names()) {
    const auto value = cell_number(name);
    if (!value || std::floor(*value) != *value || std::abs(*value) > 1e9) break;
    numbers.push_back(*value);
  }
  if (numbers.size() == dataset.class_count()) return numbers;
  numbers.clear();
  for (std::size_t k = 0; k < dataset.class_count(); ++k) numbers.push_back(static_cast<double>(k));
  return numbers;
}

/// Labels as bytes where they fit, else as i32; as f32 with NaN where some are unknown.
NumericArray label_array(const Dataset& dataset) {
  const auto numbers = class_numbers(dataset);
  const auto labels = dataset.labels();
  std::vector<float> real;
  std::vector<std::int32_t> whole;
  std::vector<std::uint8_t> bytes;
  bool fits = true, unknown = false;
  for (const auto label : labels) {
    unknown = unknown || label < 0;
    const double number = label < 0 ? 0.0 : numbers[static_cast<std::size_t>(label)];
    fits = fits && number >= 0 && number <= 255;
    whole.push_back(static_cast<std::int32_t>(number));
    real.push_back(label < 0 ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>(number));
  }
  if (unknown) return NumericArray::from<float>(real, {labels.size()});
  if (!fits) return NumericArray::from<std::int32_t>(whole, {labels.size()});
  bytes.assign(whole.begin(), whole.end());
  return NumericArray::from<std::uint8_t>(bytes, {labels.size()});
}

/// Where `load_dataset` will look for the labels first, packed like the values.
fs::path label_path(const fs::path& path) {
  const bool packed = path.extension() == ".gz";
  for (const fs::path& one : label_paths(path)) {
    if ((one.extension() == ".gz") == packed) return one;
  }
  throw InputError(path.string() +
                   ": the name leaves none for its labels; it should be like \"x.npy\", \"x.idx\" "
                   "or \"x-images-idx3-ubyte\"");
}

std::string quoted(const std::string& cell, char separator) {
  if (cell.find_first_of(std::string("\"\r\n") + separator) == std::string::npos) return cell;
  std::string text = "\"";
  for (const char c : cell) {
    if (c == '"') text += '"';
    text += c;
  }
  return text + "\"";
}

std::string cell_text(const Column& column, double value, char separator) {
  if (std::isnan(value)) return "";
  if (column.categories.empty()) return number_text(value);
  return quoted(column.categories[static_cast<std::size_t>(value)], separator);
}

std::string weight_name(const Schema& schema) {
  for (const Column& column : schema.columns) {
    if (column.role == ColumnRole::kWeight) return column.name;
  }
  return "case_weight";
}

std::string header_line(const Dataset& dataset, char separator) {
  std::string line;
  const auto add = [&](const std::string& name) {
    line += (line.empty() ? std::string() : std::string(1, separator)) + quoted(name, separator);
  };
  for (const Column& column : dataset.schema().columns) {
    if (column.role != ColumnRole::kFeature) continue;
    for (std::size_t j = 0; j < column.width; ++j) add(column.raw_name(j));
  }
  if (dataset.has_labels()) add(dataset.schema().label()->name);
  if (!dataset.case_weights().empty()) add(weight_name(dataset.schema()));
  return line + "\n";
}

/// Row by row, so that the text of a large data set is never whole in memory.
void write_table(const Dataset& dataset, const RawValues& raw, const fs::path& path, char separator) {
  const Schema& schema = dataset.schema();
  write_file_atomically(path, [&](AtomicFile& file) {
    file.write(header_line(dataset, separator));
    std::string line;
    visit_cases(dataset, raw, [&](std::size_t i, const auto* row) {
      line.clear();
      for (std::size_t c = 0; c < schema.columns.size(); ++c) {
        const Column& column = schema.columns[c];
        if (column.role != ColumnRole::kFeature) continue;
        for (std::size_t j = 0; j < column.width; ++j) {
          line += cell_text(column, static_cast<double>(row[raw.first_column[c] + j]), separator) + separator;
        }
      }
      if (dataset.has_labels()) {
        const auto label = dataset.labels()[i];
        if (label >= 0) line += quoted(dataset.class_names()[static_cast<std::size_t>(label)], separator);
        line += separator;
      }
      if (!dataset.case_weights().empty()) line += number_text(dataset.case_weights()[i]) + separator;
      line.back() = '\n';
      file.write(line);
    });
  });
}

}  // namespace

void convert(const Dataset& dataset, const fs::path& path) {
  const RawValues& raw = *dataset.shared_->raw;
  const std::string name = path.filename().string();
  if (name.ends_with(".csv")) return write_table(dataset, raw, path, ',');
  if (name.ends_with(".tsv")) return write_table(dataset, raw, path, '\t');
  const bool is_npy = name.ends_with(".npy");
  const bool is_idx =
      name.ends_with(".idx") || name.ends_with(".idx.gz") || name.find("-idx") != std::string::npos;
  if (!is_npy && !is_idx) {
    throw InputError(path.string() +
                     " should end in .npy, .csv, .tsv, .idx or .idx.gz, which is how the format is "
                     "chosen");
  }
  const auto write = [&](const fs::path& to, const NumericArray& array) {
    is_npy ? write_npy(to, array) : write_idx(to, array);
  };
  // The labels first: what is there once the values are is whole.
  if (!dataset.has_labels()) return write(path, to_array(dataset, raw));
  const fs::path labels = label_path(path);
  write(labels, label_array(dataset));
  try {
    write(path, to_array(dataset, raw));
  } catch (...) {
    std::error_code ignored;
    fs::remove(labels, ignored);
    throw;
  }
}

}  // namespace harmonium
