#include "harmonium/models/sigmoid_belief_net.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "harmonium/base/error.h"
#include "units/kind.h"

namespace harmonium {

SigmoidBeliefNet::SigmoidBeliefNet(const std::vector<std::size_t>& sizes) {
  if (sizes.size() < 2) throw InputError("a sigmoid belief net has two layers at least.");
  for (const std::size_t size : sizes)
    if (size == 0 || size > kMostTableUnits)
      throw InputError("layers of a sigmoid belief net must have 1 to " + std::to_string(kMostTableUnits) +
                       " units, because all their states are summed, but one has " + std::to_string(size) +
                       ".");
  for (const std::size_t size : sizes) biases.emplace_back(size);
  for (std::size_t n = 0; n + 1 < sizes.size(); ++n) weights.emplace_back(sizes[n], sizes[n + 1]);
}

ParameterList SigmoidBeliefNet::parameters(const std::string& prefix) {
  ParameterList list;
  for (std::size_t n = 0; n < layers(); ++n) {
    const std::string at = prefix + "." + std::to_string(n);
    list.push_back({at + ".biases", {units(n)}, biases[n]});
    if (n < weights.size())
      list.push_back({at + ".weights", {weights[n].rows(), weights[n].cols()}, weights[n].values()});
  }
  return list;
}

void initialise_weights(SigmoidBeliefNet& net, float deviation, const Noise& noise) {
  for (std::size_t n = 0; n < net.weights.size(); ++n)
    for (std::size_t e = 0; e < net.weights[n].size(); ++e)
      net.weights[n].values()[e] = deviation * noise.normal(n, static_cast<std::uint32_t>(e));
}

BinaryPair pair_of(const SigmoidBeliefNet& net, std::size_t layer) {
  BinaryPair pair(net.units(layer), net.units(layer + 1));
  const auto weights = net.weights[layer].values();
  std::copy(weights.begin(), weights.end(), pair.weights.values().begin());
  std::copy(net.biases[layer].begin(), net.biases[layer].end(), pair.lower_bias.begin());
  std::copy(net.biases[layer + 1].begin(), net.biases[layer + 1].end(), pair.upper_bias.begin());
  return pair;
}

LayerStates dream(const SigmoidBeliefNet& net, std::size_t cases, const Noise& noise) {
  LayerStates states(net.layers());
  for (std::size_t n = net.layers(); n-- > 0;) {
    states[n].resize(cases, net.units(n));
    const Noise own = noise.child(n);
    const bool top = n + 1 == net.layers();
    for (std::size_t c = 0; c < cases; ++c)
      for (std::size_t i = 0; i < net.units(n); ++i) {
        double input = net.biases[n][i];
        if (!top)
          for (std::size_t j = 0; j < net.units(n + 1); ++j)
            input += static_cast<double>(net.weights[n](i, j)) * states[n + 1](c, j);
        const float u = own.uniform(c, static_cast<std::uint32_t>(i));
        states[n](c, i) = u < logistic(input) ? 1.0f : 0.0f;
      }
  }
  return states;
}

LayerStates draw_posterior(const SigmoidBeliefNet& net, ConstMatrixView<float> visible, const Noise& noise) {
  check(visible.cols() == net.units(0), "a column for each unit of layer 0");
  LayerStates states(net.layers());
  states[0] = copy_of(visible);
  for (std::size_t n = 1; n < net.layers(); ++n) {
    const DirectedPosterior posterior_of(pair_of(net, n - 1), layer_table(net, n));
    const Noise own = noise.child(n);
    std::map<std::uint32_t, StateTable> known;  // cases that are alike share their posterior
    states[n].resize(visible.rows(), net.units(n));
    for (std::size_t c = 0; c < visible.rows(); ++c) {
      const std::uint32_t lower = read_state(states[n - 1].row(c));
      auto found = known.find(lower);
      if (found == known.end()) found = known.emplace(lower, posterior_of(lower)).first;
      write_state(draw_state(found->second, own, c), states[n].row(c));
    }
  }
  return states;
}

StateTable layer_table(const SigmoidBeliefNet& net, std::size_t layer) {
  StateTable table = prior_table(pair_of(net, net.layers() - 2));
  for (std::size_t n = net.layers() - 1; n-- > layer;) table = down_table(pair_of(net, n), table);
  return table;
}

std::vector<double> log_likelihoods(const SigmoidBeliefNet& net, ConstMatrixView<float> visible) {
  const StateTable table = layer_table(net, 0);
  std::vector<double> log_p(visible.rows());
  for (std::size_t c = 0; c < visible.rows(); ++c) log_p[c] = std::log(table[read_state(visible.row(c))]);
  return log_p;
}

}  // namespace harmonium
