// The pass over a block of rows: load, bias, function, random, store. Arguments and the plain version.
//
// For each row r and column j of one group of units, with  total = input[r, j] + scale[r] bias[j]:
//   means[r, j]   = kind.mean(total)
//   samples[r, j] = kind.sample(means[r, j], u),   u = Noise::uniform(cases[r], first_unit + j)
// A kind is an object with these two functions; `kernels` names none. `plain_pass` is the reference that the
// vector version of pass-inl.h is tested against, and what runs where there are no vectors.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>

#include "harmonium/base/random.h"

namespace harmonium {

/// Pointers are to the first row and the first column of the group; strides are in floats. `means` and
/// `samples` may be null, and one of them may be `input` itself.
struct PassRows {
  const float* input = nullptr;
  std::size_t input_stride = 0;
  const float* bias = nullptr;        ///< one a column
  const float* bias_scale = nullptr;  ///< one a row; null stands for 1
  const float* factor = nullptr;      ///< one a column, multiplies the input; null stands for 1
  float* means = nullptr;
  std::size_t means_stride = 0;
  float* samples = nullptr;
  std::size_t samples_stride = 0;
  std::size_t rows = 0, columns = 0;
  std::uint64_t key = 0;                 ///< Noise::key()
  const std::uint64_t* cases = nullptr;  ///< one a row; null where nothing is sampled
  std::uint32_t first_unit = 0;          ///< number of the first column, as Noise counts units

  float scale(std::size_t row) const { return bias_scale != nullptr ? bias_scale[row] : 1.0f; }
};

/// In (0, 1]: (word / 2 + 1/2) 2^-31 rounded to f32, so that small values are fine and none is 0.
inline float to_open_uniform(std::uint32_t word) {
  return (static_cast<float>(word >> 1) + 0.5f) * 0x1p-31f;
}

/// The draw of the words that normals are made of. A pair of normals takes words of both its units, one of
/// which may belong to another group, so that no other use may share the draw.
inline constexpr std::uint32_t kNormalDraw = 0x80000000u;

/// The random numbers of one row: those of Noise, from its key.
struct RowNoise {
  std::uint64_t key = 0;
  std::uint64_t case_index = 0;

  std::array<std::uint32_t, 4> words(std::uint32_t unit_quad, std::uint32_t draw) const {
    return philox(key, {unit_quad, draw, static_cast<std::uint32_t>(case_index),
                        static_cast<std::uint32_t>(case_index >> 32)});
  }
  std::uint32_t bits(std::uint32_t unit, std::uint32_t draw) const { return words(unit / 4, draw)[unit % 4]; }
  /// In (0, 1) in steps of 2^-32: the middle of the step, so that its logarithm is finite.
  double uniform(std::uint32_t unit, std::uint32_t draw) const { return (bits(unit, draw) + 0.5) * 0x1p-32; }
  float open_uniform(std::uint32_t unit, std::uint32_t draw) const {
    return to_open_uniform(bits(unit, draw));
  }
  /// In (0, 1) in steps of 2^-53, from draws 2 * draw and 2 * draw + 1.
  double fine_uniform(std::uint32_t unit, std::uint32_t draw) const {
    const std::uint64_t high = bits(unit, 2 * draw), low = bits(unit, 2 * draw + 1);
    return (static_cast<double>((high << 32 | low) >> 11) + 0.5) * 0x1p-53;
  }
  /// Standard normal by Box and Muller. Units 2m and 2m + 1 share the two words that are theirs: the first
  /// gives the radius, the second the angle; |x| <= sqrt(2 log 2^32) = 6.66.
  double normal(std::uint32_t unit) const {
    const auto w = words(unit / 4, kNormalDraw);
    const std::uint32_t first = unit % 4 / 2 * 2;
    const double radius = std::sqrt(-2.0 * std::log(double{to_open_uniform(w[first])}));
    const double angle = 2.0 * std::numbers::pi * w[first + 1] * 0x1p-32;
    return radius * (unit % 2 == 0 ? std::cos(angle) : std::sin(angle));
  }
};

/// The reference: no vectors, one value at a time, reads like the formula.
template <class Kind>
void plain_pass(const Kind& kind, const PassRows& p) {
  for (std::size_t r = 0; r < p.rows; ++r) {
    for (std::size_t j = 0; j < p.columns; ++j) {
      const float mean = kind.mean(p.input[r * p.input_stride + j] + p.scale(r) * p.bias[j]);
      if (p.samples != nullptr) {
        const auto unit = static_cast<std::uint32_t>(p.first_unit + j);
        const std::uint32_t word = RowNoise{p.key, p.cases[r]}.bits(unit, 0);
        p.samples[r * p.samples_stride + j] = kind.sample(mean, Noise::to_uniform(word));
      }
      if (p.means != nullptr) p.means[r * p.means_stride + j] = mean;
    }
  }
}

}  // namespace harmonium
