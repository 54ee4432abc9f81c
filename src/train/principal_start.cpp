#include "harmonium/train/principal_start.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "harmonium/base/error.h"
#include "harmonium/measure/principal_directions.h"

namespace harmonium {
namespace {

constexpr int kGrid = 401, kBisections = 50, kGoldenSteps = 40;
constexpr double kGridBend = 6.0;    // sinh of it: how much denser the grid is in the middle
constexpr double kMostInput = 8.0;   // of a hidden or visible unit from the fitted part, about
constexpr double kLeastGain = 1e-9;  // nats

double log_cosh(double x) {
  x = std::abs(x);
  return x + std::log1p(std::exp(-2 * x)) - std::numbers::ln2;
}

// y = u'(v - p) of independent units on a grid of tilts t: y(t) = K'(t), and the logarithm of the measure
// sqrt(K'' / 2 pi) exp(K - t K') dt.
struct Line {
  std::vector<double> y, log_measure;

  Line(std::span<const float> u, std::span<const double> p) {
    double largest = 0;
    for (const float x : u) largest = std::max<double>(largest, std::abs(x));
    const double widest = 5 * kMostInput / largest;
    for (int k = 0; k < kGrid; ++k) {
      const double x = kGridBend * (2.0 * k / (kGrid - 1) - 1.0);
      const double t = widest * std::sinh(x) / std::sinh(kGridBend), step = std::cosh(x);
      double cumulant = 0, mean = 0, variance = 0;
      for (std::size_t i = 0; i < u.size(); ++i) {
        const double tilt = t * u[i];
        // log(1 - p + p e^tilt) without overflow
        cumulant += (tilt > 0 ? tilt + std::log(p[i] + (1 - p[i]) * std::exp(-tilt))
                              : std::log1p(p[i] * std::expm1(tilt))) -
                    tilt * p[i];
        const double on = p[i] / (p[i] + (1 - p[i]) * std::exp(-tilt));
        mean += u[i] * (on - p[i]);
        variance += static_cast<double>(u[i]) * u[i] * on * (1 - on);
      }
      if (variance < 1e-12) continue;  // all units are as far as they go
      y.push_back(mean);
      log_measure.push_back(cumulant - t * mean + std::log(step * std::sqrt(variance)));
    }
  }

  struct Sums {
    double log_z, mean;
  };
  Sums sums(const std::vector<double>& log_weight, double field) const {
    double largest = -HUGE_VAL, z = 0, first = 0;
    for (std::size_t k = 0; k < y.size(); ++k) largest = std::max(largest, log_weight[k] + field * y[k]);
    for (std::size_t k = 0; k < y.size(); ++k) {
      const double weight = std::exp(log_weight[k] + field * y[k] - largest);
      z += weight, first += weight * y[k];
    }
    return {largest + std::log(z), first / z};
  }
};

struct Fit {
  double strength = 0, field = 0, score = -HUGE_VAL;
  std::size_t units = 1;
};

// The log-likelihood of projections under M hidden units of strength s, less what does not depend on s.
class DirectionFit {
 public:
  DirectionFit(std::span<const float> u, std::span<const double> p, std::vector<double> projections)
      : line_(u, p), projections_(std::move(projections)) {
    for (const double y : projections_) mean_ += y / static_cast<double>(projections_.size());
    for (const float x : u) largest_ = std::max<double>(largest_, std::abs(x));
  }

  Fit score(double strength, std::size_t units) const {
    const double slope = strength / (2 * std::sqrt(static_cast<double>(units))),
                 m = static_cast<double>(units);
    std::vector<double> log_weight = line_.log_measure;
    for (std::size_t k = 0; k < log_weight.size(); ++k) log_weight[k] += m * log_cosh(slope * line_.y[k]);
    Fit fit{strength, field_of(log_weight), 0, units};
    for (const double y : projections_) fit.score += m * log_cosh(slope * y);
    fit.score = fit.score / static_cast<double>(projections_.size()) + fit.field * mean_ -
                line_.sums(log_weight, fit.field).log_z;
    return fit;
  }

  // The best strength of so many units, by golden sections of its logarithm.
  Fit best(std::size_t units) const {
    const double most = std::log(2 * kMostInput / largest_ / std::sqrt(static_cast<double>(units)));
    double low = most - 8.0, high = most;
    const double golden = 1 / std::numbers::phi;
    const auto at = [&](double x) { return score(std::exp(x), units); };
    Fit left = at(high - golden * (high - low)), right = at(low + golden * (high - low));
    for (int step = 0; step < kGoldenSteps && high - low > 1e-3; ++step) {
      if (left.score > right.score) {
        high = std::log(right.strength);
        right = left;
        left = at(high - golden * (high - low));
      } else {
        low = std::log(left.strength);
        left = right;
        right = at(low + golden * (high - low));
      }
    }
    return left.score > right.score ? left : right;
  }

 private:
  // At which the mean of y is that of the cases; it rises with the field.
  double field_of(const std::vector<double>& log_weight) const {
    double low = -kMostInput / largest_, high = kMostInput / largest_;
    for (int step = 0; step < kBisections && high - low > 1e-9; ++step) {
      const double middle = 0.5 * (low + high);
      (line_.sums(log_weight, middle).mean < mean_ ? low : high) = middle;
    }
    return 0.5 * (low + high);
  }

