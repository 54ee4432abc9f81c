// A plain RBM in double precision, written from the formulas of docs/units.md and not from the library: every
// state of both layers is visited, real values on a fine grid (trapezoid rule), Poisson counts up to 40.
#pragma once

#include <cmath>
#include <functional>
#include <vector>

#include "harmonium/models/rbm.h"

namespace harmonium::reference {

/// One value of one variable: its columns, and log of its base measure times the grid's weight.
struct Point {
  std::vector<double> columns;
  double log_measure = 0;
};

inline double log_factorial(double n) {
  return std::lgamma(n + 1.0);
}

/// log of the sum over all choices of `count` of N copies of exp(-(offsets 1/2, 3/2, ...)).
inline double log_stepped_measure(unsigned copies, unsigned count) {
  double sum = 0;
  for (unsigned subset = 0; subset < 1u << copies; ++subset) {
    if (static_cast<unsigned>(__builtin_popcount(subset)) != count) continue;
    double offset = 0;
    for (unsigned n = 0; n < copies; ++n)
      if (subset >> n & 1u) offset += n + 0.5;
    sum += std::exp(-offset);
  }
  return std::log(sum);
}

inline void add_counts(std::vector<double>& counts, std::size_t at, unsigned left,
                       std::vector<Point>& points) {
  if (at + 1 == counts.size()) {
    counts[at] = left;
    double total = 0, log_measure = 0;
    for (const double n : counts) total += n, log_measure -= log_factorial(n);
    points.push_back({counts, log_measure + log_factorial(total)});
    return;
  }
  for (unsigned n = 0; n <= left; ++n) {
    counts[at] = n;
    add_counts(counts, at + 1, left - n, points);
  }
}

/// All values of one variable of a group (a multinomial group is one variable).
inline std::vector<Point> points_of(const UnitGroup& group) {
  std::vector<Point> points;
  const unsigned n = group.parameter;
  switch (group.kind) {
    case UnitKind::kBernoulli:
      return {{{0}, 0}, {{1}, 0}};
    case UnitKind::kBinomial:
      for (unsigned k = 0; k <= n; ++k)
        points.push_back({{double(k)}, log_factorial(n) - log_factorial(k) - log_factorial(n - k)});
      break;
    case UnitKind::kStepped:
      for (unsigned k = 0; k <= n; ++k) points.push_back({{double(k)}, log_stepped_measure(n, k)});
      break;
    case UnitKind::kSoftmax:
      for (unsigned k = 0; k < n; ++k) {
        points.push_back({std::vector<double>(n, 0.0), 0});
        points.back().columns[k] = 1;
      }
      break;
    case UnitKind::kMultinomial: {
      std::vector<double> counts(group.units, 0.0);
      add_counts(counts, 0, n, points);
      break;
    }
    case UnitKind::kPoisson:
      for (int k = 0; k <= 40; ++k) points.push_back({{double(k)}, -log_factorial(k)});
      break;
    case UnitKind::kGaussian:
      for (double v = -15; v <= 15; v += 0.05) points.push_back({{v}, std::log(0.05)});
      break;
    case UnitKind::kRectified:
      break;  // no energy
  }
  return points;
}

/// A layer's states with their measures; gaussian flags a column.
struct States {
  std::vector<std::vector<double>> values;
  std::vector<double> log_measure;
  std::vector<bool> gaussian;
};

inline States states_of(const LayerSpec& spec) {
  States states{{{}}, {0.0}, {}};
  for (const UnitGroup& group : spec.groups) {
    const std::size_t variables = group.kind == UnitKind::kMultinomial ? 1 : group.units;
    for (std::size_t u = 0; u < variables; ++u) {
      States next{{}, {}, states.gaussian};
      const auto points = points_of(group);
      for (std::size_t s = 0; s < states.values.size(); ++s)
        for (const Point& point : points) {
          next.values.push_back(states.values[s]);
          next.values.back().insert(next.values.back().end(), point.columns.begin(), point.columns.end());
          next.log_measure.push_back(states.log_measure[s] + point.log_measure);
        }
      for (std::size_t i = 0; i < points[0].columns.size(); ++i)
        next.gaussian.push_back(group.kind == UnitKind::kGaussian);
      states = std::move(next);
    }
  }
  return states;
}

/// All parameters in one list, in the order of Rbm::parameters.
struct Parameters {
  std::vector<double> weights, visible_bias, hidden_bias, visible_log_variance, hidden_log_variance;

