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
  static HARMONIUM_TILE_INLINE V load_floats(const float* p) { return _mm512_loadu_ps(p); }
  static HARMONIUM_TILE_INLINE void store(V v, float* p) { _mm512_storeu_ps(p, v); }
  static HARMONIUM_TILE_INLINE V scale(V v, float s) { return _mm512_mul_ps(v, _mm512_set1_ps(s)); }
  static HARMONIUM_TILE_INLINE V fma(std::uint32_t word, V b, V sum) {
    const __m512i pair = _mm512_set1_epi32(static_cast<int>(word));
    return _mm512_dpbf16_ps(sum, (__m512bh)pair, (__m512bh)b);
  }
};

void dense(const TileProduct& p) {
  dense_product<Bf16Lanes>(p);
}
void skipping(const TileProduct& p, const NonZeroWords& lists) {
  skipping_product<Bf16Lanes>(p, lists);
}

/// Columns [j, j + 16) of a row times a factor as bf16; those from `columns` on are 0.
HARMONIUM_TILE_INLINE __m256i sixteen(const float* row, std::size_t j, std::size_t columns, __m512 factor) {
  const std::size_t left = columns - j;
  const __mmask16 mask =
      left >= 16 ? static_cast<__mmask16>(0xFFFF) : static_cast<__mmask16>((1u << left) - 1);
  return (__m256i)_mm512_cvtneps_pbh(_mm512_mul_ps(_mm512_maskz_loadu_ps(mask, row + j), factor));
}

void rows_to_words(ConstMatrixView<float> rows, float factor, std::uint32_t* words, std::size_t stride) {
  const __m512 f = _mm512_set1_ps(factor);
  const std::size_t columns = rows.cols(), even = columns + columns % 2;
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    const float* row = rows.data() + r * rows.stride();
    auto* out = reinterpret_cast<std::uint16_t*>(words + r * stride);
    std::size_t j = 0;
    for (; j + 16 <= columns; j += 16)
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + j), sixteen(row, j, columns, f));
    if (j < columns)
      _mm256_mask_storeu_epi16(out + j, static_cast<__mmask16>((1u << (even - j)) - 1),
                               sixteen(row, j, columns, f));
  }
}

void pair_to_words(const RowPair& rows, std::uint32_t* words) {
  const __m512 f0 = _mm512_set1_ps(rows.factor0), f1 = _mm512_set1_ps(rows.factor1);
  for (std::size_t j = 0; j < rows.columns; j += 16) {
    const std::size_t left = rows.columns - j;
    const __mmask16 mask =
        left >= 16 ? static_cast<__mmask16>(0xFFFF) : static_cast<__mmask16>((1u << left) - 1);
    __m512i word = _mm512_cvtepu16_epi32(sixteen(rows.row0, j, rows.columns, f0));
    if (rows.row1 != nullptr) {
      const __m512i upper = _mm512_cvtepu16_epi32(sixteen(rows.row1, j, rows.columns, f1));
      word = _mm512_or_si512(word, _mm512_slli_epi32(upper, 16));
    }
    _mm512_mask_storeu_epi32(words + j, mask, word);
  }
}

#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

}  // namespace

const TileKernels* bf16_tiles() {
  static const TileKernels kernels{Bf16Lanes::kLanes, 2, dense, skipping, rows_to_words, pair_to_words};
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
