// The likelihood of a deep Boltzmann machine: the bound of mean field, and estimates of what it bounds.
//
//   log p(v) = log p*(v) - log Z,   log p*(v) = log sum_h exp(-E(v, h))
//
// log Z is that of the fold (models/deep_boltzmann_machine.h): summed where one side is small, annealed
// elsewhere (exact_log_z, annealed_log_z). Annealing the fold samples the even layers, v among them, with all
// odd ones summed out; so v starts from the data's base rates. (Salakhutdinov & Hinton 2009, section 2.2,
// sample h_1 of two hidden layers and sum out v and h_2; either way goes from one model to the other through
// the same distributions of all units.)
//
// log p*(v) is bounded from below by mean field, or estimated by annealing the hidden layers of each case
// from their mean field to the posterior. What is wrong with log Z is wrong in all cases alike, and a log Z
// that is too low makes even the bound too high.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "harmonium/models/mean_field.h"

namespace harmonium {

struct MachineLikelihoodOptions {
  MeanFieldOptions mean_field;
  std::size_t runs = 0;            ///< annealed runs of each case; 0: the bound alone
  std::size_t temperatures = 100;  ///< equal steps of each run
  std::uint64_t seed = 1;
  std::function<void(double)> progress = {};  ///< told the fraction done
};

/// One value a case, in nats.
struct MachineLikelihood {
  std::vector<double> bound;            ///< at most log p(v)
  std::vector<double> log_probability;  ///< log p(v) or its estimate; empty where there were no runs
  std::vector<double> effective_runs;   ///< of `runs`; below a few of them the estimate is too low
};

/// Base rates for annealing and tempering the fold: biases of its visible layer with which that alone would
/// have the means of `visible` and of the mean field of these cases.
std::vector<float> folded_base_bias(const DeepBoltzmannMachine& machine, ConstMatrixView<float> visible,
                                    ThreadTeam& team);

/// Bounds, and estimates where options ask for runs, of the rows of `visible` (B x V, whole states), given
/// log Z. Row r has the random numbers of case `first_case + r`. 32-bit products, 64-bit sums. Throws
/// InputError for values that are neither 0 nor 1.
MachineLikelihood machine_likelihoods(const DeepBoltzmannMachine& machine, ConstMatrixView<float> visible,
                                      double log_z, const MachineLikelihoodOptions& options, ThreadTeam& team,
                                      std::uint64_t first_case = 0);

/// How many hidden states exact_machine_likelihoods sums over for each case: of the smaller half of the
/// hidden layers, odd or even ones; 1 for a machine of one hidden layer.
double summed_hidden_states(const DeepBoltzmannMachine& machine);

/// The same with log p*(v) summed. Throws InputError where these are more than 2^20 states, and as above.
MachineLikelihood exact_machine_likelihoods(const DeepBoltzmannMachine& machine,
                                            ConstMatrixView<float> visible, double log_z, ThreadTeam& team);
inline constexpr double kMostHiddenStates = 1 << 20;

}  // namespace harmonium
