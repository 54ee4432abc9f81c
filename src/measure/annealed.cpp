#include "harmonium/measure/annealed.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <utility>

#include "harmonium/base/error.h"
#include "harmonium/kernels/products.h"
#include "measure/annealed_path.h"

namespace harmonium {

namespace {

constexpr double kTwoSided95 = 1.959964;

double log_or_minus_infinity(double x) {
  return x > 0.0 ? std::log(x) : -std::numeric_limits<double>::infinity();
}

// Hall's cubic transformation inverted: the value of T = (mean - truth) / (deviation / sqrt(n)) that is as
// far out as the normal quantile z, for samples of skewness g:  T = 3 sqrt(n) / g ((1 + g / sqrt(n) (z - g /
// (6 sqrt(n))))^1/3 - 1).
double skewed_quantile(double z, double g, double n) {
  const double a = g / std::sqrt(n);
  if (std::abs(a) < 1e-6) return z;
  return 3.0 / a * (std::cbrt(1.0 + a * (z - a / 6.0)) - 1.0);
}

}  // namespace

AnnealedLogZ summarise_log_weights(std::vector<double> log_weights) {
  check(!log_weights.empty(), "an estimate needs at least one weight");
  AnnealedLogZ result;
  const double largest = *std::max_element(log_weights.begin(), log_weights.end());
  const auto n = static_cast<double>(log_weights.size());
  double sum = 0, squares = 0;
  for (const double w : log_weights) {
    const double scaled = std::exp(w - largest);
    sum += scaled, squares += scaled * scaled;
  }
  result.log_z = largest + std::log(sum / n);
  result.effective_runs = sum * sum / squares;
  // From here on in units of the mean weight.
  double variance = 0, cubes = 0;
  for (const double w : log_weights) {
    const double distance = std::exp(w - result.log_z) - 1.0;
    variance += distance * distance / n, cubes += distance * distance * distance / n;
  }
  const double skewness = variance > 0 ? cubes / std::pow(variance, 1.5) : 0.0;
  const double error = n > 1 ? std::sqrt(variance / (n - 1)) : 0.0;
  result.low = result.log_z + log_or_minus_infinity(1.0 - error);
  result.high = result.log_z + std::log1p(error);
  result.interval_low =
      result.log_z + log_or_minus_infinity(1.0 - error * skewed_quantile(kTwoSided95, skewness, n));
  result.interval_high = result.log_z + std::log1p(-error * skewed_quantile(-kTwoSided95, skewness, n));
  result.log_weights = std::move(log_weights);
  return result;
}

AnnealedLogZ annealed_log_z(const Rbm& rbm, std::span<const float> base_visible_bias,
                            const AnnealingOptions& options, ThreadTeam& team) {
  if (options.runs < 1) throw InputError("annealing needs at least one run.");
  const auto betas = options.schedule.empty() ? standard_schedule(options.temperatures) : options.schedule;
  check_schedule(betas);
  const AnnealedPath path(rbm, base_visible_bias);
  std::vector<double> log_weights(options.runs, path.base_log_z());
  std::atomic<std::size_t> ticks{0};
  const std::size_t block = block_of_cases(options.runs), blocks = (options.runs + block - 1) / block;
  const double all = static_cast<double>(blocks) * static_cast<double>(betas.size() - 1);
  team.run_blocks(options.runs, block, [&](std::size_t first, std::size_t count, unsigned worker) {
    AnnealedChains chains(path, first, count);
    chains.start_from_base(Noise(options.seed, Stream::kMeasure, 0));
    std::vector<double> changes(count);
    for (std::size_t k = 1; k < betas.size(); ++k) {
      chains.changes(betas[k - 1], betas[k], changes);
      for (std::size_t r = 0; r < count; ++r) log_weights[first + r] += changes[r];
      if (k + 1 < betas.size()) chains.step(betas[k], Noise(options.seed, Stream::kMeasure, k));
      const std::size_t done = ticks.fetch_add(1) + 1;
      if (options.progress && worker == 0) options.progress(static_cast<double>(done) / all);
    }
  });
  return summarise_log_weights(std::move(log_weights));
}

}  // namespace harmonium
