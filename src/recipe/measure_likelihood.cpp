#include "recipe/measure_likelihood.h"

#include <algorithm>
#include <cmath>

#include "harmonium/base/error.h"
#include "harmonium/measure/annealed.h"
#include "harmonium/measure/exact.h"
#include "harmonium/measure/pseudo_likelihood.h"
#include "harmonium/measure/raise.h"
#include "harmonium/render/number.h"
#include "harmonium/train/doctor.h"
#include "recipe/measure_log_z.h"

namespace harmonium {
namespace {

constexpr double kShortSum = 1 << 22;           // states
constexpr double kMostStatesPerCase = 1 << 20;  // as observed_log_likelihoods

// Pilot runs take a tenth of the temperatures, twice, within these bounds.
constexpr std::size_t kFewestPilotSteps = 100, kMostPilotSteps = 2000;
// Warnings: effective runs of all runs, width of a bracket in nats, and how many standard errors are no
// chance.
constexpr double kFewestEffective = 0.1, kFewestRuns = 5, kWidestBracket = 1.0, kSureErrors = 4.0;

double states_of(const LayerSpec& spec) {
  return spec.is_enumerable() ? count_states(spec) : HUGE_VAL;
}

// Of the layer that log Z is summed over.
double fewer_states(const Rbm& rbm) {
  return std::min(states_of(rbm.visible.spec), states_of(rbm.hidden.spec));
}

std::string states_text(const Rbm& rbm) {
  return "2^" + std::to_string(static_cast<int>(std::lround(std::log2(fewer_states(rbm))))) + " states";
}

// "exact" or "annealed": what "auto" comes to.
std::string chosen_likelihood(const Rbm& rbm, const std::string& how, bool missing) {
  if (how != "auto") return how;
  return missing || is_short_sum(rbm) ? "exact" : "annealed";
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
  if (rbm.visible.spec.has_open_length())
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

void warn_of_bracket(const LikelihoodBracket& bracket, MeasureResult& result) {
  if (bracket.width > kWidestBracket)
    result.warnings.push_back(
        "the two sides of the likelihood, annealing and its reverse, are " + number_text(bracket.width) +
        " nats apart, so that neither is to be believed to a nat, whatever its error: raise "
        "measure.annealing_temperatures.");
  else if (bracket.width < -kSureErrors * bracket.error)
    result.warnings.push_back("the lower side of the likelihood lies " + number_text(-bracket.width) +
                              " nats above the upper one, which chance does not explain: raise "
                              "measure.annealing_temperatures and measure.annealing_runs.");
}

// Inverse temperatures of annealing.
std::vector<float> planned_schedule(const Rbm& rbm, ConstMatrixView<float> cases, std::span<const float> base,
                                    const LikelihoodPlan& plan, ThreadTeam& team, Reporter& reporter) {
  if (plan.schedule == "standard") return standard_schedule(plan.temperatures);
  if (plan.schedule == "uniform") return uniform_schedule(plan.temperatures);
  PilotOptions pilot;
  pilot.steps = std::clamp(plan.temperatures / 10, kFewestPilotSteps, kMostPilotSteps);
  pilot.seed = plan.seed;
  pilot.progress = [&](double fraction) { reporter.working("pilot runs of annealing", fraction); };
  return adaptive_schedule(rbm, base, cases.row_block(0, std::min(pilot.runs, cases.rows())),
                           plan.temperatures, pilot, team);
}

// The same cases from below, beside what annealing says of them.
void add_raise(const PairedLikelihoods& paired, const std::string& prefix, MeasureResult& result) {
  result.measurements.push_back(
      mean_measurement(prefix + "_log_likelihood_raise", paired.raise, "nats", paired.raise_how));
  result.measurements.push_back(mean_measurement(prefix + "_log_likelihood_paired", paired.annealed, "nats",
                                                 "annealed importance sampling, the cases of RAISE"));
  result.measurements.push_back(bracket_measurement(prefix + "_log_likelihood_bracket", paired.bracket,
                                                    paired.raise.size(),
                                                    "annealed minus RAISE, case by case"));
}

void add_annealed(const Rbm& rbm, const MeasuredCases& cases, const std::string& prefix,
                  const LikelihoodPlan& plan, ThreadTeam& team, Reporter& reporter, MeasureResult& result) {
  const Annealing annealing = anneal(rbm, base_rate_bias(rbm.visible.spec, cases.column_means()),
                                     cases.first(PilotOptions().runs), plan, "annealing", team, reporter);
  const AnnealedLogZ& annealed = annealing.log_z;
  const std::string how = "annealed importance sampling, " + std::to_string(plan.runs) + " runs of " +
                          std::to_string(plan.temperatures) + " temperatures (" + plan.schedule + "), " +
                          effective_text(annealed.effective_runs) + ", log Z 95 % in " +
                          number_text(annealed.interval_low, 7) + " to " +
                          number_text(annealed.interval_high, 7);
  add_log_z({annealed.log_z, annealed.high - annealed.log_z, how, annealed.effective_runs, plan.runs, {}, 0},
            "", result);
  const auto values = cases.each(
      [&](const Matrix<float>& piece) { return log_likelihoods(rbm, piece, annealed.log_z, team); });
  result.measurements.push_back(mean_measurement(prefix + "_log_likelihood", values, "nats", how));
  warn_of_few_runs(annealed, plan, "annealing", "likelihood", result);
  if (plan.raise_cases > 0)
    add_raise(pair_likelihoods(rbm, cases.first(plan.raise_cases), plan, annealing, team, reporter, result),
              prefix, result);
}

}  // namespace

Measurement bracket_measurement(const std::string& name, const LikelihoodBracket& bracket, std::size_t cases,
                                const std::string& how) {
  Measurement m{name, bracket.width, {}, cases, "nats", how};
  if (std::isfinite(bracket.error)) m.standard_error = bracket.error;
  return m;
}

void warn_of_few_runs(const AnnealedLogZ& annealed, const LikelihoodPlan& plan, const std::string& work,
                      const std::string& belief, MeasureResult& result) {
  const double fewest = std::max(kFewestRuns, kFewestEffective * static_cast<double>(plan.runs));
  if (annealed.effective_runs >= fewest) return;
  result.warnings.push_back(work + " ended with " + number_text(annealed.effective_runs, 3) +
                            " effective runs of " + std::to_string(plan.runs) + ", too few to believe its " +
                            belief + ": raise measure.annealing_temperatures.");
}

std::string effective_text(double effective) {
  return "effective runs " + number_text(std::floor(effective));
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

LikelihoodPlan likelihood_plan(const Recipe& recipe, bool absent) {
  const MeasureRecipe& m = recipe.measure;
  return {m.likelihood,         m.annealing_runs, m.annealing_temperatures,
          m.annealing_schedule, m.raise_cases,    m.raise_temperatures,
          m.raise_chains,       recipe.seed,      absent};
}

bool is_short_sum(const Rbm& rbm) {
  return can_enumerate(rbm) && fewer_states(rbm) <= kShortSum;
}

Annealing anneal(const Rbm& rbm, std::vector<float> base, ConstMatrixView<float> cases,
                 const LikelihoodPlan& plan, const std::string& work, ThreadTeam& team, Reporter& reporter) {
  AnnealingOptions options;
  options.runs = plan.runs;
  options.schedule = planned_schedule(rbm, cases, base, plan, team, reporter);
  options.seed = plan.seed;
  options.progress = [&](double fraction) { reporter.working(work, fraction); };
  AnnealedLogZ log_z = annealed_log_z(rbm, base, options, team);
  return {std::move(base), std::move(options.schedule), std::move(log_z)};
}

PairedLikelihoods pair_likelihoods(const Rbm& rbm, ConstMatrixView<float> cases, const LikelihoodPlan& plan,
                                   const Annealing& annealing, ThreadTeam& team, Reporter& reporter,
                                   MeasureResult& result) {
  RaiseOptions options;
  options.chains = plan.raise_chains;
  options.schedule =
      respaced(annealing.schedule, plan.raise_temperatures > 0 ? plan.raise_temperatures : plan.temperatures);
  options.seed = plan.seed;
  options.progress = [&](double fraction) { reporter.working("annealing in reverse", fraction); };
  const auto few = cases.row_block(0, std::min(plan.raise_cases, cases.rows()));
  PairedLikelihoods paired;
  paired.raise = raise_log_likelihoods(rbm, annealing.base, few, options, team);
  paired.annealed = log_likelihoods(rbm, few, annealing.log_z.log_z, team);
  paired.bracket = bracket_of(paired.annealed, paired.raise, annealing.log_z.high - annealing.log_z.log_z);
  paired.raise_how = "RAISE, " + std::to_string(plan.raise_chains) + " chains a case of " +
                     std::to_string(options.schedule.size() - 1) + " temperatures: a lower bound";
  warn_of_bracket(paired.bracket, result);
  return paired;
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
