// Products of 16-bit floats on AVX512-BF16 (vdpbf16ps: two products a lane, summed in f32).
//
// Highway 1.0.3 has no target for it, so these kernels are written with intrinsics and chosen at run time.
#include <cstdint>

#include "harmonium/kernels/isa.h"
#include "harmonium/kernels/precision.h"
#include "kernels/tiles.h"

#if defined(__x86_64__) && defined(__GNUC__)
#define HARMONIUM_BF16_KERNELS
// GCC 12 takes the undefined vectors within its own intrinsics for a mistake.
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#include <immintrin.h>
#endif

namespace harmonium {

#ifdef HARMONIUM_BF16_KERNELS
namespace {

bool processor_has_bf16() {
  return instruction_set_name().starts_with("AVX3") && __builtin_cpu_supports("avx512bf16") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512dq");
}

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16"))), \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")
#endif
#define HARMONIUM_TILE_INLINE inline __attribute__((always_inline))
#include "kernels/tiles-inl.h"

struct Bf16Lanes {
  using V = __m512;
  static constexpr std::size_t kLanes = 16;
  static constexpr int kAccumulators = 24;
  static HARMONIUM_TILE_INLINE V zero() { return _mm512_setzero_ps(); }
  static HARMONIUM_TILE_INLINE V load(const std::uint32_t* p) { return _mm512_loadu_ps(p); }
  static HARMONIUM_TILE_INLINE void prefetch(const std::uint32_t* p) { __builtin_prefetch(p, 0, 2); }
  static HARMONIUM_TILE_INLINE V load_floats(const float* p) { return _mm512_loadu_ps(p); }
  static HARMONIUM_TILE_INLINE void store(V v, float* p) { _mm512_storeu_ps(p, v); }
  static HARMONIUM_TILE_INLINE V scale(V v, float s) { return _mm512_mul_ps(v, _mm512_set1_ps(s)); }
  static HARMONIUM_TILE_INLINE V fma(std::uint32_t word, V b, V sum) {
    const __m512i pair = _mm512_set1_epi32(static_cast<int>(word));
    return _mm512_dpbf16_ps(sum, (__m512bh)pair, (__m512bh)b);
  }
  static HARMONIUM_TILE_INLINE V either(V a, V b) { return _mm512_or_ps(a, b); }
  static HARMONIUM_TILE_INLINE std::size_t append_nonzero(V v, std::size_t first, std::uint32_t* list) {
    const __m512i words = _mm512_castps_si512(v);
    const __mmask16 mask = _mm512_test_epi32_mask(words, words);
    const __m512i lanes = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    const __m512i numbers = _mm512_add_epi32(lanes, _mm512_set1_epi32(static_cast<int>(first)));
    _mm512_storeu_si512(list, _mm512_maskz_compress_epi32(mask, numbers));
    return static_cast<std::size_t>(__builtin_popcount(mask));
  }
};

void dense(const TileProduct& p) {
  dense_product<Bf16Lanes>(p);
}
void skipping(const TileProduct& p, const NonZeroWords& lists) {
  skipping_product<Bf16Lanes>(p, lists);
}

HARMONIUM_TILE_INLINE __m512 whole(const float* values, __m512 factor) {
  return _mm512_mul_ps(_mm512_loadu_ps(values), factor);
}
/// The first `count` values times a factor, then 0.
HARMONIUM_TILE_INLINE __m512 first_of(const float* values, std::size_t count, __m512 factor) {
  const auto mask = static_cast<__mmask16>(count >= 16 ? 0xFFFFu : (1u << count) - 1);
  return _mm512_mul_ps(_mm512_maskz_loadu_ps(mask, values), factor);
}
/// bf16 of both, those of `low` first.
HARMONIUM_TILE_INLINE __m512i to_bf16(__m512 low, __m512 high) {
  return (__m512i)_mm512_cvtne2ps_pbh(high, low);
}

/// `count` values times a factor, two a word.
HARMONIUM_TILE_INLINE void row_to_words(const float* row, std::size_t count, __m512 factor,
                                        std::uint32_t* words) {
  std::size_t j = 0;
  for (; j + 32 <= count; j += 32)
    _mm512_storeu_si512(words + j / 2, to_bf16(whole(row + j, factor), whole(row + j + 16, factor)));
  const std::size_t left = count - j;
  if (left == 0) return;
  const __m512 low = first_of(row + j, left, factor);
  const __m512 high = left > 16 ? first_of(row + j + 16, left - 16, factor) : _mm512_setzero_ps();
  _mm512_mask_storeu_epi32(words + j / 2, static_cast<__mmask16>((1u << (left + 1) / 2) - 1),
                           to_bf16(low, high));
}

void rows_to_words(ConstMatrixView<float> rows, float factor, std::uint32_t* words, std::size_t stride) {
  const __m512 f = _mm512_set1_ps(factor);
  // Rows of whole words without gaps are one long row.
  if (rows.stride() == rows.cols() && rows.cols() == 2 * stride)
    return row_to_words(rows.data(), rows.rows() * rows.cols(), f, words);
  for (std::size_t r = 0; r < rows.rows(); ++r)
    row_to_words(rows.data() + r * rows.stride(), rows.cols(), f, words + r * stride);
}

/// Words of two rows side by side, or of one and 0, into row k of panels.
template <bool kSecond>
HARMONIUM_TILE_INLINE void pair_to_panels(const float* row0, const float* row1, std::size_t columns,
                                          __m512 factor0, __m512 factor1, std::uint32_t* panels,
                                          const PanelLayout& layout, std::size_t k) {
  // The values of a column lie 16 apart.
  const __m512i by_columns = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8,
                                              23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  const std::size_t width = layout.width();
  std::uint32_t* words = panels + k * width;
  for (std::size_t first = 0; first < columns; first += width, words += layout.panel_stride()) {
    const std::size_t count = columns - first < width ? columns - first : width;
    std::size_t j = 0;
    for (; j + 16 <= count; j += 16) {
      const __m512 upper = kSecond ? whole(row1 + first + j, factor1) : _mm512_setzero_ps();
      _mm512_storeu_si512(
          words + j, _mm512_permutexvar_epi16(by_columns, to_bf16(whole(row0 + first + j, factor0), upper)));
    }
    if (j == count) continue;
    const __m512 lower = first_of(row0 + first + j, count - j, factor0);
    const __m512 upper = kSecond ? first_of(row1 + first + j, count - j, factor1) : _mm512_setzero_ps();
    _mm512_storeu_si512(words + j, _mm512_permutexvar_epi16(by_columns, to_bf16(lower, upper)));
  }
}

void rows_to_panels(ConstMatrixView<float> rows, const RowFactors& factors, std::uint32_t* panels,
                    const PanelLayout& layout, std::size_t first) {
  const float* row = rows.data();
  std::size_t r = 0;
  for (; r + 2 <= rows.rows(); r += 2, row += 2 * rows.stride())
    pair_to_panels<true>(row, row + rows.stride(), rows.cols(), _mm512_set1_ps(factors.of(r)),
                         _mm512_set1_ps(factors.of(r + 1)), panels, layout, first + r / 2);
  if (r < rows.rows())
    pair_to_panels<false>(row, nullptr, rows.cols(), _mm512_set1_ps(factors.of(r)), _mm512_setzero_ps(),
                          panels, layout, first + r / 2);
}

#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

}  // namespace

const TileKernels* bf16_tiles() {
  static const TileKernels kernels{Bf16Lanes::kLanes, 2, dense, skipping, rows_to_words, rows_to_panels};
  static const bool found = processor_has_bf16();
  return found ? &kernels : nullptr;
}

#else

const TileKernels* bf16_tiles() {
  return nullptr;
}

#endif

bool has_bf16_products() {
  return bf16_tiles() != nullptr;
}

std::string_view precision_name(Precision precision) {
  return precision == Precision::kBf16 ? "bf16" : "f32";
}

}  // namespace harmonium
