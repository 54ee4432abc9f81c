#include "train/checkpoint.h"

#include <algorithm>
#include <sstream>

#include "harmonium/base/error.h"

namespace harmonium {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(std::move(line));
  return lines;
}

// " (A and not B)" of the first lines that only one of two recipes has.
std::string line_difference(const std::string& a, const std::string& b) {
  const auto own_line = [](const std::string& text, const std::string& other) -> std::string {
    const auto lines = lines_of(text), others = lines_of(other);
    for (const std::string& line : lines)
      if (std::find(others.begin(), others.end(), line) == others.end())
        return line.starts_with("# ") ? line.substr(2) : line;
    return {};
  };
  const std::string own = own_line(a, b), other = own_line(b, a);
  if (own.empty() && other.empty()) return " (the same keys in other [[layer]] tables)";
  const auto shown = [](const std::string& line) { return line.empty() ? "nothing like it" : line; };
  return " (" + shown(own) + " and not " + shown(other) + ")";
}

}  // namespace

Json checkpoint_header(const TensorFile& file) {
  return parse_json(file.require_metadata(kCheckpointKey), file.path);
}

Json start_header(const std::string& recipe, std::size_t cases, const LoopPosition& position,
                  const std::vector<HistoryRecord>& history) {
  Json header = {
      {"format_version", kCheckpointVersion},
      {"recipe", recipe},
      {"cases", cases},
      {"epoch", position.epoch},
      {"batch", position.batch},
      {"update", position.update},
  };
  header["history"] = Json::array();
  for (const HistoryRecord& record : history) header["history"].push_back(history_line(record));
  return header;
}

void check_header(const Json& header, const std::string& path, const std::string& recipe, std::size_t cases) {
  if (whole_number_of(header, "format_version", path) != kCheckpointVersion)
    throw InputError(path + ": was written by another version of harmonium; start the run again.");
  const auto own = header.at("recipe").get<std::string>();
  if (own != recipe)
    throw InputError(path + ": belongs to another recipe or other data than those given" +
                     line_difference(own, recipe) +
                     "; resume with what began the run, or start anew in another folder.");
  const std::uint64_t own_cases = whole_number_of(header, "cases", path);
  if (own_cases != cases)
    throw InputError(path + ": belongs to a run on " + std::to_string(own_cases) +
                     " cases, but the data have " + std::to_string(cases) +
                     " now; resume with the data that began the run, or start anew in another folder.");
}

LoopPosition position_of(const Json& header, const std::string& path, std::uint64_t batches,
                         std::uint64_t epochs) {
  const LoopPosition position{whole_number_of(header, "epoch", path), whole_number_of(header, "batch", path),
                              whole_number_of(header, "update", path)};
  if (position.batch >= batches || position.epoch > epochs)
    throw InputError(path + ": stands beyond the end of its epoch or of the run; it is damaged.");
  if (const std::uint64_t made = position.epoch * batches + position.batch; position.update != made)
    throw InputError(path + ": update is " + std::to_string(position.update) + ", but a run in epoch " +
                     std::to_string(position.epoch) + ", batch " + std::to_string(position.batch) +
                     " has made " + std::to_string(made) + " updates; it is damaged.");
  return position;
}

void restore_average(ParameterAverage& average, const TensorFile& file, const Json& header,
                     const LoopPosition& position) {
  const std::uint64_t updates = whole_number_of(header, "average_updates", file.path);
  if (updates != position.update)
    throw InputError(file.path + ": average_updates is " + std::to_string(updates) +
                     ", but the run has made " + std::to_string(position.update) +
                     " updates, each of which is in the average; it is damaged.");
  read_tensors(file, average.values(), "training.average.");
  average.restore(updates);
}

void read_learner(const TensorFile& file, Learner& learner) {
  read_tensors(file, learner.parameters(), "");
  read_tensors(file, learner.state(), "training.");
  if (const std::string fault = learner.find_state_fault(); !fault.empty())
    throw InputError(file.path + ": tensor \"training." + fault + "; it is damaged.");
  learner.restored();
}

std::vector<HistoryRecord> history_of(const Json& header, const std::string& path) {
  std::vector<HistoryRecord> history;
  for (const Json& line : header.at("history"))
    history.push_back(history_record_from_line(line.get<std::string>(), path));
  return history;
}

void add_tensors(TensorFile& file, const ParameterList& list, const std::string& prefix) {
  for (const NamedTensor& tensor : list)
    file.tensors.push_back(Tensor::from_f32(prefix + tensor.name, tensor.values, tensor.shape));
}

void read_tensors(const TensorFile& file, const ParameterList& list, const std::string& prefix) {
  for (const NamedTensor& tensor : list) {
    const Tensor& stored = file.require(prefix + tensor.name, tensor.shape);
    const auto values = tensor.name == kMissingStates ? stored.as_f32() : file.finite_f32(stored);
    std::copy(values.begin(), values.end(), tensor.values.begin());
  }
}

void copy_values(const ParameterList& from, const ParameterList& to) {
  for (std::size_t t = 0; t < to.size(); ++t)
    std::copy(from[t].values.begin(), from[t].values.end(), to[t].values.begin());
}

}  // namespace harmonium
