// Element-wise updates of a block of parameters, in the thread that made its gradient.
#pragma once

#include <cstddef>
#include <span>

#include "harmonium/train/options.h"

namespace harmonium {

struct UpdateRule {
  float rate, momentum, l2, l1;
};

/// velocity <- momentum velocity + rate (gradient - l2 w - l1 sign(w));  w <- w + velocity. The weight cost
/// is not divided by the batch size: the gradient is a batch mean already.
inline void update_values(const UpdateRule& rule, std::span<const float> gradient, std::span<float> velocity,
                          std::span<float> values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float w = values[i], sign = static_cast<float>(w > 0.0f) - static_cast<float>(w < 0.0f);
    velocity[i] = rule.momentum * velocity[i] + rule.rate * (gradient[i] - rule.l2 * w - rule.l1 * sign);
    values[i] = w + velocity[i];
  }
}

/// Fast weights decay quickly and learn fast; chains see the sum (Tieleman & Hinton 2009).
inline void update_fast_values(const TrainOptions& options, std::span<const float> gradient,
                               std::span<const float> values, std::span<float> fast, std::span<float> sum) {
  const auto decay = static_cast<float>(options.fast_decay), rate = static_cast<float>(options.fast_rate);
  for (std::size_t i = 0; i < values.size(); ++i) {
    fast[i] = decay * fast[i] + rate * gradient[i];
    sum[i] = values[i] + fast[i];
  }
}

}  // namespace harmonium
