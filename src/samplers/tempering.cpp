#include "harmonium/samplers/tempering.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "harmonium/base/error.h"
#include "harmonium/kernels/products.h"

namespace harmonium {
namespace {

void biases_at(const Rbm& rbm, const TemperedChains& chains, std::size_t t, TemperingMemory& memory) {
  const float beta = chains.betas[t];
  memory.visible_bias.resize(rbm.visible_columns());
  memory.hidden_bias.resize(rbm.hidden_columns());
  for (std::size_t i = 0; i < memory.visible_bias.size(); ++i)
    memory.visible_bias[i] = (1.0f - beta) * chains.base_visible_bias[i] + beta * rbm.visible.bias[i];
  for (std::size_t j = 0; j < memory.hidden_bias.size(); ++j)
    memory.hidden_bias[j] = beta * rbm.hidden.bias[j];
}

// E of one pair of rows at the temperature whose biases are in `memory`.
double tempered_energy(const Rbm& rbm, float beta, const TemperingMemory& memory,
                       std::span<const float> visible, std::span<const float> hidden, double interaction) {
  RowContext v, h;
  v.bias = memory.visible_bias;
  h.bias = memory.hidden_bias;
  return layer_energy(rbm.visible, visible, v) + layer_energy(rbm.hidden, hidden, h) - beta * interaction;
}

// s(v)' W s(h), which is -E(v, h) + E_v(v) + E_h(h).
double interaction_of(const Rbm& rbm, std::span<const float> visible, std::span<const float> hidden) {
  return layer_energy(rbm.visible, visible) + layer_energy(rbm.hidden, hidden) - energy(rbm, visible, hidden);
}

// The same for the rows of a block from the input that their hidden units were just sampled from, which is
// beta s(v)' W. At beta = 0 nothing is left of it.
void block_interactions(const Rbm& rbm, float beta, ConstMatrixView<float> input,
                        ConstMatrixView<float> visible, ConstMatrixView<float> hidden,
                        std::span<double> interactions) {
  const bool plain = beta > 0 && !has_scaled_statistics(rbm.hidden.spec);
  for (std::size_t r = 0; r < interactions.size(); ++r) {
    if (!plain) {
      interactions[r] = interaction_of(rbm, visible.row(r), hidden.row(r));
      continue;
    }
    double sum = 0;
    for (std::size_t j = 0; j < hidden.cols(); ++j) sum += static_cast<double>(input(r, j)) * hidden(r, j);
    interactions[r] = sum / beta;
  }
}

}  // namespace

std::vector<float> uniform_betas(std::size_t count) {
  check(count >= 2, "tempering needs two temperatures");
  std::vector<float> betas(count);
  for (std::size_t t = 0; t < count; ++t) betas[t] = static_cast<float>(t) / static_cast<float>(count - 1);
  return betas;
}

TemperedChains start_tempering(const Rbm& rbm, std::vector<float> betas, std::size_t count,
                               std::span<const float> base_visible_bias, std::uint64_t seed) {
  if (!rbm.visible.spec.has_energy() || !rbm.hidden.spec.has_energy())
    throw InputError(
        "parallel tempering needs an energy, which rectified units do not have; use stepped "
        "units, which they approximate, or another negative phase.");
  if (rbm.visible.spec.has_open_length())
    throw InputError("parallel tempering cannot exchange documents of different lengths; use cd.");
  if (betas.size() < 2 || betas.back() != 1.0f || !std::is_sorted(betas.begin(), betas.end()) ||
      betas.front() < 0.0f)
    throw InputError("temperatures must be two or more, ascending from 0 or above to 1.");
  TemperedChains chains;
  chains.chains = count;
  chains.base_visible_bias.assign(base_visible_bias.begin(), base_visible_bias.end());
  chains.visible = Matrix<float>(betas.size() * count, rbm.visible_columns());
  chains.hidden = Matrix<float>(betas.size() * count, rbm.hidden_columns());
  chains.proposed.assign(betas.size() - 1, 0.0);
  chains.accepted.assign(betas.size() - 1, 0.0);
  chains.trips = RoundTrips(betas.size(), count);
  chains.betas = std::move(betas);

  std::vector<std::uint64_t> rows(chains.visible.rows());
  std::iota(rows.begin(), rows.end(), 0u);
  RowContext base;
  base.bias = chains.base_visible_bias;
  const Noise noise(seed, Stream::kChainStart, 0);
  conditional(rbm.visible, Matrix<float>(rows.size(), rbm.visible_columns()), base, {}, chains.visible,
              noise.child(0), rows);
  conditional(rbm.hidden, Matrix<float>(rows.size(), rbm.hidden_columns()), {}, {}, chains.hidden,
              noise.child(1), rows);
  return chains;
}

void advance_tempering_block(const Rbm& rbm, TemperedChains& chains, std::size_t first, std::size_t count,
                             std::uint64_t step, std::uint64_t seed, TemperingMemory& memory,
                             std::span<double> block_accepted, const Clamp& clamp) {
  const std::size_t temperatures = chains.betas.size(), m = chains.chains;
  const Noise noise(seed, Stream::kTempering, step);
  memory.numbers.resize(count);
  memory.interactions.resize(temperatures, count);
  for (std::size_t t = 0; t < temperatures; ++t) {
    biases_at(rbm, chains, t, memory);
    std::iota(memory.numbers.begin(), memory.numbers.end(), t * m + first);
    const auto visible = chains.visible.view().row_block(t * m + first, count);
    const auto hidden = chains.hidden.view().row_block(t * m + first, count);
    const HalfStep down{chains.betas[t], memory.visible_bias, {}},
        up{chains.betas[t], memory.hidden_bias, {}};
    half_step(rbm, Side::kVisible, hidden, down, {}, visible, noise.child(0), memory.numbers,
              memory.half_step);
    clamp.hold(first, visible);
    half_step(rbm, Side::kHidden, visible, up, {}, hidden, noise.child(1), memory.numbers, memory.half_step);
    block_interactions(rbm, chains.betas[t], memory.half_step.input, visible, hidden,
                       memory.interactions.row(t));
  }
  const Noise coins = noise.child(2);
  TemperingMemory warmer;
  for (std::size_t t = step % 2; t + 1 < temperatures; t += 2) {
    biases_at(rbm, chains, t, warmer);
    biases_at(rbm, chains, t + 1, memory);
    for (std::size_t r = first; r < first + count; ++r) {
      const auto va = chains.visible.row(t * m + r), vb = chains.visible.row((t + 1) * m + r);
      const auto ha = chains.hidden.row(t * m + r), hb = chains.hidden.row((t + 1) * m + r);
      const double ia = memory.interactions(t, r - first), ib = memory.interactions(t + 1, r - first);
      const double gain = tempered_energy(rbm, chains.betas[t], warmer, va, ha, ia) +
                          tempered_energy(rbm, chains.betas[t + 1], memory, vb, hb, ib) -
                          tempered_energy(rbm, chains.betas[t], warmer, vb, hb, ib) -
                          tempered_energy(rbm, chains.betas[t + 1], memory, va, ha, ia);
      if (static_cast<double>(coins.uniform(r, static_cast<std::uint32_t>(t))) <
          std::exp(std::min(gain, 0.0))) {
        std::swap_ranges(va.begin(), va.end(), vb.begin());
        std::swap_ranges(ha.begin(), ha.end(), hb.begin());
        block_accepted[t] += 1.0;
        chains.trips.exchange(t, r);
      }
    }
  }
  for (std::size_t r = first; r < first + count; ++r) chains.trips.end_step(r);
}

void advance_tempering(const Rbm& rbm, TemperedChains& chains, std::uint64_t steps, std::uint64_t seed,
                       ThreadTeam& team, const Clamp& clamp) {
  advance_tempering(rbm, PackedWeights(rbm.weights, Precision::kF32), chains, steps, seed, team, clamp);
}

void advance_tempering(const Rbm& rbm, const PackedWeights& packed, TemperedChains& chains,
                       std::uint64_t steps, std::uint64_t seed, ThreadTeam& team, const Clamp& clamp) {
  const std::size_t block = block_of_cases(chains.chains), pairs = chains.betas.size() - 1;
  const std::size_t blocks = (chains.chains + block - 1) / block;
  std::vector<TemperingMemory> memories(team.size());
  for (TemperingMemory& memory : memories) memory.half_step.packed = &packed;
  Matrix<double> accepted(blocks, pairs);
  team.run_blocks(chains.chains, block, [&](std::size_t first, std::size_t count, unsigned worker) {
    for (std::uint64_t s = 0; s < steps; ++s)
      advance_tempering_block(rbm, chains, first, count, chains.steps + s, seed, memories[worker],
                              accepted.row(first / block), clamp);
  });
  for (std::uint64_t s = 0; s < steps; ++s)
    for (std::size_t t = (chains.steps + s) % 2; t < pairs; t += 2)
      chains.proposed[t] += static_cast<double>(chains.chains);
  for (std::size_t b = 0; b < blocks; ++b)
    for (std::size_t t = 0; t < pairs; ++t) chains.accepted[t] += accepted(b, t);
  chains.steps += steps;
}

}  // namespace harmonium
