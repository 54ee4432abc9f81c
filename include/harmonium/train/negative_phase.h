// The negative phase: where the gradient's expectation under the model comes from.
//
// The gradient of the log-likelihood is  <s(v) s(h)'>_data - <s(v) s(h)'>_model  (and likewise for biases).
// Each kind fills rows of visible and hidden values, with weights that sum to one, whose weighted sum stands
// for the second term.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "harmonium/base/matrix.h"
#include "harmonium/models/rbm.h"
#include "harmonium/train/learner.h"
#include "harmonium/train/options.h"

namespace harmonium {

/// The positive phase of the same update, for chains that start from the data.
struct PositiveStates {
  ConstMatrixView<float> hidden_samples;  ///< B x H
  std::span<const std::uint64_t> cases;
  std::span<const float> weights;  ///< B, sum 1
  std::span<const float> lengths;  ///< of documents, or empty
  /// B x V values with NaN where a case has no such unit at all; empty where every case has every unit.
  ConstMatrixView<float> absent;
};

/// The model that the chains of an update run on.
struct ChainModel {
  const Rbm& rbm;
  const PackedWeights& packed;  ///< its weights in the layouts of the products
  float visible_step = 1.0f;    ///< as in HalfStepMemory

  /// Points a thread's memory at this model.
  void attach(HalfStepMemory& memory) const {
    memory.packed = &packed;
    memory.visible_step = visible_step;
  }
};

class NegativePhase {
 public:
  virtual ~NegativePhase() = default;

  /// True for chains that start from the batch: then block(first, count) runs right after the positive phase
  /// of the same rows in the same thread.
  virtual bool starts_from_data() const { return false; }
  /// Rows that this update will fill, given B cases. Called before the blocks, in one thread.
  virtual std::size_t begin(const ChainModel& model, std::size_t batch_rows, const StepInfo& info,
                            ThreadTeam& team) = 0;
  /// Rows of one block; a function of the shape alone.
  virtual std::size_t block_rows() const = 0;
  /// Fills `visible` (count x V values) and `hidden_means` (count x H) of rows [first, first + count).
  virtual void block(const ChainModel& model, const PositiveStates& positive, std::size_t first,
                     std::size_t count, unsigned worker, const StepInfo& info, MatrixView<float> visible,
                     MatrixView<float> hidden_means) = 0;
  /// Weight of each row, called when all blocks are done; they sum to 1.
  virtual void weights(std::span<float> row_weights, const PositiveStates& positive) const = 0;
  /// Called at the end, in one thread.
  virtual void finish() {}
  /// Lets persistent chains go on from these visible values, chain c from row c modulo their number; unknown
  /// ones (NaN) stay as they are. Does nothing for other kinds, tempering among them. Values need not be
  /// states, since a step begins with the hidden units.
  virtual void start_from(ConstMatrixView<float> /*visible*/) {}
  /// True where the visible rows are conditional means, whose second moments lack the variance.
  virtual bool visible_are_means() const { return false; }
  /// Chains, for a checkpoint.
  virtual ParameterList state() { return {}; }
  virtual void restored() {}
  /// A tensor of `state` whose values are no states of the layers of `rbm`, as in Learner; empty where all
  /// are.
  virtual std::string find_state_fault(const Rbm&) const { return {}; }
  /// Fraction of visible columns that changed in the last step of each persistent chain; below zero where
  /// there are no persistent chains.
  virtual double moved() const { return -1.0; }
  /// Of tempering: the fraction of accepted exchanges between those neighbours that exchange least, over
  /// about the last hundred updates; below zero where there were too few tries, or nothing exchanges.
  virtual double least_exchange_rate() const { return -1.0; }
  /// The current states of persistent chains (values of visible units), empty where there are none.
  virtual ConstMatrixView<float> fantasies() const { return {}; }
};

/// What a history tells of chains, where there is such: "chain_moved", "exchange_rate_least".
void measure_chains(const NegativePhase& negative, Measures& measures);

/// The options as this RBM is learned with them. Negative kAuto becomes pcd, or cd for documents whose
/// lengths come from the data (chains have one length) and where missing values are masked; centring, which
/// is not defined for such documents, is left out there.
TrainOptions options_for(const Rbm& rbm, TrainOptions options);

/// Makes the kind that the options name, for this model. `base_visible_bias`: the base model of tempering
/// (the data's marginals). Throws InputError where the model does not allow it (exact: too large to
/// enumerate; tempering: no energy; persistent chains of documents without a length).
std::unique_ptr<NegativePhase> make_negative_phase(const Rbm& rbm, const TrainOptions& wanted,
                                                   std::span<const float> base_visible_bias,
                                                   ThreadTeam& team);

}  // namespace harmonium
