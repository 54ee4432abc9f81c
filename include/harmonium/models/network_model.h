// A feed-forward net on disk, with the facts that explain it: what fine-tuning makes of a stack, and what
// `classify` and `encode` use on raw data. docs/model-format.md describes the file.
#pragma once

#include <filesystem>
#include <variant>

#include "harmonium/models/model_file.h"
#include "harmonium/models/network.h"

namespace harmonium {

struct NetworkModel : ModelFacts {
  Network network;
  NetworkTask task = NetworkTask::kClassify;

  /// The layer of codes, counted as `forward` does: that in the middle of an autoencoder, or the last one
  /// below the classes.
  std::size_t code_layer() const;
};

/// Writes atomically; equal models give equal bytes. Throws WorkError where the disk or the folder refuses.
void save_network_model(const std::filesystem::path& path, const NetworkModel& model);

/// Reads and checks a net. Throws InputError naming the file and what is wrong: not a model of harmonium, of
/// a newer version, no feed-forward net, tensors missing, of other shapes than the net's text says, or not
/// finite.
NetworkModel load_network_model(const std::filesystem::path& path);

/// Either kind of file, for what both can do.
using AnyModel = std::variant<Model, NetworkModel>;
/// Throws InputError as load_model and load_network_model.
AnyModel load_any_model(const std::filesystem::path& path);
/// What explains it. The argument must outlive the reference.
const ModelFacts& facts_of(const AnyModel& model);

}  // namespace harmonium
