// The fast pass of noisy rectified linear units.
#include "units/passes.h"

#include "harmonium/kernels/isa.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "units/rectified_simd.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include <hwy/highway.h>

#include "kernels/pass-inl.h"

HWY_BEFORE_NAMESPACE();
namespace harmonium {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR

bool rectified_on_target(const PassRows&) {
  return false;
}

#else

struct RectifiedVector {
  /// s = sqrt(logistic(x)).
  template <class D, class V = hn::Vec<D> >
  HWY_INLINE V deviation(D d, V x) const {
    return hn::Sqrt(logistic_f32(d, x));
  }

  /// x Phi(x / s) + s phi(x / s) = max(0, x) + s L(|x / s|), L the normal loss function.
  template <class D, class V>
  HWY_INLINE V mean(D d, V x, V s) const {
    const V loss = normal_loss_f32(d, hn::Div(hn::Abs(x), s));
    const V value = hn::MulAdd(s, loss, hn::Max(x, hn::Zero(d)));
    return hn::IfThenElse(hn::Eq(x, x), value, x);
  }

  template <class D, class V>
  HWY_INLINE V sample(D d, V x, V s, V n) const {
    const V noisy = hn::MulAdd(s, n, x);
    return hn::IfThenZeroElse(hn::Lt(noisy, hn::Zero(d)), noisy);  // NaN passes
  }

  template <class D>
  HWY_INLINE void block(D d, const BlockRandom<D>& random, PassBlock<D>& b) const {
    const auto& x = b.total;
    const Four<hn::Vec<D> > s = {deviation(d, x.a), deviation(d, x.b), deviation(d, x.c), deviation(d, x.d)};
    if (b.wants_mean) b.mean = {mean(d, x.a, s.a), mean(d, x.b, s.b), mean(d, x.c, s.c), mean(d, x.d, s.d)};
    if (!b.wants_sample) return;
    const auto n = random.normals(d, b.quad);
    b.sample = {sample(d, x.a, s.a, n.a), sample(d, x.b, s.b, n.b), sample(d, x.c, s.c, n.c),
                sample(d, x.d, s.d, n.d)};
  }
};

bool rectified_on_target(const PassRows& rows) {
  block_pass(RectifiedVector(), rows);
  return true;
}

#endif  // HWY_TARGET

}  // namespace HWY_NAMESPACE
}  // namespace harmonium
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace harmonium {

HWY_EXPORT(rectified_on_target);

bool rectified_pass(const PassRows& rows) {
  cap_instruction_set_from_environment();
  return HWY_DYNAMIC_DISPATCH(rectified_on_target)(rows);
}

}  // namespace harmonium
#endif  // HWY_ONCE
