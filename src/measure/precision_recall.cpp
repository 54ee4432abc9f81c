#include "harmonium/measure/precision_recall.h"

#include "harmonium/base/error.h"
#include "harmonium/measure/nearest.h"
#include "measure/distance_blocks.h"

namespace harmonium {

PointRegion::PointRegion(ConstMatrixView<float> points, std::size_t k, ThreadTeam& team,
                         const std::function<void(double)>& progress)
    : points_(points), norms_(squared_norms(points)) {
  if (k < 1 || points.rows() <= k)
    throw InputError("the distance to nearest neighbour number " + std::to_string(k) + " of " +
                     std::to_string(points.rows()) +
                     " points cannot be had; give a number from 1 up, and more points than that.");
  NearestCases nearest(points, k);
  nearest.add(points, team, true, progress);
  for (std::size_t p = 0; p < points.rows(); ++p)
    squared_radii_.push_back(nearest.of(p).back().squared_distance);
}

double PointRegion::coverage(ConstMatrixView<float> queries, ThreadTeam& team,
                             const std::function<void(double)>& progress) const {
  check(queries.cols() == points_.cols(), "PointRegion: queries are as wide as points");
  if (queries.empty()) return 0.0;
  std::vector<char> within(queries.rows(), 0);
  for_each_distance(queries, squared_norms(queries), points_, norms_, team, progress,
                    [&](std::size_t query, std::size_t point, const DistanceBounds& bounds) {
                      const double radius = squared_radii_[point];
                      if (bounds.low > radius || within[query]) return;
                      within[query] = bounds.high <= radius ||
                                      squared_distance(queries.row(query), points_.row(point)) <= radius;
                    });
  return static_cast<double>(std::count(within.begin(), within.end(), 1)) /
         static_cast<double>(queries.rows());
}

PrecisionRecall precision_recall(const PointRegion& data, const PointRegion& fantasies, ThreadTeam& team,
                                 const std::function<void(double)>& progress) {
  const auto half = [&](double begin) -> std::function<void(double)> {
    if (!progress) return {};
    return [&progress, begin](double fraction) { progress(begin + 0.5 * fraction); };
  };
  PrecisionRecall result;
  result.precision = data.coverage(fantasies.points(), team, half(0.0));
  result.recall = fantasies.coverage(data.points(), team, half(0.5));
  return result;
}

}  // namespace harmonium
