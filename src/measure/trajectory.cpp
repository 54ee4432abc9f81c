#include "harmonium/measure/trajectory.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "harmonium/base/error.h"
#include "harmonium/kernels/products.h"
#include "measure/annealed_path.h"
#include "measure/log_sum.h"
#include "samplers/state_fault.h"

namespace harmonium {
namespace {

// Chains that follow have random numbers of their own beside those of other measures under the same seed.
constexpr std::uint64_t kFollowing = 4, kDrawing = 1'000'000'000;

// The parameters a part of the way from one model to another.
void put_between(Rbm& from, Rbm& to, float part, Rbm& result) {
  const auto a = from.parameters(""), b = to.parameters(""), c = result.parameters("");
  for (std::size_t t = 0; t < c.size(); ++t)
    for (std::size_t i = 0; i < c[t].values.size(); ++i)
      c[t].values[i] = (1.0f - part) * a[t].values[i] + part * b[t].values[i];
}

}  // namespace

std::string find_trajectory_fault(const LayerSpec& visible, const LayerSpec& hidden) {
  if (normalisation(visible, hidden) != Normalisation::kAlways)
    return "\"" + visible.to_string() + "\" with \"" + hidden.to_string() +
           "\" has no finite Z all along a training run.";
  if (visible.has_open_length()) return "documents of open length have a log Z for each length.";
  return {};
}

LogZTrajectory::LogZTrajectory(const Rbm& rbm, std::span<const float> base_visible_bias,
                               const TrajectoryOptions& options, ThreadTeam& team)
    : options_(options),
      rbm_(rbm),
      visible_(options.populations * options.chains, rbm.visible_columns()),
      log_weights_(visible_.rows()),
      log_z_(options.populations) {
  if (const auto fault = find_trajectory_fault(rbm.visible.spec, rbm.hidden.spec); !fault.empty())
    throw InputError(fault);
  check(options.populations > 0 && options.chains > 0, "a trajectory needs chains to follow it");
  const AnnealedPath path(rbm, base_visible_bias);
  const auto betas = standard_schedule(options.start_temperatures);
  std::fill(log_weights_.begin(), log_weights_.end(), path.base_log_z());
  team.run_blocks(
      visible_.rows(), block_of_cases(visible_.rows()), [&](std::size_t first, std::size_t count, unsigned) {
        AnnealedChains chains(path, first, count);
        std::vector<double> changes(count);
        const auto noise_of = [&](std::size_t k) {
          return Noise(options_.seed, Stream::kMeasure, k).child(kFollowing);
        };
        chains.start_from_base(noise_of(0));
        for (std::size_t k = 1; k < betas.size(); ++k) {
          chains.changes(betas[k - 1], betas[k], changes);
          for (std::size_t r = 0; r < count; ++r) log_weights_[first + r] += changes[r];
          chains.step(betas[k], noise_of(k));
        }
        for (std::size_t r = 0; r < count; ++r)
          std::copy_n(chains.visible().row(r).begin(), visible_.cols(), visible_.row(first + r).begin());
      });
  draw_anew(Noise(options_.seed, Stream::kMeasure, kDrawing).child(kFollowing));
  energies_ = free_energy(rbm_, visible_, team);
}

void LogZTrajectory::follow(const Rbm& rbm, ThreadTeam& team) {
  const std::size_t steps = std::max<std::size_t>(1, moves_ == 0 ? options_.first_steps : options_.steps);
  ++moves_;
  Rbm from = rbm_, to = rbm, next = rbm;
  const Noise noise = Noise(options_.seed, Stream::kMeasure, kDrawing + moves_).child(kFollowing);
  for (std::size_t s = 1; s <= steps; ++s) {
    put_between(from, to, static_cast<float>(s) / static_cast<float>(steps), next);
    step_to(s == steps ? rbm : next, noise.child(s), team);
  }
  rbm_ = rbm;
  draw_anew(noise.child(0));
  energies_ = free_energy(rbm_, visible_, team);
}

void LogZTrajectory::step_to(const Rbm& next, const Noise& noise, ThreadTeam& team) {
  const PackedWeights packed(next.weights, Precision::kF32);
  PassMemory memories(packed, team);
  team.run_blocks(visible_.rows(), block_of_cases(visible_.rows()),
                  [&](std::size_t first, std::size_t count, unsigned worker) {
                    HalfStepMemory& memory = memories[worker];
                    const auto visible = visible_.view().row_block(first, count);
                    std::vector<std::uint64_t> numbers(count);
                    std::iota(numbers.begin(), numbers.end(), first);
                    Matrix<float> hidden(count, next.hidden_columns());
                    const auto free_energy_of = [&](std::size_t r) {
                      return layer_energy(next.visible, visible.row(r)) -
                             log_partition(next.hidden, memory.input.row(r));
                    };
                    // The samples may lie over the input, so the hidden layer is sampled after its input was
                    // looked at.
                    half_step_mean(next, Side::kHidden, visible, {}, {}, memory);
                    for (std::size_t r = 0; r < count; ++r)
                      log_weights_[first + r] += energies_[first + r] - free_energy_of(r);
                    conditional(next.hidden, memory.input, {}, {}, hidden, noise.child(0), numbers);
                    half_step(next, Side::kVisible, hidden, {}, {}, visible, noise.child(1), numbers, memory);
                    half_step_mean(next, Side::kHidden, visible, {}, {}, memory);
                    for (std::size_t r = 0; r < count; ++r) energies_[first + r] = free_energy_of(r);
                  });
}

// Systematic: one uniform number a population, chain c as often as an even comb has teeth in its share.
void LogZTrajectory::draw_anew(const Noise& noise) {
  const std::size_t n = options_.chains;
  for (std::size_t p = 0; p < options_.populations; ++p) {
    const std::span<double> weights = std::span(log_weights_).subspan(p * n, n);
    const AnnealedLogZ own = summarise_log_weights({weights.begin(), weights.end()});
    if (own.effective_runs >= 0.5 * static_cast<double>(n)) continue;
    Matrix<float> drawn(n, visible_.cols());
    double reached = 0, tooth = noise.uniform(p, 0);
    std::size_t row = 0;
    for (std::size_t c = 0; c < n; ++c) {
      reached += std::exp(weights[c] - own.log_z);
      for (; row < n && (tooth < reached || c + 1 == n); ++row, tooth += 1.0)
        std::copy_n(visible_.row(p * n + c).data(), visible_.cols(), drawn.row(row).data());
    }
    for (std::size_t c = 0; c < n; ++c)
      std::copy_n(drawn.row(c).data(), visible_.cols(), visible_.row(p * n + c).data());
    log_z_[p] += own.log_z;
    std::fill(weights.begin(), weights.end(), 0.0);
  }
}

AnnealedLogZ LogZTrajectory::estimate() const {
  std::vector<double> populations = log_z_;
  for (std::size_t p = 0; p < populations.size(); ++p)
    populations[p] += log_mean_exp(std::span(log_weights_).subspan(p * options_.chains, options_.chains));
  return summarise_log_weights(std::move(populations));
}

std::vector<Tensor> LogZTrajectory::state(const std::string& prefix) const {
  Rbm rbm = rbm_;
  std::vector<Tensor> tensors;
  for (const NamedTensor& tensor : rbm.parameters(prefix + "rbm"))
    tensors.push_back(Tensor::from_f32(tensor.name, tensor.values, tensor.shape));
  tensors.push_back(Tensor::from_matrix(prefix + "visible", visible_));
  tensors.push_back(Tensor::from_f64(prefix + "log_weights", log_weights_, {log_weights_.size()}));
  tensors.push_back(Tensor::from_f64(prefix + "log_z", log_z_, {log_z_.size()}));
  tensors.push_back(Tensor::from_f64(prefix + "energies", energies_, {energies_.size()}));
  tensors.push_back(Tensor::from_u64(prefix + "moves", std::span(&moves_, 1), {1}));
  return tensors;
}

void LogZTrajectory::restore(const TensorFile& file, const std::string& prefix) {
  for (const NamedTensor& tensor : rbm_.parameters(prefix + "rbm")) {
    const auto values = file.finite_f32(file.require(tensor.name, tensor.shape));
    std::copy(values.begin(), values.end(), tensor.values.begin());
  }
  const auto visible = file.finite_f32(file.require(prefix + "visible", {visible_.rows(), visible_.cols()}));
  std::copy(visible.begin(), visible.end(), visible_.data());
  if (const auto fault = find_state_fault(rbm_.visible.spec, visible_); !fault.empty())
    throw InputError(file.path + ": tensor \"" + prefix + "visible\", " + fault + "; it is damaged.");
  for (const auto& [name, into] : {std::pair{"log_weights", &log_weights_}, std::pair{"log_z", &log_z_},
                                   std::pair{"energies", &energies_}}) {
    const auto values = file.require(prefix + name, {into->size()}).as_f64();
    if (!std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); }))
      throw InputError(file.path + ": tensor \"" + prefix + name +
                       "\" has a value that is no finite number; it is damaged.");
    into->assign(values.begin(), values.end());
  }
  moves_ = file.require(prefix + "moves", {1}).as_u64()[0];
}

}  // namespace harmonium
