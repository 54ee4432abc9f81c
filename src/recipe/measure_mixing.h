// Can fantasies be trusted ([measure.mixing])? Chains from data and from noise are followed; do they forget
// where they began, do they look like the data, and do they show each class as often?
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harmonium/measure/class_shares.h"
#include "harmonium/measure/mixing_verdict.h"
#include "harmonium/recipe/measures.h"

namespace harmonium {

struct MixingJudgement {
  std::vector<Measurement> measurements;
  MixingGrade grade = MixingGrade::kMixes;
  std::string verdict;  ///< one or two sentences
  std::vector<FollowedStatistic> statistics;
  /// Of the free energy and the principal directions, which are the first statistics.
  std::vector<Mixing> autocorrelations;
  std::vector<ClassShare> shares;  ///< of each class, where the net has label units and the data labels
  std::vector<std::string> classes;
  std::vector<double> exchange_rates;  ///< between neighbours of the ladder, from the easiest; or empty
};

/// "mixes", "mixes slowly" or "does not mix".
std::string grade_name(MixingGrade grade);

/// Why chains of this RBM cannot be followed as `key` asks, or empty.
std::string find_chain_fault(const std::string& key, const Rbm& rbm);
/// What [measure.mixing] asks for and this model on these data cannot have, as a sentence, or empty.
std::string find_mixing_fault(const Recipe& recipe, const RecipeData& data, const DeepBeliefNet& net);

/// Follows recipe.measure.mixing_chains free chains of the top RBM, those of even number from training cases
/// (an up-pass of samples, their label on) and the others from where its visible layer alone would be, and
/// measures
///   mixing_r_hat, mixing_effective_samples   worst of the free energy, the projections on the three
///   principal
///                                            directions of the data, and each label
///   mixing_autocorrelation_time              worst of all but the labels, in steps
///   moments_first_distance, moments_second_distance   fantasies against training cases (measure/moments.h)
///   moments_first_ratio, moments_second_ratio         over what as many cases of the data would differ by
///   class_share_CLASS, class_share_distance           of free chains by their label units
///   exchange_rate_least, exchange_rate_mean, round_trips   where chains move by exchanges
/// Snapshots of mix = "trajectory" are those beside `model_path`. Throws InputError with find_mixing_fault's
/// sentence, or where the snapshots cannot be read.
MixingJudgement judge_mixing(const Recipe& recipe, const RecipeData& data, const Model& model,
                             const std::filesystem::path& model_path, ThreadTeam& team, Reporter& reporter);

}  // namespace harmonium
