#include "harmonium/samplers/trajectory.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "harmonium/base/error.h"
#include "harmonium/kernels/products.h"

namespace harmonium {
namespace {

// Children of a step's noise; parallel tempering has the first three.
constexpr std::uint64_t kHiddenHalf = 10, kVisibleHalf = 11, kCoins = 12;

std::vector<std::uint64_t> numbered(std::size_t first, std::size_t count) {
  std::vector<std::uint64_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), first);
  return numbers;
}

// One step of all chains at once: `run_blocks` of every model, each block in one thread.
class Step {
 public:
  Step(std::span<const Rbm* const> models, std::span<const PackedWeights> packed, TrajectoryChains& chains,
       const Clamp& clamp, ThreadTeam& team)
      : models_(models),
        packed_(packed),
        chains_(chains),
        clamp_(clamp),
        team_(team),
        block_(block_of_cases(chains.chains)),
        blocks_((chains.chains + block_ - 1) / block_),
        memories_(team.size()),
        hidden_(team.size()),
        own_(models.size(), chains.chains),
        other_(models.size(), chains.chains) {}

  void run(std::uint64_t step, std::uint64_t seed) {
    const Noise noise(seed, Stream::kTempering, step);
    each_block([&](std::size_t t, std::size_t first, std::size_t count, unsigned worker) {
      gibbs(t, first, count, noise, worker);
    });
    const std::size_t first_pair = step % 2;
    each_block([&](std::size_t t, std::size_t first, std::size_t count, unsigned worker) {
      energies(t, partner_of(t, first_pair), first, count, worker);
    });
    for (std::size_t t = first_pair; t + 1 < models_.size(); t += 2) exchange(t, noise.child(kCoins));
    for (std::size_t m = 0; m < chains_.chains; ++m) chains_.trips.end_step(m);
  }

 private:
  template <class F>
  void each_block(F f) {
    team_.run(models_.size() * blocks_, [&](std::size_t index, unsigned worker) {
      const std::size_t t = index / blocks_, first = index % blocks_ * block_;
      memories_[worker].packed = &packed_[t];
      f(t, first, std::min(block_, chains_.chains - first), worker);
    });
  }

  // The neighbour with which model t may exchange, or t where it has none this time.
  std::size_t partner_of(std::size_t t, std::size_t first_pair) const {
    const std::size_t partner = t % 2 == first_pair ? t + 1 : t - 1;  // 0 - 1 is beyond the end too
    return partner < models_.size() ? partner : t;
  }

  MatrixView<float> rows(std::size_t t, std::size_t first, std::size_t count) {
    return chains_.visible.view().row_block(t * chains_.chains + first, count);
  }

  void gibbs(std::size_t t, std::size_t first, std::size_t count, const Noise& noise, unsigned worker) {
    const auto numbers = numbered(t * chains_.chains + first, count);
    const auto visible = rows(t, first, count);
    Matrix<float>& hidden = hidden_[worker];
    hidden.resize(count, models_[t]->hidden_columns());
    half_step(*models_[t], Side::kHidden, visible, {}, {}, hidden, noise.child(kHiddenHalf), numbers,
              memories_[worker]);
    half_step(*models_[t], Side::kVisible, hidden, {}, {}, visible, noise.child(kVisibleHalf), numbers,
              memories_[worker]);
    clamp_.hold(first, visible);
  }

  // Free energies under model t of its own states and of its partner's.
  void energies(std::size_t t, std::size_t partner, std::size_t first, std::size_t count, unsigned worker) {
    if (partner == t) return;
    free_energy(*models_[t], rows(t, first, count), own_.row(t).subspan(first, count), memories_[worker]);
    free_energy(*models_[t], rows(partner, first, count), other_.row(t).subspan(first, count),
                memories_[worker]);
  }

