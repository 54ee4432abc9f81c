#include "harmonium/models/trajectory.h"

#include <algorithm>
#include <cmath>

#include "harmonium/base/error.h"
#include "harmonium/io/safetensors.h"
#include "io/json.h"

namespace harmonium {
namespace {

constexpr const char* kKey = "harmonium_snapshots";
constexpr std::uint64_t kVersion = 1;

std::string prefix_of(std::size_t n) {
  return "snapshots." + std::to_string(n);
}

}  // namespace

std::vector<std::uint64_t> snapshot_updates(std::size_t count, std::uint64_t total) {
  std::vector<std::uint64_t> updates;
  if (count == 0 || total == 0) return updates;
  updates.push_back(0);
  for (std::size_t n = 1; n < count; ++n) {
    const double share = static_cast<double>(n - 1) / static_cast<double>(count - 1);
    const auto wanted = static_cast<std::uint64_t>(std::llround(std::pow(static_cast<double>(total), share)));
    updates.push_back(std::max(wanted, updates.back() + 1));
    if (updates.back() >= total) {
      updates.pop_back();
      break;
    }
  }
  return updates;
}

std::filesystem::path trajectory_path(const std::filesystem::path& model) {
  return model.string() + ".snapshots.safetensors";
}

void save_trajectory(const std::filesystem::path& path, const Trajectory& trajectory) {
  check(!trajectory.rbms.empty() && trajectory.rbms.size() == trajectory.updates.size(),
        "a trajectory has snapshots, each with its update");
  const Rbm& first = trajectory.rbms.front();
  TensorFile file;
  file.metadata[kKey] = dump_json(Json{{"format_version", kVersion},
                                       {"layers", layers_to_string({first.visible.spec, first.hidden.spec})},
                                       {"updates", trajectory.updates}});
  for (std::size_t n = 0; n < trajectory.size(); ++n) {
    Rbm rbm = trajectory.rbms[n];
    for (const NamedTensor& tensor : rbm.parameters(prefix_of(n)))
      file.tensors.push_back(Tensor::from_f32(tensor.name, tensor.values, tensor.shape));
  }
  write_safetensors(path, file);
}

Trajectory load_trajectory(const std::filesystem::path& path, const Rbm& top) {
  const TensorFile file = read_safetensors(path);
  const std::string name = path.string();
  const Json header = parse_json(file.require_metadata(kKey), name);
  Trajectory trajectory;
  try {
    if (const auto format = whole_number_of(header, "format_version", name); format != kVersion)
      throw InputError(name + ": has format version " + std::to_string(format) +
                       ", and this harmonium reads version " + std::to_string(kVersion) +
                       "; train the model again with train.snapshots.");
    const auto own = layers_to_string({top.visible.spec, top.hidden.spec});
    if (const auto given = header.at("layers").get<std::string>(); given != own)
      throw InputError(name + ": holds snapshots of an RBM \"" + given + "\", but the model's top RBM is \"" +
                       own + "\"; give the snapshots of the same training run.");
    trajectory.updates = header.at("updates").get<std::vector<std::uint64_t>>();
  } catch (const Json::exception& error) {
    throw InputError(name + ": the header of the snapshots is damaged (" + error.what() + ").");
  }
  if (trajectory.updates.empty() || std::adjacent_find(trajectory.updates.begin(), trajectory.updates.end(),
                                                       std::greater_equal<>()) != trajectory.updates.end())
    throw InputError(name + ": the updates of its snapshots must ascend; the file is damaged.");
  for (std::size_t n = 0; n < trajectory.updates.size(); ++n) {
    Rbm rbm(top.visible.spec, top.hidden.spec);
    for (const NamedTensor& tensor : rbm.parameters(prefix_of(n))) {
      const auto values = file.finite_f32(file.require(tensor.name, tensor.shape));
      std::copy(values.begin(), values.end(), tensor.values.begin());
    }
    trajectory.rbms.push_back(std::move(rbm));
  }
  return trajectory;
}

}  // namespace harmonium
