// Tables as text: comma- or tab-separated values with a header line, quoted as RFC 4180 says.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace harmonium {

/// One row and the line of the file (from 1) on which it begins.
struct CsvRow {
  std::size_t line = 0;
  std::vector<std::string> cells;

  bool operator==(const CsvRow&) const = default;
};

/// A whole table in memory.
struct CsvTable {
  std::string file;  ///< for messages
  std::vector<std::string> header;
  std::vector<CsvRow> rows;
};

/// Reads a table row by row, so that a large one need not be held as text. Gzipped files are unpacked on the
/// way. Lines may end in LF or CRLF; empty lines are skipped; a byte order mark is dropped. Cells keep their
/// blanks.
class CsvReader {
 public:
  /// Reads the header. `separator` 0 means a tab for names that end in .tsv, .tab or .tsv.gz, and a comma
  /// else. Throws InputError for files that cannot be read or are empty, and for doubled column names.
  explicit CsvReader(const std::filesystem::path& path, char separator = 0);
  ~CsvReader();
  CsvReader(CsvReader&&) noexcept;
  CsvReader& operator=(CsvReader&&) noexcept;

  const std::string& file() const;
  const std::vector<std::string>& header() const;
  /// The next row into `row`, whose memory is used again; false at the end. Throws InputError "FILE:LINE:
  /// ..." for rows with too few or too many cells, quotes that are not closed or stand amid a cell, and zero
  /// bytes.
  bool next(CsvRow& row);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The whole table; throws as CsvReader does.
CsvTable read_csv(const std::filesystem::path& path, char separator = 0);

/// Writes a header and rows atomically, quoting where needed, lines ending in LF. The separator is chosen as
/// in CsvReader. Each row must be as long as the header (`check` otherwise). Throws WorkError.
void write_csv(const std::filesystem::path& path, const std::vector<std::string>& header,
               const std::vector<std::vector<std::string>>& rows, char separator = 0);
/// The same for rows that are made one at a time: `fill` puts row `row` into `cells`, which have as many as
/// the header and hold what the row before left.
void write_csv(const std::filesystem::path& path, const std::vector<std::string>& header, std::size_t rows,
               const std::function<void(std::size_t row, std::vector<std::string>& cells)>& fill,
               char separator = 0);

}  // namespace harmonium
