// Small deep Boltzmann machines that several tests share.
#pragma once

#include <cmath>
#include <vector>

#include "harmonium/models/deep_boltzmann_machine.h"
#include "unit/rbm_cases.h"

namespace harmonium {

/// The machine 3-2-2 whose numbers were worked out independently, in double precision.
inline DeepBoltzmannMachine worked_machine() {
  DeepBoltzmannMachine machine = make_machine(parse_layers("3-2-2"));
  const Rbm lower = worked_rbm();
  machine.layers[0].bias = lower.visible.bias;
  machine.layers[1].bias = lower.hidden.bias;
  machine.weights[0] = lower.weights;
  machine.weights[1] = matrix_of(2, {1.0f, -0.5f, 0.3f, 0.8f});
  machine.layers[2].bias = {0.2f, -0.1f};
  return machine;
}

/// Weights and biases from N(0, deviation^2).
inline DeepBoltzmannMachine random_machine(const char* layers, float deviation, std::uint64_t seed) {
  DeepBoltzmannMachine machine = make_machine(parse_layers(layers));
  std::uint64_t row = 0;
  for (const NamedTensor& tensor : machine.parameters()) {
    const Noise noise(seed, Stream::kSynthetic, ++row);
    for (std::size_t i = 0; i < tensor.values.size(); ++i)
      tensor.values[i] = deviation * noise.normal(0, static_cast<std::uint32_t>(i));
  }
  return machine;
}

/// Every state of all layers, one after the other, each as a row for each layer.
template <class Visit>
void for_all_states(const DeepBoltzmannMachine& machine, Visit visit) {
  std::size_t units = 0;
  for (const Layer& layer : machine.layers) units += layer.columns();
  for (std::uint64_t state = 0; state < std::uint64_t{1} << units; ++state) {
    std::vector<std::vector<float>> rows;
    std::uint64_t bits = state;
    for (const Layer& layer : machine.layers) {
      rows.emplace_back(layer.columns());
      for (float& value : rows.back()) value = static_cast<float>(bits & 1u), bits >>= 1;
    }
    visit(std::vector<std::span<const float>>(rows.begin(), rows.end()));
  }
}

/// log Z by summing over the states of all layers.
inline double summed_log_z(const DeepBoltzmannMachine& machine) {
  double z = 0;
  for_all_states(machine, [&](const auto& states) { z += std::exp(-energy(machine, states)); });
  return std::log(z);
}

/// log sum_h exp(-E(v, h)), likewise.
inline double summed_log_p(const DeepBoltzmannMachine& machine, std::span<const float> visible) {
  double p = 0;
  for_all_states(machine, [&](const auto& states) {
    if (std::equal(visible.begin(), visible.end(), states[0].begin()))
      p += std::exp(-energy(machine, states));
  });
  return std::log(p);
}

}  // namespace harmonium
