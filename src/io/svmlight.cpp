#include "harmonium/io/svmlight.h"

#include <algorithm>
#include <limits>

#include "harmonium/base/error.h"
#include "harmonium/io/atomic_file.h"
#include "io/byte_source.h"
#include "io/bytes.h"
#include "io/numbers.h"

namespace harmonium {
namespace {

// Columns are numbered as in the file until all of it is read.
class SvmlightReader {
 public:
  SvmlightReader(const std::filesystem::path& path, const SvmlightOptions& options)
      : lines_(open_maybe_gz(path)), options_(options) {}

  CsrMatrix read() {
    for (std::string_view line; lines_.next(line);) {
      line = line.substr(0, line.find('#'));
      if (line.find_first_not_of(" \t\r") != std::string_view::npos) read_case(line);
    }
    if (matrix_.labels.empty())
      throw InputError(lines_.source().name() + ": holds no cases; each line must be LABEL COLUMN:VALUE ...");
    matrix_.rows = matrix_.labels.size();
    shift_columns();
    return std::move(matrix_);
  }

 private:
  void read_case(std::string_view line) {
    double label = 0;
    const auto word = next_word(line);
    if (!parse_number(word, label))
      lines_.refuse("\"" + printable(word) + "\" is not a label; a case begins with one number.");
    matrix_.labels.push_back(label);
    std::int64_t last = -1;
    for (auto entry = next_word(line); !entry.empty(); entry = next_word(line))
      last = read_entry(entry, last);
    matrix_.row_start.push_back(matrix_.values.size());
  }

  // Returns the column; `last` is the one before it.
  std::int64_t read_entry(std::string_view entry, std::int64_t last) {
    const auto colon = entry.find(':');
    std::uint32_t column = 0;
    float value = 0;
    if (colon == std::string_view::npos || !parse_number(entry.substr(0, colon), column) ||
        !parse_number(entry.substr(colon + 1), value))
      lines_.refuse("\"" + printable(entry) +
                    "\" is not COLUMN:VALUE, with a column below 2^32 and a value within f32.");
    if (column <= last)
      lines_.refuse("column " + std::to_string(column) + " does not come after column " +
                    std::to_string(last) + "; they must ascend.");
    if (column < options_.first_column.value_or(0))
      lines_.refuse("has a column 0 where columns are counted from 1.");
    has_zero_ = has_zero_ || column == 0;
    if (column >= largest_) largest_ = column, largest_line_ = lines_.line();
    matrix_.columns.push_back(column);
    matrix_.values.push_back(value);
    return column;
  }

  void shift_columns() {
    const unsigned first = options_.first_column.value_or(has_zero_ ? 0 : 1);
    const std::size_t width = matrix_.columns.empty() ? 0 : std::size_t{largest_} + 1 - first;
    if (options_.columns && width > options_.columns)
      lines_.refuse(largest_line_, "column " + std::to_string(largest_) + " lies beyond the " +
                                       std::to_string(options_.columns) + " columns, counted from " +
                                       std::to_string(first) + ", that are wanted.");
    matrix_.cols = options_.columns ? options_.columns : width;
    for (std::uint32_t& column : matrix_.columns) column -= first;
  }

  LineReader lines_;
  SvmlightOptions options_;
  CsrMatrix matrix_;
  bool has_zero_ = false;
  std::uint32_t largest_ = 0;
  std::size_t largest_line_ = 0;
};

}  // namespace

CsrMatrix read_svmlight(const std::filesystem::path& path, const SvmlightOptions& options) {
  check(options.first_column.value_or(0) <= 1, "the first column of an svmlight file is 0 or 1");
  return SvmlightReader(path, options).read();
}

void write_svmlight(const std::filesystem::path& path, const CsrMatrix& matrix, unsigned first_column) {
  check(first_column <= 1, "the first column of an svmlight file is 0 or 1");
  write_file_atomically(path, [&](AtomicFile& out) {
    for (std::size_t r = 0; r < matrix.rows; ++r) {
      std::string line = matrix.labels.empty() ? "0" : shortest_text(matrix.labels[r]);
      for (std::uint64_t e = matrix.row_start[r]; e < matrix.row_start[r + 1]; ++e)
        line += " " + std::to_string(std::uint64_t{matrix.columns[e]} + first_column) + ":" +
                shortest_text(matrix.values[e]);
      out.write(line + "\n");
    }
  });
}

}  // namespace harmonium
