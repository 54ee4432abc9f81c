// What a run measures of a classifier that it has fine-tuned.
#pragma once

#include <string>
#include <vector>

#include "harmonium/measure/classification.h"
#include "harmonium/models/network_model.h"
#include "harmonium/recipe/measures.h"

namespace harmonium {

/// The first measure or picture that the recipe asks for and a feed-forward net has not, in a sentence; empty
/// if none.
std::string find_network_measure_fault(const Recipe& recipe);

struct NetworkMeasures {
  std::vector<Measurement> measurements;  ///< errors with their 95 % interval, cross-entropies, calibration
  Classification judged;                  ///< of the cases that judge
  Matrix<float> mistakes;                 ///< the worst of them that are misread, a row a case
  std::vector<std::string> captions;      ///< "5 read 3", one for each
};

/// Measures recipe.measure.cases of the cases that judge, and as many training cases.
NetworkMeasures measure_network(const Recipe& recipe, const RecipeData& data, const NetworkModel& model,
                                ThreadTeam& team, Reporter& reporter);

}  // namespace harmonium
