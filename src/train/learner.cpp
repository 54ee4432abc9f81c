#include "harmonium/train/learner.h"

namespace harmonium {

bool share_weights(const Batch& batch, std::span<float> shares) {
  const auto weight = [&](std::size_t r) { return batch.weights.empty() ? 1.0 : batch.weights[r]; };
  double sum = 0;
  for (std::size_t r = 0; r < shares.size(); ++r) sum += weight(r);
  for (std::size_t r = 0; r < shares.size(); ++r)
    shares[r] = sum > 0 ? static_cast<float>(weight(r) / sum) : 0.0f;
  return sum > 0;
}

}  // namespace harmonium
