#include "harmonium/train/monitor.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "harmonium/base/error.h"
#include "harmonium/measure/exact.h"
#include "harmonium/measure/pseudo_likelihood.h"
#include "harmonium/measure/reconstruction.h"
#include "harmonium/measure/statistics.h"
#include "harmonium/train/loop.h"

namespace harmonium {
namespace {

double mean_of(std::span<const double> values) {
  return values.empty()
             ? 0.0
             : std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double deviation_of(std::span<const double> values) {
  const double mean = mean_of(values);
  double sum = 0;
  for (const double v : values) sum += (v - mean) * (v - mean);
  return values.empty() ? 0.0 : std::sqrt(sum / static_cast<double>(values.size()));
}

// Hidden units that say the same about (almost) every case. Only for kinds with a bounded range.
void measure_activity(const Rbm& rbm, ConstMatrixView<float> cases, Measures& measures, ThreadTeam& team) {
  const auto activities = hidden_activities(rbm, cases, team);
  std::size_t bounded = 0, off = 0, on = 0, column = 0;
  for (const UnitGroup& group : rbm.hidden.spec.groups) {
    const bool counts = group.kind == UnitKind::kBinomial || group.kind == UnitKind::kStepped;
    const double range = counts ? group.parameter : 1.0;
    for (std::size_t i = 0; i < group.columns(); ++i, ++column) {
      if (group.kind != UnitKind::kBernoulli && !counts) continue;
      ++bounded;
      off += activities[column] < 0.002 * range;
      on += activities[column] > 0.998 * range;
    }
  }
  measures["hidden_activity"] = mean_of(activities);
  if (bounded == 0) return;
  measures["hidden_always_off"] = static_cast<double>(off) / static_cast<double>(bounded);
  measures["hidden_always_on"] = static_cast<double>(on) / static_cast<double>(bounded);
}

void measure_free_energies(const Rbm& rbm, ConstMatrixView<float> train, ConstMatrixView<float> held_out,
                           const NegativePhase& negative, Measures& measures, ThreadTeam& team) {
  if (!rbm.visible.spec.has_energy() || !rbm.hidden.spec.has_energy()) return;
  const auto energies = free_energy(rbm, train, team);
  measures["free_energy_train"] = mean_of(energies);
  measures["free_energy_spread"] = deviation_of(energies);
  if (held_out.rows() > 0) {
    measures["free_energy_held_out"] = mean_of(free_energy(rbm, held_out, team));
    measures["free_energy_gap"] = measures["free_energy_held_out"] - measures["free_energy_train"];
  }
  if (const auto fantasies = negative.fantasies(); fantasies.rows() > 0)
    measures["free_energy_fantasies"] = mean_of(free_energy(rbm, fantasies, team));
}

// 2^20 states take a second or two; larger sums belong to `evaluate`.
constexpr double kMostStatesAfterAnEpoch = 1 << 20;

double states_of(const LayerSpec& spec) {
  return spec.is_enumerable() ? count_states(spec) : HUGE_VAL;
}

bool is_short_sum(const Rbm& rbm) {
  return can_enumerate(rbm) &&
         std::min(states_of(rbm.visible.spec), states_of(rbm.hidden.spec)) <= kMostStatesAfterAnEpoch;
}

// Where none can be had (grey pixels, kinds without an energy) the history goes without; `evaluate` says why.
void measure_likelihood(const Rbm& rbm, ConstMatrixView<float> cases, bool missing,
                        const std::optional<LogZTrajectory>& trajectory, Measures& measures,
                        ThreadTeam& team) {
  constexpr std::size_t kPseudoCases = 100;
  if (!find_grey_value(rbm.visible.spec, cases).empty()) return;
  if (is_short_sum(rbm) && !(missing && states_of(rbm.hidden.spec) > kMostStatesAfterAnEpoch)) {
    const double log_z = exact_log_z(rbm, team);
    measures["log_likelihood"] = mean_of(missing ? observed_log_likelihoods(rbm, cases, log_z, team)
                                                 : log_likelihoods(rbm, cases, log_z, team));
    return;
  }
  if (missing) return;
  if (trajectory) {
    const AnnealedLogZ estimate = trajectory->estimate();
    measures["log_likelihood"] = mean_of(log_likelihoods(rbm, cases, estimate.log_z, team));
    measures["log_likelihood_error"] = estimate.high - estimate.log_z;
  }
  if (find_pseudo_likelihood_fault(rbm).empty()) {
    const auto few = cases.row_block(0, std::min(cases.rows(), kPseudoCases));
    measures["pseudo_log_likelihood"] = mean_of(pseudo_log_likelihoods(rbm, few, team));
  }
}

}  // namespace

Monitor::Monitor(const BatchSource& train, const BatchSource* held_out, const TrainOptions& options,
                 std::uint64_t seed)
    : train_(train), held_out_(held_out), options_(options), seed_(seed) {}

// Measuring a case costs about what learning from it costs; with large models it stays a small part of an
// epoch. Several matrices of the measured cases are in memory at once.
std::size_t Monitor::cases_to_measure(const Rbm& rbm) const {
  constexpr std::size_t kLargeModel = std::size_t{1} << 20, kFewest = 100, kPart = 50;
  constexpr std::size_t kMostValues = std::size_t{1} << 24;
  if (rbm.weights.size() < kLargeModel) return options_.monitor_cases;
  const std::size_t most = std::min(train_.size() / kPart, kMostValues / rbm.visible_columns());
  return std::min(options_.monitor_cases, std::max(kFewest, most));
}

bool Monitor::is_likelihood_due(std::uint64_t epoch) const {
  return options_.likelihood_every > 0 &&
         (epoch % options_.likelihood_every == 0 || epoch == options_.epochs);
}

bool Monitor::needs_trajectory(const Rbm& rbm, ThreadTeam& team) const {
  constexpr std::size_t kCases = 100;
  if (is_short_sum(rbm) || !find_trajectory_fault(rbm.visible.spec, rbm.hidden.spec).empty()) return false;
  if (train_.has_missing() || (held_out_ && held_out_->has_missing())) return false;
  const auto cases = fetch_range(train_, 0, std::min(kCases, train_.size()), seed_, 0, team);
  return find_grey_value(rbm.visible.spec, cases).empty();
}

Measures Monitor::measure(const Rbm& rbm, const NegativePhase& negative, std::uint64_t epoch,
                          const std::optional<LogZTrajectory>& trajectory, ThreadTeam& team) const {
  Measures measures;
  const std::size_t cases = cases_to_measure(rbm);
  const auto train = fetch_range(train_, 0, cases, seed_, epoch, team);
  Matrix<float> held_out;
  if (held_out_) held_out = fetch_range(*held_out_, 0, cases, seed_, epoch, team);
  measures["reconstruction_error"] = squared_error(train, reconstruct(rbm, train, team));
  if (!held_out.empty())
    measures["reconstruction_error_held_out"] = squared_error(held_out, reconstruct(rbm, held_out, team));
  const Summary weights = summarise(rbm.weights.values());
  measures["weight_deviation"] = std::hypot(weights.mean, weights.deviation);
  const bool missing = train_.has_missing() || (held_out_ && held_out_->has_missing());
  if (!missing) {
    measure_activity(rbm, train, measures, team);
    measure_free_energies(rbm, train, held_out, negative, measures, team);
  }
  measure_chains(negative, measures);
  // Values that are absent are no variables at all, so cases with different ones share no likelihood.
  if (is_likelihood_due(epoch) && !(missing && options_.missing_absent))
    measure_likelihood(rbm, held_out.empty() ? train : held_out, missing, trajectory, measures, team);
  return measures;
}

}  // namespace harmonium
