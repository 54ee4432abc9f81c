// Squared distances of two sets of points, block by block, with a bound of their rounding error.
#pragma once

#include <algorithm>
#include <functional>
#include <span>
#include <vector>

#include "harmonium/base/matrix.h"
#include "harmonium/base/threads.h"
#include "harmonium/kernels/products.h"

namespace harmonium {

/// |x|^2 of each row.
inline std::vector<double> squared_norms(ConstMatrixView<float> rows) {
  std::vector<double> norms(rows.rows());
  for (std::size_t r = 0; r < rows.rows(); ++r)
    for (const float x : rows.row(r)) norms[r] += static_cast<double>(x) * x;
  return norms;
}

/// |a - b|^2 in 64 bits.
inline double squared_distance(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = static_cast<double>(a[i]) - b[i];
    sum += difference * difference;
  }
  return sum;
}

/// A squared distance as a product gives it: the true one is between low and high.
struct DistanceBounds {
  double low, high;
};

/// Calls f(query, case, bounds) for every pair, the cases of a query in their order and in one thread.
/// A dot product of N terms is off by N 2^-24 times the sum of its terms' sizes at most (Higham 2002,
/// section 3.1), which (|q|^2 + |c|^2) / 2 bounds.
template <class F>
void for_each_distance(ConstMatrixView<float> queries, std::span<const double> query_norms,
                       ConstMatrixView<float> cases, std::span<const double> case_norms, ThreadTeam& team,
                       const std::function<void(double)>& progress, F f) {
  constexpr std::size_t kQueries = 128, kCases = 1024, kQueriesBetweenReports = 2048;
  const double slack = (static_cast<double>(queries.cols()) + 8) * 0x1p-24;
  for (std::size_t begin = 0; begin < queries.rows(); begin += kQueriesBetweenReports) {
    const std::size_t part = std::min(kQueriesBetweenReports, queries.rows() - begin);
    team.run_blocks(part, kQueries, [&](std::size_t first, std::size_t count, unsigned) {
      Matrix<float> dots;
      for (std::size_t c = 0; c < cases.rows(); c += kCases) {
        const std::size_t width = std::min(kCases, cases.rows() - c);
        dots.resize(count, width);
        product(1.0f, queries.row_block(begin + first, count), Transpose::kNo, cases.row_block(c, width),
                Transpose::kYes, 0.0f, dots);
        for (std::size_t r = 0; r < count; ++r) {
          const std::size_t query = begin + first + r;
          for (std::size_t j = 0; j < width; ++j) {
            const double norms = query_norms[query] + case_norms[c + j];
            const double distance = norms - 2.0 * dots(r, j);
            f(query, c + j, DistanceBounds{distance - slack * norms, distance + slack * norms});
          }
        }
      }
    });
    if (progress) progress(static_cast<double>(begin + part) / static_cast<double>(queries.rows()));
  }
}

}  // namespace harmonium
