#include "harmonium/io/matrix_market.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <string>

#include "harmonium/base/error.h"
#include "harmonium/io/atomic_file.h"
#include "io/byte_source.h"
#include "io/bytes.h"
#include "io/numbers.h"

namespace harmonium {
namespace {

// The next line that is neither empty nor a remark.
bool next_data_line(LineReader& lines, std::string_view& line) {
  while (lines.next(line))
    if (!line.starts_with('%') && line.find_first_not_of(" \t\r") != std::string_view::npos) return true;
  return false;
}

std::uint64_t read_size(LineReader& lines, std::string_view& line, const char* what) {
  std::uint64_t n = 0;
  const auto word = next_word(line);
  if (!parse_number(word, n)) lines.refuse("\"" + printable(word) + "\" is not " + what + ".");
  return n;
}

struct Kind {
  bool coordinate = false, pattern = false, integer = false;
};

Kind read_banner(LineReader& lines) {
  std::string_view line;
  if (!lines.next(line) || !line.starts_with("%%MatrixMarket"))
    throw InputError(lines.source().name() +
                     ": is not a Matrix Market file; it must begin with %%MatrixMarket.");
  next_word(line);
  const std::string object(next_word(line)), format(next_word(line)), field(next_word(line)),
      symmetry(next_word(line));
  const bool numbers =
      field == "real" || field == "integer" || (field == "pattern" && format == "coordinate");
  if (object != "matrix" || (format != "coordinate" && format != "array") || !numbers ||
      symmetry != "general")
    lines.refuse("holds \"" + printable(object + " " + format + " " + field + " " + symmetry) +
                 "\"; \"matrix coordinate|array integer|real|pattern general\" can be read.");
  return {format == "coordinate", field == "pattern", field == "integer"};
}

struct Entry {
  std::uint32_t row, column;
  float value;
};

CsrMatrix to_rows(std::vector<Entry> entries, std::size_t rows, std::size_t cols, const std::string& name) {
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::pair(a.row, a.column) < std::pair(b.row, b.column);
  });
  CsrMatrix matrix;
  matrix.rows = rows, matrix.cols = cols;
  matrix.row_start.assign(rows + 1, 0);
  for (std::size_t e = 0; e < entries.size(); ++e) {
    if (e > 0 && entries[e].row == entries[e - 1].row && entries[e].column == entries[e - 1].column)
      throw InputError(name + ": the entry of row " + std::to_string(entries[e].row + 1) + ", column " +
                       std::to_string(entries[e].column + 1) + " stands twice.");
    ++matrix.row_start[entries[e].row + 1];
    matrix.columns.push_back(entries[e].column);
    matrix.values.push_back(entries[e].value);
  }
  std::partial_sum(matrix.row_start.begin(), matrix.row_start.end(), matrix.row_start.begin());
  return matrix;
}

CsrMatrix read_coordinates(LineReader& lines, const Kind& kind) {
  std::string_view line;
  if (!next_data_line(lines, line)) lines.refuse("ends before the line of sizes.");
  const auto rows = read_size(lines, line, "a number of rows"),
             cols = read_size(lines, line, "a number of columns");
  const auto count = read_size(lines, line, "a number of entries");
  constexpr std::uint64_t kLargest = std::numeric_limits<std::uint32_t>::max();
  // An entry takes at least 4 bytes ("1 1" and a line end); rows are bounded by what an index needs.
  if (rows > kLargest || cols > kLargest || count > lines.source().at_most() / 4 + (1 << 16))
    lines.refuse("claims " + std::to_string(rows) + " x " + std::to_string(cols) + " with " +
                 std::to_string(count) + " entries, more than the file holds.");
  std::vector<Entry> entries;
  while (next_data_line(lines, line)) {
    const auto row = read_size(lines, line, "a row number"),
               column = read_size(lines, line, "a column number");
    float value = 1;
    if (!kind.pattern) {
      const auto word = next_word(line);
      if (!parse_number(word, value)) lines.refuse("\"" + printable(word) + "\" is not a number.");
    }
    if (row < 1 || row > rows || column < 1 || column > cols)
      lines.refuse("row " + std::to_string(row) + ", column " + std::to_string(column) + " lies outside " +
                   std::to_string(rows) + " x " + std::to_string(cols) + ".");
    if (!next_word(line).empty()) lines.refuse("more stands on the line than row, column and value.");
    if (entries.size() == count)
      lines.refuse("more entries follow than the " + std::to_string(count) + " announced.");
    entries.push_back({static_cast<std::uint32_t>(row - 1), static_cast<std::uint32_t>(column - 1), value});
  }
  const std::string& name = lines.source().name();
  if (entries.size() != count)
    throw InputError(name + ": announces " + std::to_string(count) + " entries and holds " +
                     std::to_string(entries.size()) + "; it is cut short.");
  // Empty rows are legal (documents without a known word), but not in numbers that the file cannot mean.
  if (rows > 64 * (count + 1024))
    throw InputError(name + ": claims " + std::to_string(rows) + " rows for " + std::to_string(count) +
                     " entries.");
  return to_rows(std::move(entries), rows, cols, name);
}

