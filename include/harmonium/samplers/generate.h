// Fantasies of a deep belief net: Gibbs sampling in the top RBM, then one down-pass of means (Hinton,
// Osindero & Teh 2006, section 5). Of a single RBM: the means behind the last visible sample.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "harmonium/models/deep_belief_net.h"
#include "harmonium/samplers/gibbs.h"

namespace harmonium {

struct FantasyOptions {
  std::size_t chains = 100;
  /// Gibbs steps after which to look, ascending; 0 is the start.
  std::vector<std::uint64_t> steps = {1000};
  /// Class to which the label units are held, or nothing.
  std::optional<std::size_t> label;
  std::uint64_t seed = 1;
  std::function<void(double)> progress = {};  ///< told the fraction of steps done
};

struct Fantasies {
  std::vector<std::uint64_t> steps;
  /// One a step looked at: M x V visible means.
  std::vector<Matrix<float>> visible;
  /// Likewise M x K probabilities of the label units; empty matrices where there are none.
  std::vector<Matrix<float>> labels;
};

/// Chains that start from the data: an up-pass of samples from `cases` (M x V), labels unknown. `chains` is
/// then the number of cases.
Fantasies fantasies_from_data(const DeepBeliefNet& net, ConstMatrixView<float> cases,
                              const FantasyOptions& options, ThreadTeam& team);

/// Chains that start where the top RBM's visible layer alone would be.
/// Both throw InputError where a label is asked for and the net has no label units, or fewer classes; where
/// the steps do not ascend; and where a visible multinomial layer has no length of its own.
Fantasies fantasies_from_noise(const DeepBeliefNet& net, const FantasyOptions& options, ThreadTeam& team);

}  // namespace harmonium
