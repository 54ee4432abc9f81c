// Small random models of every kind of unit whose log Z can be summed, for what annealing claims of itself.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "harmonium/measure/annealed.h"
#include "harmonium/measure/exact.h"
#include "harmonium/samplers/gibbs.h"

namespace harmonium::annealed_models {

/// A visible and a hidden layer of one kind. `scale` is what a weight of a Bernoulli unit is worth there:
/// about 1/2 over the deviation of the kind's values; less for Poisson units, whose rates are exponential.
struct Kind {
  const char *visible, *hidden;
  float scale;
};
inline constexpr Kind kKinds[] = {{"12", "6", 1.0f},
                                  {"gaussian 8", "gaussian 4", 0.5f},
                                  {"gaussian(learned) 8", "gaussian(learned) 4", 0.5f},
                                  {"binomial(3) 8", "binomial(3) 4", 0.58f},
                                  {"stepped(4) 8", "stepped(4) 4", 0.6f},
                                  {"softmax(3) 5", "softmax(3) 3", 1.0f},
                                  {"multinomial(4) 5", "multinomial(4) 4", 0.5f},
                                  {"poisson 8", "poisson 4", 0.15f}};

struct Named {
  std::string name;
  Rbm rbm;
};

/// Every pair of kinds with a log Z that can be summed, `rounds` times with other numbers: weights from
/// N(0, d^2), d between 2 and 4 times the scales, biases from N(0, 1).
inline std::vector<Named> draw(std::uint64_t rounds) {
  std::vector<Named> all;
  for (std::uint64_t round = 0; round < rounds; ++round)
    for (const Kind& v : kKinds)
      for (const Kind& h : kKinds) {
        Rbm rbm(parse_layer(v.visible), parse_layer(h.hidden));
        if (!can_enumerate(rbm)) continue;
        const Noise noise(100 + round, Stream::kSynthetic, all.size());
        const float deviation = (2.0f + 2.0f * noise.uniform(0, 0)) * v.scale * h.scale;
        for (std::size_t i = 0; i < rbm.weights.rows(); ++i)
          for (std::size_t j = 0; j < rbm.weights.cols(); ++j)
            rbm.weights(i, j) = deviation * noise.normal(1 + i, static_cast<std::uint32_t>(j));
        for (std::size_t i = 0; i < rbm.visible_columns(); ++i)
          rbm.visible.bias[i] = v.scale * noise.normal(1000, static_cast<std::uint32_t>(i));
        for (std::size_t j = 0; j < rbm.hidden_columns(); ++j)
          rbm.hidden.bias[j] = h.scale * noise.normal(1001, static_cast<std::uint32_t>(j));
        std::fill(rbm.visible.log_variance.begin(), rbm.visible.log_variance.end(), 0.3f);
        std::fill(rbm.hidden.log_variance.begin(), rbm.hidden.log_variance.end(), -0.3f);
        all.push_back({std::string(v.visible) + " x " + h.hidden, std::move(rbm)});
      }
  return all;
}

/// What a base model and a pilot start from where there are no data: short chains of the model itself.
inline Matrix<float> stand_in_data(const Rbm& rbm, ThreadTeam& team) {
  Chains chains = start_chains_from_bias(rbm, 200, 7, team);
  advance(rbm, chains, 50, 7, team);
  return std::move(chains.visible);
}

inline std::vector<float> base_of(const Rbm& rbm, ConstMatrixView<float> cases) {
  std::vector<double> means(cases.cols());
  for (std::size_t r = 0; r < cases.rows(); ++r)
    for (std::size_t i = 0; i < cases.cols(); ++i)
      means[i] += cases(r, i) / static_cast<double>(cases.rows());
  return base_rate_bias(rbm.visible.spec, means);
}

/// Annealing along an adaptive schedule, with all defaults but the number of steps.
inline AnnealedLogZ anneal(const Rbm& rbm, ConstMatrixView<float> cases, std::size_t steps,
                           std::uint64_t seed, ThreadTeam& team) {
  const auto base = base_of(rbm, cases);
  PilotOptions pilot;
  pilot.steps = std::max<std::size_t>(100, steps / 10), pilot.seed = seed;
  AnnealingOptions options;
  options.schedule = adaptive_schedule(rbm, base, cases, steps, pilot, team);
  options.seed = seed;
  return annealed_log_z(rbm, base, options, team);
}

}  // namespace harmonium::annealed_models
