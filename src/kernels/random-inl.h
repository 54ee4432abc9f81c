// Counter-based random numbers in vectors: Philox, uniforms and normals of successive units.
//
// Included once for every target of Highway; there is nothing for the scalar target, where the plain
// functions of pass.h do the same.
#if defined(HARMONIUM_KERNELS_RANDOM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HARMONIUM_KERNELS_RANDOM_INL_H_
#undef HARMONIUM_KERNELS_RANDOM_INL_H_
#else
#define HARMONIUM_KERNELS_RANDOM_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "kernels/math-inl.h"
#include "kernels/pass.h"

HWY_BEFORE_NAMESPACE();
namespace harmonium {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Four vectors: successive columns of a block.
template <class V>
struct Four {
  V a, b, c, d;
};

#if HWY_TARGET != HWY_SCALAR

/// The ten round keys of Philox as 64-bit lanes; only the lower halves of lanes matter.
struct PhiloxKeys {
  std::uint64_t key;
  std::uint64_t k0[10], k1[10];

  explicit PhiloxKeys(std::uint64_t philox_key) : key(philox_key) {
    auto a = static_cast<std::uint32_t>(key), b = static_cast<std::uint32_t>(key >> 32);
    for (int round = 0; round < 10; ++round, a += 0x9E3779B9u, b += 0xBB67AE85u) k0[round] = a, k1[round] = b;
  }
};

/// Philox on one counter in each 64-bit lane: word i of the counter in the lower half of c_i. What the upper
/// halves hold is never read, because the widening product reads lower halves alone; so the two results of
/// a product (high and low word) need one shift between them.
template <class D64, class V = hn::Vec<D64>>
HWY_INLINE void philox_lanes(D64 d, const PhiloxKeys& keys, V& c0, V& c1, V& c2, V& c3) {
  const hn::Repartition<std::uint32_t, D64> d32;
  const auto m0 = hn::BitCast(d32, hn::Set(d, std::uint64_t{0xD2511F53u}));
  const auto m1 = hn::BitCast(d32, hn::Set(d, std::uint64_t{0xCD9E8D57u}));
  for (int round = 0; round < 10; ++round) {
    const V p0 = hn::MulEven(hn::BitCast(d32, c0), m0);
    const V p1 = hn::MulEven(hn::BitCast(d32, c2), m1);
    c0 = hn::Xor(hn::ShiftRight<32>(p1), hn::Xor(c1, hn::Set(d, keys.k0[round])));
    c2 = hn::Xor(hn::ShiftRight<32>(p0), hn::Xor(c3, hn::Set(d, keys.k1[round])));
    c1 = p1;
    c3 = p0;
  }
}

/// The random numbers of one case for blocks of 4 Lanes(d) successive units, in the order of the units.
///
/// Four vectors hold one word of Philox each: lane 4b + m of every vector belongs to units
/// 4 (first_quad + m Lanes / 4 + b) and on. Transposing 4 x 4 within each 128-bit block then gives four
/// vectors of units in order, without a move across blocks.
template <class D>
class BlockRandom {
 public:
  using V = hn::Vec<D>;
  using D32 = hn::RebindToUnsigned<D>;
  using V32 = hn::Vec<D32>;

  HWY_INLINE BlockRandom(D d, const PhiloxKeys& keys, std::uint64_t case_index)
      : keys_(keys), case_index_(case_index) {
    const D64 d64;
    const std::size_t lanes = hn::Lanes(d);
    HWY_ALIGN std::uint64_t even[hn::MaxLanes(D())];
    for (std::size_t i = 0; i < lanes / 2; ++i) even[i] = (i & 1) * (lanes / 2) + (i >> 1);
    even_ = hn::Load(d64, even);
    odd_step_ = hn::Set(d64, std::uint64_t{lanes / 4});
    case_low_ = hn::Set(d64, case_index & 0xFFFFFFFFu);
    case_high_ = hn::Set(d64, case_index >> 32);
  }

  /// The same numbers one at a time.
  RowNoise row_noise() const { return {keys_.key, case_index_}; }

  /// Noise::bits of the units from 4 first_quad on.
  HWY_INLINE Four<V32> bits(D, std::uint32_t first_quad, std::uint32_t draw = 0) const {
    return in_order(words(first_quad, draw));
  }

