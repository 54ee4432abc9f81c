// What is measured after each epoch, on fixed cases, whatever the learning rule.
#pragma once

#include <optional>

#include "harmonium/data/batch_source.h"
#include "harmonium/measure/trajectory.h"
#include "harmonium/models/rbm.h"
#include "harmonium/train/learner.h"
#include "harmonium/train/negative_phase.h"
#include "harmonium/train/options.h"

namespace harmonium {

/// Measures of one RBM under training. Names: reconstruction_error(_held_out) (squared, summed over columns),
/// free_energy_train, free_energy_held_out, free_energy_gap (held-out minus training, Hinton 2010 section 6),
/// free_energy_spread (standard deviation over training cases), free_energy_fantasies, hidden_always_off/on
/// (fractions of units with mean activity below 0.002 or above 0.998 of their range), hidden_activity (mean),
/// chain_moved, exchange_rate_least, weight_deviation (root of the mean square), and every
/// options.likelihood_every epochs log_likelihood, of held-out cases where there are some: exact where log Z
/// is a short sum; else with the log Z of chains that follow the run, log_likelihood_error (its standard
/// error from there) and pseudo_log_likelihood beside it.
class Monitor {
 public:
  Monitor(const BatchSource& train, const BatchSource* held_out, const TrainOptions& options,
          std::uint64_t seed);
  /// `trajectory`: stands at `rbm`, or nothing.
  Measures measure(const Rbm& rbm, const NegativePhase& negative, std::uint64_t epoch,
                   const std::optional<LogZTrajectory>& trajectory, ThreadTeam& team) const;
  /// Is a log-likelihood asked for after this epoch?
  bool is_likelihood_due(std::uint64_t epoch) const;
  /// Have the measured cases a likelihood under such models, of which log Z is no short sum?
  bool needs_trajectory(const Rbm& rbm, ThreadTeam& team) const;

 private:
  std::size_t cases_to_measure(const Rbm& rbm) const;

  const BatchSource& train_;
  const BatchSource* held_out_;
  TrainOptions options_;
  std::uint64_t seed_;
};

}  // namespace harmonium
