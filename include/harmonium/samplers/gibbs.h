// Gibbs chains of an RBM: both layers sampled in turn, for many chains at once.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "harmonium/models/rbm.h"

namespace harmonium {

/// The states of M chains. A chain's random numbers follow its number and the step, whatever thread runs it.
struct Chains {
  Matrix<float> visible;       ///< M x V values
  Matrix<float> hidden;        ///< M x H values, sampled from `visible`
  Matrix<float> visible_mean;  ///< M x V: the conditional means behind the last visible sample
  std::vector<float> lengths;  ///< of documents, empty unless the visible layer is multinomial of open length
  std::uint64_t steps = 0;     ///< full steps done since the start

  std::size_t size() const { return visible.rows(); }
};

/// Columns of the visible layer that are held at given values: labels, or the known part of a case.
struct Clamp {
  Matrix<float> values;                ///< M x V
  std::vector<unsigned char> clamped;  ///< M x V flags, 1 where held; or V flags, for all chains alike
  bool empty() const { return clamped.empty(); }
  /// Puts the held values into rows [first, first + block.rows()) of the chains.
  void hold(std::size_t first, MatrixView<float> block) const;
};

/// Chains that start at the given visible values; hidden values are sampled from them.
Chains start_chains(const Rbm& rbm, ConstMatrixView<float> visible, std::uint64_t seed, ThreadTeam& team);

/// Chains that start where the visible layer alone would be: samples of its units without interaction.
/// `lengths` as many as chains, for documents; else empty.
Chains start_chains_from_bias(const Rbm& rbm, std::size_t chains, std::uint64_t seed, ThreadTeam& team,
                              std::span<const float> lengths = {});

/// Hidden values sampled anew from the visible ones, with the random numbers of the last step's end: after
/// visible values were changed by hand.
void sample_hidden(const Rbm& rbm, Chains& chains, std::uint64_t seed, ThreadTeam& team);

/// `steps` full steps (visible from hidden, then hidden from visible) under `seed`; step number s uses the
/// random numbers of chains.steps + s, so that a chain run in pieces is the chain run at once.
void advance(const Rbm& rbm, Chains& chains, std::uint64_t steps, std::uint64_t seed, ThreadTeam& team,
             const Clamp& clamp = {});
/// The same with the weights packed once, in f32, for whoever takes steps in many small pieces.
void advance(const Rbm& rbm, const PackedWeights& packed, Chains& chains, std::uint64_t steps,
             std::uint64_t seed, ThreadTeam& team, const Clamp& clamp = {});

}  // namespace harmonium
