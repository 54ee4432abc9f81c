#include "recipe/measure_machine.h"

#include <algorithm>

#include "harmonium/measure/exact.h"
#include "harmonium/measure/machine_likelihood.h"
#include "harmonium/measure/reconstruction.h"
#include "harmonium/render/number.h"
#include "recipe/measure_likelihood.h"
#include "recipe/measure_log_z.h"

namespace harmonium {
namespace {

// Summed for all cases without being asked for.
constexpr double kMostHiddenByDefault = 1 << 10;
constexpr std::size_t kCasesByDefault = 500;
// Cases from which base rates are taken, and at which pilots start.
constexpr std::size_t kBaseCases = 2000;
// Fewer effective runs than this in more than one case of ten: the estimate misses some of log p(v).
constexpr double kFewRuns = 5.0;

bool is_summed(const Recipe& recipe, const DeepBoltzmannMachine& machine) {
  const std::string& how = recipe.measure.likelihood;
  if (how == "exact") return true;
  return how == "auto" && is_short_sum(folded(machine)) &&
         summed_hidden_states(machine) <= kMostHiddenByDefault;
}

// How many cases get an estimate of log p(v) beside their bound.
std::size_t estimated_cases(const Recipe& recipe, const DeepBoltzmannMachine& machine, std::size_t measured) {
  std::size_t wanted = recipe.measure.net_cases;
  if (wanted == 0 && (recipe.measure.likelihood != "auto" || is_summed(recipe, machine)))
    wanted = kCasesByDefault;
  return std::min(wanted, measured);
}

Measurement bound_measurement(const std::string& name, std::span<const double> bounds, const LogZ& z) {
  return with_error_of(mean_measurement(name, bounds, "nats", "mean field; " + z.how), z.error);
}

void warn_of_few_runs(const MachineLikelihood& likelihood, MeasureResult& result) {
  auto sorted = likelihood.effective_runs;
  std::sort(sorted.begin(), sorted.end());
  if (sorted[sorted.size() / 10] >= kFewRuns) return;
  result.warnings.push_back(
      "the annealed runs of a tenth of the cases are worth " + number_text(sorted[sorted.size() / 10], 2) +
      " samples of the posterior or fewer, so their log-probability is estimated too low: raise "
      "measure.net_samples or measure.net_temperatures.");
}

// log p(v) of the first cases, with the bound of the same ones.
void add_estimates(const Recipe& recipe, const DeepBoltzmannMachine& machine, const MeasuredCases& cases,
                   const std::string& prefix, const LogZ& z, ThreadTeam& team, Reporter& reporter,
                   MeasureResult& result) {
  const std::size_t count = estimated_cases(recipe, machine, cases.size());
  if (count == 0) return;
  const MeasureRecipe& m = recipe.measure;
  const bool summed = is_summed(recipe, machine);
  MachineLikelihoodOptions options;
  options.runs = m.net_samples, options.temperatures = m.net_temperatures, options.seed = recipe.seed;
  options.progress = [&](double done) { reporter.working("annealing from mean field", done); };
  const Matrix<float> values = cases.first(count);
  const MachineLikelihood likelihood = summed ? exact_machine_likelihoods(machine, values, z.value, team)
                                              : machine_likelihoods(machine, values, z.value, options, team);
  const std::string how = summed ? "exact sum over hidden layers"
                                 : std::to_string(m.net_samples) +
                                       " runs a case from mean field to the posterior, in " +
                                       std::to_string(m.net_temperatures) + " steps";
  result.measurements.push_back(with_error_of(
      mean_measurement(prefix + "_log_probability", likelihood.log_probability, "nats", how + "; " + z.how),
      z.error));
  if (count < cases.size())
    result.measurements.push_back(
        bound_measurement(prefix + "_log_probability_bound_paired", likelihood.bound, z));
  if (summed) return;
  result.measurements.push_back(mean_measurement(prefix + "_effective_runs", likelihood.effective_runs,
                                                 "runs", "of " + std::to_string(m.net_samples) + " a case"));
  warn_of_few_runs(likelihood, result);
}

}  // namespace

std::string find_machine_measure_fault(const Recipe& recipe, const RecipeData& data,
                                       const DeepBoltzmannMachine& machine) {
  const MeasureRecipe& m = recipe.measure;
  for (const auto& [asked, key] :
       {std::pair{m.kl, "measure.kl"}, std::pair{m.pseudo_likelihood, "measure.pseudo_likelihood"},
        std::pair{!m.one_class.empty(), "measure.one_class"}})
    if (asked) return std::string(key) + " is not there for a deep Boltzmann machine; leave it out.";
  if (data.judged().has_missing() || data.train.has_missing())
    return "a deep Boltzmann machine is measured on whole cases, but the data have missing values.";
  if (m.likelihood != "exact") return {};
  const std::string layers = "\"" + layers_to_string(machine.specs()) + "\"";
  if (!can_enumerate(folded(machine)))
    return "log Z of " + layers +
           " cannot be summed: its layers of even and those of odd number both have more than 2^25 states "
           "(25 units); set likelihood = \"annealed\".";
  if (summed_hidden_states(machine) > kMostHiddenStates)
    return "the likelihood of cases under " + layers +
           " cannot be summed: its hidden layers of even and those of odd number both have more than 2^20 "
           "states (20 units); set likelihood = \"annealed\".";
  return {};
}

void measure_machine(const Recipe& recipe, const RecipeData& data, const DeepBoltzmannMachine& machine,
                     const MeasuredCases& judged, const std::string& prefix, ThreadTeam& team,
                     Reporter& reporter, MeasureResult& result) {
  if (recipe.measure.likelihood == "none") return;
  std::string fault = find_machine_measure_fault(recipe, data, machine);
  if (fault.empty()) fault = judged.find_grey_value(machine.layers[0].spec);
  if (!fault.empty()) {
    result.warnings.push_back(fault);
    return;
  }
  const Matrix<float> states = folded_cases(machine, judged.first(kBaseCases), States::kSamples,
                                            Noise(recipe.seed, Stream::kMeasure, 0), team);
  const LogZ z = log_z_of(folded(machine), "machine", states, recipe, team, reporter, result);
  add_log_z(z, "", result);
  const auto bounds = judged.each([&](const Matrix<float>& piece) {
    return machine_likelihoods(machine, piece, z.value, {}, team).bound;
  });
  result.measurements.push_back(bound_measurement(prefix + "_log_probability_bound", bounds, z));
  add_bracket(prefix + "_log_probability_bracket", z, result);
  add_estimates(recipe, machine, judged, prefix, z, team, reporter, result);
}

}  // namespace harmonium
