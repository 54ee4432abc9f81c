// Gradients against the truth: finite differences of the exact log-likelihood, for every pair of kinds.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <map>

#include "harmonium/base/error.h"
#include "harmonium/train/rbm_learner.h"
#include "unit/gradients.h"
#include "unit/rbm_cases.h"
#include "unit/reference_rbm.h"

namespace harmonium {
namespace {

// One small layer of each kind.
struct Kind {
  const char* name;
  const char* layer;
};
constexpr Kind kKinds[] = {{"bernoulli", "2"},
                           {"gaussian", "gaussian 1"},
                           {"gaussian_learned", "gaussian(learned) 1"},
                           {"binomial", "binomial(3) 2"},
                           {"stepped", "stepped(4) 1"},
                           {"softmax", "softmax(3) 2"},
                           {"multinomial", "multinomial(3) 3"},
                           {"poisson", "poisson 1"},
                           {"mixed", "1 + gaussian(learned) 1 + softmax 3"}};

Rbm random_rbm(const char* visible, const char* hidden, std::uint64_t seed) {
  Rbm rbm(parse_layer(visible), parse_layer(hidden));
  const Noise noise(seed, Stream::kSynthetic, 0);
  std::uint32_t unit = 0;
  // Poisson with Poisson units has a distribution only without positive weights.
  const bool negative = normalisation(rbm.visible.spec, rbm.hidden.spec) == Normalisation::kIfWeightsNegative;
  for (float& w : rbm.weights.values()) {
    w = 0.4f * noise.normal(0, unit++);
    if (negative) w = -std::abs(w);
  }
  for (Layer* layer : {&rbm.visible, &rbm.hidden}) {
    for (float& b : layer->bias) b = 0.5f * noise.normal(1, unit++);
    for (std::size_t g = 0; g < layer->spec.groups.size(); ++g)
      if (layer->spec.groups[g].learned_variance)
        for (std::size_t i = 0; i < layer->spec.groups[g].units; ++i)
          layer->log_variance[layer->spec.first_column(g) + i] = 0.4f * noise.normal(2, unit++);
  }
  return rbm;
}

// Seven cases drawn from the visible layer alone: legal values of every kind.
Matrix<float> random_cases(const Rbm& rbm, std::size_t count, std::uint64_t seed) {
  Matrix<float> cases(count, rbm.visible_columns()), zero(count, rbm.visible_columns());
  std::vector<std::uint64_t> rows(count);
  for (std::size_t r = 0; r < count; ++r) rows[r] = r;
  conditional(rbm.visible, zero, {}, {}, cases, Noise(seed, Stream::kSynthetic, 1), rows);
  return cases;
}

RbmGradient learner_gradient(const Rbm& rbm, const Matrix<float>& cases, std::span<const float> weights,
                             TrainOptions options, std::uint64_t seed = 1, std::uint64_t k = 1) {
  ThreadTeam team(1);
  options.seed = seed;
  RbmLearner learner(rbm, options, "layers.0", team);
  Matrix<float> values = cases;
  std::vector<std::uint64_t> rows(cases.rows());
  for (std::size_t r = 0; r < rows.size(); ++r) rows[r] = r;
  StepInfo info;
  info.seed = seed;
  info.gibbs_steps = k;
  return learner.gradient({values, rows, weights}, info, team);
}

struct Flat {
  std::vector<double> values;
};
Flat flatten(const RbmGradient& g) {
  Flat flat;
  const auto add = [&](const auto& list) { flat.values.insert(flat.values.end(), list.begin(), list.end()); };
  add(g.weights.values()), add(g.visible_bias), add(g.hidden_bias);
  add(g.visible_log_variance), add(g.hidden_log_variance);
  return flat;
}

// Central differences of the reference's log-likelihood, in the same order.
Flat finite_differences(const Rbm& rbm, const Matrix<float>& cases, const std::vector<double>& weights) {
  const reference::Model model(rbm.visible.spec, rbm.hidden.spec);
  reference::Parameters p(rbm);
  std::vector<std::vector<double>> data;
  for (std::size_t r = 0; r < cases.rows(); ++r) data.emplace_back(cases.row(r).begin(), cases.row(r).end());
  Flat flat;
  const auto differentiate = [&](std::vector<double>& list, const std::function<bool(std::size_t)>& learned) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (!learned(i)) {
        flat.values.push_back(0);
        continue;
      }
      constexpr double kStep = 1e-4;
      const double at = list[i];
      list[i] = at + kStep;
      const double up = model.log_likelihood(p, data, weights);
      list[i] = at - kStep;
      const double down = model.log_likelihood(p, data, weights);
      list[i] = at;
      flat.values.push_back((up - down) / (2 * kStep));
    }
  };
  const auto always = [](std::size_t) { return true; };
  const auto gaussian = [](const Layer& layer) {
    return [&layer](std::size_t i) {
      for (std::size_t g = 0; g < layer.spec.groups.size(); ++g) {
        const std::size_t first = layer.spec.first_column(g);
        if (i >= first && i < first + layer.spec.groups[g].columns())
          return layer.spec.groups[g].learned_variance;
      }
      return false;
    };
  };
  differentiate(p.weights, always), differentiate(p.visible_bias, always),
      differentiate(p.hidden_bias, always);
  differentiate(p.visible_log_variance, gaussian(rbm.visible));
  differentiate(p.hidden_log_variance, gaussian(rbm.hidden));
  return flat;
}

