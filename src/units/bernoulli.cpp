// Bernoulli units: 0 or 1; a value between stands for a probability.
//
//   energy         -b v                       (linear, so probabilities may stand for states)
//   log-partition  softplus(x) = log(1 + e^x)        x: total input, bias included
//   mean           p = logistic(x) = 1 / (1 + e^-x)
//   variance       p (1 - p)
//   sample         1 if u < p, u uniform on multiples of 2^-24 in [0, 1): draw 0 of the unit. The chance of
//                  a 1 is p rounded up to a multiple of 2^-24.
//
// Smolensky 1986; Hinton 2002. Means and samples are in bernoulli_simd.cpp, in f32.
#include <cmath>
#include <limits>

#include "units/kind.h"
#include "units/passes.h"

namespace harmonium {
namespace {

PassRows one_row(const GroupRow& row, const float* input, const float& scale) {
  PassRows p;
  p.input = input, p.bias = row.bias, p.bias_scale = &scale;
  p.rows = 1, p.columns = row.columns, p.first_unit = row.first_unit;
  return p;
}

void mean(const GroupRow& row, const float* input, float* mean) {
  const auto scale = static_cast<float>(row.bias_scale);
  PassRows p = one_row(row, input, scale);
  p.means = mean;
  bernoulli_pass(p);
}

void sample(const GroupRow& row, const float* input, const RowNoise& noise, float* sample) {
  const auto scale = static_cast<float>(row.bias_scale);
  PassRows p = one_row(row, input, scale);
  p.samples = sample, p.key = noise.key, p.cases = &noise.case_index;
  bernoulli_pass(p);
}

double log_partition(const GroupRow& row, const double* input) {
  return bernoulli_log_partition(input, row.bias, row.bias_scale, row.columns);
}

ValueFault fault(const UnitGroup&, std::span<const float> values, bool nan_is_missing) {
  for (std::size_t j = 0; j < values.size(); ++j) {
    if ((nan_is_missing && std::isnan(values[j])) || (values[j] >= 0.0f && values[j] <= 1.0f)) continue;
    return {j, number(values[j]) + " is not between 0 and 1"};
  }
  return {};
}

double states(const UnitGroup& group) {
  return power_states(group.units, 2.0);
}

bool pass(const GroupPass& p) {
  bernoulli_pass(p.rows);
  return true;
}

void state(const UnitGroup& group, std::uint64_t index, float* values) {
  power_state(group.units, 2, index, values);
}

}  // namespace

const KindTable kBernoulliTable{UnitKind::kBernoulli, "bernoulli", mean,   sample, linear_energy,
                                log_partition,        fault,       states, state,  pass};

}  // namespace harmonium
