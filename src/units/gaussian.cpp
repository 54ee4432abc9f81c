// Gaussian units: real values with variance sigma^2, 1 or learned.
//
//   statistic      s(v) = v / sigma
//   energy         (v - b)^2 / (2 sigma^2)
//   log-partition  log(sigma sqrt(2 pi)) + b x / sigma + x^2 / 2        x: interaction input, without b
//   mean           b + sigma x       (of the value; the statistic's is b / sigma + x)
//   variance       sigma^2
//   sample         b + sigma (x + n), n standard normal: RowNoise::normal
//
// sigma^2 = exp(log_variance) with log_variance held at or above kMinLogVariance. Freund & Haussler 1994;
// Hinton & Salakhutdinov 2006; the learned log-variance is Cho, Ilin & Raiko 2011.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "units/kind.h"
#include "units/passes.h"

namespace harmonium {
namespace {

double log_variance_at(const GroupRow& row, std::size_t j) {
  return row.log_variance == nullptr ? 0.0 : std::max(row.log_variance[j], kMinLogVariance);
}

double sigma_at(const GroupRow& row, std::size_t j) {
  return row.log_variance == nullptr ? 1.0 : std::exp(0.5 * log_variance_at(row, j));
}

void mean(const GroupRow& row, const float* input, float* mean) {
  for (std::size_t j = 0; j < row.columns; ++j)
    mean[j] = static_cast<float>(row.bias_at(j) + sigma_at(row, j) * input[j]);
}

void sample(const GroupRow& row, const float* input, const RowNoise& noise, float* sample) {
  for (std::size_t j = 0; j < row.columns; ++j) {
    const auto unit = static_cast<std::uint32_t>(row.first_unit + j);
    const double n = noise.normal(unit);
    sample[j] = static_cast<float>(row.bias_at(j) + sigma_at(row, j) * (input[j] + n));
  }
}

/// Sum of term(j, 1 / sigma_j) over the columns: eight running sums, so that additions need not wait for each
/// other.
template <class Term>
double sum_over_columns(const GroupRow& row, const Term& term) {
  constexpr std::size_t kChunk = 64;
  double part[8] = {}, inverse_sigma[kChunk];
  std::fill_n(inverse_sigma, kChunk, 1.0);
  for (std::size_t first = 0; first < row.columns; first += kChunk) {
    const std::size_t count = std::min(kChunk, row.columns - first);
    if (row.log_variance != nullptr) inverse_deviations(row.log_variance + first, count, inverse_sigma);
    std::size_t j = 0;
    for (; j + 8 <= count; j += 8)
      for (std::size_t i = 0; i < 8; ++i) part[i] += term(first + j + i, inverse_sigma[j + i]);
    for (; j < count; ++j) part[j % 8] += term(first + j, inverse_sigma[j]);
  }
  return ((part[0] + part[4]) + (part[1] + part[5])) + ((part[2] + part[6]) + (part[3] + part[7]));
}

double energy(const GroupRow& row, const float* values) {
  return sum_over_columns(row, [&](std::size_t j, double inverse_sigma) {
    const double distance = (values[j] - row.bias_at(j)) * inverse_sigma;
    return 0.5 * distance * distance;
  });
}

double log_partition(const GroupRow& row, const double* input) {
  static const double log_root_two_pi = 0.5 * std::log(2.0 * std::numbers::pi);
  double sum = static_cast<double>(row.columns) * log_root_two_pi;
  for (std::size_t j = 0; j < row.columns && row.log_variance != nullptr; ++j)
    sum += 0.5 * log_variance_at(row, j);
  return sum + sum_over_columns(row, [&](std::size_t j, double inverse_sigma) {
           return (row.bias_at(j) * inverse_sigma + 0.5 * input[j]) * input[j];
         });
}

ValueFault fault(const UnitGroup&, std::span<const float> values, bool nan_is_missing) {
  for (std::size_t j = 0; j < values.size(); ++j) {
    if ((nan_is_missing && std::isnan(values[j])) || std::isfinite(values[j])) continue;
    return {j, number(values[j]) + " is not a finite number"};
  }
  return {};
}

double states(const UnitGroup&) {
  return std::numeric_limits<double>::infinity();
}

bool pass(const GroupPass& p) {
  return gaussian_pass(p.rows, p.log_variance);
}

}  // namespace

const KindTable kGaussianTable{UnitKind::kGaussian, "gaussian", mean,   sample,  energy,
                               log_partition,       fault,      states, nullptr, pass};

}  // namespace harmonium
