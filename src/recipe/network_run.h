// The end of a run whose result is a feed-forward net: measures, pictures, metrics.json and report.html.
#pragma once

#include <filesystem>

#include "harmonium/models/network_model.h"
#include "harmonium/recipe/run.h"

namespace harmonium {

/// Fills `result` and writes the files into `folder`.
void finish_network_run(const Recipe& recipe, const RecipeData& data, const NetworkModel& model,
                        const std::filesystem::path& folder, const RunOptions& options, RunResult& result);

}  // namespace harmonium
