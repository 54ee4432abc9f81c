// Back-propagation as the last stage of a run: a classifier is learned from labelled cases, from the stack
// that was learned without labels or from random weights.
#pragma once

#include "harmonium/train/greedy.h"
#include "harmonium/train/joint.h"
#include "harmonium/train/network_learner.h"

namespace harmonium {

/// What the stage's lines of the history and its checkpoints are known by.
inline constexpr const char* kBackPropagation = "back-propagation";

/// The rule for `start`, which ends in a softmax of the classes. Measures: error, error_held_out (fraction of
/// the cases with a label whose likeliest class is another, of options.monitor_cases of each set) and
/// cross_entropy, cross_entropy_held_out (nats a case). Throws InputError as NetworkLearner, and where no
/// case has a label or a case has missing values.
JointRule make_back_propagation_rule(Network start, const TrainingData& data, const NetworkOptions& network,
                                     const TrainOptions& options, ThreadTeam& team);

}  // namespace harmonium
