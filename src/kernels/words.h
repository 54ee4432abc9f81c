// Rows of floats and words: copies, sums, and turning over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/tiles.h"

namespace harmonium {

/// TileKernels::rows_to_words and pair_to_words of f32: copies times a factor.
void f32_rows(ConstMatrixView<float> rows, float factor, std::uint32_t* words, std::size_t stride);
void f32_pair(const RowPair& rows, std::uint32_t* words);

/// sums[j] += sum over rows r of weights[r] rows(r, j), in the order of the rows.
void add_rows(ConstMatrixView<float> rows, std::span<const float> weights, std::span<float> sums);

/// Turns 4 rows of words (row i at rows + i * stride) over into panels: word j of row i becomes row j,
/// column `column` + i. `column` is a multiple of 4, and panels are multiples of 4 wide.
void scatter_four_rows(const std::uint32_t* rows, std::size_t stride, std::size_t count,
                       std::uint32_t* panels, const PanelLayout& layout, std::size_t column);

}  // namespace harmonium
