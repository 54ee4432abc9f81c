// The sigmoid belief net (Neal 1992): layers of binary units in which each layer causes the one below,
//
//   p(x^L) = prod_j Bernoulli(logistic(b^L_j)),
//   p(x^n | x^(n+1)) = prod_i Bernoulli(logistic(b^n_i + sum_j W^n_ij x^(n+1)_j)),     n = L - 1, ..., 0,
//
// and x^0 is seen. Drawing from it takes one pass down. The posterior of the hidden layers is not factorial,
// because causes of the same effect become dependent (explaining away); it is summed exactly here, so each
// layer may have at most 20 units. For data of real size learn RBMs, whose posterior is factorial.
#pragma once

#include <vector>

#include "harmonium/base/matrix.h"
#include "harmonium/base/random.h"
#include "harmonium/models/binary_pair.h"
#include "harmonium/models/parameters.h"

namespace harmonium {

struct SigmoidBeliefNet {
  std::vector<std::vector<float>> biases;  ///< of each layer, from the data up
  std::vector<Matrix<float>> weights;      ///< weights[n]: units of layer n x units of layer n + 1

  SigmoidBeliefNet() = default;
  /// All parameters zero; `sizes` from the data up. Throws InputError for fewer than two layers and for
  /// layers of no unit or more than 20.
  explicit SigmoidBeliefNet(const std::vector<std::size_t>& sizes);

  std::size_t layers() const { return biases.size(); }
  std::size_t units(std::size_t layer) const { return biases[layer].size(); }
  /// "PREFIX.N.biases" and "PREFIX.N.weights".
  ParameterList parameters(const std::string& prefix);
};

/// Weights N(0, deviation^2) from (noise, layer, element); biases stay.
void initialise_weights(SigmoidBeliefNet& net, float deviation, const Noise& noise);

/// Layers n and n + 1 as a directed module, with layer n + 1's own biases as its prior.
BinaryPair pair_of(const SigmoidBeliefNet& net, std::size_t layer);

/// States of all layers, from the data up, for a number of cases: B x units each.
using LayerStates = std::vector<Matrix<float>>;
/// Ancestral sampling of `cases` independent cases, from the top down.
LayerStates dream(const SigmoidBeliefNet& net, std::size_t cases, const Noise& noise);
/// For each row of `visible` (B x units of layer 0, 0 and 1) the hidden layers drawn from the exact
/// posterior: layer 1 given the data, then each next layer given the one below, which is all it depends on.
LayerStates draw_posterior(const SigmoidBeliefNet& net, ConstMatrixView<float> visible, const Noise& noise);

/// p(x^layer), by sums from the top down.
StateTable layer_table(const SigmoidBeliefNet& net, std::size_t layer);
/// log p(x^0) of each row, exactly.
std::vector<double> log_likelihoods(const SigmoidBeliefNet& net, ConstMatrixView<float> visible);

}  // namespace harmonium
