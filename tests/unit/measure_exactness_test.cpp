// Measures against a plain reference: every pair of kinds, missing values, values that are no state, chains
// that alternate.
#include <gtest/gtest.h>

#include <cmath>

#include "harmonium/base/error.h"
#include "harmonium/measure/annealed.h"
#include "harmonium/measure/exact.h"
#include "harmonium/measure/mixing.h"
#include "harmonium/measure/pseudo_likelihood.h"
#include "harmonium/samplers/gibbs.h"
#include "unit/reference_rbm.h"

namespace harmonium {
namespace {

Rbm random_rbm(const std::string& visible, const std::string& hidden, float scale = 0.4f) {
  Rbm rbm(parse_layer(visible), parse_layer(hidden));
  initialise_weights(rbm, scale, 0.3f, 9, 0);
  const Noise noise(4, Stream::kSynthetic, 0);
  std::uint32_t n = 0;
  for (Layer* layer : {&rbm.visible, &rbm.hidden}) {
    for (float& b : layer->bias) b = 0.5f * noise.normal(0, n++);
    for (std::size_t g = 0; g < layer->spec.groups.size(); ++g)
      if (layer->spec.groups[g].learned_variance)
        for (std::size_t i = 0; i < layer->spec.groups[g].units; ++i)
          layer->log_variance[layer->spec.first_column(g) + i] = 0.4f * noise.normal(1, n++);
  }
  return rbm;
}

const char* const kKinds[] = {"2",
                              "gaussian 1",
                              "gaussian(learned) 1",
                              "binomial(3) 2",
                              "stepped(4) 1",
                              "softmax(3) 2",
                              "multinomial(3) 3",
                              "poisson 1",
                              "1 + gaussian(learned) 1 + softmax 3"};

Matrix<float> row_of(const std::vector<double>& values) {
  Matrix<float> m(1, values.size());
  std::copy(values.begin(), values.end(), m.data());
  return m;
}

// log Z, and the free energy of some states, of every pair of which one side can be listed.
TEST(Exact, AgreesWithTheReferenceForEveryPairOfKinds) {
  ThreadTeam team(1);
  std::size_t tested = 0;
  for (const char* visible : kKinds)
    for (const char* hidden : kKinds) {
      const Rbm rbm = random_rbm(visible, hidden);
      if (!can_enumerate(rbm)) {
        EXPECT_THROW(exact_log_z(rbm, team), InputError) << visible << " x " << hidden;
        continue;
      }
      const reference::Model model(rbm.visible.spec, rbm.hidden.spec);
      const reference::Parameters p(rbm);
      const double truth = model.log_z(p);
      EXPECT_NEAR(exact_log_z(rbm, team), truth, 2e-6 * (1 + std::abs(truth))) << visible << " x " << hidden;
      const auto& states = model.visible_states();
      const std::size_t stride = 1 + states.values.size() / 7;
      for (std::size_t s = 0; s < states.values.size(); s += stride) {
        const bool real = rbm.visible.spec.has_kind(UnitKind::kGaussian);
        if (real && std::abs(states.values[s][visible[0] == '1' ? 1 : 0]) > 5) continue;
        const double measure = real ? 0.0 : states.log_measure[s];
        const double expected = -model.log_unnormalised(p, states.values[s]) - measure;
        EXPECT_NEAR(free_energy(rbm, row_of(states.values[s]), team)[0], expected,
                    4e-6 * (1 + std::abs(expected)))
            << visible << " x " << hidden << ", state " << s;
      }
      ++tested;
    }
  EXPECT_EQ(tested, 65u);
}

// The observed part of a case: the reference sums over all states that agree with it.
TEST(Exact, SumsOutMissingValuesOfEveryKind) {
  ThreadTeam team(2);
  for (const char* visible : {"3", "binomial(3) 2", "softmax(3) 2", "stepped(4) 1 + 1", "poisson 1 + 2",
                              "1 + gaussian(learned) 1 + softmax 3"}) {
    const Rbm rbm = random_rbm(visible, "2 + binomial(2) 1", 0.7f);
    const reference::Model model(rbm.visible.spec, rbm.hidden.spec);
    const reference::Parameters p(rbm);
    const double log_z = model.log_z(p);
    const auto& states = model.visible_states();
    const auto variables = split_into_variables(rbm.visible);
    for (std::size_t hide = 0; hide < variables.size(); ++hide) {
      const std::size_t first = variables[hide].first_column, width = variables[hide].layer.columns();
      const auto& full = states.values[states.values.size() / 3];
      double sum = 0;
      bool density = false;
      for (std::size_t s = 0; s < states.values.size(); ++s) {
        bool agrees = true;
        double grid = 0;
        for (std::size_t i = 0; i < full.size(); ++i) {
          const bool hidden_now = i >= first && i < first + width;
          agrees = agrees && (hidden_now || states.values[s][i] == full[i]);
          if (states.gaussian[i] && !hidden_now) grid = std::log(0.05), density = true;
        }
        if (agrees)
          sum += std::exp(states.log_measure[s] - grid + model.log_unnormalised(p, states.values[s]) - log_z);
      }
      Matrix<float> observed = row_of(full);
      for (std::size_t i = first; i < first + width; ++i) observed(0, i) = std::nanf("");
      const double ours = observed_log_likelihoods(rbm, observed, log_z, team)[0];
      EXPECT_NEAR(ours, std::log(sum), 1e-5 * (1 + std::abs(std::log(sum))))
          << visible << ", variable " << hide << (density ? " (density)" : "");
    }
  }
}

// sum_i log p(v_i | the others), by the reference's probabilities of all states.
TEST(PseudoLikelihood, ComparesAllValuesOfEachVariable) {
  ThreadTeam team(1);
  for (const char* visible : {"3", "binomial(3) 2", "softmax(3) 2", "1 + stepped(4) 1 + softmax 3"})
    for (const char* hidden : {"3", "gaussian(learned) 2", "poisson 1"}) {
      if (std::string(hidden) != "3" && std::string(visible) != "3") continue;
      const Rbm rbm = random_rbm(visible, hidden);
      const reference::Model model(rbm.visible.spec, rbm.hidden.spec);
      const reference::Parameters p(rbm);
      const auto& states = model.visible_states();
      const auto& v = states.values[states.values.size() / 2];
      const auto weight = [&](std::size_t s) {
        return std::exp(states.log_measure[s] + model.log_unnormalised(p, states.values[s]));
      };
      double expected = 0;
      for (const LayerVariable& variable : split_into_variables(rbm.visible)) {
        double own = 0, all = 0;
        for (std::size_t s = 0; s < states.values.size(); ++s) {
          bool others = true;
          for (std::size_t i = 0; i < v.size(); ++i)
            others = others &&
                     ((i >= variable.first_column && i < variable.first_column + variable.layer.columns()) ||
                      states.values[s][i] == v[i]);
          if (!others) continue;
          all += weight(s);
          if (states.values[s] == v) own = weight(s);
        }
        expected += std::log(own / all);
      }
      EXPECT_NEAR(pseudo_log_likelihoods(rbm, row_of(v), team)[0], expected, 1e-5)
          << visible << " x " << hidden;
    }
}

// Values between the states have no likelihood, whatever the kind.
TEST(Exact, RefusesProbabilitiesOfSoftmaxUnits) {
  ThreadTeam team(1);
  const Rbm rbm = random_rbm("1 + softmax 2", "2");
  const Matrix<float> soft = row_of({1, 0.5, 0.5});
  EXPECT_THROW(log_likelihoods(rbm, soft, 0, team), InputError);
  EXPECT_THROW(pseudo_log_likelihoods(rbm, soft, team), InputError);
  EXPECT_NE(find_grey_value(rbm.visible.spec, soft).find("0.5"), std::string::npos);
  EXPECT_EQ(find_grey_value(rbm.visible.spec, row_of({1, 0, 1})), "");
  EXPECT_TRUE(std::isnan(pseudo_log_likelihoods(rbm, row_of({NAN, 0, 1}), team)[0]));
}

// Estimates of log Z against the truth, where truth can be had: the error bar means what it says.
TEST(Annealed, AgreesWithTheTruthForEveryPairOfKinds) {
  ThreadTeam team(2);
  for (const char* visible : kKinds)
    for (const char* hidden : kKinds) {
      const Rbm rbm = random_rbm(visible, hidden);
      if (!can_enumerate(rbm)) continue;
      AnnealingOptions options;
      options.temperatures = 200, options.runs = 200;
      const std::vector<float> base(rbm.visible_columns(), 0.1f);
      const auto estimate = annealed_log_z(rbm, base, options, team);
      const double error = estimate.high - estimate.log_z;
      EXPECT_NEAR(estimate.log_z, exact_log_z(rbm, team), 4.5 * error + 1e-5) << visible << " x " << hidden;
      EXPECT_GT(estimate.effective_runs, 100) << visible << " x " << hidden;
      EXPECT_LE(estimate.effective_runs, 200.001);
    }
}

// Chains that jump to and fro are worth more than independent samples; the time is never below 1.
TEST(Mixing, OfAnAlternatingChainIsOne) {
  for (const double a : {-0.5, -0.2, 0.0, 0.5}) {
    Matrix<double> record(20000, 20);
    const Noise noise(1, Stream::kSynthetic, 0);
    for (std::size_t c = 0; c < record.cols(); ++c) {
      double x = noise.normal(c, 0) / std::sqrt(1 - a * a);
      for (std::size_t t = 0; t < record.rows(); ++t)
        record(t, c) = x = a * x + noise.normal(c, static_cast<std::uint32_t>(t + 1));
    }
    const Mixing mixing = autocorrelation_of(record, 200);
    EXPECT_NEAR(mixing.time, std::max(1.0, (1 + a) / (1 - a)), 0.15) << a;
    EXPECT_FALSE(mixing.unresolved);
  }
}

}  // namespace
}  // namespace harmonium
