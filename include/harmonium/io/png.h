// PNG images of bytes: gray or RGB.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace harmonium {

/// Pixels by rows from the top; channels of one pixel side by side.
struct Image {
  std::size_t width = 0, height = 0;
  std::size_t channels = 1;          ///< 1: gray, 3: red, green, blue
  std::vector<std::uint8_t> pixels;  ///< height * width * channels

  Image() = default;
  /// All pixels of value `fill`.
  Image(std::size_t w, std::size_t h, std::size_t c, std::uint8_t fill = 0)
      : width(w), height(h), channels(c), pixels(w * h * c, fill) {}
  /// The channels of the pixel in column x of row y.
  std::uint8_t* at(std::size_t x, std::size_t y) { return &pixels[(y * width + x) * channels]; }
  const std::uint8_t* at(std::size_t x, std::size_t y) const { return &pixels[(y * width + x) * channels]; }

  bool operator==(const Image&) const = default;
};

/// Reads any PNG as 8-bit gray or RGB: palettes become RGB, fewer bits are spread to 0..255, of 16 bits the
/// upper 8 are kept; gamma is not applied. Throws InputError for files that are not PNG, cut short or
/// corrupt, for dimensions that the file cannot hold, and for transparent pixels (which have no one value).
Image read_png(const std::filesystem::path& path);
/// The same from memory; `where` names it in messages.
Image decode_png(std::span<const std::byte> bytes, const std::string& where);

/// The bytes of a PNG file; equal images give equal bytes. The image must not be empty and have 1 or 3
/// channels
/// (`check` otherwise).
std::vector<std::byte> encode_png(const Image& image);
/// Writes it atomically; throws WorkError.
void write_png(const std::filesystem::path& path, const Image& image);

}  // namespace harmonium
