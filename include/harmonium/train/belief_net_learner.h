// Learning a sigmoid belief net: from samples of its exact posterior, or by wake-sleep.
//
// With states of all layers drawn from the posterior, learning is the delta rule (Neal 1992; the
// tutorial's "easy if we can get an unbiased sample"):
//
//   dW_ij = rate * < x_j (x_i - p_i) >,     p_i = logistic(b_i + sum_j W_ij x_j).
//
// Wake-sleep (Hinton, Dayan, Frey & Neal 1995) draws them from a recognition net instead, a sigmoid belief
// net turned over, which is factorial given the layer below. It learns by the same rule from dreams of the
// generative net. What it loses: recognition cannot follow posteriors that are not factorial, and it
// minimises KL(posterior || recognition) on dreams where the bound asks for KL(recognition || posterior) on
// data.
#pragma once

#include "harmonium/models/sigmoid_belief_net.h"

namespace harmonium {

/// Factorial recognition weights, from the data up.
struct RecognitionNet {
  std::vector<std::vector<float>> biases;  ///< biases[n] of layer n + 1
  std::vector<Matrix<float>> weights;      ///< weights[n]: units of layer n x units of layer n + 1

  RecognitionNet() = default;
  /// All zero, for the layers of `net`.
  explicit RecognitionNet(const SigmoidBeliefNet& net);
  /// "PREFIX.N.biases" and "PREFIX.N.weights".
  ParameterList parameters(const std::string& prefix);
};

/// A stochastic up-pass: states of all layers for rows of layer 0.
LayerStates recognise(const RecognitionNet& recognition, ConstMatrixView<float> visible, const Noise& noise);
/// q(x^1 | v): the recognition distribution of the first hidden layer.
StateTable recognition_table(const RecognitionNet& recognition, std::uint32_t visible_state);

/// The delta rule of the generative net for states of all layers, `weights` of the cases summing to one:
/// the gradient of sum_c weights_c log p(states_c).
SigmoidBeliefNet delta_rule(const SigmoidBeliefNet& net, const LayerStates& states,
                            std::span<const double> weights);
/// The same for the recognition net: the gradient of sum_c weights_c log q(states_c above | below).
RecognitionNet delta_rule(const RecognitionNet& recognition, const LayerStates& states,
                          std::span<const double> weights);

enum class BeliefNetRule { kPosteriorSamples, kWakeSleep };

/// A net that learns, batch by batch.
class BeliefNetLearner {
 public:
  BeliefNetLearner(SigmoidBeliefNet net, BeliefNetRule rule);

  /// One update from rows of layer 0. Wake-sleep first moves the generative net by recognised states of the
  /// data, then the recognition net by as many dreams.
  void step(ConstMatrixView<float> visible, double rate, const Noise& noise);

  const SigmoidBeliefNet& net() const { return net_; }
  const RecognitionNet& recognition() const { return recognition_; }
  /// The generative net's, and the recognition net's where the rule has one.
  ParameterList parameters();

 private:
  SigmoidBeliefNet net_;
  RecognitionNet recognition_;
  BeliefNetRule rule_;
};

}  // namespace harmonium
