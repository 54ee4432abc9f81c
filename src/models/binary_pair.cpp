#include "harmonium/models/binary_pair.h"

#include <algorithm>
#include <cmath>

#include "harmonium/base/error.h"
#include "units/kind.h"

namespace harmonium {
namespace {

double softplus(double x) {
  return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
}

// exp(log_p) made to sum to one; log of what it summed to is returned.
double normalise(std::vector<double>& log_p) {
  const double largest = *std::max_element(log_p.begin(), log_p.end());
  double sum = 0;
  for (double& x : log_p) sum += x = std::exp(x - largest);
  for (double& x : log_p) x /= sum;
  return largest + std::log(sum);
}

// log sum_v exp(b'v + c'u + v'Wu) for every u.
std::vector<double> upper_log_weights(const BinaryPair& rbm) {
  check(rbm.upper() <= kMostTableUnits, "an upper layer that fits a table");
  std::vector<double> log_p(std::size_t{1} << rbm.upper()), inputs(rbm.lower());
  for (std::size_t u = 0; u < log_p.size(); ++u) {
    lower_inputs(rbm, static_cast<std::uint32_t>(u), inputs);
    for (const double x : inputs) log_p[u] += softplus(x);
    for (std::size_t j = 0; j < rbm.upper(); ++j)
      if (u >> j & 1u) log_p[u] += rbm.upper_bias[j];
  }
  return log_p;
}

std::vector<double> as_doubles(std::span<const float> values) {
  return {values.begin(), values.end()};
}

bool is_bernoulli(const LayerSpec& spec) {
  return spec.groups.size() == 1 && spec.groups.front().kind == UnitKind::kBernoulli;
}

}  // namespace

std::vector<double> BinaryPair::flat() const {
  std::vector<double> all(weights.values().begin(), weights.values().end());
  all.insert(all.end(), lower_bias.begin(), lower_bias.end());
  all.insert(all.end(), upper_bias.begin(), upper_bias.end());
  return all;
}

void BinaryPair::set_flat(std::span<const double> values) {
  check(values.size() == weights.size() + lower() + upper(), "a value for each number of the pair");
  std::copy_n(values.begin(), weights.size(), weights.values().begin());
  std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(weights.size()), lower(), lower_bias.begin());
  std::copy_n(values.end() - static_cast<std::ptrdiff_t>(upper()), upper(), upper_bias.begin());
}

BinaryPair pair_of(const Rbm& rbm) {
  if (!is_bernoulli(rbm.visible.spec) || !is_bernoulli(rbm.hidden.spec))
    throw InputError("tables of states are made of Bernoulli layers, but this RBM is " +
                     rbm.visible.spec.to_string() + " - " + rbm.hidden.spec.to_string() + ".");
  BinaryPair pair(rbm.visible_columns(), rbm.hidden_columns());
  std::copy(rbm.weights.values().begin(), rbm.weights.values().end(), pair.weights.values().begin());
  pair.lower_bias = as_doubles(rbm.visible.bias);
  pair.upper_bias = as_doubles(rbm.hidden.bias);
  return pair;
}

BinaryPair mirrored(const BinaryPair& pair) {
  BinaryPair other(pair.upper(), pair.lower());
  for (std::size_t i = 0; i < pair.lower(); ++i)
    for (std::size_t j = 0; j < pair.upper(); ++j) other.weights(j, i) = pair.weights(i, j);
  other.lower_bias = pair.upper_bias;
  other.upper_bias = pair.lower_bias;
  return other;
}

BinaryPair random_pair(std::size_t lower, std::size_t upper, double deviation, const Noise& noise) {
  BinaryPair pair(lower, upper);
  for (std::size_t n = 0; n < pair.weights.size(); ++n)
    pair.weights.values()[n] =
        deviation * static_cast<double>(noise.normal(0, static_cast<std::uint32_t>(n)));
  return pair;
}

void lower_inputs(const BinaryPair& pair, std::uint32_t upper_state, std::span<double> inputs) {
  for (std::size_t i = 0; i < pair.lower(); ++i) {
    double sum = pair.lower_bias[i];
    const auto row = pair.weights.row(i);
    for (std::size_t j = 0; j < row.size(); ++j)
      if (upper_state >> j & 1u) sum += row[j];
    inputs[i] = sum;
  }
}

