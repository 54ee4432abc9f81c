#include "harmonium/measure/exact.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "harmonium/base/error.h"
#include "harmonium/kernels/products.h"
#include "measure/log_sum.h"

namespace harmonium {
namespace {

constexpr std::size_t kBlockStates = 1024;
constexpr double kMostStatesPerCase = 1 << 20;

double states_of(const LayerSpec& spec) {
  return spec.is_enumerable() ? count_states(spec) : std::numeric_limits<double>::infinity();
}

void refuse_without_energy(const Rbm& rbm) {
  for (const LayerSpec* spec : {&rbm.visible.spec, &rbm.hidden.spec})
    if (!spec->has_energy())
      throw InputError("layer \"" + spec->to_string() +
                       "\" has no energy, so there is no likelihood; use stepped units, which rectified ones "
                       "approximate.");
}

void refuse_grey_values(const Rbm& rbm, ConstMatrixView<float> visible) {
  if (const auto fault = find_grey_value(rbm.visible.spec, visible); !fault.empty()) throw InputError(fault);
}

}  // namespace

std::string find_grey_value(const LayerSpec& spec, ConstMatrixView<float> visible, std::size_t first_case) {
  for (std::size_t g = 0; g < spec.groups.size(); ++g) {
    const bool softmax = spec.groups[g].kind == UnitKind::kSoftmax;
    if (!softmax && spec.groups[g].kind != UnitKind::kBernoulli) continue;
    const std::size_t first = spec.first_column(g), last = first + spec.groups[g].columns();
    for (std::size_t r = 0; r < visible.rows(); ++r)
      for (std::size_t i = first; i < last; ++i)
        if (const float v = visible(r, i); v != 0.0f && v != 1.0f && !std::isnan(v))
          return "case " + std::to_string(first_case + r) + " has the value " + std::to_string(v) +
                 " in unit " + std::to_string(i) +
                 (softmax ? ", but a likelihood is that of whole states: a softmax unit is in one of them."
                          : ", but a likelihood is that of whole binary states: learn with "
                            "data.binarise = \"sample\" or \"threshold\".");
  }
  return {};
}

bool can_enumerate(const Rbm& rbm) {
  // Documents of open length have a log Z for each length.
  if (rbm.visible.spec.has_open_length()) return false;
  return rbm.visible.spec.has_energy() && rbm.hidden.spec.has_energy() &&
         std::min(states_of(rbm.visible.spec), states_of(rbm.hidden.spec)) <= kMostEnumerated;
}

double exact_log_z(const Rbm& rbm, ThreadTeam& team, const ProgressCallback& progress) {
  refuse_without_energy(rbm);
  const double visible_states = states_of(rbm.visible.spec), hidden_states = states_of(rbm.hidden.spec);
  if (std::min(visible_states, hidden_states) > kMostEnumerated)
    throw InputError("log Z of \"" + rbm.visible.spec.to_string() + "\" with \"" +
                     rbm.hidden.spec.to_string() +
                     "\" cannot be summed: the smaller layer has more than 2^25 states (25 binary units).");
  const bool over_visible = visible_states < hidden_states;
  const StateEnumerator states(over_visible ? rbm.visible.spec : rbm.hidden.spec);
  const std::size_t columns = over_visible ? rbm.visible_columns() : rbm.hidden_columns();
  const std::size_t blocks = (states.states() + kBlockStates - 1) / kBlockStates;

  std::vector<double> block_sums(blocks);
  std::vector<Matrix<float>> memories(team.size());
  std::atomic<std::size_t> done{0};
  team.run(blocks, [&](std::size_t b, unsigned worker) {
    const std::size_t first = b * kBlockStates;
    const std::size_t count = std::min<std::size_t>(kBlockStates, states.states() - first);
    Matrix<float>& values = memories[worker];
    values.resize(count, columns);
    for (std::size_t s = 0; s < count; ++s) states.state(first + s, values.row(s));
    std::vector<double> energies(count);
    ThreadTeam own(1);  // stays in this thread: a team of one has no helpers
    if (over_visible)
      free_energy(rbm, values, energies, own);
    else
      hidden_free_energy(rbm, values, energies, own);
    LogSum sum;
    for (const double f : energies) sum.add(-f);
    block_sums[b] = sum.value();
    const std::size_t finished = done.fetch_add(1) + 1;
    if (progress && worker == 0) progress(static_cast<double>(finished) / static_cast<double>(blocks));
  });
  LogSum total;
  for (const double block : block_sums) total.add(block);
  return total.value();
}

std::vector<double> log_likelihoods(const Rbm& rbm, ConstMatrixView<float> visible, double log_z,
                                    ThreadTeam& team) {
  refuse_grey_values(rbm, visible);
  auto result = free_energy(rbm, visible, team);
  for (double& value : result) value = -value - log_z;
  return result;
}

std::vector<double> observed_log_likelihoods(const Rbm& rbm, ConstMatrixView<float> visible, double log_z,
                                             ThreadTeam& team) {
  refuse_without_energy(rbm);
  refuse_grey_values(rbm, visible);
  if (states_of(rbm.hidden.spec) > kMostStatesPerCase)
    throw InputError(
        "the likelihood of cases with missing values sums over the hidden states for each case; \"" +
        rbm.hidden.spec.to_string() + "\" has more than 2^20 of them.");
  // All hidden states once: their own energies and their input to the visible layer.
  const StateEnumerator states(rbm.hidden.spec);
  Matrix<float> hidden(states.states(), rbm.hidden_columns()), input(states.states(), rbm.visible_columns());
  for (std::size_t s = 0; s < hidden.rows(); ++s) states.state(s, hidden.row(s));
  product(1.0f, hidden, Transpose::kNo, rbm.weights, Transpose::kYes, 0.0f, input);
  std::vector<double> hidden_energy(hidden.rows());
  for (std::size_t s = 0; s < hidden.rows(); ++s) hidden_energy[s] = layer_energy(rbm.hidden, hidden.row(s));

  // One group a layer, to ask the layer functions for the terms of one variable at a time.
  const auto variables = split_into_variables(rbm.visible);
  std::vector<double> result(visible.rows());
  team.run(visible.rows(), [&](std::size_t r, unsigned) {
    LogSum sum;
    for (std::size_t s = 0; s < hidden.rows(); ++s) {
      double log_weight = -hidden_energy[s];
      for (const auto& variable : variables) {
        const auto values = visible.row(r).subspan(variable.first_column, variable.layer.columns());
        const auto own_input =
            std::as_const(input).row(s).subspan(variable.first_column, variable.layer.columns());
        if (std::isnan(values[0])) {
          log_weight += log_partition(variable.layer, own_input);
        } else {
          log_weight -= layer_energy(variable.layer, values);
          const double scale =
              variable.layer.log_variance.empty() ? 1.0 : std::exp(-0.5 * variable.layer.log_variance[0]);
          for (std::size_t i = 0; i < values.size(); ++i)
            log_weight += scale * static_cast<double>(values[i]) * own_input[i];
        }
      }
      sum.add(log_weight);
    }
    result[r] = sum.value() - log_z;
  });
  return result;
}

double kl_from_data(const Rbm& rbm, ConstMatrixView<float> data, double log_z, ThreadTeam& team) {
  std::map<std::vector<float>, std::size_t> counts;
  for (std::size_t r = 0; r < data.rows(); ++r) ++counts[{data.row(r).begin(), data.row(r).end()}];
  const auto n = static_cast<double>(data.rows());
  double negative_entropy = 0;
  for (const auto& [row, count] : counts)
    negative_entropy += static_cast<double>(count) / n * std::log(static_cast<double>(count) / n);
  double mean = 0;
  for (const double value : log_likelihoods(rbm, data, log_z, team)) mean += value / n;
  return negative_entropy - mean;
}

}  // namespace harmonium
