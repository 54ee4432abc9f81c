#include "harmonium/io/csv.h"

#include <algorithm>
#include <set>

#include "harmonium/base/error.h"
#include "harmonium/io/atomic_file.h"
#include "io/byte_source.h"
#include "io/bytes.h"

namespace harmonium {
namespace {

char separator_of(const std::filesystem::path& path, char separator) {
  if (separator != 0) return separator;
  std::filesystem::path name = path.filename();
  if (name.extension() == ".gz") name = name.stem();
  return name.extension() == ".tsv" || name.extension() == ".tab" ? '\t' : ',';
}

// A byte order mark in quotes is no longer one, so it stays.
bool needs_quotes(const std::string& cell, char separator) {
  return cell.starts_with("\xEF\xBB\xBF") ||
         cell.find_first_of(std::string("\"\r\n") + separator) != std::string::npos;
}

std::string quoted(const std::string& cell) {
  std::string result = "\"";
  for (const char c : cell) result += c == '"' ? std::string("\"\"") : std::string(1, c);
  return result + '"';
}

std::string row_text(const std::vector<std::string>& cells, char separator) {
  std::string text;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) text += separator;
    text += needs_quotes(cells[i], separator) ? quoted(cells[i]) : cells[i];
  }
  // A row of one empty cell would read back as no row.
  if (cells.size() == 1 && text.empty()) text = "\"\"";
  return text + '\n';
}

}  // namespace

struct CsvReader::State {
  State(const std::filesystem::path& path, char wanted)
      : lines(open_maybe_gz(path)), file(path.string()), separator(separator_of(path, wanted)) {}

  LineReader lines;
  std::string file;
  char separator;
  std::vector<std::string> header;

  // A record may run over several lines inside quotes; false at the end.
  bool read_record(CsvRow& row) {
    std::string_view line;
    do {
      if (!lines.next(line)) return false;
    } while (line.empty() || line == "\r");
    row.line = lines.line();
    std::size_t cells = 0;
    for (bool more = true; more;) {
      if (row.cells.size() <= cells) row.cells.emplace_back();
      std::string& cell = row.cells[cells++];
      cell.clear();
      more = line.starts_with('"') ? read_quoted(line, cell, row.line) : read_plain(line, cell);
    }
    row.cells.resize(cells);
    return true;
  }

  // Both take a cell off the front of `line`; true where another one follows. A CR belongs to the line's end
  // only outside of quotes.
  bool read_plain(std::string_view& line, std::string& cell) {
    const auto end = line.find(separator);
    const bool last = end == std::string_view::npos;
    if (last && line.ends_with('\r')) line.remove_suffix(1);
    cell = line.substr(0, end);
    if (cell.find('"') != std::string::npos)
      lines.refuse("a quote stands amid a cell; put the whole cell in quotes and double those inside.");
    if (!last) line.remove_prefix(end + 1);
    return !last;
  }

  bool read_quoted(std::string_view& line, std::string& cell, std::size_t first_line) {
    line.remove_prefix(1);
    for (;;) {
      const auto quote = line.find('"');
      cell += line.substr(0, quote);
      if (quote == std::string_view::npos) {
        cell += '\n';
        if (!lines.next(line)) lines.refuse(first_line, "a quote is opened and never closed.");
        continue;
      }
      line.remove_prefix(quote + 1);
      if (line.starts_with('"')) {
        cell += '"';
        line.remove_prefix(1);
        continue;
      }
      if (line.empty() || line == "\r") return false;
      if (line[0] != separator) lines.refuse("text follows a closed quote; a cell ends there.");
      line.remove_prefix(1);
      return true;
    }
  }
};

CsvReader::CsvReader(const std::filesystem::path& path, char separator)
    : state_(std::make_unique<State>(path, separator)) {
  CsvRow row;
  if (!state_->read_record(row))
    throw InputError(state_->file + ": is empty; a table begins with a line of column names.");
  std::set<std::string> seen;
  for (const std::string& name : row.cells)
    if (!seen.insert(name).second)
      throw InputError(state_->file + ":" + std::to_string(row.line) + ": the column name \"" +
                       printable(name) + "\" stands twice.");
  state_->header = std::move(row.cells);
}

CsvReader::~CsvReader() = default;
CsvReader::CsvReader(CsvReader&&) noexcept = default;
CsvReader& CsvReader::operator=(CsvReader&&) noexcept = default;

const std::string& CsvReader::file() const {
  return state_->file;
}
const std::vector<std::string>& CsvReader::header() const {
  return state_->header;
}

bool CsvReader::next(CsvRow& row) {
  if (!state_->read_record(row)) return false;
  if (row.cells.size() != state_->header.size())
    state_->lines.refuse(row.line, "has " + std::to_string(row.cells.size()) +
                                       " cells where the header has " +
                                       std::to_string(state_->header.size()) + ".");
  return true;
}

CsvTable read_csv(const std::filesystem::path& path, char separator) {
  CsvReader reader(path, separator);
  CsvTable table{reader.file(), reader.header(), {}};
  for (CsvRow row; reader.next(row);) table.rows.push_back(row);
  return table;
}

void write_csv(const std::filesystem::path& path, const std::vector<std::string>& header, std::size_t rows,
               const std::function<void(std::size_t row, std::vector<std::string>& cells)>& fill,
               char separator) {
  const char between = separator_of(path, separator);
  write_file_atomically(path, [&](AtomicFile& out) {
    out.write(row_text(header, between));
    std::vector<std::string> cells(header.size());
    for (std::size_t row = 0; row < rows; ++row) {
      fill(row, cells);
      check(cells.size() == header.size(), "a row of a table is as long as its header");
      out.write(row_text(cells, between));
    }
  });
}

void write_csv(const std::filesystem::path& path, const std::vector<std::string>& header,
               const std::vector<std::vector<std::string>>& rows, char separator) {
  write_csv(
      path, header, rows.size(), [&](std::size_t row, std::vector<std::string>& cells) { cells = rows[row]; },
      separator);
}

}  // namespace harmonium
