#include "recipe/measure_log_z.h"

#include <algorithm>
#include <cmath>

#include "harmonium/measure/annealed.h"
#include "harmonium/measure/exact.h"
#include "harmonium/measure/statistics.h"
#include "harmonium/render/number.h"
#include "recipe/measure_likelihood.h"

namespace harmonium {

bool can_sum(const Rbm& rbm, double most) {
  if (!can_enumerate(rbm)) return false;
  const auto states = [](const LayerSpec& spec) {
    return spec.is_enumerable() ? count_states(spec) : HUGE_VAL;
  };
  return std::min(states(rbm.visible.spec), states(rbm.hidden.spec)) <= most;
}

LogZ log_z_of(const Rbm& rbm, const std::string& which, ConstMatrixView<float> visible, const Recipe& recipe,
              ThreadTeam& team, Reporter& reporter, MeasureResult& result) {
  const MeasureRecipe& m = recipe.measure;
  if (m.likelihood == "exact" || (m.likelihood == "auto" && can_sum(rbm, kMostStatesByDefault)))
    return {exact_log_z(rbm, team, [&](double done) { reporter.working("summing log Z", done); }),
            0,
            "exact log Z",
            {},
            0};
  const auto base = base_rate_bias(rbm.visible.spec, column_means(visible));
  AnnealingOptions options;
  options.runs = m.annealing_runs;
  const LikelihoodPlan plan = likelihood_plan(recipe, false);
  options.schedule = planned_schedule(rbm, visible, base, plan, team, reporter);
  options.seed = recipe.seed;
  options.progress = [&](double done) { reporter.working("annealing the " + which, done); };
  const AnnealedLogZ z = annealed_log_z(rbm, base, options, team);
  if (z.effective_runs < 0.1 * static_cast<double>(m.annealing_runs))
    result.warnings.push_back("annealing the " + which + " ended with " + number_text(z.effective_runs, 3) +
                              " effective runs of " + std::to_string(m.annealing_runs) +
                              ", too few to believe its log Z: raise measure.annealing_temperatures.");
  LogZ result_z{z.log_z,
                z.high - z.log_z,
                "log Z by annealed importance sampling, " + std::to_string(m.annealing_runs) + " runs of " +
                    std::to_string(m.annealing_temperatures) + " temperatures, effective runs " +
                    std::to_string(static_cast<int>(z.effective_runs)),
                {},
                0};
  if (plan.raise_cases > 0 && visible.rows() > 0) {
    const auto paired =
        pair_likelihoods(rbm, visible, plan, base, z, options.schedule, team, reporter, result);
    result_z.bracket = paired.bracket, result_z.bracket_states = paired.raise.size();
  }
  return result_z;
}

void add_bracket(const std::string& name, const LogZ& z, MeasureResult& result) {
  if (z.bracket)
    result.measurements.push_back(
        {name, z.bracket->width, z.bracket->error, z.bracket_states, "nats",
         "how much lower they may be: annealed minus RAISE under the RBM whose log Z "
         "they rest on, state by state"});
}

Measurement with_error_of(Measurement m, double error) {
  m.standard_error = std::hypot(m.standard_error.value_or(0), error);
  return m;
}

}  // namespace harmonium
