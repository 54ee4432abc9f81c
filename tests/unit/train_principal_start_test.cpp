// The start from principal components: its singular vectors are those of the data, and by enumeration it has
// the likelihood that it claims.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "harmonium/base/error.h"
#include "harmonium/data/dataset.h"
#include "harmonium/measure/exact.h"
#include "harmonium/measure/statistics.h"
#include "harmonium/train/greedy.h"
#include "harmonium/train/principal_start.h"

namespace harmonium {
namespace {

using testing::HasSubstr;

constexpr std::size_t kVisible = 16, kHidden = 8;

// Two clusters of patterns, one of which is twice as large and on in the first half of the units, and a
// second, weaker direction in both: odd units follow a coin.
Matrix<float> two_clusters(std::size_t cases) {
  const Noise noise(1, Stream::kSynthetic, 0);
  Matrix<float> values(cases, kVisible);
  for (std::size_t r = 0; r < cases; ++r) {
    const bool first = r % 3 != 0, odd = noise.bits(r, 100) % 2 == 1;
    for (std::uint32_t i = 0; i < kVisible; ++i) {
      float p = (i < kVisible / 2) == first ? 0.75f : 0.25f;
      if (i % 2 == 1) p += odd ? 0.2f : -0.2f;
      values(r, i) = noise.uniform(r, i) < p ? 1.0f : 0.0f;
    }
  }
  return values;
}

Rbm independent_units(ConstMatrixView<float> cases) {
  Rbm rbm(parse_layer(std::to_string(cases.cols())), parse_layer(std::to_string(kHidden)));
  initialise_visible_bias(rbm, column_means(cases));
  return rbm;
}

double mean_log_likelihood(const Rbm& rbm, ConstMatrixView<float> cases, ThreadTeam& team) {
  double sum = 0;
  for (const double x : log_likelihoods(rbm, cases, exact_log_z(rbm, team), team)) sum += x;
  return sum / static_cast<double>(cases.rows());
}

class PrincipalStart : public testing::Test {
 protected:
  ThreadTeam team_{2};
  Matrix<float> cases_ = two_clusters(600);
  Rbm rbm_ = independent_units(cases_);
};

TEST_F(PrincipalStart, SingularVectorsAreEigenvectorsOfTheCovariance) {
  const auto couplings = start_from_components(rbm_, cases_, 2, team_);
  ASSERT_EQ(couplings.size(), 2u);
  const auto mean = column_means(cases_);
  double variance_before = HUGE_VAL;
  for (const PrincipalCoupling& coupling : couplings) {
    ASSERT_GE(coupling.units, 1u);
    ASSERT_LE(coupling.first + coupling.units, kHidden);
    // A group's columns are equal, so its only left singular vector is their direction, and its value is s.
    double squares = 0;
    std::vector<double> u(kVisible), image(kVisible, 0.0);
    for (std::size_t i = 0; i < kVisible; ++i) {
      for (std::size_t j = coupling.first; j < coupling.first + coupling.units; ++j) {
        EXPECT_EQ(rbm_.weights(i, j), rbm_.weights(i, coupling.first));
        squares += rbm_.weights(i, j) * rbm_.weights(i, j);
      }
      u[i] = rbm_.weights(i, coupling.first);
    }
    EXPECT_NEAR(std::sqrt(squares), coupling.strength, 1e-4 * coupling.strength);
    for (double& x : u) x *= std::sqrt(static_cast<double>(coupling.units)) / coupling.strength;
    double variance = 0;
    for (std::size_t r = 0; r < cases_.rows(); ++r) {
      double along = 0;
      for (std::size_t i = 0; i < kVisible; ++i) along += u[i] * (cases_(r, i) - mean[i]);
      for (std::size_t i = 0; i < kVisible; ++i)
        image[i] += along * (cases_(r, i) - mean[i]) / static_cast<double>(cases_.rows());
      variance += along * along / static_cast<double>(cases_.rows());
    }
    for (std::size_t i = 0; i < kVisible; ++i) EXPECT_NEAR(image[i], variance * u[i], 1e-4);
    EXPECT_LT(variance, variance_before);
    variance_before = variance;
  }
  // The other hidden units are as they were.
  const PrincipalCoupling& last = couplings.back();
  for (std::size_t j = last.first + last.units; j < kHidden; ++j) EXPECT_EQ(rbm_.weights(3, j), 0.0f);
}

TEST_F(PrincipalStart, LikelihoodIsAboveTheUsualStartAndAsClaimed) {
  const double usual = mean_log_likelihood(rbm_, cases_, team_);
  const auto couplings = start_from_components(rbm_, cases_, 1, team_);
  const double gained = mean_log_likelihood(rbm_, cases_, team_) - usual;
  EXPECT_GT(gained, 0.4);
  // One direction is fitted without neglect but for the saddle point.
  EXPECT_NEAR(gained / couplings[0].gain, 1.0, 0.1);
  Rbm two = independent_units(cases_);
  start_from_components(two, cases_, 2, team_);
  EXPECT_GT(mean_log_likelihood(two, cases_, team_), usual + gained);
}

TEST_F(PrincipalStart, StrengthIsTheBestOne) {
  const auto found = start_from_components(rbm_, cases_, 1, team_)[0];
  const double best = mean_log_likelihood(rbm_, cases_, team_);
  for (const float scale : {0.8f, 1.25f}) {
    // Weaker or stronger by hand, inputs still zero at the means and the field kept.
    Rbm other = rbm_;
    for (std::size_t j = found.first; j < found.first + found.units; ++j) {
      other.hidden.bias[j] *= scale;
      for (std::size_t i = 0; i < kVisible; ++i) {
        other.visible.bias[i] -= 0.5f * (scale - 1) * rbm_.weights(i, j);
        other.weights(i, j) *= scale;
      }
    }
    EXPECT_LT(mean_log_likelihood(other, cases_, team_), best) << scale;
  }
}

TEST_F(PrincipalStart, KeepsTheMeanAndFindsTheVariance) {
  const auto found = start_from_components(rbm_, cases_, 1, team_)[0];
  const auto along = [&](ConstMatrixView<float> values, std::size_t r) {
    double y = 0;
    for (std::size_t i = 0; i < kVisible; ++i)
      y += values(r, i) * rbm_.weights(i, found.first) * std::sqrt(static_cast<double>(found.units)) /
           found.strength;
    return y;
  };
  Matrix<float> all(std::size_t{1} << kVisible, kVisible);
  for (std::size_t s = 0; s < all.rows(); ++s)
    for (std::size_t i = 0; i < kVisible; ++i) all(s, i) = static_cast<float>(s >> i & 1u);
  const auto log_p = log_likelihoods(rbm_, all, exact_log_z(rbm_, team_), team_);
  double mean = 0, square = 0, data_mean = 0, data_square = 0;
  for (std::size_t s = 0; s < all.rows(); ++s) {
    const double y = along(all, s), p = std::exp(log_p[s]);
    mean += p * y, square += p * y * y;
  }
  const auto n = static_cast<double>(cases_.rows());
  for (std::size_t r = 0; r < cases_.rows(); ++r) {
    const double y = along(cases_, r);
    data_mean += y / n, data_square += y * y / n;
  }
  const double variance = data_square - data_mean * data_mean;
  EXPECT_NEAR(mean, data_mean, 0.1 * std::sqrt(variance));
  EXPECT_NEAR((square - mean * mean) / variance, 1.0, 0.15);
}

// Where the data vary as independent units do there is nothing to gain, and next to nothing is put.
TEST_F(PrincipalStart, IndependentUnitsStayAlone) {
  const Noise noise(2, Stream::kSynthetic, 0);
  for (std::size_t r = 0; r < cases_.rows(); ++r)
    for (std::uint32_t i = 0; i < kVisible; ++i) cases_(r, i) = noise.uniform(r, i) < 0.3f ? 1.0f : 0.0f;
  rbm_ = independent_units(cases_);
  const double usual = mean_log_likelihood(rbm_, cases_, team_);
  const auto found = start_from_components(rbm_, cases_, 1, team_);
  EXPECT_LT(found[0].gain, 0.05);
  EXPECT_NEAR(mean_log_likelihood(rbm_, cases_, team_), usual, 0.05);
}

TEST_F(PrincipalStart, DeterminismForAnyNumberOfThreads) {
  Rbm other = rbm_;
  ThreadTeam one(1), three(3);
  start_from_components(rbm_, cases_, 3, one);
  start_from_components(other, cases_, 3, three);
  EXPECT_TRUE(
      std::equal(rbm_.weights.values().begin(), rbm_.weights.values().end(), other.weights.values().begin()));
  EXPECT_EQ(rbm_.visible.bias, other.visible.bias);
}

TEST_F(PrincipalStart, IsWhereATrainerBegins) {
  const Dataset data = dataset_from_matrix(parse_layer("16"), cases_);
  TrainOptions options;
  options.components = 2, options.initial_deviation = 0.0, options.snapshots = 1, options.epochs = 1;
  GreedyTrainer trainer(make_net(parse_layers("16 - 8"), false), {&data}, {options}, team_);
  EXPECT_TRUE(trainer.run({}));
  start_from_components(rbm_, cases_, 2, team_);
  ASSERT_EQ(trainer.snapshots().size(), 1u);
  const Rbm& start = trainer.snapshots().rbms[0];
  EXPECT_TRUE(
      std::equal(rbm_.weights.values().begin(), rbm_.weights.values().end(), start.weights.values().begin()));
}

TEST_F(PrincipalStart, LeavesLabelsAlone) {
  Rbm joint(parse_layer("16 + softmax 3"), parse_layer("8"));
  start_from_components(joint, cases_, 2, team_);
  for (std::size_t i = 16; i < 19; ++i)
    for (std::size_t j = 0; j < kHidden; ++j) EXPECT_EQ(joint.weights(i, j), 0.0f);
  EXPECT_NE(joint.weights(0, 0), 0.0f);
}

TEST_F(PrincipalStart, FaultsAreNamed) {
  EXPECT_EQ(find_principal_fault(rbm_, kVisible, 8), "");
  EXPECT_EQ(find_principal_fault(Rbm(parse_layer("gaussian 4"), parse_layer("3")), 4, 0), "");
  EXPECT_THAT(find_principal_fault(rbm_, kVisible, 9), HasSubstr("at most 8"));
  EXPECT_THAT(find_principal_fault(Rbm(parse_layer("gaussian 4"), parse_layer("3")), 4, 1),
              HasSubstr("\"gaussian 4\""));
  EXPECT_THAT(find_principal_fault(Rbm(parse_layer("4"), parse_layer("softmax 3")), 4, 1),
              HasSubstr("softmax 3"));
  TrainOptions options;
  options.components = 9;
  const Dataset data = dataset_from_matrix(parse_layer("16"), cases_);
  EXPECT_THROW(GreedyTrainer(make_net(parse_layers("16 - 8"), false), {&data}, {options}, team_), InputError);
}

}  // namespace
}  // namespace harmonium
