// The pictures of a run that show its fantasies: chains from noise or data, of each class, and a movie.
#pragma once

#include <filesystem>
#include <vector>

#include "recipe/pictures.h"

namespace harmonium {

/// Sheets of chains and of their steps ("fantasies.png", "fantasies-steps.png"), of what becomes of training
/// cases ("fantasies-drift.png") and, where the net has label units, of each class ("fantasies-classes.png").
std::vector<NamedPicture> fantasy_pictures(const Recipe& recipe, const RecipeData& data, const Model& model,
                                           ImageShape shape, ThreadTeam& team, Reporter& reporter);

/// Writes "fantasies-movie.gif" into `folder` and returns its sheet, "fantasies-movie.png".
NamedPicture fantasy_movie(const std::filesystem::path& folder, const Recipe& recipe, const Model& model,
                           ImageShape shape, ThreadTeam& team, Reporter& reporter);

}  // namespace harmonium
