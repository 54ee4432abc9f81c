#include "harmonium/measure/machine_likelihood.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "harmonium/base/error.h"
#include "harmonium/measure/annealed.h"
#include "harmonium/measure/exact.h"
#include "harmonium/measure/statistics.h"

namespace harmonium {
namespace {

// Steps of Stream::kMeasure far from those of annealing log Z and of nets.
constexpr std::uint64_t kFirstStep = std::uint64_t{1} << 41;
// Base models of single cases may be surer than those of data.
constexpr double kGuard = 1e-4;

// -E of the visible layer alone, b_0' v: what given_case leaves out.
double visible_term(const DeepBoltzmannMachine& machine, std::span<const float> visible) {
  double sum = 0;
  for (std::size_t i = 0; i < visible.size(); ++i)
    sum += static_cast<double>(machine.layers[0].bias[i]) * visible[i];
  return sum;
}

// Annealing of the hidden layers of one case, its odd layers from their mean field on.
AnnealedLogZ anneal_case(const DeepBoltzmannMachine& machine, const MeanFieldPosterior& posterior,
                         std::size_t row, std::span<const float> visible,
                         const MachineLikelihoodOptions& options, std::uint64_t number) {
  const Rbm hidden = given_case(machine, visible);
  std::vector<double> means;
  for (std::size_t n = 1; n <= machine.depth(); n += 2) {
    const auto layer = posterior.means[n - 1].row(row);
    means.insert(means.end(), layer.begin(), layer.end());
  }
  AnnealingOptions annealing;
  annealing.runs = options.runs;
  annealing.schedule = uniform_schedule(options.temperatures);
  annealing.seed = Noise(options.seed, Stream::kMeasure, kFirstStep + number).key();
  ThreadTeam own(1);  // the caller has shared out the cases
  return annealed_log_z(hidden, base_rate_bias(hidden.visible.spec, means, kGuard), annealing, own);
}

void refuse_grey(const DeepBoltzmannMachine& machine, ConstMatrixView<float> visible) {
  check(visible.cols() == machine.columns(0), "the likelihood takes the columns of the visible layer");
  if (const auto fault = find_grey_value(machine.layers[0].spec, visible); !fault.empty())
    throw InputError(fault);
}

std::vector<double> minus(std::vector<double> values, double log_z) {
  for (double& value : values) value -= log_z;
  return values;
}

}  // namespace

std::vector<float> folded_base_bias(const DeepBoltzmannMachine& machine, ConstMatrixView<float> visible,
                                    ThreadTeam& team) {
  const auto means = folded_cases(machine, visible, States::kMeans, Noise(0, Stream::kMeasure, 0), team);
  return base_rate_bias(folded(machine).visible.spec, column_means(means));
}

MachineLikelihood machine_likelihoods(const DeepBoltzmannMachine& machine, ConstMatrixView<float> visible,
                                      double log_z, const MachineLikelihoodOptions& options, ThreadTeam& team,
                                      std::uint64_t first_case) {
  refuse_grey(machine, visible);
  const MeanFieldPosterior posterior = mean_field(machine, visible, options.mean_field, team);
  MachineLikelihood result;
  result.bound = minus(posterior.bounds, log_z);
  if (options.runs == 0) return result;
  result.log_probability = result.bound;
  result.effective_runs.assign(visible.rows(), static_cast<double>(options.runs));
  if (machine.depth() == 1) return result;  // mean field is the posterior
  std::atomic<std::size_t> done{0};
  team.run(visible.rows(), [&](std::size_t r, unsigned worker) {
    const AnnealedLogZ z = anneal_case(machine, posterior, r, visible.row(r), options, first_case + r);
    result.log_probability[r] = visible_term(machine, visible.row(r)) + z.log_z - log_z;
    result.effective_runs[r] = z.effective_runs;
    const std::size_t finished = done.fetch_add(1) + 1;
    if (options.progress && worker == 0)
      options.progress(static_cast<double>(finished) / static_cast<double>(visible.rows()));
  });
  return result;
}

double summed_hidden_states(const DeepBoltzmannMachine& machine) {
  if (machine.depth() == 1) return 1;
  double odd = 1, even = 1;
  for (std::size_t n = 1; n < machine.layers.size(); ++n)
    (n % 2 == 1 ? odd : even) *= count_states(machine.layers[n].spec);
  return std::min(odd, even);
}

MachineLikelihood exact_machine_likelihoods(const DeepBoltzmannMachine& machine,
                                            ConstMatrixView<float> visible, double log_z, ThreadTeam& team) {
  refuse_grey(machine, visible);
  if (summed_hidden_states(machine) > kMostHiddenStates)
    throw InputError("the likelihood of \"" + layers_to_string(machine.specs()) +
                     "\" cannot be summed: its odd and its even hidden layers both have more than 2^20 "
                     "states (20 units).");
  MachineLikelihood result;
  result.bound = minus(mean_field(machine, visible, {}, team).bounds, log_z);
  result.log_probability = result.bound;
  result.effective_runs.assign(visible.rows(), summed_hidden_states(machine));
  if (machine.depth() == 1) return result;
  team.run(visible.rows(), [&](std::size_t r, unsigned) {
    ThreadTeam own(1);
    result.log_probability[r] =
        visible_term(machine, visible.row(r)) + exact_log_z(given_case(machine, visible.row(r)), own) - log_z;
  });
  return result;
}

}  // namespace harmonium
