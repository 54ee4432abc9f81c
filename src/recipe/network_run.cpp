#include "recipe/network_run.h"

#include <algorithm>

#include "harmonium/io/atomic_file.h"
#include "harmonium/render/number.h"
#include "recipe/measure_network.h"
#include "recipe/output.h"
#include "recipe/pictures.h"
#include "recipe/report_parts.h"

namespace harmonium {
namespace {

constexpr const char *kMistakes = "mistakes.png", *kReconstructions = "reconstructions.png";

Picture first_features(const Network& network, ImageShape shape, std::size_t most, const char* when) {
  const ConstMatrixView<float> weights = network.layers.front().weights;
  const std::size_t units = std::min(most, weights.cols());
  SheetOptions options = weight_options();
  options.columns = columns_without_rest(units);
  return {sheet_of_columns(weights.col_block(0, units), shape, options),
          std::string("Features of the first layer ") + when,
          std::string("Incoming weights of units of the first layer, ") + when + "."};
}

std::vector<NamedPicture> network_pictures(const Recipe& recipe, const RecipeData& data,
                                           const NetworkModel& model, const NetworkMeasures& measures,
                                           const std::filesystem::path& folder) {
  std::vector<NamedPicture> pictures;
  const auto shape = image_shape(recipe, model.network.inputs(), data.train);
  if (!shape) return pictures;
  if (measures.mistakes.rows() > 0) {
    SheetOptions options;
    options.columns = 10;
    options.captions = measures.captions;
    pictures.push_back({kMistakes,
                        {sheet_of_rows(measures.mistakes, *shape, options), "Sheet of misread cases",
                         "The worst mistakes: cases whose own label the net thinks least likely, with the "
                         "label and what was read."}});
  }
  if (measures.cases.rows() > 0) {
    const std::vector<LabelledRows> rows = {
        {"data", measures.cases}, {"net", measures.back}, {"PCA", measures.pca}};
    pictures.push_back({kReconstructions,
                        {paired_sheet(std::span(rows).first(measures.pca.rows() > 0 ? 3 : 2), *shape),
                         "Cases above their reconstructions",
                         "Cases, what the net makes of their codes, and below that what as many principal "
                         "components do."}});
  }
  if (recipe.report.features == 0) return pictures;
  if (starts_at_random(recipe)) {
    pictures.push_back({"features-1.png",
                        first_features(model.network, *shape, recipe.report.features, "as it was learned")});
    return pictures;
  }
  const std::string own = stack_path(folder / "model.safetensors").string(),
                    file = stack_file(recipe).value_or(own);
  // The stack may have gone elsewhere when a finished run is measured again.
  if (std::error_code ignored; std::filesystem::exists(file, ignored))
    if (const Model stack = load_model(file); stack.net.columns(0) == model.network.inputs())
      pictures.push_back(
          {"features-before.png", first_features(recognition_network(stack.net), *shape,
                                                 recipe.report.features, "before fine-tuning")});
  pictures.push_back(
      {"features-1.png", first_features(model.network, *shape, recipe.report.features, "after fine-tuning")});
  return pictures;
}

void add_confusion(Report& report, const NetworkModel& model, const Classification& judged) {
  constexpr std::size_t kMostClasses = 30;  // more make no table that is read
  const std::size_t classes = judged.confusion.rows();
  if (judged.cases == 0 || classes > kMostClasses) return;
  ReportTable table{"Which class is read as which: a row is a label, a column what was read", {"label"}, {}};
  for (std::size_t c = 0; c < classes; ++c) table.header.push_back(model.class_name(c));
  for (std::size_t r = 0; r < classes; ++r) {
    std::vector<std::string> row = {model.class_name(r)};
    for (std::size_t c = 0; c < classes; ++c) {
      const std::size_t count = judged.confusion(r, c);
      row.push_back(count > 0 ? std::to_string(count) : "");
    }
    table.rows.push_back(std::move(row));
  }
  report.table(table);
}

void add_calibration(Report& report, const Classification& judged) {
  Series read{"read rightly", {}, {}, {}, {}}, perfect{"as confident as right", {}, {}, {}, {}};
  for (const ConfidenceBin& bin : judged.bins) {
    read.x.push_back(bin.confidence), read.y.push_back(bin.right);
    perfect.x.push_back(bin.confidence), perfect.y.push_back(bin.confidence);
  }
  if (read.x.size() < 2) return;
  ChartOptions chart;
  chart.title = "Calibration", chart.x_label = "confidence", chart.y_label = "fraction read rightly";
  const std::vector<Series> series = {read, perfect};
  report.line_chart(series, chart,
                    "Cases in ten ranges of the probability of the likeliest class, and how many of them are "
                    "read rightly.");
}

void add_learning(Report& report, const ModelFacts& facts, std::size_t stage) {
  const auto rate = [&](const char* measure, const char* name) {
    return series_of(facts, stage, measure, name);
  };
  add_chart(report, {rate("error", "training"), rate("error_held_out", "held out")}, "Misread labels",
            "fraction of cases", "");
  add_chart(report,
            {rate("reconstruction_error", "training"), rate("reconstruction_error_held_out", "held out")},
            "Reconstruction error", "squared error per case", "");
  add_chart(report, {rate("cross_entropy", "training"), rate("cross_entropy_held_out", "held out")},
            "Cross-entropy", "nats", "What is learned.");
  add_chart(report, {rate("update_ratio", "update / weights")}, "Size of updates", "of the weights", "");
}

void write_report(const Recipe& recipe, const RecipeData& data, const NetworkModel& model,
                  const NetworkMeasures& measures, const std::vector<NamedPicture>& pictures,
                  const RunResult& result, const std::filesystem::path& path, const std::string& command) {
  Report report(recipe.title.empty() ? recipe.name : recipe.title,
                model.network.to_string() + ", " + number_text(static_cast<double>(data.train.size()), 9) +
                    " cases of " + model.data_name);
  const auto metrics = metrics_of(result.measurements);
  report.highlights(std::span(metrics).first(std::min<std::size_t>(metrics.size(), 4)));
  for (const std::string& sentence : result.warnings) report.warning(sentence);
  const auto show = [&](const std::string& prefix) {
    for (const NamedPicture& named : pictures)
      if (named.file.starts_with(prefix)) report.picture(named.picture);
  };
  if (model.task == NetworkTask::kClassify) {
    report.section("Mistakes");
    show(kMistakes);
    add_confusion(report, model, measures.judged);
    add_calibration(report, measures.judged);
  } else if (!pictures.empty()) {
    report.section("Reconstructions");
    show(kReconstructions);
  }
  if (!pictures.empty() && recipe.report.features > 0) {
    report.section("Features");
    show("features");
  }
  report.section("Measures");
  report.metrics(metrics, {command, recipe.seed});
  report.section("Learning");
  add_learning(report, model, model.code_layer() + 1);
  report.section("Data");
  report.key_values(data_facts(data));
  report.section("Recipe");
  report.preformatted(recipe_text(recipe), "Every key, as the model file keeps it.");
  report.write(path);
}

}  // namespace

void finish_network_run(const Recipe& recipe, const RecipeData& data, const NetworkModel& model,
                        const std::filesystem::path& folder, const RunOptions& options, RunResult& result) {
  const NetworkMeasures measures = measure_network(recipe, data, model, *options.team, *options.reporter);
  const auto pictures = network_pictures(recipe, data, model, measures, folder);
  result.finished = true;
  result.task = model.task;
  result.measurements = measures.measurements;
  result.warnings = history_warnings(model, model.code_layer());
  for (const NamedPicture& named : pictures) write_png(folder / named.file, named.picture.image);
  const Json json = metrics_json(recipe, model, model.network.to_string(), result, options.command);
  write_file_atomically(folder / "metrics.json", dump_json(json, 2) + "\n");
  write_report(recipe, data, model, measures, pictures, result, folder / "report.html", options.command);
  result.files = {folder / "report.html", folder / "model.safetensors"};
  for (const NamedPicture& named : pictures) result.files.push_back(folder / named.file);
}

}  // namespace harmonium
