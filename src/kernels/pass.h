// The pass over a block of rows: load, bias, function, random, store. Arguments and the plain version.
//
// For each row r and column j of one group of units, with  total = input[r, j] + scale[r] bias[j]:
//   means[r, j]   = kind.mean(total)
//   samples[r, j] = kind.sample(means[r, j], u),   u = Noise::uniform(cases[r], first_unit + j)
// A kind is an object with these two functions; `kernels` names none. `plain_pass` is the reference that the
// vector version of pass-inl.h is tested against, and what runs where there are no vectors.
#pragma once

#include <cstddef>
#include <cstdint>

#include "harmonium/base/random.h"

namespace harmonium {

/// Pointers are to the first row and the first column of the group; strides are in floats. `means` and
/// `samples` may be null, and one of them may be `input` itself.
struct PassRows {
  const float* input = nullptr;
  std::size_t input_stride = 0;
  const float* bias = nullptr;        ///< one a column
  const float* bias_scale = nullptr;  ///< one a row; null stands for 1
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

/// The reference: no vectors, one value at a time, reads like the formula.
template <class Kind>
void plain_pass(const Kind& kind, const PassRows& p) {
  for (std::size_t r = 0; r < p.rows; ++r) {
    for (std::size_t j = 0; j < p.columns; ++j) {
      const float mean = kind.mean(p.input[r * p.input_stride + j] + p.scale(r) * p.bias[j]);
      if (p.samples != nullptr) {
        const auto unit = static_cast<std::uint32_t>(p.first_unit + j);
        const std::uint64_t c = p.cases[r];
        const auto words =
            philox(p.key, {unit / 4, 0, static_cast<std::uint32_t>(c), static_cast<std::uint32_t>(c >> 32)});
        p.samples[r * p.samples_stride + j] = kind.sample(mean, Noise::to_uniform(words[unit % 4]));
      }
      if (p.means != nullptr) p.means[r * p.means_stride + j] = mean;
    }
  }
}

}  // namespace harmonium
