// The bound of a deep belief net and its true log-probability: against worked values, against plain sums over
// every state, and the estimates against both.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numeric>

#include "harmonium/base/error.h"
#include "harmonium/measure/exact.h"
#include "harmonium/measure/net_likelihood.h"
#include "unit/rbm_cases.h"

namespace harmonium {
namespace {

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// The worked machine with its own copy, turned over, on top.
DeepBeliefNet worked_net() {
  DeepBeliefNet net = make_net(parse_layers("3-2-3"), false);
  net.rbms[0] = worked_rbm();
  start_tied(net.rbms[0], net.rbms[1]);
  return net;
}

DeepBeliefNet random_net(const char* layers, bool labels, float deviation, std::uint64_t seed) {
  DeepBeliefNet net = make_net(parse_layers(layers), labels);
  for (std::size_t n = 0; n < net.depth(); ++n) {
    initialise_weights(net.rbms[n], deviation, 0.1f, seed, n);
    const Noise noise(seed, Stream::kSynthetic, n);
    std::uint32_t i = 0;
    for (float& b : net.rbms[n].visible.bias) b = 0.7f * noise.normal(0, i++);
    for (float& b : net.rbms[n].hidden.bias) b = 0.7f * noise.normal(1, i++);
    for (float& z : net.rbms[n].visible.log_variance) z = 0.3f * noise.normal(2, i++);
    for (float& z : net.rbms[n].hidden.log_variance) z = 0.3f * noise.normal(3, i++);
  }
  return net;
}

Matrix<float> all_states(const LayerSpec& spec) {
  const StateEnumerator states(spec);
  Matrix<float> all(states.states(), spec.columns());
  for (std::size_t s = 0; s < all.rows(); ++s) states.state(s, all.row(s));
  return all;
}

struct PlainLikelihood {
  double bound = 0, log_probability = 0;
};

// log p(x | total inputs) of Bernoulli units, `weights` seen from the layer that is predicted.
double log_bernoulli(const std::vector<int>& x, const std::vector<int>& given,
                     const AlignedVector<float>& bias, const Matrix<float>& weights, bool upwards) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    double input = bias[i];
    for (std::size_t j = 0; j < given.size(); ++j)
      input += given[j] * (upwards ? weights(j, i) : weights(i, j));
    sum += x[i] * input - std::log1p(std::exp(input));
  }
  return sum;
}

std::vector<int> bits_of(std::size_t index, std::size_t count) {
  std::vector<int> bits(count);
  for (std::size_t i = 0; i < count; ++i) bits[i] = static_cast<int>(index >> i & 1u);
  return bits;
}

// All of it in plain double sums: Bernoulli layers, and a label softmax at the end of the top visible layer.
PlainLikelihood plain_likelihood(const DeepBeliefNet& net, const std::vector<int>& v) {
  const Rbm& top = net.top();
  const std::size_t below_top = net.columns(net.depth() - 1), labels = net.label_columns;
  const auto unnormalised = [&](const std::vector<int>& h) {  // log sum over labels and the top layer
    double total = 0;
    for (std::size_t k = 0; k < std::max<std::size_t>(labels, 1); ++k) {
      double term = 0;
      for (std::size_t i = 0; i < h.size(); ++i) term += h[i] * top.visible.bias[i];
      if (labels > 0) term += top.visible.bias[below_top + k];
      for (std::size_t j = 0; j < top.hidden_columns(); ++j) {
        double input = top.hidden.bias[j];
        for (std::size_t i = 0; i < h.size(); ++i) input += h[i] * top.weights(i, j);
        if (labels > 0) input += top.weights(below_top + k, j);
        term += std::log1p(std::exp(input));
      }
      total += std::exp(term);
    }
    return std::log(total);
  };
  double z = 0;
  for (std::size_t s = 0; s < std::size_t{1} << below_top; ++s)
    z += std::exp(unnormalised(bits_of(s, below_top)));
  PlainLikelihood result;
  double p = 0;
  std::size_t hidden_units = 0;
  for (std::size_t n = 1; n < net.depth(); ++n) hidden_units += net.columns(n);
  for (std::size_t s = 0; s < std::size_t{1} << hidden_units; ++s) {
    std::vector<int> below = v;
    double log_p = 0, log_q = 0;
    std::size_t used = 0;
    for (std::size_t n = 1; n < net.depth(); ++n) {
      const auto h = bits_of(s >> used, net.columns(n));
      const Rbm& up = net.upward(n - 1);
      used += h.size();
      log_q += log_bernoulli(h, below, up.hidden.bias, up.weights, true);
      log_p += log_bernoulli(below, h, net.rbms[n - 1].visible.bias, net.rbms[n - 1].weights, false);
      below = h;
    }
    log_p += unnormalised(below) - std::log(z);
    p += std::exp(log_p);
    result.bound += std::exp(log_q) * (log_p - log_q);
  }
  result.log_probability = std::log(p);
  return result;
}

