// Counter-based random numbers: a pure function of (seed, stream, step, case, unit, draw).
//
// There is no hidden state, so the same numbers come out for any number of threads, any order of work and
// after a resume. The generator is Philox4x32-10 (Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as
// easy as 1, 2, 3", SC 2011), which passes BigCrush.
#pragma once

#include <array>
#include <cstdint>

namespace harmonium {

/// What a random number is for. Two streams never share a number. Values are part of what a seed means:
/// never renumber, only append.
enum class Stream : std::uint32_t {
  kInitialWeights = 1,
  kShuffle = 2,
  kBinarise = 3,        ///< pixels sampled as 0/1 each time they are shown
  kHiddenPositive = 4,  ///< hidden units driven by data
  kChain = 5,           ///< negative phase: fantasy particles
  kChainStart = 6,
  kTempering = 7,  ///< exchanges between temperatures
  kMissing = 8,    ///< missing values, sampled in the positive phase
  kUpPass = 9,     ///< samples that become the data of the next layer
  kSampling = 10,  ///< `sample`, `reconstruct`
  kMeasure = 11,   ///< pseudo-likelihood, annealing
  kSplit = 12,     ///< held-out cases
  kSynthetic = 13,
  kDropout = 14,  ///< units left out of an update
};

/// Ten rounds of Philox on a 128-bit counter with a 64-bit key; 4 independent 32-bit words.
inline std::array<std::uint32_t, 4> philox(std::uint64_t key, std::array<std::uint32_t, 4> counter) {
  auto k0 = static_cast<std::uint32_t>(key), k1 = static_cast<std::uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53u} * counter[0];
    const std::uint64_t p1 = std::uint64_t{0xCD9E8D57u} * counter[2];
    counter = {static_cast<std::uint32_t>(p1 >> 32) ^ counter[1] ^ k0, static_cast<std::uint32_t>(p1),
               static_cast<std::uint32_t>(p0 >> 32) ^ counter[3] ^ k1, static_cast<std::uint32_t>(p0)};
    k0 += 0x9E3779B9u, k1 += 0xBB67AE85u;
  }
  return counter;
}

/// The numbers of one (seed, stream, step): a value to be copied freely.
///
/// A number is addressed by `case_index` (the data set's row or the chain's number), `unit` (the column) and
/// `draw` (0 unless one unit needs several numbers in one step).
class Noise {
 public:
  Noise(std::uint64_t seed, Stream stream, std::uint64_t step)
      : key_(derive_key(seed, static_cast<std::uint32_t>(stream), step)) {}

  /// The same stream at another place: e.g. layer 2, Gibbs step 7. Children never overlap their parent.
  Noise child(std::uint64_t index) const { return Noise(derive_key(key_, 0x5EEDu, index)); }

  std::uint64_t key() const { return key_; }

  /// Uniform over all 32-bit words. Units 4n to 4n+3 share one evaluation of Philox, see `words`.
  std::uint32_t bits(std::uint64_t case_index, std::uint32_t unit, std::uint32_t draw = 0) const {
    return words(case_index, unit / 4, draw)[unit % 4];
  }
  /// The words of units 4 * unit_quad to 4 * unit_quad + 3.
  std::array<std::uint32_t, 4> words(std::uint64_t case_index, std::uint32_t unit_quad,
                                     std::uint32_t draw = 0) const {
    return philox(key_, {unit_quad, draw, static_cast<std::uint32_t>(case_index),
                         static_cast<std::uint32_t>(case_index >> 32)});
  }
  /// Uniform on {0, 1, ..., 2^24 - 1} / 2^24: in [0, 1).
  float uniform(std::uint64_t case_index, std::uint32_t unit, std::uint32_t draw = 0) const {
    return to_uniform(bits(case_index, unit, draw));
  }
  /// Standard normal by Box and Muller from draws 2 * draw and 2 * draw + 1; |x| < 5.8.
  float normal(std::uint64_t case_index, std::uint32_t unit, std::uint32_t draw = 0) const;
  /// Uniform on {0, ..., bound - 1}; bias below bound / 2^64.
  std::uint64_t below(std::uint64_t bound, std::uint64_t case_index, std::uint32_t unit,
                      std::uint32_t draw = 0) const;

  static float to_uniform(std::uint32_t word) { return static_cast<float>(word >> 8) * 0x1p-24f; }

 private:
  explicit Noise(std::uint64_t key) : key_(key) {}
  static std::uint64_t derive_key(std::uint64_t key, std::uint32_t stream, std::uint64_t step) {
    const auto w = philox(
        key, {static_cast<std::uint32_t>(step), static_cast<std::uint32_t>(step >> 32), stream, 0x48A7u});
    return w[0] | std::uint64_t{w[1]} << 32;
  }
  std::uint64_t key_;
};

}  // namespace harmonium
