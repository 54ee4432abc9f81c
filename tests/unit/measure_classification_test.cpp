// Errors, intervals, confusion, calibration and worst mistakes of a classifier, by hand.
#include <gtest/gtest.h>

#include <cmath>

#include "harmonium/measure/classification.h"

namespace harmonium {
namespace {

TEST(WilsonInterval, IsThatOfTheFormula) {
  // Newcombe 1998, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
  const auto expect = [](std::size_t hits, std::size_t tries, double low, double high) {
    const Interval interval = wilson_interval(hits, tries);
    EXPECT_NEAR(interval.low, low, 5e-5) << hits;
    EXPECT_NEAR(interval.high, high, 5e-5) << hits;
  };
  expect(81, 263, 0.2553, 0.3662);
  expect(15, 148, 0.0624, 0.1605);
  expect(0, 20, 0.0, 0.1611);
  expect(1, 29, 0.0061, 0.1718);
  expect(20, 20, 1 - 0.1611, 1.0);
  expect(0, 0, 0, 1);
}

struct Cases {
  Matrix<float> probabilities{6, 3};
  std::vector<std::int32_t> labels = {0, 1, 2, -1, 1, 2};
  Cases() {
    const float rows[6][3] = {{0.8f, 0.1f, 0.1f},   {0.55f, 0.25f, 0.2f},  {0.1f, 0.3f, 0.6f},
                              {0.9f, 0.05f, 0.05f}, {0.04f, 0.92f, 0.04f}, {0.75f, 0.2f, 0.05f}};
    for (std::size_t r = 0; r < 6; ++r) std::copy_n(rows[r], 3, probabilities.row(r).data());
  }
};

void expect_result(const Classification& c) {
  EXPECT_EQ(c.cases, 5u);
  EXPECT_EQ(c.wrong, 2u);
  EXPECT_DOUBLE_EQ(c.error(), 0.4);
  const double sum = std::log(0.8) + std::log(0.25) + std::log(0.6) + std::log(0.92) + std::log(0.05);
  EXPECT_NEAR(c.cross_entropy, -sum / 5, 1e-6);
  const std::size_t confusion[3][3] = {{1, 0, 0}, {1, 1, 0}, {1, 0, 1}};
  for (std::size_t r = 0; r < 3; ++r)
    for (std::size_t k = 0; k < 3; ++k) EXPECT_EQ(c.confusion(r, k), confusion[r][k]) << r << " " << k;
  // The last case gives its label 0.05, the second one 0.25.
  EXPECT_EQ(c.mistakes, (std::vector<std::uint64_t>{5, 1}));
  // Confidences 0.55 (wrong), 0.6, 0.75 (wrong), 0.8, 0.92: each alone in its range.
  ASSERT_EQ(c.bins.size(), 5u);
  EXPECT_NEAR(c.bins[0].confidence, 0.55, 1e-6);
  EXPECT_EQ(c.bins[0].right, 0.0);
  EXPECT_NEAR(c.calibration_error, (0.55 + 0.4 + 0.75 + 0.2 + 0.08) / 5, 1e-6);
}

TEST(Classification, CountsByHand) {
  Cases cases;
  ClassificationSums whole(3);
  whole.add(0, cases.probabilities, cases.labels);
  expect_result(whole.result());
  ClassificationSums pieces(3);
  const std::span<const std::int32_t> labels = cases.labels;
  pieces.add(0, cases.probabilities.view().row_block(0, 4), labels.first(4));
  pieces.add(4, cases.probabilities.view().row_block(4, 2), labels.subspan(4));
  expect_result(pieces.result());
}

TEST(Classification, OfNoKnownLabelIsEmpty) {
  Cases cases;
  cases.labels.assign(6, -1);
  ClassificationSums sums(3);
  sums.add(0, cases.probabilities, cases.labels);
  const Classification result = sums.result();
  EXPECT_EQ(result.cases, 0u);
  EXPECT_EQ(result.error(), 0.0);
  EXPECT_TRUE(result.bins.empty());
}

TEST(Classification, AProbabilityOfZeroCostsAFiniteNumber) {
  ClassificationSums sums(2);
  Matrix<float> sure(1, 2);
  sure(0, 0) = 1.0f;
  sums.add(0, sure, std::vector<std::int32_t>{1});
  EXPECT_NEAR(sums.result().cross_entropy, 87.3, 0.1);
}

}  // namespace
}  // namespace harmonium