  /// Noise::uniform: the upper 24 bits / 2^24, exact; in [0, 1).
  HWY_INLINE Four<V> uniforms(D d, std::uint32_t first_quad, std::uint32_t draw = 0) const {
    const Four<V32> w = bits(d, first_quad, draw);
    return {to_uniform(d, w.a), to_uniform(d, w.b), to_uniform(d, w.c), to_uniform(d, w.d)};
  }

  /// As to_open_uniform of pass.h: in (0, 1], steps of 2^-31 near 0.
  HWY_INLINE Four<V> open_uniforms(D d, std::uint32_t first_quad, std::uint32_t draw = 0) const {
    const Four<V32> w = bits(d, first_quad, draw);
    return {to_open_vector(d, w.a), to_open_vector(d, w.b), to_open_vector(d, w.c), to_open_vector(d, w.d)};
  }

  /// As RowNoise::normal: Box and Muller give units 4n and 4n + 1 from words 0 and 1, units 4n + 2 and
  /// 4n + 3 from words 2 and 3. |x| <= 6.66; within 2e-6 of the exact transform of the same words.
  HWY_INLINE Four<V> normals(D d, std::uint32_t first_quad) const {
    const D32 d32;
    const Four<V32> w = words(first_quad, kNormalDraw);
    V n0, n1, n2, n3;
    box_muller(d, w.a, w.b, n0, n1);
    box_muller(d, w.c, w.d, n2, n3);
    const Four<V32> n =
        in_order({hn::BitCast(d32, n0), hn::BitCast(d32, n1), hn::BitCast(d32, n2), hn::BitCast(d32, n3)});
    return {hn::BitCast(d, n.a), hn::BitCast(d, n.b), hn::BitCast(d, n.c), hn::BitCast(d, n.d)};
  }

 private:
  using D64 = hn::Repartition<std::uint64_t, D>;
  using V64 = hn::Vec<D64>;

  /// Words 0 to 3 of the quads, not yet in the order of units.
  HWY_INLINE Four<V32> words(std::uint32_t first_quad, std::uint32_t draw) const {
    const D64 d64;
    V64 a0 = hn::Add(even_, hn::Set(d64, std::uint64_t{first_quad}));
    V64 b0 = hn::Add(a0, odd_step_);
    V64 a1 = hn::Set(d64, std::uint64_t{draw}), a2 = case_low_, a3 = case_high_;
    V64 b1 = a1, b2 = a2, b3 = a3;
    philox_lanes(d64, keys_, a0, a1, a2, a3);
    philox_lanes(d64, keys_, b0, b1, b2, b3);
    return {join(a0, b0), join(a1, b1), join(a2, b2), join(a3, b3)};
  }

  static HWY_INLINE Four<V32> in_order(const Four<V32>& w) {
    const D32 d32;
    const D64 d64;
    const V64 t0 = hn::BitCast(d64, hn::InterleaveLower(d32, w.a, w.b));
    const V64 t1 = hn::BitCast(d64, hn::InterleaveLower(d32, w.c, w.d));
    const V64 t2 = hn::BitCast(d64, hn::InterleaveUpper(d32, w.a, w.b));
    const V64 t3 = hn::BitCast(d64, hn::InterleaveUpper(d32, w.c, w.d));
    return {hn::BitCast(d32, hn::InterleaveLower(d64, t0, t1)),
            hn::BitCast(d32, hn::InterleaveUpper(d64, t0, t1)),
            hn::BitCast(d32, hn::InterleaveLower(d64, t2, t3)),
            hn::BitCast(d32, hn::InterleaveUpper(d64, t2, t3))};
  }

  /// Lower halves of `even` in the even 32-bit lanes, those of `odd` in the odd ones.
  static HWY_INLINE V32 join(V64 even, V64 odd) {
    const D32 d32;
    return hn::OddEven(hn::BitCast(d32, hn::ShiftLeft<32>(odd)), hn::BitCast(d32, even));
  }

  static HWY_INLINE V to_uniform(D d, V32 word) {
    const hn::RebindToSigned<D> di;
    return hn::Mul(hn::ConvertTo(d, hn::BitCast(di, hn::ShiftRight<8>(word))), hn::Set(d, 0x1p-24f));
  }

