// Back-propagation as the last stage of a run: a classifier is learned from labelled cases, from the stack
// that was learned without labels or from random weights.
#pragma once

#include "harmonium/train/greedy.h"
#include "harmonium/train/joint.h"
#include "harmonium/train/network_learner.h"

namespace harmonium {

/// What the stage's lines of the history and its checkpoints are known by.
inline constexpr const char* kBackPropagation = "back-propagation";

/// The rule for `start` and network.task. Measures, of options.monitor_cases of each set and with _held_out
/// behind the name for held-out cases: cross_entropy (nats a case, where outputs are probabilities), and
/// of a classifier error (fraction of the cases with a label whose likeliest class is another), of an
/// autoencoder reconstruction_error (squared error per case). Throws InputError as NetworkLearner, where a
/// case has missing values, and where a classifier is to learn from cases without labels.
JointRule make_back_propagation_rule(Network start, const TrainingData& data, const NetworkOptions& network,
                                     const TrainOptions& options, ThreadTeam& team);

}  // namespace harmonium
