// The fast passes of Bernoulli units, compiled once for every target of Highway.
#include "units/passes.h"

#include <cmath>

#include "harmonium/kernels/isa.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "units/bernoulli_simd.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include "kernels/pass-inl.h"

HWY_BEFORE_NAMESPACE();
namespace harmonium {
namespace HWY_NAMESPACE {

struct BernoulliVector : BernoulliPlain {
  using BernoulliPlain::mean;
  using BernoulliPlain::sample;

  template <class D, class V>
  HWY_INLINE V mean(D d, V total) const {
    return logistic_f32(d, total);
  }
  template <class D, class V>
  HWY_INLINE V sample(D d, V mean, V u) const {
    // mean - mean is 0, or NaN where the mean is: a fault in the weights must not become a clean 0.
    return hn::IfThenElse(hn::Lt(u, mean), hn::Set(d, 1.0f), hn::Sub(mean, mean));
  }
};

void bernoulli_on_target(const PassRows& rows) {
  vector_pass(BernoulliVector(), rows);
}

// sum softplus(x) = sum max(x, 0) + log prod (1 + exp(-|x|)): every factor lies in (1, 2], so a lane can
// multiply 1000 of them before it needs a logarithm. The product's relative error, 1000 roundings at most,
// is the logarithm's absolute error: below 1e-12 for each 1000 units.
double log_partition_on_target(const double* input, const float* bias, double scale, std::size_t columns) {
  double sum = 0.0;
  std::size_t j = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::ScalableTag<double> d;
  const hn::Rebind<float, decltype(d)> df;
  const std::size_t lanes = hn::Lanes(d);
  const auto zero = hn::Zero(d), one = hn::Set(d, 1.0), s = hn::Set(d, scale);
  while (j + lanes <= columns) {
    auto linear = zero, product = one;
    for (std::size_t k = 0; k < 1000 && j + lanes <= columns; ++k, j += lanes) {
      const auto b = hn::PromoteTo(d, hn::LoadU(df, bias + j));
      const auto x = hn::MulAdd(s, b, hn::LoadU(d, input + j));
      linear = hn::Add(linear, hn::Max(zero, x));
      product = hn::Mul(product, hn::Add(one, hn::Exp(d, hn::Neg(hn::Abs(x)))));
    }
    HWY_ALIGN double lane_linear[hn::MaxLanes(d)], lane_product[hn::MaxLanes(d)];
    hn::Store(linear, d, lane_linear);
    hn::Store(product, d, lane_product);
    for (std::size_t i = 0; i < lanes; ++i) sum += lane_linear[i] + std::log(lane_product[i]);
  }
#endif
  for (; j < columns; ++j) {
    const double x = input[j] + scale * bias[j];
    sum += (x > 0.0 ? x : 0.0) + std::log1p(std::exp(-std::abs(x)));
  }
  return sum;
}

}  // namespace HWY_NAMESPACE
}  // namespace harmonium
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace harmonium {

HWY_EXPORT(bernoulli_on_target);
HWY_EXPORT(log_partition_on_target);

float BernoulliPlain::mean(float total) const {
  return 1.0f / (1.0f + std::exp(-total));
}

float BernoulliPlain::sample(float mean, float u) const {
  return u < mean ? 1.0f : mean - mean;
}

void bernoulli_pass(const PassRows& rows) {
  cap_instruction_set_from_environment();
  HWY_DYNAMIC_DISPATCH(bernoulli_on_target)(rows);
}

double bernoulli_log_partition(const double* input, const float* bias, double scale, std::size_t columns) {
  cap_instruction_set_from_environment();
  return HWY_DYNAMIC_DISPATCH(log_partition_on_target)(input, bias, scale, columns);
}

}  // namespace harmonium
#endif  // HWY_ONCE
