// Nearest cases and precision and recall: small sets worked by hand, larger ones against plain loops.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "harmonium/base/error.h"
#include "harmonium/base/random.h"
#include "harmonium/measure/nearest.h"
#include "harmonium/measure/precision_recall.h"
#include "unit/rbm_cases.h"

namespace harmonium {
namespace {

// Far from the origin, so that 32-bit products alone would confuse neighbours.
Matrix<float> cloud(std::size_t rows, std::size_t columns, std::uint64_t seed, float distance) {
  Matrix<float> points(rows, columns);
  const Noise noise(seed, Stream::kSynthetic, 0);
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t i = 0; i < columns; ++i)
      points(r, i) = distance + noise.normal(r, static_cast<std::uint32_t>(i));
  return points;
}

double plain_distance(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::pow(static_cast<double>(a[i]) - b[i], 2);
  return sum;
}

TEST(NearestCases, AreThoseOfAPlainLoop) {
  const Matrix<float> queries = cloud(150, 20, 1, 300.0f), cases = cloud(2300, 20, 2, 300.0f);
  ThreadTeam team(2);
  NearestCases nearest(queries, 3);
  nearest.add(cases.view().row_block(0, 1300), team);
  nearest.add(cases.view().row_block(1300, 1000), team);
  for (std::size_t q = 0; q < queries.rows(); ++q) {
    std::vector<NearestCases::Neighbour> all;
    for (std::size_t c = 0; c < cases.rows(); ++c)
      all.push_back({plain_distance(queries.row(q), cases.row(c)), c});
    std::sort(all.begin(), all.end());
    for (std::size_t n = 0; n < 3; ++n) {
      EXPECT_EQ(nearest.of(q)[n].number, all[n].number);
      EXPECT_DOUBLE_EQ(nearest.of(q)[n].squared_distance, all[n].squared_distance);
    }
  }
}

TEST(NearestCases, EqualDistancesGoByNumber) {
  const Matrix<float> queries = matrix_of(1, {0}), cases = matrix_of(1, {2, -1, 1, -2, 1});
  ThreadTeam team(1);
  NearestCases nearest(queries, 4);
  nearest.add(cases, team);
  std::vector<std::uint64_t> numbers;
  for (const auto& neighbour : nearest.of(0)) numbers.push_back(neighbour.number);
  EXPECT_EQ(numbers, (std::vector<std::uint64_t>{1, 2, 4, 0}));
}

TEST(PrecisionRecall, OnALine) {
  // Data 0, 1, 3 with k = 1: radii 1, 1, 2, so the region is [-1, 2] and [1, 5].
  const Matrix<float> data = matrix_of(1, {0, 1, 3}), fantasies = matrix_of(1, {-1, 5, 5.5f, -20});
  ThreadTeam team(1);
  const PointRegion real(data, 1, team), made(fantasies, 1, team);
  EXPECT_EQ(std::vector<double>(real.squared_radii().begin(), real.squared_radii().end()),
            (std::vector<double>{1, 1, 4}));
  // Fantasies: radii 6, 0.5, 0.5, 19: [-7, 5], [4.5, 5.5], [5, 6], [-39, -1] cover all data.
  const PrecisionRecall found = precision_recall(real, made, team);
  EXPECT_DOUBLE_EQ(found.precision, 0.5);
  EXPECT_DOUBLE_EQ(found.recall, 1.0);
}

TEST(PrecisionRecall, CopiesAreWithinAndOneModeIsRecalledAlone) {
  Matrix<float> data = cloud(400, 30, 3, 50.0f);
  for (std::size_t r = 200; r < 400; ++r)
    for (float& x : data.row(r)) x += 100.0f;  // a second mode
  const Matrix<float> one_mode = cloud(400, 30, 4, 50.0f);
  ThreadTeam team(2);
  const PointRegion real(data, 3, team), made(one_mode, 3, team);
  const PrecisionRecall of_copies = precision_recall(real, PointRegion(data, 3, team), team);
  EXPECT_EQ(of_copies.precision, 1.0);
  EXPECT_EQ(of_copies.recall, 1.0);
  const PrecisionRecall found = precision_recall(real, made, team);
  EXPECT_GT(found.precision, 0.5);
  EXPECT_LT(found.recall, 0.5);
  EXPECT_EQ(made.coverage(data.view().row_block(200, 200), team), 0.0);
}

TEST(PrecisionRecall, IsThatOfAPlainLoop) {
  const Matrix<float> data = cloud(300, 12, 5, 40.0f), fantasies = cloud(300, 12, 6, 40.2f);
  ThreadTeam team(2);
  const PointRegion real(data, 3, team);
  double within = 0;
  for (std::size_t q = 0; q < fantasies.rows(); ++q) {
    bool covered = false;
    for (std::size_t p = 0; p < data.rows(); ++p)
      covered = covered || plain_distance(fantasies.row(q), data.row(p)) <= real.squared_radii()[p];
    within += covered;
  }
  EXPECT_DOUBLE_EQ(real.coverage(fantasies, team), within / 300);
  EXPECT_GT(within, 0.0);
  EXPECT_LT(within, 300.0);
}

TEST(PrecisionRecallDeterminism, ThreadsChangeNothingAndProgressEndsAtOne) {
  const Matrix<float> data = cloud(2200, 6, 7, 4.0f), fantasies = cloud(2200, 6, 8, 4.0f);
  const auto measure = [&](unsigned threads) {
    ThreadTeam team(threads);
    double last = 0;
    const auto progress = [&last](double fraction) {
      EXPECT_GE(fraction, last);
      last = fraction;
    };
    const PointRegion real(data, 3, team), made(fantasies, 3, team);
    const PrecisionRecall found = precision_recall(real, made, team, progress);
    EXPECT_DOUBLE_EQ(last, 1.0);
    return std::pair(found.precision, found.recall);
  };
  EXPECT_EQ(measure(1), measure(3));
}

TEST(PrecisionRecall, TooFewPointsAreRefused) {
  ThreadTeam team(1);
  const Matrix<float> points = matrix_of(1, {0, 1, 3});
  EXPECT_THROW(PointRegion(points, 3, team), InputError);
  EXPECT_THROW(PointRegion(points, 0, team), InputError);
}

}  // namespace
}  // namespace harmonium
