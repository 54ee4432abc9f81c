// Parallel trajectory tempering: chains of the models that a training run went through, which exchange their
// states, so that the chain of the finished model visits modes which Gibbs sampling alone would not reach
// (Béreux, Decelle, Furtlehner, Rosset & Seoane 2025, "Fast training and sampling of restricted Boltzmann
// machines").
//
// The state of a chain is its visible units alone; the energy of a state under model t is the free energy
// F_t(v). Two neighbours t and t + 1 exchange their states with probability
//
//   min(1, exp(F_t(v_t) + F_t+1(v_t+1) - F_t(v_t+1) - F_t+1(v_t))),
//
// which keeps the product of all models' distributions.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "harmonium/models/rbm.h"
#include "harmonium/samplers/gibbs.h"
#include "harmonium/samplers/round_trips.h"

namespace harmonium {

struct TrajectoryChains {
  Matrix<float> visible;   ///< (T * M) rows: model t, chain m is row t * M + m
  std::size_t chains = 0;  ///< M
  std::uint64_t steps = 0;
  /// Exchanges proposed and accepted between models t and t + 1.
  std::vector<double> proposed, accepted;
  RoundTrips trips;  ///< since the start

  std::size_t models() const { return chains == 0 ? 0 : visible.rows() / chains; }
  /// The M states of the last model.
  ConstMatrixView<float> model_visible() const {
    return visible.view().row_block(visible.rows() - chains, chains);
  }
};

/// M chains of each of `models` (two or more, from the easiest to the one that matters), started where their
/// visible layers alone would be. Throws InputError where a model has no energy or a visible multinomial
/// group of open length, or where the layers differ.
TrajectoryChains start_trajectory(std::span<const Rbm* const> models, std::size_t chains, std::uint64_t seed);

/// `steps` steps of all chains: hidden from visible and visible from hidden units under each model, then
/// exchanges, of even and odd pairs of neighbours in turn. `packed`: the models' weights in f32, one each.
/// What `clamp` holds of a chain (M rows) it holds under every model. The same bits for any number of
/// threads.
void advance_trajectory(std::span<const Rbm* const> models, std::span<const PackedWeights> packed,
                        TrajectoryChains& chains, std::uint64_t steps, std::uint64_t seed, ThreadTeam& team,
                        const Clamp& clamp = {});

/// Hidden states (M x H) of the last model, as the next step will sample them.
void sample_trajectory_hidden(std::span<const Rbm* const> models, std::span<const PackedWeights> packed,
                              const TrajectoryChains& chains, std::uint64_t seed, MatrixView<float> hidden,
                              ThreadTeam& team);

}  // namespace harmonium
