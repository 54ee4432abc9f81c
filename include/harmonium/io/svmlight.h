// svmlight (libsvm) files: one case a line, `LABEL COLUMN:VALUE COLUMN:VALUE ... # remark`, columns
// ascending.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "harmonium/io/table.h"

namespace harmonium {

/// How to read columns.
struct SvmlightOptions {
  /// The number of the first column, 0 or 1. Where it is not given: 0 if column 0 occurs in the file, else 1.
  std::optional<unsigned> first_column;
  /// Width of the matrix; 0 means the largest column that occurs. A column beyond a given width is an error.
  std::size_t columns = 0;
};

/// Reads a file, plain or gzipped; labels are set. Throws InputError "FILE:LINE: ..." for anything that is
/// not of the form above (query ids and several labels a case among it).
CsrMatrix read_svmlight(const std::filesystem::path& path, const SvmlightOptions& options = {});

/// Writes atomically, columns counted from `first_column` (0 or 1), label 0 where the matrix has none.
/// Numbers are as short as they can be and still read back the same. Throws WorkError.
void write_svmlight(const std::filesystem::path& path, const CsrMatrix& matrix, unsigned first_column = 1);

}  // namespace harmonium
