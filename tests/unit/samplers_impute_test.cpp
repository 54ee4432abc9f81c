// Imputation against enumeration: means and completions have the conditional distribution given what is
// known.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>

#include "harmonium/base/error.h"
#include "harmonium/samplers/impute.h"
#include "unit/reference_rbm.h"

namespace harmonium {
namespace {

constexpr float kUnknown = std::numeric_limits<float>::quiet_NaN();

DeepBeliefNet net_of(const char* layers, bool labels = false) {
  DeepBeliefNet net = make_net(parse_layers(layers), labels);
  for (std::size_t n = 0; n < net.depth(); ++n) initialise_weights(net.rbms[n], 0.9f, 0.2f, 5, n);
  for (std::size_t i = 0; i < net.rbms[0].visible.bias.size(); ++i)
    net.rbms[0].visible.bias[i] = 0.3f * static_cast<float>(i) - 0.4f;
  return net;
}

// p(v) of the visible states of an RBM that agree with `known`.
std::map<std::vector<double>, double> given(const Rbm& rbm, std::span<const float> known) {
  const reference::Model model(rbm.visible.spec, rbm.hidden.spec);
  const reference::Parameters p(rbm);
  std::map<std::vector<double>, double> result;
  double sum = 0;
  for (std::size_t s = 0; s < model.visible_states().values.size(); ++s) {
    const auto& v = model.visible_states().values[s];
    bool agrees = true;
    for (std::size_t i = 0; i < known.size(); ++i)
      agrees = agrees && (std::isnan(known[i]) || v[i] == static_cast<double>(known[i]));
    if (agrees)
      sum += result[v] = std::exp(model.visible_states().log_measure[s] + model.log_unnormalised(p, v));
  }
  for (auto& [state, probability] : result) probability /= sum;
  return result;
}

TEST(Imputation, MeansAreTheConditionalExpectations) {
  const DeepBeliefNet net = net_of("3 + softmax 3-3");
  Matrix<float> cases(2, 6);
  for (float& v : cases.values()) v = kUnknown;
  cases(0, 0) = 1, cases(0, 2) = 0;                   // the rest and the category unknown
  cases(1, 3) = 0, cases(1, 4) = 1, cases(1, 5) = 0;  // the category known
  ThreadTeam team(2);
  ImputeOptions options;
  options.steps = 40000, options.burn_in = 100;
  const Matrix<float> filled = impute(net, cases, options, team);
  for (std::size_t r = 0; r < 2; ++r) {
    std::vector<double> expected(6, 0.0);
    for (const auto& [state, p] : given(net.top(), cases.row(r)))
      for (std::size_t i = 0; i < 6; ++i) expected[i] += p * state[i];
    for (std::size_t i = 0; i < 6; ++i)
      if (std::isnan(cases(r, i)))
        EXPECT_NEAR(filled(r, i), expected[i], 0.015) << r << " " << i;
      else
        EXPECT_EQ(filled(r, i), cases(r, i));
  }
}

TEST(Imputation, CompletionsHaveTheConditionalDistribution) {
  const DeepBeliefNet net = net_of("4-3");
  Matrix<float> cases(1, 4, kUnknown);
  cases(0, 1) = 1;
  ThreadTeam team(2);
  ImputeOptions options;
  options.steps = 30, options.completions = 8000, options.samples = true;
  const Matrix<float> filled = impute(net, cases, options, team);
  ASSERT_EQ(filled.rows(), 8000u);
  std::map<std::vector<double>, double> counts;
  for (std::size_t r = 0; r < 8000; ++r) ++counts[{filled.row(r).begin(), filled.row(r).end()}];
  double sum = 0;
  const auto truth = given(net.top(), cases.row(0));
  ASSERT_EQ(truth.size(), 8u);
  for (const auto& [state, p] : truth) sum += std::pow(counts[state] - 8000 * p, 2) / (8000 * p);
  EXPECT_LT(sum, 24.3);  // 7 degrees of freedom, p = 0.001
}

// All states of n binary units; bit i of the number is unit i.
std::vector<double> bits(std::size_t state, std::size_t n) {
  std::vector<double> v(n);
  for (std::size_t i = 0; i < n; ++i) v[i] = static_cast<double>(state >> i & 1u);
  return v;
}

// p(b | a) of one Bernoulli layer given the other, up or down.
double conditional_probability(const Rbm& rbm, Side side, const std::vector<double>& a,
                               const std::vector<double>& b) {
  double p = 1;
  for (std::size_t j = 0; j < b.size(); ++j) {
    double x = side == Side::kHidden ? rbm.hidden.bias[j] : rbm.visible.bias[j];
    for (std::size_t i = 0; i < a.size(); ++i)
      x += a[i] * static_cast<double>(side == Side::kHidden ? rbm.weights(i, j) : rbm.weights(j, i));
    p *= b[j] > 0 ? 1 / (1 + std::exp(-x)) : 1 / (1 + std::exp(x));
  }
  return p;
}

// A step of a net: up, one Gibbs step in the top RBM, down, the known units put back. Its stationary
// distribution, by enumeration and powers of the kernel, is what completions have.
TEST(Imputation, OfANetIsTheChainThatIsDescribed) {
  const DeepBeliefNet net = net_of("4-3-2");
  constexpr std::size_t kV = 16, kH = 8, kT = 4;
  const auto known = [](std::size_t v) { return (v & 1u) == 1 && (v & 8u) == 0; };  // units 0 and 3
  std::vector<double> p(kV, 0.0);
  p[1] = 1;
  for (int step = 0; step < 60; ++step) {
    std::vector<double> h(kH, 0.0), t(kT, 0.0), down(kH, 0.0), next(kV, 0.0);
    for (std::size_t v = 0; v < kV; ++v)
      for (std::size_t j = 0; j < kH; ++j)
        h[j] += p[v] * conditional_probability(net.rbms[0], Side::kHidden, bits(v, 4), bits(j, 3));
    for (std::size_t j = 0; j < kH; ++j)
      for (std::size_t k = 0; k < kT; ++k)
        t[k] += h[j] * conditional_probability(net.rbms[1], Side::kHidden, bits(j, 3), bits(k, 2));
    for (std::size_t k = 0; k < kT; ++k)
      for (std::size_t j = 0; j < kH; ++j)
        down[j] += t[k] * conditional_probability(net.rbms[1], Side::kVisible, bits(k, 2), bits(j, 3));
    for (std::size_t j = 0; j < kH; ++j)
      for (std::size_t v = 0; v < kV; ++v)
        next[(v | 1u) & ~std::size_t{8}] +=
            down[j] * conditional_probability(net.rbms[0], Side::kVisible, bits(j, 3), bits(v, 4));
    p = next;
  }
  Matrix<float> cases(1, 4, kUnknown);
  cases(0, 0) = 1, cases(0, 3) = 0;
  ThreadTeam team(2);
  ImputeOptions options;
  options.steps = 25, options.completions = 8000, options.samples = true;
  const Matrix<float> filled = impute(net, cases, options, team);
  std::vector<double> counts(kV, 0.0);
  for (std::size_t r = 0; r < 8000; ++r) {
    std::size_t v = 0;
    for (std::size_t i = 0; i < 4; ++i) v |= static_cast<std::size_t>(filled(r, i)) << i;
    ASSERT_TRUE(known(v));
    ++counts[v];
  }
  double sum = 0;
  for (std::size_t v = 0; v < kV; ++v)
    if (known(v)) sum += std::pow(counts[v] - 8000 * p[v], 2) / (8000 * p[v]);
  EXPECT_LT(sum, 16.3);  // 3 degrees of freedom, p = 0.001
}

TEST(ImputationDeterminism, ThreadsChangeNothing) {
  ThreadTeam one(1), three(3);
  for (const auto& [layers, labels] : {std::pair{"6-4", false}, std::pair{"6-5-4 + softmax 3-7", true},
                                       std::pair{"6 + softmax 3-4", true}}) {
    const DeepBeliefNet net = net_of(layers, labels);
    Matrix<float> cases(70, 6, 1.0f);
    for (std::size_t r = 0; r < 70; ++r) cases(r, r % 6) = cases(r, (r + 2) % 6) = kUnknown;
    for (const std::size_t completions : {0u, 3u}) {
      ImputeOptions options;
      options.steps = 7, options.burn_in = 2, options.completions = completions;
      const Matrix<float> a = impute(net, cases, options, one), b = impute(net, cases, options, three);
      ASSERT_EQ(a.rows(), completions == 0 ? 70u : 210u);
      EXPECT_TRUE(std::equal(a.values().begin(), a.values().end(), b.values().begin())) << layers;
      const std::size_t copies = std::max<std::size_t>(1, completions);
      for (std::size_t r = 0; r < a.rows(); ++r)
        for (std::size_t i = 0; i < 6; ++i) {
          EXPECT_FALSE(std::isnan(a(r, i)));
          if (!std::isnan(cases(r / copies, i))) EXPECT_EQ(a(r, i), 1.0f);
        }
    }
  }
}

TEST(Imputation, RefusesWhatItCannotDo) {
  ThreadTeam team(1);
  ImputeOptions options;
  EXPECT_THROW(impute(net_of("6-4"), Matrix<float>(2, 5), options, team), InputError);
  EXPECT_THROW(impute(net_of("multinomial 6-4"), Matrix<float>(2, 6), options, team), InputError);
  options.steps = options.burn_in;
  EXPECT_THROW(impute(net_of("6-4"), Matrix<float>(2, 6), options, team), InputError);
}

}  // namespace
}  // namespace harmonium
