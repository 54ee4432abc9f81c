// The fixed sample of a data set on a disk, from which is learned what must be known of all cases at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "harmonium/data/batch_source.h"

namespace harmonium {

/// All of `cases` where they are no more than the sample would be, else 256 blocks at even distances, the
/// first and the last cases among them; a block is 256 KiB or 256 cases, whichever is less, and at least one
/// case. A function of the two sizes alone, so that equal files are read alike on every machine.
std::vector<CaseRange> sample_ranges(std::uint64_t cases, std::size_t bytes_a_case);

}  // namespace harmonium
