// The pass over a block of rows in vectors.
//
// Included once for every target of Highway (see src/units/bernoulli_simd.cpp for a user). A kind with one
// uniform a value gives
//   template <class D, class V> V mean(D, V total)  and  template <class D, class V> V sample(D, V mean, V u)
// beside the plain functions that pass.h asks for, and goes through `vector_pass`; any other works on blocks
// of four vectors and goes through `block_pass`, which is not there on the scalar target.
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

#include "kernels/math-inl.h"
#include "kernels/pass.h"
#include "kernels/random-inl.h"

HWY_BEFORE_NAMESPACE();
namespace harmonium {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR

template <class Kind>
HWY_INLINE void vector_pass(const Kind& kind, const PassRows& p) {
  plain_pass(kind, p);
}

#else

/// What a kind gets and gives for four vectors of successive columns. `total` is factor x input + scale x
/// bias; `quad` numbers the block's first unit / 4 for BlockRandom. A kind fills what is wanted.
template <class D>
struct PassBlock {
  Four<hn::Vec<D> > total, factor;
  std::uint32_t quad = 0;
  bool wants_mean = false, wants_sample = false;
  Four<hn::Vec<D> > mean = total, sample = total;
};

/// Where a block's values lie.
struct BlockMemory {
  const float *input, *bias, *factor;
  float *means, *samples;
};

template <class D>
HWY_INLINE Four<hn::Vec<D> > load_four(D d, const float* p) {
  const std::size_t lanes = hn::Lanes(d);
  return {hn::LoadU(d, p), hn::LoadU(d, p + lanes), hn::LoadU(d, p + 2 * lanes), hn::LoadU(d, p + 3 * lanes)};
}

template <class D>
HWY_INLINE void store_four(D d, const Four<hn::Vec<D> >& v, float* p) {
  const std::size_t lanes = hn::Lanes(d);
  hn::StoreU(v.a, d, p), hn::StoreU(v.b, d, p + lanes);
  hn::StoreU(v.c, d, p + 2 * lanes), hn::StoreU(v.d, d, p + 3 * lanes);
}

/// How a block that lies within the group is read and written.
struct WholeBlock {
  template <class D>
  HWY_INLINE Four<hn::Vec<D> > load(D d, const float* p) const {
    return load_four(d, p);
  }
  template <class D>
  HWY_INLINE void store(D d, const Four<hn::Vec<D> >& v, float* p) const {
    store_four(d, v, p);
  }
};

#if HWY_TARGET <= HWY_AVX2
/// One whose first `count` columns are of the group: masks neither read nor write the others, which count
/// as 0.
struct FirstOfBlock {
  std::size_t count;

