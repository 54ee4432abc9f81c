#include "harmonium/measure/classification.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "harmonium/base/error.h"

namespace harmonium {
namespace {

constexpr std::size_t kBins = 10;

}  // namespace

Interval wilson_interval(std::size_t hits, std::size_t tries) {
  if (tries == 0) return {};
  constexpr double kZ = 1.959964;  // of 95 %
  const auto n = static_cast<double>(tries);
  const double p = static_cast<double>(hits) / n, shrink = 1.0 / (1.0 + kZ * kZ / n);
  const double centre = shrink * (p + kZ * kZ / (2 * n));
  const double half = shrink * kZ * std::sqrt(p * (1 - p) / n + kZ * kZ / (4 * n * n));
  return {hits == 0 ? 0.0 : centre - half, hits == tries ? 1.0 : centre + half};
}

ClassificationSums::ClassificationSums(std::size_t classes) : bins_(kBins) {
  sums_.confusion = Matrix<std::size_t>(classes, classes);
}

void ClassificationSums::add(std::size_t first, ConstMatrixView<float> probabilities,
                             std::span<const std::int32_t> labels) {
  check(probabilities.cols() == sums_.confusion.cols() && labels.size() == probabilities.rows(),
        "a probability for each class, and a label for each case");
  for (std::size_t r = 0; r < labels.size(); ++r) {
    if (labels[r] < 0) continue;
    const auto row = probabilities.row(r);
    const auto label = static_cast<std::size_t>(labels[r]);
    const auto read = static_cast<std::size_t>(std::max_element(row.begin(), row.end()) - row.begin());
    const bool right = read == label;
    ++sums_.cases, ++sums_.confusion(label, read);
    sums_.cross_entropy -= std::log(std::max(row[label], std::numeric_limits<float>::min()));
    const double confidence = row[read] > 0.0f ? std::min(static_cast<double>(row[read]), 1.0) : 0.0;
    ConfidenceBin& bin = bins_[std::min(kBins - 1, static_cast<std::size_t>(confidence * kBins))];
    ++bin.cases, bin.confidence += confidence, bin.right += right ? 1.0 : 0.0;
    if (right) continue;
    ++sums_.wrong;
    mistakes_.push_back({row[label], first + r});
  }
}

Classification ClassificationSums::result() const {
  Classification result = sums_;
  if (result.cases == 0) return result;
  const auto cases = static_cast<double>(result.cases);
  result.cross_entropy /= cases;
  for (const ConfidenceBin& bin : bins_) {
    if (bin.cases == 0) continue;
    const auto n = static_cast<double>(bin.cases);
    result.bins.push_back({bin.cases, bin.confidence / n, bin.right / n});
    result.calibration_error += std::abs(bin.confidence - bin.right) / cases;
  }
  std::vector<Mistake> worst = mistakes_;
  std::stable_sort(worst.begin(), worst.end(),
                   [](const Mistake& a, const Mistake& b) { return a.probability < b.probability; });
  for (const Mistake& mistake : worst) result.mistakes.push_back(mistake.row);
  return result;
}

}  // namespace harmonium
