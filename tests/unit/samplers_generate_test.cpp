// Fantasies: what is looked at does not depend on how often one looks, and steps that go back are refused.
#include <gtest/gtest.h>

#include <algorithm>

#include "harmonium/base/error.h"
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

}  // namespace
}  // namespace harmonium
