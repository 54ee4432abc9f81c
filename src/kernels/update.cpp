#include "harmonium/kernels/update.h"

#include <cstddef>

#include "harmonium/kernels/isa.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/update.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace harmonium {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// The new velocity. Written with D as a parameter so that the end of a row goes through the same operations
/// as the rest.
template <class D, class V>
HWY_INLINE V new_velocity(D d, const UpdateRule& rule, V gradient, V velocity, V w) {
  auto step = hn::NegMulAdd(hn::Set(d, rule.l2), w, gradient);
  if (rule.l1 != 0.0f) {
    const auto size = hn::IfThenZeroElse(hn::Eq(w, hn::Zero(d)), hn::Set(d, rule.l1));
    step = hn::Sub(step, hn::CopySign(size, w));
  }
  return hn::MulAdd(hn::Set(d, rule.momentum), velocity, hn::Mul(hn::Set(d, rule.rate), step));
}

template <class D>
HWY_INLINE void update_vector(D d, const UpdateRule& rule, const float* gradient, float* velocity,
                              float* values) {
  const auto w = hn::LoadU(d, values);
  const auto v = new_velocity(d, rule, hn::LoadU(d, gradient), hn::LoadU(d, velocity), w);
  hn::StoreU(v, d, velocity);
  hn::StoreU(hn::Add(w, v), d, values);
}

#if HWY_TARGET <= HWY_AVX2
/// The first `count` lanes alone: with masks that neither read nor write the others.
template <class D>
HWY_INLINE void update_first(D d, std::size_t count, const UpdateRule& rule, const float* gradient,
                             float* velocity, float* values) {
  const auto mask = hn::FirstN(d, count);
  const auto w = hn::MaskedLoad(mask, d, values);
  const auto v =
      new_velocity(d, rule, hn::MaskedLoad(mask, d, gradient), hn::MaskedLoad(mask, d, velocity), w);
  hn::BlendedStore(v, mask, d, velocity);
  hn::BlendedStore(hn::Add(w, v), mask, d, values);
}
#endif

void update_on_target(const UpdateRule& rule, const float* gradient, float* velocity, float* values,
                      std::size_t count) {
  const hn::ScalableTag<float> d;
  std::size_t i = 0;
  for (; i + hn::Lanes(d) <= count; i += hn::Lanes(d))
    update_vector(d, rule, gradient + i, velocity + i, values + i);
#if HWY_TARGET <= HWY_AVX2
  if (i < count) update_first(d, count - i, rule, gradient + i, velocity + i, values + i);
#else
  const hn::CappedTag<float, 1> one;
  for (; i < count; ++i) update_vector(one, rule, gradient + i, velocity + i, values + i);
#endif
}

void update_rows_on_target(const UpdateRule& rule, ConstMatrixView<float> gradient,
                           MatrixView<float> velocity, MatrixView<float> values) {
  const auto is_one_run = [&](auto view) { return view.stride() == values.cols(); };
  if (is_one_run(gradient) && is_one_run(velocity) && is_one_run(values))
    return update_on_target(rule, gradient.data(), velocity.data(), values.data(),
                            values.rows() * values.cols());
  for (std::size_t i = 0; i < values.rows(); ++i)
    update_on_target(rule, gradient.data() + i * gradient.stride(), velocity.data() + i * velocity.stride(),
                     values.data() + i * values.stride(), values.cols());
}

template <class D>
HWY_INLINE void update_fast_vector(D d, float rate, float decay, const float* gradient, const float* values,
                                   float* fast, float* sum) {
  const auto f =
      hn::MulAdd(hn::Set(d, decay), hn::LoadU(d, fast), hn::Mul(hn::Set(d, rate), hn::LoadU(d, gradient)));
  hn::StoreU(f, d, fast);
  hn::StoreU(hn::Add(hn::LoadU(d, values), f), d, sum);
}

void update_fast_on_target(float rate, float decay, const float* gradient, const float* values, float* fast,
                           float* sum, std::size_t count) {
  const hn::ScalableTag<float> d;
  const hn::CappedTag<float, 1> one;
  std::size_t i = 0;
  for (; i + hn::Lanes(d) <= count; i += hn::Lanes(d))
    update_fast_vector(d, rate, decay, gradient + i, values + i, fast + i, sum + i);
  for (; i < count; ++i) update_fast_vector(one, rate, decay, gradient + i, values + i, fast + i, sum + i);
}

}  // namespace HWY_NAMESPACE
}  // namespace harmonium
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace harmonium {

HWY_EXPORT(update_on_target);
HWY_EXPORT(update_rows_on_target);
HWY_EXPORT(update_fast_on_target);

void update_values(const UpdateRule& rule, std::span<const float> gradient, std::span<float> velocity,
                   std::span<float> values) {
  cap_instruction_set_from_environment();
  HWY_DYNAMIC_DISPATCH(update_on_target)
  (rule, gradient.data(), velocity.data(), values.data(), values.size());
}

void update_values(const UpdateRule& rule, ConstMatrixView<float> gradient, MatrixView<float> velocity,
                   MatrixView<float> values) {
  cap_instruction_set_from_environment();
  HWY_DYNAMIC_DISPATCH(update_rows_on_target)(rule, gradient, velocity, values);
}

void update_fast_values(float rate, float decay, std::span<const float> gradient,
                        std::span<const float> values, std::span<float> fast, std::span<float> sum) {
  cap_instruction_set_from_environment();
  HWY_DYNAMIC_DISPATCH(update_fast_on_target)
  (rate, decay, gradient.data(), values.data(), fast.data(), sum.data(), values.size());
}

}  // namespace harmonium
#endif  // HWY_ONCE
