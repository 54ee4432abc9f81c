#include "harmonium/models/deep_boltzmann_machine.h"

#include <algorithm>

#include "harmonium/base/error.h"

namespace harmonium {
namespace {

bool is_bernoulli(const LayerSpec& spec) {
  return std::all_of(spec.groups.begin(), spec.groups.end(),
                     [](const UnitGroup& group) { return group.kind == UnitKind::kBernoulli; });
}

double sum_of_products(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

// Layers first, first + 2, .. side by side.
LayerSpec side_of(const std::vector<Layer>& layers, std::size_t first) {
  LayerSpec spec;
  for (std::size_t n = first; n < layers.size(); n += 2)
    spec.groups.insert(spec.groups.end(), layers[n].spec.groups.begin(), layers[n].spec.groups.end());
  return spec;
}

// Two copies of a layer with the same weights, as their sum.
LayerSpec doubled(const LayerSpec& spec) {
  LayerSpec result;
  for (const UnitGroup& group : spec.groups) {
    UnitGroup two;
    two.kind = UnitKind::kBinomial;
    two.units = group.units;
    two.parameter = 2;
    result.groups.push_back(two);
  }
  return result;
}

}  // namespace

std::vector<LayerSpec> DeepBoltzmannMachine::specs() const {
  std::vector<LayerSpec> result;
  for (const Layer& layer : layers) result.push_back(layer.spec);
  return result;
}

ParameterList DeepBoltzmannMachine::parameters() {
  ParameterList list;
  for (std::size_t n = 0; n < layers.size(); ++n) {
    const std::string prefix = "layers." + std::to_string(n);
    if (n < weights.size())
      list.push_back({prefix + ".weights", {weights[n].rows(), weights[n].cols()}, weights[n].values()});
    list.push_back({prefix + ".bias", {layers[n].bias.size()}, layers[n].bias});
  }
  return list;
}

std::string find_machine_fault(const std::vector<LayerSpec>& layers) {
  if (layers.size() < 2)
    return "a deep Boltzmann machine has a visible layer and hidden ones, as in \"784-500-1000\", but \"" +
           layers_to_string(layers) + "\" is one layer.";
  for (const LayerSpec& spec : layers)
    if (spec.groups.empty() || !is_bernoulli(spec))
      return "a deep Boltzmann machine has Bernoulli units in all layers here, but there is a layer \"" +
             spec.to_string() + "\"; binarise the data, or learn a deep belief net (model.kind = \"dbn\").";
  return {};
}

DeepBoltzmannMachine make_machine(const std::vector<LayerSpec>& layers) {
  if (const auto fault = find_machine_fault(layers); !fault.empty()) throw InputError(fault);
  DeepBoltzmannMachine machine;
  for (const LayerSpec& spec : layers) machine.layers.emplace_back(spec);
  for (std::size_t n = 0; n + 1 < layers.size(); ++n)
    machine.weights.emplace_back(layers[n].columns(), layers[n + 1].columns());
  return machine;
}

double energy(const DeepBoltzmannMachine& machine, const std::vector<std::span<const float>>& states) {
  check(states.size() == machine.layers.size(), "the energy needs a state of every layer");
  double sum = 0;
  for (std::size_t n = 0; n < states.size(); ++n) {
    sum -= sum_of_products(machine.layers[n].bias, states[n]);
    for (std::size_t i = 0; n < machine.depth() && i < states[n].size(); ++i)
      if (states[n][i] != 0.0f)
        sum -= states[n][i] * sum_of_products(machine.weights[n].row(i), states[n + 1]);
  }
  return sum;
}

std::size_t first_folded_column(const DeepBoltzmannMachine& machine, std::size_t layer) {
  std::size_t column = 0;
  for (std::size_t n = layer % 2; n < layer; n += 2) column += machine.columns(n);
  return column;
}

Rbm folded(const DeepBoltzmannMachine& machine) {
  Rbm fold(side_of(machine.layers, 0), side_of(machine.layers, 1));
  refold_rows(machine, 0, fold.visible_columns(), fold);
  refold_biases(machine, fold);
  return fold;
}

void refold_rows(const DeepBoltzmannMachine& machine, std::size_t first, std::size_t count, Rbm& fold) {
  std::size_t row = 0;
  for (std::size_t n = 0; n < machine.layers.size(); row += machine.columns(n), n += 2) {
    // Units [begin, end) of layer n lie in these rows.
    const std::size_t begin = std::max(first, row) - row, end = std::max(first + count, row) - row;
    const std::size_t last = std::min(end, machine.columns(n));
    if (n > 0) {
      const Matrix<float>& below = machine.weights[n - 1];
      const std::size_t column = first_folded_column(machine, n - 1);
      for (std::size_t j = 0; j < below.rows(); ++j)
        for (std::size_t i = begin; i < last; ++i) fold.weights(row + i, column + j) = below(j, i);
    }
    if (n == machine.depth()) break;
    const std::size_t column = first_folded_column(machine, n + 1);
    for (std::size_t i = begin; i < last; ++i)
      std::copy_n(machine.weights[n].row(i).data(), machine.columns(n + 1),
                  fold.weights.row(row + i).data() + column);
  }
}

void refold_biases(const DeepBoltzmannMachine& machine, Rbm& fold) {
  for (std::size_t n = 0; n < machine.layers.size(); ++n) {
    Layer& side = n % 2 == 0 ? fold.visible : fold.hidden;
    const auto& bias = machine.layers[n].bias;
    std::copy(bias.begin(), bias.end(), &side.bias[first_folded_column(machine, n)]);
  }
}

Rbm given_case(const DeepBoltzmannMachine& machine, std::span<const float> visible) {
  check(machine.depth() >= 2, "the hidden layers of an RBM are one, and need no RBM of their own");
  DeepBoltzmannMachine hidden;
  hidden.layers.assign(machine.layers.begin() + 1, machine.layers.end());
  hidden.weights.assign(machine.weights.begin() + 1, machine.weights.end());
  std::vector<double> input(machine.columns(1), 0.0);
  for (std::size_t i = 0; i < visible.size(); ++i)
    if (visible[i] != 0.0f)
      for (std::size_t j = 0; j < input.size(); ++j)
        input[j] += static_cast<double>(visible[i]) * machine.weights[0](i, j);
  for (std::size_t j = 0; j < input.size(); ++j) hidden.layers[0].bias[j] += static_cast<float>(input[j]);
  return folded(hidden);
}

std::vector<LayerSpec> doubled_layers(const std::vector<LayerSpec>& layers) {
  std::vector<LayerSpec> result = layers;
  if (layers.size() < 3) return result;
  result.front() = doubled(layers.front());
  result.back() = doubled(layers.back());
  return result;
}

DeepBoltzmannMachine composed(const DeepBeliefNet& stack) {
  const std::size_t depth = stack.depth();
  std::vector<LayerSpec> specs;
  for (const LayerSpec& spec : stack.layers()) {
    LayerSpec bernoulli;
    for (const UnitGroup& group : spec.groups)
      bernoulli.groups.push_back({UnitKind::kBernoulli, group.units, 0, false});
    specs.push_back(std::move(bernoulli));
  }
  check(stack.layers() == doubled_layers(specs), "a machine starts from a stack of doubled layers");
  DeepBoltzmannMachine machine = make_machine(specs);
  for (std::size_t n = 0; n < depth; ++n) {
    const float factor = n > 0 && n + 1 < depth ? 0.5f : 1.0f;
    std::transform(stack.rbms[n].weights.values().begin(), stack.rbms[n].weights.values().end(),
                   machine.weights[n].values().begin(), [factor](float w) { return factor * w; });
    for (std::size_t i = 0; i < machine.columns(n); ++i)
      machine.layers[n].bias[i] =
          n == 0 ? stack.rbms[0].visible.bias[i]
                 : 0.5f * (stack.rbms[n - 1].hidden.bias[i] + stack.rbms[n].visible.bias[i]);
  }
  machine.layers[depth].bias = stack.rbms[depth - 1].hidden.bias;
  return machine;
}

DeepBeliefNet stack_of(const DeepBoltzmannMachine& machine) {
  DeepBeliefNet stack = make_net(machine.specs(), false);
  for (std::size_t n = 0; n < machine.depth(); ++n) {
    stack.rbms[n].weights = machine.weights[n];
    stack.rbms[n].visible.bias = machine.layers[n].bias;
    stack.rbms[n].hidden.bias = machine.layers[n + 1].bias;
  }
  return stack;
}

DeepBoltzmannMachine machine_of(const DeepBeliefNet& stack) {
  DeepBoltzmannMachine machine = make_machine(stack.layers());
  for (std::size_t n = 0; n < machine.depth(); ++n) {
    machine.weights[n] = stack.rbms[n].weights;
    machine.layers[n].bias = stack.rbms[n].visible.bias;
    machine.layers[n + 1].bias = stack.rbms[n].hidden.bias;
  }
  return machine;
}

}  // namespace harmonium
