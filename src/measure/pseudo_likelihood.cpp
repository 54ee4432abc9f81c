#include "harmonium/measure/pseudo_likelihood.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "harmonium/base/error.h"
#include "harmonium/kernels/products.h"
#include "harmonium/measure/exact.h"

namespace harmonium {
namespace {

// What one thread needs for one case.
struct CaseMemory {
  std::vector<float> base_input, changed_input, state;
  std::vector<double> log_weights;
};

// log p(this variable's value | all others), where `input` is the hidden layer's input from the whole case.
double variable_term(const Rbm& rbm, const LayerVariable& variable, const StateEnumerator& states,
                     std::span<const float> values, CaseMemory& memory) {
  const std::size_t width = variable.layer.columns();
  const auto own = values.subspan(variable.first_column, width);
  memory.state.resize(width);
  memory.log_weights.resize(states.states());
  double own_weight = std::numeric_limits<double>::quiet_NaN();
  for (std::uint64_t s = 0; s < states.states(); ++s) {
    states.state(s, memory.state);
    memory.changed_input = memory.base_input;
    for (std::size_t i = 0; i < width; ++i) {
      const float change = memory.state[i] - own[i];
      if (change == 0.0f) continue;
      const auto weights = rbm.weights.row(variable.first_column + i);
      for (std::size_t j = 0; j < weights.size(); ++j) memory.changed_input[j] += change * weights[j];
    }
    memory.log_weights[s] = log_partition(rbm.hidden, std::span<const float>(memory.changed_input)) -
                            layer_energy(variable.layer, memory.state);
    if (std::equal(own.begin(), own.end(), memory.state.begin())) own_weight = memory.log_weights[s];
  }
  const double largest = *std::max_element(memory.log_weights.begin(), memory.log_weights.end());
  double sum = 0;
  for (const double w : memory.log_weights) sum += std::exp(w - largest);
  return own_weight - largest - std::log(sum);
}

}  // namespace

std::string find_pseudo_likelihood_fault(const Rbm& rbm) {
  if (!rbm.hidden.spec.has_energy()) return "hidden units without an energy have no pseudo-likelihood.";
  for (const UnitGroup& group : rbm.visible.spec.groups)
    if (!LayerSpec{{group}}.is_enumerable() || group.kind == UnitKind::kMultinomial)
      return "the pseudo-likelihood compares all values of one variable at a time, which " +
             std::string(kind_name(group.kind)) + " units do not have in a finite number.";
  return {};
}

std::vector<double> pseudo_log_likelihoods(const Rbm& rbm, ConstMatrixView<float> visible, ThreadTeam& team) {
  if (const auto fault = find_pseudo_likelihood_fault(rbm); !fault.empty()) throw InputError(fault);
  if (const auto fault = find_grey_value(rbm.visible.spec, visible); !fault.empty()) throw InputError(fault);
  const auto variables = split_into_variables(rbm.visible);
  std::vector<StateEnumerator> states;
  for (const LayerVariable& variable : variables) states.emplace_back(variable.layer.spec);
  std::vector<double> result(visible.rows());
  std::vector<CaseMemory> memories(team.size());
  team.run(visible.rows(), [&](std::size_t r, unsigned worker) {
    CaseMemory& memory = memories[worker];
    memory.base_input.assign(rbm.hidden_columns(), 0.0f);
    product(visible.row_block(r, 1), rbm.weights,
            MatrixView<float>(memory.base_input.data(), 1, memory.base_input.size()));
    double sum = 0;
    for (std::size_t i = 0; i < variables.size(); ++i)
      sum += variable_term(rbm, variables[i], states[i], visible.row(r), memory);
    result[r] = sum;
  });
  return result;
}

}  // namespace harmonium
