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

void read_case(LineReader& lines, std::string_view line, CsrMatrix& matrix) {
  double label = 0;
  const auto word = next_word(line);
  if (!parse_number(word, label))
    lines.refuse("\"" + printable(word) + "\" is not a label; a case begins with one number.");
  matrix.labels.push_back(label);
  std::int64_t last = -1;
  for (auto entry = next_word(line); !entry.empty(); entry = next_word(line)) {
    const auto colon = entry.find(':');
    std::uint32_t column = 0;
    float value = 0;
    if (colon == std::string_view::npos || !parse_number(entry.substr(0, colon), column) ||
        !parse_number(entry.substr(colon + 1), value))
      lines.refuse("\"" + printable(entry) + "\" is not COLUMN:VALUE.");
    if (column <= last)
      lines.refuse("column " + std::to_string(column) +
                   " does not come after the one before it; they must ascend.");
    last = column;
    matrix.columns.push_back(column);
    matrix.values.push_back(value);
  }
  matrix.row_start.push_back(matrix.values.size());
}

}  // namespace

CsrMatrix read_svmlight(const std::filesystem::path& path, const SvmlightOptions& options) {
  LineReader lines(open_maybe_gz(path));
  CsrMatrix matrix;
  for (std::string_view line; lines.next(line);) {
    line = line.substr(0, line.find('#'));
    if (line.find_first_not_of(" \t\r") != std::string_view::npos) read_case(lines, line, matrix);
  }
  const std::string& name = lines.source().name();
  if (matrix.labels.empty())
    throw InputError(name + ": holds no cases; each line must be LABEL COLUMN:VALUE ...");
  const bool has_zero = std::find(matrix.columns.begin(), matrix.columns.end(), 0u) != matrix.columns.end();
  const unsigned first = options.first_column.value_or(has_zero ? 0u : 1u);
  if (first > 0 && has_zero) throw InputError(name + ": has a column 0 where columns are counted from 1.");
  std::uint32_t largest = 0;
  for (std::uint32_t& column : matrix.columns) largest = std::max(largest, (column -= first));
  matrix.rows = matrix.labels.size();
  matrix.cols = options.columns ? options.columns : matrix.columns.empty() ? 0 : std::size_t{largest} + 1;
  if (!matrix.columns.empty() && largest >= matrix.cols)
    throw InputError(name + ": has column " + std::to_string(largest + first) + ", beyond the " +
                     std::to_string(matrix.cols) + " that are wanted.");
  return matrix;
}

void write_svmlight(const std::filesystem::path& path, const CsrMatrix& matrix, unsigned first_column) {
  write_file_atomically(path, [&](AtomicFile& out) {
    for (std::size_t r = 0; r < matrix.rows; ++r) {
      std::string line = matrix.labels.empty() ? "0" : shortest_text(matrix.labels[r]);
      for (std::uint64_t e = matrix.row_start[r]; e < matrix.row_start[r + 1]; ++e)
        line +=
            " " + std::to_string(matrix.columns[e] + first_column) + ":" + shortest_text(matrix.values[e]);
      out.write(line + "\n");
    }
  });
}

}  // namespace harmonium
