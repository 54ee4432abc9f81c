#include "harmonium/base/random.h"

#include <cmath>
#include <numbers>

namespace harmonium {

float Noise::normal(std::uint64_t case_index, std::uint32_t unit, std::uint32_t draw) const {
  // 1 - u lies in (0, 1], so the logarithm is finite; its smallest value 2^-24 bounds |x| by 5.77.
  const double u = 1.0 - static_cast<double>(uniform(case_index, unit, 2 * draw));
  const double angle = 2.0 * std::numbers::pi * uniform(case_index, unit, 2 * draw + 1);
  return static_cast<float>(std::sqrt(-2.0 * std::log(u)) * std::cos(angle));
}

std::uint64_t Noise::below(std::uint64_t bound, std::uint64_t case_index, std::uint32_t unit,
                           std::uint32_t draw) const {
  const std::uint64_t high = bits(case_index, unit, 2 * draw), low = bits(case_index, unit, 2 * draw + 1);
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint64_t>((static_cast<Wide>(high << 32 | low) * bound) >> 64);
}

}  // namespace harmonium
