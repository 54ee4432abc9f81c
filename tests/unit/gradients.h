// Gradients of a learner for one batch, as plain numbers.
#pragma once

#include <vector>

#include "harmonium/train/rbm_learner.h"
#include "unit/rbm_cases.h"

namespace harmonium {

/// Weights, both biases and both log-variances in one list, in the order of Rbm::parameters.
inline std::vector<double> flat(const RbmGradient& g) {
  std::vector<double> result;
  const auto add = [&](const auto& list) { result.insert(result.end(), list.begin(), list.end()); };
  add(g.weights.values()), add(g.visible_bias), add(g.hidden_bias);
  add(g.visible_log_variance), add(g.hidden_log_variance);
  return result;
}

/// The learner's gradient of one batch, cases numbered from 0.
inline RbmGradient gradient_of(RbmLearner& learner, Matrix<float> cases, const StepInfo& info = {},
                               std::span<const float> weights = {}) {
  ThreadTeam team(1);
  const auto numbers = numbered(cases.rows());
  return learner.gradient({cases, numbers, weights}, info, team);
}
inline RbmGradient gradient_of(const Rbm& rbm, const TrainOptions& options, const Matrix<float>& cases,
                               std::span<const float> weights = {}) {
  ThreadTeam team(1);
  RbmLearner learner(rbm, options, "layers.0", team);
  StepInfo info;
  info.seed = options.seed;
  info.gibbs_steps = static_cast<std::uint64_t>(options.steps.at(0, 1));
  return gradient_of(learner, cases, info, weights);
}

/// Options with the exact gradient.
inline TrainOptions exact_options() {
  TrainOptions options;
  options.negative = NegativeKind::kExact;
  return options;
}

}  // namespace harmonium
