// The fast pass of stepped sigmoid units.
#include "units/passes.h"

#include <cmath>

#include "harmonium/kernels/isa.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "units/stepped_simd.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include <hwy/highway.h>

#include "kernels/pass-inl.h"

HWY_BEFORE_NAMESPACE();
namespace harmonium {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR

bool stepped_on_target(const PassRows&, unsigned) {
  return false;
}

#else

/// With m = the whole number in 0..N nearest to x, the weights  exp(k x - k^2 / 2) [N choose k]_q  of the
/// counts k relative to that of m come by their ratios,
///
///   weight(k + 1) / weight(k) = exp(x - k - 1/2) (1 - q^{N-k}) / (1 - q^{k+1}),
///
/// and fall like exp(-(k - x)^2 / 2): the kReach on either side of m hold all but 1e-9 of the whole. Mean and
/// sample are taken from these. The count is found by inversion, from the far end of the upper side, then of
/// the lower side, so that small chances are sums of small weights.
class SteppedVector {
 public:
  explicit SteppedVector(unsigned copies) : copies_(static_cast<float>(copies)) {
    for (int i = 0; i <= kReach; ++i) grow_[i] = static_cast<float>(std::exp(static_cast<double>(i)));
    for (int i = 0; i <= kReach; ++i) fall_[i] = static_cast<float>(std::exp(-static_cast<double>(i)));
  }

  template <class D>
  HWY_INLINE void block(D d, const BlockRandom<D>& random, PassBlock<D>& b) const {
    const auto& x = b.total;
    Four<hn::Vec<D> > u = x;
    if (b.wants_sample) u = random.open_uniforms(d, b.quad);
    one_vector(d, x.a, u.a, b.wants_sample, b.mean.a, b.sample.a);
    one_vector(d, x.b, u.b, b.wants_sample, b.mean.b, b.sample.b);
    one_vector(d, x.c, u.c, b.wants_sample, b.mean.c, b.sample.c);
    one_vector(d, x.d, u.d, b.wants_sample, b.mean.d, b.sample.d);
  }

 private:
  static constexpr int kReach = 6;

  template <class D, class V>
  HWY_INLINE void one_vector(D d, V x, V u, bool wants_sample, V& mean, V& sample) const {
    const V one = hn::Set(d, 1.0f), zero = hn::Zero(d), half = hn::Set(d, 0.5f);
    const V all = hn::Set(d, copies_);
    const V m = hn::Max(hn::Min(hn::Round(x), all), zero), rest = hn::Sub(all, m);
    const V q_m = exp_or_zero_f32(d, hn::Neg(m)), q_rest = exp_or_zero_f32(d, hn::Neg(rest));
    // Beyond 0..N the exponentials are bounded, where the side that grows has no counts.
    const V bound = hn::Set(d, 20.0f), apart = hn::Sub(x, m);
    const V up_base = exp_or_zero_f32(d, hn::Sub(hn::Min(apart, bound), half));
    const V down_base = exp_or_zero_f32(d, hn::Neg(hn::Add(hn::Max(apart, hn::Neg(bound)), half)));
    V up[kReach + 1], down[kReach + 1];
    up[0] = down[0] = one;
    for (int i = 0; i < kReach; ++i) {
      const V step = hn::Set(d, static_cast<float>(i));
      const V grow = hn::Set(d, grow_[i]), fall = hn::Set(d, fall_[i]), next = hn::Set(d, fall_[i + 1]);
      const V up_ratio = hn::Div(hn::NegMulAdd(q_rest, grow, one), hn::NegMulAdd(q_m, next, one));
      const V down_ratio = hn::Div(hn::NegMulAdd(q_m, grow, one), hn::NegMulAdd(q_rest, next, one));
      up[i + 1] =
          hn::IfThenElseZero(hn::Gt(rest, step), hn::Mul(hn::Mul(up[i], hn::Mul(up_base, fall)), up_ratio));
      down[i + 1] = hn::IfThenElseZero(hn::Gt(m, step),
                                       hn::Mul(hn::Mul(down[i], hn::Mul(down_base, fall)), down_ratio));
    }
    // Sums from the far ends: of weights, and of weights times distance.
    V up_moment = zero, down_moment = zero;
    for (int i = kReach; i > 0; --i) {
      if (i < kReach) up[i] = hn::Add(up[i], up[i + 1]), down[i] = hn::Add(down[i], down[i + 1]);
      up_moment = hn::Add(up_moment, up[i]);
      down_moment = hn::Add(down_moment, down[i]);
    }
    const V sum = hn::Add(hn::Add(up[1], down[1]), one);
    const auto valid = hn::Eq(x, x);
    mean = hn::IfThenElse(valid, hn::Add(m, hn::Div(hn::Sub(up_moment, down_moment), sum)), x);
    if (!wants_sample) return;
    const V threshold = hn::Mul(u, sum), lower = hn::Sub(threshold, up[1]);
    V count = m;
    for (int i = 1; i <= kReach; ++i) {
      count = hn::Add(count, hn::IfThenElseZero(hn::Le(threshold, up[i]), one));
      const auto below = hn::And(hn::Gt(threshold, up[1]), hn::Le(lower, down[i]));
      count = hn::Sub(count, hn::IfThenElseZero(below, one));
    }
    sample = hn::IfThenElse(valid, count, x);
  }

  float copies_;
  float grow_[kReach + 1], fall_[kReach + 1];
};

bool stepped_on_target(const PassRows& rows, unsigned copies) {
  block_pass(SteppedVector(copies), rows);
  return true;
}

#endif  // HWY_TARGET

}  // namespace HWY_NAMESPACE
}  // namespace harmonium
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace harmonium {

HWY_EXPORT(stepped_on_target);

bool stepped_pass(const PassRows& rows, unsigned copies) {
  cap_instruction_set_from_environment();
  return HWY_DYNAMIC_DISPATCH(stepped_on_target)(rows, copies);
}

}  // namespace harmonium
#endif  // HWY_ONCE