// What is done for a pair, or why nothing can be.
std::string plan_of(const Rbm& rbm) {
  switch (normalisation(rbm.visible.spec, rbm.hidden.spec)) {
    case Normalisation::kNever:
      return "left out: exp(-E) has no finite sum";
    case Normalisation::kNoEnergy:
      return "left out: no energy";
    default:
      break;
  }
  if (rbm.visible.spec.is_enumerable() || rbm.hidden.spec.is_enumerable()) return "enumeration";
  return "quadrature";
}

TEST(Gradient, EqualsFiniteDifferencesForEveryPairOfKinds) {
  TrainOptions exact;
  exact.negative = NegativeKind::kExact;
  std::map<std::string, std::size_t> plans;
  for (const Kind& visible : kKinds)
    for (const Kind& hidden : kKinds) {
      const Rbm rbm = random_rbm(visible.layer, hidden.layer, 7);
      const std::string plan = plan_of(rbm);
      std::printf("%-18s x %-18s %s\n", visible.name, hidden.name, plan.c_str());
      ++plans[plan];
      if (plan != "enumeration") {
        // Neither layer can be listed, so there is no exact negative phase; sampling is tested below.
        EXPECT_THROW(learner_gradient(rbm, random_cases(rbm, 3, 1), {}, exact), InputError);
        continue;
      }
      const auto cases = random_cases(rbm, 7, 3);
      const std::vector<float> weights = {1, 2, 0.5f, 1, 1, 0, 3};
      const Flat truth = finite_differences(rbm, cases, {1, 2, 0.5, 1, 1, 0, 3});
      const Flat ours = flatten(learner_gradient(rbm, cases, weights, exact));
      ASSERT_EQ(truth.values.size(), ours.values.size());
      for (std::size_t i = 0; i < truth.values.size(); ++i)
        EXPECT_NEAR(ours.values[i], truth.values[i], 2e-4 * (1 + std::abs(truth.values[i])))
            << visible.name << " x " << hidden.name << ", parameter " << i;
    }
  // Gaussian units, alone (2 kinds) or in the mixed layer, with Poisson units; among themselves, and Poisson
  // with Poisson, by quadrature.
  EXPECT_EQ(plans["left out: exp(-E) has no finite sum"], 2u * 3u);
  EXPECT_EQ(plans["quadrature"], 3u * 3u + 1u);
  EXPECT_EQ(plans["enumeration"], 81u - 6u - 10u);
}

