#include "recipe/measure_recognition.h"

#include <algorithm>

#include "harmonium/measure/recognition.h"

namespace harmonium {
namespace {

// One error a case whose label is known: 1 where the likeliest label is another.
std::vector<double> errors_of(const DeepBeliefNet& net, const Dataset& cases, std::size_t most,
                              std::uint64_t seed, const RecognitionOptions& options, ThreadTeam& team,
                              const std::function<void(double)>& progress) {
  std::vector<double> errors;
  most = std::min(most, cases.size());
  fetch_pieces(cases, most, seed, 0, team, [&](std::size_t first, const Matrix<float>& piece) {
    const auto read = likeliest_labels(label_probabilities(net, piece, options, team, first));
    for (std::size_t r = 0; r < read.size(); ++r)
      if (const auto label = cases.labels()[first + r]; label >= 0)
        errors.push_back(read[r] != label ? 1.0 : 0.0);
    progress(static_cast<double>(first + piece.rows()) / static_cast<double>(most));
  });
  return errors;
}

constexpr const char* kExact = "means go up, then the exact free energy of each label";

// Adds the share of cases that a net misreads.
void add_errors(const Recipe& recipe, const DeepBeliefNet& net, const Dataset& cases, const std::string& name,
                const RecognitionOptions& options, const std::string& how, ThreadTeam& team,
                Reporter& reporter, MeasureResult& result) {
  if (!cases.has_labels()) return;
  const auto errors = errors_of(net, cases, recipe.measure.cases, recipe.seed, options, team,
                                [&](double done) { reporter.working("recognising", done); });
  if (!errors.empty()) result.measurements.push_back(mean_measurement(name, errors, "fraction misread", how));
}

}  // namespace

void measure_greedy_recognition(const Recipe& recipe, const RecipeData& data, const DeepBeliefNet& greedy,
                                ThreadTeam& team, Reporter& reporter, MeasureResult& result) {
  if (greedy.label_columns == 0 || data.train.has_missing()) return;
  add_errors(recipe, greedy, data.judged(), data.judged_name() + "_error_greedy", {},
             std::string("before all layers learned together: ") + kExact, team, reporter, result);
}

void measure_recognition(const Recipe& recipe, const RecipeData& data, const Model& model, ThreadTeam& team,
                         Reporter& reporter, MeasureResult& result) {
  if (model.net.label_columns == 0 || data.train.has_missing()) return;
  const auto add = [&](const Dataset& cases, const std::string& name, const RecognitionOptions& options,
                       const std::string& how) {
    add_errors(recipe, model.net, cases, name, options, how, team, reporter, result);
  };
  const Dataset& judged = data.judged();
  const std::string name = data.judged_name() + "_error";
  RecognitionOptions options;
  options.seed = recipe.seed;
  add(judged, name, options, kExact);
  options.up_passes = recipe.measure.up_passes;
  options.way = RecognitionWay::kUpPasses;
  if (options.up_passes > 0)
    add(judged, name + "_up_passes", options,
        "label probabilities averaged over " + std::to_string(options.up_passes) + " up-passes of samples");
  options.gibbs_steps = recipe.measure.settling_steps;
  options.way = RecognitionWay::kGibbs;
  if (options.gibbs_steps > 0)
    add(judged, name + "_settling", options,
        "means go up and stay, labels settle from a neutral state in " + std::to_string(options.gibbs_steps) +
            " Gibbs steps");
  if (data.apart()) add(data.train, "train_error", {}, kExact);
}

}  // namespace harmonium