  Line line_;
  std::vector<double> projections_;
  double mean_ = 0, largest_ = 0;
};

bool is_bernoulli(const LayerSpec& spec, std::size_t columns) {
  std::size_t first = 0;
  for (const UnitGroup& group : spec.groups) {
    if (first < columns && group.kind != UnitKind::kBernoulli) return false;
    first += group.columns();
  }
  return true;
}

std::vector<double> projections_of(ConstMatrixView<float> cases, std::span<const float> u,
                                   std::span<const double> p) {
  std::vector<double> all(cases.rows());
  for (std::size_t r = 0; r < cases.rows(); ++r)
    for (std::size_t i = 0; i < u.size(); ++i) all[r] += u[i] * (cases(r, i) - p[i]);
  return all;
}

// Whether the projections vary more than those of so many cases of independent units would along their best
// direction: the upper edge of their covariances' eigenvalues (Marchenko & Pastur 1967).
bool varies_more(std::span<const double> projections, std::span<const float> u, std::span<const double> p) {
  const double n = static_cast<double>(projections.size());
  double mean = 0, variance = 0, independent = 0;
  for (const double y : projections) mean += y / n;
  for (const double y : projections) variance += (y - mean) * (y - mean) / n;
  for (std::size_t i = 0; i < u.size(); ++i) independent += double{u[i]} * u[i] * p[i] * (1 - p[i]);
  const double edge = 1 + std::sqrt(static_cast<double>(u.size()) / n);
  return variance > edge * edge * independent;
}

// Weights s / sqrt(M) u; hidden biases that make inputs zero at v = p; visible biases that take back the mean
// 1/2 of the hidden units, and add the field.
void put(Rbm& rbm, std::span<const float> u, std::span<const double> p, const PrincipalCoupling& coupling) {
  const double weight = coupling.strength / std::sqrt(static_cast<double>(coupling.units));
  double centre = 0;
  for (std::size_t i = 0; i < u.size(); ++i) centre += u[i] * p[i];
  for (std::size_t j = coupling.first; j < coupling.first + coupling.units; ++j) {
    for (std::size_t i = 0; i < u.size(); ++i) rbm.weights(i, j) += static_cast<float>(weight * u[i]);
    rbm.hidden.bias[j] += static_cast<float>(-weight * centre);
  }
  const double shift = coupling.field - 0.5 * weight * static_cast<double>(coupling.units);
  for (std::size_t i = 0; i < u.size(); ++i) rbm.visible.bias[i] += static_cast<float>(shift * u[i]);
}

}  // namespace

std::string find_principal_fault(const Rbm& rbm, std::size_t columns, std::size_t components) {
  if (components == 0) return {};
  const std::string given = "train.components = " + std::to_string(components);
  if (!is_bernoulli(rbm.visible.spec, columns) || !is_bernoulli(rbm.hidden.spec, rbm.hidden_columns()))
    return given + " starts an RBM of binary units from principal components, but one has the layers \"" +
           rbm.visible.spec.to_string() + "\" and \"" + rbm.hidden.spec.to_string() +
           "\"; set it to 0 there, by a [[layer]] table.";
  if (components > std::min(columns, rbm.hidden_columns()))
    return given + " must be at most " + std::to_string(std::min(columns, rbm.hidden_columns())) +
           ", the smaller of the numbers of visible and of hidden units.";
  return {};
}

std::vector<PrincipalCoupling> start_from_components(Rbm& rbm, ConstMatrixView<float> cases,
                                                     std::size_t components, ThreadTeam& team) {
  if (const auto fault = find_principal_fault(rbm, cases.cols(), components); !fault.empty())
    throw InputError(fault);
  const PrincipalDirections principal = principal_directions(cases, components, team);
  std::vector<double> p(cases.cols());
  for (std::size_t i = 0; i < p.size(); ++i)
    p[i] = 1 / (1 + std::exp(-static_cast<double>(rbm.visible.bias[i])));
  std::vector<PrincipalCoupling> couplings(principal.directions.rows());
  team.run(couplings.size(), [&](std::size_t k, unsigned) {
    const auto u = principal.directions.row(k);
    auto projections = projections_of(cases, u, p);
    if (!varies_more(projections, u, p)) return;
    const DirectionFit direction(u, p, std::move(projections));
    Fit best = direction.best(1);
    for (std::size_t units = 2; units <= rbm.hidden_columns() / components; units *= 2)
      if (const Fit fit = direction.best(units); fit.score > best.score) best = fit;
    const double gain = best.score - direction.score(0.0, 1).score;
    if (gain > kLeastGain) couplings[k] = {0, best.units, best.strength, best.field, gain};
  });
  std::size_t next = 0;
  for (std::size_t k = 0; k < couplings.size(); ++k) {
    if (couplings[k].units == 0) continue;  // a direction in which the data vary as independent units do
    couplings[k].first = next;
    next += couplings[k].units;
    put(rbm, principal.directions.row(k), p, couplings[k]);
  }
  return couplings;
}

}  // namespace harmonium