// Mean and standard error of gradients over independent seeds.
void expect_agreement(const Flat& truth, const std::function<Flat(std::uint64_t)>& draw, std::size_t seeds,
                      double most_z, const std::string& what) {
  std::vector<double> sum(truth.values.size(), 0.0), squares(truth.values.size(), 0.0);
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const Flat one = draw(seed);
    for (std::size_t i = 0; i < sum.size(); ++i)
      sum[i] += one.values[i], squares[i] += one.values[i] * one.values[i];
  }
  const auto n = static_cast<double>(seeds);
  for (std::size_t i = 0; i < sum.size(); ++i) {
    const double mean = sum[i] / n, variance = std::max(0.0, squares[i] / n - mean * mean) * n / (n - 1);
    EXPECT_LT(std::abs(mean - truth.values[i]), most_z * std::sqrt(variance / n) + 1e-4)
        << what << ", parameter " << i;
  }
}

// Long CD chains, for pairs that enumerate and for those that only quadrature reaches.
TEST(Gradient, LongChainsReachItForSampledKinds) {
  // Of every kind one that enumerates, and every pair that only quadrature reaches.
  constexpr std::pair<const char*, const char*> kPairs[] = {
      {"2", "2"},
      {"gaussian(learned) 1", "2"},
      {"softmax(3) 1", "binomial(3) 1"},
      {"stepped(4) 1", "1"},
      {"multinomial(3) 3", "softmax(3) 1"},
      {"poisson 1", "2"},
      {"2", "poisson 1"},
      {"gaussian 1", "gaussian 1"},
      {"gaussian 1", "gaussian(learned) 1"},
      {"gaussian(learned) 1", "gaussian 1"},
      {"gaussian(learned) 1", "gaussian(learned) 1"},
      {"gaussian 1", "1 + gaussian(learned) 1"},
      {"1 + gaussian(learned) 1", "gaussian(learned) 1"},
      {"1 + gaussian(learned) 1", "1 + gaussian(learned) 1"},
      {"poisson 1", "poisson 1"}};
  TrainOptions options;
  for (const auto& [visible, hidden] : kPairs) {
    Rbm rbm = random_rbm(visible, hidden, 11);
    const auto cases = random_cases(rbm, 5, 3);
    const Flat truth = finite_differences(rbm, cases, {1, 1, 1, 1, 1});
    const auto many = repeated(cases, 40);
    expect_agreement(
        truth,
        [&](std::uint64_t seed) { return flatten(learner_gradient(rbm, many, {}, options, seed, 40)); }, 30,
        4.5, std::string(visible) + " x " + hidden);
  }
}

TEST(Gradient, ContrastiveDivergenceTendsToItAsKGrows) {
  Rbm rbm = random_rbm("3", "3", 5);
  for (float& w : rbm.weights.values()) w *= 12;  // slow enough mixing that k matters
  const auto cases = random_cases(rbm, 6, 3);
  const Flat truth = finite_differences(rbm, cases, {1, 1, 1, 1, 1, 1});
  TrainOptions options;
  std::vector<double> distance;
  for (const std::uint64_t k : {1u, 3u, 10u, 50u}) {
    const Flat ours = flatten(learner_gradient(rbm, repeated(cases, 4000), {}, options, 1, k));
    double sum = 0;
    for (std::size_t i = 0; i < truth.values.size(); ++i)
      sum += std::pow(ours.values[i] - truth.values[i], 2);
    distance.push_back(std::sqrt(sum));
    std::printf("CD-%d: distance to the exact gradient %.4f\n", static_cast<int>(k), distance.back());
  }
  for (std::size_t i = 1; i < distance.size(); ++i) EXPECT_LT(distance[i], distance[i - 1]);
  EXPECT_LT(distance.back(), 0.2 * distance.front());
}

