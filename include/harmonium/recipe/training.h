// A recipe turned into a trained model, with checkpoints and a history: the part that `run` and `train`
// share.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "harmonium/data/dataset.h"
#include "harmonium/models/network_model.h"
#include "harmonium/recipe/recipe.h"
#include "harmonium/train/loop.h"

namespace harmonium {

/// What a run tells while it works. The command line prints it on standard error; the default says nothing.
class Reporter {
 public:
  virtual ~Reporter() = default;
  /// One line of information ("60,000 cases of mnist").
  virtual void say(const std::string& /*line*/) {}
  /// A sentence that asks for attention.
  virtual void warn(const std::string& /*sentence*/) {}
  /// `layer` of `layers` RBMs is under way, or a stage after them (stage_name).
  virtual void training(std::size_t /*layer*/, std::size_t /*layers*/, const LoopProgress& /*progress*/,
                        std::size_t /*cases_per_batch*/, std::size_t /*cases*/) {}
  virtual void epoch_done(const HistoryRecord& /*record*/) {}
  /// Learning is done and saved. What follows can be had again by resuming, so nothing is lost by ending now.
  virtual void learned() {}
  /// Work without epochs: what is done, and which fraction of it.
  virtual void working(const std::string& /*what*/, double /*fraction*/) {}
};

/// Where a run leaves its files, and how it behaves.
struct RunOptions {
  bool resume = false;     ///< go on from a checkpoint where there is one
  bool overwrite = false;  ///< allow a finished model in the same place
  ThreadTeam* team = nullptr;
  Reporter* reporter = nullptr;
  const std::atomic<bool>* stop = nullptr;  ///< set by Ctrl-C: save and end
  std::string command;                      ///< as typed, for reports
};

/// The data of a recipe.
struct RecipeData {
  Dataset train;
  std::optional<Dataset> held_out, test;

  /// The cases that judge and were not learned: test cases, else held-out ones, else null.
  const Dataset* apart() const { return test ? &*test : held_out ? &*held_out : nullptr; }
  /// The cases that judge, training cases where there are no others, and their name in measures.
  const Dataset& judged() const { return apart() ? *apart() : train; }
  std::string judged_name() const { return test ? "test" : held_out ? "held_out" : "train"; }
};
RecipeData load_recipe_data(const Recipe& recipe, Reporter& reporter);

/// Layers of the recipe with "data" resolved, and whether there are label units.
struct ResolvedLayers {
  std::vector<LayerSpec> layers;
  bool labels = false;
};
/// Throws InputError where these layers and labels are none that model.kind has.
ResolvedLayers resolve_layers(const Recipe& recipe, const Dataset& train);

/// The stack that greedy learning learns: of the layers themselves, or of those doubled for a deep Boltzmann
/// machine.
DeepBeliefNet greedy_net(const Recipe& recipe, const ResolvedLayers& resolved);

/// Files of one training run: MODEL, MODEL.checkpoint while it is unfinished, MODEL.history.jsonl; and where
/// the time of learning is kept, if anywhere.
struct TrainingFiles {
  std::filesystem::path model, checkpoint, history, timing = {};
  static TrainingFiles beside(const std::filesystem::path& model);
};

/// Where a run whose layers all go on to learn together keeps what greedy learning made of them:
/// MODEL.greedy.safetensors.
std::filesystem::path greedy_path(const std::filesystem::path& model);

/// Where a run that is fine-tuned keeps the stack from which it was: MODEL.stack.safetensors.
std::filesystem::path stack_path(const std::filesystem::path& model);

struct TrainingResult {
  bool finished = false;                ///< false: stopped after a checkpoint
  Model model;                          ///< of a run without fine-tuning
  std::optional<NetworkModel> network;  ///< of one with it
  const ModelFacts& facts() const {
    return network ? static_cast<const ModelFacts&>(*network) : static_cast<const ModelFacts&>(model);
  }
  double seconds = 0;  ///< of learning, with those parts before this call that files.timing knows of
};

/// Refuses before hours of work what would be refused after some of them: layers that do not fit the data,
/// options that a layer cannot have, measures that the model cannot have. Throws InputError.
void check_run(const Recipe& recipe, const RecipeData& data, ThreadTeam& team);

/// Trains as the recipe says and writes the files; with options.resume a finished model is read instead.
/// Throws InputError for what the recipe or the data have wrong, where a finished model is there already
/// (unless options.overwrite or resume), or where what is there belongs to another recipe or other data;
/// WorkError where files cannot be written or learning diverged.
TrainingResult train_model(const Recipe& recipe, const RecipeData& data, const TrainingFiles& files,
                           const RunOptions& options);

}  // namespace harmonium