  template <class D>
  HWY_INLINE auto mask(D d, std::size_t vector) const {
    const std::size_t lanes = hn::Lanes(d), before = vector * lanes;
    return hn::FirstN(d, count > before ? std::min(count - before, lanes) : 0);
  }
  template <class D>
  HWY_INLINE Four<hn::Vec<D> > load(D d, const float* p) const {
    const std::size_t lanes = hn::Lanes(d);
    return {hn::MaskedLoad(mask(d, 0), d, p), hn::MaskedLoad(mask(d, 1), d, p + lanes),
            hn::MaskedLoad(mask(d, 2), d, p + 2 * lanes), hn::MaskedLoad(mask(d, 3), d, p + 3 * lanes)};
  }
  template <class D>
  HWY_INLINE void store(D d, const Four<hn::Vec<D> >& v, float* p) const {
    const std::size_t lanes = hn::Lanes(d);
    hn::BlendedStore(v.a, mask(d, 0), d, p);
    if (count > lanes) hn::BlendedStore(v.b, mask(d, 1), d, p + lanes);
    if (count > 2 * lanes) hn::BlendedStore(v.c, mask(d, 2), d, p + 2 * lanes);
    if (count > 3 * lanes) hn::BlendedStore(v.d, mask(d, 3), d, p + 3 * lanes);
  }
};
#endif

/// Four vectors of successive columns, read and written by `access`.
template <class D, class Kind, class Access = WholeBlock>
HWY_INLINE void pass_block(D d, const Kind& kind, const BlockRandom<D>& random, std::uint32_t quad,
                           float scale, const BlockMemory& m, const Access& access = {}) {
  using V = hn::Vec<D>;
  const V s = hn::Set(d, scale), one = hn::Set(d, 1.0f);
  const Four<V> x = access.load(d, m.input), b = access.load(d, m.bias);
  PassBlock<D> block{
      {hn::MulAdd(s, b.a, x.a), hn::MulAdd(s, b.b, x.b), hn::MulAdd(s, b.c, x.c), hn::MulAdd(s, b.d, x.d)},
      {one, one, one, one},
      quad,
      m.means != nullptr,
      m.samples != nullptr};
  if (m.factor != nullptr) {
    const Four<V> f = block.factor = access.load(d, m.factor);
    block.total = {hn::MulAdd(f.a, x.a, hn::Mul(s, b.a)), hn::MulAdd(f.b, x.b, hn::Mul(s, b.b)),
                   hn::MulAdd(f.c, x.c, hn::Mul(s, b.c)), hn::MulAdd(f.d, x.d, hn::Mul(s, b.d))};
  }
  kind.block(d, random, block);
  if (m.samples != nullptr) access.store(d, block.sample, m.samples);
  if (m.means != nullptr) access.store(d, block.mean, m.means);
}

/// The same where the block reaches over an end of the group: `skip` columns of it lie before the group's
/// first, `count` within. Where none lie before and there are masks, these do; else what is within is copied
/// to a buffer and back.
template <class D, class Kind>
HWY_NOINLINE void pass_edge(D d, const Kind& kind, const BlockRandom<D>& random, std::uint32_t quad,
                            float scale, std::size_t skip, std::size_t count, const BlockMemory& m) {
#if HWY_TARGET <= HWY_AVX2
  if (skip == 0) return pass_block(d, kind, random, quad, scale, m, FirstOfBlock{count});
#endif
  constexpr std::size_t kBlock = 4 * hn::MaxLanes(D());
  HWY_ALIGN float in[kBlock], bias[kBlock], factor[kBlock], mean[kBlock], sample[kBlock];
  const auto load = [&](const float* from, float* to) {
    std::memset(to, 0, sizeof in);
    std::memcpy(to + skip, from, count * sizeof(float));
  };
  load(m.input, in), load(m.bias, bias);
  if (m.factor != nullptr) load(m.factor, factor);
  pass_block(d, kind, random, quad, scale,
             {in, bias, m.factor ? factor : nullptr, m.means ? mean : nullptr, m.samples ? sample : nullptr});
  if (m.means != nullptr) std::memcpy(m.means, mean + skip, count * sizeof(float));
  if (m.samples != nullptr) std::memcpy(m.samples, sample + skip, count * sizeof(float));
}

/// The pass of a kind that works on blocks:
///   template <class D> void block(D, const BlockRandom<D>&, PassBlock<D>&)
///
/// Units 4n to 4n + 3 share one evaluation of Philox, so blocks begin at multiples of 4 in the numbering of
/// units, which may lie up to 3 columns before the group.
template <class Kind>
HWY_INLINE void block_pass(const Kind& kind, const PassRows& p) {
  using D = hn::ScalableTag<float>;
  const D d;
  const std::size_t block = 4 * hn::Lanes(d);
  const std::size_t skew = p.samples != nullptr ? p.first_unit % 4 : 0;
  const PhiloxKeys keys(p.key);
  for (std::size_t r = 0; r < p.rows; ++r) {
    const BlockRandom<D> random(d, keys, p.cases != nullptr ? p.cases[r] : 0);
    const float scale = p.scale(r);
    const float* input = p.input + r * p.input_stride;
    float* means = p.means != nullptr ? p.means + r * p.means_stride : nullptr;
    float* samples = p.samples != nullptr ? p.samples + r * p.samples_stride : nullptr;
    std::size_t skip = skew;
    for (std::size_t j = 0; j < p.columns;) {
      const std::size_t count = std::min(block - skip, p.columns - j);
      const auto quad = static_cast<std::uint32_t>((p.first_unit + j) / 4);
      const BlockMemory memory{input + j, p.bias + j, p.factor != nullptr ? p.factor + j : nullptr,
                               means != nullptr ? means + j : nullptr,
                               samples != nullptr ? samples + j : nullptr};
      if (count == block)
        pass_block(d, kind, random, quad, scale, memory);
      else
        pass_edge(d, kind, random, quad, scale, skip, count, memory);
      j += count;
      skip = 0;
    }
  }
}

/// A kind of one mean and one uniform, as blocks.
template <class Kind>
struct UniformKind {
  const Kind& kind;

  template <class D>
  HWY_INLINE void block(D d, const BlockRandom<D>& random, PassBlock<D>& b) const {
    b.mean = {kind.mean(d, b.total.a), kind.mean(d, b.total.b), kind.mean(d, b.total.c),
              kind.mean(d, b.total.d)};
    if (!b.wants_sample) return;
    const Four<hn::Vec<D> > u = random.uniforms(d, b.quad);
    b.sample = {kind.sample(d, b.mean.a, u.a), kind.sample(d, b.mean.b, u.b), kind.sample(d, b.mean.c, u.c),
                kind.sample(d, b.mean.d, u.d)};
  }
};

/// See pass.h for what is computed.
template <class Kind>
HWY_INLINE void vector_pass(const Kind& kind, const PassRows& p) {
  block_pass(UniformKind<Kind>{kind}, p);
}

#endif  // HWY_TARGET

}  // namespace HWY_NAMESPACE
}  // namespace harmonium
HWY_AFTER_NAMESPACE();

#endif  // HARMONIUM_KERNELS_PASS_INL_H_
