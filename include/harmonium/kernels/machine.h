// What this machine offers, and what the kernels make of it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace harmonium {

/// How one kind of product (or pass) is computed here in one precision.
struct KernelPath {
  std::string work;       ///< what is computed, e.g. "products of training"
  std::string precision;  ///< of what goes in, "f32" or "bf16"; sums are f32
  std::string path;       ///< who computes it, e.g. "oneDNN 2.6.3", or why nobody does
};

/// What was found. Nothing here changes results by being asked for.
struct MachineReport {
  std::string processor;         ///< its name, or the architecture's where it tells none
  std::size_t processors = 0;    ///< that this process may run on
  std::size_t level1_bytes = 0;  ///< data cache of the first core; 0: unknown
  std::size_t level2_bytes = 0;
  std::size_t level3_bytes = 0;
  /// Of AVX2, AVX512F, AVX512_VNNI, AVX512_BF16, AMX_INT8, AMX_BF16 or NEON, those that processor and system
  /// have, with no regard to the cap.
  std::vector<std::string> instruction_sets;
  std::string cap;                ///< the value of HARMONIUM_ISA; empty where it caps nothing
  std::string vectors;            ///< the Highway target that the passes run on, after the cap
  std::string vectors_library;    ///< e.g. "Highway 1.0.3"
  std::string products_library;   ///< e.g. "oneDNN 2.6.3"
  std::vector<KernelPath> paths;  ///< in order of work, then precision

  /// True where `instruction_sets` holds `name`.
  bool has(std::string_view name) const;
};

/// Looks at the processor, the system and the environment. Throws InputError for a HARMONIUM_ISA that is
/// none.
MachineReport describe_machine();

}  // namespace harmonium