TEST(NetLikelihood, HasTheWorkedValues) {
  ThreadTeam team(1);
  DeepBeliefNet net = worked_net();
  const auto v = matrix_of(3, {1, 1, 0});
  const auto tied = exact_net_likelihoods(net, v, exact_log_z(net.top(), team), team);
  EXPECT_NEAR(tied.log_probability[0], -2.6903761743, 2e-6);
  EXPECT_NEAR(tied.bound[0], -2.6903761743, 2e-6);
  const float change[] = {0.3f, -0.2f, 0.1f, 0.0f, 0.4f, -0.3f};
  for (std::size_t i = 0; i < 6; ++i) net.rbms[1].weights.values()[i] += change[i];
  const auto changed = exact_net_likelihoods(net, v, exact_log_z(net.top(), team), team);
  EXPECT_NEAR(changed.log_probability[0], -2.6563031893, 2e-6);
  EXPECT_NEAR(changed.bound[0], -2.6577580634, 2e-6);
}

// The second RBM by gradient ascent, in double precision, on sum over h of q(h) log p(h).
class ExactAscent {
 public:
  ExactAscent(const Rbm& start, std::array<double, 4> target) : target_(target) {
    for (std::size_t i = 0; i < 2; ++i)
      for (std::size_t j = 0; j < 3; ++j) w_[i][j] = start.weights(i, j);
    for (std::size_t i = 0; i < 2; ++i) a_[i] = start.visible.bias[i];
    for (std::size_t j = 0; j < 3; ++j) b_[j] = start.hidden.bias[j];
  }
  void step(double rate) {
    std::array<double, 4> model{};
    double z = 0;
    for (std::size_t s = 0; s < 4; ++s) {
      double term = 0;
      for (std::size_t i = 0; i < 2; ++i) term += value(s, i) * a_[i];
      for (std::size_t j = 0; j < 3; ++j) term += std::log1p(std::exp(input(s, j)));
      z += model[s] = std::exp(term);
    }
    auto w = w_;
    auto a = a_;
    auto b = b_;
    for (std::size_t s = 0; s < 4; ++s) {
      const double weight = rate * (target_[s] - model[s] / z);
      for (std::size_t i = 0; i < 2; ++i) a[i] += weight * value(s, i);
      for (std::size_t j = 0; j < 3; ++j) {
        const double mean = 1 / (1 + std::exp(-input(s, j)));
        b[j] += weight * mean;
        for (std::size_t i = 0; i < 2; ++i) w[i][j] += weight * value(s, i) * mean;
      }
    }
    w_ = w, a_ = a, b_ = b;
  }
  void copy_to(Rbm& rbm) const {
    for (std::size_t i = 0; i < 2; ++i)
      for (std::size_t j = 0; j < 3; ++j) rbm.weights(i, j) = static_cast<float>(w_[i][j]);
    for (std::size_t i = 0; i < 2; ++i) rbm.visible.bias[i] = static_cast<float>(a_[i]);
    for (std::size_t j = 0; j < 3; ++j) rbm.hidden.bias[j] = static_cast<float>(b_[j]);
  }

