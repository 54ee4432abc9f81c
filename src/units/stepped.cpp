// Stepped sigmoid units: 0..N, the sum of N Bernoulli copies that share weights and bias but whose biases
// are offset by -1/2, -3/2, ..., -(N - 1/2) (Nair & Hinton 2010).
//
//   log-partition  sum_{n=1..N} softplus(x - n + 1/2)            x: total input, bias included
//   mean           sum_n p_n, p_n = logistic(x - n + 1/2)        close to softplus(x) where N is large
//   variance       sum_n p_n (1 - p_n)
//   sample         the number of n in 1..N with u_n < p_n: draw n - 1 of the unit
//   base measure   log mu(k) = -k^2 / 2 + log [N choose k]_q,  q = 1/e
//   energy         -b k - log mu(k)
//
// The base measure. The state is k, how many copies are on. Summed over which ones, copies contribute the
// elementary symmetric polynomial e_k of their weights w_n = exp(-(n - 1/2)) = e^{-1/2} q^{n-1}. By the
// q-binomial theorem  e_k(1, q, ..., q^{N-1}) = q^{k (k-1) / 2} [N choose k]_q,  so
//   mu(k) = e^{-k/2} e^{-k (k-1) / 2} [N choose k]_q = e^{-k^2 / 2} [N choose k]_q,
//   [N choose k]_q = prod_{i=1..k} (1 - q^{N-k+i}) / (1 - q^i).
// The tests compare it with the sum over all 2^N copies.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "units/kind.h"

namespace harmonium {
namespace {

double log_gaussian_binomial(double copies, double k) {
  double sum = 0.0;
  for (double i = 1.0; i <= k; i += 1.0)
    sum += std::log1p(-std::exp(-(copies - k + i))) - std::log1p(-std::exp(-i));
  return sum;
}

/// Calls visit(n, p_n) for copies n = 1..N. The copies' exp(-(x - n + 1/2)) grow by a factor e each, so one
/// exponential does for all; above 700 it would vanish and every copy takes its own.
template <class Visit>
void for_each_copy(double x, std::uint32_t copies, const Visit& visit) {
  double power = std::exp(0.5 - x);
  for (std::uint32_t n = 1; n <= copies; ++n, power *= std::numbers::e)
    visit(n, x < 700.0 ? 1.0 / (1.0 + power) : logistic(x - n + 0.5));
}

void mean(const GroupRow& row, const float* input, float* mean) {
  for (std::size_t j = 0; j < row.columns; ++j) {
    double sum = 0.0;
    for_each_copy(row.total(j, input[j]), row.group->parameter, [&](std::uint32_t, double p) { sum += p; });
    mean[j] = static_cast<float>(sum);
  }
}

void sample(const GroupRow& row, const float* input, const RowNoise& noise, float* sample) {
  for (std::size_t j = 0; j < row.columns; ++j) {
    const double x = row.total(j, input[j]);
    const auto unit = static_cast<std::uint32_t>(row.first_unit + j);
    std::uint32_t on = 0;
    for_each_copy(x, row.group->parameter,
                  [&](std::uint32_t n, double p) { on += noise.uniform(unit, n - 1) < p; });
    sample[j] = std::isnan(x) ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>(on);
  }
}

double energy(const GroupRow& row, const float* values) {
  double sum = linear_energy(row, values);
  for (std::size_t j = 0; j < row.columns; ++j) {
    const double k = values[j];
    require_count(k, row.group->parameter, *row.group);
    sum -= -0.5 * k * k + log_gaussian_binomial(row.group->parameter, k);
  }
  return sum;
}

/// sum_n softplus(x - n + 1/2): m copies have a positive input; each of all copies adds log(1 + e^-|input|),
/// and these exponentials fall by a factor e on either side of m, so that their product stays below 6.
double copies_log_partition(double x, double copies) {
  if (std::isnan(x)) return x;
  const double m = std::clamp(std::ceil(x + 0.5) - 1.0, 0.0, copies);
  double product = 1.0;
  double power = std::exp(m - 0.5 - x);
  for (double n = m; n >= 1.0 && power > 1e-17; n -= 1.0, power /= std::numbers::e) product *= 1.0 + power;
  power = std::exp(x - m - 0.5);
  for (double n = m + 1.0; n <= copies && power > 1e-17; n += 1.0, power /= std::numbers::e)
    product *= 1.0 + power;
  return (m > 0.0 ? m * x - 0.5 * m * m : 0.0) + std::log(product);
}

double log_partition(const GroupRow& row, const double* input) {
  double sum = 0.0;
  for (std::size_t j = 0; j < row.columns; ++j)
    sum += copies_log_partition(row.total(j, input[j]), row.group->parameter);
  return sum;
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

const KindTable kSteppedTable{UnitKind::kStepped, "stepped", mean,   sample, energy,
                              log_partition,      fault,     states, state,  nullptr};

}  // namespace harmonium
