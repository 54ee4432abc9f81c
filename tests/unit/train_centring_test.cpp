// Centring changes the path of learning, not the family of models (Montavon & Mueller 2012; Melchior, Fischer
// & Wiskott 2016).
#include <gtest/gtest.h>

#include <cmath>

#include "harmonium/measure/exact.h"
#include "unit/gradients.h"

namespace harmonium {
namespace {

Rbm random_rbm(const char* visible, const char* hidden) {
  Rbm rbm(parse_layer(visible), parse_layer(hidden));
  initialise_weights(rbm, 0.6f, 0.2f, 3, 0);
  for (std::size_t i = 0; i < rbm.visible.bias.size(); ++i)
    rbm.visible.bias[i] = 0.5f - 0.4f * static_cast<float>(i);
  for (float& z : rbm.visible.log_variance) z = 0.5f;
  for (float& z : rbm.hidden.log_variance) z = -0.4f;
  return rbm;
}

std::vector<double> path_of_likelihoods(const Rbm& start, const Matrix<float>& cases, bool centring) {
  ThreadTeam team(1);
  TrainOptions options = exact_options();
  options.centring = centring;
  RbmLearner learner(start, options, "l", team);
  const auto numbers = numbered(cases.rows());
  std::vector<double> path;
  StepInfo info;
  info.rate = 0.3;
  for (info.update = 0; info.update < 40; ++info.update) {
    Matrix<float> values = cases;
    learner.step({values, numbers, {}}, info, team);
    double mean = 0;
    for (const double l : log_likelihoods(learner.rbm(), cases, exact_log_z(learner.rbm(), team), team))
      mean += l / static_cast<double>(cases.rows());
    path.push_back(mean);
  }
  return path;
}

// Bit 1 of all data is called by its opposite: W_1. -> -W_1., b_1 -> -b_1, c -> c + W_1. is the same model.
TEST(Centring, DoesNotCareWhichStateOfAUnitIsCalledOne) {
  const Rbm rbm = random_rbm("3", "2");
  Rbm flipped = rbm;
  Matrix<float> cases = worked_cases(), flipped_cases = cases;
  for (std::size_t j = 0; j < 2; ++j) {
    flipped.hidden.bias[j] += rbm.weights(1, j);
    flipped.weights(1, j) = -rbm.weights(1, j);
  }
  flipped.visible.bias[1] = -rbm.visible.bias[1];
  for (std::size_t r = 0; r < 3; ++r) flipped_cases(r, 1) = 1 - cases(r, 1);

  const auto a = path_of_likelihoods(rbm, cases, true), b = path_of_likelihoods(flipped, flipped_cases, true);
  for (std::size_t t = 0; t < a.size(); ++t) EXPECT_NEAR(a[t], b[t], 1e-5) << t;
  const auto c = path_of_likelihoods(rbm, cases, false),
             d = path_of_likelihoods(flipped, flipped_cases, false);
  EXPECT_GT(std::abs(c[5] - d[5]), 1e-3);  // the plain gradient does care
}

// What an update of the centred parameters does to the plain ones. A Gaussian layer's statistics are v /
// sigma, so that its bias moves by sigma dW lambda; log-variances move as without centring.
TEST(Centring, OfGaussianUnitsWithLearnedVariance) {
  const Rbm rbm = random_rbm("gaussian(learned) 2", "2");
  const auto cases = matrix_of(2, {0.5f, -1.0f, 2.0f, 0.3f, -0.7f, 1.5f});
  const RbmGradient plain = gradient_of(rbm, exact_options(), cases);
  TrainOptions options = exact_options();
  options.centring = true;
  const RbmGradient centred = gradient_of(rbm, options, cases);
  ASSERT_EQ(centred.visible_log_variance.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i)
    EXPECT_NEAR(centred.visible_log_variance[i], plain.visible_log_variance[i], 1e-5);

  // Offsets from the moments that the plain gradient is made of: b's own equation, twice.
  std::vector<double> mu(2, 0.0), lambda(2, 0.0);
  const double sigma = std::exp(0.25);
  for (std::size_t i = 0; i < 2; ++i) {
    double data = 0;
    for (std::size_t r = 0; r < 3; ++r) data += cases(r, i) / 3.0 / sigma;
    mu[i] = data - 0.5 * plain.visible_bias[i] * sigma;  // data minus half of data minus model
  }
  for (std::size_t j = 0; j < 2; ++j) {
    for (std::size_t r = 0; r < 3; ++r) {
      double x = rbm.hidden.bias[j];
      for (std::size_t i = 0; i < 2; ++i) x += cases(r, i) / sigma * rbm.weights(i, j);
      lambda[j] += 1 / (1 + std::exp(-x)) / 3;
    }
    lambda[j] -= 0.5 * plain.hidden_bias[j];
  }
  for (std::size_t j = 0; j < 2; ++j) {
    double correction = 0;
    for (std::size_t i = 0; i < 2; ++i) {
      EXPECT_NEAR(
          centred.weights(i, j),
          plain.weights(i, j) - mu[i] * plain.hidden_bias[j] - sigma * plain.visible_bias[i] * lambda[j],
          2e-6);
      correction += mu[i] * centred.weights(i, j);
    }
    EXPECT_NEAR(centred.hidden_bias[j], plain.hidden_bias[j] - correction, 2e-6);
  }
  for (std::size_t i = 0; i < 2; ++i)
    EXPECT_NEAR(centred.visible_bias[i],
                plain.visible_bias[i] -
                    sigma * (centred.weights(i, 0) * lambda[0] + centred.weights(i, 1) * lambda[1]),
                2e-6);
}

TEST(Centring, RestsWhereThePlainGradientRests) {
  const Rbm rbm = worked_rbm();
  ThreadTeam team(1);
  const auto states = all_triples();
  const auto log_p = log_likelihoods(rbm, states, exact_log_z(rbm, team), team);
  std::vector<float> p;
  for (const double l : log_p) p.push_back(static_cast<float>(std::exp(l)));
  for (const bool centring : {false, true}) {
    TrainOptions options = exact_options();
    options.centring = centring;
    for (const double g : flat(gradient_of(rbm, options, states, p))) EXPECT_NEAR(g, 0, 1e-6);
  }
}

}  // namespace
}  // namespace harmonium
