#include "harmonium/models/model_file.h"

#include <algorithm>
#include <cmath>

#include "harmonium/base/error.h"
#include "harmonium/base/version.h"
#include "harmonium/io/safetensors.h"
#include "harmonium/models/deep_boltzmann_machine.h"
#include "io/json.h"

namespace harmonium {
namespace {

constexpr const char* kKey = "harmonium";
constexpr const char* kLastPrefix = "last.";
constexpr const char* kDataPrefix = "data.";

Json history_to_json(const HistoryRecord& record) {
  Json json = {{"layer", record.layer}, {"epoch", record.epoch}};
  for (const auto& [name, value] : record.measures) json[name] = value;
  if (!record.warnings.empty()) json["warnings"] = record.warnings;
  return json;
}

HistoryRecord history_from_json(const Json& json) {
  HistoryRecord record;
  for (const auto& [key, value] : json.items()) {
    if (key == "layer")
      record.layer = value.get<std::size_t>();
    else if (key == "epoch")
      record.epoch = value.get<std::uint64_t>();
    else if (key == "warnings")
      record.warnings = value.get<std::vector<std::string>>();
    else
      record.measures[key] = value.is_number() ? value.get<double>() : std::nan("");
  }
  return record;
}

// The oldest version that knows what this model holds, so that older readers keep reading what they can.
int format_version_of(const Model& model) {
  if (model.is_machine) return 3;
  return model.net.is_untied() ? 2 : 1;
}

Json header_of(const Model& model) {
  Json header = {
      {"format_version", format_version_of(model)},
      {"library_version", version()},
      {"kind", model.kind()},
      {"layers", layers_to_string(model.net.layers())},
      {"label_columns", model.net.label_columns},
      {"precision", model.precision},
      {"seed", std::to_string(model.seed)},  // text: JSON numbers lose bits above 2^53
      {"has_last_iterate", model.last.has_value()},
      {"data_name", model.data_name},
      {"data_hash", model.data_hash},
      {"classes", model.classes},
      {"recipe", model.recipe},
  };
  if (model.net.is_untied()) header["untied"] = true;
  header["schema"] = model.schema.empty() ? Json(nullptr) : parse_json(model.schema, "schema");
  header["history"] = Json::array();
  for (const HistoryRecord& record : model.history) header["history"].push_back(history_to_json(record));
  return header;
}

void add_parameters(TensorFile& file, const ParameterList& parameters, const std::string& prefix) {
  for (const NamedTensor& tensor : parameters)
    file.tensors.push_back(Tensor::from_f32(prefix + tensor.name, tensor.values, tensor.shape));
}
void add_net(TensorFile& file, DeepBeliefNet net, bool is_machine, const std::string& prefix) {
  if (!is_machine) return add_parameters(file, net.parameters(), prefix);
  DeepBoltzmannMachine machine = machine_of(net);
  add_parameters(file, machine.parameters(), prefix);
}

// Copies tensors of the file into the net's parameters, after checking shapes and numbers.
void read_parameters(const TensorFile& file, const ParameterList& parameters, const std::string& prefix) {
  for (const NamedTensor& tensor : parameters) {
    const auto values = file.finite_f32(file.require(prefix + tensor.name, tensor.shape));
    std::copy(values.begin(), values.end(), tensor.values.begin());
  }
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

template <class F>
auto with_header_errors(const std::string& path, F read) {
  try {
    return read();
  } catch (const Json::exception& error) {
    throw InputError(path + ": the model's header is damaged (" + error.what() +
                     "); it must be the JSON that docs/model-format.md describes.");
  }
}

}  // namespace

const HistoryRecord* last_record(const std::vector<HistoryRecord>& history, std::size_t layer) {
  const auto found = std::find_if(history.rbegin(), history.rend(),
                                  [layer](const HistoryRecord& record) { return record.layer == layer; });
  return found == history.rend() ? nullptr : &*found;
}

std::string history_line(const HistoryRecord& record) {
  return dump_json(history_to_json(record));
}

HistoryRecord history_record_from_line(const std::string& line, const std::string& where) {
  return with_header_errors(where, [&] { return history_from_json(parse_json(line, where)); });
}

void save_model(const std::filesystem::path& path, const Model& model) {
  TensorFile file;
  file.metadata[kKey] = dump_json(header_of(model));
  add_net(file, model.net, model.is_machine, "");
  if (model.last) add_net(file, *model.last, model.is_machine, kLastPrefix);
  for (const auto& [name, values] : model.data_statistics)
    file.tensors.push_back(
        Tensor::from_f32(name.starts_with(kDataPrefix) ? name : kDataPrefix + name, values, {values.size()}));
  write_safetensors(path, file);
}

Model load_model(const std::filesystem::path& path) {
  const TensorFile file = read_safetensors(path);
  if (!file.metadata.count(kKey))
    throw InputError(
        path.string() +
        ": has no \"harmonium\" metadata; it is a safetensors file of another program, not a model of "
        "harmonium.");
  const Json header = parse_json(file.metadata.at(kKey), path.string());
  return with_header_errors(path.string(), [&] {
    const std::uint64_t format = whole_number_of(header, "format_version", path.string());
    if (format > kModelFormatVersion)
      throw InputError(path.string() + ": has format version " + std::to_string(format) +
                       ", and this harmonium reads up to version " + std::to_string(kModelFormatVersion) +
                       "; use a newer harmonium.");
    if (format < 1)
      throw InputError(path.string() + ": has format version " + std::to_string(format) +
                       ", which there never was; the file is damaged.");
    Model model;
    model.net = net_of(file, header.at("layers").get<std::string>(),
                       whole_number_of(header, "label_columns", path.string()));
    const std::string kind = header.at("kind").get<std::string>();
    if (kind != "rbm" && kind != "dbn" && kind != "dbm")
      throw InputError(path.string() + ": is of the unknown kind \"" + kind +
                       "\"; known are rbm, dbn and dbm.");
    model.is_machine = kind == "dbm";
    if (header.value("untied", false)) untie(model.net);
    read_net(file, model.net, model.is_machine, "");
    if (header.at("has_last_iterate").get<bool>()) {
      model.last = model.net;
      read_net(file, *model.last, model.is_machine, kLastPrefix);
    }
    try {
      model.seed = std::stoull(header.at("seed").get<std::string>());
    } catch (const std::logic_error&) {
      throw InputError(path.string() + ": the seed in the header is not a whole number.");
    }
    model.precision = header.at("precision").get<std::string>();
    model.recipe = header.at("recipe").get<std::string>();
    model.data_name = header.at("data_name").get<std::string>();
    model.data_hash = header.at("data_hash").get<std::string>();
    model.classes = header.at("classes").get<std::vector<std::string>>();
    if (!header.at("schema").is_null()) model.schema = dump_json(header.at("schema"));
    for (const Json& record : header.at("history")) model.history.push_back(history_from_json(record));
    for (const Tensor& tensor : file.tensors)
      if (tensor.name.starts_with(kDataPrefix)) {
        const auto values = file.finite_f32(tensor);
        model.data_statistics[tensor.name].assign(values.begin(), values.end());
      }
    return model;
  });
}

}  // namespace harmonium
