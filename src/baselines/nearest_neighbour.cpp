#include "harmonium/baselines/nearest_neighbour.h"

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

}  // namespace

std::vector<std::int32_t> nearest_labels(ConstMatrixView<float> cases, std::span<const std::int32_t> labels,
                                         ConstMatrixView<float> queries, ThreadTeam& team) {
  check(labels.size() == cases.rows() && queries.cols() == cases.cols(), "one label a case, queries as wide");
  if (cases.rows() == 0) throw InputError("nearest neighbours need at least one case to compare with.");
  const Points points{cases};
  constexpr std::size_t kLeafCases = 50;
  const Tree tree(static_cast<int>(cases.cols()), points,
                  nanoflann::KDTreeSingleIndexAdaptorParams(kLeafCases));
  std::vector<std::int32_t> result(queries.rows());
  team.run_blocks(queries.rows(), 16, [&](std::size_t first, std::size_t count, unsigned) {
    for (std::size_t r = first; r < first + count; ++r) {
      std::uint32_t nearest = 0;
      float distance = 0;
      tree.knnSearch(queries.row(r).data(), 1, &nearest, &distance);
      result[r] = labels[nearest];
    }
  });
  return result;
}

}  // namespace harmonium
