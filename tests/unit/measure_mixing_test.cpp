// Whether chains mix: statistics of known chains, moments and classes that were planted, and machines that do
// and do not leave their modes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "harmonium/base/random.h"
#include "harmonium/measure/chain_record.h"
#include "harmonium/measure/class_shares.h"
#include "harmonium/measure/convergence.h"
#include "harmonium/measure/mixing_verdict.h"
#include "harmonium/measure/moments.h"
#include "harmonium/measure/principal_directions.h"
#include "unit/rbm_cases.h"

namespace harmonium {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// x(t) = a x(t - 1) + sqrt(1 - a^2) noise along each chain, from its own distribution.
Matrix<double> autoregressive(std::size_t steps, std::size_t chains, double a, std::uint64_t seed) {
  const Noise noise(seed, Stream::kSynthetic, 0);
  Matrix<double> record(steps, chains);
  for (std::size_t t = 0; t < steps; ++t)
    for (std::size_t c = 0; c < chains; ++c) {
      const double fresh = noise.normal(t, static_cast<std::uint32_t>(c));
      record(t, c) = t == 0 ? fresh : a * record(t - 1, c) + std::sqrt(1 - a * a) * fresh;
    }
  return record;
}

TEST(Convergence, QuantilesAreThoseOfTheNormalDistribution) {
  EXPECT_NEAR(normal_quantile(0.975), 1.959963984540054, 1e-12);
  EXPECT_NEAR(normal_quantile(1e-6), -4.753424308822899, 1e-9);
  for (const double p : {1e-9, 0.01, 0.02425, 0.3, 0.5, 0.9, 0.99, 1 - 1e-7})
    EXPECT_NEAR(0.5 * std::erfc(-normal_quantile(p) / std::sqrt(2.0)) / p, 1.0, 1e-9) << p;
}

TEST(Convergence, OfIndependentValuesIsOne) {
  const Convergence found = convergence_of(autoregressive(400, 50, 0.0, 1));
  EXPECT_NEAR(found.r_hat, 1.0, 0.005);
  EXPECT_NEAR(found.effective_samples / (400 * 50), 1.0, 0.1);
}

TEST(Convergence, EffectiveSamplesOfAnAutoregressiveChainAreKnown) {
  for (const double a : {0.5, 0.9}) {
    const Convergence found = convergence_of(autoregressive(2000, 40, a, 2));
    EXPECT_NEAR(found.effective_samples / (2000 * 40) * (1 + a) / (1 - a), 1.0, 0.15) << a;
    EXPECT_LT(found.r_hat, 1.02);
  }
}

TEST(Convergence, ChainsInDifferentPlacesDisagree) {
  Matrix<double> record = autoregressive(400, 20, 0.0, 3);
  for (std::size_t t = 0; t < 400; ++t)
    for (std::size_t c = 0; c < 10; ++c) record(t, c) += 10.0;
  const Convergence apart = convergence_of(record);
  EXPECT_GT(apart.r_hat, 1.5);
  EXPECT_LT(apart.effective_samples, 60.0);  // about one a chain's half
}

TEST(Convergence, DriftIsSeenThroughHalves) {
  Matrix<double> record = autoregressive(400, 20, 0.0, 4);
  for (std::size_t t = 0; t < 400; ++t)
    for (std::size_t c = 0; c < 20; ++c) record(t, c) += 0.02 * static_cast<double>(t);
  EXPECT_GT(convergence_of(record).r_hat, 1.5);
}

TEST(Convergence, DifferentWidthsAreSeenThroughDistances) {
  Matrix<double> record = autoregressive(400, 20, 0.0, 5);
  for (std::size_t t = 0; t < 400; ++t)
    for (std::size_t c = 0; c < 10; ++c) record(t, c) *= 5.0;
  EXPECT_GT(convergence_of(record).r_hat, 1.1);
}

TEST(Convergence, CountsRanksAndNotValues) {
  Matrix<double> record = autoregressive(200, 10, 0.7, 6), heavy = record;
  for (double& x : heavy.values()) x = std::exp(8 * x);
  EXPECT_EQ(convergence_of(record).effective_samples, convergence_of(heavy).effective_samples);
}

TEST(Convergence, OfStandingChainsIsAtItsEnds) {
  EXPECT_EQ(convergence_of(Matrix<double>(10, 4, 2.5)).r_hat, 1.0);
  Matrix<double> apart(10, 4);
  for (std::size_t t = 0; t < 10; ++t) apart(t, 3) = 1.0;
  EXPECT_EQ(convergence_of(apart).r_hat, kMostRHat);
}

TEST(Moments, PairsAreAllOrSoMany) {
  EXPECT_EQ(column_pairs(5, 10, 1).size(), 10u);
  EXPECT_TRUE(column_pairs(1, 10, 1).empty());
  const auto some = column_pairs(1000, 300, 1);
  EXPECT_EQ(some.size(), 300u);
  EXPECT_EQ(some, column_pairs(1000, 300, 1));
  for (const auto& [i, j] : some) {
    EXPECT_LT(i, j);
    EXPECT_LT(j, 1000u);
  }
}

TEST(Moments, DistancesArePlanted) {
  ThreadTeam team(2);
  const Matrix<float> a = matrix_of(2, {0, 0, 1, 1, 0, 0, 1, 1}), b = matrix_of(2, {0, 1, 1, 0, 0, 1, 1, 0});
  const auto pairs = column_pairs(2, 10, 1);
  EXPECT_EQ(moment_distance(a, a, pairs, team).first, 0.0);
  EXPECT_EQ(moment_distance(a, a, pairs, team).second, 0.0);
  // The same means; covariance 1/4 against -1/4.
  EXPECT_EQ(moment_distance(a, b, pairs, team).first, 0.0);
  EXPECT_DOUBLE_EQ(moment_distance(a, b, pairs, team).second, 0.5);
  Matrix<float> shifted = a;
  for (std::size_t r = 0; r < 4; ++r) shifted(r, 0) += 3.0f;
  EXPECT_DOUBLE_EQ(moment_distance(a, shifted, pairs, team).first, 3.0 / std::sqrt(2.0));
  EXPECT_DOUBLE_EQ(moment_distance(a, shifted, pairs, team).second, 0.0);
}

// Cases of one distribution differ by about what their halves let expect, whatever the numbers are.
TEST(Moments, ExpectationFromHalvesHolds) {
  ThreadTeam team(2);
  const Noise noise(7, Stream::kSynthetic, 0);
  Matrix<float> cases(3000, 30);
  for (std::size_t r = 0; r < cases.rows(); ++r)
    for (std::uint32_t i = 0; i < 30; ++i) cases(r, i) = noise.uniform(r, i) < 0.02f * (i + 5) ? 1.0f : 0.0f;
  const ConstMatrixView<float> all = cases;
  const auto pairs = column_pairs(30, 10000, 1);
  const auto halves = moment_distance(all.row_block(0, 1000), all.row_block(1000, 1000), pairs, team);
  const auto found = moment_distance(all.row_block(2000, 200), all.row_block(0, 2000), pairs, team);
  const auto expected = expected_distance(halves, 1000, 200, 2000);
  EXPECT_NEAR(found.first / expected.first, 1.0, 0.4);
  EXPECT_NEAR(found.second / expected.second, 1.0, 0.2);
}

TEST(ClassShares, PlantedOnesAreNamed) {
  // Every chain shows class 0 in 6, class 1 in 3 and class 2 in 1 of 10 steps; the data have a third each.
  Matrix<std::int32_t> visits(10, 5);
  for (std::size_t t = 0; t < 10; ++t)
    for (std::size_t c = 0; c < 5; ++c) visits(t, c) = t < 6 ? 0 : t < 9 ? 1 : 2;
  std::vector<std::int32_t> labels(3000);
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<std::int32_t>(i % 3);
  labels.push_back(-1);
  const auto shares = class_shares(visits, labels, 3);
  EXPECT_DOUBLE_EQ(shares[0].chains, 0.6);
  EXPECT_NEAR(shares[0].chains_error, 0.0, 1e-12);
  EXPECT_DOUBLE_EQ(shares[0].data, 1.0 / 3);
  EXPECT_NEAR(shares[0].data_error, std::sqrt(2.0 / 9 / 3000), 1e-12);
  EXPECT_NEAR(share_distance(shares), 0.6 - 1.0 / 3, 1e-12);
  const std::string names[] = {"cat", "dog", "cow"};
  const std::string sentence = class_sentence(shares, names);
  EXPECT_THAT(sentence,
              StartsWith("Class cat is over-represented (60.0 +- 0.0 % of the free fantasies, 33.3 %"));
  EXPECT_THAT(sentence, HasSubstr("class cow is under-represented (10.0"));
  EXPECT_THAT(sentence, HasSubstr("26.7 % of the fantasies"));
}

TEST(ClassShares, ErrorsAreThoseBetweenChains) {
  // Four chains that never change class, one of them in class 1: its part is 1/4 +- 1/4, so nothing is
  // claimed.
  Matrix<std::int32_t> visits(100, 4);
  for (std::size_t t = 0; t < 100; ++t) visits(t, 3) = 1;
  const std::int32_t labels[] = {0, 1, 0, 1};
  const auto shares = class_shares(visits, labels, 2);
  EXPECT_DOUBLE_EQ(shares[1].chains_error, 0.25);
  EXPECT_FALSE(shares[0].is_over() || shares[1].is_under());
  const std::string names[] = {"a", "b"};
  EXPECT_THAT(class_sentence(shares, names), StartsWith("No class is"));
}

TEST(PrincipalDirections, AreEigenvectorsOfTheCovariance) {
  const Noise noise(8, Stream::kSynthetic, 0);
  const std::size_t cases = 500, columns = 40;
  Matrix<float> values(cases, columns);
  for (std::size_t r = 0; r < cases; ++r)
    for (std::uint32_t i = 0; i < columns; ++i)
      values(r, i) = 3.0f + noise.normal(r, i) * 0.5f + 2.0f * noise.normal(r, 100) * (i % 3 == 0) +
                     noise.normal(r, 104) * (i % 2 == 0);
  ThreadTeam team(3);
  const auto found = principal_directions(values, 4, team);
  ASSERT_EQ(found.directions.rows(), 4u);
  for (std::size_t k = 0; k < 4; ++k) {
    std::vector<double> image(columns, 0.0);
    for (std::size_t r = 0; r < cases; ++r) {
      double along = 0;
      for (std::size_t i = 0; i < columns; ++i)
        along += found.directions(k, i) * (values(r, i) - found.mean[i]);
      for (std::size_t i = 0; i < columns; ++i) image[i] += along * (values(r, i) - found.mean[i]) / cases;
    }
    for (std::size_t i = 0; i < columns; ++i)
      EXPECT_NEAR(image[i], found.variances[k] * found.directions(k, i), 5e-4 * found.variances[0]);
    for (std::size_t l = 0; l <= k; ++l) {
      double product = 0;
      for (std::size_t i = 0; i < columns; ++i) product += found.directions(k, i) * found.directions(l, i);
      EXPECT_NEAR(product, k == l ? 1.0 : 0.0, 1e-5);
    }
    if (k > 0) EXPECT_GE(found.variances[k - 1], found.variances[k]);
  }
  ThreadTeam one(1);
  const auto again = principal_directions(values, 4, one);
  EXPECT_TRUE(std::equal(again.directions.values().begin(), again.directions.values().end(),
                         found.directions.values().begin()));
}

TEST(PrincipalDirections, AreNoMoreThanTheDataHave) {
  ThreadTeam team(1);
  const Matrix<float> line = matrix_of(3, {1, 2, 0, 2, 4, 0, 3, 6, 0, 0, 0, 0});
  const auto found = principal_directions(line, 3, team);
  ASSERT_EQ(found.directions.rows(), 1u);
  EXPECT_NEAR(found.directions(0, 1) / found.directions(0, 0), 2.0, 1e-5);
  EXPECT_EQ(principal_directions(matrix_of(2, {1, 1, 1, 1}), 2, team).directions.rows(), 0u);
}

// All visible units on, or all off; `strength` says how deep the two modes are.
Rbm two_modes(float strength) {
  Rbm rbm(parse_layer("10"), parse_layer("4"));
  for (float& w : rbm.weights.values()) w = strength;
  for (float& b : rbm.visible.bias) b = -strength * 4 / 2;
  for (float& b : rbm.hidden.bias) b = -strength * 10 / 2;
  return rbm;
}

ChainRecord follow_two_modes(const Rbm& rbm, Mix mix, unsigned threads) {
  ThreadTeam team(threads);
  ChainsOptions making;
  making.chains = 20, making.mix = mix, making.temperatures = 12;
  const auto chains = make_fantasy_chains(rbm, making, team);
  Matrix<float> start(20, 10);
  for (std::size_t c = 0; c < 20; c += 2) std::fill_n(start.row(c).data(), 10, 1.0f);
  chains->start(start, {}, team);
  const Matrix<float> direction(1, 10, 1.0f);
  RecordOptions options;
  options.burn_in = 50, options.steps = 400, options.directions = direction;
  return record_chains(rbm, *chains, options, team);
}

std::vector<FollowedStatistic> judged(const ChainRecord& record) {
  std::vector<FollowedStatistic> statistics;
  for (const Statistic& statistic : record.statistics)
    statistics.push_back({statistic.name, convergence_of(statistic.values)});
  return statistics;
}

TEST(MixingVerdict, DeepModesDoNotMix) {
  const auto statistics = judged(follow_two_modes(two_modes(3.0f), Mix::kGibbs, 2));
  EXPECT_EQ(mixing_grade(statistics), MixingGrade::kDoesNotMix);
  EXPECT_THAT(mixing_sentence(statistics),
              StartsWith("The chains do not mix: the largest R-hat of 2 statistics is "));
  EXPECT_THAT(mixing_sentence(statistics), HasSubstr("(principal direction 1; "));
}

// R-hat has nothing to compare where all chains stand in one place.
TEST(MixingVerdict, ChainsThatNeverMoveDoNotMix) {
  const std::vector<FollowedStatistic> statistics = {
      {"free energy", convergence_of(Matrix<double>(20, 6, -3.0))}};
  EXPECT_EQ(statistics[0].convergence.r_hat, 1.0);
  EXPECT_EQ(mixing_grade(statistics), MixingGrade::kDoesNotMix);
  EXPECT_THAT(mixing_sentence(statistics), HasSubstr("nothing that was followed ever changed"));
}

TEST(MixingVerdict, ShallowModesMix) {
  const auto statistics = judged(follow_two_modes(two_modes(0.2f), Mix::kGibbs, 2));
  EXPECT_EQ(mixing_grade(statistics), MixingGrade::kMixes) << mixing_sentence(statistics);
  EXPECT_THAT(mixing_sentence(statistics), StartsWith("The chains mix: "));
}

// What Gibbs steps cannot leave, exchanges do.
TEST(MixingVerdict, TemperingMixesDeepModes) {
  const auto statistics = judged(follow_two_modes(two_modes(1.2f), Mix::kTempering, 2));
  EXPECT_NE(mixing_grade(statistics), MixingGrade::kDoesNotMix) << mixing_sentence(statistics);
  EXPECT_EQ(mixing_grade(judged(follow_two_modes(two_modes(1.2f), Mix::kGibbs, 2))),
            MixingGrade::kDoesNotMix);
}

TEST(ChainRecord, EndsWithTheLastStateAndCountsLabels) {
  Rbm rbm(parse_layer("4 + softmax 3"), parse_layer("5"));
  initialise_weights(rbm, 0.5f, 0.0f, 1, 0);
  ThreadTeam team(2);
  ChainsOptions making;
  making.chains = 6;
  const auto chains = make_fantasy_chains(rbm, making, team);
  chains->start_from_bias({}, team);
  RecordOptions options;
  options.burn_in = 3, options.steps = 20, options.label_columns = 3, options.looks = 4;
  const ChainRecord record = record_chains(rbm, *chains, options, team);
  EXPECT_EQ(chains->steps(), 23u);
  ASSERT_EQ(record.states.rows(), 24u);
  const Matrix<float> last = chains->look({}, team).visible;
  for (std::size_t c = 0; c < 6; ++c) {
    for (std::size_t i = 0; i < 7; ++i) EXPECT_EQ(record.states(18 + c, i), last(c, i));
    EXPECT_EQ(last(c, 4 + static_cast<std::size_t>(record.labels(19, c))), 1.0f);
  }
  ASSERT_EQ(record.statistics.size(), 4u);
  for (std::size_t t = 0; t < 20; ++t)
    for (std::size_t c = 0; c < 6; ++c) {
      EXPECT_EQ(record.statistics[1 + static_cast<std::size_t>(record.labels(t, c))].values(t, c), 1.0);
      EXPECT_EQ(record.statistics[1].values(t, c) + record.statistics[2].values(t, c) +
                    record.statistics[3].values(t, c),
                1.0);
    }
  EXPECT_EQ(record.statistics[0].values(19, 2), free_energy(rbm, last, team)[2]);
}

TEST(ChainRecordDeterminism, AnyNumberOfThreads) {
  for (const Mix mix : {Mix::kGibbs, Mix::kTempering}) {
    const ChainRecord one = follow_two_modes(two_modes(0.7f), mix, 1),
                      three = follow_two_modes(two_modes(0.7f), mix, 3);
    for (std::size_t k = 0; k < one.statistics.size(); ++k)
      EXPECT_TRUE(std::equal(one.statistics[k].values.values().begin(),
                             one.statistics[k].values.values().end(),
                             three.statistics[k].values.values().begin()));
  }
}

}  // namespace
}  // namespace harmonium
