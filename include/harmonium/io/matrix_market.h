// Matrix Market files (.mtx): coordinate matrices become sparse, arrays dense.
#pragma once

#include <filesystem>
#include <variant>

#include "harmonium/io/table.h"

namespace harmonium {

/// Reads `matrix coordinate integer|real|pattern general` (pattern entries are 1) as sparse, and `matrix
/// array integer|real general` as rows x cols of i64 or f64; plain or gzipped. Throws InputError "FILE:LINE:
/// ..." for other kinds, numbers out of range, entries that come twice, and counts that the file does not
/// hold (checked before memory is taken).
std::variant<NumericArray, CsrMatrix> read_matrix_market(const std::filesystem::path& path);

/// Writes `coordinate real general`, atomically. Labels are not part of the format. Throws WorkError.
void write_matrix_market(const std::filesystem::path& path, const CsrMatrix& matrix);
/// Writes `array real general` (`array integer general` for integer types) of an array of two dimensions
/// (`check` otherwise).
void write_matrix_market(const std::filesystem::path& path, const NumericArray& array);

}  // namespace harmonium
