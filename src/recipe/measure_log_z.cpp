#include "recipe/measure_log_z.h"

#include <cmath>

#include "harmonium/measure/annealed.h"
#include "harmonium/measure/exact.h"
#include "harmonium/measure/statistics.h"
#include "recipe/measure_likelihood.h"

namespace harmonium {

LogZ log_z_of(const Rbm& rbm, const std::string& which, ConstMatrixView<float> visible, const Recipe& recipe,
              ThreadTeam& team, Reporter& reporter, MeasureResult& result) {
  const MeasureRecipe& m = recipe.measure;
  LogZ log_z;
  if (m.likelihood == "exact" || (m.likelihood == "auto" && is_short_sum(rbm))) {
    log_z.value = exact_log_z(rbm, team, [&](double done) { reporter.working("summing log Z", done); });
    log_z.how = "exact log Z";
    return log_z;
  }
  const LikelihoodPlan plan = likelihood_plan(recipe, false);
  const Annealing annealing = anneal(rbm, base_rate_bias(rbm.visible.spec, column_means(visible)), visible,
                                     plan, "annealing the " + which, team, reporter);
  const AnnealedLogZ& annealed = annealing.log_z;
  warn_of_few_runs(annealed, plan, "annealing the " + which, "log Z", result);
  log_z.value = annealed.log_z, log_z.error = annealed.high - annealed.log_z;
  log_z.effective_runs = annealed.effective_runs, log_z.runs = plan.runs;
  log_z.how = "log Z by annealed importance sampling, " + std::to_string(plan.runs) + " runs of " +
              std::to_string(plan.temperatures) + " temperatures, " + effective_text(annealed.effective_runs);
  if (plan.raise_cases > 0 && visible.rows() > 0) {
    const auto paired = pair_likelihoods(rbm, visible, plan, annealing, team, reporter, result);
    log_z.bracket = paired.bracket, log_z.bracket_states = paired.raise.size();
  }
  return log_z;
}

void add_log_z(const LogZ& z, const std::string& of, MeasureResult& result) {
  Measurement log_z{"log_z", z.value, {}, 0, "nats", (of.empty() ? "" : "of the " + of + "; ") + z.how};
  if (z.error > 0) log_z.standard_error = z.error;
  result.measurements.push_back(log_z);
  if (z.effective_runs)
    result.measurements.push_back(
        {"log_z_effective_runs",
         *z.effective_runs,
         {},
         0,
         "runs",
         "of " + std::to_string(z.runs) + ": how many equal weights would tell as much"});
}

void add_bracket(const std::string& name, const LogZ& z, MeasureResult& result) {
  if (z.bracket)
    result.measurements.push_back(bracket_measurement(
        name, *z.bracket, z.bracket_states,
        "how much lower they may be: annealed minus RAISE under the RBM whose log Z they rest on, state by "
        "state"));
}

Measurement with_error_of(Measurement m, double error) {
  m.standard_error = std::hypot(m.standard_error.value_or(0), error);
  return m;
}

}  // namespace harmonium
