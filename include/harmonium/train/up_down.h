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
//
// Chains that begin at the data never see what the associative memory believes far away from them. With
// options.negative other than cd a share of dW_top's second term, and of the dreams that recognition learns
// from, comes from chains that are not restarted (Tieleman 2008), which find such places and unlearn them. In
// these chains labels are always sampled.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "harmonium/models/deep_belief_net.h"
#include "harmonium/train/learned_weights.h"
#include "harmonium/train/learner.h"
#include "harmonium/train/negative_phase.h"
#include "harmonium/train/options.h"

namespace harmonium {

/// Why up-down learning is not defined for this net (a single RBM, documents of open length) or these cases
/// (missing values), as a sentence; empty where it is.
std::string find_up_down_fault(const DeepBeliefNet& net, bool missing_values);

/// Whether chains of the top RBM that are not restarted (or its enumeration) have a part in up-down learning.
bool has_persistent_chains(const TrainOptions& options);

/// The precision that the learner takes, as choose_precision: 16 bits where the states of every layer allow
/// it. Predictions and probabilities are rounded like the means of any RBM's statistics. Throws InputError
/// where 16 bits are asked for and cannot be had.
Precision choose_up_down_precision(const DeepBeliefNet& net, const TrainOptions& options, float value_step);

class UpDownLearner final : public Learner {
 public:
  /// Learns from `start`, which is untied first. Batches hold values of layer 0 and then label columns
  /// (LabelledSource), where the net has them; unknown labels (NaN) enter as equal probabilities and are
  /// sampled with the rest from then on. Of `options` it reads precision, steps, sleep_states, l1 and l2,
  /// and negative (kAuto is cd), persistent_share, chains and temperatures for chains of the top RBM that are
  /// not restarted; `value_step` as for choose_precision. Throws InputError with find_up_down_fault's
  /// sentence, and as choose_up_down_precision and make_negative_phase.
  UpDownLearner(DeepBeliefNet start, const TrainOptions& options, float value_step, ThreadTeam& team);

  void step(const Batch& batch, const StepInfo& info, ThreadTeam& team) override;
  ParameterList parameters() override { return net_.parameters(); }
  ParameterList state() override;
  void restored() override;
  std::string find_state_fault() override;

  /// The rules' changes of one batch without an update.
  std::vector<NamedGradient> gradient(const Batch& batch, const StepInfo& info, ThreadTeam& team);

  const DeepBeliefNet& net() const { return net_; }
  Precision precision() const { return precision_; }
  double update_ratio() const { return update_ratio_; }
  /// The chains that are not restarted; null where there are none.
  const NegativePhase* chains() const { return chains_.get(); }

 private:
  // States and predictions of a block of cases, one a worker.
  struct Memory {
    HalfStepMemory half_step;
    std::vector<Matrix<float>> wake, sleep;  // of layers 0 to depth - 1
    Matrix<float> input, associated, hidden, hidden_mean, prediction;
    Matrix<float> visible_statistics, hidden_statistics;  // where they are not the values
  };
  // Where a block of cases, or of persistent chains, leaves its statistics.
  struct Block {
    bool of_chains;
    std::size_t index, first, count;
    std::size_t wake_place;      // in the stacks of generative weights
    std::size_t dream_place;     // in those of recognition weights
    std::size_t positive_place;  // in the top's
    std::size_t negative_place;
  };

  void collect(const Batch& batch, const StepInfo& info, ThreadTeam& team);
  void start_chains(const Batch& batch, const StepInfo& info, ThreadTeam& team);
  void plan_blocks(std::size_t rows, std::size_t chains);
  void share_out(const Batch& batch, std::size_t chains);
  void run_cases(const Batch& batch, const Block& block, const StepInfo& info, Memory& memory);
  void run_chains(const Block& block, const StepInfo& info, unsigned worker);
  void wake_pass(const Batch& batch, std::size_t first, std::size_t count, const StepInfo& info,
                 Memory& memory);
  void set_associated(Memory& memory);
  void associate(const Batch& batch, const Block& block, const StepInfo& info, Memory& memory);
  void sleep_pass(ConstMatrixView<float> associated, const Noise& noise,
                  std::span<const std::uint64_t> numbers, Memory& memory);
  void store_generative(std::size_t n, const Block& block, Memory& memory);
  void store_recognition(std::size_t n, const Block& block, std::span<const float> weights, Memory& memory);
  void store_top(std::size_t place, std::size_t index, ConstMatrixView<float> visible_values,
                 ConstMatrixView<float> hidden_means, std::span<const float> weights, Memory& memory);
  static StepInfo info_of_chains(const StepInfo& info);
  void resize(Memory& memory, std::size_t rows) const;
  std::size_t below() const { return net_.depth() - 1; }  // RBMs that are directed
  bool contrasts() const { return chain_share_ < 1.0; }   // Gibbs steps from the data have a share
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
  std::vector<ProductMemory> products_;    // of updates, one a thread
  std::unique_ptr<NegativePhase> chains_;  // of the top RBM, not restarted; null where there are none
  double chain_share_ = 0;
  std::vector<Block> blocks_;
  std::vector<float> row_weights_, dream_weights_, negative_weights_;  // of cases
  std::vector<float> chain_weights_, negative_chain_weights_;
  double update_ratio_ = 0;
};

}  // namespace harmonium
