// The fast pass of binomial units.
#include "units/passes.h"

#include "harmonium/kernels/isa.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "units/binomial_simd.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include <hwy/highway.h>

#include "kernels/pass-inl.h"

HWY_BEFORE_NAMESPACE();
namespace harmonium {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR

bool binomial_on_target(const PassRows&, unsigned) {
  return false;
}

#else

/// Inversion in vectors. With r = e^-|x| the weights C(N, k) r^k, k = 0..N, are bounded and fall in the end;
/// T_k = the sum of those from k on. The count is the number of k >= 1 with u T_0 <= T_k: small chances are
/// sums of small weights, so they are exact to rounding. For x > 0 the copies that are off are counted.
class BinomialVector {
 public:
  explicit BinomialVector(unsigned copies) : copies_(copies) {
    double choose = 1.0;
    for (unsigned k = 0; k <= copies && copies <= kMaxVectorCopies; ++k) {
      choose_[k] = static_cast<float>(choose);
      choose *= static_cast<double>(copies - k) / (k + 1);
    }
  }

  template <class D>
  HWY_INLINE void block(D d, const BlockRandom<D>& random, PassBlock<D>& b) const {
    const auto& x = b.total;
    b.mean = {mean(d, x.a), mean(d, x.b), mean(d, x.c), mean(d, x.d)};
    if (!b.wants_sample) return;
    if (copies_ > kMaxVectorCopies) {
      plain_samples(d, random, b);
      return;
    }
    const auto u = random.open_uniforms(d, b.quad);
    b.sample = {sample(d, x.a, u.a), sample(d, x.b, u.b), sample(d, x.c, u.c), sample(d, x.d, u.d)};
  }

 private:
  template <class D, class V>
  HWY_INLINE V mean(D d, V x) const {
    return hn::Mul(hn::Set(d, static_cast<float>(copies_)), logistic_f32(d, x));
  }

  template <class D, class V>
  HWY_INLINE V sample(D d, V x, V u) const {
    const std::size_t lanes = hn::Lanes(d);
    HWY_ALIGN float weight[(kMaxVectorCopies + 1) * hn::MaxLanes(D())];
    const V ratio = exp_or_zero_f32(d, hn::Neg(hn::Abs(x)));
    V power = hn::Set(d, 1.0f);
    for (unsigned k = 0; k <= copies_; ++k) {
      hn::Store(hn::Mul(hn::Set(d, choose_[k]), power), d, weight + k * lanes);
      power = hn::Mul(power, ratio);
    }
    V sum = hn::Zero(d);
    for (unsigned k = copies_; k > 0; --k) {
      sum = hn::Add(sum, hn::Load(d, weight + k * lanes));
      hn::Store(sum, d, weight + k * lanes);
    }
    const V threshold = hn::Mul(u, hn::Add(sum, hn::Load(d, weight)));
    const V one = hn::Set(d, 1.0f);
    V count = hn::Zero(d);
    for (unsigned k = 1; k <= copies_; ++k) {
      const auto within = hn::Le(threshold, hn::Load(d, weight + k * lanes));
      count = hn::Add(count, hn::IfThenElseZero(within, one));
    }
    const V all = hn::Set(d, static_cast<float>(copies_));
    count = hn::IfThenElse(hn::Gt(x, hn::Zero(d)), hn::Sub(all, count), count);
    return hn::IfThenElse(hn::Eq(x, x), count, x);
  }

  template <class D>
  HWY_NOINLINE void plain_samples(D d, const BlockRandom<D>& random, PassBlock<D>& b) const {
    HWY_ALIGN float values[4 * hn::MaxLanes(D())];
    store_four(d, b.total, values);
    for (std::size_t i = 0; i < 4 * hn::Lanes(d); ++i) {
      const auto unit = static_cast<std::uint32_t>(4 * b.quad + i);
      values[i] = static_cast<float>(binomial_sample(copies_, values[i], random.row_noise(), unit));
    }
    b.sample = load_four(d, values);
  }

  unsigned copies_;
  float choose_[kMaxVectorCopies + 1];
};

bool binomial_on_target(const PassRows& rows, unsigned copies) {
  block_pass(BinomialVector(copies), rows);
  return true;
}

#endif  // HWY_TARGET

}  // namespace HWY_NAMESPACE
}  // namespace harmonium
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace harmonium {

HWY_EXPORT(binomial_on_target);

bool binomial_pass(const PassRows& rows, unsigned copies) {
  cap_instruction_set_from_environment();
  return HWY_DYNAMIC_DISPATCH(binomial_on_target)(rows, copies);
}

}  // namespace harmonium
#endif  // HWY_ONCE
