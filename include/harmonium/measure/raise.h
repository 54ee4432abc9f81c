// RAISE: annealing in reverse, a lower bound on log p(v) (Burda, Grosse & Salakhutdinov 2015, "Accurate and
// conservative estimates of MRF log-likelihood using reverse annealing").
//
// Runs of annealed importance sampling that make one more step at the end and forget their weights draw
// samples v of a distribution of their own, the annealing model
//   p_ann(v_K) = sum over v_0 .. v_K-1 of  p_0(v_0) T_1(v_1 | v_0) ... T_K(v_K | v_K-1),
// close to the model's where there are many steps. A chain that starts at the case v = v_K and goes the same
// way back, v_K-1 ~ T_K(. | v_K), ..., v_0 ~ T_1(. | v_1), is a sample from which that sum is estimated
// without bias. Steps are their own reverses, T_k(a | b) f_k(b) = T_k(b | a) f_k(a), so its weight is
//   w = (f_K(v) / Z_0)  f_0(v_0) / f_1(v_0)  f_1(v_1) / f_2(v_1)  ...  f_K-1(v_K-1) / f_K(v_K-1),
// E[w] = p_ann(v), and log w lies below log p_ann(v) on average. It bounds the likelihood of the annealing
// model: where that gives a case more than the model does, the bound does not hold for the model, which
// matters only where runs are too fast.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "harmonium/measure/annealing_schedule.h"
#include "harmonium/models/rbm.h"

namespace harmonium {

struct RaiseOptions {
  std::size_t chains = 1;            ///< of each case; their weights' mean is closer to p_ann(v) than one is
  std::vector<float> schedule = {};  ///< inverse temperatures from 0 to 1, which the chains go back along
  std::uint64_t seed = 1;
  std::function<void(double)> progress = {};  ///< told the fraction done
};

/// log of the mean weight of each case's chains: on average at most log p_ann(v). Rows are whole states.
/// Throws InputError as annealed_log_z and log_likelihoods do.
std::vector<double> raise_log_likelihoods(const Rbm& rbm, std::span<const float> base_visible_bias,
                                          ConstMatrixView<float> visible, const RaiseOptions& options,
                                          ThreadTeam& team);

/// What annealing and RAISE leave open of the mean log-likelihood of the same cases: the mean of
/// annealed[i] - raise[i]. The likelihoods themselves differ from case to case by tens of nats, this
/// difference by far less. Its standard error is that of the mean together with `log_z_error`, which all
/// annealed values share; one case does not tell it, so it is infinite then.
struct LikelihoodBracket {
  double width = 0, error = 0;
};
LikelihoodBracket bracket_of(std::span<const double> annealed, std::span<const double> raise,
                             double log_z_error);

}  // namespace harmonium
