// The pass over a block of rows in vectors, and its primitives: Philox, exp, logistic.
//
// Included once for every target of Highway (see src/units/bernoulli_simd.cpp for a user). A kind gives
//   template <class D, class V> V mean(D, V total)  and  template <class D, class V> V sample(D, V mean, V u)
// beside the plain functions that pass.h asks for.
//
// Every value goes through the same vector instructions wherever it stands in a row, so results do not
// depend on the width of a group, the place of its first column, or the alignment of the memory.
#if defined(HARMONIUM_KERNELS_PASS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HARMONIUM_KERNELS_PASS_INL_H_
#undef HARMONIUM_KERNELS_PASS_INL_H_
#else
#define HARMONIUM_KERNELS_PASS_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstring>

#include "kernels/pass.h"

HWY_BEFORE_NAMESPACE();
namespace harmonium {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// exp(x) in f32 for |x| <= 87; at most 2 ULP from the true value (tests/unit/kernels_pass_test.cpp).
///
///   n = round(x / log 2),  r = x - n log 2 in [-0.347, 0.347],  exp(x) = 2^n (1 + r + r^2 p(r))
///
/// p is the degree-5 minimax polynomial of Cephes' expf (Moshier 1989). log 2 is split in two, the upper
/// part so short that n times it is exact where the target has no fused multiplication.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V exp_f32(D d, V x) {
  const hn::RebindToSigned<D> di;
  const auto n = hn::NearestInt(hn::Mul(x, hn::Set(d, 1.44269504089f)));
  const V nf = hn::ConvertTo(d, n);
  V r = hn::NegMulAdd(nf, hn::Set(d, 0.693359375f), x);
  r = hn::NegMulAdd(nf, hn::Set(d, -2.12194440e-4f), r);
  V p = hn::Set(d, 1.9875691500e-4f);
  p = hn::MulAdd(p, r, hn::Set(d, 1.3981999507e-3f));
  p = hn::MulAdd(p, r, hn::Set(d, 8.3334519073e-3f));
  p = hn::MulAdd(p, r, hn::Set(d, 4.1665795894e-2f));
  p = hn::MulAdd(p, r, hn::Set(d, 1.6666665459e-1f));
  p = hn::MulAdd(p, r, hn::Set(d, 5.0000001201e-1f));
  const V value = hn::Add(hn::MulAdd(hn::Mul(r, r), p, r), hn::Set(d, 1.0f));
  const V power = hn::BitCast(d, hn::ShiftLeft<23>(hn::Add(n, hn::Set(di, 127))));
  return hn::Mul(value, power);
}

/// 1 / (1 + exp(-x)), at most 4 ULP for |x| <= 87; beyond, its value at -87 (1.6e-38) or 1. NaN stays NaN,
/// which the bounds alone do not ensure: targets differ in what Min and Max make of it.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V logistic_f32(D d, V x) {
  const V bounded = hn::Max(hn::Min(x, hn::Set(d, 87.0f)), hn::Set(d, -87.0f));
  const V one = hn::Set(d, 1.0f);
  const V value = hn::Div(one, hn::Add(one, exp_f32(d, hn::Neg(bounded))));
  return hn::IfThenElse(hn::Eq(x, x), value, x);
}

#if HWY_TARGET == HWY_SCALAR

template <class Kind>
HWY_INLINE void vector_pass(const Kind& kind, const PassRows& p) {
  plain_pass(kind, p);
}

#else

/// The ten round keys of Philox as 64-bit lanes; only the lower halves of lanes matter.
struct PhiloxKeys {
  std::uint64_t k0[10], k1[10];

