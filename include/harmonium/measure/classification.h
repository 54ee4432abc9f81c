// How good the probabilities of a classifier are: errors with their interval, cross-entropy, confusion,
// calibration, and the worst mistakes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "harmonium/base/matrix.h"

namespace harmonium {

/// An interval that holds the probability of which `hits` of `tries` were seen, with 95 % confidence (Wilson
/// 1927): from 0 to 1 where there are no tries.
struct Interval {
  double low = 0, high = 1;
};
Interval wilson_interval(std::size_t hits, std::size_t tries);

/// Cases of one range of confidence, the probability of the likeliest class.
struct ConfidenceBin {
  std::size_t cases = 0;
  double confidence = 0;  ///< their mean
  double right = 0;       ///< the fraction that is read rightly: equal to it where the net is calibrated
};

/// What K classes' probabilities (a row a case) say about cases of known label. Those of label -1 are left
/// out, also of the numbers below.
struct Classification {
  std::size_t cases = 0, wrong = 0;
  double cross_entropy = 0;             ///< mean of -log p(label), in nats; p is at least 1e-38
  Matrix<std::size_t> confusion;        ///< K x K: cases of class r that are read as class c
  std::vector<ConfidenceBin> bins;      ///< ten of equal width, without empty ones
  double calibration_error = 0;         ///< mean over cases of |confidence - right| of their bin
  std::vector<std::uint64_t> mistakes;  ///< rows of the misread cases, the least probable label first

  double error() const { return cases > 0 ? static_cast<double>(wrong) / static_cast<double>(cases) : 0.0; }
};

/// Collects it piece by piece.
class ClassificationSums {
 public:
  explicit ClassificationSums(std::size_t classes);
  /// Rows [first, first + n) of the cases; labels below K, or -1.
  void add(std::size_t first, ConstMatrixView<float> probabilities, std::span<const std::int32_t> labels);
  Classification result() const;

 private:
  struct Mistake {
    float probability;
    std::uint64_t row;
  };
  Classification sums_;
  std::vector<ConfidenceBin> bins_;  // sums, not means
  std::vector<Mistake> mistakes_;
};

}  // namespace harmonium
