// Two layers of a few binary units and the weights between them, in 64 bits, with every distribution as a
// table of its states (models/state_table.h).
//
// The same numbers may be read in two ways. As a directed module, the upper layer causes the lower one:
//
//   p(u) = prod_j Bernoulli(logistic(c_j)),   p(v | u) = prod_i Bernoulli(logistic(b_i + sum_j W_ij u_j));
//
// as an undirected one it is an RBM, p(v, u) = exp(b'v + c'u + v'Wu) / Z. For exact arguments about small
// models; what learns from real data is Rbm (models/rbm.h) and SigmoidBeliefNet.
#pragma once

#include <vector>

#include "harmonium/base/matrix.h"
#include "harmonium/models/rbm.h"
#include "harmonium/models/state_table.h"

namespace harmonium {

struct BinaryPair {
  Matrix<double> weights;                      ///< V x H: lower units x upper units
  std::vector<double> lower_bias, upper_bias;  ///< b and c

  BinaryPair() = default;
  BinaryPair(std::size_t lower, std::size_t upper)
      : weights(lower, upper), lower_bias(lower), upper_bias(upper) {}
  std::size_t lower() const { return lower_bias.size(); }
  std::size_t upper() const { return upper_bias.size(); }

  /// Weights, lower biases, upper biases: all numbers in one order, for whoever moves in their space.
  std::vector<double> flat() const;
  void set_flat(std::span<const double> values);
};

/// The pair of an RBM of Bernoulli units. Throws InputError for other kinds.
BinaryPair pair_of(const Rbm& rbm);
/// Upper and lower layer exchanged.
BinaryPair mirrored(const BinaryPair& pair);
/// Weights N(0, deviation^2) from (noise, case 0), biases 0.
BinaryPair random_pair(std::size_t lower, std::size_t upper, double deviation, const Noise& noise);

/// b_i + sum_j W_ij u_j for a state of the upper layer, and c_j + sum_i W_ij v_i for one of the lower.
void lower_inputs(const BinaryPair& pair, std::uint32_t upper_state, std::span<double> inputs);
void upper_inputs(const BinaryPair& pair, std::uint32_t lower_state, std::span<double> inputs);

/// sum_u t(u) p(v | u): what the lower layer is where the upper one is distributed as t. Cost 2^(V + H).
StateTable down_table(const BinaryPair& pair, const StateTable& upper);
/// sum_v t(v) p(u | v) with the RBM's p(u | v), factorial in u: the aggregated posterior.
StateTable up_table(const BinaryPair& pair, const StateTable& lower);

/// The RBM: log Z by the sum over the upper layer, and its two marginal distributions.
double log_z(const BinaryPair& rbm);
StateTable rbm_lower_table(const BinaryPair& rbm);
StateTable rbm_upper_table(const BinaryPair& rbm);
/// Mean of log p(v) over a list, by log Z over the upper layer only: for lower layers too large for a table.
double rbm_log_likelihood(const BinaryPair& rbm, const StateList& lower);

/// The directed module: the prior of the upper layer and the distribution of the lower one.
StateTable prior_table(const BinaryPair& net);
StateTable directed_lower_table(const BinaryPair& net);
/// Its exact posterior p(u | v) under any prior of the upper layer, which is not factorial (explaining away).
/// What does not depend on v is computed once.
class DirectedPosterior {
 public:
  DirectedPosterior(const BinaryPair& net, const StateTable& prior);
  StateTable operator()(std::uint32_t lower_state) const;

 private:
  std::vector<double> log_base_;  // log p(u) + log p(v = 0 | u)
  Matrix<double> inputs_;         // of each lower unit for each u
};
/// sum_v data(v) p(u | v) with these posteriors: the aggregated posterior.
StateTable directed_aggregated(const BinaryPair& net, const StateTable& prior, const StateList& data);

}  // namespace harmonium
