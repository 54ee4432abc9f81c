// Up-down learning: no expected change at a perfect model, gradients against direct sums, threads.
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "harmonium/base/error.h"
#include "harmonium/measure/exact.h"
#include "harmonium/models/deep_belief_net.h"
#include "harmonium/train/up_down.h"
#include "unit/rbm_cases.h"

namespace harmonium {
namespace {

constexpr std::size_t kCopies = 20000;

// A net of two RBMs whose upper one is the lower one turned over: recognition is the exact posterior, and its
// distribution is that of the lower RBM.
DeepBeliefNet tied_net() {
  DeepBeliefNet net = make_net(parse_layers("3-2-3"), false);
  net.rbms[0] = worked_rbm();
  start_tied(net.rbms[0], net.rbms[1]);
  return net;
}

struct Cases {
  Matrix<float> values;
  std::vector<std::uint64_t> numbers;
  std::vector<float> weights;
};

// Every state of the visible layer many times, weighing what the model gives it.
Cases cases_of_the_model(const Rbm& rbm, std::size_t copies) {
  ThreadTeam team(1);
  const double log_z = exact_log_z(rbm, team);
  Cases cases{Matrix<float>(8 * copies, 3), {}, {}};
  const StateEnumerator states(rbm.visible.spec);
  for (std::size_t r = 0; r < cases.values.rows(); ++r) {
    states.state(r % 8, cases.values.row(r));
    cases.numbers.push_back(r);
  }
  const auto log_p = log_likelihoods(rbm, cases.values, log_z, team);
  for (const double value : log_p) cases.weights.push_back(static_cast<float>(std::exp(value)));
  return cases;
}

Batch batch_of(Cases& cases) {
  Batch batch;
  batch.values = cases.values;
  batch.cases = cases.numbers;
  batch.weights = cases.weights;
  return batch;
}

StepInfo info_of(std::uint64_t steps) {
  StepInfo info;
  info.gibbs_steps = steps;
  info.rate = 0.1;
  return info;
}

double largest(const std::vector<NamedGradient>& gradients, const std::string& part) {
  double result = 0;
  for (const NamedGradient& gradient : gradients)
    if (gradient.name.find(part) != std::string::npos)
      for (const float g : gradient.values.values())
        result = std::max(result, std::abs(static_cast<double>(g)));
  return result;
}

TEST(UpDown, ChangesNothingOnAverageAtAPerfectModel) {
  ThreadTeam team(2);
  Cases cases = cases_of_the_model(worked_rbm(), kCopies);
  TrainOptions options;
  options.precision = PrecisionChoice::kF32;
  for (const std::uint64_t steps : {1u, 3u}) {
    UpDownLearner learner(tied_net(), options, 1.0f, team);
    const auto gradients = learner.gradient(batch_of(cases), info_of(steps), team);
    // Standard errors are below 0.5 / sqrt(20,000) = 0.0035.
    EXPECT_LT(largest(gradients, ""), 0.012) << steps;
  }
}

// Likewise where the second term and the dreams, or half of them, come from the whole of the top RBM.
TEST(UpDown, ChangesNothingOnAverageAtAPerfectModelWhoseTopIsEnumerated) {
  ThreadTeam team(2);
  Cases cases = cases_of_the_model(worked_rbm(), kCopies);
  TrainOptions options;
  options.precision = PrecisionChoice::kF32;
  options.negative = NegativeKind::kExact;
  for (const double share : {0.5, 1.0}) {
    options.persistent_share = share;
    UpDownLearner learner(tied_net(), options, 1.0f, team);
    const auto gradients = learner.gradient(batch_of(cases), info_of(1), team);
    EXPECT_LT(largest(gradients, "layers.1"), 0.012) << share;
    EXPECT_LT(largest(gradients, "generative"), 0.012) << share;
  }
}

// The same net with a label that is independent of the rest: it has two top units of its own, so that the
// middle layer is distributed as without it.
DeepBeliefNet labelled_tied_net() {
  DeepBeliefNet net = make_net(parse_layers("3 - 2 + softmax 3 - 5"), true);
  net.rbms[0] = worked_rbm();
  DeepBeliefNet tied = tied_net();
  Rbm& top = net.top();
  for (std::size_t i = 0; i < 2; ++i) {
    top.visible.bias[i] = tied.top().visible.bias[i];
    for (std::size_t j = 0; j < 3; ++j) top.weights(i, j) = tied.top().weights(i, j);
  }
  std::copy_n(tied.top().hidden.bias.begin(), 3, top.hidden.bias.begin());
  const float to_label[3][2] = {{2.0f, -1.0f}, {-1.5f, 0.5f}, {0.5f, 2.0f}};
  for (std::size_t l = 0; l < 3; ++l) std::copy_n(to_label[l], 2, &top.weights(2 + l, 3));
  top.visible.bias[2] = 0.4f, top.visible.bias[4] = -0.3f, top.hidden.bias[3] = -0.5f;
  return net;
}

// Every state of data and label many times, weighing what the model gives them.
Cases cases_of_the_labelled_model(const DeepBeliefNet& net, std::size_t copies) {
  Cases values = cases_of_the_model(net.rbms[0], 1);
  std::vector<double> label(3);
  for (std::size_t l = 0; l < 3; ++l) {
    double log_p = net.top().visible.bias[2 + l];
    for (std::size_t j = 3; j < 5; ++j)
      log_p += std::log1p(std::exp(net.top().hidden.bias[j] + net.top().weights(2 + l, j)));
    label[l] = std::exp(log_p);
  }
  Cases cases{Matrix<float>(24 * copies, 6), {}, {}};
  for (std::size_t r = 0; r < cases.values.rows(); ++r) {
    const std::size_t state = r % 8, l = r / 8 % 3;
    std::copy_n(values.values.row(state).begin(), 3, cases.values.row(r).begin());
    cases.values(r, 3 + l) = 1.0f;
    cases.numbers.push_back(r);
    cases.weights.push_back(values.weights[state] * static_cast<float>(label[l]));
  }
  return cases;
}

// Labels that stay probabilities in the Gibbs steps move their weights away from a perfect model; sampled
// ones do not.
TEST(UpDown, WithLabelsChangesNothingOnAverageWhereTheyAreSampled) {
  ThreadTeam team(2);
  const DeepBeliefNet net = labelled_tied_net();
  Cases cases = cases_of_the_labelled_model(net, kCopies);
  TrainOptions options;
  options.precision = PrecisionChoice::kF32;
  UpDownLearner sampled(net, options, 1.0f, team);
  EXPECT_LT(largest(sampled.gradient(batch_of(cases), info_of(3), team), ""), 0.012);
  options.sleep_states = SleepStates::kMeans;
  UpDownLearner means(net, options, 1.0f, team);
  for (const NamedGradient& gradient : means.gradient(batch_of(cases), info_of(3), team)) {
    if (gradient.name != "layers.1.weights") continue;
    double labels = 0, codes = 0;
    for (std::size_t i = 0; i < 5; ++i)
      for (std::size_t j = 0; j < 5; ++j) {
        const double g = std::abs(static_cast<double>(gradient.values(i, j)));
        if (i >= 2 && j >= 3) labels = std::max(labels, g);
        if (i < 2 && j < 3) codes = std::max(codes, g);
      }
    EXPECT_GT(labels, 0.02);
    EXPECT_LT(codes, 0.012);
  }
}

// With probabilities in place of the sleeping visible units recognition is pulled away from the posterior.
TEST(UpDown, WithProbabilitiesMovesRecognitionAwayFromAPerfectModel) {
  ThreadTeam team(2);
  Cases cases = cases_of_the_model(worked_rbm(), kCopies);
  TrainOptions options;
  options.precision = PrecisionChoice::kF32;
  options.sleep_states = SleepStates::kMeans;
  UpDownLearner learner(tied_net(), options, 1.0f, team);
  const auto gradients = learner.gradient(batch_of(cases), info_of(3), team);
  EXPECT_GT(largest(gradients, "recognition"), 0.03);
  EXPECT_LT(largest(gradients, "generative"), 0.012);
}

// Wrong weights are pulled back: the generative change of a weight that was raised is negative.
TEST(UpDown, PullsEachDirectionBack) {
  ThreadTeam team(2);
  Cases cases = cases_of_the_model(worked_rbm(), kCopies);
  TrainOptions options;
  options.precision = PrecisionChoice::kF32;
  DeepBeliefNet net = tied_net();
  untie(net);
  net.rbms[0].weights(0, 0) += 1.0f;
  net.recognition[0].weights(1, 1) -= 1.0f;
  UpDownLearner learner(std::move(net), options, 1.0f, team);
  std::map<std::string, Matrix<float>> gradients;
  for (NamedGradient& g : learner.gradient(batch_of(cases), info_of(1), team))
    gradients.emplace(g.name, std::move(g.values));
  EXPECT_LT(gradients.at("layers.0.generative_weights")(0, 0), -0.02f);
  EXPECT_GT(gradients.at("layers.0.recognition_weights")(1, 1), 0.02f);
}

// log p(v) of a net of two RBMs, summed over its middle layer.
double log_p(const DeepBeliefNet& net, std::span<const float> v, ThreadTeam& team) {
  const StateEnumerator codes(net.top().visible.spec);
  Matrix<float> h(codes.states(), net.top().visible_columns());
  for (std::size_t s = 0; s < h.rows(); ++s) codes.state(s, h.row(s));
  const auto log_prior = log_likelihoods(net.top(), h, exact_log_z(net.top(), team), team);
  const auto means = down_pass(net, 1, 0, h, States::kMeans, Noise(1, Stream::kMeasure, 0), {}, team);
  double p = 0;
  for (std::size_t s = 0; s < h.rows(); ++s) {
    double log_term = log_prior[s];
    for (std::size_t i = 0; i < v.size(); ++i)
      log_term += std::log(v[i] == 1.0f ? means(s, i) : 1.0f - means(s, i));
    p += std::exp(log_term);
  }
  return std::log(p);
}

// For both ways of the second term.
class UpDownFrom : public testing::TestWithParam<NegativeKind> {};

TEST_P(UpDownFrom, RaisesTheLikelihoodOfWhatItLearns) {
  ThreadTeam team(2);
  constexpr float kData[3][3] = {{1, 1, 0}, {0, 1, 1}, {1, 0, 1}};
  Cases cases{Matrix<float>(90, 3), {}, {}};
  for (std::size_t r = 0; r < 90; ++r) {
    cases.numbers.push_back(r);
    std::copy_n(kData[r % 3], 3, cases.values.row(r).data());
  }
  TrainOptions options;
  options.negative = GetParam();
  UpDownLearner learner(tied_net(), options, 1.0f, team);
  const auto mean_log_p = [&] {
    double sum = 0;
    for (const auto& v : kData) sum += log_p(learner.net(), v, team) / 3;
    return sum;
  };
  EXPECT_NEAR(mean_log_p(), -2.0624242301, 1e-5);
  for (std::uint64_t update = 0; update < 3000; ++update) {
    StepInfo info = info_of(10);
    info.update = update;
    learner.step(batch_of(cases), info, team);
  }
  EXPECT_GT(mean_log_p(), -1.5);
}

INSTANTIATE_TEST_SUITE_P(AndPersistentChains, UpDownFrom,
                         testing::Values(NegativeKind::kContrastiveDivergence, NegativeKind::kPersistent));

// A state of the code that no case has, but for which the associative memory holds a mode: steps from the
// data do not reach it, persistent chains that are there unlearn it.
TEST(UpDown, PersistentChainsUnlearnWhatStepsFromTheDataDoNotSee) {
  ThreadTeam team(1);
  const auto pull_on_mode = [&](NegativeKind negative, double share) {
    DeepBeliefNet net = make_net(parse_layers("4-4-2"), false);
    for (std::size_t i = 0; i < 4; ++i) {
      net.rbms[0].weights(i, i) = 12.0f;
      net.rbms[0].visible.bias[i] = net.rbms[0].hidden.bias[i] = -6.0f;
      // Unit 0 above holds the code 1111 up, unit 1 holds 0000 down.
      net.top().weights(i, 0) = 8.0f, net.top().weights(i, 1) = -8.0f;
    }
    net.top().hidden.bias = {-16.0f, 16.0f};
    TrainOptions options;
    options.precision = PrecisionChoice::kF32;
    options.negative = negative, options.persistent_share = share, options.chains = 50;
    Cases ones{Matrix<float>(50, 4), {}, {}}, zeros{Matrix<float>(50, 4), {}, {}};
    for (std::size_t r = 0; r < 50; ++r) {
      std::fill_n(ones.values.row(r).data(), 4, 1.0f);
      ones.numbers.push_back(r), zeros.numbers.push_back(r);
    }
    UpDownLearner learner(net, options, 1.0f, team);
    learner.gradient(batch_of(ones), info_of(5), team);  // where the chains begin
    StepInfo later = info_of(5);
    later.update = 1;
    for (const NamedGradient& gradient : learner.gradient(batch_of(zeros), later, team))
      if (gradient.name == "layers.1.visible_bias") return gradient.values(0, 0);
    return std::nanf("");
  };
  EXPECT_NEAR(pull_on_mode(NegativeKind::kContrastiveDivergence, 1.0), 0.0f, 0.03f);
  EXPECT_NEAR(pull_on_mode(NegativeKind::kPersistent, 1.0), -1.0f, 0.03f);
  EXPECT_NEAR(pull_on_mode(NegativeKind::kPersistent, 0.5), -0.5f, 0.03f);
}

class UpDownBits : public testing::TestWithParam<NegativeKind> {};

TEST_P(UpDownBits, AreTheSameForAnyNumberOfThreads) {
  std::vector<std::vector<float>> results;
  for (const unsigned threads : {1u, 2u, 3u}) {
    ThreadTeam team(threads);
    DeepBeliefNet net = make_net(parse_layers("20-17-13 + softmax 3-21"), true);
    for (std::size_t n = 0; n < 3; ++n) initialise_weights(net.rbms[n], 0.5f, 0.0f, 7, n);
    Cases cases{Matrix<float>(130, 23), {}, {}};
    for (std::size_t r = 0; r < 130; ++r) {
      cases.numbers.push_back(r);
      for (std::size_t i = 0; i < 20; ++i) cases.values(r, i) = (r * 7 + i * 3) % 5 < 2 ? 1.0f : 0.0f;
      cases.values(r, 20 + r % 3) = 1.0f;
      if (r % 10 == 0) std::fill_n(&cases.values(r, 20), 3, std::nanf(""));  // an unknown label
    }
    TrainOptions options;
    options.l2 = 0.001;
    options.negative = GetParam(), options.persistent_share = 0.5, options.chains = 70;
    UpDownLearner learner(std::move(net), options, 1.0f, team);
    for (std::uint64_t update = 0; update < 3; ++update) {
      StepInfo info = info_of(2);
      info.update = update, info.momentum = 0.5;
      learner.step(batch_of(cases), info, team);
    }
    std::vector<float> all;
    for (const NamedTensor& tensor : learner.parameters())
      all.insert(all.end(), tensor.values.begin(), tensor.values.end());
    results.push_back(std::move(all));
  }
  EXPECT_EQ(results[0], results[1]);
  EXPECT_EQ(results[0], results[2]);
  for (const float x : results[0]) ASSERT_TRUE(std::isfinite(x));
}

INSTANTIATE_TEST_SUITE_P(OfEachNegativePhase, UpDownBits,
                         testing::Values(NegativeKind::kAuto, NegativeKind::kPersistent,
                                         NegativeKind::kTempering));

TEST(UpDown, IsRefusedForASingleRbm) {
  ThreadTeam team(1);
  EXPECT_THROW(UpDownLearner(make_net(parse_layers("4-3"), false), TrainOptions{}, 1.0f, team), InputError);
}

}  // namespace
}  // namespace harmonium
