// The instruction set that the kernels may use.
#pragma once

#include <string_view>

namespace harmonium {

/// Reads the environment variable HARMONIUM_ISA and caps what Highway and oneDNN may use, so that a run can
/// be repeated on a lesser processor bit for bit. Values: "scalar", "sse4", "avx2", "avx512"; unset or empty
/// caps nothing. A cap above what the processor has changes nothing. It replaces the variables
/// ONEDNN_MAX_CPU_ISA and DNNL_MAX_CPU_ISA of this process.
///
/// The first call does the work, later calls return at once; every kernel calls it before it dispatches.
/// Programs call it first thing, while they have one thread (it writes to the environment).
/// Throws InputError for any other value.
void cap_instruction_set_from_environment();

/// The Highway target that the kernels run on, after the cap: "AVX3", "AVX2", "SSE4", "SCALAR", "NEON", ...
/// What a processor and a cap can give; results are equal bit for bit only where it is equal.
std::string_view instruction_set_name();

}  // namespace harmonium
