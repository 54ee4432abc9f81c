// The numbers of one update, as the kernels take them.
#pragma once

#include "harmonium/kernels/update.h"
#include "harmonium/train/learner.h"

namespace harmonium {

inline UpdateRule update_rule(const StepInfo& info, double l2, double l1) {
  return {static_cast<float>(info.rate), static_cast<float>(info.momentum), static_cast<float>(l2),
          static_cast<float>(l1)};
}

}  // namespace harmonium
