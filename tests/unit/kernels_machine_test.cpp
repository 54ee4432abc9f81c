// The report on the machine, against what the compiler's run-time library and the kernels say.
#include "harmonium/kernels/machine.h"

#include <gtest/gtest.h>

#include <set>

#include "harmonium/base/threads.h"
#include "harmonium/kernels/isa.h"
#include "harmonium/kernels/precision.h"
#include "harmonium/kernels/products.h"

namespace harmonium {
namespace {

TEST(Machine, SaysWhatTheKernelsUse) {
  const MachineReport machine = describe_machine();
  EXPECT_FALSE(machine.processor.empty());
  EXPECT_EQ(machine.processors, available_processors());
  EXPECT_EQ(machine.vectors, instruction_set_name());
  EXPECT_EQ(machine.products_library, products_library());
  if (machine.level1_bytes > 0 && machine.level2_bytes > 0) {
    EXPECT_LT(machine.level1_bytes, machine.level2_bytes);
  }
}

TEST(Machine, VectorsAreAmongTheInstructionSets) {
  const MachineReport machine = describe_machine();
  if (machine.vectors == "AVX2") {
    EXPECT_TRUE(machine.has("AVX2"));
  } else if (machine.vectors.starts_with("AVX3")) {
    EXPECT_TRUE(machine.has("AVX512F"));
  } else if (machine.vectors == "NEON") {
    EXPECT_TRUE(machine.has("NEON"));
  }
  EXPECT_FALSE(machine.has("MMX"));
  // Each stands on another.
  if (machine.has("AVX512_BF16") || machine.has("AVX512_VNNI")) {
    EXPECT_TRUE(machine.has("AVX512F"));
  }
  if (machine.has("AVX512F")) {
    EXPECT_TRUE(machine.has("AVX2"));
  }
}

TEST(Machine, EachKindOfWorkHasOnePathAPrecision) {
  std::set<std::pair<std::string, std::string>> seen;
  for (const KernelPath& path : describe_machine().paths) {
    EXPECT_TRUE(path.precision == "f32" || path.precision == "bf16") << path.precision;
    EXPECT_FALSE(path.path.empty()) << path.work;
    EXPECT_TRUE(seen.emplace(path.work, path.precision).second) << path.work << " in " << path.precision;
  }
  EXPECT_TRUE(seen.contains({"products of training", "f32"}));
  EXPECT_TRUE(seen.contains({"products of training", "bf16"}));
}

TEST(Machine, SaysWhyThereIsNoBf16) {
  for (const KernelPath& path : describe_machine().paths)
    if (path.precision == "bf16") {
      EXPECT_EQ(path.path.starts_with("none"), !has_bf16_products()) << path.path;
    }
}

}  // namespace
}  // namespace harmonium
