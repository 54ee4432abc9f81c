// Exact gradients of pairs of layers, contrastive divergence and what it drops; learning of sigmoid belief
// nets.
#include <gtest/gtest.h>

#include <cmath>

#include "harmonium/train/belief_net_learner.h"
#include "harmonium/train/pair_gradients.h"
#include "unit/pair_cases.h"

namespace harmonium {
namespace {

StateList tiny_data() {
  const std::vector<std::uint32_t> states = {0b011, 0b110, 0b101};  // 110, 011, 101 with unit 1 first
  return evenly(states);
}
void expect_near(const BinaryPair& pair, const std::vector<double>& known, double tolerance) {
  const auto flat = pair.flat();
  ASSERT_EQ(flat.size(), known.size());
  for (std::size_t n = 0; n < flat.size(); ++n) EXPECT_NEAR(flat[n], known[n], tolerance) << n;
}
// d f / d parameter by central differences.
template <class F>
std::vector<double> slopes(const BinaryPair& at, F f) {
  const auto centre = at.flat();
  std::vector<double> result;
  for (std::size_t n = 0; n < centre.size(); ++n) {
    double value[2];
    for (int side = 0; side < 2; ++side) {
      auto place = centre;
      place[n] += side == 0 ? 1e-5 : -1e-5;
      BinaryPair moved = at;
      moved.set_flat(place);
      value[side] = f(moved);
    }
    result.push_back((value[0] - value[1]) / 2e-5);
  }
  return result;
}
double mean_log(const StateTable& p, const StateList& data) {
  double mean = 0;
  for (const auto& [state, weight] : data) mean += weight * std::log(p[state]);
  return mean;
}

TEST(PairGradients, AreTheKnownOnesOfTheRbm) {
  expect_near(likelihood_gradient(worked_pair(), Combination::kProduct, tiny_data()),
              {0.1476243466, 0.1378118377, 0.0242482992, -0.1025569394, -0.0999340637, -0.1342328424,
               0.2777420478, -0.0095644432, -0.1331322972, 0.0387179463, -0.0945220178},
              1e-9);
  expect_near(expected_cd(worked_pair(), tiny_data(), 1),
              {0.1257910619, 0.1268547659, 0.0122967005, -0.0966611505, -0.0806413338, -0.0941073705,
               0.2504132651, -0.0176527282, -0.0900776906, 0.0264373294, -0.0766706320},
              1e-9);
}

TEST(PairGradients, AgreeWithDifferencesOfTheLikelihood) {
  for (const auto way : {Combination::kMixture, Combination::kComposition, Combination::kProduct}) {
    const auto known = slopes(
        worked_pair(), [&](const BinaryPair& p) { return mean_log(lower_table(p, way), tiny_data()); });
    expect_near(likelihood_gradient(worked_pair(), way, tiny_data()), known, 1e-8);
    double total = 0;
    for (const double p : lower_table(worked_pair(), way)) total += p;
    EXPECT_NEAR(total, 1.0, 1e-14);
  }
}

TEST(PairGradients, OneNeglectedTermMakesCdExact) {
  for (const std::size_t steps : {1u, 3u}) {
    const auto known = slopes(
        worked_pair(), [&](const BinaryPair& p) { return -contrastive_divergence(p, tiny_data(), steps); });
    expect_near(sum(expected_cd(worked_pair(), tiny_data(), steps),
                    neglected_term(worked_pair(), tiny_data(), steps)),
                known, 1e-7);
    EXPECT_GT(contrastive_divergence(worked_pair(), tiny_data(), steps), 0.0);
    EXPECT_GT(length(neglected_term(worked_pair(), tiny_data(), steps)), 1e-4);
  }
}

TEST(PairGradients, CdIsZeroOnDataOfTheModel) {
  const StateList own = support_of(rbm_lower_table(worked_pair()));
  EXPECT_LT(length(expected_cd(worked_pair(), own, 1)), 1e-14);
  EXPECT_LT(length(expected_cd(worked_pair(), own, 4)), 1e-14);
}

TEST(PairGradients, LearningFindsADistributionThatTheModelHas) {
  const StateList data = support_of(rbm_lower_table(worked_pair()));
  const BinaryPair start = random_pair(3, 2, 0.1, Noise(2, Stream::kInitialWeights, 0));
  const BinaryPair learned = learned_pair(start, Combination::kProduct, data, 4000, 0.05);
  EXPECT_LT(kl_divergence(table_of(data, 3), rbm_lower_table(learned)), 1e-4);
}

// ---- Sigmoid belief nets ----

SigmoidBeliefNet small_net() {
  SigmoidBeliefNet net({3, 2, 2});
  initialise_weights(net, 1.0f, Noise(7, Stream::kInitialWeights, 0));
  net.biases[0] = {0.25f, -0.5f, 0.125f};
  net.biases[2] = {0.5f, -0.25f};
  return net;
}

// All states of all layers with weight data(v) p(hidden layers | v).
struct Everything {
  LayerStates states;
  std::vector<double> weights;
};
Everything posterior_of_everything(const SigmoidBeliefNet& net, const StateList& data) {
  Everything all{{Matrix<float>(data.size() * 16, 3), Matrix<float>(data.size() * 16, 2),
                  Matrix<float>(data.size() * 16, 2)},
                 {}};
  for (const auto& [v, weight] : data) {
    const StateTable first = DirectedPosterior(pair_of(net, 0), layer_table(net, 1))(v);
    for (std::uint32_t h = 0; h < 4; ++h) {
      const StateTable second = DirectedPosterior(pair_of(net, 1), layer_table(net, 2))(h);
      for (std::uint32_t g = 0; g < 4; ++g) {
        const std::size_t row = all.weights.size();
        write_state(v, all.states[0].row(row));
        write_state(h, all.states[1].row(row));
        write_state(g, all.states[2].row(row));
        all.weights.push_back(weight * first[h] * second[g]);
      }
    }
  }
  return all;
}

TEST(BeliefNet, DeltaRuleWithPosteriorStatesIsTheGradient) {
  const std::vector<std::uint32_t> seen = {1, 6, 6, 3};
  const StateList data = evenly(seen);
  SigmoidBeliefNet net = small_net();
  const Everything all = posterior_of_everything(net, data);
  SigmoidBeliefNet gradient = delta_rule(net, all.states, all.weights);
  const ParameterList numbers = net.parameters("net"), slopes_found = gradient.parameters("net");
  for (std::size_t t = 0; t < numbers.size(); ++t)
    for (std::size_t e = 0; e < numbers[t].values.size(); ++e) {
      const float centre = numbers[t].values[e];
      numbers[t].values[e] = centre + 0x1p-9f;  // exact in 32 bits beside numbers of order one
      const double above = mean_log(layer_table(net, 0), data);
      numbers[t].values[e] = centre - 0x1p-9f;
      const double below = mean_log(layer_table(net, 0), data);
      numbers[t].values[e] = centre;
      EXPECT_NEAR(slopes_found[t].values[e], (above - below) / 0x1p-8, 2e-5) << numbers[t].name << " " << e;
    }
}

// With one hidden unit the posterior is logistic in the data, so recognition can be exact.
TEST(BeliefNet, WakeSleepIsAtRestWhereRecognitionIsExact) {
  SigmoidBeliefNet net({3, 1});
  net.biases[0] = {0.25f, -0.5f, 0.125f};
  net.biases[1] = {-0.75f};
  const float weights[] = {1.5f, -1.0f, 0.5f};
  RecognitionNet recognition(net);
  double bias = -0.75;
  for (std::size_t i = 0; i < 3; ++i) {
    net.weights[0](i, 0) = recognition.weights[0](i, 0) = weights[i];
    const double off = net.biases[0][i], on = off + weights[i];
    bias -= std::log1p(std::exp(on)) - std::log1p(std::exp(off));
  }
  recognition.biases[0][0] = static_cast<float>(bias);
  LayerStates states = {Matrix<float>(16, 3), Matrix<float>(16, 1)};
  std::vector<double> weight;
  const StateTable visible = layer_table(net, 0);
  for (std::uint32_t v = 0; v < 8; ++v) {
    const StateTable posterior = DirectedPosterior(pair_of(net, 0), layer_table(net, 1))(v);
    const StateTable recognised = recognition_table(recognition, v);
    for (std::uint32_t h = 0; h < 2; ++h) {
      EXPECT_NEAR(recognised[h], posterior[h], 1e-7);
      write_state(v, states[0].row(weight.size()));
      write_state(h, states[1].row(weight.size()));
      weight.push_back(visible[v] * posterior[h]);
    }
  }
  SigmoidBeliefNet wake = delta_rule(net, states, weight);
  RecognitionNet sleep = delta_rule(recognition, states, weight);
  for (const auto& list : {wake.parameters("wake"), sleep.parameters("sleep")})
    for (const NamedTensor& tensor : list)
      for (const float x : tensor.values) EXPECT_NEAR(x, 0.0f, 1e-7f) << tensor.name;
}

// KL(data || net) after 4,000 updates.
double learned_kl(BeliefNetRule rule, const StateTable& truth) {
  SigmoidBeliefNet start({3, 2});
  initialise_weights(start, 0.5f, Noise(9, Stream::kInitialWeights, 0));
  BeliefNetLearner learner(start, rule);
  Matrix<float> cases(50, 3);
  for (std::uint64_t n = 0; n < 4000; ++n) {
    const Noise noise(4, Stream::kSynthetic, n);
    for (std::size_t c = 0; c < 50; ++c) write_state(draw_state(truth, noise, c), cases.row(c));
    learner.step(cases, 0.2 * (1.0 - static_cast<double>(n) / 4000.0), Noise(4, Stream::kSampling, n));
  }
  EXPECT_EQ(learner.parameters().size(), rule == BeliefNetRule::kWakeSleep ? 5u : 3u);
  return kl_divergence(truth, layer_table(learner.net(), 0));
}

TEST(BeliefNet, BothRulesLearnWhatANetHas) {
  SigmoidBeliefNet teacher({3, 2});
  const float weights[] = {4, -3, -4, -3, 3, 4};
  std::copy(std::begin(weights), std::end(weights), teacher.weights[0].values().begin());
  teacher.biases[0] = {-1, 1, -1};
  const StateTable truth = layer_table(teacher, 0);
  const double independent = multi_information(truth);
  ASSERT_GT(independent, 0.05);
  EXPECT_LT(learned_kl(BeliefNetRule::kPosteriorSamples, truth), 0.1 * independent);
  EXPECT_LT(learned_kl(BeliefNetRule::kWakeSleep, truth), 0.5 * independent);
}

}  // namespace
}  // namespace harmonium