  explicit PhiloxKeys(std::uint64_t key) {
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

/// Uniforms of 4 Lanes(d) successive units, from four vectors that hold one word of Philox each: lane 4b + m
/// of every vector belongs to units 4 (first_quad + m Lanes / 4 + b) and on. Transposing 4 x 4 within each
/// 128-bit block then gives four vectors of units in order, without a move across blocks.
template <class D>
class UniformBlock {
 public:
  using V = hn::Vec<D>;

  HWY_INLINE UniformBlock(D d, const PhiloxKeys& keys, std::uint64_t case_index) : keys_(keys) {
    const D64 d64;
    const std::size_t lanes = hn::Lanes(d);
    HWY_ALIGN std::uint64_t even[hn::MaxLanes(D())];
    for (std::size_t i = 0; i < lanes / 2; ++i) even[i] = (i & 1) * (lanes / 2) + (i >> 1);
    even_ = hn::Load(d64, even);
    odd_step_ = hn::Set(d64, std::uint64_t{lanes / 4});
    case_low_ = hn::Set(d64, case_index & 0xFFFFFFFFu);
    case_high_ = hn::Set(d64, case_index >> 32);
  }

  HWY_INLINE void uniforms(D d, std::uint32_t first_quad, V& u0, V& u1, V& u2, V& u3) const {
    const D64 d64;
    V64 a0 = hn::Add(even_, hn::Set(d64, std::uint64_t{first_quad}));
    V64 b0 = hn::Add(a0, odd_step_);
    V64 a1 = hn::Zero(d64), a2 = case_low_, a3 = case_high_;
    V64 b1 = a1, b2 = a2, b3 = a3;
    philox_lanes(d64, keys_, a0, a1, a2, a3);
    philox_lanes(d64, keys_, b0, b1, b2, b3);
    const auto w0 = join(a0, b0), w1 = join(a1, b1), w2 = join(a2, b2), w3 = join(a3, b3);
    const D32 d32;
    const V64 t0 = hn::BitCast(d64, hn::InterleaveLower(d32, w0, w1));
    const V64 t1 = hn::BitCast(d64, hn::InterleaveLower(d32, w2, w3));
    const V64 t2 = hn::BitCast(d64, hn::InterleaveUpper(d32, w0, w1));
    const V64 t3 = hn::BitCast(d64, hn::InterleaveUpper(d32, w2, w3));
    u0 = to_uniform(d, hn::InterleaveLower(d64, t0, t1));
    u1 = to_uniform(d, hn::InterleaveUpper(d64, t0, t1));
    u2 = to_uniform(d, hn::InterleaveLower(d64, t2, t3));
    u3 = to_uniform(d, hn::InterleaveUpper(d64, t2, t3));
  }

 private:
  using D32 = hn::RebindToUnsigned<D>;
  using D64 = hn::Repartition<std::uint64_t, D>;
  using V64 = hn::Vec<D64>;

  /// Lower halves of `even` in the even 32-bit lanes, those of `odd` in the odd ones.
  static HWY_INLINE hn::Vec<D32> join(V64 even, V64 odd) {
    const D32 d32;
    return hn::OddEven(hn::BitCast(d32, hn::ShiftLeft<32>(odd)), hn::BitCast(d32, even));
  }
  /// As Noise::to_uniform: the upper 24 bits / 2^24, exact.
  static HWY_INLINE V to_uniform(D d, V64 words) {
    const hn::RebindToSigned<D> di;
    const auto upper = hn::ShiftRight<8>(hn::BitCast(D32(), words));
    return hn::Mul(hn::ConvertTo(d, hn::BitCast(di, upper)), hn::Set(d, 0x1p-24f));
  }

  const PhiloxKeys& keys_;
  V64 even_, odd_step_, case_low_, case_high_;
};

/// Four vectors of successive columns, all of them within the group.
template <class D, class Kind>
HWY_INLINE void pass_block(D d, const Kind& kind, const UniformBlock<D>* random, std::uint32_t quad,
                           float scale, const float* input, const float* bias, float* means, float* samples) {
  using V = hn::Vec<D>;
  const std::size_t lanes = hn::Lanes(d);
  const V s = hn::Set(d, scale);
  const V m0 = kind.mean(d, hn::MulAdd(s, hn::LoadU(d, bias), hn::LoadU(d, input)));
  const V m1 = kind.mean(d, hn::MulAdd(s, hn::LoadU(d, bias + lanes), hn::LoadU(d, input + lanes)));
  const V m2 = kind.mean(d, hn::MulAdd(s, hn::LoadU(d, bias + 2 * lanes), hn::LoadU(d, input + 2 * lanes)));
  const V m3 = kind.mean(d, hn::MulAdd(s, hn::LoadU(d, bias + 3 * lanes), hn::LoadU(d, input + 3 * lanes)));
  if (samples != nullptr) {
    V u0, u1, u2, u3;
    random->uniforms(d, quad, u0, u1, u2, u3);
    hn::StoreU(kind.sample(d, m0, u0), d, samples);
    hn::StoreU(kind.sample(d, m1, u1), d, samples + lanes);
    hn::StoreU(kind.sample(d, m2, u2), d, samples + 2 * lanes);
    hn::StoreU(kind.sample(d, m3, u3), d, samples + 3 * lanes);
  }
  if (means != nullptr) {
    hn::StoreU(m0, d, means);
    hn::StoreU(m1, d, means + lanes);
    hn::StoreU(m2, d, means + 2 * lanes);
    hn::StoreU(m3, d, means + 3 * lanes);
  }
}

/// The same where the block reaches over an end of the group: `skip` columns of it lie before the group's
/// first, `count` within. Copies what is within to a buffer and back.
template <class D, class Kind>
HWY_NOINLINE void pass_edge(D d, const Kind& kind, const UniformBlock<D>* random, std::uint32_t quad,
                            float scale, std::size_t skip, std::size_t count, const float* input,
                            const float* bias, float* means, float* samples) {
  constexpr std::size_t kBlock = 4 * hn::MaxLanes(D());
  HWY_ALIGN float in[kBlock], b[kBlock], out_mean[kBlock], out_sample[kBlock];
  std::memset(in, 0, sizeof in), std::memset(b, 0, sizeof b);
  std::memcpy(in + skip, input, count * sizeof(float));
  std::memcpy(b + skip, bias, count * sizeof(float));
  pass_block(d, kind, random, quad, scale, in, b, means ? out_mean : nullptr, samples ? out_sample : nullptr);
  if (means != nullptr) std::memcpy(means, out_mean + skip, count * sizeof(float));
  if (samples != nullptr) std::memcpy(samples, out_sample + skip, count * sizeof(float));
}

/// See pass.h for what is computed. Units 4n to 4n + 3 share one evaluation of Philox, so blocks begin at
/// multiples of 4 in the numbering of units, which may lie up to 3 columns before the group.
template <class Kind>
HWY_INLINE void vector_pass(const Kind& kind, const PassRows& p) {
  using D = hn::ScalableTag<float>;
  const D d;
  const std::size_t block = 4 * hn::Lanes(d);
  const std::size_t skew = p.samples != nullptr ? p.first_unit % 4 : 0;
  const PhiloxKeys keys(p.key);
  for (std::size_t r = 0; r < p.rows; ++r) {
    const UniformBlock<D> random(d, keys, p.cases != nullptr ? p.cases[r] : 0);
    const float scale = p.scale(r);
    const float* input = p.input + r * p.input_stride;
    float* means = p.means != nullptr ? p.means + r * p.means_stride : nullptr;
    float* samples = p.samples != nullptr ? p.samples + r * p.samples_stride : nullptr;
    std::size_t skip = skew;
    for (std::size_t j = 0; j < p.columns;) {
      const std::size_t count = std::min(block - skip, p.columns - j);
      const auto quad = static_cast<std::uint32_t>((p.first_unit + j) / 4);
      float* m = means != nullptr ? means + j : nullptr;
      float* s = samples != nullptr ? samples + j : nullptr;
      if (count == block)
        pass_block(d, kind, &random, quad, scale, input + j, p.bias + j, m, s);
      else
        pass_edge(d, kind, &random, quad, scale, skip, count, input + j, p.bias + j, m, s);
      j += count;
      skip = 0;
    }
  }
}

#endif  // HWY_TARGET

}  // namespace HWY_NAMESPACE
}  // namespace harmonium
HWY_AFTER_NAMESPACE();

#endif  // HARMONIUM_KERNELS_PASS_INL_H_