 private:
  static double value(std::size_t state, std::size_t unit) { return static_cast<double>(state >> unit & 1u); }
  double input(std::size_t state, std::size_t j) const {
    return b_[j] + value(state, 0) * w_[0][j] + value(state, 1) * w_[1][j];
  }
  std::array<double, 4> target_;
  std::array<std::array<double, 3>, 2> w_;
  std::array<double, 2> a_;
  std::array<double, 3> b_;
};

// Adding a tied layer and learning it exactly raises the bound (Hinton, Osindero & Teh 2006), by as much as
// an independent run of the same ascent.
TEST(NetLikelihood, RisesAsATiedLayerIsLearnedExactly) {
  ThreadTeam team(1);
  DeepBeliefNet net = worked_net();
  const auto data = worked_cases();
  std::array<double, 4> target{};
  for (std::size_t r = 0; r < 3; ++r)
    for (std::size_t s = 0; s < 4; ++s) {
      const auto h = bits_of(s, 2);
      const std::vector<int> v(data.row(r).begin(), data.row(r).end());
      target[s] += std::exp(log_bernoulli(h, v, net.rbms[0].hidden.bias, net.rbms[0].weights, true)) / 3;
    }
  ExactAscent ascent(net.rbms[1], target);
  const double worked[][3] = {{0, -2.0624242301, -2.0624242301},
                              {1, -2.0597945756, -2.0597430922},
                              {10, -2.0435365880, -2.0398426887},
                              {100, -2.0298015170, -2.0020893482},
                              {400, -2.0290453284, -2.0005816337}};
  int steps = 0;
  double before = -HUGE_VAL;
  for (const auto& [at, bound, log_p] : worked) {
    for (; steps < at; ++steps) ascent.step(0.1);
    ascent.copy_to(net.rbms[1]);
    const auto exact = exact_net_likelihoods(net, data, exact_log_z(net.top(), team), team);
    EXPECT_NEAR(mean_of(exact.bound), bound, 3e-6) << at << " steps";
    EXPECT_NEAR(mean_of(exact.log_probability), log_p, 3e-6) << at << " steps";
    EXPECT_GT(mean_of(exact.bound), before);
    before = mean_of(exact.bound);
  }
}

struct NetCase {
  const char* layers;
  bool labels = false, untied = false;
};
constexpr NetCase kNets[] = {{"4-3-5"},
                             {"3-4-2-3"},
                             {"4-3 + softmax 3-2", true},
                             {"3-2-3 + softmax 3-4", true},
                             {"4 + softmax 3-3", true},
                             {"4-3-5", false, true},
                             {"3-2-3 + softmax 3-4", true, true}};

DeepBeliefNet random_net(const NetCase& kind, float deviation, std::uint64_t seed) {
  DeepBeliefNet net = random_net(kind.layers, kind.labels, deviation, seed);
  if (!kind.untied) return net;
  untie(net);
  const Noise noise(seed, Stream::kSynthetic, 100);
  std::uint32_t i = 0;
  for (Rbm& up : net.recognition) {
    for (float& w : up.weights.values()) w += 0.4f * noise.normal(0, i++);
    for (float& b : up.hidden.bias) b += 0.4f * noise.normal(1, i++);
  }
  return net;
}

TEST(NetLikelihood, IsThatOfPlainSumsAndAboveTheBound) {
  ThreadTeam team(2);
  for (const NetCase& kind : kNets)
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      const DeepBeliefNet net = random_net(kind, 1.5f, seed);
      const auto cases = all_states(parse_layer(std::to_string(net.columns(0))));
      const auto exact = exact_net_likelihoods(net, cases, exact_log_z(net.top(), team), team);
      double total = 0;
      for (std::size_t r = 0; r < cases.rows(); ++r) {
        const auto plain = plain_likelihood(net, {cases.row(r).begin(), cases.row(r).end()});
        EXPECT_NEAR(exact.bound[r], plain.bound, 1e-5) << kind.layers;
        EXPECT_NEAR(exact.log_probability[r], plain.log_probability, 1e-5) << kind.layers;
        EXPECT_LE(exact.bound[r], exact.log_probability[r] + 1e-9) << kind.layers;
        total += std::exp(exact.log_probability[r]);
      }
      EXPECT_NEAR(total, 1.0, 1e-5) << kind.layers;
    }
}

