// Fantasies of a deep belief net: sampling in the top RBM, then one down-pass (Hinton, Osindero & Teh 2006,
// section 5). Of a single RBM: what stands behind the last visible sample.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "harmonium/models/model_file.h"
#include "harmonium/samplers/fantasy_chains.h"

namespace harmonium {

struct FantasyOptions {
  std::size_t chains = 100;
  /// Steps after which to look, ascending; 0 is the start.
  std::vector<std::uint64_t> steps = {1000};
  /// Class to which the label units are held, or nothing.
  std::optional<std::size_t> label;
  std::uint64_t seed = 1;
  std::function<void(double)> progress = {};  ///< told the fraction of steps done
  /// In place of `label`: the class held in each chain, -1 where none is. As many as chains, or empty.
  std::vector<std::int32_t> labels = {};
  Mix mix = Mix::kGibbs;
  std::size_t temperatures = 20;           ///< of Mix::kTempering
  const Trajectory* trajectory = nullptr;  ///< of Mix::kTrajectory
  /// Samples of all layers down to the visible one, in place of its means after a pass of means.
  bool samples = false;
  bool keep_hidden = false;  ///< keep the top layer's states too
};

struct Fantasies {
  std::vector<std::uint64_t> steps;
  /// One a step looked at: M x V visible means, or samples.
  std::vector<Matrix<float>> visible;
  /// Likewise M x K probabilities of the label units; empty matrices where there are none.
  std::vector<Matrix<float>> labels;
  /// Likewise M x H sampled values of the top layer, where they were asked for.
  std::vector<Matrix<float>> hidden;
  /// Accepted fractions of the exchanges between neighbours, from the easiest model to the one that matters;
  /// empty for Mix::kGibbs.
  std::vector<double> exchange_rates;
  ChainState end;  ///< where the chains can go on
};

/// Chains that start from the data: an up-pass of samples from `cases` (M x V), labels unknown unless held.
/// `chains` is then the number of cases.
Fantasies fantasies_from_data(const DeepBeliefNet& net, ConstMatrixView<float> cases,
                              const FantasyOptions& options, ThreadTeam& team);

/// Chains that start where the top RBM's visible layer alone would be.
/// All throw InputError where a label is asked for and the net has no label units, or fewer classes; where
/// the steps do not ascend; where a visible multinomial layer has no length of its own; and where the model
/// cannot be mixed as asked for.
Fantasies fantasies_from_noise(const DeepBeliefNet& net, const FantasyOptions& options, ThreadTeam& team);

/// Chains that go on from `state`; options.steps count from there. Their number, seed, mix and temperatures
/// are those of the state, and so are their labels unless options name others.
Fantasies fantasies_from_state(const DeepBeliefNet& net, const ChainState& state,
                               const FantasyOptions& options, ThreadTeam& team);

/// The same of whatever model a file holds. A deep Boltzmann machine's chains are those of its fold: all even
/// layers, then all odd ones; they start from its biases or from mean field of the cases. Of a layer of even
/// number the states are those sampled together with the visible ones. Throws InputError where it is to be
/// mixed along a trajectory, which is of another model.
Fantasies fantasies_from_data(const Model& model, ConstMatrixView<float> cases, const FantasyOptions& options,
                              ThreadTeam& team);
Fantasies fantasies_from_noise(const Model& model, const FantasyOptions& options, ThreadTeam& team);
Fantasies fantasies_from_state(const Model& model, const ChainState& state, const FantasyOptions& options,
                               ThreadTeam& team);

/// `per_class` chains for each of `classes`: {0, 0, 1, 1, ...} for FantasyOptions::labels.
std::vector<std::int32_t> labels_of_each_class(std::size_t classes, std::size_t per_class);

}  // namespace harmonium
