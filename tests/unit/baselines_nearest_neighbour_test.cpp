// Nearest neighbours against a plain search, and votes by hand.
#include <gtest/gtest.h>

#include <algorithm>

#include "harmonium/base/error.h"
#include "harmonium/base/random.h"
#include "harmonium/baselines/nearest_neighbour.h"

namespace harmonium {
namespace {

Matrix<float> random_points(std::size_t rows, std::size_t columns, std::uint64_t seed) {
  const Noise noise(seed, Stream::kSynthetic, 0);
  Matrix<float> values(rows, columns);
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t i = 0; i < columns; ++i)
      values(r, i) = noise.uniform(r, static_cast<std::uint32_t>(i), 0);
  return values;
}

TEST(NearestNeighbour, AgreesWithAPlainSearchForAnyNumberOfThreads) {
  const Matrix<float> cases = random_points(300, 12, 1), queries = random_points(70, 12, 2);
  std::vector<std::int32_t> labels(cases.rows());
  for (std::size_t r = 0; r < labels.size(); ++r)
    labels[r] = static_cast<std::int32_t>(r);  // tells each apart
  std::vector<std::int32_t> expected;
  for (std::size_t q = 0; q < queries.rows(); ++q) {
    std::vector<double> distances(cases.rows(), 0.0);
    for (std::size_t r = 0; r < cases.rows(); ++r)
      for (std::size_t i = 0; i < cases.cols(); ++i) {
        const double difference = static_cast<double>(cases(r, i)) - queries(q, i);
        distances[r] += difference * difference;
      }
    expected.push_back(
        static_cast<std::int32_t>(std::min_element(distances.begin(), distances.end()) - distances.begin()));
  }
  for (const unsigned threads : {1u, 3u}) {
    ThreadTeam team(threads);
    EXPECT_EQ(nearest_labels(cases, labels, queries, team), expected);
  }
}

TEST(NearestNeighbour, NeighboursVoteAndTheNearestBreaksATie) {
  Matrix<float> cases(5, 1);
  const float places[5] = {0.0f, 1.0f, 2.5f, 4.0f, 9.0f};
  for (std::size_t r = 0; r < 5; ++r) cases(r, 0) = places[r];
  const std::vector<std::int32_t> labels = {7, 8, 8, 7, 7};
  const Matrix<float> query(1, 1, 0.1f);
  ThreadTeam team(1);
  EXPECT_EQ(nearest_labels(cases, labels, query, team, 1).front(), 7);
  EXPECT_EQ(nearest_labels(cases, labels, query, team, 2).front(), 7);  // one each: the nearer
  EXPECT_EQ(nearest_labels(cases, labels, query, team, 3).front(), 8);
  EXPECT_EQ(nearest_labels(cases, labels, query, team, 4).front(), 7);
  EXPECT_EQ(nearest_labels(cases, labels, query, team, 5).front(), 7);
}

TEST(NearestNeighbour, RefusesWhatCannotBeFound) {
  ThreadTeam team(1);
  const std::vector<std::int32_t> labels = {1, 2};
  const Matrix<float> cases(2, 3), query(1, 3);
  EXPECT_THROW(nearest_labels(cases, labels, query, team, 0), InputError);
  EXPECT_THROW(nearest_labels(cases, labels, query, team, 3), InputError);
  EXPECT_THROW(nearest_labels(Matrix<float>(0, 3), {}, query, team), InputError);
}

}  // namespace
}  // namespace harmonium
