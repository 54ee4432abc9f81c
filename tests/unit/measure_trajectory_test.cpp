// log Z along a way of models, against the exact one.
#include <gtest/gtest.h>

#include <cmath>

#include "harmonium/base/error.h"
#include "harmonium/measure/exact.h"
#include "harmonium/measure/trajectory.h"
#include "unit/annealed_models.h"
#include "unit/rbm_cases.h"

namespace harmonium {
namespace {

// A made-up training run: the model with all parameters a part of what they are.
Rbm on_the_way(const Rbm& rbm, double part) {
  Rbm result = rbm, source = rbm;
  const auto from = source.parameters(""), to = result.parameters("");
  for (std::size_t t = 0; t < to.size(); ++t)
    for (std::size_t i = 0; i < to[t].values.size(); ++i)
      to[t].values[i] = static_cast<float>(part) * from[t].values[i];
  return result;
}

TrajectoryOptions small_options() {
  TrajectoryOptions options;
  options.first_steps = 40, options.steps = 20;
  return options;
}

TEST(Trajectory, KeepsTheLogZOfEveryKindWhereverItIs) {
  ThreadTeam team(2);
  std::size_t held = 0, looked = 0;
  for (const auto& [name, rbm] : annealed_models::draw(1)) {
    LogZTrajectory trajectory(on_the_way(rbm, 0.02), std::vector<float>(rbm.visible_columns()),
                              small_options(), team);
    for (int move = 1; move <= 4; ++move) {
      const Rbm now = on_the_way(rbm, 0.125 * move);
      trajectory.follow(now, team);
      if (move < 3) continue;
      const auto estimate = trajectory.estimate();
      const double truth = exact_log_z(now, team);
      held += estimate.interval_low < truth + 1e-4 && truth - 1e-4 < estimate.interval_high;
      ++looked;
      EXPECT_NEAR(estimate.log_z, truth, 1.0) << name << " after move " << move;
    }
  }
  EXPECT_GE(static_cast<double>(held), 0.85 * static_cast<double>(looked));
}

// Drawing chains anew keeps the mean of exp(log Z): over many short runs of one chain population each.
TEST(Trajectory, IsUnbiasedWithFewStepsAndUnevenWeights) {
  ThreadTeam team(2);
  Rbm rbm(parse_layer("6"), parse_layer("3"));
  initialise_weights(rbm, 1.5f, -0.5f, 2, 0);
  TrajectoryOptions options;
  options.populations = 4000, options.chains = 4, options.start_temperatures = 4;
  options.first_steps = 1, options.steps = 1;
  LogZTrajectory trajectory(on_the_way(rbm, 0.0), std::vector<float>(6), options, team);
  for (const double part : {0.5, 1.0, 0.6, 1.0}) trajectory.follow(on_the_way(rbm, part), team);
  const auto estimate = trajectory.estimate();
  EXPECT_LT(estimate.effective_runs, 3900);  // else nothing was uneven
  EXPECT_NEAR(estimate.log_z, exact_log_z(rbm, team), 4 * (estimate.high - estimate.log_z));
}

TEST(Trajectory, GoesOnFromItsStateAndForAnyNumberOfThreads) {
  const auto models = annealed_models::draw(1);
  const Rbm& rbm = models.front().rbm;
  ThreadTeam one(1), three(3);
  const std::vector<float> base(rbm.visible_columns());
  const auto begin = [&](ThreadTeam& team) {
    return LogZTrajectory(on_the_way(rbm, 0.1), base, small_options(), team);
  };
  LogZTrajectory whole = begin(one), stopped = begin(three);
  whole.follow(on_the_way(rbm, 0.4), one);
  stopped.follow(on_the_way(rbm, 0.4), three);
  TensorFile file;
  file.tensors = stopped.state("training.trajectory.");
  LogZTrajectory resumed = begin(one);
  resumed.restore(file, "training.trajectory.");
  whole.follow(on_the_way(rbm, 0.8), three);
  resumed.follow(on_the_way(rbm, 0.8), one);
  EXPECT_EQ(whole.estimate().log_weights, resumed.estimate().log_weights);
  EXPECT_EQ(whole.state("a."), resumed.state("a."));
  file.tensors.pop_back();
  EXPECT_THROW(resumed.restore(file, "training.trajectory."), InputError);
}

TEST(Trajectory, IsRefusedWhereLogZMayNotExist) {
  ThreadTeam team(1);
  for (const auto& [visible, hidden] :
       {std::pair{"gaussian 3", "gaussian 2"}, std::pair{"poisson 3", "poisson 2"},
        std::pair{"3", "rectified 2"}, std::pair{"multinomial 3", "2"}}) {
    const Rbm rbm(parse_layer(visible), parse_layer(hidden));
    EXPECT_THROW(LogZTrajectory(rbm, std::vector<float>(3), {}, team), InputError) << visible;
  }
  EXPECT_EQ(find_trajectory_fault(parse_layer("gaussian(learned) 3"), parse_layer("2")), "");
}

}  // namespace
}  // namespace harmonium
