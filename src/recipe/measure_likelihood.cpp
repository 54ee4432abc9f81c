#include "recipe/measure_likelihood.h"

#include <algorithm>
#include <cmath>

#include "harmonium/base/error.h"
#include "harmonium/measure/annealed.h"
#include "harmonium/measure/exact.h"
#include "harmonium/measure/pseudo_likelihood.h"
#include "harmonium/train/doctor.h"

namespace harmonium {
namespace {

// "auto" sums up to so many states, a few seconds; "exact" goes on to the limit of exact_log_z.
constexpr double kMostStatesByDefault = 1 << 22;
constexpr double kMostStatesPerCase = 1 << 20;  // as observed_log_likelihoods

double states_of(const LayerSpec& spec) {
  return spec.is_enumerable() ? count_states(spec) : HUGE_VAL;
}

std::string states_text(const Rbm& rbm) {
  const double states = std::min(states_of(rbm.visible.spec), states_of(rbm.hidden.spec));
  return "2^" + std::to_string(static_cast<int>(std::lround(std::log2(states)))) + " states";
}

// "exact" or "annealed": what "auto" comes to.
std::string chosen_likelihood(const Rbm& rbm, const std::string& how, bool missing) {
  if (how != "auto") return how;
  const double states = std::min(states_of(rbm.visible.spec), states_of(rbm.hidden.spec));
  return missing || states <= kMostStatesByDefault ? "exact" : "annealed";
}

// Why no model of these layers can have its log p(v) in this way, or empty.
std::string find_layer_fault(const Rbm& rbm, const std::string& how, bool missing) {
  for (const LayerSpec* spec : {&rbm.visible.spec, &rbm.hidden.spec})
    if (!spec->has_energy())
      return "layer \"" + spec->to_string() + "\" has no energy, so there is no likelihood.";
  const std::string pair =
      "\"" + rbm.visible.spec.to_string() + "\" with \"" + rbm.hidden.spec.to_string() + "\"";
  if (normalisation(rbm.visible.spec, rbm.hidden.spec) == Normalisation::kNever)
    return pair + " has no finite Z unless all weights are 0, so there is no likelihood.";
  if (has_open_length(rbm.visible.spec))
    return "there is no one likelihood of documents of different lengths; give the length, as in "
           "\"multinomial(50) 2000\".";
  if (how == "exact" && !can_enumerate(rbm))
    return "log Z of " + pair +
           " cannot be summed: the smaller layer has more than 2^25 states (25 binary units).";
  if (missing && how == "annealed")
    return "the likelihood of cases with missing values is summed exactly only; set likelihood = \"exact\".";
  if (missing && states_of(rbm.hidden.spec) > kMostStatesPerCase)
    return "the likelihood of cases with missing values sums over the hidden states for each case; \"" +
           rbm.hidden.spec.to_string() + "\" has more than 2^20 of them.";
  return {};
}

void add_exact(const Rbm& rbm, const MeasuredCases& cases, const std::string& prefix, ThreadTeam& team,
               Reporter& reporter, MeasureResult& result) {
  const double log_z =
      exact_log_z(rbm, team, [&](double fraction) { reporter.working("summing log Z", fraction); });
  const bool missing = cases.any_missing();
  const auto values = cases.each([&](const Matrix<float>& piece) {
    return missing ? observed_log_likelihoods(rbm, piece, log_z, team)
                   : log_likelihoods(rbm, piece, log_z, team);
  });
  const std::string how = "exact, log Z over " + states_text(rbm);
  result.measurements.push_back({"log_z", log_z, {}, 0, "nats", how});
  result.measurements.push_back(mean_measurement(prefix + "_log_likelihood", values, "nats", how));
}

void add_annealed(const Rbm& rbm, const MeasuredCases& cases, const std::string& prefix,
                  const LikelihoodPlan& plan, ThreadTeam& team, Reporter& reporter, MeasureResult& result) {
  AnnealingOptions options{plan.runs, plan.temperatures, plan.seed,
                           [&](double fraction) { reporter.working("annealing", fraction); }};
  const auto base = base_rate_bias(rbm.visible.spec, cases.column_means());
  const AnnealedLogZ annealed = annealed_log_z(rbm, base, options, team);
  const std::string how = "annealed importance sampling, " + std::to_string(plan.runs) + " runs of " +
                          std::to_string(plan.temperatures) + " temperatures, effective runs " +
                          std::to_string(static_cast<int>(annealed.effective_runs));
  Measurement log_z{"log_z", annealed.log_z, (annealed.high - annealed.log_z), 0, "nats", how};
  result.measurements.push_back(log_z);
  const auto values = cases.each(
      [&](const Matrix<float>& piece) { return log_likelihoods(rbm, piece, annealed.log_z, team); });
  result.measurements.push_back(mean_measurement(prefix + "_log_likelihood", values, "nats", how));
  if (annealed.effective_runs < 0.1 * static_cast<double>(plan.runs))
    result.warnings.push_back("annealing ended with " + std::to_string(annealed.effective_runs) +
                              " effective runs of " + std::to_string(plan.runs) +
                              ", too few to believe its likelihood: raise measure.annealing_temperatures.");
}

}  // namespace

bool has_open_length(const LayerSpec& spec) {
  return std::any_of(spec.groups.begin(), spec.groups.end(), [](const UnitGroup& group) {
    return group.kind == UnitKind::kMultinomial && group.parameter == 0;
  });
}

std::string find_likelihood_fault(const Rbm& rbm, const std::string& how, bool absent,
                                  const MeasuredCases& cases) {
  const bool missing = cases.any_missing();
  if (missing && absent)
    return "values that are absent are no variables at all, so cases with different ones have no likelihood "
           "under "
           "one model; missing = \"unknown\" has one.";
  if (auto fault = find_layer_fault(rbm, chosen_likelihood(rbm, how, missing), missing); !fault.empty())
    return fault;
  return cases.find_grey_value(rbm.visible.spec);
}

std::string find_kl_fault(const Rbm& rbm, const MeasuredCases& train) {
  if (train.any_missing())
    return "KL(data || model) is that of whole cases, but the data have missing values.";
  return find_likelihood_fault(rbm, "exact", false, train);
}

std::string find_pseudo_fault(const Rbm& rbm, const MeasuredCases& cases) {
  if (cases.any_missing())
    return "the pseudo-likelihood is that of whole cases, but the data have missing values.";
  if (auto fault = find_pseudo_likelihood_fault(rbm); !fault.empty()) return fault;
  return cases.find_grey_value(rbm.visible.spec);
}

void measure_likelihood(const Rbm& rbm, const MeasuredCases& cases, const std::string& prefix,
                        const LikelihoodPlan& plan, ThreadTeam& team, Reporter& reporter,
                        MeasureResult& result) {
  if (plan.how == "none") return;
  const auto fault = find_likelihood_fault(rbm, plan.how, plan.absent, cases);
  if (!fault.empty() && plan.how != "auto") throw InputError(fault);
  // Where there is none because of what was learned, the rest is still worth having.
  const auto& sentence = fault.empty() ? find_normalisation_fault(rbm) : fault;
  if (!sentence.empty())
    result.warnings.push_back(sentence);
  else if (chosen_likelihood(rbm, plan.how, cases.any_missing()) == "exact")
    add_exact(rbm, cases, prefix, team, reporter, result);
  else
    add_annealed(rbm, cases, prefix, plan, team, reporter, result);
}

}  // namespace harmonium
