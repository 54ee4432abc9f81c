// Up-down learning: the contrastive form of wake-sleep that improves a greedily learned deep belief net as a
// whole (Hinton, Osindero & Teh 2006, section 5 and appendix B).
//
// For each case, with recognition weights R_n, R biases r_n and generative weights W_n, biases b_n of the
// RBMs below the top:
//   wake:   states go up,   h_{n+1} ~ q(. | h_n; R_n, r_n), and the label units are set;
//   top:    k alternating Gibbs steps of the associative memory start from there;
//   sleep:  states go down, h_n ~ p(. | h_{n+1}; W_n, b_n), from the last Gibbs state (which is what makes it
//           contrastive: no fresh chain is run).
// Then, with batch means and statistics s() of the units,
//   dW_n = <(s(wake_n) - E[s | wake_{n+1}; W_n]) wake_{n+1}'>          generative: predict what was seen
//   dR_n = <s(sleep_n) (s(sleep_{n+1}) - E[s | sleep_n; R_n])'>        recognition: find what made it
//   dW_top = <s(v) s(h)'> at the start of the Gibbs chain - <s(v) s(h)'> at its end
// and likewise for biases. Statistics of the top hidden layer are its means given the states below, which
// changes no expectation. Where data come from the model and recognition is its posterior, every expected
// change is zero if all states are sampled.
#pragma once

#include <string>
#include <vector>

#include "harmonium/models/deep_belief_net.h"
#include "harmonium/train/learned_weights.h"
#include "harmonium/train/learner.h"
#include "harmonium/train/options.h"

namespace harmonium {

/// Why up-down learning is not defined for this net (a single RBM, documents of open length) or these cases
/// (missing values), as a sentence; empty where it is.
std::string find_up_down_fault(const DeepBeliefNet& net, bool missing_values);

/// The precision that the learner takes, as choose_precision: 16 bits where the states of every layer allow
/// it. Predictions and probabilities are rounded like the means of any RBM's statistics. Throws InputError
/// where 16 bits are asked for and cannot be had.
Precision choose_up_down_precision(const DeepBeliefNet& net, const TrainOptions& options, float value_step);

class UpDownLearner final : public Learner {
 public:
  /// Learns from `start`, which is untied first. Batches hold values of layer 0 and then label columns
  /// (LabelledSource), where the net has them; unknown labels (NaN) enter as equal probabilities and are
  /// sampled with the rest from then on. Of `options` it reads precision, steps, sleep_states, l1 and l2;
  /// `value_step` as for choose_precision. Throws InputError with
  /// find_up_down_fault's sentence, and as choose_up_down_precision.
  UpDownLearner(DeepBeliefNet start, const TrainOptions& options, float value_step);

  void step(const Batch& batch, const StepInfo& info, ThreadTeam& team) override;
  ParameterList parameters() override { return net_.parameters(); }
  ParameterList state() override;
  void restored() override;

  /// The rules' changes of one batch without an update.
  std::vector<NamedGradient> gradient(const Batch& batch, const StepInfo& info, ThreadTeam& team);

  const DeepBeliefNet& net() const { return net_; }
  Precision precision() const { return precision_; }
  double update_ratio() const { return update_ratio_; }

 private:
  // States and predictions of a block of cases, one a worker.
  struct Memory {
    HalfStepMemory half_step;
    std::vector<Matrix<float>> wake, sleep;  // of layers 0 to depth - 1
    Matrix<float> input, associated, hidden, hidden_mean, prediction;
    Matrix<float> visible_statistics, hidden_statistics;  // where they are not the values
  };
  // Where a block of cases leaves its statistics.
  struct Block {
    std::size_t index, first, count;
    std::size_t place;      // in stacks with one row a case
    std::size_t top_place;  // in the top's stack: positive rows here, negative ones after them
  };

  void collect(const Batch& batch, const StepInfo& info, ThreadTeam& team);
  void run_block(const Batch& batch, const Block& block, const StepInfo& info, Memory& memory);
  void wake_pass(const Batch& batch, const Block& block, const StepInfo& info, Memory& memory);
  void associate(const Batch& batch, const Block& block, const StepInfo& info, Memory& memory);
  void sleep_pass(const Block& block, const StepInfo& info, Memory& memory,
                  std::span<const std::uint64_t> cases);
  void store_generative(std::size_t n, const Block& block, Memory& memory);
  void store_recognition(std::size_t n, const Block& block, Memory& memory);
  void store_top(std::size_t place, const Block& block, bool positive, Memory& memory);
  void resize(Memory& memory, std::size_t rows) const;
  std::size_t below() const { return net_.depth() - 1; }  // RBMs that are directed
  float step_of(std::size_t layer) const { return layer == 0 ? visible_step_ : 1.0f; }

  DeepBeliefNet net_;
  TrainOptions options_;
  Precision precision_ = Precision::kF32;
  float visible_step_ = 1.0f;
  // Generative ones from the data up, recognition ones likewise, the top; biases of the top last: visible,
  // hidden.
  std::vector<LearnedWeights> weights_;
  std::vector<LearnedBias> biases_;
  std::vector<Memory> memories_;
  std::vector<ProductMemory> products_;  // of updates, one a thread
  std::vector<float> row_weights_, negative_weights_;
  double update_ratio_ = 0;
};

}  // namespace harmonium
