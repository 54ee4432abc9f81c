#include "recipe/run_folder.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "harmonium/base/error.h"
#include "harmonium/io/read_file.h"
#include "io/json.h"
#include "recipe/idea.h"
#include "recipe/value.h"

namespace harmonium {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMetrics = "metrics.json";
constexpr const char* kAnew = "; give another place, or --force to run it anew.";

// What metrics.json tells of an idea's run.
struct IdeaRun {
  std::string seed;
  IdeaRecipe idea;
  std::vector<std::string> files;
};

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

// An object of metrics.json that has this member; none where the file is not there or not ours.
std::optional<Json> metrics_with(const fs::path& folder, const char* member) {
  constexpr std::uint64_t kLargest = std::uint64_t{1} << 26;
  std::error_code ignored;
  const fs::path path = folder / kMetrics;
  if (!fs::is_regular_file(path, ignored)) return std::nullopt;
  try {
    Json json = parse_json(read_file(path, kLargest), path.string());
    if (json.is_object() && json.contains(member)) return json;
  } catch (const InputError&) {
  }
  return std::nullopt;
}

std::optional<IdeaRun> idea_run_in(const fs::path& folder) {
  const auto json = metrics_with(folder, "idea");
  if (!json) return std::nullopt;
  try {
    IdeaRun run;
    run.seed = json->at("seed").get<std::string>();
    run.idea.name = json->at("idea").at("name").get<std::string>();
    for (const auto& [key, value] : json->at("idea").at("settings").items())
      run.idea.settings[key] = value.get<double>();
    if (json->contains("files")) run.files = json->at("files").get<std::vector<std::string>>();
    return run;
  } catch (const Json::exception&) {
    return std::nullopt;  // no file of ours
  }
}

// The name of the recipe whose runs are compared in the folder.
std::optional<std::string> comparison_in(const fs::path& folder) {
  const auto json = metrics_with(folder, "variants");
  if (!json) return std::nullopt;
  const auto name = json->find("name");
  return name != json->end() && name->is_string() ? name->get<std::string>() : "";
}

// The first of a learning run's own files, finished or not.
std::optional<fs::path> learning_run_in(const fs::path& folder) {
  for (const char* file : {"model.safetensors", "model.safetensors.checkpoint"})
    if (is_there(folder / file)) return folder / file;
  return std::nullopt;
}

// A model without a history beside it, or a history without a model, is not of a run.
bool is_learning_run(const fs::path& folder) {
  return is_there(folder / "history.jsonl") && learning_run_in(folder);
}

// "idea.chains = 16 and not 3", of the first key in which a run differs from a recipe.
std::string difference(const IdeaRun& run, const Recipe& recipe) {
  if (run.idea.name != recipe.idea.name)
    return "idea.name = " + value_text(run.idea.name) + " and not " + value_text(recipe.idea.name);
  if (const std::string seed = std::to_string(recipe.seed); run.seed != seed)
    return "seed = " + run.seed + " and not " + seed;
  for (const auto& [key, value] : recipe.idea.settings) {
    const auto found = run.idea.settings.find(key);
    if (found == run.idea.settings.end()) return "no idea." + key;
    if (found->second != value)
      return "idea." + key + " = " + idea_value_text(found->second) + " and not " + idea_value_text(value);
  }
  return {};
}

std::string features_file(int layer) {
  return "features-" + std::to_string(layer) + ".png";
}

// A name that a file lists may not lead out of its folder.
void remove_file(const fs::path& folder, const std::string& name) {
  std::error_code ignored;
  if (name.empty() || name == ".." || name != fs::path(name).filename()) return;
  if (fs::is_regular_file(folder / name, ignored)) fs::remove(folder / name, ignored);
}

// What `run` leaves of learning, sheets included.
void remove_learning_run(const fs::path& folder) {
  static constexpr std::array kFiles = {"model.safetensors",
                                        "model.safetensors.checkpoint",
                                        "model.safetensors.snapshots.safetensors",
                                        "model.safetensors.greedy.safetensors",
                                        "model.safetensors.stack.safetensors",
                                        "reader.safetensors",
                                        "history.jsonl",
                                        "timing.json",
                                        "report.html",
                                        kMetrics};
  for (const char* file : kFiles) remove_file(folder, file);
  remove_pictures(folder);
}

void remove_report(const fs::path& folder) {
  remove_file(folder, "report.html");
  remove_file(folder, kMetrics);
}

void remove_idea_run(const fs::path& folder) {
  const auto run = idea_run_in(folder);
  if (!run) return;
  for (const std::string& file : run->files) remove_file(folder, file);
  remove_report(folder);
}

void refuse_idea(const fs::path& folder) {
  if (const auto run = idea_run_in(folder))
    throw InputError((folder / kMetrics).string() + ": is of the idea " + run->idea.name +
                     ", which learns from no data" + kAnew);
}

}  // namespace

void check_idea_folder(const Recipe& recipe, const fs::path& folder, const RunOptions& options) {
  if (options.overwrite) return;
  if (const auto file = learning_run_in(folder))
    throw InputError(file->string() +
                     ": is of a run that learns from data, which an idea does not go on with" + kAnew);
  const fs::path metrics = folder / kMetrics;
  if (!is_there(metrics)) return;
  const auto run = idea_run_in(folder);
  if (!options.resume || !run) throw InputError(metrics.string() + ": is there already" + kAnew);
  if (const std::string other = difference(*run, recipe); !other.empty())
    throw InputError(metrics.string() + ": is finished, but was run with " + other + kAnew);
}

void clear_for_idea(const fs::path& folder) {
  if (idea_run_in(folder)) return remove_idea_run(folder);
  if (is_learning_run(folder)) remove_learning_run(folder);
}

void check_learning_folder(const fs::path& folder, const RunOptions& options) {
  if (options.overwrite) return;
  refuse_idea(folder);
  if (comparison_in(folder))
    throw InputError((folder / kMetrics).string() +
                     ": compares several runs, which one run would write over" + kAnew);
}

void clear_for_learning(const fs::path& folder) {
  remove_idea_run(folder);
  if (comparison_in(folder)) remove_report(folder);
}

void remove_pictures(const fs::path& folder) {
  static constexpr std::array kFiles = {
      "cases.png",           "reconstructions.png",   "own-class.png",
      "other-classes.png",   "mistakes.png",          "features-before.png",
      "fantasies.png",       "fantasies-steps.png",   "fantasies-classes.png",
      "fantasies-drift.png", "fantasies-nearest.png", "fantasies-movie.png",
      "fantasies-movie.gif"};
  for (const char* file : kFiles) remove_file(folder, file);
  for (int layer = 1; is_there(folder / features_file(layer)); ++layer)
    remove_file(folder, features_file(layer));
}

void check_comparison_folder(const Recipe& recipe, const fs::path& folder, const RunOptions& options) {
  if (options.overwrite) return;
  refuse_idea(folder);
  if (const auto name = comparison_in(folder); name && (*name != recipe.name || !options.resume))
    throw InputError(
        (folder / kMetrics).string() + ": is there already, of the finished comparison \"" + *name + "\"" +
        (*name == recipe.name ? "; go on with it by --resume, or give --force to run it anew." : kAnew));
  if (is_learning_run(folder))
    throw InputError(learning_run_in(folder)->string() +
                     ": is of a single run, whose report a comparison would write over" + kAnew);
}

void clear_for_comparison(const fs::path& folder) {
  clear_for_learning(folder);
  if (is_learning_run(folder)) remove_learning_run(folder);
}

}  // namespace harmonium
