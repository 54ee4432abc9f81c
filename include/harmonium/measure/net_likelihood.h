// The likelihood of a deep belief net: a bound on log p(v), and an estimate of it.
//
// With hidden layers h = (h_1, .., h_{L-1}) below the top and Q(h | v) the up-pass in which every layer is
// sampled given the sample below it, one up-pass has the weight
//
//   w(h) = p(v, h) / Q(h | v),   p(v, h) = p(v | h_1) .. p(h_{L-2} | h_{L-1}) exp(-F_top(h_{L-1})) / Z_top
//
// and  E_Q[log w] <= log E_Q[w] = log p(v):  the mean of log w is the variational bound (Hinton, Osindero &
// Teh 2006; Salakhutdinov & Murray 2008), the log of the mean weight of many up-passes lies between the bound
// and log p(v) and rises to it with their number (Burda, Grosse & Salakhutdinov 2016). Where Q is far from
// the posterior, each up-pass is carried to it through temperatures, from Q to p(v, h), by
// Metropolis-Hastings steps (annealed importance sampling, Neal 2001, one case at a time); the weights stay
// unbiased. Label units in the top visible layer are summed out.
//
// log Q is taken at the samples and not as the analytic entropy of Q: where the net has just been given a
// tied layer, log w is then the same for every h, so that the bound has no sampling noise, while
// E_Q[log p(v, h)] alone has tens of nats of it.
//
// What can go wrong. Both numbers need log Z of the top RBM; if it comes from annealing and is too low, both
// are too high by as much. Given log Z, the estimate is too low on average, never too high, by about
// var(w) / (2 samples mean(w)^2) a case while that is small; `effective_samples` of a few says that it is not
// small, and a mode of the posterior that no up-pass reaches is seen by nothing at all.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "harmonium/models/deep_belief_net.h"

namespace harmonium {

/// Why no net of these layers has a likelihood (a layer without energy, a top RBM without a finite Z), as a
/// sentence; empty where it has one. Parameters do not matter.
std::string find_net_likelihood_fault(const DeepBeliefNet& net);

struct NetLikelihoodOptions {
  std::size_t samples = 1000;    ///< up-passes of each case
  std::size_t temperatures = 1;  ///< steps from Q to the posterior for each of them; 1: the up-pass alone
  std::uint64_t seed = 1;
  std::function<void(double)> progress = {};  ///< told the fraction done
};

/// One value a case, in nats; real-valued visible groups have log densities.
struct NetLikelihood {
  std::vector<double> bound;              ///< mean of log w over the up-passes
  std::vector<double> bound_error;        ///< its standard error over them
  std::vector<double> log_probability;    ///< log of the mean weight, after annealing
  std::vector<double> effective_samples;  ///< (sum w)^2 / sum w^2 of those weights, 1 to `samples`
};

/// Bound and estimate for the rows of `visible` (B x V, whole states), given log Z of the top RBM (with its
/// label units). Row r has random numbers of its own, those of case `first_case + r`. 32-bit products, 64-bit
/// sums. Cost: samples * temperatures passes down and up the stack for each case.
/// Throws InputError with the sentence of find_net_likelihood_fault or find_grey_value.
NetLikelihood net_likelihoods(const DeepBeliefNet& net, ConstMatrixView<float> visible, double log_z,
                              const NetLikelihoodOptions& options, ThreadTeam& team,
                              std::uint64_t first_case = 0);

/// States of the hidden layers below the top, all together: what exact_net_likelihoods visits (infinite where
/// they cannot be counted).
double hidden_states_below_top(const DeepBeliefNet& net);
/// exact_net_likelihoods goes up to this many of them.
inline constexpr double kMostNetStates = 1 << 20;

/// The same by summing over all states of the hidden layers below the top; errors are 0, effective samples
/// the number of states. Throws InputError where they are more than 2^20, and as above.
NetLikelihood exact_net_likelihoods(const DeepBeliefNet& net, ConstMatrixView<float> visible, double log_z,
                                    ThreadTeam& team);

}  // namespace harmonium