TEST(NetLikelihood, OfEveryKindSumsToOne) {
  ThreadTeam team(1);
  for (const char* layers :
       {"binomial(3) 2-3-4", "2 + softmax 3-binomial(2) 2-3", "stepped(3) 2-softmax(3) 2-gaussian 2",
        "multinomial(3) 3-3-poisson 2", "softmax(3) 2-stepped(2) 2-3-2", "3-multinomial(2) 3-3"}) {
    const DeepBeliefNet net = random_net(layers, false, 0.7f, 3);
    const auto cases = all_states(net.layer(0).spec);
    const auto exact = exact_net_likelihoods(net, cases, exact_log_z(net.top(), team), team);
    double total = 0;
    for (std::size_t r = 0; r < cases.rows(); ++r) {
      total += std::exp(exact.log_probability[r]);
      EXPECT_LE(exact.bound[r], exact.log_probability[r] + 1e-9) << layers;
    }
    EXPECT_NEAR(total, 1.0, 2e-5) << layers;
  }
}

// Documents bring their lengths: given the length, their probabilities sum to one.
TEST(NetLikelihood, OfDocumentsIsGivenTheirLengths) {
  ThreadTeam team(1);
  const DeepBeliefNet net = random_net("multinomial 3-3-2", false, 0.7f, 3);
  const double log_z = exact_log_z(net.top(), team);
  for (const char* length : {"multinomial(1) 3", "multinomial(4) 3"}) {
    const auto cases = all_states(parse_layer(length));
    double total = 0;
    for (const double log_p : exact_net_likelihoods(net, cases, log_z, team).log_probability)
      total += std::exp(log_p);
    EXPECT_NEAR(total, 1.0, 1e-5) << length;
  }
}

// Hidden layers that cannot be counted: a Gaussian layer between, tied, so that bound and truth are the
// likelihood of the RBM below.
TEST(NetLikelihood, OfATiedStartHasNoNoise) {
  ThreadTeam team(1);
  for (const char* layers :
       {"5-4-6", "binomial(3) 2-gaussian 2-binomial(3) 2", "gaussian(learned) 2-3-gaussian(learned) 2"}) {
    DeepBeliefNet net = random_net(layers, false, 0.5f, 7);
    start_tied(net.rbms[0], net.rbms[1]);
    const auto cases = has_exact_states(net.layer(0).spec) ? all_states(net.layer(0).spec)
                                                           : matrix_of(2, {0.3f, -1.2f, 2.0f, 0.1f});
    const auto truth = log_likelihoods(net.rbms[0], cases, exact_log_z(net.rbms[0], team), team);
    NetLikelihoodOptions options;
    options.samples = 20;
    const auto estimate = net_likelihoods(net, cases, exact_log_z(net.top(), team), options, team);
    for (std::size_t r = 0; r < cases.rows(); ++r) {
      EXPECT_NEAR(estimate.bound[r], truth[r], 2e-5) << layers;
      EXPECT_NEAR(estimate.log_probability[r], truth[r], 2e-5) << layers;
      EXPECT_LT(estimate.bound_error[r], 1e-5) << layers;
      EXPECT_NEAR(estimate.effective_samples[r], 20, 1e-3) << layers;
    }
  }
}

// z-scores of the bound's mean over up-passes, and of the mean weight, whose variance is known by its
// effective number.
void expect_estimates_near_truth(const DeepBeliefNet& net, const NetLikelihoodOptions& options) {
  ThreadTeam team(2);
  const auto cases = all_states(parse_layer(std::to_string(net.columns(0))));
  const double log_z = exact_log_z(net.top(), team);
  const auto exact = exact_net_likelihoods(net, cases, log_z, team);
  const auto estimate = net_likelihoods(net, cases, log_z, options, team);
  const auto n = static_cast<double>(options.samples);
  double squares = 0;
  for (std::size_t r = 0; r < cases.rows(); ++r) {
    EXPECT_NEAR(estimate.bound[r], exact.bound[r], 5 * estimate.bound_error[r] + 1e-5);
    const double error = std::sqrt((n / estimate.effective_samples[r] - 1) / n) + 1e-5;
    const double z = std::expm1(estimate.log_probability[r] - exact.log_probability[r]) / error;
    EXPECT_LT(std::abs(z), 5);
    squares += z * z;
  }
  EXPECT_LT(squares / static_cast<double>(cases.rows()), 2.5);
}

