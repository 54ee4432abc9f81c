// Few labels: the cases that fine-tuning learns from, when a stack has learned from all.
#pragma once

#include "harmonium/data/dataset.h"
#include "harmonium/recipe/recipe.h"

namespace harmonium {

/// recipe.fine_tune.labels cases of `train`, as many of each class as there can be, drawn at random under the
/// recipe's seed; all of `train` where that is 0. Fewer labels under the same seed are among more. Throws
/// InputError where `train` has fewer cases with a label.
Dataset labelled_cases(const Recipe& recipe, const Dataset& train);

}  // namespace harmonium
