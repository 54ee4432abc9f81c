// How far apart the first and second moments of two sets of cases are: fantasies and data.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "harmonium/base/matrix.h"
#include "harmonium/base/threads.h"

namespace harmonium {

using ColumnPair = std::pair<std::uint32_t, std::uint32_t>;

/// Pairs (i, j), i < j, of `columns` columns: all of them, or where there are more than `most`, so many drawn
/// at random (a pair may come twice), a function of `seed`.
std::vector<ColumnPair> column_pairs(std::size_t columns, std::size_t most, std::uint64_t seed);

/// Root mean squares of differences.
struct MomentDistance {
  double first = 0;   ///< of the columns' means
  double second = 0;  ///< of the covariances of the pairs
};

/// Between two sets of rows with the same columns, each of one row or more and without missing values.
MomentDistance moment_distance(ConstMatrixView<float> a, ConstMatrixView<float> b,
                               const std::vector<ColumnPair>& pairs, ThreadTeam& team);

/// The distance that `a_rows` and `b_rows` independent cases of one distribution would have: that of two
/// halves of the data of `half` rows each, times sqrt(half / 2 (1 / a_rows + 1 / b_rows)).
MomentDistance expected_distance(const MomentDistance& halves, std::size_t half, std::size_t a_rows,
                                 std::size_t b_rows);

}  // namespace harmonium
