// The deep Boltzmann machine (Salakhutdinov & Hinton, AISTATS 2009): layers of Bernoulli units, each joined
// to its neighbours by undirected weights.
//
//   E(v, h_1, .., h_L) = - sum_n b_n' x_n - sum_n x_n' W_n x_{n+1},   x_0 = v, x_n = h_n
//
// Unlike in a deep belief net, what a hidden unit takes in comes from below and from above. Given all layers
// of even number the odd ones are independent of each other, and the other way round: folded along its layers
// the machine is an RBM. Whatever is known of RBMs, their sums, chains and annealing, holds for the fold.
//
// Layers are numbered from the data: layer 0 is visible, layer `depth()` is the top. W_n joins layers n and
// n + 1 and is (columns of n) x (columns of n + 1).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "harmonium/models/deep_belief_net.h"

namespace harmonium {

/// The parameters. A plain value: copy it, move it, change its numbers.
struct DeepBoltzmannMachine {
  std::vector<Layer> layers;           ///< depth + 1
  std::vector<Matrix<float>> weights;  ///< depth

  std::size_t depth() const { return weights.size(); }
  std::size_t columns(std::size_t layer) const { return layers[layer].columns(); }
  std::vector<LayerSpec> specs() const;
  /// "layers.N.weights" of W_N, "layers.N.bias" of layer N.
  ParameterList parameters();
};

/// Why these layers make no deep Boltzmann machine, as a sentence: fewer than two, or units that are not
/// Bernoulli. Empty where they make one.
std::string find_machine_fault(const std::vector<LayerSpec>& layers);

/// A machine with all parameters zero. Throws InputError with find_machine_fault's sentence.
DeepBoltzmannMachine make_machine(const std::vector<LayerSpec>& layers);

/// E of one state: a row of values for each layer. 64-bit sums.
double energy(const DeepBoltzmannMachine& machine, const std::vector<std::span<const float>>& states);

/// The machine as an RBM: layers 0, 2, 4, .. side by side are its visible layer, 1, 3, .. its hidden one;
/// weights between layers that are no neighbours are zero. The distribution is the same.
Rbm folded(const DeepBoltzmannMachine& machine);
/// The first column of layer `layer` in its side of the fold.
std::size_t first_folded_column(const DeepBoltzmannMachine& machine, std::size_t layer);
/// Rows [first, first + count) of the weights of a fold of the same shape, and its biases, anew from the
/// machine's.
void refold_rows(const DeepBoltzmannMachine& machine, std::size_t first, std::size_t count, Rbm& fold);
void refold_biases(const DeepBoltzmannMachine& machine, Rbm& fold);

/// The hidden layers given one case, for a depth of 2 or more: an RBM with layers 1, 3, .. as its visible
/// layer and 2, 4, .. as its hidden one, and what the case adds in the biases of layer 1. With Z(v) its sum,
///   log sum_h exp(-E(v, h)) = b_0' v + log Z(v).
Rbm given_case(const DeepBoltzmannMachine& machine, std::span<const float> visible);

/// Layers of the stack of RBMs from which a machine starts. A layer inside the machine takes in twice what
/// one RBM gives it, so each RBM is learned with that input doubled: the lowest one from the data, the
/// highest one from its top, those between in both directions (Salakhutdinov & Hinton 2009, section 3.1). A
/// layer whose messages are doubled is a layer of which there are two copies with the same weights, and their
/// sum is a layer of binomial units of two: so "784-500-1000" is learned as "binomial(2) 784 - 500" on twice
/// the pixels, then "500 - binomial(2) 1000"; in an RBM between these both directions are doubled, which is
/// an ordinary RBM of weights 2 W. A machine of one hidden layer is an RBM and starts as one.
std::vector<LayerSpec> doubled_layers(const std::vector<LayerSpec>& layers);

/// The machine whose layers take in the mean of what the two RBMs at either side would have them take in:
/// weights of RBMs at the ends of the stack as they are, of those between halved, biases of inner layers the
/// mean of both. `stack` has the layers of `doubled_layers`.
DeepBoltzmannMachine composed(const DeepBeliefNet& stack);

/// The layers and weights of a machine as a stack of Bernoulli RBMs, for whoever describes, draws or keeps
/// them layer by layer, and the way back. As a model of data the stack is another one.
DeepBeliefNet stack_of(const DeepBoltzmannMachine& machine);
DeepBoltzmannMachine machine_of(const DeepBeliefNet& stack);

}  // namespace harmonium
