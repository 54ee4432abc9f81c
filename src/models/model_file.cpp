#include "harmonium/models/model_file.h"

#include <algorithm>

#include "harmonium/base/error.h"
#include "harmonium/models/deep_boltzmann_machine.h"
#include "models/facts_header.h"
#include "models/model_readers.h"

namespace harmonium {
namespace {

constexpr const char* kLastPrefix = "last.";

// The oldest version that knows what this model holds, so that older readers keep reading what they can.
int format_version_of(const Model& model) {
  if (model.is_machine) return 3;
  return model.net.is_untied() ? 2 : 1;
}

Json header_of(const Model& model) {
  Json own = {{"layers", layers_to_string(model.net.layers())},
              {"label_columns", model.net.label_columns},
              {"has_last_iterate", model.last.has_value()}};
  if (model.net.is_untied()) own["untied"] = true;
  return header_of(format_version_of(model), model.kind(), own, model);
}

void add_net(TensorFile& file, DeepBeliefNet net, bool is_machine, const std::string& prefix) {
  if (!is_machine) return add_parameters(file, net.parameters(), prefix);
  DeepBoltzmannMachine machine = machine_of(net);
  add_parameters(file, machine.parameters(), prefix);
}

void read_net(const TensorFile& file, DeepBeliefNet& net, bool is_machine, const std::string& prefix) {
  if (!is_machine) return read_parameters(file, net.parameters(), prefix);
  if (const auto fault = find_machine_fault(net.layers()); !fault.empty())
    throw InputError(file.path + ": the layers in the header are damaged: " + fault);
  DeepBoltzmannMachine machine = make_machine(net.layers());
  if (file.find(prefix + "layers." + std::to_string(machine.depth()) + ".weights"))
    throw InputError(file.path + ": has weights above the layers \"" + layers_to_string(net.layers()) +
                     "\" that its header names; it is damaged.");
  read_parameters(file, machine.parameters(), prefix);
  net = stack_of(machine);
}

// The shape that the header claims must be covered by the file before memory is taken for it. Label units
// stand in the layer below the top, but nothing below leads to them.
void check_claimed_sizes(const TensorFile& file, const std::vector<LayerSpec>& layers, bool labels) {
  std::size_t stored = 0;
  for (const Tensor& tensor : file.tensors) stored += tensor.bytes.size() / sizeof(float);
  for (const LayerSpec& spec : layers)
    if (spec.columns() > stored)
      throw InputError(file.path + ": layer \"" + spec.to_string() +
                       "\" is larger than the file; it is damaged or cut short.");
  for (std::size_t n = 0; n + 1 < layers.size(); ++n) {
    std::size_t hidden = layers[n + 1].columns();
    if (labels && n + 3 == layers.size()) hidden -= layers[n + 1].groups.back().columns();
    if (layers[n].columns() > stored / std::max<std::size_t>(1, hidden) + 1)
      throw InputError(file.path + ": weights between \"" + layers[n].to_string() + "\" and \"" +
                       layers[n + 1].to_string() +
                       "\" are larger than the file; it is damaged or cut short.");
  }
}

// The net whose shape the header gives, without its numbers.
DeepBeliefNet net_of(const TensorFile& file, const std::string& text, std::size_t label_columns) {
  std::vector<LayerSpec> layers;
  try {
    layers = parse_layers(text);
  } catch (const InputError& error) {
    throw InputError(file.path + ": the layers in the header are damaged: " + error.what());
  }
  check_claimed_sizes(file, layers, label_columns > 0);
  DeepBeliefNet net;
  try {
    net = make_net(layers, label_columns > 0);
  } catch (const InputError& error) {
    throw InputError(file.path + ": the layers in the header are damaged: " + error.what());
  }
  if (net.label_columns != label_columns)
    throw InputError(file.path + ": the header says " + std::to_string(label_columns) +
                     " label columns, but its layers \"" + text + "\" have " +
                     std::to_string(net.label_columns) + "; the file is damaged.");
  return net;
}

}  // namespace

void save_model(const std::filesystem::path& path, const Model& model) {
  TensorFile file;
  add_net(file, model.net, model.is_machine, "");
  if (model.last) add_net(file, *model.last, model.is_machine, kLastPrefix);
  write_model_file(path, std::move(file), header_of(model), model);
}

Model load_model(const std::filesystem::path& path) {
  const TensorFile file = read_safetensors(path);
  return read_model(file, read_header(file));
}

Model read_model(const TensorFile& file, const Json& header) {
  return with_header_errors(file.path, [&] {
    Model model;
    if (is_network_header(header))
      throw InputError(file.path +
                       ": is a feed-forward net, which has no density to measure or to draw from; a stack of "
                       "RBMs has, as the one that a net is fine-tuned from (MODEL.stack.safetensors).");
    const std::string kind = header.at("kind").get<std::string>();
    if (kind != "rbm" && kind != "dbn" && kind != "dbm")
      throw InputError(file.path + ": is of the unknown kind \"" + kind +
                       "\"; known are rbm, dbn, dbm and network.");
    model.net = net_of(file, header.at("layers").get<std::string>(),
                       whole_number_of(header, "label_columns", file.path));
    model.is_machine = kind == "dbm";
    if (header.value("untied", false)) untie(model.net);
    read_net(file, model.net, model.is_machine, "");
    if (header.at("has_last_iterate").get<bool>()) {
      model.last = model.net;
      read_net(file, *model.last, model.is_machine, kLastPrefix);
    }
    read_facts(header, file, model);
    return model;
  });
}

}  // namespace harmonium
