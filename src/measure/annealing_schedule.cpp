#include "harmonium/measure/annealing_schedule.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "harmonium/base/error.h"
#include "harmonium/kernels/products.h"
#include "measure/annealed_path.h"

namespace harmonium {
namespace {

constexpr std::size_t kFewestSteps = 4;
// Pilots have random numbers of their own beside those of other measures under the same seed.
constexpr std::uint64_t kPilot = 3;
// Intervals whose variances are estimated, and the share of the steps that is spread evenly.
constexpr std::size_t kIntervals = 50;
constexpr double kEvenShare = 0.1;

// Log-weights of chains that start at cases and go back to the base, interval by interval: one row an
// interval, one column a chain. `ends` are the intervals' last steps.
Matrix<double> pilot_changes(const AnnealedPath& path, std::span<const float> betas,
                             std::span<const std::size_t> ends, ConstMatrixView<float> cases,
                             std::size_t runs, const Noise& noise, ThreadTeam& team,
                             const std::function<void()>& tick) {
  Matrix<double> all(ends.size(), runs);
  team.run_blocks(runs, block_of_cases(runs), [&](std::size_t first, std::size_t count, unsigned worker) {
    Matrix<float> starts(count, cases.cols());
    for (std::size_t r = 0; r < count; ++r)
      std::copy_n(cases.row((first + r) % cases.rows()).begin(), cases.cols(), starts.row(r).begin());
    AnnealedChains chains(path, first, count);
    chains.start_at(starts);
    std::vector<double> changes(count);
    std::size_t interval = ends.size() - 1;
    for (std::size_t k = betas.size() - 1; k > 0; --k) {
      if (interval > 0 && k == ends[interval - 1]) --interval;
      chains.step(betas[k], noise.child(k));
      chains.changes(betas[k], betas[k - 1], changes);
      for (std::size_t r = 0; r < count; ++r) all(interval, first + r) += changes[r];
      if (worker == 0) tick();
    }
  });
  return all;
}

double variance_of(std::span<const double> values) {
  const auto n = static_cast<double>(values.size());
  double mean = 0, squares = 0;
  for (const double v : values) mean += v / n;
  for (const double v : values) squares += (v - mean) * (v - mean);
  return squares / (n - 1);
}

// Steps whose density in each of the intervals (`marks` are their ends, from 0 to 1) is `length` over the
// interval's width.
std::vector<float> place(std::size_t steps, std::span<const double> marks, std::span<const double> lengths) {
  std::vector<double> reached = {0.0};
  for (const double length : lengths) reached.push_back(reached.back() + length);
  std::vector<float> betas = {0.0f};
  std::size_t s = 0;
  for (std::size_t k = 1; k < steps; ++k) {
    const double at = reached.back() * static_cast<double>(k) / static_cast<double>(steps);
    while (s + 1 < lengths.size() && reached[s + 1] < at) ++s;
    const double part = lengths[s] > 0 ? (at - reached[s]) / lengths[s] : 1.0;
    betas.push_back(static_cast<float>(marks[s] + std::min(part, 1.0) * (marks[s + 1] - marks[s])));
  }
  betas.push_back(1.0f);
  return betas;
}

}  // namespace

std::vector<float> uniform_schedule(std::size_t steps) {
  const std::size_t n = std::max(steps, kFewestSteps);
  const double marks[] = {0.0, 1.0}, lengths[] = {1.0};
  return place(n, marks, lengths);
}

std::vector<float> standard_schedule(std::size_t steps) {
  const std::size_t n = std::max(steps, kFewestSteps);
  const auto first = std::max<std::size_t>(1, n * 34 / 1000),
             second = std::max<std::size_t>(1, n * 276 / 1000);
  std::vector<float> betas = {0.0f};
  const auto spread = [&betas](double from, double to, std::size_t count) {
    for (std::size_t k = 1; k <= count; ++k)
      betas.push_back(
          static_cast<float>(from + (to - from) * static_cast<double>(k) / static_cast<double>(count)));
  };
  spread(0.0, 0.5, first);
  spread(0.5, 0.9, second);
  spread(0.9, 1.0, n - first - second);
  return betas;
}

std::vector<float> respaced(std::span<const float> betas, std::size_t steps) {
  check_schedule(betas);
  const std::size_t n = std::max(steps, kFewestSteps), given = betas.size() - 1;
  std::vector<float> result(n + 1);
  for (std::size_t k = 0; k <= n; ++k) {
    const std::size_t below = k * given / n, rest = k * given % n;
    const double part = static_cast<double>(rest) / static_cast<double>(n);
    result[k] = rest == 0 ? betas[below]
                          : static_cast<float>(betas[below] + part * (static_cast<double>(betas[below + 1]) -
                                                                      static_cast<double>(betas[below])));
  }
  return result;
}

void check_schedule(std::span<const float> betas) {
  bool good = betas.size() >= 2 && betas.front() == 0.0f && betas.back() == 1.0f;
  // Written so that NaN fails.
  for (std::size_t k = 1; good && k < betas.size(); ++k) good = betas[k - 1] <= betas[k];
  if (!good) throw InputError("the inverse temperatures of a schedule ascend from 0 to 1.");
}

std::vector<float> adaptive_schedule(const Rbm& rbm, std::span<const float> base_visible_bias,
                                     ConstMatrixView<float> cases, std::size_t steps,
                                     const PilotOptions& pilot, ThreadTeam& team) {
  if (pilot.runs < 2) throw InputError("a pilot needs at least two runs.");
  if (cases.rows() < 1) throw InputError("a pilot needs cases to start from.");
  const AnnealedPath path(rbm, base_visible_bias);
  std::vector<float> betas = standard_schedule(pilot.steps);
  const std::size_t pilot_steps = betas.size() - 1, intervals = std::min(kIntervals, pilot_steps);
  std::vector<std::size_t> ends(intervals);
  for (std::size_t s = 0; s < intervals; ++s) ends[s] = (s + 1) * pilot_steps / intervals;
  std::size_t ticks = 0;
  const auto tick = [&] {
    if (pilot.progress)
      pilot.progress(std::min(1.0, static_cast<double>(++ticks) / static_cast<double>(2 * pilot_steps)));
  };
  for (const std::uint64_t round : {0u, 1u}) {
    const Noise noise = Noise(pilot.seed, Stream::kMeasure, round).child(kPilot);
    const auto changes = pilot_changes(path, betas, ends, cases, pilot.runs, noise, team, tick);
    std::vector<double> marks = {0.0}, lengths(intervals);
    for (std::size_t s = 0; s < intervals; ++s) {
      marks.push_back(betas[ends[s]]);
      const auto n = static_cast<double>(ends[s] - (s > 0 ? ends[s - 1] : 0));
      lengths[s] = std::sqrt(variance_of(changes.view().row(s)) * n);
    }
    const double whole = std::accumulate(lengths.begin(), lengths.end(), 0.0);
    if (!(whole > 0.0 && whole < std::numeric_limits<double>::infinity())) return uniform_schedule(steps);
    for (std::size_t s = 0; s < intervals; ++s)
      lengths[s] = (1.0 - kEvenShare) * lengths[s] + kEvenShare * whole * (marks[s + 1] - marks[s]);
    betas = place(round == 0 ? pilot_steps : std::max(steps, kFewestSteps), marks, lengths);
  }
  return betas;
}

}  // namespace harmonium
