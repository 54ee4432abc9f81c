// The fast pass of stepped sigmoid units, and their log-partition in f64.
#include "units/passes.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "harmonium/kernels/isa.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "units/stepped_simd.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include "kernels/pass-inl.h"

HWY_BEFORE_NAMESPACE();
namespace harmonium {
namespace HWY_NAMESPACE {

/// sum_n softplus(x - n + 1/2): m copies have a positive input; each of all copies adds log(1 + e^-|input|),
/// and these exponentials fall by a factor e on either side of m, so that their product stays below 6.
double one_log_partition(double x, double copies) {
  if (std::isnan(x)) return x;
  const double m = std::clamp(std::ceil(x + 0.5) - 1.0, 0.0, copies);
  double product = 1.0;
  double power = std::exp(m - 0.5 - x);
  for (double n = m; n >= 1.0 && power > 1e-17; n -= 1.0, power /= std::numbers::e) product *= 1.0 + power;
  power = std::exp(x - m - 0.5);
  for (double n = m + 1.0; n <= copies && power > 1e-17; n += 1.0, power /= std::numbers::e)
    product *= 1.0 + power;
  return (m > 0.0 ? m * x - 0.5 * m * m : 0.0) + std::log(product);
}

#if HWY_TARGET != HWY_SCALAR

/// The product of 1 + power / e^i over i < steps with first - i >= 1.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V product_of_side(D d, V product, V power, V first, int steps) {
  const V inverse_e = hn::Set(d, 1.0 / std::numbers::e);
  for (int i = 0; i < steps; ++i) {
    const auto within = hn::Ge(first, hn::Set(d, i + 1.0));
    product = hn::MulAdd(product, hn::IfThenElseZero(within, power), product);
    power = hn::Mul(power, inverse_e);
  }
  return product;
}

#endif

/// The same over columns, a lane each; a lane multiplies 300 columns before it needs a logarithm.
double stepped_log_partition_on_target(const double* input, const float* bias, double scale, unsigned copies,
                                       std::size_t columns) {
  double sum = 0.0;
  std::size_t j = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::ScalableTag<double> d;
  const hn::Rebind<float, decltype(d)> df;
  const std::size_t lanes = hn::Lanes(d);
  const auto zero = hn::Zero(d), one = hn::Set(d, 1.0), half = hn::Set(d, 0.5);
  const auto all = hn::Set(d, static_cast<double>(copies)), s = hn::Set(d, scale);
  const int steps = static_cast<int>(std::min(copies, 40u));  // e^-40 does not change the product
  while (j + lanes <= columns) {
    auto linear = zero, product = one;
    for (std::size_t k = 0; k < 300 && j + lanes <= columns; ++k, j += lanes) {
      const auto b = hn::PromoteTo(d, hn::LoadU(df, bias + j));
      const auto x = hn::MulAdd(s, b, hn::LoadU(d, input + j));
      const auto m = hn::Max(hn::Min(hn::Sub(hn::Ceil(hn::Add(x, half)), one), all), zero);
      const auto apart = hn::Sub(x, m);
      // Where the bound of 1 holds, there is no copy on that side.
      const auto down = hn::Exp(d, hn::Min(hn::Neg(hn::Add(apart, half)), one));
      const auto up = hn::Exp(d, hn::Min(hn::Sub(apart, half), one));
      product = product_of_side(d, product, down, m, steps);
      product = product_of_side(d, product, up, hn::Sub(all, m), steps);
      const auto on = hn::Mul(m, hn::NegMulAdd(half, m, x));
      linear = hn::Add(linear, hn::IfThenElse(hn::Eq(x, x), hn::IfThenElseZero(hn::Gt(m, zero), on), x));
    }
    HWY_ALIGN double lane_linear[hn::MaxLanes(d)], lane_product[hn::MaxLanes(d)];
    hn::Store(linear, d, lane_linear);
    hn::Store(product, d, lane_product);
    for (std::size_t i = 0; i < lanes; ++i) sum += lane_linear[i] + std::log(lane_product[i]);
  }
#endif
  for (; j < columns; ++j) sum += one_log_partition(input[j] + scale * bias[j], copies);
  return sum;
}

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
    Four<hn::Vec<D>> u = x;
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
HWY_EXPORT(stepped_log_partition_on_target);

bool stepped_pass(const PassRows& rows, unsigned copies) {
  cap_instruction_set_from_environment();
  return HWY_DYNAMIC_DISPATCH(stepped_on_target)(rows, copies);
}

double stepped_log_partition(const double* input, const float* bias, double scale, unsigned copies,
                             std::size_t columns) {
  cap_instruction_set_from_environment();
  return HWY_DYNAMIC_DISPATCH(stepped_log_partition_on_target)(input, bias, scale, copies, columns);
}

}  // namespace harmonium
#endif  // HWY_ONCE
