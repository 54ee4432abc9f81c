#include "recipe/pictures.h"

#include <algorithm>
#include <numeric>

#include "harmonium/kernels/products.h"
#include "harmonium/measure/reconstruction.h"
#include "harmonium/measure/statistics.h"
#include "harmonium/models/mean_field.h"
#include "harmonium/render/number.h"
#include "recipe/fantasy_pictures.h"
#include "recipe/report_parts.h"

namespace harmonium {
namespace {

constexpr std::size_t kCasesShown = 100, kPairsShown = 20;

std::string layer_name(const DeepBeliefNet& net, std::size_t layer) {
  return "layer " + std::to_string(layer + 1) + " (" + net.layer(layer).spec.to_string() + " to " +
         net.layer(layer + 1).spec.to_string() + ")";
}

Matrix<float> first_cases(const Dataset& data, std::size_t count, std::uint64_t seed, ThreadTeam& team) {
  return fetch_range(data, 0, count, seed, 0, team);
}

Picture cases_picture(const RecipeData& data, std::uint64_t seed, ImageShape shape, ThreadTeam& team) {
  const auto cases = first_cases(data.train, kCasesShown, seed, team);
  SheetOptions full_rows;
  full_rows.columns = columns_without_rest(cases.rows());
  return {sheet_of_rows(cases, shape, full_rows), "Sheet of training cases",
          "The first training cases, as the model sees them."};
}

Picture reconstruction_picture(const RecipeData& data, const Model& model, std::uint64_t seed,
                               ImageShape shape, ThreadTeam& team) {
  const Dataset& set = data.test ? *data.test : data.train;
  const auto cases = first_cases(set, kPairsShown, seed, team);
  std::vector<Matrix<float>> back;
  std::vector<LabelledRows> rows = {{"data", cases}};
  if (model.is_machine) back.push_back(reconstruct(model, cases, team));
  for (std::size_t depth = 1; !model.is_machine && depth <= model.net.depth(); ++depth)
    back.push_back(reconstruct(model.net, depth, cases, team));
  for (std::size_t depth = 1; depth <= back.size(); ++depth)
    rows.push_back({back.size() == 1 ? "back" : "from " + std::to_string(depth), back[depth - 1]});
  return {paired_sheet(rows, shape), "Cases above their reconstructions",
          std::string(data.test ? "Test" : "Training") +
              " cases, and below them the means of the visible layer after " +
              (model.is_machine ? "mean field of all layers." : "an up-pass to each layer and back.")};
}

// Means of layer `layer`, by mean field or an up-pass.
Matrix<float> hidden_means(const Model& model, std::size_t layer, const Matrix<float>& cases,
                           ThreadTeam& team) {
  if (model.is_machine) return std::move(mean_field(machine_of(model.net), cases, {}, team).means[layer - 1]);
  return up_pass(model.net, 0, layer, cases, States::kMeans, Noise(0, Stream::kMeasure, 0), {}, team);
}

void add_joint_curves(Report& report, const Model& model) {
  const std::size_t all = model.net.depth();
  const auto rate = [&](const char* measure, const char* name) {
    return series_of(model, all, measure, name);
  };
  if (rate("reconstruction_error", "").x.empty()) return;
  report.subsection("Learning of all layers together");
  add_chart(report, {rate("error", "training"), rate("error_held_out", "held out")}, "Misread labels",
            "fraction of cases", "By the exact free energy of each label, after an up-pass of means.");
  add_chart(report,
            {rate("reconstruction_error", "training"), rate("reconstruction_error_held_out", "held out")},
            "Reconstruction error", "squared error per case",
            "Up and down through all layers; not what is learned.");
  add_chart(report, {rate("free_energy_gap", "held out against training")}, "Free energy gap", "nats",
            "Mean bound on log p + log Z of training cases minus that of held-out ones: what grows is "
            "overfitting.");
}

}  // namespace

std::size_t columns_without_rest(std::size_t images) {
  for (const std::size_t columns : {10u, 12u, 8u, 9u, 11u, 14u, 15u, 16u})
    if (images % columns == 0) return columns;
  return 0;
}

std::optional<ImageShape> image_shape(const Recipe& recipe, const Model& model, const Dataset& data) {
  return image_shape(recipe, model.net.columns(0), data);
}

std::optional<ImageShape> image_shape(const Recipe& recipe, std::size_t columns, const Dataset& data) {
  const auto shape = recipe.report.image_shape.empty() ? data.image_shape() : recipe.report.image_shape;
  if (shape.size() != 2 || shape[0] * shape[1] != columns) return std::nullopt;
  return ImageShape{shape[0], shape[1]};
}

Image feature_sheet(const DeepBeliefNet& net, std::size_t layer, ImageShape shape, std::size_t most) {
  const Rbm& rbm = net.rbms[layer];
  const std::size_t units = std::min(most, rbm.hidden_columns());
  Matrix<float> weights(net.columns(layer), units);
  for (std::size_t i = 0; i < weights.rows(); ++i)
    std::copy_n(rbm.weights.row(i).data(), units, weights.row(i).data());
  for (std::size_t below = layer; below-- > 0;) {
    Matrix<float> seen(net.columns(below), units);
    const auto lower = net.rbms[below].weights.view();
    product(lower.row_block(0, net.columns(below)), weights, seen);
    weights = std::move(seen);
  }
  SheetOptions options = weight_options();
  options.columns = columns_without_rest(units);
  if (layer > 0) options.scaling = SheetScaling::kTile, options.colour_bar = false;
  return sheet_of_columns(weights, shape, options);
}

std::vector<NamedPicture> run_pictures(const Recipe& recipe, const RecipeData& data, const Model& model,
                                       ThreadTeam& team, Reporter& reporter) {
  std::vector<NamedPicture> pictures;
  const auto shape = image_shape(recipe, model, data.train);
  if (!shape) return pictures;
  reporter.working("drawing", 0.0);
  pictures.push_back({"cases.png", cases_picture(data, recipe.seed, *shape, team)});
  for (std::size_t n = 0; n < model.net.depth() && recipe.report.features > 0; ++n)
    pictures.push_back(
        {"features-" + std::to_string(n + 1) + ".png",
         {feature_sheet(model.net, n, *shape, recipe.report.features),
          "Features of " + layer_name(model.net, n),
          n == 0 ? "Incoming weights of hidden units of " + layer_name(model.net, n) + "."
                 : "What units of " + layer_name(model.net, n) +
                       " add up to in pixels: the product of the weights below, each on its own scale."}});
  pictures.push_back({"reconstructions.png", reconstruction_picture(data, model, recipe.seed, *shape, team)});
  if (recipe.report.fantasies > 0 && !recipe.report.fantasy_steps.empty())
    for (NamedPicture& picture : fantasy_pictures(recipe, data, model, *shape, team, reporter))
      pictures.push_back(std::move(picture));
  reporter.working("drawing", 1.0);
  return pictures;
}

std::vector<NamedPicture> one_class_pictures(const Recipe& recipe, const OneClassResult& result,
                                             ImageShape shape) {
  const auto pairs = [&](const Matrix<float>& cases, const Matrix<float>& back) {
    const std::size_t shown = std::min(kPairsShown, cases.rows());
    const std::vector<LabelledRows> rows = {{"data", cases.view().row_block(0, shown)},
                                            {"back", back.view().row_block(0, shown)}};
    return paired_sheet(rows, shape);
  };
  const std::string& name = recipe.measure.one_class;
  return {
      {"own-class.png",
       {pairs(result.own, result.own_reconstruction), "Unseen cases of the class above their reconstructions",
        "Unseen cases of class " + name + ", and what the model makes of them."}},
      {"other-classes.png",
       {pairs(result.others, result.others_reconstruction),
        "Cases of other classes above their reconstructions",
        "Cases of classes that the model has never seen: it pulls them towards a " + name + "."}}};
}

NamedPicture nearest_picture(const FantasyQuality& quality, ImageShape shape) {
  const std::vector<LabelledRows> rows = {{"fantasy", quality.shown}, {"nearest", quality.nearest}};
  SheetOptions options;
  if (quality.classes > 1 && quality.classes <= 16) options.columns = quality.classes;  // a class in a column
  return {"fantasies-nearest.png",
          {paired_sheet(rows, shape, options), "Fantasies above their nearest training cases",
           std::string("Fantasies") + (quality.classes > 0 ? ", the labels in turn held," : "") +
               " and below each the training case that is nearest to it: what the model has learned by heart "
               "would be twins."}};
}

void add_curves(Report& report, const Model& model) {
  add_joint_curves(report, model);
  for (std::size_t n = 0; n < model.net.depth(); ++n) {
    report.subsection("Learning of " + layer_name(model.net, n));
    add_chart(report,
              {series_of(model, n, "reconstruction_error", "training"),
               series_of(model, n, "reconstruction_error_held_out", "held out")},
              "Reconstruction error", "squared error per case",
              "Cheap to watch, and not what is learned: a better model may reconstruct worse.");
    add_chart(report,
              {series_of(model, n, "log_likelihood", "log-likelihood"),
               series_of(model, n, "pseudo_log_likelihood", "pseudo-log-likelihood")},
              "Likelihood", "nats", "");
    add_chart(report,
              {series_of(model, n, "free_energy_train", "training"),
               series_of(model, n, "free_energy_held_out", "held out"),
               series_of(model, n, "free_energy_fantasies", "fantasies")},
              "Free energy", "nats",
              "A gap that grows between held-out and training cases is overfitting (Hinton 2010, section 6); "
              "fantasies "
              "far below the data are chains that do not mix.");
    add_chart(report, {series_of(model, n, "update_ratio", "update / weights")}, "Size of updates",
              "of the weights", "About 0.001 is healthy (Hinton 2010, section 7).");
  }
}

void add_histograms(Report& report, const Recipe& recipe, const RecipeData& data, const Model& model,
                    ThreadTeam& team) {
  report.details("Weights and activities", [&](Report& inner) {
    const auto cases = first_cases(data.train, 1000, recipe.seed, team);
    Matrix<float> below;
    for (std::size_t n = 0; n < model.net.depth(); ++n) {
      const Rbm& rbm = model.net.rbms[n];
      const std::vector<double> weights(rbm.weights.values().begin(), rbm.weights.values().end());
      ChartOptions options;
      options.title = "Weights of " + layer_name(model.net, n), options.x_label = "weight",
      options.log_y = true;
      inner.histogram(weights, 60, options);
      below = hidden_means(model, n + 1, cases, team);
      const auto activities = column_means(below);
      options.title = "Mean activity of hidden units of " + layer_name(model.net, n),
      options.x_label = "mean activity";
      options.log_y = false;
      inner.histogram(activities, 40, options);
    }
  });
}

}  // namespace harmonium
