#include "harmonium/recipe/run.h"

#include <algorithm>

#include "harmonium/base/error.h"
#include "harmonium/io/atomic_file.h"
#include "harmonium/render/number.h"
#include "io/json.h"
#include "recipe/fantasy_pictures.h"
#include "recipe/idea.h"
#include "recipe/measure_fantasies.h"
#include "recipe/measure_recognition.h"
#include "recipe/mixing_report.h"
#include "recipe/network_run.h"
#include "recipe/output.h"
#include "recipe/pictures.h"
#include "recipe/report_parts.h"
#include "recipe/run_folder.h"
#include "recipe/sweep.h"

namespace harmonium {
namespace {

void write_metrics(const std::filesystem::path& path, const Recipe& recipe, const Model& model,
                   const RunResult& result, const std::optional<MixingJudgement>& mixing,
                   const RunOptions& options) {
  Json json = metrics_json(recipe, model, layers_to_string(model.net.layers()), result, options.command);
  if (mixing) json["mixing"] = mixing_json(*mixing);
  write_file_atomically(path, dump_json(json, 2) + "\n");
}

void write_report(const std::filesystem::path& path, const Recipe& recipe, const RecipeData& data,
                  const Model& model, const RunResult& result, const MeasureResult& measures,
                  const std::optional<MixingJudgement>& mixing, const std::vector<NamedPicture>& pictures,
                  const RunOptions& options) {
  Report report(recipe.title.empty() ? recipe.name : recipe.title,
                layers_to_string(model.net.layers()) + ", " +
                    number_text(static_cast<double>(data.train.size()), 9) + " cases of " + model.data_name);
  auto metrics = metrics_of(result.measurements);
  auto first = metrics;
  std::stable_partition(first.begin(), first.end(), [](const Metric& m) {
    return m.name.find("likelihood") != std::string::npos || m.name.starts_with("kl");
  });
  report.highlights(std::span(first).first(std::min<std::size_t>(first.size(), 4)));
  for (const std::string& sentence : result.warnings) report.warning(sentence);
  const auto show = [&](const std::string& prefix) {
    for (const NamedPicture& named : pictures)
      if (named.file.starts_with(prefix)) report.picture(named.picture);
  };
  const bool images = !pictures.empty();
  if (images && (recipe.report.fantasies > 0 || recipe.measure.fantasies > 0)) {
    report.section("Fantasies");
    show("fantasies");
  }
  if (images && recipe.report.features > 0) {
    report.section("Features");
    show("features");
  }
  if (images) {
    report.section("Reconstructions");
    show("reconstructions");
    show("own-class");
    show("other-classes");
  }
  report.section("Measures");
  report.metrics(metrics, {options.command, recipe.seed});
  if (measures.mixing) {
    Series series{"", {}, measures.mixing->autocorrelation, {}, {}};
    for (std::size_t lag = 0; lag < series.y.size(); ++lag) series.x.push_back(static_cast<double>(lag));
    ChartOptions chart;
    chart.title = "Autocorrelation of free energies", chart.x_label = "Gibbs steps",
    chart.y_label = "correlation";
    report.line_chart(std::span(&series, 1), chart);
  }
  if (mixing) add_mixing(report, *mixing);
  report.section("Learning");
  add_curves(report, model);
  add_histograms(report, recipe, data, model, *options.team);
  report.section("Data");
  report.key_values(data_facts(data));
  show("cases");
  report.section("Recipe");
  report.preformatted(recipe_text(recipe), "Every key, as the model file keeps it.");
  report.write(path);
}

}  // namespace

RunResult run_one(const Recipe& recipe, const std::filesystem::path& folder, const RunOptions& options) {
  check_learning_folder(folder, options);
  const OutputFolder output(folder);
  const RecipeData data = load_recipe_data(recipe, *options.reporter);
  const auto model_path = folder / "model.safetensors";
  const TrainingFiles files{model_path, folder / "model.safetensors.checkpoint", folder / "history.jsonl",
                            folder / "timing.json"};
  RunResult result;
  result.folder = folder;
  check_run(recipe, data, *options.team);
  if (options.overwrite) clear_for_learning(folder);
  TrainingResult trained = train_model(recipe, data, files, options);
  const bool stopped = options.stop && options.stop->load();  // measuring is left to --resume
  if (!trained.finished || stopped) return result;
  remove_pictures(folder);

  if (trained.network) {
    finish_network_run(recipe, data, *trained.network, folder, options, result);
    return result;
  }
  const Model& model = trained.model;
  MeasureResult measures = measure_model(recipe, data, model, *options.team, *options.reporter);
  if (const auto greedy = greedy_path(model_path); std::filesystem::exists(greedy) && !recipe.is_machine)
    measure_greedy_recognition(recipe, data, load_model(greedy).net, *options.team, *options.reporter,
                               measures);
  auto pictures = run_pictures(recipe, data, model, *options.team, *options.reporter);
  if (!recipe.measure.one_class.empty()) {
    OneClassResult one_class = measure_one_class(recipe, data, model, *options.team, *options.reporter);
    for (Measurement& m : one_class.measurements) measures.measurements.push_back(std::move(m));
    if (const auto shape = image_shape(recipe, model, data.train))
      for (NamedPicture& picture : one_class_pictures(recipe, one_class, *shape))
        pictures.push_back(std::move(picture));
  }
  if (const auto shape = image_shape(recipe, model, data.train); recipe.report.movie && shape) {
    pictures.push_back(fantasy_movie(folder, recipe, model, *shape, *options.team, *options.reporter));
    result.files.push_back(folder / "fantasies-movie.gif");
  }
  if (recipe.measure.fantasies > 0) {
    FantasyQuality quality = measure_fantasies(recipe, data, model, folder, *options.team, *options.reporter);
    for (Measurement& m : quality.measurements) measures.measurements.push_back(std::move(m));
    measures.warnings.insert(measures.warnings.end(), quality.warnings.begin(), quality.warnings.end());
    if (const auto shape = image_shape(recipe, model, data.train))
      pictures.push_back(nearest_picture(quality, *shape));
  }
  std::optional<MixingJudgement> mixing;
  if (recipe.measure.mixing_chains > 0) {
    mixing = judge_mixing(recipe, data, model, model_path, *options.team, *options.reporter);
    for (const Measurement& m : mixing->measurements) measures.measurements.push_back(m);
    if (mixing->grade == MixingGrade::kDoesNotMix)
      measures.warnings.push_back(mixing->verdict);
    else
      options.reporter->say(mixing->verdict);
  }
  result.finished = true;
  result.measurements = measures.measurements;
  result.warnings = history_warnings(model, model.net.depth());
  result.warnings.insert(result.warnings.end(), measures.warnings.begin(), measures.warnings.end());
  for (const NamedPicture& named : pictures) write_png(folder / named.file, named.picture.image);
  write_metrics(folder / "metrics.json", recipe, model, result, mixing, options);
  write_report(folder / "report.html", recipe, data, model, result, measures, mixing, pictures, options);
  result.files.insert(result.files.begin(), {folder / "report.html", model_path});
  for (const NamedPicture& named : pictures)
    if (named.file.starts_with("fantasies") || named.file.starts_with("features-1"))
      result.files.push_back(folder / named.file);
  return result;
}

RunResult run_recipe(const Recipe& recipe, const std::filesystem::path& folder, const RunOptions& options) {
  if (!recipe.idea.name.empty()) return run_idea(recipe, folder, options);
  return recipe.variants.empty() && recipe.sweep_seeds.empty() ? run_one(recipe, folder, options)
                                                               : run_sweep(recipe, folder, options);
}

}  // namespace harmonium
