#include "recipe/fantasy_pictures.h"

#include <algorithm>

#include "harmonium/render/movie.h"
#include "harmonium/samplers/generate.h"

namespace harmonium {
namespace {

constexpr std::size_t kChainsInSteps = 10;
constexpr std::uint64_t kFrames = 100;
constexpr double kFramesPerSecond = 10;

FantasyOptions options_of(const Recipe& recipe, Reporter& reporter) {
  FantasyOptions options;
  options.progress = [&reporter](double fraction) { reporter.working("sampling fantasies", fraction); };
  options.chains = recipe.report.fantasies;
  options.steps.assign(recipe.report.fantasy_steps.begin(), recipe.report.fantasy_steps.end());
  options.seed = recipe.seed;
  return options;
}

Image strip_of(const Fantasies& fantasies, ImageShape shape) {
  std::vector<LabelledRows> steps;
  for (std::size_t s = 0; s < fantasies.steps.size(); ++s)
    steps.push_back(
        {std::to_string(fantasies.steps[s]),
         fantasies.visible[s].view().row_block(0, std::min(kChainsInSteps, fantasies.visible[s].rows()))});
  return sheet_of_steps(steps, shape);
}

std::vector<NamedPicture> free_pictures(const Fantasies& fantasies, const std::string& start,
                                        ImageShape shape) {
  SheetOptions full_rows;
  full_rows.columns = columns_without_rest(fantasies.visible.back().rows());
  return {{"fantasies.png",
           {sheet_of_rows(fantasies.visible.back(), shape, full_rows), "Sheet of fantasies",
            "One fantasy from each of " + std::to_string(fantasies.visible.back().rows()) + " chains after " +
                std::to_string(fantasies.steps.back()) + " Gibbs steps from " + start +
                ": what the model believes in."}},
          {"fantasies-steps.png",
           {strip_of(fantasies, shape), "Fantasies over Gibbs steps",
            "Chains from " + start + "; above each column the number of Gibbs steps."}}};
}

NamedPicture class_picture(const Recipe& recipe, const Model& model, ImageShape shape, ThreadTeam& team,
                           Reporter& reporter) {
  const std::size_t classes = model.net.label_columns, each = recipe.report.fantasies_per_class;
  FantasyOptions options = options_of(recipe, reporter);
  options.chains = classes * each;
  options.labels = labels_of_each_class(classes, each);
  options.steps = {options.steps.back()};
  const Fantasies fantasies = fantasies_from_noise(model, options, team);
  std::vector<LabelledRows> sorts;
  for (std::size_t c = 0; c < classes; ++c)
    sorts.push_back({model.class_name(c), fantasies.visible.back().view().row_block(c * each, each)});
  SheetOptions sheet;
  sheet.columns = each;
  return {"fantasies-classes.png",
          {paired_sheet(sorts, shape, sheet), "Fantasies of each class",
           "Told a class, which its label units hold: chains from noise after " +
               std::to_string(options.steps.back()) + " Gibbs steps."}};
}

NamedPicture drift_picture(const Recipe& recipe, const RecipeData& data, const Model& model, ImageShape shape,
                           ThreadTeam& team, Reporter& reporter) {
  const auto cases = fetch_range(data.train, 0, kChainsInSteps, recipe.seed, 0, team);
  const Fantasies fantasies = fantasies_from_data(model, cases, options_of(recipe, reporter), team);
  return {
      "fantasies-drift.png",
      {strip_of(fantasies, shape), "Fantasies that start from training cases",
       "What becomes of training cases after an up-pass; above each column the number of Gibbs steps. Chains "
       "that stay what they are do not mix."}};
}

}  // namespace

std::vector<NamedPicture> fantasy_pictures(const Recipe& recipe, const RecipeData& data, const Model& model,
                                           ImageShape shape, ThreadTeam& team, Reporter& reporter) {
  const FantasyOptions options = options_of(recipe, reporter);
  const bool from_data = recipe.report.fantasy_start == "data";
  const auto fantasies =
      from_data ? fantasies_from_data(model, fetch_range(data.train, 0, options.chains, recipe.seed, 0, team),
                                      options, team)
                : fantasies_from_noise(model, options, team);
  auto pictures = free_pictures(fantasies, from_data ? "training cases" : "noise", shape);
  if (!from_data) pictures.push_back(drift_picture(recipe, data, model, shape, team, reporter));
  if (model.net.label_columns > 0 && recipe.report.fantasies_per_class > 0)
    pictures.push_back(class_picture(recipe, model, shape, team, reporter));
  return pictures;
}

NamedPicture fantasy_movie(const std::filesystem::path& folder, const Recipe& recipe, const Model& model,
                           ImageShape shape, ThreadTeam& team, Reporter& reporter) {
  const std::size_t classes = model.net.label_columns;
  FantasyOptions options = options_of(recipe, reporter);
  options.chains = std::max<std::size_t>(1, classes);
  options.labels = labels_of_each_class(classes, 1);
  options.keep_hidden = true;
  const std::uint64_t last =
      recipe.report.fantasy_steps.empty() ? kFrames : recipe.report.fantasy_steps.back();
  const std::uint64_t every = std::max<std::uint64_t>(1, last / kFrames);
  options.steps.clear();
  for (std::uint64_t step = 0; step <= last; step += every) options.steps.push_back(step);
  MovieOptions movie;
  movie.shape = shape;
  for (std::size_t c = 0; c < classes; ++c) movie.classes.push_back(model.class_name(c));
  return {"fantasies-movie.png",
          {write_movie(folder / "fantasies-movie.gif", fantasies_from_noise(model, options, team), movie,
                       kFramesPerSecond),
           "Chains with the states of the top layer beside them",
           "Moments of fantasies-movie.gif: what a chain shows, the states of the top layer, and the label "
           "units."}};
}

}  // namespace harmonium
