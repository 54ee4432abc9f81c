// Asks processor and system what they have: the x86 features by CPUID, caches and names by the C library and
// /proc.
#include "harmonium/kernels/machine.h"

#include <hwy/highway.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <fstream>

#include "harmonium/base/threads.h"
#include "harmonium/kernels/isa.h"
#include "harmonium/kernels/precision.h"
#include "harmonium/kernels/products.h"

#if HWY_ARCH_X86
#include <cpuid.h>
#endif

namespace harmonium {
namespace {

#if HWY_ARCH_X86
/// The parts of the register file that the system saves (XCR0); 0 where it saves none by XSAVE.
std::uint64_t saved_state() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  constexpr unsigned kOsXsave = 1u << 27;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & kOsXsave) == 0) return 0;
  unsigned low = 0, high = 0;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low | std::uint64_t{high} << 32;
}

// AMX by its bits (leaf 7): compilers of the day cannot be asked for it.
void add_amx(std::vector<std::string>& found) {
  unsigned a = 0, b = 0, c = 0, d = 0;
  constexpr std::uint64_t kTiles = std::uint64_t{3} << 17;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0 || (saved_state() & kTiles) != kTiles) return;
  if (d >> 25 & 1) found.emplace_back("AMX_INT8");
  if (d >> 22 & 1) found.emplace_back("AMX_BF16");
}

std::vector<std::string> find_instruction_sets() {
  std::vector<std::string> found;
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2")) found.emplace_back("AVX2");
  if (__builtin_cpu_supports("avx512f")) found.emplace_back("AVX512F");
  if (__builtin_cpu_supports("avx512vnni")) found.emplace_back("AVX512_VNNI");
  if (__builtin_cpu_supports("avx512bf16")) found.emplace_back("AVX512_BF16");
  add_amx(found);
  return found;
}
#elif HWY_ARCH_ARM_A64
std::vector<std::string> find_instruction_sets() {
  return {"NEON"};  // part of the architecture
}
#else
std::vector<std::string> find_instruction_sets() {
  return {};
}
#endif

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("model name")) continue;
    const auto begin = line.find_first_not_of(" \t", line.find(':') + 1);
    if (line.find(':') != std::string::npos && begin != std::string::npos) return line.substr(begin);
  }
  utsname system{};
  return uname(&system) == 0 ? system.machine : "unknown";
}

/// Bytes of the first processor's data (or common) cache of this level by /sys, which knows what a core
/// shares with others where the C library adds them up; 0 where it is not there.
std::size_t cache_by_system(int level) {
  const std::string folder = "/sys/devices/system/cpu/cpu0/cache/index";
  for (int index = 0; index < 16; ++index) {
    const std::string prefix = folder + std::to_string(index) + "/";
    int found = 0;
    std::string type, unit;
    std::size_t size = 0;
    if (!(std::ifstream(prefix + "level") >> found)) return 0;
    if (found != level || !(std::ifstream(prefix + "type") >> type) || type == "Instruction") continue;
    std::ifstream file(prefix + "size");
    if (!(file >> size)) return 0;
    file >> unit;
    return unit == "M" ? size << 20 : unit == "K" ? size << 10 : size;
  }
  return 0;
}

std::size_t cache_bytes(int level, int name) {
  if (const std::size_t bytes = cache_by_system(level); bytes > 0) return bytes;
  const long bytes = sysconf(name);
  return bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
}

std::vector<KernelPath> find_paths(const MachineReport& machine) {
  const std::string vectors = machine.vectors_library + " on " + machine.vectors;
  const std::string bf16 =
      has_bf16_products()          ? "own kernels on AVX512_BF16; zero words are skipped where that pays"
      : machine.has("AVX512_BF16") ? "none, HARMONIUM_ISA caps it: f32 is taken"
                                   : "none, the processor has no AVX512_BF16: f32 is taken";
  return {
      {"products of training", "f32", "own kernels, " + vectors + "; zero words are skipped where that pays"},
      {"products of training", "bf16", bf16},
      {"other dense products", "f32", machine.products_library + ", each in one thread"},
      {"passes over rows", "f32", vectors}};
}

}  // namespace

bool MachineReport::has(std::string_view name) const {
  return std::find(instruction_sets.begin(), instruction_sets.end(), name) != instruction_sets.end();
}

MachineReport describe_machine() {
  MachineReport machine;
  machine.vectors = instruction_set_name();
  machine.processor = processor_name();
  machine.processors = available_processors();
  machine.level1_bytes = cache_bytes(1, _SC_LEVEL1_DCACHE_SIZE);
  machine.level2_bytes = cache_bytes(2, _SC_LEVEL2_CACHE_SIZE);
  machine.level3_bytes = cache_bytes(3, _SC_LEVEL3_CACHE_SIZE);
  machine.instruction_sets = find_instruction_sets();
  if (const char* cap = std::getenv("HARMONIUM_ISA"); cap != nullptr) machine.cap = cap;
  machine.vectors_library = "Highway " + std::to_string(HWY_MAJOR) + "." + std::to_string(HWY_MINOR) + "." +
                            std::to_string(HWY_PATCH);
  machine.products_library = products_library();
  machine.paths = find_paths(machine);
  return machine;
}

}  // namespace harmonium
