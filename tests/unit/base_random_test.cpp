// Counter-based random numbers: known answers, addresses that never collide, distributions.
#include "harmonium/base/random.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <vector>

namespace harmonium {
namespace {

using Words = std::array<std::uint32_t, 4>;

// The known answers published with Random123 (Salmon et al. 2011).
TEST(Philox, GivesTheKnownAnswers) {
  EXPECT_EQ(philox(0, {0, 0, 0, 0}), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox(~0ull, {~0u, ~0u, ~0u, ~0u}), (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox(0x299f31d0a4093822ull, {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Noise, IsAFunctionOfItsAddress) {
  const Noise a(7, Stream::kChain, 3), same(7, Stream::kChain, 3);
  EXPECT_EQ(a.bits(5, 9, 1), same.bits(5, 9, 1));
  EXPECT_EQ(a.bits(5, 9, 1), a.words(5, 9 / 4, 1)[9 % 4]);
}

TEST(Noise, DiffersInEveryPartOfTheAddress) {
  const Noise a(7, Stream::kChain, 3);
  const std::set<std::uint32_t> words = {
      a.bits(5, 9, 1),
      a.bits(6, 9, 1),
      a.bits(5, 10, 1),
      a.bits(5, 13, 1),
      a.bits(5, 9, 2),
      a.bits(5 + (1ull << 32), 9, 1),
      Noise(8, Stream::kChain, 3).bits(5, 9, 1),
      Noise(7 + (1ull << 32), Stream::kChain, 3).bits(5, 9, 1),
      Noise(7, Stream::kMissing, 3).bits(5, 9, 1),
      Noise(7, Stream::kChain, 4).bits(5, 9, 1),
      Noise(7, Stream::kChain, 3 + (1ull << 32)).bits(5, 9, 1),
      a.child(0).bits(5, 9, 1),
      a.child(1).bits(5, 9, 1),
  };
  EXPECT_EQ(words.size(), 13u);
}

TEST(Noise, UniformsFillTheInterval) {
  const Noise noise(1, Stream::kMeasure, 0);
  constexpr int kDraws = 100000, kBins = 20;
  std::vector<int> counts(kBins);
  for (int i = 0; i < kDraws; ++i) {
    const float u = noise.uniform(static_cast<std::uint64_t>(i), 3);
    ASSERT_GE(u, 0.0f);
    ASSERT_LT(u, 1.0f);
    ++counts[static_cast<std::size_t>(u * kBins)];
  }
  double chi_square = 0;
  for (const int count : counts) chi_square += std::pow(count - kDraws / kBins, 2) / (kDraws / kBins);
  EXPECT_LT(chi_square, 43.8);  // 19 degrees of freedom, p = 0.001
}

TEST(Noise, NormalsHaveTheMomentsOfANormal) {
  const Noise noise(2, Stream::kMeasure, 0);
  constexpr int kDraws = 200000;
  double moments[4] = {};
  for (int i = 0; i < kDraws; ++i) {
    const double x = noise.normal(static_cast<std::uint64_t>(i), 1);
    for (int k = 0; k < 4; ++k) moments[k] += std::pow(x, k + 1) / kDraws;
  }
  EXPECT_NEAR(moments[0], 0, 4 / std::sqrt(kDraws));
  EXPECT_NEAR(moments[1], 1, 4 * std::sqrt(2.0 / kDraws));
  EXPECT_NEAR(moments[2], 0, 4 * std::sqrt(15.0 / kDraws));
  EXPECT_NEAR(moments[3], 3, 4 * std::sqrt(96.0 / kDraws));
}

TEST(Noise, BelowIsUniformAndBounded) {
  const Noise noise(3, Stream::kShuffle, 0);
  std::vector<int> counts(7);
  for (std::uint64_t i = 0; i < 70000; ++i) ++counts.at(noise.below(7, i, 0));
  for (const int count : counts) EXPECT_NEAR(count, 10000, 400);
  EXPECT_EQ(noise.below(1, 5, 0), 0u);
}

}  // namespace
}  // namespace harmonium
