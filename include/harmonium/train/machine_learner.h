// Learning all layers of a deep Boltzmann machine together (Salakhutdinov & Hinton, AISTATS 2009, section 2):
//
//   dW_n = <mu_n mu_{n+1}'>_data - <x_n x_{n+1}'>_model,   db_n = <mu_n>_data - <x_n>_model,   mu_0 = v
//
// The first term has the means of mean field for each case: it is the gradient of the bound on the likelihood
// where mean field has settled. The second is that of log Z. Its states come from a negative phase of RBMs on
// the fold of the machine (persistent chains, tempering, enumeration): all even layers, then all odd ones,
// whose means given the even ones stand in the statistics.
//
// Centring (Montavon & Mueller 2012) takes offsets from the states of every layer. A step of the centred
// parameters is, in ours,  W_n += dW_n,  b_n += db_n - dW_{n-1}' o_{n-1} - dW_n o_{n+1},  with dW of the
// centred states; the offsets o follow half the means of either phase, from one update to the next.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "harmonium/models/mean_field.h"
#include "harmonium/train/learned_weights.h"
#include "harmonium/train/learner.h"
#include "harmonium/train/negative_phase.h"
#include "harmonium/train/options.h"

namespace harmonium {

/// Why a deep Boltzmann machine cannot be learned with these options (a negative phase that starts from data
/// or has fast weights, products in 16 bits, which do not hold the means of mean field), as a sentence; empty
/// where it can. `missing_values`: have the cases any?
std::string find_machine_learning_fault(const TrainOptions& options, bool missing_values);

class MachineLearner final : public Learner {
 public:
  /// Of `options` it reads seed, negative, chains, temperatures, steps, mean_field_sweeps, l1, l2, centring
  /// and centring_decay. Chains start from the biases and make a hundred
  /// steps before the first update. Throws InputError with
  /// find_machine_learning_fault's sentence, and where a negative phase refuses the fold.
  MachineLearner(DeepBoltzmannMachine start, const TrainOptions& options, ThreadTeam& team);

  void step(const Batch& batch, const StepInfo& info, ThreadTeam& team) override;
  ParameterList parameters() override { return machine_.parameters(); }
  ParameterList state() override;
  void restored() override;
  std::string find_state_fault() override;

  /// The gradients of one batch without an update, weight cost or correction for centring.
  std::vector<NamedGradient> gradient(const Batch& batch, const StepInfo& info, ThreadTeam& team);

  const DeepBoltzmannMachine& machine() const { return machine_; }
  /// On the fold.
  const NegativePhase& negative_phase() const { return *negative_; }
  double update_ratio() const { return update_ratio_; }

 private:
  struct Block {
    bool positive;
    std::size_t index, first, count;  // rows of its phase
    std::size_t place;                // in the stacks of statistics
  };
  struct Memory {
    std::unique_ptr<MeanField> field;
    Matrix<float> input;
    std::vector<Matrix<float>> centred;  // states of each layer less their offsets
  };

  void plan_blocks(std::size_t rows, std::size_t negative_rows);
  void collect(const Batch& batch, const StepInfo& info, ThreadTeam& team);
  void settle_chains(const StepInfo& info, ThreadTeam& team);
  void run_positive(const Batch& batch, const Block& block, Memory& memory);
  void run_negative(const Block& block, const StepInfo& info, unsigned worker);
  void store(const Block& block, std::vector<ConstMatrixView<float>> states, Memory& memory);
  ConstMatrixView<float> fantasy(std::size_t layer, const Block& block) const;
  void shift_biases();
  void follow_offsets(const StepInfo& info);
  void refold(ThreadTeam& team);

  DeepBoltzmannMachine machine_;
  TrainOptions options_;
  std::vector<LearnedWeights> weights_;  // from the data up
  std::vector<LearnedBias> biases_;
  Rbm fold_;  // of the machine as it is now
  PackedWeights packed_fold_;
  std::unique_ptr<NegativePhase> negative_;

  std::vector<Block> blocks_;
  std::vector<float> shares_, negative_shares_, negative_weights_;  // the last: with the other sign
  Matrix<float> fantasies_, fantasy_means_;    // even and odd layers of the negative phase
  std::vector<AlignedVector<float>> offsets_;  // of centring, one vector a layer
  std::vector<Matrix<float>> activities_;      // likewise: sums over the rows of each block, of either phase
  std::vector<Memory> memories_;               // one a thread
  std::vector<ProductMemory> products_;
  double update_ratio_ = 0;
};

}  // namespace harmonium
