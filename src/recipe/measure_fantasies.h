// The quality of fantasies ([measure.fantasies]): does a classifier that shares no weights with the model
// read in them the label that was held, are they as varied as data, and are they more than copies?
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harmonium/recipe/measures.h"

namespace harmonium {

struct FantasyQuality {
  std::vector<Measurement> measurements;
  std::vector<std::string> warnings;  ///< a reader that misreads too much to judge by
  /// Some fantasies and the training cases that are nearest to them, row by row; one of each class in turn
  /// where labels were held.
  Matrix<float> shown, nearest;
  std::size_t classes = 0;  ///< of the labels that were held
};

/// What [measure.fantasies] asks for and this model on these data cannot have, as a sentence, or empty.
std::string find_fantasy_fault(const Recipe& recipe, const RecipeData& data, const DeepBeliefNet& net);

/// Draws recipe.measure.fantasies fantasies for each class of the training cases (in all, where there are no
/// label units) from chains that begin in noise, and measures
///   fantasies_read_as_label, fantasies_read_as_CLASS   fraction in which the reader reads the held label
///   reader_test_error                                  fraction of test cases that it misreads
///   fantasies_precision, fantasies_recall              in the reader's code space, against training cases
///   real_precision, real_recall                        test cases in the place of fantasies
///   fantasies_precision_ratio, fantasies_recall_ratio  the former over the latter
///   fantasies_nearest_distance, test_nearest_distance  median distance to the nearest training case
///   reconstructed_nearest_distance                     the same of test cases that went up and down through
///   the model
/// The reader, a net trained on the training cases under a seed of its own, is kept as
/// `folder`/reader.safetensors and read again where it is there and belongs to these data and settings.
/// Throws InputError with find_fantasy_fault's sentence.
FantasyQuality measure_fantasies(const Recipe& recipe, const RecipeData& data, const Model& model,
                                 const std::filesystem::path& folder, ThreadTeam& team, Reporter& reporter);

}  // namespace harmonium