  explicit Parameters(const Rbm& rbm)
      : weights(rbm.weights.values().begin(), rbm.weights.values().end()),
        visible_bias(rbm.visible.bias.begin(), rbm.visible.bias.end()),
        hidden_bias(rbm.hidden.bias.begin(), rbm.hidden.bias.end()),
        visible_log_variance(rbm.visible.log_variance.begin(), rbm.visible.log_variance.end()),
        hidden_log_variance(rbm.hidden.log_variance.begin(), rbm.hidden.log_variance.end()) {}
};

/// The model; states of both layers are listed once.
class Model {
 public:
  Model(const LayerSpec& visible, const LayerSpec& hidden) : v_(states_of(visible)), h_(states_of(hidden)) {}

  const States& visible_states() const { return v_; }
  const States& hidden_states() const { return h_; }

  /// log sum_h exp(-E(v, h)).
  double log_unnormalised(const Parameters& p, const std::vector<double>& v) const {
    const auto sv = statistics(v, v_.gaussian, p.visible_log_variance);
    const std::size_t columns = p.hidden_bias.size();
    std::vector<double> input(columns, 0.0);
    for (std::size_t i = 0; i < sv.size(); ++i)
      for (std::size_t j = 0; j < columns; ++j) input[j] += sv[i] * p.weights[i * columns + j];
    double largest = -HUGE_VAL;
    terms_.resize(h_.values.size());
    for (std::size_t s = 0; s < h_.values.size(); ++s) {
      const auto& h = h_.values[s];
      double term = h_.log_measure[s] - own_energy(h, h_.gaussian, p.hidden_bias, p.hidden_log_variance);
      for (std::size_t j = 0; j < columns; ++j)
        term += input[j] * scaled(h[j], j, h_.gaussian, p.hidden_log_variance);
      terms_[s] = term;
      largest = std::max(largest, term);
    }
    double sum = 0;
    for (const double term : terms_) sum += std::exp(term - largest);
    return largest + std::log(sum) - own_energy(v, v_.gaussian, p.visible_bias, p.visible_log_variance);
  }

  double log_z(const Parameters& p) const {
    std::vector<double> terms;
    double largest = -HUGE_VAL;
    for (std::size_t s = 0; s < v_.values.size(); ++s) {
      terms.push_back(v_.log_measure[s] + log_unnormalised(p, v_.values[s]));
      largest = std::max(largest, terms.back());
    }
    double sum = 0;
    for (const double term : terms) sum += std::exp(term - largest);
    return largest + std::log(sum);
  }

  /// sum_r weight_r log p(v_r); base measures of the data are left out, as they do not move with parameters.
  double log_likelihood(const Parameters& p, const std::vector<std::vector<double>>& data,
                        const std::vector<double>& weights) const {
    double sum = -log_z(p), total = 0;
    for (const double w : weights) total += w;
    for (std::size_t r = 0; r < data.size(); ++r) sum += weights[r] / total * log_unnormalised(p, data[r]);
    return sum;
  }

 private:
  static double scaled(double value, std::size_t i, const std::vector<bool>& gaussian,
                       const std::vector<double>& z) {
    return gaussian[i] && !z.empty() ? value * std::exp(-0.5 * z[i]) : value;
  }
  static std::vector<double> statistics(const std::vector<double>& values, const std::vector<bool>& gaussian,
                                        const std::vector<double>& z) {
    std::vector<double> result;
    for (std::size_t i = 0; i < values.size(); ++i) result.push_back(scaled(values[i], i, gaussian, z));
    return result;
  }
  static double own_energy(const std::vector<double>& values, const std::vector<bool>& gaussian,
                           const std::vector<double>& bias, const std::vector<double>& z) {
    double energy = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double variance = gaussian[i] && !z.empty() ? std::exp(z[i]) : 1.0;
      energy +=
          gaussian[i] ? (values[i] - bias[i]) * (values[i] - bias[i]) / (2 * variance) : -bias[i] * values[i];
    }
    return energy;
  }

  States v_, h_;
  mutable std::vector<double> terms_;
};

}  // namespace harmonium::reference