  static HWY_INLINE V to_open_vector(D d, V32 word) {
    const hn::RebindToSigned<D> di;
    const V steps = hn::ConvertTo(d, hn::BitCast(di, hn::ShiftRight<1>(word)));
    return hn::Mul(hn::Add(steps, hn::Set(d, 0.5f)), hn::Set(d, 0x1p-31f));
  }

  /// cos and sin of 2 pi angle / 2^32, times sqrt(-2 log u). The angle's quadrant is taken off in integers,
  /// exactly; polynomials of Cephes' sinf and cosf on [-pi/4, pi/4].
  static HWY_INLINE void box_muller(D d, V32 radius_word, V32 angle, V& with_cos, V& with_sin) {
    const D32 d32;
    const hn::RebindToSigned<D> di;
    const V radius = hn::Sqrt(hn::Mul(hn::Set(d, -2.0f), log_f32(d, to_open_vector(d, radius_word))));
    const V32 quadrant = hn::ShiftRight<30>(hn::Add(angle, hn::Set(d32, 1u << 29)));
    const auto rest = hn::BitCast(di, hn::Sub(angle, hn::ShiftLeft<30>(quadrant)));
    const V x = hn::Mul(hn::ConvertTo(d, rest), hn::Set(d, 1.57079632679f * 0x1p-30f));
    const V square = hn::Mul(x, x);
    V s = hn::MulAdd(hn::Set(d, -1.9515295891e-4f), square, hn::Set(d, 8.3321608736e-3f));
    s = hn::MulAdd(s, square, hn::Set(d, -1.6666654611e-1f));
    s = hn::MulAdd(hn::Mul(s, square), x, x);
    V c = hn::MulAdd(hn::Set(d, 2.443315711809948e-5f), square, hn::Set(d, -1.388731625493765e-3f));
    c = hn::MulAdd(c, square, hn::Set(d, 4.166664568298827e-2f));
    c = hn::MulAdd(c, square, hn::Set(d, -0.5f));
    c = hn::MulAdd(c, square, hn::Set(d, 1.0f));
    const V32 one = hn::Set(d32, 1u), two = hn::Set(d32, 2u);
    const auto odd = hn::MaskFromVec(hn::BitCast(d, hn::Neg(hn::BitCast(di, hn::And(quadrant, one)))));
    const V32 cos_sign = hn::ShiftLeft<30>(hn::And(hn::Add(quadrant, one), two));
    const V32 sin_sign = hn::ShiftLeft<30>(hn::And(quadrant, two));
    with_cos = hn::Mul(radius, hn::Xor(hn::IfThenElse(odd, s, c), hn::BitCast(d, cos_sign)));
    with_sin = hn::Mul(radius, hn::Xor(hn::IfThenElse(odd, c, s), hn::BitCast(d, sin_sign)));
  }

  const PhiloxKeys& keys_;
  std::uint64_t case_index_;
  V64 even_, odd_step_, case_low_, case_high_;
};

/// Noise::bits of units first_unit + i, i < count, to out[i]. What is computed in excess goes to a buffer.
inline HWY_NOINLINE void fill_bits(const PhiloxKeys& keys, std::uint64_t case_index, std::uint32_t first_unit,
                                   std::uint32_t draw, std::size_t count, std::uint32_t* out) {
  const hn::ScalableTag<float> d;
  const hn::RebindToUnsigned<decltype(d)> d32;
  const std::size_t lanes = hn::Lanes(d);
  const BlockRandom<decltype(d)> random(d, keys, case_index);
  HWY_ALIGN std::uint32_t block[4 * hn::MaxLanes(d)];
  std::size_t skip = first_unit % 4;
  for (std::size_t i = 0; i < count;) {
    const auto w = random.bits(d, static_cast<std::uint32_t>((first_unit + i) / 4), draw);
    hn::Store(w.a, d32, block);
    hn::Store(w.b, d32, block + lanes);
    hn::Store(w.c, d32, block + 2 * lanes);
    hn::Store(w.d, d32, block + 3 * lanes);
    const std::size_t within = std::min(4 * lanes - skip, count - i);
    std::memcpy(out + i, block + skip, within * sizeof(std::uint32_t));
    i += within;
    skip = 0;
  }
}

#endif  // HWY_TARGET

}  // namespace HWY_NAMESPACE
}  // namespace harmonium
HWY_AFTER_NAMESPACE();

#endif  // HARMONIUM_KERNELS_RANDOM_INL_H_
