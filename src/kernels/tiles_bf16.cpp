// Products of 16-bit floats on AVX512-BF16 (vdpbf16ps: two products a lane, summed in f32).
//
// Highway 1.0.3 has no target for it, so these kernels are written with intrinsics and chosen at run time.
#include <cstdint>

#include "harmonium/kernels/isa.h"
#include "harmonium/kernels/precision.h"
#include "kernels/tiles.h"

#if defined(__x86_64__) && defined(__GNUC__)
#define HARMONIUM_BF16_KERNELS
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

#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

}  // namespace

const TileKernels* bf16_tiles() {
  static const TileKernels kernels{"AVX512-BF16", Bf16Lanes::kLanes, dense, skipping};
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
