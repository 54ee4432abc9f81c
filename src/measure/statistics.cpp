#include "harmonium/measure/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace harmonium {

Summary summarise(std::span<const float> values) {
  Summary s;
  double sum = 0, squares = 0;
  s.smallest = std::numeric_limits<double>::infinity(), s.largest = -s.smallest;
  for (const float value : values) {
    if (!std::isfinite(value)) {
      ++s.not_finite;
      continue;
    }
    ++s.count;
    sum += value;
    squares += static_cast<double>(value) * value;
    s.smallest = std::min<double>(s.smallest, value), s.largest = std::max<double>(s.largest, value);
  }
  if (s.count == 0) {
    s.smallest = s.largest = 0;
    return s;
  }
  s.mean = sum / static_cast<double>(s.count);
  s.deviation = std::sqrt(std::max(0.0, squares / static_cast<double>(s.count) - s.mean * s.mean));
  return s;
}

Histogram histogram_of(std::span<const float> values, std::size_t bins) {
  const Summary s = summarise(values);
  Histogram h{s.smallest, s.largest, std::vector<std::size_t>(bins, 0)};
  const double width = h.high > h.low ? (h.high - h.low) / static_cast<double>(bins) : 1.0;
  for (const float value : values)
    if (std::isfinite(value))
      ++h.counts[std::min(bins - 1, static_cast<std::size_t>((value - h.low) / width))];
  return h;
}

std::vector<double> hidden_activities(const Rbm& rbm, ConstMatrixView<float> visible, ThreadTeam& team) {
  Matrix<float> means(visible.rows(), rbm.hidden_columns());
  PassMemory memories(rbm, visible.rows(), team);
  team.run_blocks(visible.rows(), 128, [&](std::size_t first, std::size_t count, unsigned worker) {
    half_step_mean(rbm, Side::kHidden, visible.row_block(first, count), {},
                   means.view().row_block(first, count), memories[worker]);
  });
  return column_means(means);
}

void ColumnSums::add(ConstMatrixView<float> values) {
  for (std::size_t r = 0; r < values.rows(); ++r)
    for (std::size_t i = 0; i < values.cols(); ++i)
      if (!std::isnan(values(r, i))) sums_[i] += values(r, i), counts_[i] += 1.0;
}

std::vector<double> ColumnSums::means() const {
  std::vector<double> means(sums_.size(), 0.0);
  for (std::size_t i = 0; i < means.size(); ++i)
    if (counts_[i] > 0) means[i] = sums_[i] / counts_[i];
  return means;
}

std::vector<double> column_means(ConstMatrixView<float> values) {
  ColumnSums sums(values.cols());
  sums.add(values);
  return sums.means();
}

std::vector<double> weight_norms(const Rbm& rbm) {
  std::vector<double> norms(rbm.hidden_columns(), 0.0);
  for (std::size_t i = 0; i < rbm.weights.rows(); ++i)
    for (std::size_t j = 0; j < norms.size(); ++j)
      norms[j] += static_cast<double>(rbm.weights(i, j)) * rbm.weights(i, j);
  for (double& norm : norms) norm = std::sqrt(norm);
  return norms;
}

}  // namespace harmonium
