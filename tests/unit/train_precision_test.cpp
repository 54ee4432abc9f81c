// Learning with products of 16-bit floats: when it is taken, and that its gradient is that of f32.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "harmonium/base/error.h"
#include "harmonium/train/rbm_learner.h"

namespace harmonium {
namespace {

// Weights that 16-bit floats hold, so that both precisions run the same chains.
Rbm make_rbm(const char* visible, const char* hidden) {
  Rbm rbm(parse_layer(visible), parse_layer(hidden));
  initialise_weights(rbm, 0.3f, -0.5f, 3, 0);
  for (float& w : rbm.weights.values())
    w = std::bit_cast<float>(std::bit_cast<std::uint32_t>(w) & 0xFFFF0000u);
  return rbm;
}

Matrix<float> grey_cases(std::size_t rows, std::size_t cols) {
  Matrix<float> cases(rows, cols);
  const Noise noise(4, Stream::kSynthetic, 0);
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t i = 0; i < cols; ++i) {
      const auto unit = static_cast<std::uint32_t>(i);
      if (noise.uniform(r, unit, 1) < 0.4f)
        cases(r, i) = static_cast<float>(noise.below(256, r, unit)) * (1.0f / 255.0f);
    }
  return cases;
}

RbmGradient gradient_in(PrecisionChoice choice, const Rbm& rbm, TrainOptions options, Matrix<float> cases,
                        std::span<const float> weights) {
  ThreadTeam team(1);
  options.precision = choice;
  RbmLearner learner(rbm, options, "l", team, {}, {}, 1.0f / 255.0f);
  EXPECT_EQ(learner.precision(), choice == PrecisionChoice::kBf16 ? Precision::kBf16 : Precision::kF32);
  std::vector<std::uint64_t> rows(cases.rows());
  for (std::size_t r = 0; r < rows.size(); ++r) rows[r] = r;
  StepInfo info;
  info.gibbs_steps = 2;
  return learner.gradient({cases, rows, weights}, info, team);
}

void expect_near(std::span<const float> a, std::span<const float> b, double tolerance) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], tolerance) << i;
}

TEST(Precision, GradientsOfBothAreTheSameUpToRounding) {
  if (!has_bf16_products()) GTEST_SKIP();
  const Rbm rbm = make_rbm("97", "40 + softmax 5");
  const auto cases = grey_cases(37, 97);
  std::vector<float> weights(cases.rows());
  for (std::size_t r = 0; r < weights.size(); ++r) weights[r] = 1.0f + static_cast<float>(r % 3);
  for (const NegativeKind kind :
       {NegativeKind::kContrastiveDivergence, NegativeKind::kPersistent, NegativeKind::kFastPersistent})
    for (const bool centring : {false, true}) {
      TrainOptions options;
      options.negative = kind, options.centring = centring, options.chains = 11;
      const auto wide = gradient_in(PrecisionChoice::kF32, rbm, options, cases, weights);
      const auto narrow = gradient_in(PrecisionChoice::kBf16, rbm, options, cases, weights);
      // A hidden mean loses up to 2^-9 of itself; the weights of the rows sum to one.
      expect_near(wide.weights.values(), narrow.weights.values(), 0x1p-9);
      // Centred biases sum such losses over the other layer.
      expect_near(wide.visible_bias, narrow.visible_bias, 0x1p-9 * (centring ? 40 : 1));
      expect_near(wide.hidden_bias, narrow.hidden_bias, 0x1p-9 * (centring ? 40 : 1));
    }
}

TEST(Precision, AutoTakesBf16WhereStatesAreExact) {
  if (!has_bf16_products()) GTEST_SKIP();
  const TrainOptions options;
  EXPECT_EQ(choose_precision(make_rbm("8", "4"), options, 1.0f), Precision::kBf16);
  EXPECT_EQ(choose_precision(make_rbm("8", "4"), options, 0.0f), Precision::kF32);
  EXPECT_EQ(choose_precision(make_rbm("8", "rectified 4"), options, 1.0f), Precision::kF32);
  EXPECT_EQ(choose_precision(make_rbm("gaussian 8", "4"), options, 1.0f), Precision::kF32);
  EXPECT_EQ(choose_precision(make_rbm("binomial(257) 8", "4"), options, 1.0f), Precision::kF32);
  TrainOptions means;
  means.visible_states = VisibleStates::kMeans;
  EXPECT_EQ(choose_precision(make_rbm("8", "4"), means, 1.0f), Precision::kF32);
}

TEST(Precision, Bf16IsRefusedWhereItCannotBeHad) {
  TrainOptions options;
  options.precision = PrecisionChoice::kBf16;
  options.negative = NegativeKind::kTempering;
  EXPECT_THROW(choose_precision(make_rbm("8", "4"), options, 1.0f), InputError);
  options.negative = NegativeKind::kContrastiveDivergence;
  EXPECT_THROW(choose_precision(make_rbm("gaussian 8", "4"), options, 1.0f), InputError);
  EXPECT_THROW(choose_precision(make_rbm("8", "4"), options, 0.0f), InputError);
}

}  // namespace
}  // namespace harmonium
