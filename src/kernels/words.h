// Conversions of rows of floats into the words of tiles.h: plain, or in pairs of 16-bit floats.
//
// Rounding is to the nearest 16-bit float, ties to even; NaN stays NaN.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/tiles.h"

namespace harmonium {

/// Columns of one row in pairs: word j = (factor row[2j], factor row[2j + 1]); the last one filled up with 0.
void bf16_words(std::span<const float> row, float factor, std::uint32_t* words);

/// Two rows in pairs, a word a column: word j = (f0 row0[j], f1 row1[j]). `row1` may be null and counts as 0.
struct RowPair {
  const float* row0 = nullptr;
  const float* row1 = nullptr;
  float factor0 = 1.0f, factor1 = 1.0f;
  std::size_t columns = 0;
};
void bf16_pair(const RowPair& rows, std::uint32_t* words);

/// words[j] = factor row[j] as f32.
void f32_words(std::span<const float> row, float factor, std::uint32_t* words);

/// sums[j] += factor row[j].
void add_row(std::span<const float> row, float factor, std::span<float> sums);

/// Turns 4 rows of words (row i at rows + i * stride) over into panels: word j of row i becomes row j,
/// column `column` + i. `column` is a multiple of 4, and panels are multiples of 4 wide.
void scatter_four_rows(const std::uint32_t* rows, std::size_t stride, std::size_t count, std::uint32_t* panels,
                       const PanelLayout& layout, std::size_t column);

}  // namespace harmonium
