// How often the associative memory reads a case's label right, in three ways.
#pragma once

#include "harmonium/recipe/measures.h"

namespace harmonium {

/// Adds SET_error_greedy: the first of these of the net as greedy learning left it, before all layers learned
/// together.
void measure_greedy_recognition(const Recipe& recipe, const RecipeData& data, const DeepBeliefNet& greedy,
                                ThreadTeam& team, Reporter& reporter, MeasureResult& result);

/// Adds SET_error (means go up, exact free energies), SET_error_up_passes and SET_error_settling for the test
/// (or held-out) cases, and train_error, where the net has label units and the cases labels.
void measure_recognition(const Recipe& recipe, const RecipeData& data, const Model& model, ThreadTeam& team,
                         Reporter& reporter, MeasureResult& result);

}  // namespace harmonium