// Chains that live on while the parameters stay: the learner's rate is zero.
Flat standing_chains(const Rbm& rbm, const Matrix<float>& cases, TrainOptions options, std::uint64_t seed) {
  ThreadTeam team(1);
  options.seed = seed;
  RbmLearner learner(rbm, options, "layers.0", team);
  std::vector<std::uint64_t> rows(cases.rows());
  for (std::size_t r = 0; r < rows.size(); ++r) rows[r] = r;
  StepInfo info;
  info.seed = seed;
  info.rate = 0;
  Flat last;
  for (info.update = 0; info.update < 60; ++info.update) {
    Matrix<float> values = cases;
    last = flatten(learner.gradient({values, rows, {}}, info, team));
  }
  return last;
}

TEST(Gradient, PersistentChainsAndTemperingAgreeWithIt) {
  for (const auto& [visible, hidden] :
       {std::pair{"3", "softmax(3) 1 + 2"}, std::pair{"1 + gaussian(learned) 1", "2"},
        std::pair{"multinomial(3) 3", "2"}, std::pair{"2", "poisson 1"}}) {
    const Rbm rbm = random_rbm(visible, hidden, 5);
    const auto cases = random_cases(rbm, 6, 3);
    const Flat truth = finite_differences(rbm, cases, {1, 1, 1, 1, 1, 1});
    for (const NegativeKind kind : {NegativeKind::kPersistent, NegativeKind::kTempering}) {
      TrainOptions options;
      options.negative = kind;
      options.chains = 100;
      options.temperatures = 5;
      expect_agreement(
          truth, [&](std::uint64_t seed) { return standing_chains(rbm, cases, options, seed); }, 30, 4.5,
          std::string(negative_name(kind)) + " on " + visible + " x " + hidden);
    }
  }
}

TEST(Gradient, HasTheWorkedValues) {
  TrainOptions exact;
  exact.negative = NegativeKind::kExact;
  const Flat ours = flatten(learner_gradient(worked_rbm(), worked_cases(), {}, exact));
  const double truth[] = {0.1476243466,  0.1378118377,  0.0242482992, -0.1025569394,
                          -0.0999340637, -0.1342328424, 0.2777420478, -0.0095644432,
                          -0.1331322972, 0.0387179463,  -0.0945220178};
  for (std::size_t i = 0; i < 11; ++i) EXPECT_NEAR(ours.values[i], truth[i], 1e-6);
}

TEST(Gradient, OneStepOfContrastiveDivergenceHasTheWorkedExpectation) {
  const Flat sampled{{0.1257910619, 0.1268547659, 0.0122967005, -0.0966611505, -0.0806413338, -0.0941073705,
                      0.2504132651, -0.0176527282, -0.0900776906, 0.0264373294, -0.0766706320}};
  const Flat means{{0.1474929622, 0.0839821349, 0.0753075835, -0.1135698094, -0.1049053455, -0.0682907711}};
  const auto many = repeated(worked_cases(), 400);
  TrainOptions options;
  expect_agreement(
      sampled,
      [&](std::uint64_t seed) { return flatten(learner_gradient(worked_rbm(), many, {}, options, seed)); },
      30, 4.5, "sampled visible states");
  options.visible_states = VisibleStates::kMeans;
  expect_agreement(
      means,
      [&](std::uint64_t seed) {
        Flat flat = flatten(learner_gradient(worked_rbm(), many, {}, options, seed));
        flat.values.resize(6);
        return flat;
      },
      30, 4.5, "means of visible states");
}

TEST(Gradient, OfFastChainsWithoutFastLearningIsThatOfPersistentChains) {
  const Rbm rbm = random_rbm("4", "3", 5);
  const auto cases = random_cases(rbm, 6, 3);
  TrainOptions options;
  options.negative = NegativeKind::kPersistent;
  const Flat plain = flatten(learner_gradient(rbm, cases, {}, options));
  options.negative = NegativeKind::kFastPersistent;
  options.fast_rate = 0;
  EXPECT_EQ(plain.values, flatten(learner_gradient(rbm, cases, {}, options)).values);
}

