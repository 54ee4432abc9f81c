#include "harmonium/io/matrix_market.h"

#include <algorithm>
#include <cctype>
#include <limits>
#include <numeric>
#include <string>
#include <tuple>

#include "harmonium/base/error.h"
#include "harmonium/io/atomic_file.h"
#include "harmonium/io/read_file.h"
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

// The words after %%MatrixMarket may be in capitals.
std::string lower(std::string_view word) {
  std::string result(word);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

Kind read_banner(LineReader& lines) {
  std::string_view line;
  if (!lines.next(line) || lower(next_word(line)) != "%%matrixmarket")
    lines.refuse(1, "this is not a Matrix Market file; it must begin with %%MatrixMarket.");
  const std::string object = lower(next_word(line)), format = lower(next_word(line)),
                    field = lower(next_word(line)), symmetry = lower(next_word(line));
  const bool numbers =
      field == "real" || field == "integer" || (field == "pattern" && format == "coordinate");
  if (object != "matrix" || (format != "coordinate" && format != "array") || !numbers ||
      symmetry != "general" || !next_word(line).empty())
    lines.refuse("holds \"" + printable(object + " " + format + " " + field + " " + symmetry) +
                 "\"; \"matrix coordinate integer|real|pattern general\" and \"matrix array integer|real "
                 "general\" can be read.");
  return {format == "coordinate", field == "pattern", field == "integer"};
}

// Nothing may stand behind what a line should hold.
void expect_line_end(LineReader& lines, std::string_view line) {
  if (const auto extra = next_word(line); !extra.empty())
    lines.refuse("\"" + printable(extra) + "\" stands behind the numbers of the line.");
}

// Refuses `count` values of at least `bytes_each` bytes, line end included, that the file cannot hold.
void check_claim(LineReader& lines, std::uint64_t count, std::uint64_t bytes_each, const std::string& claim) {
  const ByteSource& source = lines.source();
  if (source.at_most() == kNoLimit) return;  // a pipe: memory grows with what comes
  if (count > (source.at_most() + source.position()) / bytes_each + 1)
    lines.refuse("claims " + claim + ", more than the file holds.");
}

struct Entry {
  std::uint32_t row, column;
  float value;
  std::size_t line;
};

CsrMatrix to_rows(const LineReader& lines, std::vector<Entry> entries, std::size_t rows, std::size_t cols) {
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::tuple(a.row, a.column, a.line) < std::tuple(b.row, b.column, b.line);
  });
  CsrMatrix matrix;
  matrix.rows = rows, matrix.cols = cols;
  matrix.row_start.assign(rows + 1, 0);
  for (std::size_t e = 0; e < entries.size(); ++e) {
    if (e > 0 && entries[e].row == entries[e - 1].row && entries[e].column == entries[e - 1].column)
      lines.refuse(entries[e].line, "the entry of row " + std::to_string(entries[e].row + 1) + ", column " +
                                        std::to_string(entries[e].column + 1) + " stands in line " +
                                        std::to_string(entries[e - 1].line) + " already.");
    ++matrix.row_start[entries[e].row + 1];
    matrix.columns.push_back(entries[e].column);
    matrix.values.push_back(entries[e].value);
  }
  std::partial_sum(matrix.row_start.begin(), matrix.row_start.end(), matrix.row_start.begin());
  return matrix;
}

Entry read_entry(LineReader& lines, std::string_view line, const Kind& kind, std::uint64_t rows,
                 std::uint64_t cols) {
  const auto row = read_size(lines, line, "a row number"), column = read_size(lines, line, "a column number");
  float value = 1;
  if (!kind.pattern) {
    const auto word = next_word(line);
    if (!parse_number(word, value)) lines.refuse("\"" + printable(word) + "\" is not a number within f32.");
  }
  expect_line_end(lines, line);
  if (row < 1 || row > rows || column < 1 || column > cols)
    lines.refuse("row " + std::to_string(row) + ", column " + std::to_string(column) + " lies outside " +
                 std::to_string(rows) + " x " + std::to_string(cols) + ", counted from 1.");
  return {static_cast<std::uint32_t>(row - 1), static_cast<std::uint32_t>(column - 1), value, lines.line()};
}

