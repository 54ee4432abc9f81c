// Stepped sigmoid units: 0..N, the sum of N Bernoulli copies that share weights and bias but whose biases
// are offset by -1/2, -3/2, ..., -(N - 1/2) (Nair & Hinton 2010).
//
//   log-partition  sum_{n=1..N} softplus(x - n + 1/2)            x: total input, bias included
//   mean           sum_n p_n, p_n = logistic(x - n + 1/2)        close to softplus(x) where N is large
//   variance       sum_n p_n (1 - p_n)
//   sample         inversion over the 13 counts around x, one uniform (draw 0)
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
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "units/kind.h"
#include "units/passes.h"

namespace harmonium {
namespace {

/// sum_{i=1..m} log(1 - q^i). Terms beyond the 40th, below 1e-17, do not change the sum.
double log_product(double m) {
  constexpr std::size_t kTerms = 40;
  static const std::array<double, kTerms + 1> table = [] {
    std::array<double, kTerms + 1> t{};
    for (std::size_t i = 1; i <= kTerms; ++i)
      t[i] = t[i - 1] + std::log1p(-std::exp(-static_cast<double>(i)));
    return t;
  }();
  return table[static_cast<std::size_t>(std::min(m, static_cast<double>(kTerms)))];
}

double log_gaussian_binomial(double copies, double k) {
  return log_product(copies) - log_product(k) - log_product(copies - k);
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

/// Inversion over the counts within kReach of the one nearest to x, which hold all but 1e-9 of the whole:
/// from the upper end down to that count, then from the lower end up to it.
double sample_count(double x, double copies, double u) {
  if (std::isnan(x)) return x;
  constexpr double kReach = 6.0;
  const double nearest = std::clamp(std::nearbyint(x), 0.0, copies);
  const double high = std::min(copies, nearest + kReach), low = std::max(0.0, nearest - kReach);
  const auto weight = [&](double k) {
    return std::exp((k - nearest) * (x - 0.5 * (k + nearest)) + log_gaussian_binomial(copies, k) -
                    log_gaussian_binomial(copies, nearest));
  };
  double sum = 0.0;
  for (double k = low; k <= high; k += 1.0) sum += weight(k);
  double point = u * sum;
  for (double k = high; k > nearest; k -= 1.0)
    if ((point -= weight(k)) <= 0.0) return k;
  for (double k = low; k < nearest; k += 1.0)
    if ((point -= weight(k)) <= 0.0) return k;
  return nearest;
}

void sample(const GroupRow& row, const float* input, const RowNoise& noise, float* sample) {
  for (std::size_t j = 0; j < row.columns; ++j) {
    const float u = noise.open_uniform(static_cast<std::uint32_t>(row.first_unit + j), 0);
    sample[j] = static_cast<float>(sample_count(row.total(j, input[j]), row.group->parameter, u));
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

double log_partition(const GroupRow& row, const double* input) {
  return stepped_log_partition(input, row.bias, row.bias_scale, row.group->parameter, row.columns);
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
  return stepped_pass(p.rows, p.group->parameter);
}

}  // namespace

const KindTable kSteppedTable{UnitKind::kStepped, "stepped", mean,   sample, energy,
                              log_partition,      fault,     states, state,  pass};

}  // namespace harmonium