TEST(NetLikelihood, IsEstimatedFromUpPasses) {
  for (const NetCase& kind : kNets) {
    NetLikelihoodOptions options;
    options.samples = 3000;
    expect_estimates_near_truth(random_net(kind, 1.0f, 5), options);
  }
}

// Every move must leave its target as it is: a wrong acceptance shows as a wrong mean weight.
TEST(NetLikelihood, IsEstimatedByAnnealing) {
  for (const NetCase& kind : kNets) {
    NetLikelihoodOptions options;
    options.samples = 1000;
    options.temperatures = 24;
    expect_estimates_near_truth(random_net(kind, 1.5f, 6), options);
  }
}

// Where the up-pass is far from the posterior, its weights are worth a few samples, and annealing helps.
TEST(NetLikelihood, AnnealingRaisesTheEffectiveSamples) {
  ThreadTeam team(1);
  const DeepBeliefNet net = random_net("6-8-6-8", false, 1.5f, 2);
  const auto cases = matrix_of(6, {1, 0, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1});
  const double log_z = exact_log_z(net.top(), team);
  const auto exact = exact_net_likelihoods(net, cases, log_z, team);
  NetLikelihoodOptions options;
  options.samples = 50;
  const auto alone = net_likelihoods(net, cases, log_z, options, team);
  options.temperatures = 400;
  const auto annealed = net_likelihoods(net, cases, log_z, options, team);
  EXPECT_GT(mean_of(annealed.effective_samples), 1.5 * mean_of(alone.effective_samples));
  const double truth = mean_of(exact.log_probability), missed = truth - mean_of(alone.log_probability);
  EXPECT_GT(missed, 0.5);
  EXPECT_LT(std::abs(truth - mean_of(annealed.log_probability)), missed / 2);
}

TEST(NetLikelihoodDeterminism, HasTheSameBitsForAnyNumberOfThreadsAndPieces) {
  ThreadTeam one(1), three(3);
  const DeepBeliefNet net = random_net("7-6-5 + softmax 3-4", true, 1.0f, 4);
  const auto cases = all_states(parse_layer("7"));
  NetLikelihoodOptions options;
  options.samples = 150, options.temperatures = 3;
  const auto a = net_likelihoods(net, cases, 1.0, options, one),
             b = net_likelihoods(net, cases, 1.0, options, three);
  EXPECT_EQ(a.bound, b.bound);
  EXPECT_EQ(a.log_probability, b.log_probability);
  const auto tail = net_likelihoods(net, cases.view().row_block(100, 28), 1.0, options, one, 100);
  EXPECT_EQ(std::vector<double>(a.log_probability.begin() + 100, a.log_probability.end()),
            tail.log_probability);
}

TEST(NetLikelihood, IsRefusedWhereThereIsNone) {
  ThreadTeam team(1);
  const auto v = matrix_of(3, {1, 0, 1});
  for (const char* layers : {"3-rectified 2-2", "3-2-rectified 2", "3-gaussian 2-poisson 2"})
    EXPECT_THROW(net_likelihoods(make_net(parse_layers(layers), false), v, 0, {}, team), InputError)
        << layers;
  const DeepBeliefNet net = make_net(parse_layers("3-2-2"), false);
  EXPECT_THROW(net_likelihoods(net, matrix_of(3, {1, 0.5f, 1}), 0, {}, team), InputError);
  EXPECT_THROW(exact_net_likelihoods(make_net(parse_layers("3-21-2"), false), v, 0, team), InputError);
}

}  // namespace
}  // namespace harmonium
