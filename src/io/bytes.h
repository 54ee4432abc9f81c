// Small tools for bytes in files: byte order, products that may overflow, sentences.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace harmonium {

static_assert(std::endian::native == std::endian::little, "files are read for little-endian machines");

/// The number in the first sizeof(T) bytes, little-endian.
template <class T>
T load_little(const std::byte* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

/// The unsigned 32-bit number in the first 4 bytes, big-endian.
inline std::uint32_t load_big32(const std::byte* bytes) {
  return __builtin_bswap32(load_little<std::uint32_t>(bytes));
}

/// Turns the bytes of every group of `width` around.
void swap_bytes(std::span<std::byte> bytes, std::size_t width);

/// The product of all of `shape` times `factor`; nothing where it, or a part of it from the left, does not
/// fit 64 bits.
inline std::optional<std::size_t> checked_product(std::span<const std::size_t> shape,
                                                  std::size_t factor = 1) {
  std::size_t product = factor;
  for (const std::size_t n : shape) {
    if (n != 0 && product > std::numeric_limits<std::size_t>::max() / n) return std::nullopt;
    product *= n;
  }
  return product;
}

/// "60000 x 28 x 28"; "a single number" for no dimensions.
std::string shape_text(std::span<const std::size_t> shape);

/// Printable characters as they are, others as \xNN, cut after 60: for quoting a file's contents in messages.
std::string printable(std::string_view text);

}  // namespace harmonium
