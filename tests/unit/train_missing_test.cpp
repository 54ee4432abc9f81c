// Missing values: unknown ones are sampled beside the hidden units, and those that nobody announced are
// refused.
#include <gtest/gtest.h>

#include <cmath>

#include "harmonium/base/error.h"
#include "harmonium/train/greedy.h"
#include "unit/gradients.h"
#include "unit/reference_rbm.h"

namespace harmonium {
namespace {

const float kNan = std::nanf("");

Rbm model_of(const char* visible, const char* hidden) {
  Rbm rbm(parse_layer(visible), parse_layer(hidden));
  initialise_weights(rbm, 0.8f, 0.3f, 5, 0);
  for (std::size_t i = 0; i < rbm.visible.bias.size(); ++i)
    rbm.visible.bias[i] = 0.4f - 0.3f * static_cast<float>(i);
  for (std::size_t g = 0; g < rbm.visible.spec.groups.size(); ++g)
    if (rbm.visible.spec.groups[g].learned_variance)
      rbm.visible.log_variance[rbm.visible.spec.first_column(g)] = 0.3f;
  return rbm;
}

// log of the sum of exp(-E) over the hidden states and over every visible state that agrees with `observed`.
double log_observed(const reference::Model& model, const reference::Parameters& p,
                    std::span<const float> observed) {
  double sum = 0;
  const auto& states = model.visible_states();
  for (std::size_t s = 0; s < states.values.size(); ++s) {
    // An observed real value need not lie on the grid: it takes the place of the grid's first point.
    auto v = states.values[s];
    double log_measure = states.log_measure[s];
    bool agrees = true;
    for (std::size_t i = 0; i < v.size(); ++i) {
      if (std::isnan(observed[i])) continue;
      if (states.gaussian[i]) {
        agrees = agrees && v[i] == states.values[0][i];
        v[i] = observed[i];
        log_measure -= std::log(0.05);
      } else {
        agrees = agrees && v[i] == observed[i];
      }
    }
    if (agrees) sum += std::exp(log_measure + model.log_unnormalised(p, v));
  }
  return std::log(sum);
}

// Finite differences of the mean log-likelihood of what was observed.
std::vector<double> observed_gradient(const Rbm& rbm, const Matrix<float>& cases) {
  const reference::Model model(rbm.visible.spec, rbm.hidden.spec);
  reference::Parameters p(rbm);
  const auto likelihood = [&] {
    double sum = -model.log_z(p);
    for (std::size_t r = 0; r < cases.rows(); ++r)
      sum += log_observed(model, p, cases.row(r)) / static_cast<double>(cases.rows());
    return sum;
  };
  std::vector<double> result;
  for (auto* list : {&p.weights, &p.visible_bias, &p.hidden_bias, &p.visible_log_variance})
    for (double& x : *list) {
      const double at = x;
      x = at + 1e-4;
      const double up = likelihood();
      x = at - 1e-4;
      result.push_back((up - likelihood()) / 2e-4);
      x = at;
    }
  return result;
}

// The same batch again and again, parameters standing still: the chains of the missing values settle.
TEST(UnknownValues, GiveTheGradientOfWhatWasObserved) {
  struct Example {
    const char *visible, *hidden;
    std::vector<float> values;
  };
  const Example examples[] = {
      {"3", "2", {1, kNan, 0, kNan, kNan, 1, 0, 1, 1}},
      {"1 + softmax 3", "2", {kNan, 0, 1, 0, 1, kNan, kNan, kNan, 0, 1, 0, 0}},
      {"2 + gaussian(learned) 1", "2", {1, kNan, 0.7f, kNan, 0, kNan, 0, 1, -1.2f}},
  };
  for (const auto& [visible, hidden, values] : examples) {
    const Rbm rbm = model_of(visible, hidden);
    const auto cases = matrix_of(rbm.visible_columns(), values);
    const auto truth = observed_gradient(rbm, cases);
    const auto many = repeated(cases, 400);
    std::vector<std::uint32_t> missing(many.rows());
    for (std::size_t r = 0; r < many.rows(); ++r)
      missing[r] = static_cast<std::uint32_t>(
          std::count_if(many.row(r).begin(), many.row(r).end(), [](float v) { return std::isnan(v); }));
    ThreadTeam team(1);
    RbmLearner learner(rbm, exact_options(), "l", team, missing);
    constexpr std::uint64_t kSettled = 30, kUpdates = 130;
    std::vector<double> mean(truth.size(), 0.0), square(truth.size(), 0.0);
    StepInfo info;
    for (info.update = 0; info.update < kUpdates; ++info.update) {
      const auto one = flat(gradient_of(learner, many, info));
      if (info.update < kSettled) continue;
      for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += one[i], square[i] += one[i] * one[i];
    }
    // Updates one after the other hang together: a few of them are worth one.
    constexpr double kCount = kUpdates - kSettled, kHangTogether = 4;
    for (std::size_t i = 0; i < mean.size(); ++i) {
      mean[i] /= kCount;
      if (i >= rbm.weights.size() + rbm.visible_columns() + rbm.hidden_columns() && i + 1 < mean.size())
        continue;  // no variance of a binary unit
      const double error =
          std::sqrt(std::max(0.0, square[i] / kCount - mean[i] * mean[i]) * kHangTogether / kCount);
      EXPECT_NEAR(mean[i], truth[i], 4 * error + 1e-4) << visible << ", parameter " << i;
    }
  }
}

TEST(AbsentValues, NeedContrastiveDivergence) {
  TrainOptions options;
  options.missing_absent = true;
  options.negative = NegativeKind::kPersistent;
  EXPECT_NE(find_option_fault(options), "");
}

// A source that breaks its promise to have no NaN is named, not learned from.
TEST(UnannouncedValues, AreRefusedWithASentence) {
  const auto values = matrix_of(2, {1, 0, 0, kNan, 1, 1});
  const MatrixSource source(parse_layer("2"), values);
  ThreadTeam team(1);
  GreedyTrainer trainer(make_net(parse_layers("2 - 2"), false), {&source}, {TrainOptions{}}, team);
  try {
    trainer.run({});
    FAIL() << "NaN was learned from";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("case 1"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace harmonium
