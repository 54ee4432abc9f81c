// All that can be chosen about how an RBM or a stack of them is learned.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "harmonium/kernels/precision.h"
#include "harmonium/train/schedule.h"

namespace harmonium {

/// Where the second term of the likelihood's gradient, the expectation under the model, comes from.
enum class NegativeKind {
  kContrastiveDivergence,  ///< "cd": k Gibbs steps from the data (Hinton 2002)
  kPersistent,             ///< "pcd": chains that go on from update to update (Tieleman 2008)
  kFastPersistent,         ///< "fpcd": the same, on weights with a fast part (Tieleman & Hinton 2009)
  kTempering,              ///< "tempering": chains at several temperatures (Desjardins et al. 2010)
  kExact,                  ///< "exact": enumeration, for tiny models
  kAuto,  ///< "auto": pcd, but cd in up-down learning and where chains cannot stand for the data
          ///< (options_for)
};

/// What stands for the visible units in a reconstruction.
enum class VisibleStates { kSamples, kMeans };

/// What up-down learning lets the visible units of the sleep phase and the label units of the top's Gibbs
/// steps be.
enum class SleepStates {
  kSamples,  ///< states; every expected change is zero at a perfect model
  kMeans,    ///< probabilities, as in Hinton, Osindero & Teh 2006
};

/// In which numbers the products of learning are made; the weights themselves are always f32.
enum class PrecisionChoice {
  kAuto,  ///< bf16 where the processor has it and the states of both layers are exact in it, else f32
  kF32,
  kBf16,  ///< refused where auto would not take it
};

/// Options of learning. By default the plainest ones; those of `harmonium train` are recommended_options().
struct TrainOptions {
  std::string table = "train";  ///< of the recipe, in which these keys stand: what messages call them by
  std::uint64_t seed = 1;       ///< every random number of the run follows from it
  PrecisionChoice precision = PrecisionChoice::kAuto;
  std::size_t epochs = 10;      ///< passes over the training cases, for each layer
  std::size_t batch = 100;      ///< cases an update (Hinton 2010, section 3: 10 to 100)
  Schedule rate = 0.05;         ///< learning rate, on batch means
  Schedule momentum = 0.0;      ///< fraction of the last step kept; the Science-2006 code: 0.5, then 0.9
  double variance_rate = 0.1;   ///< log-variances learn at this fraction of the rate
  double l2 = 0.0;              ///< weight cost l2 * w on weights, not on biases (Hinton 2010, section 10)
  double l1 = 0.0;              ///< weight cost l1 * sign(w)
  double sparsity_target = 0;   ///< wanted mean activity of hidden units; 0 switches the term off
  double sparsity_cost = 0.1;   ///< strength of the pull towards it (Hinton 2010, section 11)
  double sparsity_decay = 0.9;  ///< memory of the running mean activity, an update
  double norm_limit = 0.0;      ///< longest allowed column of weights into a hidden unit; 0 is no limit
  bool centring = false;  ///< gradient of the centred energy (Montavon & Mueller 2012; Melchior et al. 2016)
  double centring_decay = 0.99;  ///< memory of the running offsets, an update

  NegativeKind negative = NegativeKind::kContrastiveDivergence;
  Schedule steps = 1.0;           ///< Gibbs steps an update (k)
  std::size_t chains = 100;       ///< fantasy particles of pcd, fpcd and tempering
  double persistent_share = 1.0;  ///< of negative statistics in up-down learning, by chains not restarted
  std::size_t temperatures = 11;  ///< of tempering, from 0 to 1 at equal distances
  double fast_rate = 0.05;        ///< learning rate of the fast weights, constant
  double fast_decay = 0.95;       ///< fast weights keep this much an update (19/20 in the paper)
  VisibleStates visible_states = VisibleStates::kSamples;  ///< in the reconstruction of cd
  SleepStates sleep_states = SleepStates::kSamples;        ///< of up-down learning
  std::size_t mean_field_sweeps = 10;  ///< of a deep Boltzmann machine's positive phase, at most

  double initial_deviation = 0.01;  ///< of the Gaussian weights (Hinton 2010, section 8)
  double initial_hidden_bias = 0.0;
  std::size_t components = 0;  ///< principal components to start from, where the start is not tied; 0: none
  bool tied_start = false;     ///< each next RBM starts as the one below turned over
  bool pass_samples = false;   ///< hand samples instead of means to the next layer

  /// Snapshots of the top RBM kept along its training, at about equal distances of the logarithm of the
  /// update, for chains that walk through them (models/trajectory.h); 0 is none.
  std::size_t snapshots = 0;
  std::size_t average_epochs = 0;    ///< average parameters over about the last so many epochs; 0 is off
  bool missing_absent = false;       ///< missing values are masked in both phases instead of being sampled
  std::size_t likelihood_every = 0;  ///< epochs between log-likelihoods in the history; 0 is never
  std::size_t measure_every =
      1;  ///< epochs between lines of the history (data sets of one batch: 100 or more)
  /// Cases of each set that are measured after an epoch; with a million weights or more a fiftieth at most,
  /// and of cases with many units no more than 2^24 values (but at least 100 cases).
  std::size_t monitor_cases = 1000;
  double checkpoint_minutes =
      10;  ///< between checkpoints within an epoch; an epoch's end makes one too (at most one in 2 s)
};

/// Where nothing else is said, what brought an RBM to its likelihood soonest (docs/training-likelihood.md):
/// persistent chains, the centred gradient, a rate that falls to 0, parameters averaged over the last epoch.
TrainOptions recommended_options();

/// The first fault in the options as a sentence that names the key and what would be right; empty if none.
std::string find_option_fault(const TrainOptions& options);

/// "auto", "f32", "bf16".
std::string_view precision_choice_name(PrecisionChoice choice);

/// Names as in a recipe: "cd", "pcd", "fpcd", "tempering", "exact", "auto".
std::string_view negative_name(NegativeKind kind);

}  // namespace harmonium
