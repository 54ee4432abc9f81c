// Samples of every kind: their distribution against exact probabilities (chi-square and z-scores, fixed
// seeds), and that they are a function of (seed, case, unit) alone.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numeric>
#include <vector>

#include "harmonium/base/error.h"
#include "harmonium/units/layer.h"

namespace harmonium {
namespace {

constexpr std::size_t kDraws = 20000;

Layer example(std::string_view text) {
  Layer layer(parse_layer(text));
  for (std::size_t j = 0; j < layer.bias.size(); ++j)
    layer.bias[j] = 0.8f * std::sin(1.0f + 2.0f * static_cast<float>(j));
  for (std::size_t j = 0; j < layer.log_variance.size(); ++j)
    layer.log_variance[j] = 0.7f - 0.5f * static_cast<float>(j);
  return layer;
}

/// Row r is one sample with the same input, under case number r.
Matrix<float> draw(const Layer& layer, const std::vector<float>& input, std::size_t count = kDraws) {
  Matrix<float> inputs(count, input.size()), samples(count, input.size());
  for (std::size_t r = 0; r < count; ++r) std::copy(input.begin(), input.end(), inputs.row(r).begin());
  std::vector<std::uint64_t> cases(count);
  std::iota(cases.begin(), cases.end(), 0);
  conditional(layer, inputs, {}, {}, samples, Noise(20260, Stream::kChain, 1), cases);
  return samples;
}

/// Chi-square against expected counts, as a z-score (normal approximation of Wilson and Hilferty).
double chi_square_z(const std::vector<double>& observed, const std::vector<double>& expected) {
  double chi = 0.0;
  for (std::size_t i = 0; i < observed.size(); ++i)
    chi += (observed[i] - expected[i]) * (observed[i] - expected[i]) / expected[i];
  const double df = static_cast<double>(observed.size()) - 1.0, spread = 2.0 / (9.0 * df);
  return (std::cbrt(chi / df) - (1.0 - spread)) / std::sqrt(spread);
}

class StateFrequencyTest : public ::testing::TestWithParam<const char*> {};

TEST_P(StateFrequencyTest, IsTheExactProbability) {
  const Layer layer = example(GetParam());
  std::vector<float> input(layer.columns());
  for (std::size_t j = 0; j < input.size(); ++j) input[j] = 0.7f * std::cos(static_cast<float>(j));
  const double log_z = log_partition(layer, std::span<const float>(input));
  const StateEnumerator states(layer.spec);
  std::map<std::vector<float>, std::size_t> number;
  std::vector<double> expected(states.states()), observed(states.states());
  std::vector<float> values(layer.columns());
  for (std::uint64_t i = 0; i < states.states(); ++i) {
    states.state(i, values);
    number[values] = i;
    const double interaction = std::inner_product(values.begin(), values.end(), input.begin(), 0.0);
    expected[i] = kDraws * std::exp(interaction - layer_energy(layer, values) - log_z);
  }
  const Matrix<float> samples = draw(layer, input);
  for (std::size_t r = 0; r < kDraws; ++r) {
    const auto row = samples.row(r);
    const auto found = number.find(std::vector<float>(row.begin(), row.end()));
    ASSERT_NE(found, number.end()) << "row " << r << " is not a state";
    observed[found->second] += 1.0;
  }
  // States too rare for chi-square go together.
  std::vector<double> rare_expected(1), rare_observed(1);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const bool rare = expected[i] < 8.0;
    if (rare) rare_expected[0] += expected[i], rare_observed[0] += observed[i];
    if (!rare) rare_expected.push_back(expected[i]), rare_observed.push_back(observed[i]);
  }
  if (rare_expected[0] < 2.0) {  // too few even together: they join the first common state
    rare_expected[1] += rare_expected[0], rare_observed[1] += rare_observed[0];
    rare_expected.erase(rare_expected.begin()), rare_observed.erase(rare_observed.begin());
  }
  EXPECT_LT(chi_square_z(rare_observed, rare_expected), 4.0);
  EXPECT_GT(chi_square_z(rare_observed, rare_expected), -4.0);
}

INSTANTIATE_TEST_SUITE_P(Kinds, StateFrequencyTest,
                         ::testing::Values("4", "binomial(5) 1", "binomial(3) 2", "stepped(6) 1",
                                           "stepped(3) 2", "softmax 5", "softmax(3) 3", "multinomial(4) 3",
                                           "2 + softmax 3 + binomial(2) 1"));

class MomentTest : public ::testing::TestWithParam<const char*> {};

// The average of samples against `means`, and their variance against the derivative of the means.
TEST_P(MomentTest, AgreeWithTheMeans) {
  const Layer layer = example(GetParam());
  std::vector<float> input(layer.columns());
  for (std::size_t j = 0; j < input.size(); ++j) input[j] = 0.4f + 0.7f * std::cos(static_cast<float>(j));
  std::vector<float> mean(input.size()), above(input.size()), below(input.size());
  const auto means_at = [&](std::vector<float> x, std::vector<float>& out) {
    conditional_mean(layer, {x.data(), 1, x.size()}, {}, {out.data(), 1, out.size()});
  };
  means_at(input, mean);
  const Matrix<float> samples = draw(layer, input);
  for (std::size_t j = 0; j < input.size(); ++j) {
    std::vector<float> x = input;
    x[j] = input[j] + 0.01f, means_at(x, above);
    x[j] = input[j] - 0.01f, means_at(x, below);
    double sigma = 1.0;  // d mean / d input is the covariance of value and statistic
    if (!layer.log_variance.empty()) sigma = std::exp(0.5 * layer.log_variance[j]);
    const double variance = sigma * (above[j] - below[j]) / (x[j] - input[j]) / -2.0;
    double sum = 0.0, squares = 0.0, fourths = 0.0;
    for (std::size_t r = 0; r < kDraws; ++r) {
      const double d = samples(r, j) - mean[j];
      sum += d, squares += d * d, fourths += d * d * d * d;
    }
    EXPECT_LT(std::abs(sum / kDraws) / std::sqrt(variance / kDraws), 4.0) << j;
    const double spread = std::sqrt((fourths / kDraws - variance * variance) / kDraws);
    EXPECT_LT(std::abs(squares / kDraws - variance), 4.5 * spread + 1e-3 * variance) << j;
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, MomentTest,
                         ::testing::Values("4", "gaussian 3", "gaussian(learned) 3", "binomial(9) 3",
                                           "stepped(9) 3", "softmax 4", "multinomial(30) 4", "poisson 3"));

TEST(SampleTest, SoftmaxIsNotTheMostProbable) {
  const Layer layer(parse_layer("softmax 3"));
  const Matrix<float> samples = draw(layer, {0.0f, 1.0f, 0.5f});
  double count[3] = {};
  for (std::size_t r = 0; r < kDraws; ++r)
    for (std::size_t k = 0; k < 3; ++k) count[k] += samples(r, k);
  EXPECT_NEAR(count[0] / kDraws, 0.1863237232, 0.012);
  EXPECT_NEAR(count[1] / kDraws, 0.5064804008, 0.012);
  EXPECT_NEAR(count[2] / kDraws, 0.3071958760, 0.012);
}

TEST(SampleTest, GaussianIsNotTheMean) {
  const Layer layer = example("gaussian(learned) 2");
  const Matrix<float> samples = draw(layer, {0.3f, 0.3f});
  // Kurtosis 3, and the share within one standard deviation 0.6827: the shape is normal.
  for (std::size_t j = 0; j < 2; ++j) {
    const double sigma = std::exp(0.5 * layer.log_variance[j]), mean = layer.bias[j] + sigma * 0.3;
    double within = 0.0, fourths = 0.0, at_mean = 0.0;
    for (std::size_t r = 0; r < kDraws; ++r) {
      const double z = (samples(r, j) - mean) / sigma;
      within += std::abs(z) < 1.0, fourths += z * z * z * z, at_mean += std::abs(z) < 1e-6;
    }
    EXPECT_NEAR(within / kDraws, 0.6826894921, 0.0135);
    EXPECT_NEAR(fourths / kDraws, 3.0, 0.3);
    EXPECT_EQ(at_mean, 0.0);
  }
}

struct BigCount {
  const char* layer;
  float x;
};

class BigCountTest : public ::testing::TestWithParam<BigCount> {};

// Counts of many copies, by inversion and by rejection, against the probabilities that their energies give.
TEST_P(BigCountTest, HasTheExactDistribution) {
  const Layer layer(parse_layer(GetParam().layer));
  const float x = GetParam().x;
  const std::vector<float> input = {x};
  const double log_z = log_partition(layer, std::span<const float>(input));
  const Matrix<float> samples = draw(layer, input);
  std::vector<double> counts(layer.spec.groups[0].parameter + 1);
  for (const float v : samples.values()) counts.at(static_cast<std::size_t>(v)) += 1.0;
  // Bins of about equal probability; what is left joins the last.
  std::vector<double> expected(1), observed(1);
  for (std::size_t k = 0; k < counts.size(); ++k) {
    const float v = static_cast<float>(k);
    expected.back() += kDraws * std::exp(double{x} * v - layer_energy(layer, std::vector<float>{v}) - log_z);
    observed.back() += counts[k];
    if (expected.back() > kDraws / 30.0) expected.push_back(0.0), observed.push_back(0.0);
  }
  expected[expected.size() - 2] += expected.back(), observed[observed.size() - 2] += observed.back();
  expected.pop_back(), observed.pop_back();
  EXPECT_GT(expected.size(), 1u);
  EXPECT_LT(std::abs(chi_square_z(observed, expected)), 4.0);
}

INSTANTIATE_TEST_SUITE_P(
    Layers, BigCountTest,
    ::testing::Values(BigCount{"binomial(64) 1", 0.3f}, BigCount{"binomial(64) 1", -4.0f},
                      BigCount{"binomial(65) 1", -2.5f}, BigCount{"binomial(65) 1", 2.5f},
                      BigCount{"binomial(65) 1", -1.0f}, BigCount{"binomial(2000) 1", -5.0f},
                      BigCount{"binomial(2000) 1", 0.1f}, BigCount{"binomial(2000) 1", 6.0f},
                      BigCount{"stepped(300) 1", 150.4f}, BigCount{"stepped(300) 1", 299.9f},
                      BigCount{"stepped(2) 1", 0.9f}));

struct RectifiedRow {
  double x, mean, variance;
};

TEST(SampleTest, RectifiedMoments) {
  const Layer layer(parse_layer("rectified 1"));
  for (const RectifiedRow& row : {RectifiedRow{-2, 0.000000, 0.000000}, RectifiedRow{-1, 0.005325, 0.001884},
                                  RectifiedRow{0, 0.282095, 0.170423}, RectifiedRow{1, 1.051041, 0.588890},
                                  RectifiedRow{2, 2.005570, 0.855056}, RectifiedRow{3, 3.000287, 0.950707}}) {
    const Matrix<float> samples = draw(layer, {static_cast<float>(row.x)});
    double sum = 0.0, squares = 0.0, fourths = 0.0;
    for (const float v : samples.values()) {
      ASSERT_GE(v, 0.0f);
      const double d = v - row.mean;
      sum += d, squares += d * d, fourths += d * d * d * d;
    }
    EXPECT_LT(std::abs(sum / kDraws), 4.0 * std::sqrt(row.variance / kDraws) + 1e-5) << row.x;
    const double spread = std::sqrt(fourths / kDraws / kDraws);
    EXPECT_LT(std::abs(squares / kDraws - row.variance), 4.0 * spread + 1e-5) << row.x;
  }
}

TEST(SampleTest, SteppedVarianceOfTheTable) {
  const Layer layer(parse_layer("stepped(40) 1"));
  const double table[][3] = {{-1, 0.305029, 0.264996}, {0, 0.682569, 0.500000}, {3, 3.046745, 0.954254}};
  for (const auto& row : table) {
    const Matrix<float> samples = draw(layer, {static_cast<float>(row[0])});
    double squares = 0.0, fourths = 0.0;
    for (const float v : samples.values()) {
      const double d = v - row[1];
      squares += d * d, fourths += d * d * d * d;
    }
    EXPECT_LT(std::abs(squares / kDraws - row[2]), 4.0 * std::sqrt(fourths / kDraws / kDraws)) << row[0];
  }
}

class PoissonTest : public ::testing::TestWithParam<double> {};

// Inversion below a rate of 10, rejection above; bins of about equal probability.
TEST_P(PoissonTest, HasTheExactDistribution) {
  const double rate = GetParam();
  Layer layer(parse_layer("poisson 1"));
  const Matrix<float> samples = draw(layer, {static_cast<float>(std::log(rate))});
  const double used = std::exp(static_cast<double>(static_cast<float>(std::log(rate))));
  std::vector<double> expected(1), observed(1);
  std::vector<double> upper;  // the last count of each bin
  double left = 1.0;
  for (double k = 0.0; left > 1e-4; k += 1.0) {
    const double p = std::exp(-used + k * std::log(used) - std::lgamma(k + 1.0));
    expected.back() += kDraws * p;
    left -= p;
    if (expected.back() > kDraws / 30.0) upper.push_back(k), expected.push_back(0.0), observed.push_back(0.0);
  }
  expected.back() = kDraws - std::accumulate(expected.begin(), expected.end() - 1, 0.0);
  if (expected.back() < 5.0) {
    expected[expected.size() - 2] += expected.back();
    expected.pop_back(), observed.pop_back(), upper.pop_back();
  }
  for (const float v : samples.values()) {
    ASSERT_EQ(v, std::floor(v));
    std::size_t bin = 0;
    while (bin < observed.size() - 1 && v > upper[bin]) ++bin;
    observed[bin] += 1.0;
  }
  EXPECT_LT(std::abs(chi_square_z(observed, expected)), 4.0);
}

INSTANTIATE_TEST_SUITE_P(Rates, PoissonTest, ::testing::Values(0.3, 3.0, 9.9, 10.1, 50.0, 1000.0));

TEST(SampleTest, PoissonOfAHugeRate) {
  const Layer layer(parse_layer("poisson 2"));
  const Matrix<float> samples = draw(layer, {std::log(1e6f), 1e30f});
  const double rate = std::exp(static_cast<double>(std::log(1e6f)));
  double sum = 0.0, squares = 0.0;
  for (std::size_t r = 0; r < kDraws; ++r) {
    const double d = samples(r, 0) - rate;
    sum += d, squares += d * d;
    ASSERT_NEAR(samples(r, 1), std::exp(20.0), 7.0 * std::exp(10.0));
  }
  EXPECT_LT(std::abs(sum / kDraws), 4.0 * std::sqrt(rate / kDraws));
  EXPECT_LT(std::abs(squares / kDraws / rate - 1.0), 4.0 * std::sqrt(2.0 / kDraws));
}

TEST(SampleTest, DocumentsHaveTheirLengths) {
  const Layer layer = example("multinomial 4 + 2");
  Matrix<float> input(3, 6), samples(3, 6);
  const float lengths[] = {0.0f, 1.0f, 500.0f};
  const std::uint64_t cases[] = {0, 1, 2};
  const Noise noise(1, Stream::kChain, 0);
  conditional(layer, input, {.lengths = lengths}, {}, samples, noise, cases);
  for (std::size_t r = 0; r < 3; ++r) {
    double sum = 0.0;
    for (std::size_t k = 0; k < 4; ++k) sum += samples(r, k);
    EXPECT_EQ(sum, lengths[r]);
  }
  const float wrong[] = {0.0f, 1.5f, 2.0f};
  EXPECT_THROW(conditional(layer, input, {.lengths = wrong}, {}, samples, noise, cases), InputError);
  EXPECT_THROW(conditional(layer, input, {}, {}, samples, noise, cases), InputError);
}

constexpr const char* kAllKinds =
    "5 + gaussian(learned) 3 + rectified 3 + binomial(4) 3 + stepped(4) 3 + softmax(3) 2 + multinomial 3 + "
    "poisson 3 + 6";

struct Batch {
  Layer layer = example(kAllKinds);
  Matrix<float> input{12, layer.columns()}, means{12, layer.columns()}, samples{12, layer.columns()};
  std::vector<float> scale, lengths;
  std::vector<std::uint64_t> cases;
  Noise noise{9, Stream::kChain, 4};

  Batch() {
    for (std::size_t i = 0; i < input.size(); ++i)
      input.data()[i] = 1.5f * std::sin(static_cast<float>(i * i % 101));
    for (std::size_t r = 0; r < 12; ++r) {
      scale.push_back(1.0f + 0.1f * static_cast<float>(r));
      lengths.push_back(static_cast<float>(r));
      cases.push_back(1000 + 7 * r);
    }
  }
  RowContext context() const { return {.bias_scale = scale, .lengths = lengths}; }
  void run() { conditional(layer, input, context(), means, samples, noise, cases); }
};

TEST(SampleTest, DoNotDependOnTheSplitOfTheBatch) {
  Batch whole, parts;
  whole.run();
  for (std::size_t first = 0; first < 12;) {
    const std::size_t count = std::min<std::size_t>(first + 1, 12 - first);  // 1, 2, 4, 5
    conditional(parts.layer, parts.input.view().row_block(first, count),
                parts.context().row_block(first, count), parts.means.view().row_block(first, count),
                parts.samples.view().row_block(first, count), parts.noise,
                std::span(parts.cases).subspan(first, count));
    first += count;
  }
  for (std::size_t i = 0; i < whole.input.size(); ++i) {
    ASSERT_EQ(whole.samples.data()[i], parts.samples.data()[i]) << i;
    ASSERT_EQ(whole.means.data()[i], parts.means.data()[i]) << i;
  }
}

TEST(SampleTest, MeansAndSamplesMayOverwriteTheInput) {
  Batch apart;
  apart.run();
  Batch means_over;
  conditional(means_over.layer, means_over.input, means_over.context(), means_over.input, means_over.samples,
              means_over.noise, means_over.cases);
  Batch samples_over;
  conditional(samples_over.layer, samples_over.input, samples_over.context(), samples_over.means,
              samples_over.input, samples_over.noise, samples_over.cases);
  Batch mean_alone;
  conditional_mean(mean_alone.layer, mean_alone.input, mean_alone.context(), mean_alone.input);
  for (std::size_t i = 0; i < apart.input.size(); ++i) {
    ASSERT_EQ(means_over.input.data()[i], apart.means.data()[i]) << i;
    ASSERT_EQ(means_over.samples.data()[i], apart.samples.data()[i]) << i;
    ASSERT_EQ(samples_over.input.data()[i], apart.samples.data()[i]) << i;
    ASSERT_EQ(samples_over.means.data()[i], apart.means.data()[i]) << i;
    ASSERT_EQ(mean_alone.input.data()[i], apart.means.data()[i]) << i;
  }
}

TEST(SampleTest, EitherOutputMayBeEmpty) {
  Batch both, means_only, samples_only;
  both.run();
  conditional(both.layer, both.input, both.context(), means_only.means, {}, both.noise, both.cases);
  conditional(both.layer, both.input, both.context(), {}, samples_only.samples, both.noise, both.cases);
  for (std::size_t i = 0; i < both.input.size(); ++i) {
    ASSERT_EQ(means_only.means.data()[i], both.means.data()[i]) << i;
    ASSERT_EQ(samples_only.samples.data()[i], both.samples.data()[i]) << i;
  }
}

TEST(SampleTest, ViewsWithStrides) {
  Batch whole;
  whole.run();
  const std::size_t n = whole.layer.columns();
  Matrix<float> wide(12, 3 * n + 5, -7.0f);
  for (std::size_t r = 0; r < 12; ++r) std::copy_n(whole.input.row(r).begin(), n, wide.row(r).begin());
  conditional(whole.layer, wide.view().col_block(0, n), whole.context(), wide.view().col_block(n + 1, n),
              wide.view().col_block(2 * n + 3, n), whole.noise, whole.cases);
  for (std::size_t r = 0; r < 12; ++r) {
    for (std::size_t j = 0; j < n; ++j) {
      ASSERT_EQ(wide(r, n + 1 + j), whole.means(r, j));
      ASSERT_EQ(wide(r, 2 * n + 3 + j), whole.samples(r, j));
    }
    for (const std::size_t j : {n, 2 * n + 1, 2 * n + 2, 3 * n + 3, 3 * n + 4}) ASSERT_EQ(wide(r, j), -7.0f);
  }
}

TEST(SampleTest, CasesAndStepsDiffer) {
  Batch a, other_case, other_step;
  for (std::uint64_t& c : other_case.cases) c += 1;
  other_step.noise = Noise(9, Stream::kChain, 5);
  a.run(), other_case.run(), other_step.run();
  std::size_t same_case = 0, same_step = 0;
  for (std::size_t i = 0; i < a.input.size(); ++i) {
    same_case += a.samples.data()[i] == other_case.samples.data()[i];
    same_step += a.samples.data()[i] == other_step.samples.data()[i];
  }
  EXPECT_LT(same_case, a.input.size() * 3 / 4);
  EXPECT_LT(same_step, a.input.size() * 3 / 4);
}

TEST(SampleTest, NaNIsNotHidden) {
  for (const char* text : {"3", "gaussian 3", "rectified 3", "binomial(4) 3", "stepped(4) 3", "softmax 3",
                           "multinomial(3) 3", "poisson 3"}) {
    const Layer layer(parse_layer(text));
    std::vector<float> input = {0.0f, std::nanf(""), 0.0f}, mean(3), sample(3);
    const std::uint64_t cases[] = {0};
    conditional(layer, {input.data(), 1, 3}, {}, {mean.data(), 1, 3}, {sample.data(), 1, 3},
                Noise(1, Stream::kChain, 0), cases);
    EXPECT_TRUE(std::isnan(mean[1])) << text;
    EXPECT_TRUE(std::isnan(sample[1])) << text;
  }
}

}  // namespace
}  // namespace harmonium
