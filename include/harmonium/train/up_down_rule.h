// Up-down learning as a stage of a run: its cases, and what is watched after an epoch.
#pragma once

#include "harmonium/train/greedy.h"
#include "harmonium/train/joint.h"
#include "harmonium/train/up_down.h"

namespace harmonium {

/// The up-down rule for `net`, as greedy learning left it. Measures: error, error_held_out (fraction of cases
/// whose label recognition by free energy misses, on options.monitor_cases of each set; where the net has
/// label units), reconstruction_error, reconstruction_error_held_out (up and down through all layers, means),
/// and what measure_chains tells of chains that are not restarted.
/// Throws InputError as UpDownLearner, and where cases have missing values.
JointRule make_up_down_rule(DeepBeliefNet net, const TrainingData& data, const TrainOptions& options,
                            ThreadTeam& team);

}  // namespace harmonium
