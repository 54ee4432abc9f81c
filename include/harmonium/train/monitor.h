// What is measured after each epoch, on fixed cases, whatever the learning rule.
#pragma once

#include <optional>

#include "harmonium/data/batch_source.h"
#include "harmonium/models/rbm.h"
#include "harmonium/train/learner.h"
#include "harmonium/train/negative_phase.h"
#include "harmonium/train/options.h"

namespace harmonium {

/// Measures of one RBM under training. Names: reconstruction_error(_held_out) (squared, summed over columns),
/// free_energy_train, free_energy_held_out, free_energy_gap (held-out minus training, Hinton 2010 section 6),
/// free_energy_spread (standard deviation over training cases), free_energy_fantasies, hidden_always_off/on
/// (fractions of units with mean activity below 0.002 or above 0.998 of their range), hidden_activity (mean),
/// chain_moved, weight_deviation (root of the mean square), and every options.likelihood_every epochs
/// log_likelihood (exact where it can be summed) or pseudo_log_likelihood, of held-out cases where there are
/// some.
class Monitor {
 public:
  Monitor(const BatchSource& train, const BatchSource* held_out, const TrainOptions& options,
          std::uint64_t seed);
  Measures measure(const Rbm& rbm, const NegativePhase& negative, std::uint64_t epoch,
                   ThreadTeam& team) const;

 private:
  std::size_t cases_to_measure(const Rbm& rbm) const;

  const BatchSource& train_;
  const BatchSource* held_out_;
  TrainOptions options_;
  std::uint64_t seed_;
};

}  // namespace harmonium
