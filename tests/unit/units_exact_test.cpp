// Energies, log-partitions and means of every kind against sums over all states, quadrature, finite
// differences and published or tabulated values.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "harmonium/base/error.h"
#include "harmonium/units/layer.h"

namespace harmonium {
namespace {

/// A layer with biases that differ and, where they are learned, variances that differ.
Layer example(std::string_view text) {
  Layer layer(parse_layer(text));
  for (std::size_t j = 0; j < layer.bias.size(); ++j)
    layer.bias[j] = 0.8f * std::sin(1.0f + 2.0f * static_cast<float>(j));
  for (std::size_t j = 0; j < layer.log_variance.size(); ++j)
    layer.log_variance[j] = -0.7f + 0.5f * static_cast<float>(j);
  return layer;
}

std::vector<float> example_input(std::size_t columns, double shift) {
  std::vector<float> input(columns);
  for (std::size_t j = 0; j < columns; ++j)
    input[j] = static_cast<float>(shift + 0.9 * std::cos(3.0 + 1.7 * static_cast<double>(j)));
  return input;
}

std::vector<float> means_of(const Layer& layer, const std::vector<float>& input, const RowContext& context) {
  std::vector<float> means(input.size());
  conditional_mean(layer, {input.data(), 1, input.size()}, context, {means.data(), 1, means.size()});
  return means;
}

double dot(std::span<const float> a, std::span<const float> b) {
  double sum = 0.0;
  for (std::size_t j = 0; j < a.size(); ++j) sum += static_cast<double>(a[j]) * b[j];
  return sum;
}

double log_sum_exp(const std::vector<double>& x) {
  const double highest = *std::max_element(x.begin(), x.end());
  double sum = 0.0;
  for (const double value : x) sum += std::exp(value - highest);
  return highest + std::log(sum);
}

const float kScale[] = {1.7f};
const std::vector<RowContext> kContexts = {{}, {.bias_scale = kScale}};

class EnumerableTest : public ::testing::TestWithParam<const char*> {};

TEST_P(EnumerableTest, LogPartitionAndMeansAreSumsOverStates) {
  const Layer layer = example(GetParam());
  const StateEnumerator states(layer.spec);
  for (const RowContext& context : kContexts) {
    for (const double shift : {-2.0, 0.0, 3.0}) {
      const std::vector<float> input = example_input(layer.columns(), shift);
      std::vector<double> terms(states.states());
      std::vector<float> values(layer.columns());
      for (std::uint64_t i = 0; i < states.states(); ++i) {
        states.state(i, values);
        terms[i] = dot(values, input) - layer_energy(layer, values, context);
      }
      const double truth = log_sum_exp(terms);
      EXPECT_NEAR(log_partition(layer, std::span<const float>(input), context), truth,
                  1e-12 * (1.0 + std::abs(truth)));
      std::vector<double> mean(layer.columns());
      for (std::uint64_t i = 0; i < states.states(); ++i) {
        states.state(i, values);
        for (std::size_t j = 0; j < mean.size(); ++j) mean[j] += std::exp(terms[i] - truth) * values[j];
      }
      const std::vector<float> got = means_of(layer, input, context);
      for (std::size_t j = 0; j < mean.size(); ++j) EXPECT_NEAR(got[j], mean[j], 1e-6 * (1.0 + mean[j])) << j;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, EnumerableTest,
    ::testing::Values("3", "binomial(1) 2", "binomial(6) 2", "stepped(1) 2", "stepped(7) 2", "stepped(40) 1",
                      "softmax 5", "softmax(3) 4", "multinomial(1) 4", "multinomial(6) 4",
                      "2 + softmax 3 + binomial(2) 1 + stepped(3) 1 + multinomial(2) 3"));

class MeanTest : public ::testing::TestWithParam<const char*> {};

TEST_P(MeanTest, IsTheDerivativeOfTheLogPartition) {
  const Layer layer = example(GetParam());
  const float lengths[] = {7.0f};
  for (RowContext context : kContexts) {
    context.lengths = lengths;
    const std::vector<float> input = example_input(layer.columns(), 0.5);
    std::vector<float> statistic = means_of(layer, input, context);
    MatrixView<float> view(statistic.data(), 1, statistic.size());
    to_statistics(layer, view, view);
    std::vector<double> x(input.begin(), input.end());
    for (std::size_t j = 0; j < x.size(); ++j) {
      const double kept = x[j], step = 1e-5;
      x[j] = kept + step;
      const double above = log_partition(layer, std::span<const double>(x), context);
      x[j] = kept - step;
      const double below = log_partition(layer, std::span<const double>(x), context);
      x[j] = kept;
      EXPECT_NEAR((above - below) / (2.0 * step), statistic[j], 2e-6 * (1.0 + std::abs(statistic[j]))) << j;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, MeanTest,
                         ::testing::Values("4", "gaussian 3", "gaussian(learned) 3", "binomial(5) 3",
                                           "stepped(9) 3", "softmax(3) 2", "multinomial(4) 3",
                                           "multinomial 3", "poisson 3",
                                           "3 + gaussian(learned) 2 + softmax 3 + poisson 1"));

TEST(ExactTest, GaussianByQuadrature) {
  const Layer layer = example("gaussian(learned) 1");
  for (const RowContext& context : kContexts) {
    const std::vector<float> input = {1.3f};
    const double sigma = std::exp(0.5 * layer.log_variance[0]);
    double sum = 0.0, moment = 0.0;
    const double step = 1e-3;
    for (double at = -30.0; at <= 30.0; at += step) {
      const std::vector<float> v = {static_cast<float>(at)};
      const double density = std::exp(v[0] / sigma * input[0] - layer_energy(layer, v, context));
      sum += step * density, moment += step * density * v[0];
    }
    EXPECT_NEAR(log_partition(layer, std::span<const float>(input), context), std::log(sum), 1e-5);
    EXPECT_NEAR(means_of(layer, input, context)[0], moment / sum, 1e-5);
  }
}

TEST(ExactTest, GaussianFormulas) {
  Layer layer(parse_layer("gaussian(learned) 1"));
  layer.bias[0] = 0.75f, layer.log_variance[0] = std::log(4.0f);
  const std::vector<float> v = {2.75f};
  EXPECT_NEAR(layer_energy(layer, v), 0.5, 1e-6);
  // The layer's bias times the scale is the centre: 1.5 for a scale of 2.
  const float two[] = {2.0f};
  EXPECT_NEAR(layer_energy(layer, v, {.bias_scale = two}), 1.25 * 1.25 / 8.0, 1e-6);
  EXPECT_NEAR(means_of(layer, {0.5f}, {})[0], 0.75 + 2.0 * 0.5, 1e-6);
  EXPECT_NEAR(means_of(layer, {0.5f}, {.bias_scale = two})[0], 1.5 + 2.0 * 0.5, 1e-6);
  const double expected = std::log(2.0 * std::sqrt(2.0 * std::numbers::pi)) + 0.75 * 0.5 / 2.0 + 0.125;
  const std::vector<double> x = {0.5};
  EXPECT_NEAR(log_partition(layer, std::span<const double>(x)), expected, 1e-6);
}

TEST(ExactTest, PoissonBySum) {
  const Layer layer = example("poisson 1");
  const std::vector<float> input = {1.6f};
  std::vector<double> terms;
  double mean = 0.0;
  for (int v = 0; v < 150; ++v)
    terms.push_back(static_cast<double>(v) * input[0] -
                    layer_energy(layer, std::vector<float>{static_cast<float>(v)}));
  const double truth = log_sum_exp(terms);
  for (int v = 0; v < 150; ++v) mean += v * std::exp(terms[v] - truth);
  EXPECT_NEAR(log_partition(layer, std::span<const float>(input)), truth, 1e-12 * truth);
  EXPECT_NEAR(means_of(layer, input, {})[0], mean, 1e-6 * mean);
}

TEST(ExactTest, PoissonInputIsBounded) {
  const Layer layer(parse_layer("poisson 2"));
  const std::vector<float> means = means_of(layer, {20.0f, 1e30f}, {});
  EXPECT_NEAR(means[0], 4.85165195e8, 1e3);
  EXPECT_EQ(means[1], means[0]);
}

TEST(ExactTest, FactorialsOfLargeCounts) {
  const Layer layer(parse_layer("poisson 1"));
  for (const float v : {0.0f, 1.0f, 5.0f, 170.0f, 256.0f, 257.0f, 1000.0f, 1e6f}) {
    const double truth = std::lgamma(v + 1.0);
    EXPECT_NEAR(layer_energy(layer, std::vector<float>{v}), truth, 4e-15 * truth) << v;
  }
}

// The base measure of a stepped unit is the sum over which of its N copies are on.
TEST(ExactTest, SteppedBaseMeasureIsTheSumOverCopies) {
  for (const unsigned copies : {1u, 2u, 5u, 12u}) {
    const Layer layer(parse_layer("stepped(" + std::to_string(copies) + ") 1"));
    std::vector<double> measure(copies + 1);
    for (unsigned on = 0; on < 1u << copies; ++on) {
      double log_weight = 0.0;
      unsigned count = 0;
      for (unsigned n = 1; n <= copies; ++n)
        if (on >> (n - 1) & 1) log_weight -= n - 0.5, ++count;
      measure[count] += std::exp(log_weight);
    }
    for (unsigned k = 0; k <= copies; ++k)
      EXPECT_NEAR(layer_energy(layer, std::vector<float>{static_cast<float>(k)}), -std::log(measure[k]),
                  1e-11)
          << copies << " copies, " << k << " on";
  }
}

TEST(ExactTest, SteppedExtremeInputs) {
  const Layer layer(parse_layer("stepped(1000) 3"));
  const std::vector<float> means = means_of(layer, {-1000.0f, 800.0f, 5000.0f}, {});
  EXPECT_EQ(means[0], 0.0f);
  EXPECT_NEAR(means[1], 800.0, 1e-3);  // softplus(x), N being larger
  EXPECT_EQ(means[2], 1000.0f);
  const std::vector<double> x = {-1000.0, 800.0, 5000.0};
  double truth = 0.0;
  for (int n = 1; n <= 1000; ++n)
    for (const double value : x) {
      const double t = value - n + 0.5;
      truth += std::max(t, 0.0) + std::log1p(std::exp(-std::abs(t)));
    }
  EXPECT_NEAR(log_partition(layer, std::span<const double>(x)), truth, 1e-13 * truth);
}

struct SteppedRow {
  double x, stepped, rectified_mean;
};

// Means at total input x; the last column is E[max(0, x + N(0, logistic(x)))].
constexpr SteppedRow kSteppedTable[] = {{-2, 0.122603, 0.000000}, {-1, 0.305029, 0.005325},
                                        {0, 0.682569, 0.282095},  {1, 1.305029, 1.051041},
                                        {2, 2.122603, 2.005570},  {3, 3.046745, 3.000287}};

TEST(ExactTest, SteppedAndRectifiedMeans) {
  Layer stepped(parse_layer("stepped(60) 1")), rectified(parse_layer("rectified 1"));
  stepped.bias[0] = 0.5f, rectified.bias[0] = 0.5f;
  for (const SteppedRow& row : kSteppedTable) {
    const std::vector<float> input = {static_cast<float>(row.x - 0.5)};
    EXPECT_NEAR(means_of(stepped, input, {})[0], row.stepped, 1e-6) << row.x;
    EXPECT_NEAR(means_of(rectified, input, {})[0], row.rectified_mean, 1e-6) << row.x;
  }
}

TEST(ExactTest, RectifiedExtremeInputs) {
  const Layer layer(parse_layer("rectified 4"));
  const std::vector<float> means = means_of(layer, {-1e30f, -90.0f, 50.0f, 1e30f}, {});
  EXPECT_EQ(means, (std::vector<float>{0.0f, 0.0f, 50.0f, 1e30f}));
}

// The free energy of the Gaussian RBM with sigma = [0.5, 1, 2], three visible and two hidden units.
TEST(ExactTest, GaussianRbmFreeEnergyAndPartition) {
  const double weights[3][2] = {{0.5, -1.0}, {1.5, 0.25}, {-0.75, 2.0}};
  Layer visible(parse_layer("gaussian(learned) 3")), hidden(parse_layer("2"));
  visible.bias = {0.1f, -0.2f, 0.3f}, hidden.bias = {-0.4f, 0.6f};
  visible.log_variance = {std::log(0.25f), 0.0f, std::log(4.0f)};
  std::vector<float> v = {0.3f, -1.2f, 2.5f}, statistics(3);
  to_statistics(visible, {v.data(), 1, 3}, {statistics.data(), 1, 3});
  std::vector<double> x(2);
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 2; ++j) x[j] += weights[i][j] * statistics[i];
  EXPECT_NEAR(layer_energy(visible, v) - log_partition(hidden, std::span<const double>(x)),
              -1.1770040675156115, 1e-6);
  const std::vector<float> input(x.begin(), x.end());
  const std::vector<float> p = means_of(hidden, input, {});
  EXPECT_NEAR(p[0], 0.0553310665, 1e-6);
  EXPECT_NEAR(p[1], 0.9002495109, 1e-6);
  const std::vector<float> mean = means_of(visible, {0.5f, 1.5f, -0.75f}, {});  // h = (1, 0)
  EXPECT_NEAR(mean[0], 0.35, 1e-6);
  EXPECT_NEAR(mean[1], 1.3, 1e-6);
  EXPECT_NEAR(mean[2], -1.2, 1e-6);
  std::vector<double> terms;
  const StateEnumerator states(hidden.spec);
  std::vector<float> h(2);
  for (std::uint64_t s = 0; s < states.states(); ++s) {
    states.state(s, h);
    std::vector<double> to_visible(3);
    for (int i = 0; i < 3; ++i) to_visible[i] = weights[i][0] * h[0] + weights[i][1] * h[1];
    terms.push_back(log_partition(visible, std::span<const double>(to_visible)) - layer_energy(hidden, h));
  }
  EXPECT_NEAR(log_sum_exp(terms), 6.396911960365399, 1e-6);
}

// Replicated softmax with three words and two hidden units; the hidden biases are scaled by D.
TEST(ExactTest, ReplicatedSoftmaxValues) {
  const double weights[3][2] = {{0.7, -0.4}, {-1.1, 0.9}, {0.2, 0.5}};
  struct Row {
    unsigned length;
    double log_z, log_p;
  };
  for (const Row& row : {Row{1, 2.550121189984212, -0.6678134405}, Row{2, 3.7720628121927637, -1.0661075911},
                         Row{5, 7.793980869044463, -1.7718853793}}) {
    const float scale[] = {static_cast<float>(row.length)};
    Layer hidden(parse_layer("2"));
    hidden.bias = {0.2f, -0.5f};
    for (const bool fixed : {true, false}) {
      Layer visible(
          parse_layer(fixed ? "multinomial(" + std::to_string(row.length) + ") 3" : "multinomial 3"));
      visible.bias = {0.3f, 0.0f, -0.6f};
      std::vector<double> terms;
      const StateEnumerator states(hidden.spec);
      std::vector<float> h(2);
      for (std::uint64_t s = 0; s < states.states(); ++s) {
        states.state(s, h);
        std::vector<double> x(3);
        for (int k = 0; k < 3; ++k) x[k] = weights[k][0] * h[0] + weights[k][1] * h[1];
        const RowContext context{.lengths = fixed ? std::span<const float>() : scale};
        terms.push_back(log_partition(visible, std::span<const double>(x), context) -
                        layer_energy(hidden, h, {.bias_scale = scale}));
      }
      const double log_z = log_sum_exp(terms);
      EXPECT_NEAR(log_z, row.log_z, 1e-6);
      const std::vector<float> counts = {static_cast<float>(row.length), 0.0f, 0.0f};
      const std::vector<double> x = {weights[0][0] * row.length, weights[0][1] * row.length};
      const double log_p = log_partition(hidden, std::span<const double>(x), {.bias_scale = scale}) -
                           layer_energy(visible, counts) - log_z;
      EXPECT_NEAR(log_p, row.log_p, 1e-6);
    }
  }
}

TEST(ExactTest, EmptyDocument) {
  const Layer layer = example("multinomial 3");
  const float lengths[] = {0.0f};
  const std::vector<float> zero(3, 0.0f);
  EXPECT_EQ(log_partition(layer, std::span<const float>(zero), {.lengths = lengths}), 0.0);
  EXPECT_EQ(layer_energy(layer, zero), 0.0);
  EXPECT_EQ(means_of(layer, {1.0f, 2.0f, 3.0f}, {.lengths = lengths}), zero);
}

TEST(ExactTest, MixedLayerIsTheSumOfItsGroups) {
  const Layer mixed = example("3 + gaussian(learned) 2 + softmax(3) 2 + poisson 2 + multinomial(3) 2");
  std::vector<float> values = {1, 0, 0.25f, -1.5f, 2.5f, 0, 1, 0, 1, 0, 0, 4, 2, 1, 2};
  const std::vector<float> input = example_input(mixed.columns(), 0.3);
  const std::vector<float> means = means_of(mixed, input, {});
  double energy = 0.0, partition = 0.0;
  std::size_t first = 0;
  for (const UnitGroup& group : mixed.spec.groups) {
    Layer part(LayerSpec{{group}});
    const std::size_t n = part.columns();
    std::copy_n(mixed.bias.begin() + first, n, part.bias.begin());
    if (group.learned_variance) std::copy_n(mixed.log_variance.begin() + first, n, part.log_variance.begin());
    const std::vector<float> part_input(input.begin() + first, input.begin() + first + n);
    energy += layer_energy(part, std::span<const float>(values).subspan(first, n));
    partition += log_partition(part, std::span<const float>(part_input));
    const std::vector<float> part_means = means_of(part, part_input, {});
    for (std::size_t j = 0; j < n; ++j) EXPECT_EQ(means[first + j], part_means[j]) << first + j;
    first += n;
  }
  EXPECT_NEAR(layer_energy(mixed, values), energy, 1e-12);
  EXPECT_NEAR(log_partition(mixed, std::span<const float>(input)), partition, 1e-12);
}

TEST(ExactTest, ContextBiasReplacesTheLayers) {
  for (const char* text : {"4", "gaussian 2", "binomial(3) 2", "stepped(3) 2", "softmax 3", "poisson 2"}) {
    const Layer layer = example(text);
    Layer zero(layer.spec);
    const std::vector<float> input = example_input(layer.columns(), 0.0);
    std::vector<float> values(layer.columns(), 0.0f);
    values[0] = 1.0f;
    const RowContext context{.bias = layer.bias};
    EXPECT_EQ(means_of(zero, input, context), means_of(layer, input, {})) << text;
    EXPECT_EQ(layer_energy(zero, values, context), layer_energy(layer, values)) << text;
    EXPECT_EQ(log_partition(zero, std::span<const float>(input), context),
              log_partition(layer, std::span<const float>(input)))
        << text;
    EXPECT_NE(layer_energy(zero, values), layer_energy(layer, values)) << text;
  }
}

TEST(ExactTest, LearnedVarianceHasAFloor) {
  Layer layer(parse_layer("gaussian(learned) 1"));
  layer.log_variance[0] = -1000.0f;
  Layer floor = layer;
  floor.log_variance[0] = kMinLogVariance;
  EXPECT_NEAR(std::exp(kMinLogVariance), 1e-4, 1e-9);
  const std::vector<float> v = {0.02f};
  EXPECT_EQ(layer_energy(layer, v), layer_energy(floor, v));
  EXPECT_NEAR(layer_energy(layer, v), 2.0, 1e-4);
  EXPECT_EQ(means_of(layer, {3.0f}, {}), means_of(floor, {3.0f}, {}));
  EXPECT_NEAR(means_of(layer, {3.0f}, {})[0], 0.03, 1e-6);
  const std::vector<double> x = {1.5};
  EXPECT_EQ(log_partition(layer, std::span<const double>(x)),
            log_partition(floor, std::span<const double>(x)));
  std::vector<float> statistic(1);
  to_statistics(layer, {v.data(), 1, 1}, {statistic.data(), 1, 1});
  EXPECT_NEAR(statistic[0], 2.0, 1e-4);
}

TEST(ExactTest, StatisticsScaleOnlyLearnedGroups) {
  const Layer layer = example("2 + gaussian(learned) 2 + gaussian 1");
  EXPECT_TRUE(has_scaled_statistics(layer.spec));
  EXPECT_FALSE(has_scaled_statistics(parse_layer("2 + gaussian 1")));
  Matrix<float> values(3, 5, 2.0f), statistics(3, 5);
  to_statistics(layer, values, statistics);
  for (std::size_t r = 0; r < 3; ++r)
    for (std::size_t j = 0; j < 5; ++j) {
      const bool scaled = j == 2 || j == 3;
      EXPECT_FLOAT_EQ(statistics(r, j), scaled ? 2.0f * std::exp(-0.5f * layer.log_variance[j]) : 2.0f);
    }
}

TEST(ExactTest, ProbabilitiesStandForBernoulliAndSoftmaxStates) {
  Layer layer(parse_layer("1 + softmax 2"));
  layer.bias = {2.0f, 1.0f, -1.0f};
  EXPECT_NEAR(layer_energy(layer, std::vector<float>{0.25f, 0.75f, 0.25f}), -0.5 - 0.75 + 0.25, 1e-12);
}

TEST(ExactTest, RefusesWhatDoesNotExist) {
  const Layer rectified(parse_layer("3 + rectified 2"));
  const std::vector<float> five(5, 0.0f);
  EXPECT_THROW(layer_energy(rectified, five), InputError);
  EXPECT_THROW(log_partition(rectified, std::span<const float>(five)), InputError);
  const std::vector<float> half = {0.5f}, nine = {9.0f}, minus = {-1.0f};
  for (const char* text : {"binomial(8) 1", "stepped(8) 1", "poisson 1", "multinomial 1"}) {
    EXPECT_THROW(layer_energy(Layer(parse_layer(text)), half), InputError) << text;
    EXPECT_THROW(layer_energy(Layer(parse_layer(text)), minus), InputError) << text;
  }
  EXPECT_THROW(layer_energy(Layer(parse_layer("binomial(8) 1")), nine), InputError);
  EXPECT_THROW(layer_energy(Layer(parse_layer("stepped(8) 1")), nine), InputError);
  EXPECT_THROW(layer_energy(Layer(parse_layer("multinomial(8) 1")), nine), InputError);
  // A document without its length.
  const Layer open(parse_layer("multinomial 2"));
  const std::vector<float> two(2, 0.0f);
  EXPECT_THROW(log_partition(open, std::span<const float>(two)), InputError);
  EXPECT_THROW(means_of(open, two, {}), InputError);
  try {
    layer_energy(rectified, five);
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("rectified"));
  }
}

}  // namespace
}  // namespace harmonium
