// Updates against a second computation of the same thing: absent values against a smaller model, centring
// against its definition, fast weights and momentum against plain loops.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "harmonium/models/completion.h"
#include "harmonium/train/loop.h"
#include "harmonium/train/rbm_learner.h"
#include "unit/reference_rbm.h"

namespace harmonium {
namespace {

std::vector<std::uint64_t> numbered(std::size_t count) {
  std::vector<std::uint64_t> result(count);
  std::iota(result.begin(), result.end(), 0u);
  return result;
}

Rbm random_rbm(const char* visible, const char* hidden, std::uint64_t seed) {
  Rbm rbm(parse_layer(visible), parse_layer(hidden));
  initialise_weights(rbm, 0.5f, 0.0f, seed, 0);
  const Noise noise(seed, Stream::kSynthetic, 5);
  std::uint32_t n = 0;
  for (Layer* layer : {&rbm.visible, &rbm.hidden}) {
    for (float& b : layer->bias) b = 0.5f * noise.normal(0, n++);
    for (std::size_t g = 0; g < layer->spec.groups.size(); ++g)
      if (layer->spec.groups[g].learned_variance)
        for (std::size_t i = 0; i < layer->spec.groups[g].units; ++i)
          layer->log_variance[layer->spec.first_column(g) + i] = 0.6f * noise.normal(1, n++);
  }
  return rbm;
}

Matrix<float> random_cases(const Rbm& rbm, std::size_t count) {
  Matrix<float> cases(count, rbm.visible_columns());
  conditional(rbm.visible, Matrix<float>(count, rbm.visible_columns()), {}, {}, cases,
              Noise(3, Stream::kSynthetic, 1), numbered(count));
  return cases;
}

RbmGradient gradient_of(const Rbm& rbm, Matrix<float> cases, const TrainOptions& options,
                        std::uint64_t steps = 1, std::span<const float> weights = {},
                        std::vector<std::uint32_t> missing = {}) {
  ThreadTeam team(1);
  RbmLearner learner(rbm, options, "l", team, std::move(missing));
  StepInfo info;
  info.gibbs_steps = steps;
  const auto numbers = numbered(cases.rows());
  return learner.gradient({cases, numbers, weights}, info, team);
}

// An absent value is a unit that its case does not have. The last unit is missing in every case, so that all
// else must learn as in the model without it.
TEST(AbsentValues, AreUnitsThatTheCaseDoesNotHave) {
  for (const auto& [wide, narrow] :
       {std::pair{"4", "3"}, std::pair{"3 + gaussian(learned) 2", "3 + gaussian(learned) 1"}})
    for (const VisibleStates states : {VisibleStates::kSamples, VisibleStates::kMeans})
      for (const std::uint64_t steps : {1u, 3u}) {
        const Rbm rbm = random_rbm(wide, "3", 7);
        const std::size_t last = rbm.visible_columns() - 1;
        Rbm without(parse_layer(narrow), parse_layer("3"));
        std::copy_n(rbm.weights.data(), without.weights.size(), without.weights.data());
        std::copy_n(rbm.visible.bias.begin(), last, without.visible.bias.begin());
        std::copy_n(rbm.visible.log_variance.begin(), without.visible.log_variance.size(),
                    without.visible.log_variance.begin());
        without.hidden = rbm.hidden;
        Matrix<float> cases = random_cases(rbm, 50), fewer(50, last);
        for (std::size_t r = 0; r < 50; ++r) {
          cases(r, last) = std::nanf("");
          std::copy_n(cases.row(r).data(), last, fewer.row(r).data());
        }
        TrainOptions options;
        options.missing_absent = true;
        options.visible_states = states;
        const auto ours = gradient_of(rbm, cases, options, steps, {}, std::vector<std::uint32_t>(50, 1));
        options.missing_absent = false;
        const auto truth = gradient_of(without, fewer, options, steps);
        for (std::size_t i = 0; i < truth.weights.size(); ++i)
          EXPECT_NEAR(ours.weights.values()[i], truth.weights.values()[i], 1e-6) << wide << ", CD-" << steps;
        for (std::size_t j = 0; j < 3; ++j) {
          EXPECT_NEAR(ours.hidden_bias[j], truth.hidden_bias[j], 1e-6) << wide << ", CD-" << steps;
          EXPECT_EQ(ours.weights(last, j), 0.0f);
        }
        EXPECT_EQ(ours.visible_bias[last], 0.0f);
        for (std::size_t i = 0; i < truth.visible_log_variance.size(); ++i)
          EXPECT_NEAR(ours.visible_log_variance[i], truth.visible_log_variance[i], 1e-6) << i;
        if (!ours.visible_log_variance.empty()) EXPECT_NEAR(ours.visible_log_variance[last], 0, 1e-6);
      }
}

// Documents of their own lengths, beside units of which some values are unknown.
TEST(UnknownValues, BesideDocumentsOfOpenLengthAreSampled) {
  const Rbm rbm = random_rbm("2 + multinomial 3", "2", 5);
  Matrix<float> cases(6, 5);
  for (std::size_t r = 0; r < 6; ++r) {
    cases(r, 0) = r % 2 == 0 ? std::nanf("") : 1.0f;
    cases(r, 2 + r % 3) = static_cast<float>(1 + r);
  }
  const RbmGradient g = gradient_of(rbm, cases, {}, 2, {}, {1, 0, 1, 0, 1, 0});
  for (const float value : g.weights.values()) EXPECT_TRUE(std::isfinite(value));
  const auto complete = complete_missing(rbm, cases, 5);
  for (std::size_t r = 0; r < 6; ++r) {
    EXPECT_GT(complete(r, 0), 0.0f);
    EXPECT_EQ(complete(r, 2 + r % 3), static_cast<float>(1 + r));
  }
}

// The direction J J g of centred coordinates (W, b + sigma W lambda, c + sigma W' mu) is an ascent
// direction, with the log-variances' own part as it was.
TEST(Centring, OfLearnedVariancesTurnsWeightsAndBiasesAlone) {
  for (const auto& [visible, hidden] :
       {std::pair{"gaussian(learned) 3", "4"}, std::pair{"4", "gaussian(learned) 2"}}) {
    const Rbm rbm = random_rbm(visible, hidden, 3);
    Matrix<float> cases = random_cases(rbm, 20);
    for (float& v : cases.values()) v = rbm.visible.spec.has_learned_variance() ? v + 2 : v;
    TrainOptions options;
    options.negative = NegativeKind::kExact;
    const RbmGradient plain = gradient_of(rbm, cases, options);
    options.centring = true;
    const RbmGradient centred = gradient_of(rbm, cases, options);
    ASSERT_EQ(plain.visible_log_variance.size(), centred.visible_log_variance.size());
    for (std::size_t i = 0; i < plain.visible_log_variance.size(); ++i)
      EXPECT_NEAR(centred.visible_log_variance[i], plain.visible_log_variance[i], 1e-5) << visible;
    for (std::size_t j = 0; j < plain.hidden_log_variance.size(); ++j)
      EXPECT_NEAR(centred.hidden_log_variance[j], plain.hidden_log_variance[j], 1e-5) << hidden;
    double ascent = 0;
    for (std::size_t i = 0; i < plain.weights.size(); ++i)
      ascent += plain.weights.values()[i] * centred.weights.values()[i];
    for (std::size_t i = 0; i < plain.visible_bias.size(); ++i)
      ascent += plain.visible_bias[i] * centred.visible_bias[i];
    for (std::size_t j = 0; j < plain.hidden_bias.size(); ++j)
      ascent += plain.hidden_bias[j] * centred.hidden_bias[j];
    EXPECT_GT(ascent, 0);
    EXPECT_NE(plain.weights(0, 0), centred.weights(0, 0));
  }
}

// Means in the reconstruction: second moments lack the variance, which must be put back.
TEST(ContrastiveDivergence, OnMeansRestsWhereGaussianDataFit) {
  Rbm rbm(parse_layer("gaussian(learned) 1"), parse_layer("1"));
  rbm.visible.bias[0] = 0.5f;
  rbm.visible.log_variance[0] = std::log(4.0f);
  Matrix<float> cases(4, 1);  // mean 0.5, mean square of the deviation 4, and no interaction
  for (std::size_t r = 0; r < 4; ++r) cases(r, 0) = r % 2 == 0 ? 2.5f : -1.5f;
  TrainOptions options;
  options.visible_states = VisibleStates::kMeans;
  EXPECT_NEAR(gradient_of(rbm, cases, options).visible_log_variance[0], 0, 1e-6);
}

// A batch in which no case counts moves nothing, also where the chains do not come from it.
TEST(CaseWeights, OfNothingMoveNothing) {
  const Rbm rbm = random_rbm("3", "2", 5);
  const std::vector<float> weights(4, 0.0f);
  for (const NegativeKind kind :
       {NegativeKind::kContrastiveDivergence, NegativeKind::kPersistent, NegativeKind::kExact}) {
    TrainOptions options;
    options.negative = kind;
    const RbmGradient g = gradient_of(rbm, random_cases(rbm, 4), options, 1, weights);
    for (const float value : g.weights.values()) EXPECT_EQ(value, 0.0f) << negative_name(kind);
    for (const float value : g.visible_bias) EXPECT_EQ(value, 0.0f) << negative_name(kind);
    for (const float value : g.hidden_bias) EXPECT_EQ(value, 0.0f) << negative_name(kind);
  }
}

// Steps that follow a falling schedule: never none, or a reconstruction would be what memory held before.
TEST(GibbsSteps, NeverFallToZero) {
  struct Recorder final : Learner {
    std::vector<std::uint64_t> steps;
    void step(const Batch&, const StepInfo& info, ThreadTeam&) override { steps.push_back(info.gibbs_steps); }
    ParameterList parameters() override { return {}; }
    ParameterList state() override { return {}; }
  } recorder;
  const Matrix<float> cases(4, 1);
  const MatrixSource source(parse_layer("1"), cases);
  TrainOptions options;
  options.epochs = 4, options.batch = 4;
  options.steps = Schedule(3.0, ScheduleShape::kLinear);
  ThreadTeam team(1);
  EXPECT_TRUE(TrainingLoop(recorder, source, options, 1).run(team, {}));
  EXPECT_EQ(recorder.steps, (std::vector<std::uint64_t>{3, 2, 1, 1}));
}

// Twenty updates with momentum, weight costs and exact gradients, against a loop in double precision.
TEST(Updates, FollowTheirRule) {
  Rbm rbm = random_rbm("3", "2", 5);
  const Matrix<float> cases = random_cases(rbm, 6);
  TrainOptions options;
  options.negative = NegativeKind::kExact;
  options.l2 = 0.02, options.l1 = 0.01;
  ThreadTeam team(1);
  RbmLearner learner(rbm, options, "l", team);
  StepInfo info;
  info.rate = 0.3, info.momentum = 0.6;
  const auto numbers = numbered(6);

  const reference::Model model(rbm.visible.spec, rbm.hidden.spec);
  reference::Parameters p(rbm);
  std::vector<std::vector<double>> data;
  for (std::size_t r = 0; r < 6; ++r) data.emplace_back(cases.row(r).begin(), cases.row(r).end());
  const std::vector<double> ones(6, 1.0);
  const std::vector<std::vector<double>*> lists = {&p.weights, &p.visible_bias, &p.hidden_bias};
  std::vector<std::vector<double>> velocity = {std::vector<double>(6), std::vector<double>(3),
                                               std::vector<double>(2)};
  for (info.update = 0; info.update < 20; ++info.update) {
    Matrix<float> batch = cases;
    learner.step({batch, numbers, {}}, info, team);
    auto gradient = velocity;
    for (std::size_t l = 0; l < 3; ++l)
      for (std::size_t i = 0; i < lists[l]->size(); ++i) {
        double& value = (*lists[l])[i];
        const double at = value;
        value = at + 1e-5;
        const double up = model.log_likelihood(p, data, ones);
        value = at - 1e-5;
        gradient[l][i] = (up - model.log_likelihood(p, data, ones)) / 2e-5;
        value = at;
        if (l == 0) gradient[l][i] -= 0.02 * at + 0.01 * (at > 0 ? 1 : -1);
      }
    for (std::size_t l = 0; l < 3; ++l)
      for (std::size_t i = 0; i < lists[l]->size(); ++i)
        (*lists[l])[i] += velocity[l][i] = 0.6 * velocity[l][i] + 0.3 * gradient[l][i];
  }
  for (std::size_t i = 0; i < 6; ++i) EXPECT_NEAR(learner.rbm().weights.values()[i], p.weights[i], 2e-5);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(learner.rbm().visible.bias[i], p.visible_bias[i], 2e-5);
  for (std::size_t j = 0; j < 2; ++j) EXPECT_NEAR(learner.rbm().hidden.bias[j], p.hidden_bias[j], 2e-5);
}

// Twelve updates of fast chains that do not learn fast are those of persistent chains, bit for bit; with a
// fast part they are not.
TEST(FastChains, WithoutFastLearningLearnAsPersistentOnes) {
  const Rbm rbm = random_rbm("5", "4", 5);
  const Matrix<float> cases = random_cases(rbm, 12);
  const auto learned = [&](NegativeKind kind, double fast_rate) {
    TrainOptions options;
    options.negative = kind;
    options.fast_rate = fast_rate;
    options.l2 = 0.01, options.norm_limit = 1.0;
    ThreadTeam team(2);
    RbmLearner learner(rbm, options, "l", team);
    StepInfo info;
    info.rate = 0.2, info.momentum = 0.5;
    const auto numbers = numbered(12);
    for (info.update = 0; info.update < 12; ++info.update) {
      Matrix<float> batch = cases;
      learner.step({batch, numbers, {}}, info, team);
    }
    return std::vector<float>(learner.rbm().weights.values().begin(), learner.rbm().weights.values().end());
  };
  EXPECT_EQ(learned(NegativeKind::kPersistent, 0), learned(NegativeKind::kFastPersistent, 0));
  EXPECT_NE(learned(NegativeKind::kPersistent, 0), learned(NegativeKind::kFastPersistent, 0.1));
}

}  // namespace
}  // namespace harmonium
