// Who reads fantasies: a net of rectified units, or nearest neighbours.
#pragma once

#include <filesystem>

#include "harmonium/models/network.h"
#include "harmonium/recipe/training.h"

namespace harmonium {

/// A classifier with dropout, learned from the training cases of the recipe under a seed of its own; or what
/// is in `file`, where that was learned from the same data with the same settings. Keeps it there.
Network trained_reader(const Recipe& recipe, const Dataset& train, const std::filesystem::path& file,
                       ThreadTeam& team, Reporter& reporter);

}  // namespace harmonium
