// Packed products and gradients against the plain loops: odd sizes, both precisions, dense and sparse states.
#include "harmonium/kernels/packed_weights.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "harmonium/base/error.h"
#include "harmonium/base/random.h"
#include "kernels/tiles.h"

namespace harmonium {
namespace {

// Whole numbers up to 255 and few zeros, or mostly zeros: both kernels are met.
Matrix<float> states(std::size_t rows, std::size_t cols, double zeros, std::uint64_t seed) {
  Matrix<float> m(rows, cols);
  const Noise noise(seed, Stream::kMeasure, 0);
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < cols; ++j)
      if (noise.uniform(i, static_cast<std::uint32_t>(j), 1) >= zeros)
        m(i, j) = static_cast<float>(noise.below(256, i, static_cast<std::uint32_t>(j)));
  return m;
}

Matrix<float> weights(std::size_t rows, std::size_t cols, std::uint64_t seed) {
  Matrix<float> m(rows, cols);
  const Noise noise(seed, Stream::kMeasure, 0);
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < cols; ++j) m(i, j) = noise.normal(i, static_cast<std::uint32_t>(j));
  return m;
}

float round_bf16(float value) {
  std::uint32_t word = 0;
  bf16_tiles()->rows_to_words({&value, 1, 1}, 1.0f, &word, 1);
  return std::bit_cast<float>(word << 16);
}

struct PackedCase {
  std::size_t batch, visible, hidden;
};
class Packed : public testing::TestWithParam<std::tuple<PackedCase, double, Precision>> {
 protected:
  void SetUp() override {
    if (precision() == Precision::kBf16 && !has_bf16_products())
      GTEST_SKIP() << "this processor has no bf16 products";
  }
  PackedCase shape() const { return std::get<0>(GetParam()); }
  double zeros() const { return std::get<1>(GetParam()); }
  Precision precision() const { return std::get<2>(GetParam()); }
  // What stands in the packed copy.
  float packed(float weight) const { return precision() == Precision::kBf16 ? round_bf16(weight) : weight; }
};
INSTANTIATE_TEST_SUITE_P(Shapes, Packed,
                         testing::Combine(testing::Values(PackedCase{1, 1, 1}, PackedCase{1, 5, 3},
                                                          PackedCase{7, 33, 20}, PackedCase{10, 784, 20},
                                                          PackedCase{50, 130, 500}, PackedCase{13, 97, 145},
                                                          PackedCase{5, 16, 257}, PackedCase{31, 300, 64}),
                                          testing::Values(0.0, 0.3, 0.9, 1.0),
                                          testing::Values(Precision::kF32, Precision::kBf16)));

TEST_P(Packed, UpAndDownEqualThePlainLoops) {
  const auto [batch, v, h] = shape();
  const auto w = weights(v, h, 1);
  const PackedWeights packed_weights(w, precision());
  ProductMemory memory;
  const auto visible = states(batch, v, zeros(), 2), hidden = states(batch, h, zeros(), 3);
  const auto up = packed_weights.up(visible, 0.5f, 1.0f, memory);
  for (std::size_t r = 0; r < batch; ++r)
    for (std::size_t j = 0; j < h; ++j) {
      double sum = 0, size = 1;
      for (std::size_t i = 0; i < v; ++i) {
        sum += static_cast<double>(visible(r, i)) * packed(w(i, j));
        size += std::abs(visible(r, i) * w(i, j));
      }
      ASSERT_NEAR(up(r, j), 0.5 * sum, 1e-6 * size) << r << ' ' << j;
    }
  const auto down = packed_weights.down(hidden, 1.0f, 1.0f, memory);
  for (std::size_t r = 0; r < batch; ++r)
    for (std::size_t i = 0; i < v; ++i) {
      double sum = 0, size = 1;
      for (std::size_t j = 0; j < h; ++j) {
        sum += static_cast<double>(hidden(r, j)) * packed(w(i, j));
        size += std::abs(hidden(r, j) * w(i, j));
      }
      ASSERT_NEAR(down(r, i), sum, 1e-6 * size) << r << ' ' << i;
    }
}

TEST_P(Packed, RowsPackedLaterCount) {
  const auto [batch, v, h] = shape();
  auto w = weights(v, h, 1);
  PackedWeights changed(w, precision());
  for (std::size_t i = v / 2 / 4 * 4; i < v; ++i)
    for (std::size_t j = 0; j < h; ++j) w(i, j) = -3.0f * w(i, j) + 1.0f;
  changed.pack(w, v / 2 / 4 * 4, v - v / 2 / 4 * 4);
  const PackedWeights fresh(w, precision());
  ProductMemory a, b;
  const auto visible = states(batch, v, zeros(), 2), hidden = states(batch, h, zeros(), 3);
  const auto up_a = changed.up(visible, 1.0f, 1.0f, a), up_b = fresh.up(visible, 1.0f, 1.0f, b);
  for (std::size_t r = 0; r < batch; ++r)
    for (std::size_t j = 0; j < h; ++j) ASSERT_EQ(up_a(r, j), up_b(r, j));
  const auto down_a = changed.down(hidden, 1.0f, 1.0f, a), down_b = fresh.down(hidden, 1.0f, 1.0f, b);
  for (std::size_t r = 0; r < batch; ++r)
    for (std::size_t i = 0; i < v; ++i) ASSERT_EQ(down_a(r, i), down_b(r, i));
}