template <class T>
NumericArray read_dense(LineReader& lines) {
  std::string_view line;
  if (!next_data_line(lines, line)) lines.refuse("ends before the line of sizes.");
  const auto rows = read_size(lines, line, "a number of rows"),
             cols = read_size(lines, line, "a number of columns");
  const std::size_t shape[] = {rows, cols};
  const auto count = checked_product(shape);
  if (!count || *count > lines.source().at_most() / 2 + (1 << 16))
    lines.refuse("claims " + std::to_string(rows) + " x " + std::to_string(cols) +
                 " numbers, more than the file holds.");
  std::vector<T> by_columns;
  while (next_data_line(lines, line))
    for (auto word = next_word(line); !word.empty(); word = next_word(line)) {
      T value{};
      if (!parse_number(word, value))
        lines.refuse("\"" + printable(word) + "\" is not a number of the kind announced.");
      if (by_columns.size() == *count) lines.refuse("more numbers follow than the sizes announce.");
      by_columns.push_back(value);
    }
  if (by_columns.size() != *count)
    throw InputError(lines.source().name() + ": announces " + std::to_string(*count) + " numbers and holds " +
                     std::to_string(by_columns.size()) + "; it is cut short.");
  std::vector<T> values(*count);
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < cols; ++c) values[r * cols + c] = by_columns[c * rows + r];
  return NumericArray::from(std::span<const T>(values), {rows, cols});
}

}  // namespace

std::variant<NumericArray, CsrMatrix> read_matrix_market(const std::filesystem::path& path) {
  LineReader lines(open_maybe_gz(path));
  const Kind kind = read_banner(lines);
  if (kind.coordinate) return read_coordinates(lines, kind);
  if (kind.integer) return read_dense<std::int64_t>(lines);
  return read_dense<double>(lines);
}

void write_matrix_market(const std::filesystem::path& path, const CsrMatrix& matrix) {
  write_file_atomically(path, [&](AtomicFile& out) {
    out.write("%%MatrixMarket matrix coordinate real general\n");
    out.write(std::to_string(matrix.rows) + " " + std::to_string(matrix.cols) + " " +
              std::to_string(matrix.values.size()) + "\n");
    for (std::size_t r = 0; r < matrix.rows; ++r)
      for (std::uint64_t e = matrix.row_start[r]; e < matrix.row_start[r + 1]; ++e)
        out.write(std::to_string(r + 1) + " " + std::to_string(matrix.columns[e] + 1) + " " +
                  shortest_text(matrix.values[e]) + "\n");
  });
}

void write_matrix_market(const std::filesystem::path& path, const NumericArray& array) {
  check(array.shape.size() == 2, "a Matrix Market array has two dimensions");
  const bool real = array.type == ElementType::kF32 || array.type == ElementType::kF64;
  write_file_atomically(path, [&](AtomicFile& out) {
    out.write(std::string("%%MatrixMarket matrix array ") + (real ? "real" : "integer") + " general\n");
    out.write(std::to_string(array.shape[0]) + " " + std::to_string(array.shape[1]) + "\n");
    for (std::size_t c = 0; c < array.shape[1]; ++c)
      for (std::size_t r = 0; r < array.shape[0]; ++r) {
        const double value = array.value(r * array.shape[1] + c);
        out.write((real ? shortest_text(value) : std::to_string(static_cast<std::int64_t>(value))) + "\n");
      }
  });
}

}  // namespace harmonium
