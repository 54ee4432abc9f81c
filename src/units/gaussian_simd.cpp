// The fast pass of Gaussian units, and their inverse deviations in f64.
#include "units/passes.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "harmonium/kernels/isa.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "units/gaussian_simd.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include "kernels/pass-inl.h"

HWY_BEFORE_NAMESPACE();
namespace harmonium {
namespace HWY_NAMESPACE {

void inverse_deviations_on_target(const float* log_variance, std::size_t columns, double* inverse) {
  std::size_t j = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::ScalableTag<double> d;
  const hn::Rebind<float, decltype(d)> df;
  const std::size_t lanes = hn::Lanes(d);
  for (; j + lanes <= columns; j += lanes) {
    const auto bounded = hn::Max(hn::LoadU(df, log_variance + j), hn::Set(df, kMinLogVariance));
    hn::StoreU(hn::Exp(d, hn::Mul(hn::Set(d, -0.5), hn::PromoteTo(d, bounded))), d, inverse + j);
  }
#endif
  for (; j < columns; ++j) inverse[j] = std::exp(-0.5 * std::max(log_variance[j], kMinLogVariance));
}

#if HWY_TARGET == HWY_SCALAR

bool gaussian_on_target(const PassRows&, const float*) {
  return false;
}

#else

struct GaussianVector {
  template <class D>
  HWY_INLINE void block(D d, const BlockRandom<D>& random, PassBlock<D>& b) const {
    b.mean = b.total;
    if (!b.wants_sample) return;
    const auto n = random.normals(d, b.quad);
    b.sample = {hn::MulAdd(b.factor.a, n.a, b.total.a), hn::MulAdd(b.factor.b, n.b, b.total.b),
                hn::MulAdd(b.factor.c, n.c, b.total.c), hn::MulAdd(b.factor.d, n.d, b.total.d)};
  }
};

bool gaussian_on_target(const PassRows& rows, const float* log_variance) {
  if (log_variance == nullptr) {
    block_pass(GaussianVector(), rows);
    return true;
  }
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  std::vector<float> sigma(rows.columns + lanes);
  std::copy_n(log_variance, rows.columns, sigma.begin());
  for (std::size_t j = 0; j < rows.columns; j += lanes) {
    const auto bounded = hn::Max(hn::LoadU(d, &sigma[j]), hn::Set(d, kMinLogVariance));
    hn::StoreU(exp_f32(d, hn::Mul(hn::Set(d, 0.5f), bounded)), d, &sigma[j]);
  }
  PassRows scaled = rows;
  scaled.factor = sigma.data();
  block_pass(GaussianVector(), scaled);
  return true;
}

#endif  // HWY_TARGET

}  // namespace HWY_NAMESPACE
}  // namespace harmonium
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace harmonium {

HWY_EXPORT(gaussian_on_target);
HWY_EXPORT(inverse_deviations_on_target);

bool gaussian_pass(const PassRows& rows, const float* log_variance) {
  cap_instruction_set_from_environment();
  return HWY_DYNAMIC_DISPATCH(gaussian_on_target)(rows, log_variance);
}

void inverse_deviations(const float* log_variance, std::size_t columns, double* inverse) {
  cap_instruction_set_from_environment();
  HWY_DYNAMIC_DISPATCH(inverse_deviations_on_target)(log_variance, columns, inverse);
}

}  // namespace harmonium
#endif  // HWY_ONCE
