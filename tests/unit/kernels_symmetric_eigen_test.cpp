// Eigenvectors of symmetric matrices: known ones, and the matrix that they make again.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "harmonium/base/random.h"
#include "kernels/symmetric_eigen.h"

namespace harmonium {
namespace {

TEST(SymmetricEigen, OfTwoByTwoIsKnown) {
  Matrix<double> m(2, 2);
  m(0, 0) = 2, m(0, 1) = 1, m(1, 1) = 2, m(1, 0) = 99;  // below the diagonal nothing is read
  const SymmetricEigen eigen = symmetric_eigen(m);
  EXPECT_NEAR(eigen.values[0], 3.0, 1e-14);
  EXPECT_NEAR(eigen.values[1], 1.0, 1e-14);
  EXPECT_NEAR(std::abs(eigen.vectors(0, 0) + eigen.vectors(0, 1)), std::sqrt(2.0), 1e-14);
  EXPECT_NEAR(eigen.vectors(1, 0) + eigen.vectors(1, 1), 0.0, 1e-14);
}

TEST(SymmetricEigen, MakesTheMatrixAgain) {
  for (const std::size_t n : {0u, 1u, 3u, 8u, 33u}) {
    Matrix<double> m(n, n);
    const Noise noise(1, Stream::kSynthetic, n);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = i; j < n; ++j) m(i, j) = m(j, i) = noise.normal(i, static_cast<std::uint32_t>(j));
    const SymmetricEigen eigen = symmetric_eigen(m);
    ASSERT_EQ(eigen.values.size(), n);
    EXPECT_TRUE(std::is_sorted(eigen.values.rbegin(), eigen.values.rend()));
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) {
        double again = 0, dot = 0;
        for (std::size_t k = 0; k < n; ++k) {
          again += eigen.values[k] * eigen.vectors(k, i) * eigen.vectors(k, j);
          dot += eigen.vectors(i, k) * eigen.vectors(j, k);
        }
        EXPECT_NEAR(again, m(i, j), 1e-12);
        EXPECT_NEAR(dot, i == j ? 1.0 : 0.0, 1e-13);
      }
  }
}

}  // namespace
}  // namespace harmonium
