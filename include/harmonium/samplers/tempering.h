// Parallel tempering: chains at several temperatures that exchange their states, so that the chain at the
// model's own temperature visits modes which Gibbs sampling alone would not leave (Desjardins et al. 2010).
//
// At inverse temperature beta the interactions are scaled by beta, and biases move from a base model (the
// data's marginals) to the model's own:  b(beta) = (1 - beta) b_base + beta b. Variances, factorials and
// multiplicities stay at full strength. The chain at beta = 0 samples the base exactly at every step.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "harmonium/models/rbm.h"
#include "harmonium/samplers/gibbs.h"
#include "harmonium/samplers/round_trips.h"

namespace harmonium {

struct TemperedChains {
  std::vector<float> betas;  ///< T of them, from 0 (or above) up to 1, ascending
  std::vector<float> base_visible_bias;
  Matrix<float> visible, hidden;  ///< (T * M) rows: temperature t, chain m is row t * M + m
  std::size_t chains = 0;         ///< M
  std::uint64_t steps = 0;
  /// Exchanges proposed and accepted between temperatures t and t + 1.
  std::vector<double> proposed, accepted;
  RoundTrips trips;  ///< since the start

  /// The M states at beta = 1.
  ConstMatrixView<float> model_visible() const {
    return visible.view().row_block((betas.size() - 1) * chains, chains);
  }
};

/// T inverse temperatures from 0 to 1 at equal distances; T >= 2.
std::vector<float> uniform_betas(std::size_t count);

/// M chains at each temperature, started from samples of the base model. Throws InputError where the model
/// has no energy or a visible multinomial group of open length, or betas do not ascend to 1.
TemperedChains start_tempering(const Rbm& rbm, std::vector<float> betas, std::size_t chains,
                               std::span<const float> base_visible_bias, std::uint64_t seed);

/// Working memory of one thread.
struct TemperingMemory {
  HalfStepMemory half_step;
  std::vector<float> visible_bias, hidden_bias;
  std::vector<std::uint64_t> numbers;
  Matrix<double> interactions;  ///< s(v)' W s(h) of each temperature and chain of the block
};

/// One step of chains [first, first + count) at all temperatures: a full Gibbs step each, then exchanges
/// between neighbours, even and odd pairs in turn, accepted with probability
/// min(1, exp(E_t(x_t) + E_t+1(x_t+1) - E_t(x_t+1) - E_t+1(x_t))). Chains are independent of each other, so
/// blocks of them may run in different threads; `accepted` of the block is added to `block_accepted` (T - 1).
/// What `clamp` holds of a chain (M rows) it holds at every temperature, so an exchange keeps it and the
/// chain at beta = 1 has the model's distribution given what is held.
void advance_tempering_block(const Rbm& rbm, TemperedChains& chains, std::size_t first, std::size_t count,
                             std::uint64_t step, std::uint64_t seed, TemperingMemory& memory,
                             std::span<double> block_accepted, const Clamp& clamp = {});

/// `steps` steps of all chains; in the second form with the weights packed once, in f32.
void advance_tempering(const Rbm& rbm, TemperedChains& chains, std::uint64_t steps, std::uint64_t seed,
                       ThreadTeam& team, const Clamp& clamp = {});
void advance_tempering(const Rbm& rbm, const PackedWeights& packed, TemperedChains& chains,
                       std::uint64_t steps, std::uint64_t seed, ThreadTeam& team, const Clamp& clamp = {});

}  // namespace harmonium
