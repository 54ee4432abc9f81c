// What explains any model, whatever it is: where it comes from, the data that it learned from and its
// classes, and the history of its training. Every model file keeps these beside the parameters.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace harmonium {

/// The newest version of the format that is read. Files of an older version keep loading; a newer one is
/// refused with a sentence. A file is written in the oldest version that can hold it: 2 has nets with
/// separate recognition weights, 3 has deep Boltzmann machines, 4 has feed-forward nets.
inline constexpr int kModelFormatVersion = 4;

/// One line of the training history: measures by name after an epoch of the RBM that joins layers `layer` and
/// `layer + 1`. The stage in which all layers learn together counts as one more layer: its `layer` is the
/// net's depth; and fine-tuning as one more yet.
struct HistoryRecord {
  std::size_t layer = 0;
  std::uint64_t epoch = 0;  ///< finished epochs, from 1
  std::map<std::string, double> measures;
  std::vector<std::string> warnings;  ///< the doctor's sentences
};

/// What the records of `layer` are about, in a run that learns so many RBMs: "layer 2", "all layers",
/// "fine-tuning".
std::string stage_name(std::size_t layer, std::size_t rbms);

/// The last record of `layer`, or null.
const HistoryRecord* last_record(const std::vector<HistoryRecord>& history, std::size_t layer);

/// One line of JSON without a line end: {"layer": 0, "epoch": 1, "free_energy_gap": 0.3, ...}.
std::string history_line(const HistoryRecord& record);
/// The inverse; `where` names the text in errors. Throws InputError where it is no such line.
HistoryRecord history_record_from_line(const std::string& line, const std::string& where);

struct ModelFacts {
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
};

}  // namespace harmonium
