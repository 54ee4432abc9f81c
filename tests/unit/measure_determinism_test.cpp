// Measures have the same bits for any number of threads, in shapes that are cut into several blocks.
#include <gtest/gtest.h>

#include "harmonium/measure/annealed.h"
#include "harmonium/measure/exact.h"
#include "harmonium/measure/mixing.h"
#include "harmonium/measure/pseudo_likelihood.h"
#include "harmonium/measure/raise.h"
#include "harmonium/measure/reconstruction.h"

namespace harmonium {
namespace {

class DeterminismOfMeasures : public testing::Test {
 protected:
  DeterminismOfMeasures() : cases_(300, 40) {
    initialise_weights(rbm_, 0.3f, 0.1f, 3, 0);
    const Noise noise(1, Stream::kSynthetic, 0);
    for (std::size_t r = 0; r < 300; ++r)
      for (std::uint32_t i = 0; i < 40; ++i) cases_(r, i) = noise.uniform(r, i) < 0.4f ? 1.0f : 0.0f;
  }
  // `measure` gives the same vector for teams of 1, 2, 3 and 5.
  template <class F>
  static void expect_same(F measure) {
    ThreadTeam one(1);
    const std::vector<double> first = measure(one);
    EXPECT_FALSE(first.empty());
    for (const unsigned threads : {2u, 3u, 5u}) {
      ThreadTeam team(threads);
      EXPECT_EQ(first, measure(team)) << threads << " threads";
    }
  }

  Rbm rbm_{parse_layer("40"), parse_layer("12")};
  Matrix<float> cases_;
};

TEST_F(DeterminismOfMeasures, Likelihoods) {
  expect_same([&](ThreadTeam& team) { return std::vector<double>{exact_log_z(rbm_, team)}; });
  expect_same([&](ThreadTeam& team) { return free_energy(rbm_, cases_, team); });
  expect_same([&](ThreadTeam& team) { return pseudo_log_likelihoods(rbm_, cases_, team); });
  expect_same([&](ThreadTeam& team) {
    const auto few = std::as_const(cases_).view().row_block(0, 7);
    return observed_log_likelihoods(rbm_, few, 0.0, team);
  });
}

TEST_F(DeterminismOfMeasures, Annealing) {
  AnnealingOptions options;
  options.runs = 150, options.temperatures = 20;
  expect_same(
      [&](ThreadTeam& team) { return annealed_log_z(rbm_, rbm_.visible.bias, options, team).log_weights; });
  RaiseOptions raise;
  raise.chains = 3, raise.schedule = uniform_schedule(20);
  expect_same(
      [&](ThreadTeam& team) { return raise_log_likelihoods(rbm_, rbm_.visible.bias, cases_, raise, team); });
}

TEST_F(DeterminismOfMeasures, ReconstructionsAndMixing) {
  expect_same([&](ThreadTeam& team) {
    const auto result = reconstruct(rbm_, cases_, team);
    return std::vector<double>(result.values().begin(), result.values().end());
  });
  expect_same([&](ThreadTeam& team) {
    Chains chains = start_chains(rbm_, cases_, 1, team);
    return measure_mixing(rbm_, chains, 10, 1, team).autocorrelation;
  });
}

}  // namespace
}  // namespace harmonium
