// The fast pass of softmax units, and sums of exponentials in f64.
#include "units/passes.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "harmonium/kernels/isa.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "units/softmax_simd.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include "kernels/choose-inl.h"
#include "kernels/random-inl.h"

HWY_BEFORE_NAMESPACE();
namespace harmonium {
namespace HWY_NAMESPACE {

/// Sum of exp(input[j] + scale * bias[j] - shift): one running sum a lane.
double sum_of_exp_on_target(const double* input, const float* bias, double scale, double shift,
                            std::size_t columns) {
  double sum = 0.0;
  std::size_t j = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::ScalableTag<double> d;
  const hn::Rebind<float, decltype(d)> df;
  const std::size_t lanes = hn::Lanes(d);
  const auto s = hn::Set(d, scale), minus = hn::Set(d, -shift), most = hn::Set(d, 700.0);
  auto parts = hn::Zero(d);
  for (; j + lanes <= columns; j += lanes) {
    const auto b = hn::PromoteTo(d, hn::LoadU(df, bias + j));
    const auto x = hn::Add(hn::MulAdd(s, b, hn::LoadU(d, input + j)), minus);
    // Beyond 700 hn::Exp is not defined; NaN fails the comparison as well.
    const auto low = hn::Le(x, most);
    if (HWY_LIKELY(hn::AllTrue(d, low))) {
      parts = hn::Add(parts, hn::Exp(d, x));
    } else {
      for (std::size_t i = j; i < j + lanes; ++i) sum += std::exp(input[i] + scale * bias[i] - shift);
    }
  }
  HWY_ALIGN double lane[hn::MaxLanes(d)];
  hn::Store(parts, d, lane);
  for (std::size_t i = 0; i < lanes; ++i) sum += lane[i];
#endif
  for (; j < columns; ++j) sum += std::exp(input[j] + scale * bias[j] - shift);
  return sum;
}

#if HWY_TARGET == HWY_SCALAR

bool softmax_on_target(const PassRows&, std::size_t) {
  return false;
}

#else

/// Variables of few states: exponentials for the whole row at once, sums and picks one variable at a time.
class FewStates {
 public:
  FewStates(const PassRows& rows, std::size_t states)
      : p_(rows),
        states_(states),
        variables_(rows.columns / states),
        keys_(rows.key),
        weight_(padded_to_step(rows.columns)),
        bits_(variables_) {}

  void run() {
    for (std::size_t r = 0; r < p_.rows; ++r) {
      weigh(p_.input + r * p_.input_stride, p_.scale(r));
      if (p_.samples != nullptr) {
        fill_bits(keys_, p_.cases[r], p_.first_unit, 0, variables_, bits_.data());
        for (std::size_t v = 0; v < variables_; ++v)
          sample(v, p_.samples + r * p_.samples_stride + v * states_);
      }
      if (p_.means != nullptr)
        for (std::size_t v = 0; v < variables_; ++v) mean(v, p_.means + r * p_.means_stride + v * states_);
    }
  }

 private:
  void weigh(const float* input, float scale) {
    fill_totals(input, p_.bias, scale, p_.columns, weight_.data());
    for (std::size_t v = 0; v < variables_; ++v) {
      float* w = &weight_[v * states_];
      float high = w[0];
      for (std::size_t k = 1; k < states_; ++k) high = w[k] > high ? w[k] : high;
      for (std::size_t k = 0; k < states_; ++k) w[k] -= high;
    }
    exp_in_place(weight_.data(), weight_.size());
  }

  float sum(std::size_t v) const {
    const float* w = &weight_[v * states_];
    float total = w[0];
    for (std::size_t k = 1; k < states_; ++k) total += w[k];
    return total;
  }

  void mean(std::size_t v, float* out) const {
    const float inverse = 1.0f / sum(v);
    for (std::size_t k = 0; k < states_; ++k) out[k] = weight_[v * states_ + k] * inverse;
  }

  /// The state is the number of running sums that do not exceed the point, among all but the last state with
  /// a weight: no branch depends on the point.
  void sample(std::size_t v, float* out) const {
    const float* w = &weight_[v * states_];
    const float total = sum(v), point = static_cast<float>((bits_[v] + 0.5) * 0x1p-32) * total;
    std::size_t state = 0, last = 0;
    float running = 0.0f;
    for (std::size_t k = 0; k < states_; ++k) {
      running += w[k];
      state += running <= point;
      last = w[k] > 0.0f ? k : last;
    }
    const float rest = total - total;  // 0, or NaN where one total is
    for (std::size_t k = 0; k < states_; ++k) out[k] = rest;
    if (rest == 0.0f) out[std::min(state, last)] = 1.0f;
  }

  const PassRows& p_;
  std::size_t states_, variables_;
  PhiloxKeys keys_;
  std::vector<float> weight_;
  std::vector<std::uint32_t> bits_;
};

void many_states(const PassRows& p, std::size_t states) {
  const RowNoise none;
  ManyChoices choices;
  for (std::size_t r = 0; r < p.rows; ++r) {
    const RowNoise noise = p.samples != nullptr ? RowNoise{p.key, p.cases[r]} : none;
    for (std::size_t v = 0; v < p.columns / states; ++v) {
      const std::size_t first = v * states;
      choices.assign(p.input + r * p.input_stride + first, p.bias + first, p.scale(r), states);
      if (p.means != nullptr)
        scale_into(choices.weights(), static_cast<float>(1.0 / choices.sum()), states,
                   p.means + r * p.means_stride + first);
      if (p.samples == nullptr) continue;
      float* out = p.samples + r * p.samples_stride + first;
      std::fill_n(out, states, choices.valid() ? 0.0f : std::numeric_limits<float>::quiet_NaN());
      const auto unit = static_cast<std::uint32_t>(p.first_unit + v);
      if (choices.valid()) out[choices.pick(noise.uniform(unit, 0))] = 1.0f;
    }
  }
}

bool softmax_on_target(const PassRows& p, std::size_t states) {
  if (states < 2 * kChoiceStep)
    FewStates(p, states).run();
  else
    many_states(p, states);
  return true;
}

#endif  // HWY_TARGET

}  // namespace HWY_NAMESPACE
}  // namespace harmonium
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace harmonium {

HWY_EXPORT(softmax_on_target);
HWY_EXPORT(sum_of_exp_on_target);

bool softmax_pass(const PassRows& rows, std::size_t states) {
  cap_instruction_set_from_environment();
  return HWY_DYNAMIC_DISPATCH(softmax_on_target)(rows, states);
}

double sum_of_exp(const double* input, const float* bias, double scale, double shift, std::size_t columns) {
  cap_instruction_set_from_environment();
  return HWY_DYNAMIC_DISPATCH(sum_of_exp_on_target)(input, bias, scale, shift, columns);
}

double log_sum_exp(const double* input, const float* bias, double scale, std::size_t columns) {
  double highest = -std::numeric_limits<double>::infinity();
  for (std::size_t j = 0; j < columns; ++j) {
    const double x = input[j] + scale * bias[j];
    if (std::isnan(x)) return x;
    highest = std::max(highest, x);
  }
  if (std::isinf(highest)) return highest;
  if (columns < 8) {
    double sum = 0.0;
    for (std::size_t j = 0; j < columns; ++j) sum += std::exp(input[j] + scale * bias[j] - highest);
    return highest + std::log(sum);
  }
  return highest + std::log(sum_of_exp(input, bias, scale, highest, columns));
}

}  // namespace harmonium
#endif  // HWY_ONCE
