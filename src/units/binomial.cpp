// Binomial units: 0..N, the sum of N Bernoulli copies that share weights and bias (Teh & Hinton 2001).
//
//   base measure   mu(v) = C(N, v)
//   energy         -b v - log C(N, v)
//   log-partition  N softplus(x)            x: total input, bias included
//   mean           N p, p = logistic(x)
//   variance       N p (1 - p)
//   sample         the number of n in 0..N-1 with u_n < p: draw n of the unit
#include <cmath>
#include <limits>

#include "units/bernoulli_simd.h"
#include "units/kind.h"

namespace harmonium {
namespace {

void mean(const GroupRow& row, const float* input, float* mean) {
  for (std::size_t j = 0; j < row.columns; ++j)
    mean[j] = static_cast<float>(row.group->parameter * logistic(row.total(j, input[j])));
}

void sample(const GroupRow& row, const float* input, const RowNoise& noise, float* sample) {
  for (std::size_t j = 0; j < row.columns; ++j) {
    const double p = logistic(row.total(j, input[j]));
    const auto unit = static_cast<std::uint32_t>(row.first_unit + j);
    std::uint32_t on = 0;
    for (std::uint32_t n = 0; n < row.group->parameter; ++n) on += noise.uniform(unit, n) < p;
    sample[j] = std::isnan(p) ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>(on);
  }
}

double energy(const GroupRow& row, const float* values) {
  const double copies = row.group->parameter;
  double sum = linear_energy(row, values);
  for (std::size_t j = 0; j < row.columns; ++j) {
    const double v = values[j];
    require_count(v, copies, *row.group);
    sum -= log_factorial(copies) - log_factorial(v) - log_factorial(copies - v);
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

}  // namespace

const KindTable kBinomialTable{UnitKind::kBinomial, "binomial", mean,   sample, energy,
                               log_partition,       fault,      states, state,  nullptr};

}  // namespace harmonium
