// Nearest cases by Euclidean distance: exact search by blocks of matrix products, for many queries in
// hundreds of dimensions, where trees do not help.
//
//   |q - c|^2 = |q|^2 + |c|^2 - 2 q'c
//
// is cheap in 32 bits and off by a rounding error whose bound is known; pairs that the bound does not decide
// are computed anew in 64 bits, so the answer is that of a plain loop in 64 bits.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "harmonium/base/matrix.h"
#include "harmonium/base/threads.h"

namespace harmonium {

/// The `k` nearest cases of each query, among cases that come in pieces.
class NearestCases {
 public:
  /// `queries` (Q x N) must outlive this. k is 1 or more.
  NearestCases(ConstMatrixView<float> queries, std::size_t k);
  NearestCases(Matrix<float>&& queries, std::size_t k) = delete;

  /// Looks at more cases (B x N), numbered on from those before. With `leave_out_own` the queries themselves
  /// are the cases, and none is its own neighbour. `progress` is told the fraction of the queries done.
  void add(ConstMatrixView<float> cases, ThreadTeam& team, bool leave_out_own = false,
           const std::function<void(double)>& progress = {});

  struct Neighbour {
    double squared_distance = 0;
    std::uint64_t number = 0;  ///< of the case
    bool operator<(const Neighbour& other) const {
      return squared_distance != other.squared_distance ? squared_distance < other.squared_distance
                                                        : number < other.number;
    }
  };
  /// Nearest first, of equally near ones the lower number first; fewer than k where there were fewer cases.
  const std::vector<Neighbour>& of(std::size_t query) const { return nearest_[query]; }
  std::size_t queries() const { return nearest_.size(); }

 private:
  ConstMatrixView<float> queries_;
  std::vector<double> norms_;
  std::size_t k_;
  std::uint64_t seen_ = 0;
  std::vector<std::vector<Neighbour>> nearest_;
};

}  // namespace harmonium