void upper_inputs(const BinaryPair& pair, std::uint32_t lower_state, std::span<double> inputs) {
  std::copy(pair.upper_bias.begin(), pair.upper_bias.end(), inputs.begin());
  for (std::size_t i = 0; i < pair.lower(); ++i)
    if (lower_state >> i & 1u)
      for (std::size_t j = 0; j < pair.upper(); ++j) inputs[j] += pair.weights(i, j);
}

StateTable down_table(const BinaryPair& pair, const StateTable& upper) {
  check(table_units(upper) == pair.upper() && pair.lower() <= kMostTableUnits, "a table of the upper layer");
  StateTable lower(std::size_t{1} << pair.lower());
  std::vector<double> inputs(pair.lower());
  for (std::size_t u = 0; u < upper.size(); ++u) {
    if (upper[u] <= 0) continue;
    lower_inputs(pair, static_cast<std::uint32_t>(u), inputs);
    add_factorial(inputs, upper[u], lower);
  }
  return lower;
}

StateTable up_table(const BinaryPair& pair, const StateTable& lower) {
  check(table_units(lower) == pair.lower() && pair.upper() <= kMostTableUnits, "a table of the lower layer");
  StateTable upper(std::size_t{1} << pair.upper());
  std::vector<double> inputs(pair.upper());
  for (std::size_t v = 0; v < lower.size(); ++v) {
    if (lower[v] <= 0) continue;
    upper_inputs(pair, static_cast<std::uint32_t>(v), inputs);
    add_factorial(inputs, lower[v], upper);
  }
  return upper;
}

double log_z(const BinaryPair& rbm) {
  auto log_p = upper_log_weights(rbm);
  return normalise(log_p);
}

StateTable rbm_upper_table(const BinaryPair& rbm) {
  auto log_p = upper_log_weights(rbm);
  normalise(log_p);
  return log_p;
}

StateTable rbm_lower_table(const BinaryPair& rbm) {
  return rbm_upper_table(mirrored(rbm));
}

double rbm_log_likelihood(const BinaryPair& rbm, const StateList& lower) {
  const double log_total = log_z(rbm);
  std::vector<double> inputs(rbm.upper());
  double mean = 0;
  for (const auto& [state, weight] : lower) {
    upper_inputs(rbm, state, inputs);
    double log_p = -log_total;
    for (const double x : inputs) log_p += softplus(x);
    for (std::size_t i = 0; i < rbm.lower(); ++i)
      if (state >> i & 1u) log_p += rbm.lower_bias[i];
    mean += weight * log_p;
  }
  return mean;
}

StateTable prior_table(const BinaryPair& net) {
  StateTable prior(std::size_t{1} << net.upper());
  add_factorial(net.upper_bias, 1.0, prior);
  return prior;
}

StateTable directed_lower_table(const BinaryPair& net) {
  return down_table(net, prior_table(net));
}

DirectedPosterior::DirectedPosterior(const BinaryPair& net, const StateTable& prior)
    : log_base_(prior.size()), inputs_(prior.size(), net.lower()) {
  check(table_units(prior) == net.upper(), "a prior of the upper layer");
  for (std::size_t u = 0; u < prior.size(); ++u) {
    lower_inputs(net, static_cast<std::uint32_t>(u), inputs_.row(u));
    log_base_[u] = std::log(prior[u]);
    for (const double x : inputs_.row(u)) log_base_[u] -= softplus(x);
  }
}

StateTable DirectedPosterior::operator()(std::uint32_t lower_state) const {
  StateTable log_p = log_base_;
  for (std::size_t u = 0; u < log_p.size(); ++u)
    for (std::size_t i = 0; i < inputs_.cols(); ++i)
      if (lower_state >> i & 1u) log_p[u] += inputs_(u, i);
  normalise(log_p);
  return log_p;
}

StateTable directed_aggregated(const BinaryPair& net, const StateTable& prior, const StateList& data) {
  StateTable sum(prior.size());
  const DirectedPosterior posterior_of(net, prior);
  for (const auto& [state, weight] : data) {
    const StateTable posterior = posterior_of(state);
    for (std::size_t u = 0; u < sum.size(); ++u) sum[u] += weight * posterior[u];
  }
  return sum;
}

}  // namespace harmonium
