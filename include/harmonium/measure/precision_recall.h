// Precision and recall of samples (Kynkaanniemi, Karras, Laine, Lehtinen & Aila 2019, "Improved precision and
// recall metric for assessing generative models"): are fantasies among the data, and are the data among the
// fantasies?
//
// The region of a set of points is the union of balls around them, each as large as the distance to the
// point's k-th nearest other point. Precision is the fraction of fantasies in the region of the data; recall
// the fraction of data in the region of the fantasies. Points are codes of a classifier, in which distances
// mean more than between pixels. Values depend on the number of points and on the space: compare them only
// with those of another set of real cases, of the same size and in the same space. Copies of training cases
// reach full marks, so look at nearest neighbours too.
#pragma once

#include <functional>
#include <vector>

#include "harmonium/base/matrix.h"
#include "harmonium/base/threads.h"

namespace harmonium {

/// Points with the radii of their balls.
class PointRegion {
 public:
  /// `points` (M x N) must outlive this. Throws InputError where there are not more than `k` of them, or k is
  /// 0. `progress` is told the fraction done.
  PointRegion(ConstMatrixView<float> points, std::size_t k, ThreadTeam& team,
              const std::function<void(double)>& progress = {});

  ConstMatrixView<float> points() const { return points_; }
  /// Squared radii, one a point.
  std::span<const double> squared_radii() const { return squared_radii_; }
  /// The fraction of `queries` (Q x N) that are within some ball; on its surface counts as within.
  double coverage(ConstMatrixView<float> queries, ThreadTeam& team,
                  const std::function<void(double)>& progress = {}) const;

 private:
  ConstMatrixView<float> points_;
  std::vector<double> norms_, squared_radii_;
};

struct PrecisionRecall {
  double precision = 0, recall = 0;
};

/// Of `fantasies` as models of `data`; the paper takes k = 3 and as many fantasies as data.
PrecisionRecall precision_recall(const PointRegion& data, const PointRegion& fantasies, ThreadTeam& team,
                                 const std::function<void(double)>& progress = {});

}  // namespace harmonium
