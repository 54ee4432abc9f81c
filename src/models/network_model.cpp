#include "harmonium/models/network_model.h"

#include <algorithm>

#include "models/facts_header.h"
#include "models/model_readers.h"
#include "models/network_text.h"

namespace harmonium {
namespace {

constexpr int kFormatVersion = 4;
constexpr const char* kKind = "network";

// What the text claims must be there before memory is taken for it.
void check_claimed_size(const TensorFile& file, const std::string& text) {
  std::size_t stored = 0, claimed = 0;
  for (const Tensor& tensor : file.tensors)
    if (!tensor.name.starts_with("data.")) stored += tensor.size();
  try {
    for (const NetworkLayerShape& layer : parse_network(text)) claimed += (layer.inputs + 1) * layer.units;
  } catch (const InputError& error) {
    throw InputError(file.path + ": the net in the header is damaged: " + error.what());
  }
  if (claimed != stored)
    throw InputError(file.path + ": its tensors are not those of \"" + text + "\"; it is damaged.");
}

// The task, which the layers must suit.
NetworkTask task_of(const std::string& text, const Network& network, const std::string& path) {
  const bool classes = network.layers.back().activation == Activation::kSoftmax;
  if (text == task_name(NetworkTask::kClassify) && classes) return NetworkTask::kClassify;
  if (text == task_name(NetworkTask::kReconstruct) && !classes && network.layers.size() % 2 == 0 &&
      network.outputs() == network.inputs())
    return NetworkTask::kReconstruct;
  throw InputError(path + ": its task \"" + text + "\" is none that \"" + network.to_string() +
                   "\" can have; it is damaged.");
}

}  // namespace

std::size_t NetworkModel::code_layer() const {
  const std::size_t layers = network.layers.size();
  return task == NetworkTask::kReconstruct ? layers / 2 : std::max<std::size_t>(1, layers - 1);
}

bool is_network_header(const Json& header) {
  return header.at("kind") == kKind;
}

NetworkModel read_network_model(const TensorFile& file, const Json& header) {
  return with_header_errors(file.path, [&] {
    if (!is_network_header(header))
      throw InputError(file.path + ": is of the kind " + dump_json(header.at("kind")) +
                       ", no feed-forward net; fine-tuning makes one (fine_tune.epochs).");
    NetworkModel model;
    const auto text = header.at("network").get<std::string>();
    check_claimed_size(file, text);
    model.network = make_network(text);
    read_parameters(file, model.network.parameters(), "");
    model.task = task_of(header.at("task").get<std::string>(), model.network, file.path);
    read_facts(header, file, model);
    return model;
  });
}

void save_network_model(const std::filesystem::path& path, const NetworkModel& model) {
  TensorFile file;
  Network network = model.network;
  add_parameters(file, network.parameters(), "");
  const Json own = {{"network", network.to_string()}, {"task", task_name(model.task)}};
  write_model_file(path, std::move(file), header_of(kFormatVersion, kKind, own, model), model);
}

NetworkModel load_network_model(const std::filesystem::path& path) {
  const TensorFile file = read_safetensors(path);
  return read_network_model(file, read_header(file));
}

const ModelFacts& facts_of(const AnyModel& model) {
  return std::visit([](const ModelFacts& facts) -> const ModelFacts& { return facts; }, model);
}

AnyModel load_any_model(const std::filesystem::path& path) {
  const TensorFile file = read_safetensors(path);
  const Json header = read_header(file);
  return with_header_errors(file.path, [&]() -> AnyModel {
    if (is_network_header(header)) return read_network_model(file, header);
    return read_model(file, header);
  });
}

}  // namespace harmonium
