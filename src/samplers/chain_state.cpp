// The state of chains on disk: a safetensors file whose header says of which chains of which model it is.
#include <algorithm>
#include <cmath>

#include "harmonium/base/error.h"
#include "harmonium/io/safetensors.h"
#include "harmonium/samplers/fantasy_chains.h"
#include "io/json.h"
#include "samplers/state_fault.h"

namespace harmonium {
namespace {

constexpr const char* kKey = "harmonium_chains";
constexpr std::uint64_t kVersion = 1;

std::string layers_of(const Rbm& rbm) {
  return layers_to_string({rbm.visible.spec, rbm.hidden.spec});
}

// The layers of the RBM, visible and hidden.
std::vector<LayerSpec> layers_in(const ChainState& state, const std::string& name) {
  std::vector<LayerSpec> layers;
  try {
    layers = parse_layers(state.layers);
  } catch (const InputError& error) {
    throw InputError(name + ": the layers of the chains are damaged: " + error.what());
  }
  if (layers.size() != 2 || layers.front().groups.empty())
    throw InputError(name + ": the layers of the chains, \"" + state.layers +
                     "\", are not those of an RBM; it is damaged.");
  return layers;
}

// One row a chain, or as many as the ladder has rungs.
ConstMatrixView<float> rows_of(const std::vector<float>& values, std::size_t columns, std::size_t chains,
                               const std::string& where) {
  if (columns == 0 || values.size() % columns != 0 || values.size() / columns % chains != 0)
    throw InputError(where + std::to_string(values.size()) + " values are not " + std::to_string(chains) +
                     " chains of " + std::to_string(columns) + " columns; it is damaged.");
  return {values.data(), values.size() / columns, columns, columns};
}

std::string find_number_fault(const std::string& tensor, std::span<const float> values) {
  if (tensor == "lengths")
    for (const float length : values)
      if (!(length >= 0) || length != std::floor(length))
        return std::to_string(length) + " is no length of a document, a whole number of 0 or more";
  if (tensor == "betas")
    if (values.front() < 0 || values.back() != 1.0f || !std::is_sorted(values.begin(), values.end()))
      return "inverse temperatures ascend from 0 to 1";
  return {};
}

// Refuses what no chain of these layers comes to.
void check_values(const ChainState& state, const std::string& name) {
  const auto layers = layers_in(state, name);
  for (std::size_t n = 0; n < state.names.size(); ++n) {
    const std::string& tensor = state.names[n];
    const auto& values = state.values[n];
    const std::string where = name + ": tensor \"" + tensor + "\", ";
    if (values.empty()) throw InputError(where + "has no values; it is damaged.");
    const LayerSpec& layer = layers[tensor == "hidden" ? 1 : 0];
    std::string fault;
    if (tensor == "visible" || tensor == "hidden" || tensor == "visible_mean") {
      const auto rows = rows_of(values, layer.columns(), state.chains, where);
      // Chains may start from grey images, and from labels that are not known.
      fault = tensor == "visible_mean" ? find_mean_fault(layer, rows)
                                       : find_state_fault(layer, rows, tensor == "visible");
    } else {
      fault = find_number_fault(tensor, values);
    }
    if (!fault.empty()) throw InputError(where + fault + "; it is damaged.");
  }
  for (const std::int32_t label : state.labels)
    if (label < -1)
      throw InputError(name + ": the label " + std::to_string(label) +
                       " is no class, nor -1 for none; it is damaged.");
}

}  // namespace

void save_chain_state(const std::filesystem::path& path, const ChainState& state) {
  TensorFile file;
  file.metadata[kKey] = dump_json(Json{{"format_version", kVersion},
                                       {"mix", mix_name(state.mix)},
                                       {"layers", state.layers},
                                       {"chains", state.chains},
                                       {"seed", std::to_string(state.seed)},  // JSON numbers end at 2^53
                                       {"steps", std::to_string(state.steps)},
                                       {"labels", state.labels}});
  for (std::size_t n = 0; n < state.names.size(); ++n)
    file.tensors.push_back(Tensor::from_f32(state.names[n], state.values[n], {state.values[n].size()}));
  write_safetensors(path, file);
}

ChainState load_chain_state(const std::filesystem::path& path) {
  const TensorFile file = read_safetensors(path);
  const std::string name = path.string();
  if (!file.metadata.count(kKey))
    throw InputError(name + ": holds no chains; give a file that --save-state has written.");
  const Json header = parse_json(file.metadata.at(kKey), name);
  ChainState state;
  try {
    if (whole_number_of(header, "format_version", name) != kVersion)
      throw InputError(name + ": was written by another version of harmonium; start new chains.");
    state.mix = parse_mix(header.at("mix").get<std::string>());
    state.layers = header.at("layers").get<std::string>();
    state.chains = whole_number_of(header, "chains", name);
    state.seed = std::stoull(header.at("seed").get<std::string>());
    state.steps = std::stoull(header.at("steps").get<std::string>());
    state.labels = header.at("labels").get<std::vector<std::int32_t>>();
  } catch (const Json::exception& error) {
    throw InputError(name + ": the header of the chains is damaged (" + error.what() + ").");
  } catch (const std::logic_error&) {
    throw InputError(name + ": the seed or the steps of the chains are no whole numbers; it is damaged.");
  }
  for (const Tensor& tensor : file.tensors) {
    const auto values = file.finite_f32(tensor);
    state.names.push_back(tensor.name);
    state.values.emplace_back(values.begin(), values.end());
  }
  if (state.chains == 0 || state.values.empty() || state.chains > state.values.front().size() ||
      (!state.labels.empty() && state.labels.size() != state.chains))
    throw InputError(name + ": says that it holds " + std::to_string(state.chains) +
                     " chains, but its tensors or labels are of another number; the file is damaged.");
  check_values(state, name);
  return state;
}

ChainState state_of(FantasyChains& chains, const Rbm& rbm, const ChainsOptions& options,
                    std::span<const std::int32_t> labels) {
  ChainState state;
  state.mix = options.mix;
  state.chains = options.chains;
  state.seed = options.seed;
  state.steps = chains.steps();
  state.layers = layers_of(rbm);
  state.labels.assign(labels.begin(), labels.end());
  for (const NamedTensor& tensor : chains.state()) {
    state.names.push_back(tensor.name);
    state.values.emplace_back(tensor.values.begin(), tensor.values.end());
  }
  return state;
}

void restore_chains(FantasyChains& chains, const Rbm& rbm, const ChainState& state) {
  if (state.layers != layers_of(rbm))
    throw InputError("the saved chains are of an RBM \"" + state.layers +
                     "\", but the model's top RBM is \"" + layers_of(rbm) +
                     "\"; give chains of this model, or start new ones.");
  for (const NamedTensor& tensor : chains.state()) {
    const auto found = std::find(state.names.begin(), state.names.end(), tensor.name);
    if (found == state.names.end() ||
        state.values[static_cast<std::size_t>(found - state.names.begin())].size() != tensor.values.size())
      throw InputError("the saved chains have no \"" + tensor.name + "\" of " +
                       std::to_string(tensor.values.size()) +
                       " values; they mixed otherwise, or by other temperatures or snapshots.");
    const auto& values = state.values[static_cast<std::size_t>(found - state.names.begin())];
    std::copy(values.begin(), values.end(), tensor.values.begin());
  }
  chains.set_steps(state.steps);
}

}  // namespace harmonium
