// Binomial units: 0..N, the sum of N Bernoulli copies that share weights and bias (Teh & Hinton 2001).
//
//   base measure   mu(v) = C(N, v)
//   energy         -b v - log C(N, v)
//   log-partition  N softplus(x)            x: total input, bias included
//   mean           N p, p = logistic(x)
//   variance       N p (1 - p)
//   sample         N <= 64: inversion of the distribution function, one uniform (draw 0). Else, with n p the
//                  expected number of copies on (or off, where that is less): below 10 inversion as well;
//                  from 10 on BTRS, the transformed rejection of Hormann, "The generation of binomial random
//                  variates", Journal of Statistical Computation and Simulation 46 (1993): exact, at most 1.3
//                  tries on average, try t takes draws 2 t and 2 t + 1
#include <cmath>

#include "units/kind.h"
#include "units/passes.h"

namespace harmonium {
namespace {

void mean(const GroupRow& row, const float* input, float* mean) {
  for (std::size_t j = 0; j < row.columns; ++j)
    mean[j] = static_cast<float>(row.group->parameter * logistic(row.total(j, input[j])));
}

/// The number of k >= 1 with u <= P(count >= k), by summing chances from N down.
double sample_by_tail(double copies, double p, double u) {
  const double log_p = std::log(p), log_q = std::log1p(-p), log_all = log_factorial(copies);
  double above = 0.0, k = copies;
  for (; k > 0.0; k -= 1.0) {
    above +=
        std::exp(log_all - log_factorial(k) - log_factorial(copies - k) + k * log_p + (copies - k) * log_q);
    if (u <= above) break;
  }
  return k;
}

/// The same from 0 up, for many copies and few that are on.
double sample_by_inversion(double copies, double p, double u) {
  const double odds = p / (1.0 - p);
  double chance = std::exp(copies * std::log1p(-p)), above = -std::expm1(copies * std::log1p(-p)), k = 0.0;
  while (k < copies && u <= above && (k < copies * p || chance > 1e-10)) {
    k += 1.0;
    chance *= odds * (copies - k + 1.0) / k;
    above -= chance;
  }
  return k;
}

double sample_by_rejection(double copies, double p, const RowNoise& noise, std::uint32_t unit) {
  const double spread = std::sqrt(copies * p * (1.0 - p)), log_odds = std::log(p / (1.0 - p));
  const double b = 1.15 + 2.53 * spread, a = -0.0873 + 0.0248 * b + 0.01 * p, centre = copies * p + 0.5;
  const double alpha = (2.83 + 5.1 / b) * spread, accept_below = 0.92 - 4.2 / b;
  const double mode = std::floor((copies + 1.0) * p);
  const double at_mode = log_factorial(mode) + log_factorial(copies - mode);
  for (std::uint32_t attempt = 0; attempt < kMaxTries; ++attempt) {
    const double u = noise.uniform(unit, 2 * attempt) - 0.5, v = noise.uniform(unit, 2 * attempt + 1);
    const double us = 0.5 - std::abs(u), k = std::floor((2.0 * a / us + b) * u + centre);
    if (us >= 0.07 && v <= accept_below) return k;
    if (k < 0.0 || k > copies) continue;
    const double log_ratio = std::log(v * alpha / (a / (us * us) + b));
    const double log_chance = at_mode - log_factorial(k) - log_factorial(copies - k) + (k - mode) * log_odds;
    if (log_ratio <= log_chance) return k;
  }
  return mode;
}

void sample(const GroupRow& row, const float* input, const RowNoise& noise, float* sample) {
  for (std::size_t j = 0; j < row.columns; ++j) {
    const auto unit = static_cast<std::uint32_t>(row.first_unit + j);
    sample[j] =
        static_cast<float>(binomial_sample(row.group->parameter, row.total(j, input[j]), noise, unit));
  }
}

double energy(const GroupRow& row, const float* values) {
  const double copies = row.group->parameter;
  const double log_all = log_factorial(copies);
  double sum = linear_energy(row, values);
  for (std::size_t j = 0; j < row.columns; ++j) {
    const double v = values[j];
    require_count(v, copies, *row.group);
    sum -= log_all - log_factorial(v) - log_factorial(copies - v);
  }
  return sum;
}

double log_partition(const GroupRow& row, const double* input) {
  return row.group->parameter * bernoulli_log_partition(input, row.bias, row.bias_scale, row.columns);
}

ValueFault fault(const UnitGroup& group, std::span<const float> values, bool nan_is_missing) {
  return counts_fault(values, group.parameter, nan_is_missing);
}

double states(const UnitGroup& group) {
  return power_states(group.units, group.parameter + 1.0);
}

void state(const UnitGroup& group, std::uint64_t index, float* values) {
  power_state(group.units, std::uint64_t{group.parameter} + 1, index, values);
}

bool pass(const GroupPass& p) {
  return binomial_pass(p.rows, p.group->parameter);
}

}  // namespace

double binomial_sample(double copies, double x, const RowNoise& noise, std::uint32_t unit) {
  if (std::isnan(x)) return x;
  const double p = logistic(-std::abs(x));  // of the rarer of on and off
  double count = 0.0;
  if (copies <= kMaxVectorCopies)
    count = p > 0.0 ? sample_by_tail(copies, p, noise.open_uniform(unit, 0)) : 0.0;
  else if (copies * p < 10.0)
    count = sample_by_inversion(copies, p, noise.uniform(unit, 0));
  else
    count = sample_by_rejection(copies, p, noise, unit);
  return x > 0.0 ? copies - count : count;
}

const KindTable kBinomialTable{UnitKind::kBinomial, "binomial", mean,   sample, energy,
                               log_partition,       fault,      states, state,  pass};

}  // namespace harmonium
