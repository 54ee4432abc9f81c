// A trained model on disk: one safetensors file with everything that is needed to use it and to explain it.
//
// docs/model-format.md describes the file for readers in other languages.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "harmonium/models/deep_belief_net.h"
#include "harmonium/models/model_facts.h"

namespace harmonium {

struct Model : ModelFacts {
  /// The model, or the layers of the deep Boltzmann machine that it is (machine_of).
  DeepBeliefNet net;
  bool is_machine = false;
  /// The last iterate, where `net` holds the average over the last epochs.
  std::optional<DeepBeliefNet> last;

  /// "rbm", "dbn" or "dbm".
  std::string kind() const { return is_machine ? "dbm" : net.depth() == 1 ? "rbm" : "dbn"; }
};

/// Writes atomically; equal models give equal bytes. Throws WorkError where the disk or the folder refuses.
void save_model(const std::filesystem::path& path, const Model& model);

/// Reads and checks a model. Throws InputError naming the file and what is wrong: not a safetensors file, not
/// harmonium's, of a newer version, tensors missing, of other shapes than the layers say, or not finite.
Model load_model(const std::filesystem::path& path);

}  // namespace harmonium
