// What [fine_tune] makes of a recipe and its data: the net that is learned, its start, and what is refused.
#pragma once

#include <filesystem>

#include "harmonium/recipe/training.h"
#include "harmonium/train/joint.h"

namespace harmonium {

/// The net before it is fine-tuned. A classifier has the stack's layers going up and a softmax of the
/// classes, an autoencoder the stack's layers going up and down. The stack is that of the file which the
/// recipe names, else `own`; at random only its shape counts. Throws InputError where the file's stack, or
/// one of these layers, does not do.
Network tuned_start(const Recipe& recipe, const Dataset& train, const DeepBeliefNet& own);

/// The rule that learns it from `train`, which may be some of the training cases (labelled_cases), watched on
/// the held-out cases of `data`. Throws InputError as make_back_propagation_rule.
JointRule fine_tuning_rule(const Recipe& recipe, const RecipeData& data, const Dataset& train, Network start,
                           ThreadTeam& team);

/// The measure by which fine_tune.keep and fine_tune.patience judge an epoch.
const char* judging_measure(const Recipe& recipe);

/// Refuses (InputError) before hours of work what the last stage, or the measures after it, would refuse.
/// `own`: the stack of the recipe, learned or not.
void check_fine_tuning(const Recipe& recipe, const RecipeData& data, const DeepBeliefNet& own,
                       ThreadTeam& team);

/// Refuses (InputError) to start from a file that a run with this model file writes over.
void check_start_file(const Recipe& recipe, const std::filesystem::path& model);

}  // namespace harmonium
