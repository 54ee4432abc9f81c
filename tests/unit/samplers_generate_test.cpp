// Fantasies: what is looked at does not depend on how often one looks, and steps that go back are refused.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "harmonium/base/error.h"
#include "harmonium/models/deep_boltzmann_machine.h"
#include "harmonium/samplers/generate.h"

namespace harmonium {
namespace {

DeepBeliefNet small_net() {
  DeepBeliefNet net = make_net(parse_layers("6-5-4"), false);
  for (std::size_t n = 0; n < net.depth(); ++n) initialise_weights(net.rbms[n], 0.8f, 0.0f, 1, n);
  return net;
}

FantasyOptions options_for(std::vector<std::uint64_t> steps) {
  FantasyOptions options;
  options.chains = 9;
  options.steps = std::move(steps);
  return options;
}

bool equal(const Matrix<float>& a, const Matrix<float>& b) {
  return std::equal(a.values().begin(), a.values().end(), b.values().begin(), b.values().end());
}

TEST(FantasiesDeterminism, LooksAndThreadsChangeNothing) {
  const DeepBeliefNet net = small_net();
  ThreadTeam one(1), three(3);
  const Fantasies often = fantasies_from_noise(net, options_for({0, 7, 7, 130}), one);
  const Fantasies once = fantasies_from_noise(net, options_for({130}), three);
  ASSERT_EQ(often.visible.size(), 4u);
  EXPECT_TRUE(equal(often.visible[1], often.visible[2]));
  EXPECT_FALSE(equal(often.visible[1], often.visible[3]));
  EXPECT_TRUE(equal(often.visible[3], once.visible[0]));
}

TEST(FantasyProgress, GrowsToOne) {
  const DeepBeliefNet net = small_net();
  ThreadTeam team(1);
  FantasyOptions options = options_for({10, 120});
  std::vector<double> told;
  options.progress = [&](double fraction) { told.push_back(fraction); };
  fantasies_from_noise(net, options, team);
  ASSERT_GE(told.size(), 3u);
  EXPECT_TRUE(std::is_sorted(told.begin(), told.end()));
  EXPECT_EQ(told.back(), 1.0);
}

TEST(FantasySteps, MustAscend) {
  const DeepBeliefNet net = small_net();
  ThreadTeam team(1);
  EXPECT_THROW(fantasies_from_noise(net, options_for({5, 1}), team), InputError);
  EXPECT_THROW(fantasies_from_data(net, Matrix<float>(2, 6), options_for({5, 1}), team), InputError);
}

DeepBeliefNet net_with_labels() {
  DeepBeliefNet net = make_net(parse_layers("6-5 + softmax 3-4"), true);
  for (std::size_t n = 0; n < net.depth(); ++n) initialise_weights(net.rbms[n], 0.8f, 0.0f, 1, n);
  return net;
}

// Weaker and weaker models before the top RBM of `net`.
Trajectory fading(const DeepBeliefNet& net) {
  Trajectory trajectory;
  for (const float strength : {0.0f, 0.4f, 0.8f}) {
    Rbm rbm = net.top();
    for (float& w : rbm.weights.values()) w *= strength;
    trajectory.updates.push_back(trajectory.size());
    trajectory.rbms.push_back(std::move(rbm));
  }
  return trajectory;
}

// The class held in a chain of each kind of mixing; -1 holds none.
TEST(FantasyMixing, EveryChainHoldsItsOwnLabel) {
  const DeepBeliefNet net = net_with_labels();
  const Trajectory trajectory = fading(net);
  ThreadTeam team(2);
  FantasyOptions options = options_for({0, 25});
  options.chains = 60;
  options.labels = labels_of_each_class(3, 20);
  std::fill_n(options.labels.begin(), 10, -1);
  options.temperatures = 4, options.trajectory = &trajectory, options.keep_hidden = true;
  for (const Mix mix : {Mix::kGibbs, Mix::kTempering, Mix::kTrajectory}) {
    options.mix = mix;
    const Fantasies fantasies = fantasies_from_noise(net, options, team);
    for (std::size_t s = 0; s < 2; ++s)
      for (std::size_t r = 10; r < 60; ++r)
        for (std::size_t c = 0; c < 3; ++c)
          EXPECT_EQ(fantasies.labels[s](r, c), r / 20 == c ? 1.0f : 0.0f) << mix_name(mix) << " " << s;
    EXPECT_GT(fantasies.labels[1](0, 1), 0.0f);
    EXPECT_LT(fantasies.labels[1](0, 1), 1.0f);
    EXPECT_EQ(fantasies.hidden[1].rows(), 60u);
    EXPECT_EQ(fantasies.hidden[1].cols(), 4u);
    EXPECT_EQ(fantasies.exchange_rates.size(), mix == Mix::kGibbs ? 0u : 3u);
    for (const double rate : fantasies.exchange_rates) {
      EXPECT_GT(rate, 0.2);
      EXPECT_LE(rate, 1.0);
    }
  }
}

TEST(FantasySamples, AreStatesOfTheVisibleLayer) {
  const DeepBeliefNet net = small_net();
  ThreadTeam team(1);
  FantasyOptions options = options_for({20});
  options.chains = 4000;
  const Fantasies means = fantasies_from_noise(net, options, team);
  options.samples = true;
  const Fantasies samples = fantasies_from_noise(net, options, team);
  for (std::size_t i = 0; i < 6; ++i) {
    double mean = 0, sampled = 0;
    for (std::size_t r = 0; r < 4000; ++r) {
      const float v = samples.visible[0](r, i);
      EXPECT_TRUE(v == 0.0f || v == 1.0f);
      mean += means.visible[0](r, i) / 4000.0, sampled += v / 4000.0;
    }
    // A pass of means is not the mean of a pass of samples, but near it at such weights.
    EXPECT_NEAR(mean, sampled, 0.05) << i;
  }
}

class FantasyStateDeterminism : public testing::TestWithParam<Mix> {
 protected:
  ~FantasyStateDeterminism() override { std::filesystem::remove(path_); }
  const std::filesystem::path path_ = std::filesystem::temp_directory_path() /
                                      ("harmonium-chains-" + std::string(mix_name(GetParam())) + ".st");
};

// A chain that was saved and read goes on where it ended, bit for bit, also with its label.
TEST_P(FantasyStateDeterminism, GoesOnBitForBit) {
  const DeepBeliefNet net = net_with_labels();
  const Trajectory trajectory = fading(net);
  ThreadTeam one(1), three(3);
  FantasyOptions options = options_for({12, 61});
  options.mix = GetParam(), options.temperatures = 5, options.trajectory = &trajectory;
  options.label = 1, options.samples = options.keep_hidden = true, options.chains = 70;
  const Fantasies whole = fantasies_from_noise(net, options, one);
  options.steps = {12};
  save_chain_state(path_, fantasies_from_noise(net, options, three).end);
  FantasyOptions more = options_for({0, 49});
  more.samples = more.keep_hidden = true, more.trajectory = &trajectory;
  const Fantasies rest = fantasies_from_state(net, load_chain_state(path_), more, three);
  for (std::size_t s = 0; s < 2; ++s) {
    EXPECT_TRUE(equal(whole.labels[s], rest.labels[s])) << s;
    EXPECT_TRUE(equal(whole.hidden[s], rest.hidden[s])) << s;
  }
  EXPECT_TRUE(equal(whole.visible[1], rest.visible[1]));
  EXPECT_EQ(whole.end.values, rest.end.values);
  EXPECT_EQ(whole.end.steps, rest.end.steps);
  EXPECT_EQ(whole.end.labels, rest.end.labels);
}

INSTANTIATE_TEST_SUITE_P(EveryMix, FantasyStateDeterminism,
                         testing::Values(Mix::kGibbs, Mix::kTempering, Mix::kTrajectory),
                         [](const auto& which) { return std::string(mix_name(which.param)); });

// A machine without weights whose top units are on and off in turn, and all others half of the time.
Model machine_with_top(const char* layers) {
  DeepBoltzmannMachine machine = make_machine(parse_layers(layers));
  auto& top = machine.layers.back().bias;
  for (std::size_t i = 0; i < top.size(); ++i) top[i] = i % 2 == 0 ? 40.0f : -40.0f;
  Model model;
  model.net = stack_of(machine);
  model.is_machine = true;
  return model;
}

// The fold has the top layer on its visible side where the depth is even, and other layers beside it.
TEST(FantasiesOfAMachine, ShowItsTopLayer) {
  ThreadTeam team(2);
  for (const char* layers : {"6-5", "6-5-4", "6-5-4-3", "6-5-4-3-2"}) {
    const Model model = machine_with_top(layers);
    for (const Mix mix : {Mix::kGibbs, Mix::kTempering}) {
      FantasyOptions options = options_for({0, 3});
      options.keep_hidden = true, options.mix = mix, options.temperatures = 3;
      const Fantasies first = fantasies_from_noise(model, options, team);
      options.steps = {1};
      for (const Fantasies& fantasies :
           {first, fantasies_from_data(model, Matrix<float>(9, 6), options, team),
            fantasies_from_state(model, first.end, options, team)}) {
        const Matrix<float>& top = fantasies.hidden.back();
        ASSERT_EQ(top.rows(), 9u);
        ASSERT_EQ(top.cols(), model.net.columns(model.net.depth())) << layers;
        for (std::size_t r = 0; r < top.rows(); ++r)
          for (std::size_t i = 0; i < top.cols(); ++i) EXPECT_EQ(top(r, i), i % 2 == 0 ? 1.0f : 0.0f);
        EXPECT_EQ(fantasies.visible.back().cols(), 6u);
      }
    }
  }
}

class FantasyStateFile : public testing::Test {
 protected:
  ~FantasyStateFile() override { std::filesystem::remove(path_); }
  // What is said of chains that were saved, once value `index` of a tensor has become `value`.
  std::string refusal(const ChainState& state, const std::string& tensor, std::size_t index, float value) {
    ChainState changed = state;
    for (std::size_t n = 0; n < changed.names.size(); ++n)
      if (changed.names[n] == tensor) changed.values[n].at(index) = value;
    save_chain_state(path_, changed);
    try {
      load_chain_state(path_);
      return "";
    } catch (const InputError& error) {
      return error.what();
    }
  }
  const std::filesystem::path path_ =
      std::filesystem::temp_directory_path() / ("harmonium-chains-file-" + std::to_string(getpid()) + ".st");
  ThreadTeam team_{1};
};

TEST_F(FantasyStateFile, OfValuesThatNoChainHasIsRefused) {
  FantasyOptions options = options_for({3});
  options.temperatures = 4;
  const ChainState gibbs = fantasies_from_noise(net_with_labels(), options, team_).end;
  options.mix = Mix::kTempering;
  const ChainState tempered = fantasies_from_noise(net_with_labels(), options, team_).end;
  struct Change {
    const ChainState& state;
    const char* tensor;
    float value;
  };
  for (const auto& [state, tensor, value] :
       {Change{gibbs, "visible", 7}, Change{gibbs, "visible", -1}, Change{gibbs, "hidden", 7},
        Change{gibbs, "hidden", 0.5f}, Change{gibbs, "visible_mean", 1.5f}, Change{tempered, "hidden", -1},
        Change{tempered, "betas", 0.9f}}) {
    const std::string said = refusal(state, tensor, 0, value);
    EXPECT_NE(said.find(path_.string() + ": tensor \"" + tensor + "\", "), std::string::npos)
        << tensor << " " << value << ": " << said;
    EXPECT_EQ(refusal(state, "none", 0, 0), "");
  }
  EXPECT_NE(refusal(gibbs, "hidden", 5, 7).find("row 1, column 1: 7 is not 0 or 1 (bernoulli)"),
            std::string::npos);
  ChainState labelled = gibbs;
  labelled.labels.assign(9, -1);
  EXPECT_EQ(refusal(labelled, "none", 0, 0), "");
  labelled.labels[3] = -2;
  EXPECT_NE(refusal(labelled, "none", 0, 0), "");
  ChainState otherwise = gibbs;
  otherwise.layers = "8-4-3";
  EXPECT_NE(refusal(otherwise, "none", 0, 0), "");
}

// Chains that have not yet left grey images, and labels that are not known, are chains.
TEST_F(FantasyStateFile, OfGreyStartsIsAccepted) {
  Matrix<float> grey(9, 6);
  for (std::size_t i = 0; i < grey.size(); ++i) grey.values()[i] = static_cast<float>(i % 5) / 4.0f;
  DeepBeliefNet net = make_net(parse_layers("6 + softmax 3-4"), true);
  EXPECT_EQ(refusal(fantasies_from_data(net, grey, options_for({0}), team_).end, "none", 0, 0), "");
}

TEST(FantasyState, OfAnotherModelOrDamagedIsRefused) {
  const auto path = std::filesystem::temp_directory_path() / "harmonium-chains-refused.st";
  ThreadTeam team(1);
  const ChainState state = fantasies_from_noise(small_net(), options_for({3}), team).end;
  EXPECT_THROW(fantasies_from_state(net_with_labels(), state, options_for({1}), team), InputError);
  ChainState damaged = state;
  damaged.values[1].pop_back();
  EXPECT_THROW(fantasies_from_state(small_net(), damaged, options_for({1}), team), InputError);
  damaged = state;
  damaged.chains = 0;
  save_chain_state(path, damaged);
  EXPECT_THROW(load_chain_state(path), InputError);
  damaged = state;
  damaged.labels = {1, 2};
  save_chain_state(path, damaged);
  EXPECT_THROW(load_chain_state(path), InputError);
  std::ofstream(path) << "nothing";
  EXPECT_THROW(load_chain_state(path), InputError);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace harmonium
