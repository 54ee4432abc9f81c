// What a finished model is worth: the measures of [measure], by name.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harmonium/baselines/pca.h"
#include "harmonium/measure/mixing.h"
#include "harmonium/recipe/training.h"

namespace harmonium {

/// One number, with what is needed to trust it.
struct Measurement {
  std::string name;  ///< "test_log_likelihood"
  double value = 0;
  std::optional<double> standard_error;  ///< of a mean over cases
  std::size_t cases = 0;                 ///< 0 where it is not over cases
  std::string unit;                      ///< "nats", "squared error per case", ...
  std::string how;                       ///< "exact: log Z over 2^20 states"
};

struct MeasureResult {
  std::vector<Measurement> measurements;
  std::vector<std::string> warnings;
  std::optional<Mixing> mixing;
};

/// The mean of one value a case, with its standard error. `values` is not empty.
Measurement mean_measurement(std::string name, std::span<const double> values, std::string unit,
                             std::string how);

/// How to get log p(v) of an RBM; see MeasureRecipe for what the numbers mean.
struct LikelihoodPlan {
  std::string how = "auto";
  std::size_t runs = 100, temperatures = 10000;
  std::string schedule = "adaptive";
  std::size_t raise_cases = 500, raise_temperatures = 0, raise_chains = 1;
  std::uint64_t seed = 1;
  bool absent = false;  ///< missing values are no variables at all: such cases have no likelihood
};

/// What [measure] and [report] ask for and a model of this shape on these data cannot have, as a sentence;
/// empty where all can be had. For before learning; the parameters of `net` do not matter.
std::string find_measure_fault(const Recipe& recipe, const RecipeData& data, const DeepBeliefNet& net,
                               ThreadTeam& team);

/// Reconstruction errors, likelihoods, free-energy gap, KL and mixing of a model, as the recipe asks.
/// Throws InputError with find_measure_fault's sentence.
MeasureResult measure_model(const Recipe& recipe, const RecipeData& data, const Model& model,
                            ThreadTeam& team, Reporter& reporter);

/// What a model of one class makes of the others (the tutorial's twos): errors of its reconstructions of that
/// class and of others beside PCA's, and what nearest neighbours among all classes' training cases read in
/// them.
struct OneClassResult {
  std::vector<Measurement> measurements;
  Matrix<float> own, own_reconstruction, others, others_reconstruction;  ///< cases to show
};
OneClassResult measure_one_class(const Recipe& recipe, const RecipeData& data, const Model& model,
                                 ThreadTeam& team, Reporter& reporter);

}  // namespace harmonium
