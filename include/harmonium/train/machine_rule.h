// A deep Boltzmann machine in the joint stage (train/joint.h), and the stack from which it starts.
#pragma once

#include "harmonium/train/greedy.h"
#include "harmonium/train/joint.h"
#include "harmonium/train/machine_learner.h"

namespace harmonium {

/// Cases as a doubled layer (doubled_layers) holds them: two copies of each unit with the same value, as
/// their sum. `source` must outlive it.
std::shared_ptr<const BatchSource> make_doubled_source(const BatchSource& source);

/// Mean field and persistent chains from `machine` on. It measures "reconstruction_error" (through mean field
/// and back), "free_energy_gap" (mean bound on log p*(v) of training cases minus that of held-out ones) and
/// what measure_chains tells of its chains. Measures end in "_held_out" where they are of held-out
/// cases. Throws InputError with find_machine_learning_fault's sentence.
JointRule make_machine_rule(DeepBoltzmannMachine machine, const TrainingData& data,
                            const TrainOptions& options, ThreadTeam& team);

}  // namespace harmonium
