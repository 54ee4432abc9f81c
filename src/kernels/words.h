// Rows of floats and words: copies, sums, and turning over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/tiles.h"

namespace harmonium {

/// TileKernels::rows_to_words and rows_to_panels of f32: copies times a factor.
void f32_rows(ConstMatrixView<float> rows, float factor, std::uint32_t* words, std::size_t stride);
void f32_panels(ConstMatrixView<float> rows, const RowFactors& factors, std::uint32_t* panels,
                const PanelLayout& layout, std::size_t first);

/// sums[j] += sum over rows r of weights[r] rows(r, j), in the order of the rows.
void add_rows(ConstMatrixView<float> rows, std::span<const float> weights, std::span<float> sums);

/// Turns `count` rows of words (row i at words + i * stride) over into panels: word k of row i becomes row k,
/// column `column` + i.
void scatter_rows(const std::uint32_t* words, std::size_t stride, std::size_t count, std::uint32_t* panels,
                  const PanelLayout& layout, std::size_t column);

}  // namespace harmonium