// Centring moves along another path, and the path is the documented transformation of the plain gradient.
TEST(Gradient, OfTheCentredEnergyIsTheTransformedPlainOne) {
  const Rbm rbm = random_rbm("3", "2", 5);
  const auto cases = random_cases(rbm, 6, 3);
  TrainOptions options;
  options.negative = NegativeKind::kExact;
  const RbmGradient plain = learner_gradient(rbm, cases, {}, options);
  options.centring = true;
  const RbmGradient centred = learner_gradient(rbm, cases, {}, options);
  // dW_c = dW - mu dc' - db lambda';  db_c = db - dW_c lambda;  dc_c = dc - dW_c' mu, for some offsets: the
  // first update takes the means of data and model. Recover lambda from the equation of db and check all of
  // dW.
  const auto means_of = [&](Side side) {
    std::vector<double> result;
    const reference::Model model(rbm.visible.spec, rbm.hidden.spec);
    const reference::Parameters p(rbm);
    const double log_z = model.log_z(p);
    const std::size_t columns = side == Side::kVisible ? 3 : 2;
    result.assign(columns, 0.0);
    const auto add = [&](const std::vector<double>& v, double weight) {
      for (std::size_t i = 0; i < columns; ++i) {
        double value = v[side == Side::kVisible ? i : 0];
        if (side == Side::kHidden) {
          double x = p.hidden_bias[i];
          for (std::size_t r = 0; r < 3; ++r) x += v[r] * p.weights[r * 2 + i];
          value = 1 / (1 + std::exp(-x));
        }
        result[i] += 0.5 * weight * value;
      }
    };
    for (std::size_t r = 0; r < cases.rows(); ++r)
      add({cases.row(r).begin(), cases.row(r).end()}, 1.0 / static_cast<double>(cases.rows()));
    for (const auto& v : model.visible_states().values)
      add(v, std::exp(model.log_unnormalised(p, v) - log_z));
    return result;
  };
  const auto mu = means_of(Side::kVisible), lambda = means_of(Side::kHidden);
  for (std::size_t i = 0; i < 3; ++i) {
    double correction = 0;
    for (std::size_t j = 0; j < 2; ++j) {
      const double expected =
          plain.weights(i, j) - mu[i] * plain.hidden_bias[j] - plain.visible_bias[i] * lambda[j];
      EXPECT_NEAR(centred.weights(i, j), expected, 1e-6);
      correction += expected * lambda[j];
    }
    EXPECT_NEAR(centred.visible_bias[i], plain.visible_bias[i] - correction, 1e-6);
  }
}

// Copies at all temperatures are alike where there are no weights, so that each exchange is accepted.
TEST(Tempering, TellsHowSeldomItsNeighboursExchange) {
  TrainOptions options;
  options.negative = NegativeKind::kTempering, options.chains = 40, options.temperatures = 3,
  options.rate = 0;
  ThreadTeam team(2);
  const auto rate_of = [&](float weight) {
    Rbm rbm(parse_layers("6-4")[0], parse_layers("6-4")[1]);
    for (float& w : rbm.weights.values()) w = weight;
    RbmLearner learner(rbm, options, "layers.0", team);
    EXPECT_LT(learner.negative_phase().least_exchange_rate(), 0.0);  // nothing was proposed yet
    StepInfo info;
    for (; info.update < 30; ++info.update) gradient_of(learner, matrix_of(6, {1, 0, 0, 0, 1, 1}), info);
    return learner.negative_phase().least_exchange_rate();
  };
  EXPECT_EQ(rate_of(0.0f), 1.0);
  EXPECT_GT(rate_of(1.0f), 0.05);
  EXPECT_LT(rate_of(1.0f), 0.9);
}

}  // namespace
}  // namespace harmonium
