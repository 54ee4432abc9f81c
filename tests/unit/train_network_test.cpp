// Learning of a feed-forward net: gradients against finite differences, dropout, the loop's labels.
#include <gtest/gtest.h>

#include <cmath>

#include "harmonium/base/error.h"
#include "harmonium/data/dataset.h"
#include "harmonium/train/loop.h"
#include "harmonium/train/network_learner.h"
#include "unit/rbm_cases.h"

namespace harmonium {
namespace {

// A batch with labels, one of them unknown, and weights.
struct Cases {
  explicit Cases(std::size_t rows, std::size_t columns = 6, std::int32_t classes = 3)
      : values(rows, columns) {
    const Noise noise(11, Stream::kSynthetic, 0);
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t i = 0; i < columns; ++i) values(r, i) = noise.normal(r, static_cast<std::uint32_t>(i));
      labels.push_back(static_cast<std::int32_t>(noise.below(static_cast<std::uint64_t>(classes), r, 99)));
      weights.push_back(1.0f + noise.uniform(r, 100));
    }
    labels[1] = -1;
    numbers = numbered(rows);
  }
  Batch batch() { return {values, numbers, weights, {}, {}, labels}; }

  Matrix<float> values;
  std::vector<std::int32_t> labels;
  std::vector<float> weights;
  std::vector<std::uint64_t> numbers;
};

Network start(const char* text) {
  Network network = make_network(text);
  start_at_random(network, 2);
  for (NetworkLayer& layer : network.layers)
    for (std::size_t j = 0; j < layer.bias.size(); ++j)
      layer.bias[j] = 0.1f * static_cast<float>(j % 5) - 0.2f;
  return network;
}

double error_of(const Network& network, const NetworkOptions& options, Cases& cases, ThreadTeam& team) {
  NetworkLearner learner(network, options, team);
  StepInfo watched;  // at rate 0
  watched.watch_update = true;
  learner.step(cases.batch(), watched, team);
  return learner.error();
}

void expect_gradient(const char* text, const NetworkOptions& options, bool probabilities = false) {
  ThreadTeam team(1);
  Cases cases(7);
  if (probabilities)
    for (float& value : cases.values.values()) value = 1.0f / (1.0f + std::exp(-value));
  NetworkLearner learner(start(text), options, team);
  StepInfo info;
  info.rate = 1.0;
  learner.step(cases.batch(), info, team);
  Network after = learner.network(), before = start(text);
  const ParameterList now = after.parameters(), then = before.parameters();
  constexpr float kStep = 1e-2f;
  for (std::size_t t = 0; t < now.size(); ++t)
    for (std::size_t i = 0; i < now[t].values.size(); ++i) {
      float& value = then[t].values[i];
      const float kept = value;
      value = kept + kStep;
      const double high = error_of(before, options, cases, team);
      value = kept - kStep;
      const double low = error_of(before, options, cases, team);
      value = kept;
      EXPECT_NEAR(kept - now[t].values[i], (high - low) / (2 * kStep), 5e-4) << now[t].name << " " << i;
    }
}

TEST(NetworkGradient, IsThatOfFiniteDifferences) {
  expect_gradient("6 - softmax 3", {});
  expect_gradient("6 - logistic 5 - linear 4 - softmax 3", {});
  expect_gradient("6 - rectified 9 - logistic 5 - softmax 3", {});
  expect_gradient("6 - tanh 5 - tanh 4 - softmax 3", {});
}

TEST(NetworkGradient, UnderDropoutIsThatOfWhatIsLeft) {
  NetworkOptions options;
  options.input_dropout = 0.25, options.hidden_dropout = 0.5;
  expect_gradient("6 - rectified 12 - logistic 9 - linear 4 - softmax 3", options);
  expect_gradient("6 - tanh 8 - softmax 3", options);
}

TEST(NetworkGradient, OfAnAutoencoderIsThatOfItsError) {
  NetworkOptions options;
  options.task = NetworkTask::kReconstruct;
  expect_gradient("6 - rectified 5 - linear 2 - tanh 5 - linear 6", options);
  options.hidden_dropout = 0.3, options.input_dropout = 0.2;
  expect_gradient("6 - tanh 9 - linear 6", options);
}

TEST(NetworkGradient, OfLogisticOutputsIsThatOfTheirCrossEntropy) {
  NetworkOptions options;
  options.task = NetworkTask::kReconstruct;
  options.input_dropout = 0.2;
  expect_gradient("6 - logistic 5 - linear 2 - logistic 6", options, true);
}

