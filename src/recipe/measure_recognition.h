// How often the associative memory reads a case's label right, in three ways.
#pragma once

#include "harmonium/recipe/measures.h"

namespace harmonium {

/// Adds SET_error (means go up, exact free energies), SET_error_up_passes and SET_error_settling for the test
/// (or held-out) cases, and train_error, where the net has label units and the cases labels.
void measure_recognition(const Recipe& recipe, const RecipeData& data, const Model& model, ThreadTeam& team,
                         Reporter& reporter, MeasureResult& result);

}  // namespace harmonium
