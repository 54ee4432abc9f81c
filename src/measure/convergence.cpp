#include "harmonium/measure/convergence.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <vector>

#include "harmonium/base/error.h"

namespace harmonium {
namespace {

// A chain is a row here: halves of the recorded chains, without the step in the middle of an odd number.
Matrix<double> split_chains(ConstMatrixView<double> record) {
  const std::size_t half = record.rows() / 2, chains = record.cols();
  Matrix<double> split(2 * chains, half);
  for (std::size_t c = 0; c < chains; ++c)
    for (std::size_t t = 0; t < half; ++t) {
      split(2 * c, t) = record(t, c);
      split(2 * c + 1, t) = record(record.rows() - half + t, c);
    }
  return split;
}

// Normal scores of the ranks among all values; equal values share the mean of their ranks (Blom 1958).
Matrix<double> normal_scores(const Matrix<double>& values) {
  const auto all = values.values();
  std::vector<std::size_t> order(all.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return all[a] < all[b]; });
  Matrix<double> scores(values.rows(), values.cols());
  for (std::size_t first = 0; first < order.size();) {
    std::size_t last = first;
    while (last + 1 < order.size() && all[order[last + 1]] == all[order[first]]) ++last;
    const double rank = 0.5 * static_cast<double>(first + last) + 1.0;
    const double score = normal_quantile((rank - 0.375) / (static_cast<double>(order.size()) + 0.25));
    for (; first <= last; ++first) scores.values()[order[first]] = score;
  }
  return scores;
}

Matrix<double> distances_to_median(const Matrix<double>& values) {
  std::vector<double> sorted(values.values().begin(), values.values().end());
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  const double median =
      sorted.size() % 2 == 1 ? *middle : 0.5 * (*middle + *std::max_element(sorted.begin(), middle));
  Matrix<double> folded = values;
  for (double& value : folded.values()) value = std::abs(value - median);
  return folded;
}

// Moments of chains, one a row of n values.
struct Spread {
  std::vector<double> means;
  double within = 0;  // W
  double total = 0;   // (n - 1) / n W + B / n
};

Spread spread_of(const Matrix<double>& chains) {
  const auto n = static_cast<double>(chains.cols()), m = static_cast<double>(chains.rows());
  Spread spread;
  double grand = 0;
  for (std::size_t c = 0; c < chains.rows(); ++c) {
    const auto row = chains.row(c);
    const double mean = std::accumulate(row.begin(), row.end(), 0.0) / n;
    for (const double x : row) spread.within += (x - mean) * (x - mean) / (n - 1) / m;
    spread.means.push_back(mean);
    grand += mean / m;
  }
  spread.total = (n - 1) / n * spread.within;
  for (const double mean : spread.means) spread.total += (mean - grand) * (mean - grand) / (m - 1);
  return spread;
}

double r_hat_of(const Matrix<double>& chains) {
  const Spread spread = spread_of(chains);
  if (spread.total <= 0) return 1.0;
  return spread.within > 0 ? std::min(kMostRHat, std::sqrt(spread.total / spread.within)) : kMostRHat;
}

// Mean over chains of the autocovariance at a lag, divided by n whatever the lag.
double autocovariance(const Matrix<double>& chains, const Spread& spread, std::size_t lag) {
  double sum = 0;
  for (std::size_t c = 0; c < chains.rows(); ++c) {
    const auto row = chains.row(c);
    for (std::size_t t = 0; t + lag < row.size(); ++t)
      sum += (row[t] - spread.means[c]) * (row[t + lag] - spread.means[c]);
  }
  return sum / static_cast<double>(chains.size());
}

double effective_samples_of(const Matrix<double>& chains) {
  const Spread spread = spread_of(chains);
  const auto all = static_cast<double>(chains.size());
  if (spread.total <= 0) return all;
  const auto correlation = [&](std::size_t lag) {
    return 1.0 - (spread.within - autocovariance(chains, spread, lag)) / spread.total;
  };
  // Sums of two neighbours are positive and fall with the lag for a reversible chain (Geyer 1992).
  double time = -1.0, least = HUGE_VAL;
  for (std::size_t lag = 0; lag + 1 < chains.cols(); lag += 2) {
    const double pair = (lag == 0 ? 1.0 : correlation(lag)) + correlation(lag + 1);
    if (pair <= 0) break;
    least = std::min(least, pair);
    time += 2.0 * least;
  }
  // Chains that alternate are worth more than their length, but no estimate beyond this can be trusted.
  return all / std::max(time, 1.0 / std::log10(std::max(10.0, all)));
}

// Rows are steps.
bool any_moves(ConstMatrixView<double> record) {
  for (std::size_t step = 1; step < record.rows(); ++step)
    for (std::size_t chain = 0; chain < record.cols(); ++chain)
      if (record(step, chain) != record(0, chain)) return true;
  return false;
}

}  // namespace

double normal_quantile(double p) {
  check(p > 0 && p < 1, "a quantile of a probability between 0 and 1");
  constexpr double kTail = 0.02425;
  constexpr double a[] = {-3.969683028665376e+01, 2.209460984245205e+02,  -2.759285104469687e+02,
                          1.383577518672690e+02,  -3.066479806614716e+01, 2.506628277459239e+00};
  constexpr double b[] = {-5.447609879822406e+01, 1.615858368580409e+02, -1.556989798598866e+02,
                          6.680131188771972e+01, -1.328068155288572e+01};
  constexpr double c[] = {-7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00,
                          -2.549732539343734e+00, 4.374664141464968e+00,  2.938163982698783e+00};
  constexpr double d[] = {7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00,
                          3.754408661907416e+00};
  const auto tail = [&](double q) {
    return (((((c[0] * q + c[1]) * q + c[2]) * q + c[3]) * q + c[4]) * q + c[5]) /
           ((((d[0] * q + d[1]) * q + d[2]) * q + d[3]) * q + 1);
  };
  double x = 0;
  if (p < kTail) {
    x = tail(std::sqrt(-2 * std::log(p)));
  } else if (p > 1 - kTail) {
    x = -tail(std::sqrt(-2 * std::log1p(-p)));
  } else {
    const double q = p - 0.5, r = q * q;
    x = (((((a[0] * r + a[1]) * r + a[2]) * r + a[3]) * r + a[4]) * r + a[5]) * q /
        (((((b[0] * r + b[1]) * r + b[2]) * r + b[3]) * r + b[4]) * r + 1);
  }
  const double error = 0.5 * std::erfc(-x / std::numbers::sqrt2) - p;
  const double step = error * std::sqrt(2 * std::numbers::pi) * std::exp(x * x / 2);
  return x - step / (1 + x * step / 2);
}

Convergence convergence_of(ConstMatrixView<double> record) {
  check(record.rows() >= 4 && record.cols() >= 2, "convergence needs four steps of two chains");
  const Matrix<double> split = split_chains(record);
  const Matrix<double> scores = normal_scores(split);
  return {std::max(r_hat_of(scores), r_hat_of(normal_scores(distances_to_median(split)))),
          effective_samples_of(scores), any_moves(record)};
}

}  // namespace harmonium
