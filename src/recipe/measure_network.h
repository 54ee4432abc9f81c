// What a run measures of a classifier or an autoencoder that it has fine-tuned.
#pragma once

#include <string>
#include <vector>

#include "harmonium/measure/classification.h"
#include "harmonium/models/network_model.h"
#include "harmonium/recipe/measures.h"

namespace harmonium {

/// The first measure or picture that the recipe asks for and a feed-forward net has not, in a sentence; empty
/// if none. `columns`: units of a case.
std::string find_network_measure_fault(const Recipe& recipe, std::size_t columns);

struct NetworkMeasures {
  /// Of a classifier: errors with their 95 % interval, cross-entropies, calibration. Of an autoencoder:
  /// squared errors, also those of as many principal components, and cross-entropies.
  std::vector<Measurement> measurements;

  Classification judged;              ///< of a classifier, for the cases that judge
  Matrix<float> mistakes;             ///< the worst of them that are misread, a row a case
  std::vector<std::string> captions;  ///< "5 read 3", one for each

  Matrix<float> cases, back, pca;  ///< of an autoencoder: some cases, and what it and PCA make of them
};

/// Measures recipe.measure.cases of the cases that judge, and as many training cases.
NetworkMeasures measure_network(const Recipe& recipe, const RecipeData& data, const NetworkModel& model,
                                ThreadTeam& team, Reporter& reporter);

}  // namespace harmonium
