// Products of a block of rows with packed weights: the tables of kernels, one for each precision.
//
// Both precisions see 32-bit *words*: a word is one f32, or a pair of bf16 whose two products are summed. A
// kernel computes  C[r, j] = alpha sum_k A[r, k] . B[k, j]  over words k. B is packed in panels: a panel is
// some vectors wide and holds its rows k one after the other, so that a kernel reads it in one stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "harmonium/base/matrix.h"

namespace harmonium {

/// How many columns are cut into panels of at most 8 vectors, as even as can be.
struct PanelLayout {
  std::size_t words = 0;          ///< rows k of a panel
  std::size_t vectors = 0;        ///< of all columns together, the last one filled up
  std::size_t panel_vectors = 0;  ///< of one panel; the last may have fewer
  std::size_t panels = 0;
  std::size_t lanes = 1;  ///< columns of a vector

  PanelLayout() = default;
  PanelLayout(std::size_t words, std::size_t columns, std::size_t lanes);
  /// All columns in one panel, however many.
  static PanelLayout of_one_panel(std::size_t words, std::size_t columns, std::size_t lanes);
  std::size_t width() const { return panel_vectors * lanes; }     ///< columns of a panel
  std::size_t panel_stride() const { return words * width(); }    ///< words from a panel to the next
  std::size_t padded_columns() const { return vectors * lanes; }  ///< columns that kernels write
  std::size_t size() const { return panels * panel_stride(); }    ///< words in all
  std::size_t vectors_of(std::size_t panel) const;
  /// Where word k of column j lies.
  std::size_t place(std::size_t k, std::size_t j) const {
    return j / width() * panel_stride() + k * width() + j % width();
  }
};

/// Rows of so few vectors cost less than to look for what is zero: all their words are taken.
inline constexpr std::size_t kNarrowVectors = 2;
/// Words of a panel that dense tiles go through at once: they stay in the second cache.
inline constexpr std::size_t kDenseWords = 256;

/// Operands of one product. Word k of row r of A is a[r * a_row + k * a_word]. C must have room for
/// layout.padded_columns() in every row, or where `rows_may_touch`, in the last one.
struct TileProduct {
  const std::uint32_t* a = nullptr;
  std::ptrdiff_t a_row = 0, a_word = 1;
  std::size_t rows = 0;
  PanelLayout layout;
  const std::uint32_t* b = nullptr;
  float* c = nullptr;
  std::size_t c_stride = 0;
  float alpha = 1.0f;
};

/// For each row of A, the words that are not zero, by blocks of words that fit the first cache.
struct NonZeroWords {
  std::size_t block = 0, blocks = 0;  ///< words of a block, number of blocks
  std::vector<std::uint16_t> index;   ///< within the block
  std::vector<std::uint32_t> start;   ///< rows x blocks + 1: where in `index` a row's block begins

  /// Blocks of about 96 words, as even as can be.
  void plan(std::size_t rows, std::size_t words);
  std::size_t count() const { return start.back(); }
};

/// What row r is multiplied by: `all` times each[r], or `all` where `each` is null.
struct RowFactors {
  float all = 1.0f;
  const float* each = nullptr;
  float of(std::size_t row) const { return each != nullptr ? all * each[row] : all; }
};

struct TileKernels {
  std::size_t lanes;           ///< columns of a vector
  std::size_t values_of_word;  ///< 1, or 2 where words are pairs
  /// All words, in tiles of several rows.
  void (*dense)(const TileProduct&);
  /// Only the words that are listed: a row at a time, with the weights in the first cache.
  void (*skipping)(const TileProduct&, const NonZeroWords&);
  /// Words along rows, `stride` words apart: word j of a row is factor * value j, or the pair of factor *
  /// values 2j and 2j + 1, the last one filled up with 0. Rounding to bf16 is to nearest even; NaN stays NaN.
  void (*rows_to_words)(ConstMatrixView<float> rows, float factor, std::uint32_t* words, std::size_t stride);
  /// Words across rows, one a column: row r times its factor, or the pair of rows r and r + 1, an odd last
  /// row paired with 0. They become rows of panels from row `first` on; columns of a last vector that are not
  /// there become 0.
  void (*rows_to_panels)(ConstMatrixView<float> rows, const RowFactors& factors, std::uint32_t* panels,
                         const PanelLayout& layout, std::size_t first);
};

/// On the best vectors of this processor (Highway).
const TileKernels& f32_tiles();
/// On AVX512-BF16; null where the processor has none.
const TileKernels* bf16_tiles();

/// Lists what is not zero in the rows of A; `lists.plan` comes first. Where words of a row lie one after the
/// other (a_word = 1) and where the rows do (a_row = 1; then A must be readable up to the next 16 rows).
void list_nonzero_words(const TileProduct& product, NonZeroWords& lists);

/// Whether every row of C is stored once, one after the other, each in one go: then rows may lie without
/// gaps, and what a row's last vector writes past its end is overwritten by the next row.
inline bool rows_may_touch(const PanelLayout& layout) {
  return layout.vectors <= kNarrowVectors && layout.words <= kDenseWords;
}

/// The product by the kernel that is faster for these states: many zero words are skipped, few are not.
void tile_product(const TileKernels& kernels, const TileProduct& product, NonZeroWords& lists);

}  // namespace harmonium