TEST_P(Packed, GradientEqualsThePlainLoop) {
  const auto [batch, v, h] = shape();
  const float step = 1.0f / 255.0f;
  auto visible = states(batch, v, zeros(), 2);
  for (float& value : visible.values()) value *= step;
  Matrix<float> hidden = states(batch, h, 0.2, 3);
  std::vector<float> row_weights(batch);
  for (std::size_t r = 0; r < batch; ++r)
    row_weights[r] = (r % 3 == 0 ? -1.0f : 1.0f) / static_cast<float>(r + 1);
  // Two blocks, the first of an odd number of rows.
  const std::size_t first_rows = batch / 2 | 1, second = batch - first_rows;
  const std::size_t place = StatisticsStack::places(first_rows, precision());
  StatisticsStack stack;
  stack.resize(place + StatisticsStack::places(second, precision()), v, h, precision());
  const auto part = std::span<const float>(row_weights);
  stack.store(place, visible.view().row_block(first_rows, second), step,
              hidden.view().row_block(first_rows, second), part.subspan(first_rows));
  stack.store(0, visible.view().row_block(0, first_rows), step, hidden.view().row_block(0, first_rows),
              part.first(first_rows));
  ProductMemory memory;
  const double rounding = precision() == Precision::kBf16 ? 0x1p-8 : 1e-6;
  for (std::size_t first = 0; first < v; first += 48) {
    const std::size_t count = std::min<std::size_t>(48, v - first);
    const auto g = stack.product(first, count, memory);
    for (std::size_t i = 0; i < count; ++i)
      for (std::size_t j = 0; j < h; ++j) {
        double sum = 0, size = 1e-30;
        for (std::size_t r = 0; r < batch; ++r) {
          const double term = static_cast<double>(visible(r, first + i)) * row_weights[r] * hidden(r, j);
          sum += term, size += std::abs(term);
        }
        ASSERT_NEAR(g(i, j), sum, rounding * size) << first + i << ' ' << j;
      }
  }
}

TEST(PackedWeights, GreyValuesOfBytesAreExactInBf16) {
  if (!has_bf16_products()) GTEST_SKIP();
  Matrix<float> grey(1, 256), w(256, 256);
  for (std::size_t i = 0; i < 256; ++i) grey(0, i) = static_cast<float>(i) / 255.0f, w(i, i) = 1.0f;
  const PackedWeights packed(w, Precision::kBf16);
  ProductMemory memory;
  const auto up = packed.up(grey, 1.0f, 1.0f / 255.0f, memory);
  for (std::size_t i = 0; i < 256; ++i) EXPECT_NEAR(up(0, i), grey(0, i), 1e-7);
}

TEST(PackedWeights, RoundingToBf16IsToTheNearestEven) {
  if (!has_bf16_products()) GTEST_SKIP();
  EXPECT_EQ(round_bf16(1.0f + 0x1p-8f), 1.0f);
  EXPECT_EQ(round_bf16(1.0f + 3 * 0x1p-8f), 1.0f + 0x1p-6f);
  EXPECT_EQ(round_bf16(-(1.0f + 0x1.1p-8f)), -(1.0f + 0x1p-7f));
  EXPECT_EQ(round_bf16(std::numeric_limits<float>::max()), std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(round_bf16(std::numeric_limits<float>::quiet_NaN())));
  EXPECT_TRUE(std::isnan(round_bf16(std::bit_cast<float>(0x7FFFFFFFu))));
  EXPECT_TRUE(std::isnan(round_bf16(std::bit_cast<float>(0x7F800001u))));
}

// Narrow products leave out words that are zero in all rows of a tile, so a row alone leaves out more of them
// than among others.
class Width : public testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(PackedWeights, Width, testing::Values(1, 16, 20, 32, 70));

TEST_P(Width, ARowDoesNotDependOnItsBlock) {
  const std::size_t width = GetParam();
  const auto w = weights(100, width, 1);
  const auto values = states(30, 100, 0.8, 2);
  for (const Precision precision : {Precision::kF32, Precision::kBf16}) {
    if (precision == Precision::kBf16 && !has_bf16_products()) continue;
    const PackedWeights packed(w, precision);
    ProductMemory a, b;
    const auto all = packed.up(values, 1.0f, 1.0f, a);
    for (std::size_t r = 0; r < 30; ++r) {
      const auto one = packed.up(values.view().row_block(r, 1), 1.0f, 1.0f, b);
      for (std::size_t j = 0; j < width; ++j) ASSERT_EQ(all(r, j), one(0, j));
    }
  }
}

// Rows of a narrow gradient touch: what a row's last vector writes past its end must not stay.
TEST_P(Width, ARowOfAGradientDoesNotDependOnItsBlock) {
  const std::size_t width = GetParam(), rows = 65;
  const auto visible = states(10, rows, 0.8, 2), hidden = states(10, width, 0.2, 3);
  for (const Precision precision : {Precision::kF32, Precision::kBf16}) {
    if (precision == Precision::kBf16 && !has_bf16_products()) continue;
    StatisticsStack stack;
    stack.resize(StatisticsStack::places(10, precision), rows, width, precision);
    stack.store(0, visible, 1.0f, hidden, std::vector<float>(10, 0.5f));
    ProductMemory a, b;
    const auto all = stack.product(0, rows, a);
    for (std::size_t i = 0; i < rows; ++i) {
      const auto one = stack.product(i, 1, b);
      for (std::size_t j = 0; j < width; ++j) ASSERT_EQ(all(i, j), one(0, j)) << i << ' ' << j;
    }
  }
}

}  // namespace
}  // namespace harmonium
