#include "data/sample_ranges.h"

#include <algorithm>

namespace harmonium {

std::vector<CaseRange> sample_ranges(std::uint64_t cases, std::size_t bytes_a_case) {
  constexpr std::uint64_t kBlocks = 256, kMostCases = 256, kMostBytes = std::uint64_t{1} << 18;
  const std::uint64_t count = std::clamp<std::uint64_t>(kMostBytes / bytes_a_case, 1, kMostCases);
  if (cases <= kBlocks * count) return {{0, cases}};
  std::vector<CaseRange> ranges;
  const std::uint64_t span = cases - count;  // times a block number below 2^8: no overflow below 2^56 cases
  for (std::uint64_t b = 0; b < kBlocks; ++b) ranges.push_back({span * b / (kBlocks - 1), count});
  return ranges;
}

}  // namespace harmonium
