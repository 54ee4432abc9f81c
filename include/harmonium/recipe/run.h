// A whole experiment: data, training, measures, pictures, report.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "harmonium/recipe/measures.h"
#include "harmonium/recipe/training.h"
#include "harmonium/render/sheet.h"

namespace harmonium {

/// What a run left behind.
struct RunResult {
  bool finished = false;  ///< false: stopped by Ctrl-C after a checkpoint
  std::vector<Measurement> measurements;
  std::vector<std::string> warnings;
  std::optional<NetworkTask> task;  ///< of the net that was fine-tuned, where one was
  std::filesystem::path folder;
  std::vector<std::filesystem::path> files;  ///< model, report, pictures; those that a person opens
};

/// Runs `recipe` into `folder`: model.safetensors, history.jsonl, metrics.json, timing.json, report.html and
/// sheets as PNG. With variants or seeds of a sweep each has a folder of its own below, and the report
/// compares them. A recipe of an idea leaves metrics.json, report.html and its charts as SVG. An interrupted
/// run leaves model.safetensors.checkpoint, from which options.resume goes on. Throws InputError for wrong
/// recipes or data and where a finished run is there already (unless options.overwrite or resume), WorkError
/// where the folder cannot be written or learning diverged.
RunResult run_recipe(const Recipe& recipe, const std::filesystem::path& folder, const RunOptions& options);

/// Incoming weights of the first `most` hidden units of RBM `layer` (from 0) as images of `shape`; for upper
/// layers the product of the weights below, which is what a unit adds up to in pixels to a first
/// approximation.
Image feature_sheet(const DeepBeliefNet& net, std::size_t layer, ImageShape shape, std::size_t most);

}  // namespace harmonium
