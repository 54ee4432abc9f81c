// A trained model on disk: one safetensors file with everything that is needed to use it and to explain it.
//
// docs/model-format.md describes the file for readers in other languages.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harmonium/models/deep_belief_net.h"

namespace harmonium {

/// The newest version of the format that is read. Files of an older version keep loading; a newer one is
/// refused with a sentence. A file is written in the oldest version that can hold it: 2 has nets with
/// separate recognition weights, 3 has deep Boltzmann machines.
inline constexpr int kModelFormatVersion = 3;

/// One line of the training history: measures by name after an epoch of the RBM that joins layers `layer` and
/// `layer + 1`. The stage in which all layers learn together counts as one more layer: its `layer` is the
/// net's depth.
struct HistoryRecord {
  std::size_t layer = 0;
  std::uint64_t epoch = 0;  ///< finished epochs, from 1
  std::map<std::string, double> measures;
  std::vector<std::string> warnings;  ///< the doctor's sentences
};

/// The last record of `layer`, or null.
const HistoryRecord* last_record(const std::vector<HistoryRecord>& history, std::size_t layer);

/// One line of JSON without a line end: {"layer": 0, "epoch": 1, "free_energy_gap": 0.3, ...}.
std::string history_line(const HistoryRecord& record);
/// The inverse; `where` names the text in errors. Throws InputError where it is no such line.
HistoryRecord history_record_from_line(const std::string& line, const std::string& where);

struct Model {
  /// The model, or the layers of the deep Boltzmann machine that it is (machine_of).
  DeepBeliefNet net;
  bool is_machine = false;
  /// The last iterate, where `net` holds the average over the last epochs.
  std::optional<DeepBeliefNet> last;

  std::uint64_t seed = 0;
  std::string precision = "f32";
  std::string recipe;     ///< the recipe's text, or empty
  std::string data_name;  ///< data set that it was trained on
  std::string data_hash;
  std::string schema;                                         ///< Schema::to_json of the data, or empty
  std::map<std::string, std::vector<float>> data_statistics;  ///< tensors "data.NAME" of the schema
  std::vector<std::string> classes;                           ///< names of the labels
  std::vector<HistoryRecord> history;

  /// Of label `label`; its number where the data had no names.
  std::string class_name(std::size_t label) const {
    return label < classes.size() ? classes[label] : std::to_string(label);
  }
  /// "rbm", "dbn" or "dbm".
  std::string kind() const { return is_machine ? "dbm" : net.depth() == 1 ? "rbm" : "dbn"; }
};

/// Writes atomically; equal models give equal bytes. Throws WorkError where the disk or the folder refuses.
void save_model(const std::filesystem::path& path, const Model& model);

/// Reads and checks a model. Throws InputError naming the file and what is wrong: not a safetensors file, not
/// harmonium's, of a newer version, tensors missing, of other shapes than the layers say, or not finite.
Model load_model(const std::filesystem::path& path);

}  // namespace harmonium
