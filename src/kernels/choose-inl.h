// Choosing one of many columns with probabilities exp(total) / sum: weights, their running sums, picks.
//
// Included once for every target of Highway; nothing for the scalar target. A variable's columns always take
// the same lanes, counted from its own first column, so that sums do not depend on where it stands in a row.
#if defined(HARMONIUM_KERNELS_CHOOSE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HARMONIUM_KERNELS_CHOOSE_INL_H_
#undef HARMONIUM_KERNELS_CHOOSE_INL_H_
#else
#define HARMONIUM_KERNELS_CHOOSE_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <vector>

#include "kernels/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace harmonium {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR

/// Columns of a running sum's step: as many as the longest vector in use has lanes.
inline constexpr std::size_t kChoiceStep = 16;

inline std::size_t padded_to_step(std::size_t columns) {
  return (columns + kChoiceStep - 1) / kChoiceStep * kChoiceStep;
}

/// total[j] = input[j] + scale * bias[j]; -infinity from `columns` to the next multiple of kChoiceStep.
inline void fill_totals(const float* input, const float* bias, float scale, std::size_t columns,
                        float* total) {
  const hn::CappedTag<float, kChoiceStep> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto s = hn::Set(d, scale);
  std::size_t j = 0;
  for (; j + lanes <= columns; j += lanes)
    hn::StoreU(hn::MulAdd(s, hn::LoadU(d, bias + j), hn::LoadU(d, input + j)), d, total + j);
  if (j < columns) {
    HWY_ALIGN float in[kChoiceStep] = {}, b[kChoiceStep] = {};
    std::memcpy(in, input + j, (columns - j) * sizeof(float));
    std::memcpy(b, bias + j, (columns - j) * sizeof(float));
    hn::StoreU(hn::MulAdd(s, hn::Load(d, b), hn::Load(d, in)), d, total + j);
  }
  for (j = columns; j < padded_to_step(columns); ++j) total[j] = -std::numeric_limits<float>::infinity();
}

/// In place over `count` values, a multiple of kChoiceStep: exp(x) for x <= 0, 0 below -87, NaN for NaN.
inline void exp_in_place(float* x, std::size_t count) {
  const hn::CappedTag<float, kChoiceStep> d;
  for (std::size_t j = 0; j < count; j += hn::Lanes(d))
    hn::StoreU(exp_or_zero_f32(d, hn::LoadU(d, x + j)), d, x + j);
}

/// In place: y = factor * x over `count` columns, which need not be a multiple of anything.
inline void scale_into(const float* x, float factor, std::size_t count, float* y) {
  const hn::CappedTag<float, kChoiceStep> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto f = hn::Set(d, factor);
  std::size_t j = 0;
  for (; j + lanes <= count; j += lanes) hn::StoreU(hn::Mul(f, hn::LoadU(d, x + j)), d, y + j);
  for (; j < count; ++j) y[j] = factor * x[j];
}

/// One variable of many columns: weights exp(total - highest total) and their running sums in f64.
class ManyChoices {
 public:
  /// Throws away what was there. NaN among the totals makes the sum NaN.
  HWY_NOINLINE void assign(const float* input, const float* bias, float scale, std::size_t columns) {
    const hn::CappedTag<float, kChoiceStep> d;
    const std::size_t lanes = hn::Lanes(d), padded = padded_to_step(columns);
    weight_.resize(padded), running_.resize(padded / kChoiceStep);
    fill_totals(input, bias, scale, columns, weight_.data());
    auto high = hn::LoadU(d, weight_.data());
    for (std::size_t j = lanes; j < padded; j += lanes) high = hn::Max(high, hn::LoadU(d, &weight_[j]));
    high = hn::MaxOfLanes(d, high);
    double sum = 0.0;
    for (std::size_t step = 0; step < running_.size(); ++step) {
      auto part = hn::Zero(d);
      for (std::size_t j = step * kChoiceStep; j < (step + 1) * kChoiceStep; j += lanes) {
        const auto w = exp_or_zero_f32(d, hn::Sub(hn::LoadU(d, &weight_[j]), high));
        hn::StoreU(w, d, &weight_[j]);
        part = hn::Add(part, w);
      }
      running_[step] = sum += hn::GetLane(hn::SumOfLanes(d, part));
    }
  }

  const float* weights() const { return weight_.data(); }
  double sum() const { return running_.back(); }
  bool valid() const { return sum() == sum(); }

  /// The first column at which the running sum of weights exceeds u times their sum, 0 < u < 1.
  std::size_t pick(double u) const {
    const double point = u * sum();
    const auto at = std::upper_bound(running_.begin(), running_.end(), point);
    const auto step = static_cast<std::size_t>(at - running_.begin());
    const float* w = &weight_[step * kChoiceStep];
    const auto rest = static_cast<float>(step == 0 ? point : point - running_[step - 1]);
    std::size_t last = 0;  // rounding may leave the point beyond the step's end
    float within = 0.0f;
    for (std::size_t i = 0; i < kChoiceStep; ++i) {
      if (w[i] > 0.0f) last = i;
      within += w[i];
      if (within > rest) break;
    }
    return step * kChoiceStep + last;
  }

 private:
  std::vector<float> weight_;
  std::vector<double> running_;
};

#endif  // HWY_TARGET

}  // namespace HWY_NAMESPACE
}  // namespace harmonium
HWY_AFTER_NAMESPACE();

#endif  // HARMONIUM_KERNELS_CHOOSE_INL_H_