TEST(NetworkLearner, CrossEntropyIsThatOfTheKnownLabels) {
  ThreadTeam team(1);
  Cases cases(120);
  const Network network = start("6 - rectified 9 - softmax 3");
  const Matrix<float> outputs = forward(network, cases.values, team);
  double sum = 0, weights = 0;
  for (std::size_t r = 0; r < 120; ++r)
    if (cases.labels[r] >= 0) {
      sum -= cases.weights[r] * std::log(outputs(r, static_cast<std::size_t>(cases.labels[r])));
      weights += cases.weights[r];
    }
  EXPECT_NEAR(error_of(network, {}, cases, team), sum / weights, 1e-5);
}

TEST(NetworkLearner, DropoutKeepsTheExpectedInput) {
  // With weights that are zero the softmax does not depend on what is left out, so the gradient is linear in
  // the inputs, and its mean over updates is that without dropout.
  ThreadTeam team(1);
  Cases cases(50);
  const auto gradient = [&](double dropout, std::uint64_t update) {
    NetworkOptions options;
    options.input_dropout = dropout;
    NetworkLearner learner(make_network("6 - softmax 3"), options, team);
    StepInfo info;
    info.rate = 1.0, info.update = update;
    learner.step(cases.batch(), info, team);
    return learner.network().layers[0].weights;
  };
  const Matrix<float> whole = gradient(0.0, 0);
  Matrix<double> mean(6, 3);
  constexpr int kUpdates = 2000;
  for (int u = 0; u < kUpdates; ++u) {
    const Matrix<float> one = gradient(0.3, static_cast<std::uint64_t>(u));
    for (std::size_t i = 0; i < one.size(); ++i) mean.data()[i] += one.data()[i] / kUpdates;
  }
  // A case's part has deviation sqrt(0.3 / 0.7) |x delta| / 50: 0.09 for the sum at most, 0.002 for the mean.
  for (std::size_t i = 0; i < whole.size(); ++i) EXPECT_NEAR(mean.data()[i], whole.data()[i], 0.01);
  EXPECT_GT(std::abs(gradient(0.3, 1)(0, 0) - whole(0, 0)), 1e-4);
}

TEST(NetworkLearner, NormsAreLimited) {
  ThreadTeam team(1);
  Cases cases(50);
  NetworkOptions options;
  options.norm_limit = 0.5;
  NetworkLearner learner(start("6 - rectified 40 - softmax 3"), options, team);
  StepInfo info;
  info.rate = 0.1;
  learner.step(cases.batch(), info, team);
  for (const NetworkLayer& layer : learner.network().layers)
    for (std::size_t j = 0; j < layer.weights.cols(); ++j) {
      double squares = 0;
      for (std::size_t i = 0; i < layer.weights.rows(); ++i)
        squares += static_cast<double>(layer.weights(i, j)) * layer.weights(i, j);
      EXPECT_LE(std::sqrt(squares), 0.5 + 1e-5);
    }
  // The packed weights are those that were shortened.
  StepInfo watched;
  watched.watch_update = true;
  learner.step(cases.batch(), watched, team);
  EXPECT_NEAR(error_of(learner.network(), {}, cases, team), learner.error(), 1e-6);
}

TEST(NetworkLearner, TheOutputLayerLearnsAloneAtFirst) {
  ThreadTeam team(2);
  Cases cases(50);
  NetworkOptions options;
  options.output_epochs = 2;
  const Network before = start("6 - rectified 9 - logistic 5 - softmax 3");
  const auto changed_after = [&](std::uint64_t epoch) {
    NetworkLearner learner(before, options, team);
    StepInfo info;
    info.rate = 1.0, info.epoch = epoch;
    learner.step(cases.batch(), info, team);
    std::vector<bool> changed;
    for (std::size_t n = 0; n < 3; ++n)
      changed.push_back(learner.network().layers[n].weights.values()[0] !=
                            before.layers[n].weights.values()[0] ||
                        learner.network().layers[n].bias != before.layers[n].bias);
    return changed;
  };
  EXPECT_EQ(changed_after(1), (std::vector<bool>{false, false, true}));
  EXPECT_EQ(changed_after(2), (std::vector<bool>{true, true, true}));
}

TEST(NetworkLearner, LayersHaveRatesOfTheirOwn) {
  ThreadTeam team(1);
  Cases cases(50);
  const Network before = start("6 - logistic 5 - softmax 3");
  const auto step = [&](std::vector<double> rates) {
    NetworkOptions options;
    options.layer_rates = std::move(rates);
    NetworkLearner learner(before, options, team);
    StepInfo info;
    info.rate = 0.5;
    learner.step(cases.batch(), info, team);
    return learner.network();
  };
  const Network alike = step({}), same = step({1, 1}), half = step({0.5, 0});
  for (std::size_t i = 0; i < 30; ++i) {
    EXPECT_EQ(alike.layers[0].weights.data()[i], same.layers[0].weights.data()[i]);
    EXPECT_NEAR(half.layers[0].weights.data()[i] - before.layers[0].weights.data()[i],
                0.5f * (alike.layers[0].weights.data()[i] - before.layers[0].weights.data()[i]), 1e-6);
  }
  EXPECT_EQ(half.layers[1].bias, before.layers[1].bias);
}

