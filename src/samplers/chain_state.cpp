// The state of chains on disk: a safetensors file whose header says of which chains of which model it is.
#include <algorithm>

#include "harmonium/base/error.h"
#include "harmonium/io/safetensors.h"
#include "harmonium/samplers/fantasy_chains.h"
#include "io/json.h"

namespace harmonium {
namespace {

constexpr const char* kKey = "harmonium_chains";
constexpr int kVersion = 1;

std::string layers_of(const Rbm& rbm) {
  return layers_to_string({rbm.visible.spec, rbm.hidden.spec});
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
    if (header.at("format_version").get<int>() != kVersion)
      throw InputError(name + ": was written by another version of harmonium; start new chains.");
    state.mix = parse_mix(header.at("mix").get<std::string>());
    state.layers = header.at("layers").get<std::string>();
    state.chains = header.at("chains").get<std::size_t>();
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
