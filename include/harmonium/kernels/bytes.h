// Bytes of images into unit values.
#pragma once

#include <cstdint>
#include <span>

namespace harmonium {

/// values[i] = bytes[i] * scale + offset, the product rounded before the sum.
void scale_bytes(std::span<const std::uint8_t> bytes, float scale, float offset, std::span<float> values);

}  // namespace harmonium
