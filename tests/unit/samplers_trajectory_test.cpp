// Trajectory tempering against enumeration: every model keeps its distribution, also with clamped units, and
// exchanges are accepted as often as the formula says.
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "harmonium/base/error.h"
#include "harmonium/samplers/trajectory.h"
#include "unit/reference_rbm.h"

namespace harmonium {
namespace {

constexpr std::size_t kChains = 12000;

using State = std::vector<double>;

// An RBM at several strengths: what training goes through.
std::vector<Rbm> ladder(const char* visible, const char* hidden) {
  std::vector<Rbm> rbms;
  for (const float strength : {0.02f, 0.7f, 1.6f}) {
    Rbm rbm(parse_layer(visible), parse_layer(hidden));
    initialise_weights(rbm, strength, 0.2f, 5, 0);
    for (std::size_t i = 0; i < rbm.visible.bias.size(); ++i)
      rbm.visible.bias[i] = 0.3f * strength * static_cast<float>(i) - 0.4f;
    rbms.push_back(std::move(rbm));
  }
  return rbms;
}

struct Ladder {
  explicit Ladder(const std::vector<Rbm>& rbms) {
    for (const Rbm& rbm : rbms) {
      models.push_back(&rbm);
      packed.emplace_back(rbm.weights, Precision::kF32);
    }
  }
  std::vector<const Rbm*> models;
  std::vector<PackedWeights> packed;
};

// log p(v), unnormalised, of every visible state that `allowed` lets through.
template <class Allowed>
std::map<State, double> log_weights(const Rbm& rbm, Allowed allowed) {
  const reference::Model model(rbm.visible.spec, rbm.hidden.spec);
  const reference::Parameters p(rbm);
  std::map<State, double> result;
  for (std::size_t s = 0; s < model.visible_states().values.size(); ++s)
    if (const State& v = model.visible_states().values[s]; allowed(v))
      result[v] = model.visible_states().log_measure[s] + model.log_unnormalised(p, v);
  return result;
}
bool all(const State&) {
  return true;
}

std::map<State, double> probabilities(std::map<State, double> log_weight) {
  double sum = 0;
  for (auto& [state, x] : log_weight) sum += x = std::exp(x);
  for (auto& [state, x] : log_weight) x /= sum;
  return log_weight;
}

// Pearson's statistic as a normal deviate (Wilson and Hilferty 1931), rare states pooled.
double deviate(const std::map<State, double>& truth, ConstMatrixView<float> rows) {
  std::map<State, double> counts;
  for (std::size_t r = 0; r < rows.rows(); ++r) ++counts[State(rows.row(r).begin(), rows.row(r).end())];
  const auto n = static_cast<double>(rows.rows());
  double sum = 0, rest = 0, rest_seen = 0, cells = 0, known = 0;
  for (const auto& [state, p] : truth) {
    const double seen = counts[state];
    known += seen;
    if (n * p < 8) {
      rest += n * p, rest_seen += seen;
      continue;
    }
    sum += (seen - n * p) * (seen - n * p) / (n * p), ++cells;
  }
  EXPECT_EQ(known, n) << "states that the model does not have";
  if (rest > 8) sum += (rest_seen - rest) * (rest_seen - rest) / rest, ++cells;
  const double k = cells - 1;
  return (std::cbrt(sum / k) - (1 - 2 / (9 * k))) / std::sqrt(2 / (9 * k));
}

TEST(TrajectoryTempering, KeepsTheDistributionOfEveryModel) {
  ThreadTeam team(2);
  for (const auto& [visible, hidden] : {std::pair{"2 + softmax 3", "3"}, std::pair{"binomial(3) 2", "2 + 1"},
                                        std::pair{"multinomial(3) 3", "stepped(3) 1 + 1"}}) {
    const auto rbms = ladder(visible, hidden);
    const Ladder at(rbms);
    TrajectoryChains chains = start_trajectory(at.models, kChains, 1);
    advance_trajectory(at.models, at.packed, chains, 40, 3, team);
    for (std::size_t t = 0; t < rbms.size(); ++t)
      EXPECT_LT(deviate(probabilities(log_weights(rbms[t], all)),
                        chains.visible.view().row_block(t * kChains, kChains)),
                3.5)
          << visible << " x " << hidden << ", model " << t;
  }
}

TEST(TrajectoryTempering, AcceptsAsTheFormulaSays) {
  ThreadTeam team(2);
  const auto rbms = ladder("5", "3");
  const Ladder at(rbms);
  TrajectoryChains chains = start_trajectory(at.models, kChains, 1);
  advance_trajectory(at.models, at.packed, chains, 40, 3, team);
  chains.proposed.assign(2, 0.0), chains.accepted.assign(2, 0.0);
  advance_trajectory(at.models, at.packed, chains, 2, 3, team);
  for (std::size_t t = 0; t < 2; ++t) {
    const auto la = log_weights(rbms[t], all), lb = log_weights(rbms[t + 1], all);
    const auto pa = probabilities(la), pb = probabilities(lb);
    double expected = 0;
    for (const auto& [va, p] : pa)
      for (const auto& [vb, q] : pb)
        expected += p * q * std::min(1.0, std::exp(la.at(vb) + lb.at(va) - la.at(va) - lb.at(vb)));
    ASSERT_EQ(chains.proposed[t], static_cast<double>(kChains));
    EXPECT_NEAR(chains.accepted[t] / chains.proposed[t], expected,
                4.5 * std::sqrt(expected * (1 - expected) / kChains))
        << t;
    EXPECT_LT(expected, 0.98) << "the test would not see a wrong formula";
  }
}

// An exchange must not lose what is held, and leaves the conditional distribution as it is.
TEST(TrajectoryTempering, KeepsTheClampedDistribution) {
  ThreadTeam team(2);
  const auto rbms = ladder("3 + softmax 3", "3");
  const Ladder at(rbms);
  TrajectoryChains chains = start_trajectory(at.models, kChains, 1);
  Clamp clamp{Matrix<float>(kChains, 6), {0, 0, 0, 1, 1, 1}};
  for (std::size_t r = 0; r < kChains; ++r) clamp.values(r, 4) = 1;
  advance_trajectory(at.models, at.packed, chains, 40, 3, team, clamp);
  const auto allowed = [](const State& v) { return v[4] == 1; };
  EXPECT_GT(chains.accepted[1], 0.0);
  EXPECT_LT(deviate(probabilities(log_weights(rbms.back(), allowed)), chains.model_visible()), 3.5);
}

// Two modes far apart: Gibbs chains stay in theirs, the trajectory's do not.
TEST(TrajectoryTempering, CrossesWhatGibbsDoesNot) {
  ThreadTeam team(2);
  std::vector<Rbm> rbms;
  for (int t = 0; t <= 8; ++t) {
    Rbm rbm(parse_layer("4"), parse_layer("1"));
    const float w = static_cast<float>(t);
    std::fill(rbm.weights.values().begin(), rbm.weights.values().end(), w);
    std::fill(rbm.visible.bias.begin(), rbm.visible.bias.end(), -w / 2);
    rbm.hidden.bias[0] = -2 * w;
    rbms.push_back(std::move(rbm));
  }
  const Ladder at(rbms);
  TrajectoryChains chains = start_trajectory(at.models, 4000, 1);
  std::fill(chains.visible.values().begin(), chains.visible.values().end(), 0.0f);
  advance_trajectory(at.models, at.packed, chains, 120, 3, team);
  EXPECT_LT(deviate(probabilities(log_weights(rbms.back(), all)), chains.model_visible()), 3.5);
  Chains plain = start_chains(rbms.back(), Matrix<float>(2000, 4), 1, team);
  advance(rbms.back(), plain, 120, 3, team);
  double on = 0;
  for (const float v : plain.visible.values()) on += v / static_cast<float>(plain.visible.size());
  EXPECT_LT(on, 0.25);  // half of them should be on
}

TEST(TrajectoryTemperingDeterminism, ThreadsAndPiecesChangeNothing) {
  const auto rbms = ladder("6", "4");
  const Ladder at(rbms);
  ThreadTeam one(1), three(3);
  TrajectoryChains a = start_trajectory(at.models, 130, 1), b = a;
  advance_trajectory(at.models, at.packed, a, 9, 4, one);
  for (const std::uint64_t steps : {2u, 0u, 3u, 4u})
    advance_trajectory(at.models, at.packed, b, steps, 4, three);
  EXPECT_TRUE(std::equal(a.visible.values().begin(), a.visible.values().end(), b.visible.values().begin()));
  EXPECT_EQ(a.accepted, b.accepted);
  EXPECT_EQ(a.proposed, b.proposed);
}

TEST(TrajectoryTempering, RefusesWhatItCannotExchange) {
  const std::vector<Rbm> rectified(2, Rbm(parse_layer("3"), parse_layer("rectified 2"))),
      documents(2, Rbm(parse_layer("multinomial 3"), parse_layer("2"))),
      different{Rbm(parse_layer("3"), parse_layer("2")), Rbm(parse_layer("3"), parse_layer("3"))};
  for (const auto* rbms : {&rectified, &documents, &different})
    EXPECT_THROW(start_trajectory(Ladder(*rbms).models, 5, 1), InputError);
}

}  // namespace
}  // namespace harmonium
