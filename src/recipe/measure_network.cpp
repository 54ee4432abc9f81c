#include "recipe/measure_network.h"

#include <algorithm>
#include <cmath>

#include "harmonium/baselines/pca.h"
#include "harmonium/measure/reconstruction.h"
#include "harmonium/render/number.h"
#include "harmonium/train/loop.h"
#include "recipe/labelled_cases.h"
#include "recipe/measured_cases.h"

namespace harmonium {
namespace {

constexpr std::size_t kMistakesShown = 50, kPairsShown = 20;

// What the net makes of the first cases of one set.
struct Read {
  Classification result;
  std::vector<std::int32_t> classes;  // of every case
};

Read read_cases(const Recipe& recipe, const Dataset& cases, const Network& network, ThreadTeam& team,
                Reporter& reporter) {
  Read read;
  ClassificationSums sums(network.outputs());
  const std::size_t most = std::min(recipe.measure.cases, cases.size());
  fetch_pieces(cases, most, recipe.measure.binarise_seed, 0, team,
               [&](std::size_t first, const Matrix<float>& piece) {
                 const Matrix<float> outputs = forward(network, piece, team);
                 sums.add(first, outputs, cases.labels().subspan(first, piece.rows()));
                 const auto classes = likeliest_classes(outputs);
                 read.classes.insert(read.classes.end(), classes.begin(), classes.end());
                 reporter.working("classifying",
                                  static_cast<double>(first + piece.rows()) / static_cast<double>(most));
               });
  read.result = sums.result();
  return read;
}

void add_errors(const Classification& c, const std::string& name, std::vector<Measurement>& measurements) {
  if (c.cases == 0) return;
  const Interval interval = wilson_interval(c.wrong, c.cases);
  const auto n = static_cast<double>(c.cases);
  measurements.push_back({name + "_error", c.error(), std::sqrt(c.error() * (1 - c.error()) / n), c.cases,
                          "fraction misread",
                          number_text(static_cast<double>(c.wrong), 9) + " misread; 95 % interval " +
                              number_text(interval.low, 3) + " to " + number_text(interval.high, 3)});
  measurements.push_back({name + "_cross_entropy",
                          c.cross_entropy,
                          {},
                          c.cases,
                          "nats",
                          "mean of -log of the label's probability"});
}

std::string caption_of(const NetworkModel& model, std::int32_t label, std::int32_t read) {
  return model.class_name(static_cast<std::size_t>(label)) + " read " +
         model.class_name(static_cast<std::size_t>(read));
}

void measure_classifier(const Recipe& recipe, const RecipeData& data, const NetworkModel& model,
                        ThreadTeam& team, Reporter& reporter, NetworkMeasures& measures) {
  const Dataset& judged = data.judged();
  const std::string name = data.judged_name();
  Read read;
  if (judged.has_labels()) {
    read = read_cases(recipe, judged, model.network, team, reporter);
    add_errors(read.result, name, measures.measurements);
    measures.judged = read.result;
    if (measures.judged.cases > 0)
      measures.measurements.push_back(
          {name + "_calibration_error",
           measures.judged.calibration_error,
           {},
           measures.judged.cases,
           "fraction",
           "mean distance between confidence and the fraction read rightly, in ten ranges of confidence"});
  }
  if (data.apart())
    add_errors(read_cases(recipe, labelled_cases(recipe, data.train), model.network, team, reporter).result,
               "train", measures.measurements);
  const auto& all = measures.judged.mistakes;
  const std::vector<std::uint64_t> worst(
      all.begin(), all.begin() + static_cast<std::ptrdiff_t>(std::min(kMistakesShown, all.size())));
  if (worst.empty()) return;
  measures.mistakes = Matrix<float>(worst.size(), judged.layer().columns());
  judged.fetch(worst, recipe.measure.binarise_seed, 0, measures.mistakes);
  for (const std::uint64_t row : worst)
    measures.captions.push_back(caption_of(model, judged.labels()[row], read.classes[row]));
}

// Errors case by case of what f(cases) gives back.
template <class F>
void add_reconstruction(const MeasuredCases& cases, const std::string& name, const std::string& how,
                        bool probabilities, F f, std::vector<Measurement>& measurements) {
  std::vector<double> errors, entropies;
  cases.visit([&](std::size_t, const Matrix<float>& piece) {
    const Matrix<float> back = f(piece);
    for (std::size_t r = 0; r < piece.rows(); ++r) {
      const auto value = piece.view().row_block(r, 1), mean = back.view().row_block(r, 1);
      errors.push_back(squared_error(value, mean));
      if (probabilities) entropies.push_back(binary_cross_entropy(value, mean));
    }
  });
  measurements.push_back(mean_measurement(name + "_error", errors, "squared error per case", how));
  if (probabilities)
    measurements.push_back(mean_measurement(name + "_cross_entropy", entropies, "nats", how));
}

void measure_autoencoder(const Recipe& recipe, const RecipeData& data, const NetworkModel& model,
                         ThreadTeam& team, Reporter& reporter, NetworkMeasures& measures) {
  const MeasureRecipe& m = recipe.measure;
  const Network& network = model.network;
  const std::size_t code = network.layers[model.code_layer() - 1].bias.size();
  const bool probabilities = network.layers.back().activation == Activation::kLogistic;
  const std::string name = data.judged_name(), how = "through the code of " + std::to_string(code) + " units";
  const MeasuredCases judged(data.judged(), m.cases, m.binarise_seed, team);
  const auto back = [&](const Matrix<float>& cases) { return forward(network, cases, team); };
  add_reconstruction(judged, name + "_reconstruction", how, probabilities, back, measures.measurements);
  if (data.apart())
    add_reconstruction(MeasuredCases(data.train, m.cases, m.binarise_seed, team), "train_reconstruction", how,
                       probabilities, back, measures.measurements);
  measures.cases = judged.first(kPairsShown);
  measures.back = back(measures.cases);
  if (data.train.is_on_disk() || code > std::min(data.train.size(), network.inputs())) return;
  reporter.working("fitting principal components", 0.0);
  const Pca pca = fit_pca(fetch_range(data.train, 0, data.train.size(), recipe.seed, 0, team), code);
  reporter.working("fitting principal components", 1.0);
  add_reconstruction(
      judged, name + "_pca", "PCA with " + std::to_string(code) + " components of the training cases", false,
      [&](const Matrix<float>& cases) { return reconstruct(pca, cases); }, measures.measurements);
  measures.pca = reconstruct(pca, measures.cases);
}

}  // namespace

std::string find_network_measure_fault(const Recipe& recipe, std::size_t columns) {
  const auto& shape = recipe.report.image_shape;
  if (!shape.empty() && (shape.size() != 2 || shape[0] * shape[1] != columns))
    return "report.image_shape must be [height, width] of " + std::to_string(columns) + " pixels.";
  const MeasureRecipe& m = recipe.measure;
  const char* key = m.likelihood == "exact" || m.likelihood == "annealed" ? "measure.likelihood"
                    : m.pseudo_likelihood                                 ? "measure.pseudo_likelihood"
                    : m.kl                                                ? "measure.kl"
                    : m.net_cases > 0                                     ? "measure.net_cases"
                    : m.mixing_steps > 0                                  ? "measure.mixing_steps"
                    : !m.one_class.empty()                                ? "measure.one_class"
                    : m.fantasies > 0                                     ? "measure.fantasies"
                    : m.mixing_chains > 0                                 ? "measure.mixing"
                    : recipe.report.movie                                 ? "report.movie"
                                                                          : nullptr;
  if (!key) return {};
  return std::string(key) +
         " is of a model that has a density, but fine_tune.epochs makes a feed-forward net of it; leave one "
         "of "
         "them out.";
}

NetworkMeasures measure_network(const Recipe& recipe, const RecipeData& data, const NetworkModel& model,
                                ThreadTeam& team, Reporter& reporter) {
  NetworkMeasures measures;
  if (model.task == NetworkTask::kClassify)
    measure_classifier(recipe, data, model, team, reporter, measures);
  else
    measure_autoencoder(recipe, data, model, team, reporter, measures);
  return measures;
}

}  // namespace harmonium