CsrMatrix read_coordinates(LineReader& lines, const Kind& kind) {
  std::string_view line;
  if (!next_data_line(lines, line)) lines.refuse("the file ends before the line of sizes.");
  const auto rows = read_size(lines, line, "a number of rows"),
             cols = read_size(lines, line, "a number of columns");
  const auto count = read_size(lines, line, "a number of entries");
  expect_line_end(lines, line);
  const std::string claim =
      std::to_string(rows) + " x " + std::to_string(cols) + " with " + std::to_string(count) + " entries";
  constexpr std::uint64_t kLargest = std::numeric_limits<std::uint32_t>::max();
  if (rows > kLargest || cols > kLargest + 1)
    lines.refuse("claims " + claim + "; fewer than 2^32 rows and columns can be read.");
  check_claim(lines, count, kind.pattern ? 4 : 6, claim);  // "1 1 1" and a line end
  // Empty rows are legal (documents without a known word) and take no bytes, so there is no bound to their
  // number but what a person can mean.
  if (rows > 64 * (count + 1024))
    lines.refuse("claims " + claim + ", which leaves nearly all rows empty; leave them out.");
  std::vector<Entry> entries;  // grows with what is there
  while (next_data_line(lines, line)) {
    if (entries.size() == count)
      lines.refuse("more entries follow than the " + std::to_string(count) + " announced.");
    entries.push_back(read_entry(lines, line, kind, rows, cols));
  }
  if (entries.size() != count)
    lines.refuse("the file ends after " + std::to_string(entries.size()) + " of the " +
                 std::to_string(count) + " entries announced; it was cut short.");
  return to_rows(lines, std::move(entries), rows, cols);
}

template <class T>
NumericArray read_dense(LineReader& lines) {
  std::string_view line;
  if (!next_data_line(lines, line)) lines.refuse("the file ends before the line of sizes.");
  const auto rows = read_size(lines, line, "a number of rows"),
             cols = read_size(lines, line, "a number of columns");
  expect_line_end(lines, line);
  const std::size_t shape[] = {rows, cols};
  const std::string claim = shape_text(shape) + " numbers";
  const auto bytes = checked_product(shape, sizeof(T));
  if (!bytes) lines.refuse("claims " + claim + ", more than any file holds.");
  const std::size_t count = *bytes / sizeof(T);
  check_claim(lines, count, 2, claim);  // "1" and a line end
  std::vector<T> by_columns;            // grows with what is there
  while (next_data_line(lines, line))
    for (auto word = next_word(line); !word.empty(); word = next_word(line)) {
      T value{};
      if (!parse_number(word, value))
        lines.refuse("\"" + printable(word) + "\" is not a number of the kind announced.");
      if (by_columns.size() == count)
        lines.refuse("more numbers follow than the " + std::to_string(count) + " announced.");
      by_columns.push_back(value);
    }
  if (by_columns.size() != count)
    lines.refuse("the file ends after " + std::to_string(by_columns.size()) + " of the " +
                 std::to_string(count) + " numbers announced; it was cut short.");
  std::vector<T> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i / rows + i % rows * cols] = by_columns[i];
  return NumericArray::from(std::span<const T>(values), {rows, cols});
}

// The elements as text, column by column.
template <class T>
void write_columns(AtomicFile& out, const NumericArray& array) {
  const std::size_t rows = array.shape[0], cols = array.shape[1];
  const auto values = array.values<T>();
  for (std::size_t i = 0; i < values.size(); ++i)
    out.write(shortest_text(values[i / rows + i % rows * cols]) + "\n");
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
        out.write(std::to_string(r + 1) + " " + std::to_string(std::uint64_t{matrix.columns[e]} + 1) + " " +
                  shortest_text(matrix.values[e]) + "\n");
  });
}

void write_matrix_market(const std::filesystem::path& path, const NumericArray& array) {
  check(array.shape.size() == 2, "a Matrix Market array has two dimensions");
  const bool real = array.type == ElementType::kF32 || array.type == ElementType::kF64;
  write_file_atomically(path, [&](AtomicFile& out) {
    out.write(std::string("%%MatrixMarket matrix array ") + (real ? "real" : "integer") + " general\n");
    out.write(std::to_string(array.shape[0]) + " " + std::to_string(array.shape[1]) + "\n");
    switch (array.type) {
      case ElementType::kU8:
        return write_columns<std::uint8_t>(out, array);
      case ElementType::kI8:
        return write_columns<std::int8_t>(out, array);
      case ElementType::kU16:
        return write_columns<std::uint16_t>(out, array);
      case ElementType::kI16:
        return write_columns<std::int16_t>(out, array);
      case ElementType::kI32:
        return write_columns<std::int32_t>(out, array);
      case ElementType::kI64:
        return write_columns<std::int64_t>(out, array);
      case ElementType::kF32:
        return write_columns<float>(out, array);
      case ElementType::kF64:
        return write_columns<double>(out, array);
    }
  });
}

}  // namespace harmonium
