// Variants and seeds of one recipe, side by side.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "harmonium/recipe/run.h"
#include "harmonium/render/report.h"

namespace harmonium {

/// One run into one folder (run.cpp).
RunResult run_one(const Recipe& recipe, const std::filesystem::path& folder, const RunOptions& options);

/// The recipe of a single run of `base`: of that variant, where one is given, and under that seed.
Recipe recipe_of(const Recipe& base, const RecipeVariant* variant, std::uint64_t seed);

/// Every variant with every seed, each in folder/VARIANT-SEED, then folder/report.html and
/// folder/metrics.json which compare them: the worst, the median and the best of the seeds for each measure.
RunResult run_sweep(const Recipe& recipe, const std::filesystem::path& folder, const RunOptions& options);

}  // namespace harmonium
