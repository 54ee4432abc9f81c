// Multinomial units: how often each of K words stands in a document of D words (replicated softmax,
// Salakhutdinov & Hinton 2009). A group is one variable, the vector of counts n with sum D.
//
//   base measure   mu(n) = D! / prod_k n_k!       the number of word orders with these counts
//   energy         -sum_k b_k n_k - log mu(n)
//   log-partition  D log sum_k exp(x_k)           x_k: total input of column k, bias included
//   mean           D p_k, p_k = exp(x_k) / sum_l exp(x_l)
//   covariance     D p_k ([k = l] - p_l)
//   sample         D words by inversion: word w takes draw w / K of the group's column w % K
//
// The sum runs over ordered words, which equals the sum over counts with mu. D is the group's own fixed
// length or comes with the row.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "harmonium/base/error.h"
#include "units/kind.h"
#include "units/passes.h"

namespace harmonium {
namespace {

/// The length D of a row that came with `given`, negative where nobody gave one.
double length_of(const UnitGroup& group, double given) {
  const double length = group.parameter != 0 ? group.parameter : given;
  if (length < 0.0 || std::isnan(length))
    throw InputError(
        "a multinomial group without a fixed length needs the number of words of each row; give the lengths, "
        "or fix it as in 'multinomial(50) " +
        std::to_string(group.units) + "'");
  return length;
}

void require_whole_length(double length) {
  if (std::string reason = count_fault(length, 0x1p24); !reason.empty())
    throw InputError("a document cannot be sampled with this length: " + reason);
}

std::vector<double> totals(const GroupRow& row, const float* input) {
  std::vector<double> total(row.columns);
  for (std::size_t k = 0; k < row.columns; ++k) total[k] = row.total(k, input[k]);
  return total;
}

void mean(const GroupRow& row, const float* input, float* mean) {
  const double length = length_of(*row.group, row.length);
  std::vector<double> p = totals(row, input);
  softmax_in_place(p);
  for (std::size_t k = 0; k < row.columns; ++k) mean[k] = static_cast<float>(length * p[k]);
}

void sample(const GroupRow& row, const float* input, const RowNoise& noise, float* sample) {
  const double length = length_of(*row.group, row.length);
  require_whole_length(length);
  std::vector<double> cumulative = totals(row, input);
  const bool valid = softmax_in_place(cumulative);
  for (std::size_t k = 0; k < row.columns; ++k)
    sample[k] = valid ? 0.0f : std::numeric_limits<float>::quiet_NaN();
  if (!valid) return;
  for (std::size_t k = 1; k < row.columns; ++k) cumulative[k] += cumulative[k - 1];
  const auto columns = static_cast<std::uint32_t>(row.columns);
  for (std::uint32_t word = 0; word < static_cast<std::uint32_t>(length); ++word)
    sample[pick(cumulative, noise.uniform(row.first_unit + word % columns, word / columns))] += 1.0f;
}

double energy(const GroupRow& row, const float* values) {
  double sum = linear_energy(row, values), length = 0.0;
  for (std::size_t k = 0; k < row.columns; ++k) {
    require_count(values[k], std::numeric_limits<double>::infinity(), *row.group);
    length += values[k];
    sum += log_factorial(values[k]);
  }
  if (row.group->parameter != 0 && length != row.group->parameter)
    throw InputError("the energy of " + describe(*row.group) + " units was asked for counts that sum to " +
                     number(length));
  return sum - log_factorial(length);
}

double log_partition(const GroupRow& row, const double* input) {
  const double length = length_of(*row.group, row.length);
  return length == 0.0 ? 0.0 : length * log_sum_exp(input, row.bias, row.bias_scale, row.columns);
}

ValueFault fault(const UnitGroup& group, std::span<const float> values, bool nan_is_missing) {
  ValueFault found = counts_fault(values, std::numeric_limits<double>::infinity(), nan_is_missing);
  if (!found.reason.empty() || group.parameter == 0) return found;
  double sum = 0.0;
  for (const float v : values) sum += v;
  if (std::isnan(sum) || sum == group.parameter) return {};
  return {0, "the counts of the row sum to " + number(sum) + ", not to " + std::to_string(group.parameter)};
}

/// C(n, k) for the numbers of count vectors; exact while it fits in 2^53.
double binomial_coefficient(double n, double k) {
  k = std::min(k, n - k);
  double value = 1.0;
  for (double i = 1.0; i <= k && std::isfinite(value); i += 1.0) value = std::round(value * (n - k + i) / i);
  return value;
}

/// The number of vectors of `columns` counts that sum to `length`.
double compositions(std::size_t columns, double length) {
  if (columns == 0) return length == 0.0 ? 1.0 : 0.0;
  return binomial_coefficient(length + static_cast<double>(columns) - 1.0,
                              static_cast<double>(columns) - 1.0);
}

double states(const UnitGroup& group) {
  return group.parameter == 0 ? std::numeric_limits<double>::infinity()
                              : compositions(group.units, group.parameter);
}

void state(const UnitGroup& group, std::uint64_t index, float* values) {
  unsigned rest = group.parameter;
  for (std::size_t k = 0; k + 1 < group.units; ++k) {
    unsigned count = 0;
    for (;; ++count) {
      const auto below = static_cast<std::uint64_t>(compositions(group.units - k - 1, rest - count));
      if (index < below) break;
      index -= below;
    }
    values[k] = static_cast<float>(count);
    rest -= count;
  }
  values[group.units - 1] = static_cast<float>(rest);
}

bool pass(const GroupPass& p) {
  std::vector<double> lengths(p.rows.rows);
  for (std::size_t r = 0; r < lengths.size(); ++r) {
    lengths[r] = length_of(*p.group, p.lengths != nullptr ? p.lengths[r] : -1.0);
    if (p.rows.samples != nullptr) require_whole_length(lengths[r]);
  }
  return multinomial_pass(p.rows, lengths.data());
}

}  // namespace

const KindTable kMultinomialTable{UnitKind::kMultinomial, "multinomial", mean,   sample, energy,
                                  log_partition,          fault,         states, state,  pass};

}  // namespace harmonium
