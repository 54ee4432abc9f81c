// Dense products against the plain triple loop: odd sizes, both transposes, strides, alpha and beta.
#include "harmonium/kernels/products.h"

#include <gtest/gtest.h>
#include <sys/time.h>

#include <cmath>
#include <csignal>
#include <limits>

#include "harmonium/base/random.h"

namespace harmonium {
namespace {

Matrix<float> random_matrix(std::size_t rows, std::size_t cols, std::uint64_t seed) {
  Matrix<float> m(rows, cols);
  const Noise noise(seed, Stream::kMeasure, 0);
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < cols; ++j) m(i, j) = noise.normal(i, static_cast<std::uint32_t>(j));
  return m;
}

struct Shape {
  std::size_t m, k, n;
};
class Products : public testing::TestWithParam<Shape> {};
INSTANTIATE_TEST_SUITE_P(Shapes, Products,
                         testing::Values(Shape{1, 1, 1}, Shape{1, 7, 1}, Shape{3, 5, 2}, Shape{17, 33, 19},
                                         Shape{50, 784, 20}, Shape{2, 0, 3}, Shape{64, 64, 64}));

TEST_P(Products, EqualThePlainLoop) {
  const auto [m, k, n] = GetParam();
  for (const bool ta : {false, true})
    for (const bool tb : {false, true})
      for (const float beta : {0.0f, 1.0f, -0.5f}) {
        const auto a = ta ? random_matrix(k, m, 1) : random_matrix(m, k, 1);
        const auto b = tb ? random_matrix(n, k, 2) : random_matrix(k, n, 2);
        const auto before = random_matrix(m, n, 3);
        auto c = before;
        product(0.75f, a, ta ? Transpose::kYes : Transpose::kNo, b, tb ? Transpose::kYes : Transpose::kNo,
                beta, c);
        for (std::size_t i = 0; i < m; ++i)
          for (std::size_t j = 0; j < n; ++j) {
            double sum = 0, size = 1;
            for (std::size_t l = 0; l < k; ++l) {
              const double term = static_cast<double>(ta ? a(l, i) : a(i, l)) * (tb ? b(j, l) : b(l, j));
              sum += term, size += std::abs(term);
            }
            EXPECT_NEAR(c(i, j), 0.75 * sum + beta * before(i, j), 1e-6 * size);
          }
      }
}

TEST(Product, IgnoresWhatStoodInTheResultForBetaZero) {
  const auto a = random_matrix(3, 4, 1), b = random_matrix(4, 5, 2);
  Matrix<float> c(3, 5, std::numeric_limits<float>::quiet_NaN());
  product(a, b, c);
  for (const float value : c.values()) EXPECT_TRUE(std::isfinite(value));
}

TEST(Product, TakesViewsWithStrides) {
  const auto a = random_matrix(6, 9, 1), b = random_matrix(9, 8, 2);
  Matrix<float> whole(6, 8), parts(6, 8);
  product(a, b, whole);
  product(a, b.view().col_block(0, 3), parts.view().col_block(0, 3));
  product(a, b.view().col_block(3, 5), parts.view().col_block(3, 5));
  for (std::size_t i = 0; i < whole.size(); ++i) EXPECT_NEAR(whole.values()[i], parts.values()[i], 1e-5);
}

// Handlers that run amid a product must not reach what it keeps on the stack.
TEST(Product, SurvivesSignals) {
  static volatile std::sig_atomic_t signals = 0;
  const auto before = std::signal(SIGALRM, [](int) { signals = signals + 1; });
  const itimerval often = {{0, 200}, {0, 200}}, never = {{0, 0}, {0, 0}};
  setitimer(ITIMER_REAL, &often, nullptr);
  const Matrix<float> a(50, 784, 0.5f), b(784, 40, 0.25f);
  std::size_t wrong = 0;
  for (int i = 0; i < 6000; ++i) {
    Matrix<float> c(50, 40);
    product(a, b, c);
    for (const float value : c.values()) wrong += value != 98.0f;
  }
  setitimer(ITIMER_REAL, &never, nullptr);
  std::signal(SIGALRM, before);
  EXPECT_EQ(wrong, 0u);
  EXPECT_GT(signals, 0);
}

TEST(Blocks, CoverTheShapeWithoutSlivers) {
  for (const std::size_t rows : {1u, 10u, 47u, 96u, 100u, 256u, 1000u}) {
    const std::size_t block = block_of_cases(rows);
    EXPECT_GE(block, 1u);
    EXPECT_LE(block, rows);
    EXPECT_LT(block, 97u);
  }
  EXPECT_EQ(block_of_weights(5, 1000000), 5u);
  EXPECT_GE(block_of_weights(100000, 1000000), 16u);
  // 8 blocks, 4 for each of two threads, and not 6, one of which is small.
  EXPECT_EQ(block_of_weights(500, 2000), 64u);
  EXPECT_EQ(block_of_weights(784, 4096), 96u);
}

}  // namespace
}  // namespace harmonium
