// Rows of which most values are zero: for each, the columns and values of the others, in ascending order of
// the columns ("CSR"). Word counts of documents are such rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace harmonium {

/// A view of B rows of N columns. Row r has the entries [row_start[r], row_start[r + 1]) of `columns` and
/// `values`; all other values are 0.
struct SparseRows {
  std::span<const std::uint64_t> row_start;  ///< B + 1 of them, or none
  std::span<const std::uint32_t> columns;
  std::span<const float> values;
  std::size_t cols = 0;  ///< N

  std::size_t rows() const { return row_start.empty() ? 0 : row_start.size() - 1; }
  /// Rows [first, first + count).
  SparseRows row_block(std::size_t first, std::size_t count) const {
    return {row_start.subspan(first, count + 1), columns, values, cols};
  }
};

/// Owns such rows.
struct SparseMatrix {
  std::vector<std::uint64_t> row_start{0};
  std::vector<std::uint32_t> columns;
  std::vector<float> values;
  std::size_t cols = 0;

  std::size_t rows() const { return row_start.size() - 1; }
  /// No rows, of `columns_of_a_row` columns; memory is kept.
  void clear(std::size_t columns_of_a_row) {
    row_start.assign(1, 0);
    columns.clear(), values.clear();
    cols = columns_of_a_row;
  }
  void add(std::uint32_t column, float value) { columns.push_back(column), values.push_back(value); }
  /// What was added since the last row ended is a row.
  void end_row() { row_start.push_back(columns.size()); }

  SparseRows view() const { return {row_start, columns, values, cols}; }
  operator SparseRows() const { return view(); }  // NOLINT: meant to convert
};

}  // namespace harmonium
