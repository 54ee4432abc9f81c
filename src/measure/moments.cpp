#include "harmonium/measure/moments.h"

#include <algorithm>
#include <cmath>

#include "harmonium/base/error.h"
#include "harmonium/base/random.h"
#include "harmonium/measure/statistics.h"

namespace harmonium {
namespace {

constexpr std::size_t kPairsAtOnce = 256;

// Columns as rows, less their means: a pair is then read from one end to the other.
class CentredColumns {
 public:
  CentredColumns(ConstMatrixView<float> rows, const std::vector<double>& means)
      : columns_(rows.cols(), rows.rows()) {
    for (std::size_t r = 0; r < rows.rows(); ++r)
      for (std::size_t i = 0; i < rows.cols(); ++i)
        columns_(i, r) = static_cast<float>(rows(r, i) - means[i]);
  }

  double covariance(const ColumnPair& pair) const {
    const auto a = columns_.row(pair.first), b = columns_.row(pair.second);
    double sum = 0;
    for (std::size_t r = 0; r < a.size(); ++r) sum += static_cast<double>(a[r]) * b[r];
    return sum / static_cast<double>(a.size());
  }

 private:
  Matrix<float> columns_;
};

}  // namespace

std::vector<ColumnPair> column_pairs(std::size_t columns, std::size_t most, std::uint64_t seed) {
  std::vector<ColumnPair> pairs;
  if (columns < 2) return pairs;
  if (columns * (columns - 1) / 2 <= most) {
    for (std::uint32_t i = 0; i < columns; ++i)
      for (std::uint32_t j = i + 1; j < columns; ++j) pairs.emplace_back(i, j);
    return pairs;
  }
  const Noise noise(seed, Stream::kMeasure, 0);
  for (std::size_t n = 0; n < most; ++n) {
    auto i = static_cast<std::uint32_t>(noise.below(columns, n, 0));
    auto j = static_cast<std::uint32_t>(noise.below(columns - 1, n, 4));
    if (j >= i) ++j;
    pairs.emplace_back(std::min(i, j), std::max(i, j));
  }
  return pairs;
}

MomentDistance moment_distance(ConstMatrixView<float> a, ConstMatrixView<float> b,
                               const std::vector<ColumnPair>& pairs, ThreadTeam& team) {
  check(a.cols() == b.cols() && a.rows() > 0 && b.rows() > 0, "moments of cases with the same columns");
  const auto mean_a = column_means(a), mean_b = column_means(b);
  MomentDistance distance;
  for (std::size_t i = 0; i < mean_a.size(); ++i)
    distance.first += (mean_a[i] - mean_b[i]) * (mean_a[i] - mean_b[i]);
  distance.first = std::sqrt(distance.first / static_cast<double>(mean_a.size()));
  if (pairs.empty()) return distance;
  const CentredColumns of_a(a, mean_a), of_b(b, mean_b);
  std::vector<double> differences(pairs.size());
  team.run_blocks(pairs.size(), kPairsAtOnce, [&](std::size_t first, std::size_t count, unsigned) {
    for (std::size_t n = first; n < first + count; ++n)
      differences[n] = of_a.covariance(pairs[n]) - of_b.covariance(pairs[n]);
  });
  for (const double difference : differences) distance.second += difference * difference;
  distance.second = std::sqrt(distance.second / static_cast<double>(pairs.size()));
  return distance;
}

MomentDistance expected_distance(const MomentDistance& halves, std::size_t half, std::size_t a_rows,
                                 std::size_t b_rows) {
  const double scale = std::sqrt(0.5 * static_cast<double>(half) *
                                 (1.0 / static_cast<double>(a_rows) + 1.0 / static_cast<double>(b_rows)));
  return {halves.first * scale, halves.second * scale};
}

}  // namespace harmonium
