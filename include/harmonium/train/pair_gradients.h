// Exact maximum likelihood for pairs of small layers: gradients by sums over all states, and what contrastive
// divergence makes of them. Nothing is sampled here; this is what sampled learning is measured against.
//
// Data are a list of states of the lower layer whose weights sum to one. A gradient has the shape of the
// pair.
#pragma once

#include <cstddef>

#include "harmonium/models/binary_pair.h"

namespace harmonium {

/// Three ways to make a density of the same parts (the columns of W): exactly one of them causes the data, or
/// independently any of them, or all of them have a say at once.
enum class Combination { kMixture, kComposition, kProduct };

/// Mixture of H factorial Bernoulli distributions: part j has probability softmax(c)_j and logits b + W_.j.
StateTable mixture_lower_table(const BinaryPair& parts);
/// p(v) of the parts combined: the mixture, the directed module (composition), or the RBM (product).
StateTable lower_table(const BinaryPair& parts, Combination combination);
/// Gradient of sum_v data(v) log p(v) with respect to all parameters, for each combination:
/// <s_i u_j> under the posterior minus the same under the model; for directed modules the delta rule
/// sum_u posterior(u | v) u_j (v_i - p_i(u)).
BinaryPair likelihood_gradient(const BinaryPair& parts, Combination combination, const StateList& data);

/// Weighted sums of v_i u_j, v_i and u_j over states of an RBM's lower layer, u_j as its mean given v: either
/// phase of learning.
BinaryPair rbm_moments(const BinaryPair& rbm, const StateList& lower);

/// Expected CD-k update of an RBM (Hinton 2002) where all states are sampled: <v_i u_j>_0 - <v_i u_j>_k, and
/// means alike for the biases; exact, by k steps of the table of v.
BinaryPair expected_cd(const BinaryPair& rbm, const StateList& data, std::size_t steps);
/// What contrastive divergence claims to descend: KL(P^0 || P^inf) - KL(P^k || P^inf), where P^k is the data
/// after k Gibbs steps (Hinton 2002). Not below zero.
double contrastive_divergence(const BinaryPair& rbm, const StateList& data, std::size_t steps);
/// The term of -d/dtheta contrastive_divergence that CD neglects (Hinton 2002, the third term of that
/// derivative): d P^k / d theta times d KL(P^k || P^inf) / d P^k, here with its sign such that expected_cd +
/// this is the whole descent direction. By central differences of the exact P^k (step 1e-5, error about
/// 1e-9).
BinaryPair neglected_term(const BinaryPair& rbm, const StateList& data, std::size_t steps);

/// Cosine of the angle between two gradients over all their numbers, and the length of one.
double cosine(const BinaryPair& a, const BinaryPair& b);
double length(const BinaryPair& a);
/// a + factor * b.
BinaryPair sum(const BinaryPair& a, const BinaryPair& b, double factor = 1.0);

/// Ascent by Adam (Kingma & Ba 2015, algorithm 1: decay 0.9 and 0.999), for exact gradients of tiny models.
class PairAscent {
 public:
  /// One step of size `rate` along the gradient.
  void step(BinaryPair& pair, const BinaryPair& gradient, double rate);

 private:
  std::vector<double> first_, second_;
  std::size_t steps_ = 0;
};

/// `steps` of it from `start`, the rate falling linearly from `rate` to zero.
BinaryPair learned_pair(BinaryPair start, Combination combination, const StateList& data, std::size_t steps,
                        double rate);

}  // namespace harmonium
