// Mean field in a deep Boltzmann machine: the factorial distribution of its hidden units that comes closest
// to their posterior, and the bound on the likelihood that goes with it.
//
//   q(h | v) = prod of Bernoulli(mu):   mu_n = logistic(b_n + W_{n-1}' mu_{n-1} + W_n mu_{n+1}),  mu_0 = v
//   log p(v) + log Z  >=  sum_n b_n' mu_n + sum_n mu_n' W_n mu_{n+1} + entropy of q
//
// Odd layers are set given the even ones, then even ones given the odd ones: either is the best there is
// given the rest, so a sweep never lowers the bound (Salakhutdinov & Hinton 2009, section 2.1; no damping is
// needed). The start is an up-pass in which a layer that will hear from above as well counts its input from
// below twice.
#pragma once

#include <span>
#include <vector>

#include "harmonium/kernels/packed_weights.h"
#include "harmonium/models/deep_boltzmann_machine.h"

namespace harmonium {

struct MeanFieldOptions {
  std::size_t sweeps = 100;  ///< at most
  /// End when no mean of the rows at hand has changed by more than this in a sweep; 0: all sweeps are made.
  float tolerance = 1e-5f;
};

/// Weights of a machine in the layouts of its products, in f32.
std::vector<PackedWeights> packed_weights(const DeepBoltzmannMachine& machine);

/// Mean field for a block of rows in the calling thread, with memory that is reused from block to block.
class MeanField {
 public:
  /// Both must outlive it; `packed` has the machine's weights, one a pair of layers.
  MeanField(const DeepBoltzmannMachine& machine, std::vector<const PackedWeights*> packed);
  MeanField(const DeepBoltzmannMachine& machine, std::span<const PackedWeights> packed);

  /// Means of the hidden layers for rows of values (B x V).
  void run(ConstMatrixView<float> visible, const MeanFieldOptions& options);
  /// Of layer `layer` after `run`, B x its columns; layer 0 is the rows themselves.
  ConstMatrixView<float> means(std::size_t layer) const { return means_[layer]; }
  std::size_t sweeps() const { return sweeps_; }
  /// bounds[r]: the bound above on log p(v) + log Z, at these means. 64-bit sums.
  void bounds(std::span<double> bounds);

 private:
  void start();
  float update(std::size_t layer);

  const DeepBoltzmannMachine& machine_;
  std::vector<const PackedWeights*> packed_;
  std::vector<Matrix<float>> means_;
  Matrix<float> from_data_, next_;  // W_0' v; a layer's input, then its means
  ProductMemory memory_;
  std::size_t sweeps_ = 0;
};

/// The same for many rows.
struct MeanFieldPosterior {
  std::vector<Matrix<float>> means;  ///< of layers 1 to depth, B x their columns
  std::vector<double> bounds;
};
MeanFieldPosterior mean_field(const DeepBoltzmannMachine& machine, ConstMatrixView<float> visible,
                              const MeanFieldOptions& options, ThreadTeam& team);

/// Means of the visible layer given values of layer 1 (B x its columns): what mean field is taken back by.
Matrix<float> visible_means(const DeepBoltzmannMachine& machine, ConstMatrixView<float> first_hidden,
                            ThreadTeam& team);

/// The visible layer of the fold (layers 0, 2, 4, ..) for cases: their values, and beside them the means of
/// the hidden layers of even number or, with kSamples, samples of these; row r uses the random numbers of
/// case r. Base models and chains start from such rows.
Matrix<float> folded_cases(const DeepBoltzmannMachine& machine, ConstMatrixView<float> visible, States states,
                           const Noise& noise, ThreadTeam& team);

}  // namespace harmonium
