// Principal components against a case built from its answer.
#include <gtest/gtest.h>

#include <cmath>

#include "harmonium/base/error.h"
#include "harmonium/baselines/pca.h"

namespace harmonium {
namespace {

// Points on two known orthogonal axes with known spreads, about a known mean.
Matrix<float> points() {
  constexpr float kRoot = 0.70710678f;
  const float first[3] = {kRoot, kRoot, 0}, second[3] = {kRoot, -kRoot, 0}, mean[3] = {1, 2, 3};
  Matrix<float> values(4, 3);
  const float along[4][2] = {{3, 0}, {-3, 0}, {0, 1}, {0, -1}};
  for (std::size_t r = 0; r < 4; ++r)
    for (std::size_t i = 0; i < 3; ++i)
      values(r, i) = mean[i] + along[r][0] * first[i] + along[r][1] * second[i];
  return values;
}

TEST(Pca, FindsTheAxesThatTheDataWereMadeOf) {
  const Pca pca = fit_pca(points(), 2);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(pca.mean[i], 1.0 + static_cast<double>(i), 1e-6);
  ASSERT_EQ(pca.variances.size(), 3u);
  EXPECT_NEAR(pca.variances[0], 18.0 / 4, 1e-5);
  EXPECT_NEAR(pca.variances[1], 2.0 / 4, 1e-5);
  EXPECT_NEAR(pca.variances[2], 0.0, 1e-6);
  // An axis has no sign.
  EXPECT_NEAR(std::abs(pca.components(0, 0) + pca.components(0, 1)), std::sqrt(2.0), 1e-5);
  EXPECT_NEAR(std::abs(pca.components(1, 0) - pca.components(1, 1)), std::sqrt(2.0), 1e-5);
}

TEST(Pca, ReconstructsByWhatItKeeps) {
  const Matrix<float> values = points();
  const Matrix<float> two = reconstruct(fit_pca(values, 2), values);
  for (std::size_t r = 0; r < 4; ++r)
    for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(two(r, i), values(r, i), 1e-5);
  // One axis alone loses the points of the other: they come back as the mean.
  const Matrix<float> one = reconstruct(fit_pca(values, 1), values);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(one(0, i), values(0, i), 1e-5);
    EXPECT_NEAR(one(2, i), 1.0 + static_cast<double>(i), 1e-5);
  }
}

TEST(Pca, RefusesMoreComponentsThanThereAre) {
  EXPECT_THROW(fit_pca(points(), 0), InputError);
  EXPECT_THROW(fit_pca(points(), 4), InputError);
  EXPECT_THROW(fit_pca(Matrix<float>(2, 9), 3), InputError);
}

}  // namespace
}  // namespace harmonium
