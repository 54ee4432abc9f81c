// Round trips along a ladder: what counts as one, and that chains count them.
#include <gtest/gtest.h>

#include "harmonium/models/trajectory.h"
#include "harmonium/samplers/fantasy_chains.h"
#include "harmonium/samplers/round_trips.h"

namespace harmonium {
namespace {

TEST(RoundTrips, GoAllTheWayAndBack) {
  RoundTrips trips(3, 2);
  const auto step = [&](std::vector<std::size_t> exchanges) {
    for (const std::size_t t : exchanges) trips.exchange(t, 1);
    trips.end_step(1);
  };
  step({0});  // the first state leaves the easiest rung
  step({1});  // and reaches the top
  step({1});
  EXPECT_EQ(trips.count(), 0u);
  step({0});
  EXPECT_EQ(trips.count(), 1u);
  // Halfway up and back is none; nor is what the other ladder did not do.
  for (int n = 0; n < 10; ++n) step({0});
  EXPECT_EQ(trips.count(), 1u);
  step({0, 1});
  step({1, 0});
  EXPECT_EQ(trips.count(), 2u);
}

TEST(RoundTrips, AreCountedByChains) {
  Rbm rbm(parse_layer("6"), parse_layer("4"));
  initialise_weights(rbm, 0.5f, 0.0f, 1, 0);
  Trajectory trajectory;
  trajectory.updates = {0, 1};
  trajectory.rbms = {rbm, rbm};
  ThreadTeam team(2);
  for (const Mix mix : {Mix::kGibbs, Mix::kTempering, Mix::kTrajectory}) {
    ChainsOptions options;
    options.chains = 10, options.mix = mix, options.temperatures = 3, options.trajectory = &trajectory;
    const auto chains = make_fantasy_chains(rbm, options, team);
    chains->start_from_bias({}, team);
    chains->advance(100, {}, team);
    const double trips = static_cast<double>(chains->round_trips());
    // Between equal models every exchange is accepted, and each of three states is back after six steps.
    if (mix == Mix::kTrajectory)
      EXPECT_NEAR(trips, 10 * 100 * 3 / 6.0, 30.0);
    else if (mix == Mix::kTempering)
      EXPECT_NEAR(trips, 250.0, 150.0);
    else
      EXPECT_EQ(trips, 0.0);
  }
}

}  // namespace
}  // namespace harmonium
