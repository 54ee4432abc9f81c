// The pictures of a run: cases, features, reconstructions, fantasies, curves.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harmonium/recipe/run.h"
#include "harmonium/render/report.h"
#include "harmonium/render/sheet.h"
#include "recipe/measure_fantasies.h"

namespace harmonium {

/// A picture that also becomes a file of its own.
struct NamedPicture {
  std::string file;  ///< "features-1.png"
  Picture picture;
};

/// Shape of the image that a case is, as the recipe or the data say, where it is one and fits the visible
/// layer.
std::optional<ImageShape> image_shape(const Recipe& recipe, const Model& model, const Dataset& data);
/// The same for a model that takes so many columns.
std::optional<ImageShape> image_shape(const Recipe& recipe, std::size_t columns, const Dataset& data);

/// A number of columns near 10 that leaves no row of a sheet half empty; 0 lets the sheet choose.
std::size_t columns_without_rest(std::size_t images);

/// All sheets of a finished run whose cases are images.
std::vector<NamedPicture> run_pictures(const Recipe& recipe, const RecipeData& data, const Model& model,
                                       ThreadTeam& team, Reporter& reporter);
/// The sheets of measure.one_class.
std::vector<NamedPicture> one_class_pictures(const Recipe& recipe, const OneClassResult& result,
                                             ImageShape shape);

/// The sheet of measure.fantasies: fantasies above the training cases that are nearest to them.
NamedPicture nearest_picture(const FantasyQuality& quality, ImageShape shape);

/// Curves of the history of each RBM, and histograms of its weights and activities.
void add_curves(Report& report, const Model& model);
void add_histograms(Report& report, const Recipe& recipe, const RecipeData& data, const Model& model,
                    ThreadTeam& team);

}  // namespace harmonium
