// The Bernoulli pass on every target of this machine against its plain twin.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "harmonium/base/matrix.h"
#include "unit/every_target.h"
#include "units/passes.h"

namespace harmonium {
namespace {

/// Two rows of `columns` values that start `offset` floats after an aligned address.
struct Case {
  static constexpr std::uint64_t kCases[] = {11, 4000000000000};
  std::size_t stride;
  AlignedVector<float> input, bias, means, samples;
  float scale[2] = {1.0f, 2.5f};
  PassRows pass;

  Case(std::size_t columns, std::size_t offset)
      : stride(columns + offset), input(2 * stride), bias(stride), means(2 * stride), samples(2 * stride) {
    const Noise noise(5, Stream::kHiddenPositive, columns);
    for (std::size_t i = 0; i < input.size(); ++i)
      input[i] = 3.0f * noise.normal(1, static_cast<std::uint32_t>(i));
    for (std::size_t i = 0; i < bias.size(); ++i) bias[i] = noise.normal(2, static_cast<std::uint32_t>(i));
    pass.input = input.data() + offset, pass.input_stride = stride;
    pass.bias = bias.data() + offset, pass.bias_scale = scale;
    pass.means = means.data() + offset, pass.means_stride = stride;
    pass.samples = samples.data() + offset, pass.samples_stride = stride;
    pass.rows = 2, pass.columns = columns;
    pass.key = noise.key(), pass.cases = kCases, pass.first_unit = static_cast<std::uint32_t>(offset * 3);
  }
};

TEST(BernoulliSimdTest, AgreesWithThePlainTwin) {
  on_every_target([] {
    std::size_t ones = 0, all = 0;
    for (std::size_t columns = 1; columns <= 70; ++columns) {
      for (std::size_t offset = 0; offset < 4; ++offset) {
        Case fast(columns, offset), plain(columns, offset);
        bernoulli_pass(fast.pass);
        plain_pass(BernoulliPlain(), plain.pass);
        const Noise noise(5, Stream::kHiddenPositive, columns);
        for (std::size_t r = 0; r < 2; ++r) {
          for (std::size_t j = 0; j < columns; ++j) {
            const std::size_t at = r * fast.stride + j;
            const float p = plain.pass.means[at];
            // 5 ULP of the function, and the total's rounding, which a fused multiplication does not have.
            const float size = std::abs(plain.pass.input[at]) + std::abs(plain.scale[r] * plain.pass.bias[j]);
            const float tolerance = p * (6e-7f + 1.2e-7f * size);
            ASSERT_NEAR(fast.pass.means[at], p, tolerance)
                << columns << " " << offset << " " << r << " " << j;
            // Samples agree wherever u is not within rounding of p.
            const float u =
                noise.uniform(Case::kCases[r], static_cast<std::uint32_t>(fast.pass.first_unit + j));
            if (std::abs(u - p) <= tolerance) continue;
            ASSERT_EQ(fast.pass.samples[at], plain.pass.samples[at]);
            ASSERT_EQ(fast.pass.samples[at], u < p ? 1.0f : 0.0f);
            ones += fast.pass.samples[at] == 1.0f, ++all;
          }
        }
      }
    }
    EXPECT_GT(ones, all / 4);  // both outcomes were seen
    EXPECT_LT(ones, all - all / 4);
  });
}

TEST(BernoulliSimdTest, ValueDoesNotDependOnItsPlace) {
  on_every_target([] {
    Case whole(70, 0), part(70, 0);
    bernoulli_pass(whole.pass);
    // Columns 13 to 49 alone, as a group that begins there.
    part.pass.input += 13, part.pass.bias += 13, part.pass.means += 13, part.pass.samples += 13;
    part.pass.columns = 37, part.pass.first_unit = 13;
    bernoulli_pass(part.pass);
    for (std::size_t j = 13; j < 50; ++j) {
      EXPECT_EQ(part.means[j], whole.means[j]) << j;
      EXPECT_EQ(part.samples[j], whole.samples[j]) << j;
    }
  });
}

TEST(BernoulliSimdTest, NaNIsNotHidden) {
  on_every_target([] {
    Case c(70, 1);
    for (std::size_t j : {0u, 33u, 69u}) c.input[1 + j] = std::nanf("");
    bernoulli_pass(c.pass);
    for (std::size_t j = 0; j < 70; ++j) {
      const bool wanted = j == 0 || j == 33 || j == 69;
      EXPECT_EQ(std::isnan(c.pass.means[j]), wanted) << j;
      EXPECT_EQ(std::isnan(c.pass.samples[j]), wanted) << j;
    }
  });
}

TEST(BernoulliSimdTest, LogPartitionIsTheSumOfSoftplus) {
  on_every_target([] {
    for (std::size_t columns : {1u, 2u, 3u, 7u, 8u, 9u, 31u, 70u, 20000u}) {
      std::vector<double> input(columns);
      std::vector<float> bias(columns);
      long double truth = 0.0L;
      for (std::size_t j = 0; j < columns; ++j) {
        input[j] = 40.0 * std::sin(1.0 + static_cast<double>(j));
        bias[j] = std::cos(static_cast<float>(j));
        const long double x = input[j] + 1.5L * bias[j];
        truth += std::max(x, 0.0L) + std::log1p(std::exp(-std::abs(x)));
      }
      const double got = bernoulli_log_partition(input.data(), bias.data(), 1.5, columns);
      EXPECT_NEAR(got, static_cast<double>(truth), 1e-14 * static_cast<double>(truth) + 1e-14) << columns;
    }
    const double extremes[] = {-1e5, 1e5, -800.0, 800.0};
    const float zero[4] = {};
    EXPECT_DOUBLE_EQ(bernoulli_log_partition(extremes, zero, 1.0, 4), 100800.0);
  });
}

}  // namespace
}  // namespace harmonium
