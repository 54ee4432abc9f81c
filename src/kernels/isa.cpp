// Caps the instruction set of Highway and of oneDNN from one environment variable.
#include "harmonium/kernels/isa.h"

#include <hwy/highway.h>
#include <stdlib.h>

#include <cstdint>
#include <string>

#include "harmonium/base/error.h"

namespace harmonium {
namespace {

struct Cap {
  std::string_view name;
  std::int64_t highway_disabled;  // targets above the cap
  const char* onednn;             // oneDNN has no scalar level: SSE41 is its lowest
};

#if HWY_ARCH_X86
constexpr std::int64_t kAvx512 = HWY_AVX3 | HWY_AVX3_DL;
constexpr std::int64_t kSse = HWY_SSSE3 | HWY_SSE4;
constexpr Cap kCaps[] = {
    {"scalar", kAvx512 | HWY_AVX2 | kSse, "SSE41"},
    {"sse4", kAvx512 | HWY_AVX2, "SSE41"},
    {"avx2", kAvx512, "AVX2"},
    {"avx512", 0, "AVX512_CORE_BF16"},
};
#else
// Other processors have nothing between their vectors and plain code, and no level of oneDNN to set.
constexpr Cap kCaps[] = {{"scalar", ~std::int64_t{HWY_STATIC_TARGET}, nullptr},
                         {"sse4", 0, nullptr},
                         {"avx2", 0, nullptr},
                         {"avx512", 0, nullptr}};
#endif

void apply_cap(std::string_view wanted) {
  for (const Cap& cap : kCaps) {
    if (cap.name != wanted) continue;
    if (cap.highway_disabled != 0) hwy::DisableTargets(cap.highway_disabled);
    if (cap.onednn != nullptr) {
      // oneDNN 2.x and 3.x read the first name, older ones the second.
      ::setenv("ONEDNN_MAX_CPU_ISA", cap.onednn, 1);
      ::setenv("DNNL_MAX_CPU_ISA", cap.onednn, 1);
    }
    return;
  }
  throw InputError("the environment variable HARMONIUM_ISA is '" + std::string(wanted) +
                   "', but must be scalar, sse4, avx2 or avx512");
}

/// Fixes the target of every later dispatch. Highway's SupportedTargets itself chooses the best target of the
/// processor, without regard to disabled ones, before it returns; who calls it has to choose again. Done here
/// once, before any dispatch, so that no thread can see the choice between the two.
std::int64_t choose_target() {
  const std::int64_t supported = hwy::SupportedTargets();
  hwy::GetChosenTarget().Update(supported);
  const std::int64_t usable = supported & HWY_TARGETS;
  const std::int64_t best = usable & -usable;  // lower bits are better targets
  return best != 0 ? best : std::int64_t{HWY_STATIC_TARGET};
}

/// The target chosen by the first call. A call that throws leaves nothing, so that the next throws too.
std::int64_t capped_target() {
  static const std::int64_t target = [] {
    const char* wanted = std::getenv("HARMONIUM_ISA");
    if (wanted != nullptr && *wanted != '\0') apply_cap(wanted);
    return choose_target();
  }();
  return target;
}

}  // namespace

void cap_instruction_set_from_environment() {
  capped_target();
}

std::string_view instruction_set_name() {
  return hwy::TargetName(capped_target());
}

}  // namespace harmonium
