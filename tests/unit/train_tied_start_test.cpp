// The tutorial's proof in numbers: from a tied start, an upper RBM that learns on what the lower one makes of
// the data raises the bound on the likelihood, and the likelihood stays above the bound (Hinton, Osindero &
// Teh 2006, section 4).
#include <gtest/gtest.h>

#include <cmath>

#include "harmonium/models/deep_belief_net.h"
#include "unit/gradients.h"
#include "unit/reference_rbm.h"

namespace harmonium {
namespace {

double softplus(double x) {
  return std::log1p(std::exp(x));
}

// A net 3-2-3 by enumeration of its middle layer, in double precision.
class TinyNet {
 public:
  explicit TinyNet(const DeepBeliefNet& net)
      : below_(net.rbms[0]), top_(net.rbms[1].visible.spec, net.rbms[1].hidden.spec), above_(net.rbms[1]) {
    log_z_ = top_.log_z(above_);
  }
  double log_p(std::span<const float> v) const {
    double sum = 0;
    for (const auto& h : top_.visible_states().values) sum += std::exp(log_joint(v, h));
    return std::log(sum);
  }
  /// sum_h Q(h | v) (log p(v, h) - log Q(h | v)), Q the lower RBM's posterior.
  double bound(std::span<const float> v) const {
    double sum = 0;
    for (const auto& h : top_.visible_states().values) {
      const double q = posterior(v, h);
      sum += q * (log_joint(v, h) - std::log(q));
    }
    return sum;
  }
  double posterior(std::span<const float> v, const std::vector<double>& h) const {
    double q = 1;
    for (std::size_t j = 0; j < 2; ++j) {
      double x = below_.hidden_bias[j];
      for (std::size_t i = 0; i < 3; ++i) x += v[i] * below_.weights[i * 2 + j];
      q /= 1 + std::exp(h[j] > 0 ? -x : x);
    }
    return q;
  }

 private:
  double log_joint(std::span<const float> v, const std::vector<double>& h) const {
    double term = top_.log_unnormalised(above_, h) - log_z_;
    for (std::size_t i = 0; i < 3; ++i) {
      const double x =
          below_.visible_bias[i] + below_.weights[i * 2] * h[0] + below_.weights[i * 2 + 1] * h[1];
      term += v[i] * x - softplus(x);
    }
    return term;
  }
  reference::Parameters below_;
  reference::Model top_;
  reference::Parameters above_;
  double log_z_;
};

DeepBeliefNet tied_net() {
  DeepBeliefNet net = make_net(parse_layers("3-2-3"), false);
  net.rbms[0] = worked_rbm();
  start_tied(net.rbms[0], net.rbms[1]);
  return net;
}

// Parameters are 32-bit, so values agree to about 5e-7.
constexpr double kTolerance = 1e-6;

TEST(TiedStart, MakesTheBoundTight) {
  const TinyNet net(tied_net());
  EXPECT_NEAR(net.log_p(worked_cases().row(0)), -2.6903761743, kTolerance);
  EXPECT_NEAR(net.bound(worked_cases().row(0)), -2.6903761743, kTolerance);
}

TEST(TiedStart, KeepsTheBoundBelowTheLikelihoodOnceLeft) {
  DeepBeliefNet start = tied_net();
  const float change[] = {0.3f, -0.2f, 0.1f, 0.0f, 0.4f, -0.3f};
  for (std::size_t i = 0; i < 6; ++i) start.rbms[1].weights.data()[i] += change[i];
  const TinyNet net(start);
  EXPECT_NEAR(net.log_p(worked_cases().row(0)), -2.6563031893, kTolerance);
  EXPECT_NEAR(net.bound(worked_cases().row(0)), -2.6577580634, kTolerance);
  const auto all = all_triples();
  for (std::size_t s = 0; s < 8; ++s) EXPECT_LE(net.bound(all.row(s)), net.log_p(all.row(s)) + 1e-12);
}

// The upper RBM learns exactly, on the four states of the middle layer weighed by the posterior of the data.
TEST(TiedStart, LearnsAlongTheWorkedPath) {
  DeepBeliefNet net = tied_net();
  const auto data = worked_cases(), middle = matrix_of(2, {0, 0, 0, 1, 1, 0, 1, 1});
  std::vector<float> weights(4, 0.0f);
  for (std::size_t s = 0; s < 4; ++s)
    for (std::size_t r = 0; r < 3; ++r)
      weights[s] += static_cast<float>(TinyNet(net).posterior(data.row(r), {middle(s, 0), middle(s, 1)}));

  const std::pair<std::uint64_t, std::pair<double, double>> worked[] = {
      {0, {-2.0624242301, -2.0624242301}},   {1, {-2.0597945756, -2.0597430922}},
      {10, {-2.0435365880, -2.0398426887}},  {100, {-2.0298015170, -2.0020893482}},
      {400, {-2.0290453284, -2.0005816337}},
  };
  ThreadTeam team(1);
  RbmLearner learner(net.rbms[1], exact_options(), "layers.1", team);
  const auto numbers = numbered(4);
  StepInfo info;
  info.rate = 0.1;
  double last_bound = -HUGE_VAL;
  for (const auto& [updates, values] : worked) {
    for (; info.update < updates; ++info.update) {
      Matrix<float> states = middle;
      learner.step({states, numbers, weights}, info, team);
    }
    net.rbms[1] = learner.rbm();
    const TinyNet now(net);
    double bound = 0, log_p = 0;
    for (std::size_t r = 0; r < 3; ++r)
      bound += now.bound(data.row(r)) / 3, log_p += now.log_p(data.row(r)) / 3;
    EXPECT_NEAR(bound, values.first, 5e-6) << updates;
    EXPECT_NEAR(log_p, values.second, 5e-6) << updates;
    EXPECT_GE(bound, last_bound) << updates;
    EXPECT_GE(log_p, bound - 1e-6) << updates;
    last_bound = bound;
  }
}

// Each hidden unit copies a visible one and is copied back, so that chains stay where they begin.
TEST(TiedStart, LetsChainsBeginAtTheFirstCases) {
  Rbm copier(parse_layers("3-3")[0], parse_layers("3-3")[1]);
  for (std::size_t i = 0; i < 3; ++i)
    copier.weights(i, i) = 60, copier.visible.bias[i] = copier.hidden.bias[i] = -30;
  TrainOptions options;
  options.negative = NegativeKind::kPersistent, options.chains = 5, options.rate = 0;
  ThreadTeam team(1);
  const auto chains_of = [&](bool tied) {
    options.tied_start = tied;
    RbmLearner learner(copier, options, "layers.0", team);
    gradient_of(learner, matrix_of(3, {1, 0, 0, 0, 1, 1}));
    const auto values = learner.state().back().values;
    return std::vector<float>(values.begin(), values.end());
  };
  const std::vector<float> in_turn = {1, 0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0};
  EXPECT_EQ(chains_of(true), in_turn);
  EXPECT_EQ(chains_of(false), std::vector<float>(15, 0.0f));  // at the biases' own distribution
}

}  // namespace
}  // namespace harmonium
