// What weights and activities look like: the numbers behind histograms, and behind the doctor's warnings.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "harmonium/models/rbm.h"

namespace harmonium {

/// Summary of many values.
struct Summary {
  std::size_t count = 0;
  double mean = 0, deviation = 0, smallest = 0, largest = 0;
  std::size_t not_finite = 0;  ///< NaN and infinities, left out of the rest
};
Summary summarise(std::span<const float> values);

/// Counts of values in `bins` equal bins between the smallest and largest finite value.
struct Histogram {
  double low = 0, high = 0;
  std::vector<std::size_t> counts;
};
Histogram histogram_of(std::span<const float> values, std::size_t bins);

/// Mean activity of each hidden unit over the rows (means of its conditional).
std::vector<double> hidden_activities(const Rbm& rbm, ConstMatrixView<float> visible, ThreadTeam& team);

/// Sums of columns over rows that come in pieces.
class ColumnSums {
 public:
  explicit ColumnSums(std::size_t columns) : sums_(columns, 0.0), counts_(columns, 0.0) {}
  void add(ConstMatrixView<float> values);
  /// NaN are left out (0 for a column without values).
  std::vector<double> means() const;

 private:
  std::vector<double> sums_, counts_;
};

/// Column means of values; NaN are left out (0 for a column without values).
std::vector<double> column_means(ConstMatrixView<float> values);

/// Columns' lengths ||W_.j||, one a hidden column.
std::vector<double> weight_norms(const Rbm& rbm);

}  // namespace harmonium
