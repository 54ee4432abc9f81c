// The vector primitives of the pass on every target of this machine: exp and logistic against f64 in ULP, the
// uniforms against Noise bit for bit, over odd widths, first columns and misaligned memory.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "harmonium/base/random.h"
#include "unit/every_target.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "unit/kernels_pass_test.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include <hwy/highway.h>

#include "kernels/pass-inl.h"

HWY_BEFORE_NAMESPACE();
namespace harmonium {
namespace HWY_NAMESPACE {

/// mean = total, sample = 8 mean + u: shows which uniform met which column. Both are exact for whole totals.
struct ProbeKind {
  float mean(float total) const { return total; }
  float sample(float mean, float u) const { return 8.0f * mean + u; }
  template <class D, class V>
  HWY_INLINE V mean(D, V total) const {
    return total;
  }
  template <class D, class V>
  HWY_INLINE V sample(D d, V mean, V u) const {
    return hn::MulAdd(mean, hn::Set(d, 8.0f), u);
  }
};

void probe_pass(const PassRows& rows) {
  vector_pass(ProbeKind(), rows);
}

void map_exp(const float* x, float* y, std::size_t count) {
  const hn::ScalableTag<float> d;
  for (std::size_t i = 0; i < count; i += hn::Lanes(d)) hn::StoreU(exp_f32(d, hn::LoadU(d, x + i)), d, y + i);
}

void map_logistic(const float* x, float* y, std::size_t count) {
  const hn::ScalableTag<float> d;
  for (std::size_t i = 0; i < count; i += hn::Lanes(d))
    hn::StoreU(logistic_f32(d, hn::LoadU(d, x + i)), d, y + i);
}

}  // namespace HWY_NAMESPACE
}  // namespace harmonium
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace harmonium {

HWY_EXPORT(probe_pass);
HWY_EXPORT(map_exp);
HWY_EXPORT(map_logistic);

namespace {

/// Distance from the true value in units of the last place of f32.
double ulp_error(float got, double truth) {
  const auto nearest = static_cast<float>(truth);
  const double step =
      static_cast<double>(std::nextafter(nearest, std::numeric_limits<float>::infinity())) - nearest;
  return std::abs(got - truth) / step;
}

/// Values over [-87, 87], denser around 0. The count is a multiple of every vector length in use.
std::vector<float> grid() {
  std::vector<float> x;
  for (int i = 0; i < 1 << 18; ++i) {
    const double t = (i - (1 << 17)) / static_cast<double>(1 << 17);
    x.push_back(static_cast<float>(i % 2 == 0 ? 87.0 * t : 8.0 * t * t * t));
  }
  return x;
}

TEST(PassTest, ExpWithinTwoUlp) {
  const std::vector<float> x = grid();
  std::vector<float> y(x.size());
  on_every_target([&] {
    HWY_DYNAMIC_DISPATCH(map_exp)(x.data(), y.data(), x.size());
    double worst = 0.0;
    for (std::size_t i = 0; i < x.size(); ++i)
      worst = std::max(worst, ulp_error(y[i], std::exp(double{x[i]})));
    EXPECT_LE(worst, 2.0);
    EXPECT_GE(worst, 0.4);  // f32 cannot do better; an error measure that says so is broken
  });
}

TEST(PassTest, LogisticWithinFourUlp) {
  const std::vector<float> x = grid();
  std::vector<float> y(x.size());
  on_every_target([&] {
    HWY_DYNAMIC_DISPATCH(map_logistic)(x.data(), y.data(), x.size());
    double worst = 0.0;
    for (std::size_t i = 0; i < x.size(); ++i)
      worst = std::max(worst, ulp_error(y[i], 1.0 / (1.0 + std::exp(-double{x[i]}))));
    EXPECT_LE(worst, 4.0);
  });
}

TEST(PassTest, LogisticBeyondItsRange) {
  const float infinity = std::numeric_limits<float>::infinity();
  std::vector<float> x(64, 0.0f), y(64);
  x[0] = infinity, x[1] = -infinity, x[2] = 1e30f, x[3] = -1e30f, x[4] = std::nanf("");
  on_every_target([&] {
    HWY_DYNAMIC_DISPATCH(map_logistic)(x.data(), y.data(), x.size());
    EXPECT_EQ(y[0], 1.0f);
    EXPECT_EQ(y[2], 1.0f);
    EXPECT_GE(y[1], 0.0f);
    EXPECT_LT(y[1], 1e-37f);
    EXPECT_LT(y[3], 1e-37f);
    EXPECT_TRUE(std::isnan(y[4]));
    EXPECT_EQ(y[5], 0.5f);
  });
}

TEST(PassTest, UniformsAreThoseOfNoise) {
  const Noise noise(77, Stream::kChain, 5);
  const std::uint64_t cases[] = {3, std::uint64_t{7} << 32 | 9};
  on_every_target([&] {
    for (std::size_t columns = 1; columns <= 150; ++columns) {
      const std::size_t offset = columns % 5;  // floats from the aligned start
      const std::uint32_t first_unit = static_cast<std::uint32_t>((columns * 7) % 23);
      const std::size_t stride = columns + offset + 3;
      std::vector<float> input(2 * stride), samples(2 * stride, -1.0f), bias(columns + offset, 0.0f);
      for (std::size_t i = 0; i < input.size(); ++i) input[i] = static_cast<float>(i % 11);
      PassRows p;
      p.input = input.data() + offset, p.input_stride = stride;
      p.bias = bias.data() + offset;
      p.samples = samples.data() + offset, p.samples_stride = stride;
      p.rows = 2, p.columns = columns, p.key = noise.key(), p.cases = cases, p.first_unit = first_unit;
      HWY_DYNAMIC_DISPATCH(probe_pass)(p);
      for (std::size_t r = 0; r < 2; ++r) {
        for (std::size_t j = 0; j < columns; ++j) {
          const float u = noise.uniform(cases[r], static_cast<std::uint32_t>(first_unit + j));
          ASSERT_EQ(p.samples[r * stride + j], 8.0f * p.input[r * stride + j] + u)
              << columns << " columns, row " << r << ", column " << j;
        }
        ASSERT_EQ(p.samples[r * stride + columns], -1.0f) << "wrote beyond the row";
      }
      if (offset > 0) {
        ASSERT_EQ(samples[offset - 1], -1.0f) << "wrote before the row";
      }
    }
  });
}

TEST(PassTest, BiasIsScaledByRow) {
  const float scale[] = {2.0f, -3.0f};
  std::vector<float> input(2 * 37, 1.0f), means(2 * 37), bias(37);
  for (std::size_t j = 0; j < 37; ++j) bias[j] = static_cast<float>(j);
  on_every_target([&] {
    PassRows p;
    p.input = input.data(), p.input_stride = 37, p.bias = bias.data(), p.bias_scale = scale;
    p.means = means.data(), p.means_stride = 37, p.rows = 2, p.columns = 37;
    HWY_DYNAMIC_DISPATCH(probe_pass)(p);
    for (std::size_t r = 0; r < 2; ++r)
      for (std::size_t j = 0; j < 37; ++j)
        EXPECT_EQ(means[r * 37 + j], 1.0f + scale[r] * static_cast<float>(j));
  });
}

}  // namespace
}  // namespace harmonium
#endif  // HWY_ONCE
