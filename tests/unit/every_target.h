// Runs a test with dispatch fixed to each target of Highway that this processor and HARMONIUM_ISA allow.
#pragma once

#include <gtest/gtest.h>
#include <hwy/targets.h>  // not highway.h, which must come after foreach_target.h

#include <cstdint>

#include "harmonium/kernels/isa.h"

namespace harmonium {

template <class Test>
void on_every_target(const Test& test) {
  cap_instruction_set_from_environment();
  int targets = 0;
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    SCOPED_TRACE(hwy::TargetName(target));
    test();
    ++targets;
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  EXPECT_GT(targets, 0);
}

}  // namespace harmonium
