// In which numbers the products of training are made.
#pragma once

#include <string_view>

namespace harmonium {

/// What a product multiplies; sums are 32-bit floats in both cases.
enum class Precision {
  kF32,   ///< 32-bit floats
  kBf16,  ///< 16-bit floats with the exponent of a 32-bit one and 8 bits of mantissa
};

/// True where the processor multiplies 16-bit floats (AVX512-BF16) and HARMONIUM_ISA does not cap it below.
bool has_bf16_products();

/// "f32" or "bf16".
std::string_view precision_name(Precision precision);

}  // namespace harmonium
