// Softmax units: variables that take one of k states, as k columns of which one is 1 (a Potts variable; a
// label of Hinton, Osindero & Teh 2006).
//
//   energy         -sum_k b_k v_k             (linear, so probabilities may stand for states)
//   log-partition  log sum_k exp(x_k)         for each variable; x_k: total input of column k, bias included
//   mean           p_k = exp(x_k) / sum_l exp(x_l)
//   covariance     p_k ([k = l] - p_l)
//   sample         state k with probability p_k, by inversion: variable i of the group takes draw 0 of the
//                  group's column i. Never the most probable state: that would not be a sample.
#include <cmath>
#include <limits>
#include <vector>

#include "units/kind.h"
#include "units/passes.h"

namespace harmonium {
namespace {

/// Totals of the variable whose first column is `first`, turned into probabilities.
bool probabilities(const GroupRow& row, const float* input, std::size_t first, std::span<double> p) {
  for (std::size_t k = 0; k < p.size(); ++k) p[k] = row.total(first + k, input[first + k]);
  return softmax_in_place(p);
}

void mean(const GroupRow& row, const float* input, float* mean) {
  std::vector<double> p(row.group->parameter);
  for (std::size_t first = 0; first < row.columns; first += p.size()) {
    probabilities(row, input, first, p);
    for (std::size_t k = 0; k < p.size(); ++k) mean[first + k] = static_cast<float>(p[k]);
  }
}

void sample(const GroupRow& row, const float* input, const RowNoise& noise, float* sample) {
  std::vector<double> p(row.group->parameter);
  for (std::size_t first = 0; first < row.columns; first += p.size()) {
    const bool valid = probabilities(row, input, first, p);
    const float rest = valid ? 0.0f : std::numeric_limits<float>::quiet_NaN();
    for (std::size_t k = 0; k < p.size(); ++k) sample[first + k] = rest;
    if (!valid) continue;
    for (std::size_t k = 1; k < p.size(); ++k) p[k] += p[k - 1];
    const auto unit = static_cast<std::uint32_t>(row.first_unit + first / p.size());
    sample[first + pick(p, noise.uniform(unit, 0))] = 1.0f;
  }
}

double log_partition(const GroupRow& row, const double* input) {
  const std::size_t states = row.group->parameter;
  double sum = 0.0;
  for (std::size_t first = 0; first < row.columns; first += states)
    sum += log_sum_exp(input + first, row.bias + first, row.bias_scale, states);
  return sum;
}

/// The first fault of one variable's columns. Tolerances are for probabilities that were rounded to f32.
ValueFault variable_fault(std::span<const float> v, bool nan_is_missing) {
  double sum = 0.0;
  std::size_t missing = 0, first_missing = 0;
  for (std::size_t k = 0; k < v.size(); ++k) {
    if (nan_is_missing && std::isnan(v[k])) {
      if (missing++ == 0) first_missing = k;
    } else if (!(v[k] >= -1e-6f && v[k] <= 1.0f + 1e-6f)) {
      return {k, number(v[k]) + " is not between 0 and 1"};
    } else {
      sum += v[k];
    }
  }
  if (missing == v.size()) return {};
  if (missing != 0) return {first_missing, "one state is missing where others of its variable are not"};
  if (std::abs(sum - 1.0) <= 1e-5) return {};
  return {0,
          "the " + std::to_string(v.size()) + " states of a variable sum to " + number(sum) + ", not to 1"};
}

ValueFault fault(const UnitGroup& group, std::span<const float> values, bool nan_is_missing) {
  for (std::size_t first = 0; first < values.size(); first += group.parameter) {
    ValueFault found = variable_fault(values.subspan(first, group.parameter), nan_is_missing);
    if (!found.reason.empty()) return {first + found.column, std::move(found.reason)};
  }
  return {};
}

double states(const UnitGroup& group) {
  return power_states(group.units, group.parameter);
}

void state(const UnitGroup& group, std::uint64_t index, float* values) {
  const std::size_t k = group.parameter;
  for (std::size_t u = group.units; u-- > 0; index /= k)
    for (std::size_t j = 0; j < k; ++j) values[u * k + j] = index % k == j ? 1.0f : 0.0f;
}

bool pass(const GroupPass& p) {
  return softmax_pass(p.rows, p.group->parameter);
}

}  // namespace

const KindTable kSoftmaxTable{UnitKind::kSoftmax, "softmax", mean,   sample, linear_energy,
                              log_partition,      fault,     states, state,  pass};

}  // namespace harmonium
