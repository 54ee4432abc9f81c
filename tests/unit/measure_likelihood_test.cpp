// Likelihoods against values worked out independently, and against the reference.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "harmonium/base/error.h"
#include "harmonium/measure/annealed.h"
#include "harmonium/measure/exact.h"
#include "harmonium/measure/mixing.h"
#include "harmonium/measure/pseudo_likelihood.h"
#include "harmonium/measure/reconstruction.h"
#include "harmonium/measure/statistics.h"
#include "unit/rbm_cases.h"
#include "unit/reference_rbm.h"

namespace harmonium {
namespace {

// Parameters are 32-bit, so 0.1 is 0.1 only to 7 digits, and values agree to as many.
constexpr double kTolerance = 5e-7;

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

TEST(Exact, HasTheWorkedValues) {
  const Rbm rbm = worked_rbm();
  ThreadTeam team(2);
  const double log_z = exact_log_z(rbm, team);
  EXPECT_NEAR(log_z, 4.995233962965479, kTolerance * 5);
  const auto all = matrix_of(3, {0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 1, 1, 1, 0, 0, 1, 0, 1, 1, 1, 0, 1, 1, 1});
  const double truth[] = {-3.4447307601, -1.7485086878, -2.6020335694, -1.1056186297,
                          -3.6378220505, -2.3912778864, -2.6903761743, -1.5933334835};
  const auto log_p = log_likelihoods(rbm, all, log_z, team);
  for (std::size_t s = 0; s < 8; ++s) EXPECT_NEAR(log_p[s], truth[s], kTolerance * 4);
  const auto data = matrix_of(3, {1, 1, 0, 0, 1, 1, 1, 0, 1});
  EXPECT_NEAR(mean_of(log_likelihoods(rbm, data, log_z, team)), -2.0624242301, kTolerance * 4);
  EXPECT_NEAR(mean_of(pseudo_log_likelihoods(rbm, data, team)), -2.0140247776, kTolerance * 4);
}

TEST(Exact, HasTheWorkedValuesOfGaussianUnits) {
  Rbm rbm = worked_rbm("gaussian(learned) 3");
  rbm.visible.log_variance = {std::log(0.25f), 0.0f, std::log(4.0f)};
  ThreadTeam team(1);
  const double log_z = exact_log_z(rbm, team);
  EXPECT_NEAR(log_z, 6.396911960365399, 3e-6);
  const auto v = matrix_of(3, {0.3f, -1.2f, 2.5f});
  EXPECT_NEAR(free_energy(rbm, v, team)[0], -1.1770040675156115, 3e-6);
  EXPECT_NEAR(log_likelihoods(rbm, v, log_z, team)[0], -5.219907892849788, 3e-6);
  Matrix<float> hidden(1, 2), mean(1, 3);
  HalfStepMemory memory;
  half_step_mean(rbm, Side::kHidden, v, {}, hidden, memory);
  EXPECT_NEAR(hidden(0, 0), 0.0553310665, 1e-6);
  EXPECT_NEAR(hidden(0, 1), 0.9002495109, 1e-6);
  half_step_mean(rbm, Side::kVisible, matrix_of(2, {1, 0}), {}, mean, memory);
  EXPECT_NEAR(mean(0, 0), 0.35, 1e-6);
  EXPECT_NEAR(mean(0, 1), 1.3, 1e-6);
  EXPECT_NEAR(mean(0, 2), -1.2, 1e-6);
}

// Replicated softmax: with a fixed length D the hidden biases hold D a.
TEST(Exact, HasTheWorkedValuesOfReplicatedSoftmax) {
  const double truth[][3] = {{1, 2.550121189984212, -0.6678134405},
                             {2, 3.7720628121927637, -1.0661075911},
                             {5, 7.793980869044463, -1.7718853793}};
  ThreadTeam team(1);
  for (const auto& [length, log_z, log_p] : truth) {
    const auto d = static_cast<float>(length);
    Rbm rbm(parse_layer("multinomial(" + std::to_string(static_cast<int>(length)) + ") 3"), parse_layer("2"));
    const float weights[] = {0.7f, -0.4f, -1.1f, 0.9f, 0.2f, 0.5f};
    std::copy(std::begin(weights), std::end(weights), rbm.weights.data());
    rbm.visible.bias = {0.3f, 0.0f, -0.6f};
    rbm.hidden.bias = {0.2f * d, -0.5f * d};
    EXPECT_NEAR(exact_log_z(rbm, team), log_z, 2e-6);
    EXPECT_NEAR(log_likelihoods(rbm, matrix_of(3, {d, 0, 0}), log_z, team)[0], log_p, 2e-6);
    // The same document in a model whose length comes from the data.
    Rbm open(parse_layer("multinomial 3"), parse_layer("2"));
    open.weights = rbm.weights;
    open.visible.bias = rbm.visible.bias;
    open.hidden.bias = {0.2f, -0.5f};
    EXPECT_NEAR(free_energy(open, matrix_of(3, {d, 0, 0}), team)[0],
                free_energy(rbm, matrix_of(3, {d, 0, 0}), team)[0], 2e-6);
  }
}

TEST(Exact, SumsTheSmallerSideOfAnyPair) {
  ThreadTeam team(2);
  for (const auto& [visible, hidden] :
       {std::pair{"9", "4"}, std::pair{"4", "9"}, std::pair{"softmax(3) 2", "binomial(2) 3"},
        std::pair{"gaussian 2", "3"}, std::pair{"3", "gaussian 2"}}) {
    Rbm rbm(parse_layer(visible), parse_layer(hidden));
    initialise_weights(rbm, 0.5f, 0.3f, 9, 0);
    const Rbm turned = mirrored(rbm);
    EXPECT_NEAR(exact_log_z(rbm, team), exact_log_z(turned, team), 1e-5) << visible << " x " << hidden;
    const reference::Model model(rbm.visible.spec, rbm.hidden.spec);
    EXPECT_NEAR(exact_log_z(rbm, team), model.log_z(reference::Parameters(rbm)), 1e-5)
        << visible << " x " << hidden;
  }
}

TEST(Exact, RefusesMoreThan25Units) {
  ThreadTeam team(1);
  EXPECT_THROW(exact_log_z(Rbm(parse_layer("26"), parse_layer("26")), team), InputError);
  EXPECT_FALSE(can_enumerate(Rbm(parse_layer("26"), parse_layer("26"))));
  EXPECT_TRUE(can_enumerate(Rbm(parse_layer("1000"), parse_layer("25"))));
  // The length of a document is no part of the model, so there is no one log Z.
  EXPECT_FALSE(can_enumerate(Rbm(parse_layer("multinomial 3"), parse_layer("2"))));
  EXPECT_TRUE(can_enumerate(Rbm(parse_layer("multinomial(4) 3"), parse_layer("2"))));
  EXPECT_THROW(exact_log_z(Rbm(parse_layer("3"), parse_layer("rectified 2")), team), InputError);
}

TEST(Exact, RefusesGreyValues) {
  ThreadTeam team(1);
  EXPECT_THROW(log_likelihoods(worked_rbm(), matrix_of(3, {0, 0.5f, 1}), 0, team), InputError);
  EXPECT_THROW(pseudo_log_likelihoods(worked_rbm(), matrix_of(3, {0, 0.5f, 1}), team), InputError);
}

TEST(Exact, SumsOutMissingValues) {
  const Rbm rbm = worked_rbm();
  ThreadTeam team(1);
  const double log_z = exact_log_z(rbm, team);
  const float nan = std::nanf("");
  const auto observed =
      observed_log_likelihoods(rbm, matrix_of(3, {1, nan, 0, nan, nan, nan, 1, 1, 0}), log_z, team);
  EXPECT_NEAR(observed[0], std::log(std::exp(-3.6378220505) + std::exp(-2.6903761743)), 2e-6);
  EXPECT_NEAR(observed[1], 0.0, 2e-6);
  EXPECT_NEAR(observed[2], -2.6903761743, 2e-6);
}

TEST(Exact, DivergenceFromDataIsThatOfItsDefinition) {
  const Rbm rbm = worked_rbm();
  ThreadTeam team(1);
  const double log_z = exact_log_z(rbm, team);
  const auto data = matrix_of(3, {0, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 1});
  const double truth = 0.5 * (std::log(0.5) + 1.1056186297) + 0.25 * (std::log(0.25) + 2.3912778864) +
                       0.25 * (std::log(0.25) + 1.5933334835);
  EXPECT_NEAR(kl_from_data(rbm, data, log_z, team), truth, 2e-6);
}

TEST(PseudoLikelihood, HasNoNoise) {
  const Rbm rbm = worked_rbm();
  ThreadTeam one(1), three(3);
  const auto data = matrix_of(3, {1, 1, 0, 0, 1, 1, 1, 0, 1});
  EXPECT_EQ(pseudo_log_likelihoods(rbm, data, one), pseudo_log_likelihoods(rbm, data, three));
}

TEST(Annealed, CoversTheTruthWithItsError) {
  ThreadTeam team(2);
  Rbm rbm(parse_layer("30"), parse_layer("10"));
  initialise_weights(rbm, 0.7f, 0.2f, 3, 0);
  const double truth = exact_log_z(rbm, team);
  AnnealingOptions options;
  options.temperatures = 1000;
  std::size_t covered = 0;
  for (options.seed = 1; options.seed <= 20; ++options.seed) {
    const auto estimate = annealed_log_z(rbm, rbm.visible.bias, options, team);
    covered += estimate.log_z - 2 * (estimate.log_z - estimate.low) < truth &&
               truth < estimate.log_z + 2 * (estimate.high - estimate.log_z);
    EXPECT_GT(estimate.effective_runs, 20);
  }
  EXPECT_GE(covered, 16u);
}

TEST(Annealed, OfTheBaseItselfHasNoError) {
  ThreadTeam team(1);
  Rbm rbm(parse_layer("5 + gaussian 2"), parse_layer("3"));
  rbm.visible.bias[1] = 0.7f;
  AnnealingOptions options;
  options.temperatures = 10;
  const auto estimate = annealed_log_z(rbm, rbm.visible.bias, options, team);
  EXPECT_NEAR(estimate.log_z, exact_log_z(rbm, team), 1e-6);
  EXPECT_NEAR(estimate.effective_runs, 100, 1e-6);
}

TEST(Annealed, TellsWhereItsWeightsAreNotToBeBelieved) {
  ThreadTeam team(1);
  Rbm rbm(parse_layer("20"), parse_layer("4"));  // two distant modes, and far too few temperatures
  std::fill(rbm.weights.values().begin(), rbm.weights.values().end(), 6.0f);
  std::fill(rbm.visible.bias.begin(), rbm.visible.bias.end(), -12.0f);
  std::fill(rbm.hidden.bias.begin(), rbm.hidden.bias.end(), -60.0f);
  AnnealingOptions options;
  options.temperatures = 10;
  EXPECT_LT(annealed_log_z(rbm, std::vector<float>(20, 0.0f), options, team).effective_runs, 10);
}

TEST(Mixing, OfAnAutoregressiveChainIsItsOwn) {
  // x_t = a x_t-1 + noise has rho(lag) = a^lag and the time (1 + a) / (1 - a).
  constexpr double a = 0.8;
  Matrix<double> record(4000, 20);
  const Noise noise(1, Stream::kSynthetic, 0);
  for (std::size_t c = 0; c < 20; ++c) {
    double x = noise.normal(c, 0) / std::sqrt(1 - a * a);
    for (std::size_t t = 0; t < 4000; ++t)
      record(t, c) = x = a * x + noise.normal(c, static_cast<std::uint32_t>(t + 1));
  }
  const Mixing mixing = autocorrelation_of(record, 500);
  EXPECT_NEAR(mixing.autocorrelation[1], a, 0.02);
  EXPECT_NEAR(mixing.autocorrelation[5], std::pow(a, 5), 0.03);
  EXPECT_NEAR(mixing.time, (1 + a) / (1 - a), 0.9);
  EXPECT_FALSE(mixing.unresolved);
}

TEST(Mixing, OfStandingChainsIsUnresolved) {
  const Matrix<double> still(50, 3, 2.5);
  EXPECT_TRUE(autocorrelation_of(still, 25).unresolved);
}

TEST(Reconstruction, ErrorLeavesMissingValuesOut) {
  const float nan = std::nanf("");
  EXPECT_NEAR(squared_error(matrix_of(2, {1, nan, 0, 1}), matrix_of(2, {0.5f, 9, 0, 0})), (0.25 + 1) / 2,
              1e-7);
}

TEST(Statistics, SummariseAndCountWhatIsNotFinite) {
  const std::vector<float> values = {1, 2, 3, std::nanf(""), INFINITY};
  const Summary s = summarise(values);
  EXPECT_EQ(s.count, 3u);
  EXPECT_EQ(s.not_finite, 2u);
  EXPECT_NEAR(s.mean, 2, 1e-9);
  EXPECT_NEAR(s.deviation, std::sqrt(2.0 / 3), 1e-9);
  const Histogram h = histogram_of(values, 2);
  EXPECT_EQ(h.counts, (std::vector<std::size_t>{1, 2}));
}

}  // namespace
}  // namespace harmonium
