// A feed-forward net in a safetensors file.
#include <algorithm>

#include "harmonium/base/error.h"
#include "harmonium/io/safetensors.h"
#include "models/network_text.h"

namespace harmonium {
namespace {

constexpr const char* kFormat = "harmonium-network";
constexpr const char* kNetwork = "network";

}  // namespace

void save_network(const std::filesystem::path& path, const Network& network,
                  const std::map<std::string, std::string>& facts) {
  TensorFile file;
  file.metadata = facts;
  file.metadata["format"] = kFormat;
  file.metadata[kNetwork] = network.to_string();
  Network copy = network;
  for (const NamedTensor& tensor : copy.parameters())
    file.tensors.push_back(Tensor::from_f32(tensor.name, tensor.values, tensor.shape));
  write_safetensors(path, file);
}

NetworkFile load_network(const std::filesystem::path& path) {
  const TensorFile file = read_safetensors(path);
  NetworkFile result{{}, file.metadata};
  const auto format = result.facts.find("format");
  if (format == result.facts.end() || format->second != kFormat)
    throw InputError(path.string() + ": its metadata \"format\" is not \"" + kFormat +
                     "\"; it is no feed-forward net of harmonium.");
  // What the text claims must be there before memory is taken for it.
  std::size_t stored = 0, claimed = 0;
  for (const Tensor& tensor : file.tensors) stored += tensor.size();
  const std::string& text = file.require_metadata(kNetwork);
  for (const NetworkLayerShape& layer : parse_network(text)) claimed += (layer.inputs + 1) * layer.units;
  if (claimed != stored)
    throw InputError(path.string() + ": its tensors are not those of \"" + text + "\"; it is damaged.");
  result.network = make_network(text);
  for (const NamedTensor& tensor : result.network.parameters()) {
    const auto values = file.finite_f32(file.require(tensor.name, tensor.shape));
    std::copy(values.begin(), values.end(), tensor.values.begin());
  }
  return result;
}

}  // namespace harmonium
