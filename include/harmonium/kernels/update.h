// Element-wise updates of a row of parameters, in the thread that made its gradient.
#pragma once

#include <span>

#include "harmonium/base/matrix.h"

namespace harmonium {

struct UpdateRule {
  float rate = 0, momentum = 0, l2 = 0, l1 = 0;
};

/// Element by element, of a row or of the rows of a block:
/// velocity <- momentum velocity + rate (gradient - l2 w - l1 sign(w));  w <- w + velocity. The weight cost
/// is not divided by the batch size: the gradient is a batch mean already.
void update_values(const UpdateRule& rule, std::span<const float> gradient, std::span<float> velocity,
                   std::span<float> values);
void update_values(const UpdateRule& rule, ConstMatrixView<float> gradient, MatrixView<float> velocity,
                   MatrixView<float> values);

/// fast <- decay fast + rate gradient;  sum <- values + fast. Fast weights decay quickly and learn fast;
/// chains see the sum (Tieleman & Hinton 2009).
void update_fast_values(float rate, float decay, std::span<const float> gradient,
                        std::span<const float> values, std::span<float> fast, std::span<float> sum);

}  // namespace harmonium
