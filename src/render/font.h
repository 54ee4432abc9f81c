// A small bitmap font, so that sheets can carry words without a font library; boxes of one colour.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "harmonium/io/png.h"

namespace harmonium {

/// Red, green, blue.
using Rgb = std::array<std::uint8_t, 3>;

/// Fills a box of an RGB image, cut at the image's edges.
void fill_box(Image& image, std::size_t left, std::size_t top, std::size_t width, std::size_t height,
              Rgb colour);

/// Pixels that a line of text is wide. Letters are 5 x 7 and narrower where they are narrow, one pixel apart,
/// each pixel `scale` x `scale`. Printable ASCII has letters; any other character is an empty box.
std::size_t text_width(std::string_view text, std::size_t scale);
/// Pixels that every line of text is high, tails included.
std::size_t text_height(std::size_t scale);

/// Draws one line into an RGB image; what reaches beyond the image is cut.
void draw_text(Image& image, std::string_view text, std::size_t left, std::size_t top, std::size_t scale,
               Rgb ink);

}  // namespace harmonium
