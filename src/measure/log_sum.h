// Sums of numbers that are known by their logarithms.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

namespace harmonium {

/// log(exp(a) + exp(b) + ...) of numbers that come one by one, kept as (largest, sum of exp(x - largest)).
struct LogSum {
  double largest = -std::numeric_limits<double>::infinity(), sum = 0;
  void add(double x) {
    if (x == -std::numeric_limits<double>::infinity()) return;
    if (x > largest) {
      sum = sum * std::exp(largest - x) + 1.0;
      largest = x;
    } else {
      sum += std::exp(x - largest);
    }
  }
  double value() const { return largest + std::log(sum); }
};

/// log of the sum of exp(values) over `divisor`; there is one value at least.
inline double log_sum_exp(std::span<const double> values, double divisor = 1.0) {
  const double largest = *std::max_element(values.begin(), values.end());
  double sum = 0;
  for (const double v : values) sum += std::exp(v - largest);
  return largest + std::log(sum / divisor);
}

/// log of the mean of exp(values).
inline double log_mean_exp(std::span<const double> values) {
  return log_sum_exp(values, static_cast<double>(values.size()));
}

}  // namespace harmonium
