// Colours of numbers in sheets.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>

#include "render/font.h"

namespace harmonium {

/// A value that is not there (NaN): a colour that no other value has.
inline constexpr Rgb kMissingColour{178, 102, 214};
/// Grays, so that a sheet of gray images needs one channel: around images with light ink, and the words on
/// it; the same for dark ink and for weights.
inline constexpr Rgb kDarkPaper{45, 45, 45}, kDarkPaperInk{226, 226, 226};
inline constexpr Rgb kLightPaper{227, 227, 227}, kLightPaperInk{38, 38, 38};

/// From black (0) to white (1).
inline Rgb gray(double share) {
  const auto level = static_cast<std::uint8_t>(std::lround(255 * share));
  return {level, level, level};
}

/// From blue (-1) by white (0) to orange (1). The steps are even in the Oklab colour space: lightness falls
/// linearly on both sides, so that equal sizes look equally strong, also in gray.
inline Rgb blue_orange(double value) {
  static constexpr std::array<Rgb, 9> kBlue{{{250, 250, 250},
                                             {199, 227, 254},
                                             {151, 203, 255},
                                             {110, 176, 247},
                                             {78, 149, 231},
                                             {54, 123, 209},
                                             {43, 98, 177},
                                             {33, 74, 143},
                                             {22, 52, 111}}};
  static constexpr std::array<Rgb, 9> kOrange{{{250, 250, 250},
                                               {254, 217, 189},
                                               {253, 183, 135},
                                               {243, 150, 90},
                                               {228, 119, 53},
                                               {207, 90, 21},
                                               {177, 70, 18},
                                               {146, 51, 17},
                                               {116, 34, 13}}};
  const auto& stops = value < 0 ? kBlue : kOrange;
  const double place = 8 * std::min(std::abs(value), 1.0);
  const auto below = std::min<std::size_t>(static_cast<std::size_t>(place), 7);
  const double share = place - static_cast<double>(below);
  Rgb mixed{};
  for (std::size_t c = 0; c < 3; ++c) {
    mixed[c] =
        static_cast<std::uint8_t>(std::lround(stops[below][c] * (1 - share) + stops[below + 1][c] * share));
  }
  return mixed;
}

}  // namespace harmonium
