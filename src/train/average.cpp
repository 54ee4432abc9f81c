#include "harmonium/train/average.h"

#include <algorithm>

namespace harmonium {

ParameterAverage::ParameterAverage(ParameterList parameters, std::uint64_t window)
    : parameters_(std::move(parameters)), window_(std::max<std::uint64_t>(window, 1)) {
  storage_.reserve(parameters_.size());
  for (const NamedTensor& tensor : parameters_) {
    storage_.emplace_back(tensor.values.begin(), tensor.values.end());
    average_.push_back({tensor.name, tensor.shape, storage_.back()});
  }
}

void ParameterAverage::follow(ThreadTeam& team) {
  const float step = 1.0f / static_cast<float>(std::min(++updates_, window_));
  for (std::size_t t = 0; t < parameters_.size(); ++t) {
    const auto from = parameters_[t].values;
    const auto to = average_[t].values;
    team.run_blocks(to.size(), 65536, [&](std::size_t first, std::size_t count, unsigned) {
      for (std::size_t i = first; i < first + count; ++i) to[i] += step * (from[i] - to[i]);
    });
  }
}

}  // namespace harmonium
