#include "harmonium/measure/nearest.h"

#include "harmonium/base/error.h"
#include "measure/distance_blocks.h"

namespace harmonium {

NearestCases::NearestCases(ConstMatrixView<float> queries, std::size_t k)
    : queries_(queries), norms_(squared_norms(queries)), k_(k), nearest_(queries.rows()) {
  check(k >= 1, "NearestCases: one neighbour or more");
}

void NearestCases::add(ConstMatrixView<float> cases, ThreadTeam& team, bool leave_out_own,
                       const std::function<void(double)>& progress) {
  check(cases.cols() == queries_.cols(), "NearestCases: cases are as wide as queries");
  const std::vector<double> case_norms = squared_norms(cases);
  for_each_distance(
      queries_, norms_, cases, case_norms, team, progress,
      [&](std::size_t query, std::size_t number, const DistanceBounds& bounds) {
        auto& nearest = nearest_[query];
        const bool full = nearest.size() == k_;
        if (full && bounds.low >= nearest.back().squared_distance) return;
        if (leave_out_own && number == query) return;
        const Neighbour found{squared_distance(queries_.row(query), cases.row(number)), seen_ + number};
        if (full && !(found < nearest.back())) return;
        if (full) nearest.pop_back();
        nearest.insert(std::upper_bound(nearest.begin(), nearest.end(), found), found);
      });
  seen_ += cases.rows();
}

}  // namespace harmonium
