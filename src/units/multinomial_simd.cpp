// The fast pass of multinomial units.
#include "units/passes.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "harmonium/kernels/isa.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "units/multinomial_simd.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include <hwy/highway.h>

#include "kernels/choose-inl.h"
#include "kernels/random-inl.h"

HWY_BEFORE_NAMESPACE();
namespace harmonium {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR

bool multinomial_on_target(const PassRows&, const double*) {
  return false;
}

#else

/// Word w is draw w / K of column w % K.
void draw_words(const ManyChoices& choices, const PassRows& p, std::size_t row, std::uint64_t length,
                const PhiloxKeys& keys, float* counts) {
  std::uint32_t bits[256];
  for (std::uint64_t word = 0; word < length;) {
    const auto draw = static_cast<std::uint32_t>(word / p.columns);
    const std::size_t column = word % p.columns;
    const std::size_t n = std::min<std::uint64_t>({std::size(bits), p.columns - column, length - word});
    fill_bits(keys, p.cases[row], static_cast<std::uint32_t>(p.first_unit + column), draw, n, bits);
    for (std::size_t i = 0; i < n; ++i) counts[choices.pick((bits[i] + 0.5) * 0x1p-32)] += 1.0f;
    word += n;
  }
}

bool multinomial_on_target(const PassRows& p, const double* lengths) {
  const PhiloxKeys keys(p.key);
  ManyChoices choices;
  for (std::size_t r = 0; r < p.rows; ++r) {
    choices.assign(p.input + r * p.input_stride, p.bias, p.scale(r), p.columns);
    if (p.means != nullptr)
      scale_into(choices.weights(), static_cast<float>(lengths[r] / choices.sum()), p.columns,
                 p.means + r * p.means_stride);
    if (p.samples == nullptr) continue;
    float* counts = p.samples + r * p.samples_stride;
    std::fill_n(counts, p.columns, choices.valid() ? 0.0f : std::numeric_limits<float>::quiet_NaN());
    if (choices.valid()) draw_words(choices, p, r, static_cast<std::uint64_t>(lengths[r]), keys, counts);
  }
  return true;
}

#endif  // HWY_TARGET

}  // namespace HWY_NAMESPACE
}  // namespace harmonium
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace harmonium {

HWY_EXPORT(multinomial_on_target);

bool multinomial_pass(const PassRows& rows, const double* lengths) {
  cap_instruction_set_from_environment();
  return HWY_DYNAMIC_DISPATCH(multinomial_on_target)(rows, lengths);
}

}  // namespace harmonium
#endif  // HWY_ONCE