TEST(NetworkLearner, UnfitNetsAndOptionsAreRefused) {
  ThreadTeam team(1);
  EXPECT_THROW(NetworkLearner(make_network("6 - linear 3"), {}, team), InputError);
  EXPECT_THROW(NetworkLearner(make_network("6 - softmax 4 - softmax 3"), {}, team), InputError);
  NetworkOptions options;
  options.hidden_dropout = 1.0;
  EXPECT_THROW(NetworkLearner(make_network("6 - softmax 3"), options, team), InputError);
  options = {};
  options.task = NetworkTask::kReconstruct;
  for (const char* text : {"6 - linear 3 - linear 5", "6 - linear 3 - softmax 6", "6 - softmax 3 - linear 6",
                           "6 - linear 3 - rectified 6"})
    EXPECT_THROW(NetworkLearner(make_network(text), options, team), InputError) << text;
  options = {};
  options.l2 = -1;
  EXPECT_THROW(NetworkLearner(make_network("6 - softmax 3"), options, team), InputError);
  for (const std::vector<double>& rates : {std::vector<double>{-1}, {1, 1}}) {
    options = {};
    options.layer_rates = rates;
    EXPECT_THROW(NetworkLearner(make_network("6 - softmax 3"), options, team), InputError);
  }
}

// Exclusive or of the first two columns, in a data set: the labels reach the learner through the loop.
Network learned_xor(unsigned threads, std::uint64_t stop_at, std::uint64_t epochs) {
  Matrix<float> values(400, 6);
  std::vector<std::int32_t> labels;
  const Noise noise(5, Stream::kSynthetic, 0);
  for (std::size_t r = 0; r < 400; ++r) {
    for (std::uint32_t i = 0; i < 6; ++i) values(r, i) = static_cast<float>(noise.bits(r, i) % 2);
    labels.push_back(values(r, 0) != values(r, 1) ? 1 : 0);
  }
  const Dataset data = dataset_from_matrix(parse_layer("6"), values, labels);
  ThreadTeam team(threads);
  NetworkOptions options;
  options.hidden_dropout = 0.1, options.l2 = 1e-4;
  TrainOptions loop_options;
  loop_options.epochs = epochs, loop_options.rate = 0.1, loop_options.momentum = 0.9;
  Network network = start("6 - rectified 32 - softmax 2");
  NetworkLearner first(network, options, team);
  TrainingLoop loop(first, data, loop_options, 3);
  LoopHooks hooks;
  hooks.stop_requested = [&] { return loop.position().update == stop_at; };
  if (loop.run(team, hooks)) return first.network();
  // Stopped: another learner goes on from parameters and state.
  NetworkLearner second(network, options, team);
  const auto copy = [](const ParameterList& from, const ParameterList& to) {
    for (std::size_t t = 0; t < from.size(); ++t)
      std::copy(from[t].values.begin(), from[t].values.end(), to[t].values.begin());
  };
  copy(first.parameters(), second.parameters());
  copy(first.state(), second.state());
  second.restored();
  TrainingLoop rest(second, data, loop_options, 3);
  rest.set_position(loop.position());
  rest.run(team, {});
  return second.network();
}

bool same_bits(Network a, Network b) {
  const ParameterList x = a.parameters(), y = b.parameters();
  for (std::size_t t = 0; t < x.size(); ++t)
    if (!std::equal(x[t].values.begin(), x[t].values.end(), y[t].values.begin())) return false;
  return true;
}

TEST(NetworkLearner, LearnsExclusiveOr) {
  const Network network = learned_xor(2, 0, 60);
  ThreadTeam team(1);
  Matrix<float> cases(64, 6);
  for (std::size_t s = 0; s < 64; ++s)
    for (std::size_t i = 0; i < 6; ++i) cases(s, i) = static_cast<float>(s >> i & 1u);
  const auto classes = classify(network, cases, team);
  for (std::size_t s = 0; s < 64; ++s) EXPECT_EQ(classes[s], cases(s, 0) != cases(s, 1) ? 1 : 0) << s;
}

TEST(NetworkDeterminism, ThreadsAndResumingChangeNoBit) {
  const Network one = learned_xor(1, 0, 3);
  EXPECT_TRUE(same_bits(one, learned_xor(3, 0, 3)));
  EXPECT_TRUE(same_bits(one, learned_xor(1, 7, 3)));
}

}  // namespace
}  // namespace harmonium
