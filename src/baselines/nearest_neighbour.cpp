#include "harmonium/baselines/nearest_neighbour.h"

#include <algorithm>
#include <nanoflann.hpp>

#include "harmonium/base/error.h"

namespace harmonium {
namespace {

// What nanoflann asks of a set of points.
struct Points {
  ConstMatrixView<float> rows;
  std::size_t kdtree_get_point_count() const { return rows.rows(); }
  float kdtree_get_pt(std::size_t row, std::size_t column) const { return rows(row, column); }
  template <class Box>
  bool kdtree_get_bbox(Box&) const {
    return false;
  }
};

using Tree =
    nanoflann::KDTreeSingleIndexAdaptor<nanoflann::L2_Adaptor<float, Points>, Points, -1, std::uint32_t>;

// `labels` come nearest first.
std::int32_t vote(std::span<const std::int32_t> labels) {
  std::int32_t winner = labels.front();
  std::ptrdiff_t most = 0;
  for (const std::int32_t label : labels)
    if (const auto count = std::count(labels.begin(), labels.end(), label); count > most)
      winner = label, most = count;
  return winner;
}

}  // namespace

std::vector<std::int32_t> nearest_labels(ConstMatrixView<float> cases, std::span<const std::int32_t> labels,
                                         ConstMatrixView<float> queries, ThreadTeam& team,
                                         std::size_t neighbours) {
  check(labels.size() == cases.rows() && queries.cols() == cases.cols(), "one label a case, queries as wide");
  if (neighbours < 1 || cases.rows() < neighbours)
    throw InputError(std::to_string(neighbours) + " nearest neighbours of " + std::to_string(cases.rows()) +
                     " cases cannot be found; ask for 1 to as many as there are cases.");
  const Points points{cases};
  constexpr std::size_t kLeafCases = 50;
  const Tree tree(static_cast<int>(cases.cols()), points,
                  nanoflann::KDTreeSingleIndexAdaptorParams(kLeafCases));
  std::vector<std::int32_t> result(queries.rows());
  team.run_blocks(queries.rows(), 16, [&](std::size_t first, std::size_t count, unsigned) {
    std::vector<std::uint32_t> nearest(neighbours);
    std::vector<float> distances(neighbours);
    std::vector<std::int32_t> found(neighbours);
    for (std::size_t r = first; r < first + count; ++r) {
      tree.knnSearch(queries.row(r).data(), neighbours, nearest.data(), distances.data());
      std::transform(nearest.begin(), nearest.end(), found.begin(),
                     [&](std::uint32_t row) { return labels[row]; });
      result[r] = vote(found);
    }
  });
  return result;
}

}  // namespace harmonium