  void exchange(std::size_t t, const Noise& coins) {
    for (std::size_t m = 0; m < chains_.chains; ++m) {
      const double gain = own_(t, m) + own_(t + 1, m) - other_(t, m) - other_(t + 1, m);
      if (static_cast<double>(coins.uniform(m, static_cast<std::uint32_t>(t))) >=
          std::exp(std::min(gain, 0.0)))
        continue;
      const auto a = chains_.visible.row(t * chains_.chains + m),
                 b = chains_.visible.row((t + 1) * chains_.chains + m);
      std::swap_ranges(a.begin(), a.end(), b.begin());
      chains_.accepted[t] += 1.0;
      chains_.trips.exchange(t, m);
    }
    chains_.proposed[t] += static_cast<double>(chains_.chains);
  }

  std::span<const Rbm* const> models_;
  std::span<const PackedWeights> packed_;
  TrajectoryChains& chains_;
  const Clamp& clamp_;
  ThreadTeam& team_;
  std::size_t block_, blocks_;
  std::vector<HalfStepMemory> memories_;
  std::vector<Matrix<float>> hidden_;
  Matrix<double> own_, other_;
};

}  // namespace

TrajectoryChains start_trajectory(std::span<const Rbm* const> models, std::size_t chains,
                                  std::uint64_t seed) {
  check(models.size() >= 2 && chains >= 1, "trajectory tempering needs two models and a chain");
  const Rbm& last = *models.back();
  if (!last.visible.spec.has_energy() || !last.hidden.spec.has_energy())
    throw InputError(
        "trajectory tempering needs an energy, which rectified units do not have; use stepped units, which "
        "they approximate, or mix by Gibbs steps alone.");
  if (last.visible.spec.has_open_length())
    throw InputError(
        "trajectory tempering cannot exchange documents of different lengths; mix by Gibbs "
        "steps alone.");
  TrajectoryChains result;
  result.chains = chains;
  result.visible = Matrix<float>(models.size() * chains, last.visible_columns());
  result.proposed.assign(models.size() - 1, 0.0);
  result.accepted.assign(models.size() - 1, 0.0);
  result.trips = RoundTrips(models.size(), chains);
  const Noise noise = Noise(seed, Stream::kChainStart, 0).child(kVisibleHalf);
  const Matrix<float> no_interaction(chains, last.visible_columns());
  for (std::size_t t = 0; t < models.size(); ++t) {
    if (models[t]->visible.spec != last.visible.spec || models[t]->hidden.spec != last.hidden.spec)
      throw InputError("trajectory tempering needs models with the same layers.");
    conditional(models[t]->visible, no_interaction, {}, {},
                result.visible.view().row_block(t * chains, chains), noise, numbered(t * chains, chains));
  }
  return result;
}

void advance_trajectory(std::span<const Rbm* const> models, std::span<const PackedWeights> packed,
                        TrajectoryChains& chains, std::uint64_t steps, std::uint64_t seed, ThreadTeam& team,
                        const Clamp& clamp) {
  check(models.size() == packed.size() && models.size() == chains.models(), "chains of these models");
  Step step(models, packed, chains, clamp, team);
  for (std::uint64_t s = 0; s < steps; ++s) step.run(chains.steps++, seed);
}

void sample_trajectory_hidden(std::span<const Rbm* const> models, std::span<const PackedWeights> packed,
                              const TrajectoryChains& chains, std::uint64_t seed, MatrixView<float> hidden,
                              ThreadTeam& team) {
  const std::size_t last = models.size() - 1;
  const Noise noise = Noise(seed, Stream::kTempering, chains.steps).child(kHiddenHalf);
  PassMemory memories(packed[last], team);
  team.run_blocks(chains.chains, block_of_cases(chains.chains),
                  [&](std::size_t first, std::size_t count, unsigned worker) {
                    half_step(*models[last], Side::kHidden, chains.model_visible().row_block(first, count),
                              {}, {}, hidden.row_block(first, count), noise,
                              numbered(last * chains.chains + first, count), memories[worker]);
                  });
}

}  // namespace harmonium
