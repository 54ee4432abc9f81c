#include "harmonium/measure/raise.h"

#include <algorithm>
#include <atomic>
#include <cmath>

#include "harmonium/base/error.h"
#include "harmonium/kernels/products.h"
#include "harmonium/measure/annealed.h"
#include "harmonium/measure/exact.h"
#include "measure/annealed_path.h"
#include "measure/log_sum.h"

namespace harmonium {
namespace {

// Chains in reverse have random numbers of their own beside those of annealing under the same seed.
constexpr std::uint64_t kReverse = 2;

}  // namespace

std::vector<double> raise_log_likelihoods(const Rbm& rbm, std::span<const float> base_visible_bias,
                                          ConstMatrixView<float> visible, const RaiseOptions& options,
                                          ThreadTeam& team) {
  const auto& betas = options.schedule;
  check_schedule(betas);
  if (options.chains < 1) throw InputError("each case needs at least one chain.");
  if (auto fault = find_grey_value(rbm.visible.spec, visible); !fault.empty()) throw InputError(fault);
  const AnnealedPath path(rbm, base_visible_bias);
  const std::size_t all_chains = visible.rows() * options.chains, last = betas.size() - 1;
  std::vector<double> log_weights(all_chains, -path.base_log_z());
  const std::size_t block = block_of_cases(all_chains);
  const double all = static_cast<double>((all_chains + block - 1) / block) * static_cast<double>(last);
  std::atomic<std::size_t> ticks{0};
  team.run_blocks(all_chains, block, [&](std::size_t first, std::size_t count, unsigned worker) {
    Matrix<float> cases(count, visible.cols());
    for (std::size_t r = 0; r < count; ++r)
      std::copy_n(visible.row((first + r) / options.chains).begin(), visible.cols(), cases.row(r).begin());
    AnnealedChains chains(path, first, count);
    chains.start_at(cases);
    std::vector<double> changes(count);
    const auto add = [&] {
      for (std::size_t r = 0; r < count; ++r) log_weights[first + r] += changes[r];
    };
    chains.log_f(changes), add();
    for (std::size_t k = last; k > 0; --k) {
      chains.step(betas[k], Noise(options.seed, Stream::kMeasure, k).child(kReverse));
      chains.changes(betas[k], betas[k - 1], changes), add();
      const std::size_t done = ticks.fetch_add(1) + 1;
      if (options.progress && worker == 0) options.progress(static_cast<double>(done) / all);
    }
  });
  std::vector<double> result(visible.rows());
  for (std::size_t i = 0; i < result.size(); ++i) {
    const auto own = log_weights.begin() + static_cast<std::ptrdiff_t>(i * options.chains);
    result[i] = log_mean_exp(std::span(own, options.chains));
  }
  return result;
}

LikelihoodBracket bracket_of(std::span<const double> annealed, std::span<const double> raise,
                             double log_z_error) {
  check(annealed.size() == raise.size() && !raise.empty(), "both sides of a bracket are of the same cases");
  const auto n = static_cast<double>(raise.size());
  LikelihoodBracket bracket;
  for (std::size_t i = 0; i < raise.size(); ++i) bracket.width += (annealed[i] - raise[i]) / n;
  double squares = 0;
  for (std::size_t i = 0; i < raise.size(); ++i) {
    const double distance = annealed[i] - raise[i] - bracket.width;
    squares += distance * distance;
  }
  const double of_the_mean = raise.size() > 1 ? std::sqrt(squares / (n - 1) / n) : HUGE_VAL;
  bracket.error = std::hypot(of_the_mean, log_z_error);
  return bracket;
}

}  // namespace harmonium
