#include "harmonium/train/pair_gradients.h"

#include <cmath>
#include <map>

#include "harmonium/base/error.h"
#include "units/kind.h"

namespace harmonium {
namespace {

// States of the upper layer that can be, and their log prior.
struct UpperStates {
  std::vector<std::uint32_t> states;
  std::vector<double> log_prior;
};

double log_logistic(double x) {
  return std::min(x, 0.0) - std::log1p(std::exp(-std::abs(x)));
}

std::vector<double> part_probabilities(const BinaryPair& parts) {
  std::vector<double> p = parts.upper_bias;
  softmax_in_place(p);
  return p;
}

UpperStates upper_states(const BinaryPair& parts, Combination combination) {
  UpperStates upper;
  if (combination == Combination::kMixture) {
    const auto p = part_probabilities(parts);
    for (std::size_t j = 0; j < parts.upper(); ++j) {
      upper.states.push_back(1u << j);
      upper.log_prior.push_back(std::log(p[j]));
    }
    return upper;
  }
  for (std::uint32_t u = 0; u < 1u << parts.upper(); ++u) {
    double log_p = 0;
    for (std::size_t j = 0; j < parts.upper(); ++j)
      log_p += log_logistic((u >> j & 1u) != 0 ? parts.upper_bias[j] : -parts.upper_bias[j]);
    upper.states.push_back(u);
    upper.log_prior.push_back(log_p);
  }
  return upper;
}

// What the gradient needs of one state of the upper layer: its share of the data, and that of each unit.
struct Shares {
  std::vector<double> total;  // sum_v data(v) p(u | v)
  Matrix<double> units;       // sum_v data(v) p(u | v) v_i
  Matrix<double> inputs;      // b + W u
};

Shares posterior_shares(const BinaryPair& parts, const UpperStates& upper, const StateList& data) {
  const std::size_t count = upper.states.size(), lower = parts.lower();
  Shares shares{std::vector<double>(count), Matrix<double>(count, lower), Matrix<double>(count, lower)};
  std::vector<double> log_base = upper.log_prior, log_p(count);
  for (std::size_t s = 0; s < count; ++s) {
    lower_inputs(parts, upper.states[s], shares.inputs.row(s));
    for (const double x : shares.inputs.row(s)) log_base[s] += log_logistic(-x);
  }
  for (const auto& [state, weight] : data) {
    for (std::size_t s = 0; s < count; ++s) {
      log_p[s] = log_base[s];
      for (std::size_t i = 0; i < lower; ++i)
        if (state >> i & 1u) log_p[s] += shares.inputs(s, i);
    }
    softmax_in_place(log_p);
    for (std::size_t s = 0; s < count; ++s) {
      shares.total[s] += weight * log_p[s];
      for (std::size_t i = 0; i < lower; ++i)
        if (state >> i & 1u) shares.units(s, i) += weight * log_p[s];
    }
  }
  return shares;
}

BinaryPair caused_gradient(const BinaryPair& parts, Combination combination, const StateList& data) {
  const UpperStates upper = upper_states(parts, combination);
  const Shares shares = posterior_shares(parts, upper, data);
  BinaryPair gradient(parts.lower(), parts.upper());
  for (std::size_t s = 0; s < upper.states.size(); ++s)
    for (std::size_t i = 0; i < parts.lower(); ++i) {
      const double delta = shares.units(s, i) - shares.total[s] * logistic(shares.inputs(s, i));
      gradient.lower_bias[i] += delta;
      for (std::size_t j = 0; j < parts.upper(); ++j)
        if (upper.states[s] >> j & 1u) gradient.weights(i, j) += delta;
    }
  for (std::size_t s = 0; s < upper.states.size(); ++s)
    for (std::size_t j = 0; j < parts.upper(); ++j)
      if (upper.states[s] >> j & 1u) gradient.upper_bias[j] += shares.total[s];
  const auto chosen = part_probabilities(parts);
  for (std::size_t j = 0; j < parts.upper(); ++j)
    gradient.upper_bias[j] -=
        combination == Combination::kMixture ? chosen[j] : logistic(parts.upper_bias[j]);
  return gradient;
}

// Adds weight times (v_i u_j, v_i, u_j) with u as its means given v.
void add_lower_moments(const BinaryPair& rbm, std::uint32_t v, double weight, BinaryPair& moments) {
  std::vector<double> means(rbm.upper());
  upper_inputs(rbm, v, means);
  for (double& x : means) x = logistic(x);
  for (std::size_t j = 0; j < means.size(); ++j) moments.upper_bias[j] += weight * means[j];
  for (std::size_t i = 0; i < rbm.lower(); ++i) {
    if ((v >> i & 1u) == 0) continue;
    moments.lower_bias[i] += weight;
    for (std::size_t j = 0; j < means.size(); ++j) moments.weights(i, j) += weight * means[j];
  }
}

// Over the states of the upper layer, so that the lower one may be large.
BinaryPair model_moments(const BinaryPair& rbm) {
  BinaryPair moments(rbm.lower(), rbm.upper());
  const StateTable upper = rbm_upper_table(rbm);
  std::vector<double> means(rbm.lower());
  for (std::uint32_t u = 0; u < upper.size(); ++u) {
    lower_inputs(rbm, u, means);
    for (std::size_t i = 0; i < rbm.lower(); ++i) {
      const double share = upper[u] * logistic(means[i]);
      moments.lower_bias[i] += share;
      for (std::size_t j = 0; j < rbm.upper(); ++j)
        if (u >> j & 1u) moments.weights(i, j) += share;
    }
    for (std::size_t j = 0; j < rbm.upper(); ++j)
      if (u >> j & 1u) moments.upper_bias[j] += upper[u];
  }
  return moments;
}

StateTable after_steps(const BinaryPair& rbm, const StateList& data, std::size_t steps) {
  StateTable table = table_of(data, rbm.lower());
  for (std::size_t k = 0; k < steps; ++k) table = down_table(rbm, up_table(rbm, table));
  return table;
}

}  // namespace

StateTable mixture_lower_table(const BinaryPair& parts) {
  StateTable table(std::size_t{1} << parts.lower());
  std::vector<double> inputs(parts.lower());
  const auto chosen = part_probabilities(parts);
  for (std::size_t j = 0; j < parts.upper(); ++j) {
    lower_inputs(parts, 1u << j, inputs);
    add_factorial(inputs, chosen[j], table);
  }
  return table;
}

StateTable lower_table(const BinaryPair& parts, Combination combination) {
  switch (combination) {
    case Combination::kMixture:
      return mixture_lower_table(parts);
    case Combination::kComposition:
      return directed_lower_table(parts);
    case Combination::kProduct:
      break;
  }
  return rbm_lower_table(parts);
}

BinaryPair rbm_moments(const BinaryPair& rbm, const StateList& lower) {
  BinaryPair moments(rbm.lower(), rbm.upper());
  for (const auto& [state, weight] : lower) add_lower_moments(rbm, state, weight, moments);
  return moments;
}

BinaryPair likelihood_gradient(const BinaryPair& parts, Combination combination, const StateList& data) {
  if (combination != Combination::kProduct) return caused_gradient(parts, combination, data);
  return sum(rbm_moments(parts, data), model_moments(parts), -1.0);
}

BinaryPair expected_cd(const BinaryPair& rbm, const StateList& data, std::size_t steps) {
  const StateList chain = support_of(after_steps(rbm, data, steps));
  return sum(rbm_moments(rbm, data), rbm_moments(rbm, chain), -1.0);
}

double contrastive_divergence(const BinaryPair& rbm, const StateList& data, std::size_t steps) {
  const StateTable model = rbm_lower_table(rbm);
  return kl_divergence(table_of(data, rbm.lower()), model) -
         kl_divergence(after_steps(rbm, data, steps), model);
}

BinaryPair neglected_term(const BinaryPair& rbm, const StateList& data, std::size_t steps) {
  constexpr double kStep = 1e-5;
  const StateTable model = rbm_lower_table(rbm), chain = after_steps(rbm, data, steps);
  // d KL(P^k || P^inf) / d P^k(v), but for a constant that a change of P^k, which sums to zero, does not see.
  std::vector<double> slope(model.size());
  for (std::size_t v = 0; v < slope.size(); ++v) slope[v] = std::log(chain[v] / model[v]);
  const std::vector<double> centre = rbm.flat();
  std::vector<double> term(centre.size());
  BinaryPair moved = rbm;
  for (std::size_t n = 0; n < centre.size(); ++n) {
    std::vector<double> place = centre;
    place[n] = centre[n] + kStep;
    moved.set_flat(place);
    const StateTable above = after_steps(moved, data, steps);
    place[n] = centre[n] - kStep;
    moved.set_flat(place);
    const StateTable below = after_steps(moved, data, steps);
    for (std::size_t v = 0; v < slope.size(); ++v) term[n] += slope[v] * (above[v] - below[v]) / (2 * kStep);
  }
  BinaryPair result(rbm.lower(), rbm.upper());
  result.set_flat(term);
  return result;
}

double length(const BinaryPair& a) {
  double squares = 0;
  for (const double x : a.flat()) squares += x * x;
  return std::sqrt(squares);
}

double cosine(const BinaryPair& a, const BinaryPair& b) {
  const auto x = a.flat(), y = b.flat();
  double product = 0;
  for (std::size_t n = 0; n < x.size(); ++n) product += x[n] * y[n];
  return product / (length(a) * length(b));
}

BinaryPair sum(const BinaryPair& a, const BinaryPair& b, double factor) {
  auto x = a.flat();
  const auto y = b.flat();
  for (std::size_t n = 0; n < x.size(); ++n) x[n] += factor * y[n];
  BinaryPair result(a.lower(), a.upper());
  result.set_flat(x);
  return result;
}

void PairAscent::step(BinaryPair& pair, const BinaryPair& gradient, double rate) {
  constexpr double kFirst = 0.9, kSecond = 0.999, kGuard = 1e-8;
  auto place = pair.flat();
  const auto slope = gradient.flat();
  first_.resize(place.size()), second_.resize(place.size());
  ++steps_;
  const double first_share = 1 - std::pow(kFirst, static_cast<double>(steps_));
  const double second_share = 1 - std::pow(kSecond, static_cast<double>(steps_));
  for (std::size_t n = 0; n < place.size(); ++n) {
    first_[n] = kFirst * first_[n] + (1 - kFirst) * slope[n];
    second_[n] = kSecond * second_[n] + (1 - kSecond) * slope[n] * slope[n];
    place[n] += rate * (first_[n] / first_share) / (std::sqrt(second_[n] / second_share) + kGuard);
  }
  pair.set_flat(place);
}

BinaryPair learned_pair(BinaryPair start, Combination combination, const StateList& data, std::size_t steps,
                        double rate) {
  PairAscent ascent;
  for (std::size_t n = 0; n < steps; ++n) {
    const double left = 1.0 - static_cast<double>(n) / static_cast<double>(steps);
    ascent.step(start, likelihood_gradient(start, combination, data), rate * left);
  }
  return start;
}

}  // namespace harmonium
