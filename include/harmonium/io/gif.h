// GIF movies: frames of equal size that are shown one after the other, for ever.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <vector>

#include "harmonium/io/png.h"

namespace harmonium {

/// The bytes of a GIF that shows each frame for `hundredths` of a second; equal frames give equal bytes.
///
/// A GIF has a palette of 256 colours: gray frames are kept as they are, RGB frames where all of them
/// together have no more colours than that. Throws InputError for no frames, frames of different sizes or
/// channels, sides beyond 65535 pixels, more than 65535 hundredths, and for too many colours.
std::vector<std::byte> encode_gif(std::span<const Image> frames, std::size_t hundredths);
/// Writes it atomically; throws WorkError too.
void write_gif(const std::filesystem::path& path, std::span<const Image> frames, std::size_t hundredths);

}  // namespace harmonium
