// Poisson units: 0, 1, 2, ...
//
//   base measure   mu(v) = 1 / v!
//   energy         -b v + log v!
//   log-partition  e^x                    x: total input, bias included
//   mean           e^x, the rate
//   variance       e^x
//   sample         rate < 10: inversion of the upper tail, one uniform (draw 0). Else PTRS, the transformed
//                  rejection of Hormann, "The transformed rejection method for generating Poisson random
//                  variables", Insurance: Mathematics and Economics 12 (1993): exact for any rate, 1.1 tries
//                  on average, try t takes draws 2 t and 2 t + 1; from a rate of 65536 on finer uniforms,
//                  of draws 4 t to 4 t + 3.
//
// For means and samples x is held at or below 20 (a rate of 4.9e8), so that weights that run away give large
// finite counts for the doctor to see. Counts above 2^24 are rounded to f32.
#include <algorithm>
#include <cmath>
#include <limits>

#include "units/kind.h"
#include "units/passes.h"

namespace harmonium {
namespace {

constexpr double kMaxInput = 20.0;

double rate_of(double x) {
  return std::exp(x > kMaxInput ? kMaxInput : x);  // NaN stays NaN
}

/// The number of n >= 1 with u <= P(count >= n): small chances are had without a subtraction from 1.
double sample_by_inversion(double rate, double u) {
  double above = -std::expm1(-rate), p = std::exp(-rate), k = 0.0;
  while (u <= above && (k < rate || p > 1e-10)) {
    k += 1.0;
    p *= rate / k;
    above -= p;
  }
  return k;
}

double sample_by_rejection(double rate, const RowNoise& noise, std::uint32_t unit) {
  const double b = 0.931 + 2.53 * std::sqrt(rate), a = -0.059 + 0.02483 * b;
  const double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4), accept_below = 0.9277 - 3.6224 / (b - 2.0);
  const bool fine = rate >= kMaxVectorRate;
  for (std::uint32_t attempt = 0; attempt < kMaxTries; ++attempt) {
    const double first = fine ? noise.fine_uniform(unit, 2 * attempt) : noise.uniform(unit, 2 * attempt);
    const double v =
        fine ? noise.fine_uniform(unit, 2 * attempt + 1) : noise.open_uniform(unit, 2 * attempt + 1);
    const double u = first - 0.5, us = 0.5 - std::abs(u);
    const double k = std::floor((2.0 * a / us + b) * u + rate + 0.43);
    if (us >= 0.07 && v <= accept_below) return k;
    if (k < 0.0 || (us < 0.013 && v > us)) continue;
    const double log_ratio = std::log(v * inverse_alpha / (a / (us * us) + b));
    if (log_ratio <= -rate + k * std::log(rate) - log_factorial(k)) return k;
  }
  return 0.0;
}

void mean(const GroupRow& row, const float* input, float* mean) {
  for (std::size_t j = 0; j < row.columns; ++j) mean[j] = static_cast<float>(rate_of(row.total(j, input[j])));
}

void sample(const GroupRow& row, const float* input, const RowNoise& noise, float* sample) {
  for (std::size_t j = 0; j < row.columns; ++j) {
    const auto unit = static_cast<std::uint32_t>(row.first_unit + j);
    sample[j] = static_cast<float>(poisson_sample(rate_of(row.total(j, input[j])), noise, unit));
  }
}

double energy(const GroupRow& row, const float* values) {
  double sum = linear_energy(row, values);
  for (std::size_t j = 0; j < row.columns; ++j) {
    require_count(values[j], std::numeric_limits<double>::infinity(), *row.group);
    sum += log_factorial(values[j]);
  }
  return sum;
}

double log_partition(const GroupRow& row, const double* input) {
  return sum_of_exp(input, row.bias, row.bias_scale, 0.0, row.columns);
}

ValueFault fault(const UnitGroup&, std::span<const float> values, bool nan_is_missing) {
  return counts_fault(values, std::numeric_limits<double>::infinity(), nan_is_missing);
}

double states(const UnitGroup&) {
  return std::numeric_limits<double>::infinity();
}

bool pass(const GroupPass& p) {
  return poisson_pass(p.rows);
}

}  // namespace

double poisson_sample(double rate, const RowNoise& noise, std::uint32_t unit) {
  if (std::isnan(rate)) return rate;
  return rate < kMinRejectionRate ? sample_by_inversion(rate, noise.open_uniform(unit, 0))
                                  : sample_by_rejection(rate, noise, unit);
}

const KindTable kPoissonTable{UnitKind::kPoisson, "poisson", mean,   sample,  energy,
                              log_partition,      fault,     states, nullptr, pass};

}  // namespace harmonium
