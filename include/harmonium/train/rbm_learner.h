// Learning an RBM: positive phase, negative phase, gradient and update.
//
// With data statistics <.>_d and model statistics <.>_m (from the negative phase), the gradient of the mean
// log-likelihood is
//     dW = <s(v) s(h)'>_d - <s(v) s(h)'>_m,   db = <s(v)>_d - <s(v)>_m,   dc = <s(h)>_d - <s(h)>_m
// (Gaussian units: divided by sigma; replicated softmax: hidden statistics times the document's length), and
// for a learned log-variance z of visible units, with E = (v - b)^2 / (2 e^z) - s(v) (W s(h)),
//     dz_i = <(v_i - b_i)^2 / (2 e^z)>_d - <.>_m - 1/2 sum_j W_ij dW_ij.
// An update is  velocity <- momentum * velocity + rate * (gradient - weight cost);  parameter += velocity.
//
// Centring (Montavon & Mueller 2012; Melchior et al. 2016) changes the path, not the family of models: with
// offsets mu, lambda the weights' gradient loses mu dc' + db lambda' and the biases' loses dW lambda, dW' mu;
// log-variances keep theirs.
//
// Of sparse cases the positive phase takes the entries alone: up by their rows of the weights, and the
// positive half of each block of the gradient from the transposed batch; the stack then has negative rows.
//
// How it is cut: blocks of cases, whose size depends on the shape alone, each run their whole chain in one
// thread and leave statistics in rows of two stacks (positive rows, then negative rows); then blocks of rows
// of the weights each make their part of the gradient with one product of the stacks and update it at once.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "harmonium/models/rbm.h"
#include "harmonium/train/learner.h"
#include "harmonium/train/negative_phase.h"
#include "harmonium/train/options.h"

namespace harmonium {

/// The gradient of the mean log-likelihood, or what a negative phase makes of it, without weight cost.
struct RbmGradient {
  Matrix<float> weights;
  std::vector<float> visible_bias, hidden_bias;
  std::vector<float> visible_log_variance, hidden_log_variance;  ///< empty where no variance is learned
};

/// The precision that a learner with these options takes: options.precision, or what is best for it.
/// `value_step` is the source's. Throws InputError where bf16 is asked for, but the processor, the states of
/// a layer, the values or the negative phase do not allow it.
Precision choose_precision(const Rbm& rbm, const TrainOptions& options, float value_step);

class RbmLearner final : public Learner {
 public:
  /// Learns from `start`. `missing_values`: number of missing cells a case, empty where there are none; with
  /// options.missing_absent they are masked instead of sampled. `base_visible_bias` as for tempering; empty
  /// stands for the start's visible biases. `prefix` names the tensors ("layers.0").
  /// Persistent chains begin at the biases' own distribution, or with options.tied_start at the first cases.
  /// `value_step` is the source's, for the choice of precision. Throws InputError as choose_precision does.
  RbmLearner(Rbm start, const TrainOptions& options, std::string prefix, ThreadTeam& team,
             std::vector<std::uint32_t> missing_values = {}, std::span<const float> base_visible_bias = {},
             float value_step = 0.0f);

  void step(const Batch& batch, const StepInfo& info, ThreadTeam& team) override;
  /// Where no value is missing and statistics of visible units are their values.
  bool takes_sparse() const override;
  ParameterList parameters() override { return rbm_.parameters(prefix_); }
  ParameterList state() override;
  void restored() override;
  std::string find_state_fault() override;

  /// The gradient of one batch without an update, for tests and for optimisers that see the whole.
  RbmGradient gradient(const Batch& batch, const StepInfo& info, ThreadTeam& team);

  const Rbm& rbm() const { return rbm_; }
  const NegativePhase& negative_phase() const { return *negative_; }
  /// Of the products of this learner.
  Precision precision() const { return packed_.precision(); }
  /// ||change of weights|| / ||weights|| of the last update with info.watch_update; about 1e-3 is healthy
  /// (Hinton 2010, section 7).
  double update_ratio() const { return update_ratio_; }

 private:
  // Sums over the rows of one phase.
  struct Moments {
    std::vector<double> visible, visible_square, hidden, hidden_square, hidden_scaled;
  };
  struct WorkerMemory {
    HalfStepMemory half_step;
    Matrix<float> completed;
    ProductMemory gradient;
  };
  // Where a block of rows of one phase lies.
  struct Block {
    bool positive;
    std::size_t first, count;  // rows of its phase
    std::size_t place;         // in the stack of statistics
    std::size_t sums;          // row of the sums of blocks
  };

  void collect(const Batch& batch, const StepInfo& info, ThreadTeam& team);
  ChainModel chain_model() const;
  bool has_persistent_chains() const {
    return options_.negative == NegativeKind::kPersistent ||
           options_.negative == NegativeKind::kFastPersistent;
  }
  void start_chains(const Batch& batch, ThreadTeam& team);
  void prepare_stacks(const Batch& batch, const StepInfo& info, ThreadTeam& team);
  void plan_blocks();
  void positive_block(const Batch& batch, const StepInfo& info, std::size_t first, std::size_t count,
                      unsigned worker);
  void negative_block(const StepInfo& info, std::size_t first, std::size_t count, unsigned worker);
  void fill_missing(const Batch& batch, const StepInfo& info, std::size_t first, std::size_t count,
                    unsigned worker);
  void store_statistics(const Block& block);
  MatrixView<float> visible_rows(bool positive, std::size_t first, std::size_t count);
  void sum_moments(ThreadTeam& team);
  void sum_squares(ThreadTeam& team);
  void sum_model_variance();
  void update_offsets(const StepInfo& info);
  void size_block_sums(std::size_t blocks);
  MatrixView<float> block_gradient(std::size_t first, std::size_t count, std::size_t block, unsigned worker);
  void sum_over_gradient(std::size_t first, std::size_t block, MatrixView<float> gradient);
  void centre_gradient(std::size_t first, std::size_t block, MatrixView<float> gradient);
  std::vector<double> column_sums(const Matrix<double>& block_sums) const;
  void rest_of_gradient(RbmGradient& gradient) const;
  void add_sparsity();
  void update_block(std::size_t first, std::size_t count, std::size_t block, unsigned worker,
                    const StepInfo& info);
  void update_rest(const StepInfo& info);
  void limit_norms(std::size_t rows, ThreadTeam& team);
  void pack_all();

  Rbm rbm_;
  TrainOptions options_;
  std::string prefix_;
  std::unique_ptr<NegativePhase> negative_;

  float visible_step_ = 1.0f;
  PackedWeights packed_;

  // Momentum; fast weights and their sum with the model's (negative phase of fpcd).
  Rbm velocity_;
  Rbm fast_, effective_;
  PackedWeights packed_effective_;

  // Rows [0, B) positive, [B, B + M) negative: values, then statistics. Of sparse cases there are no positive
  // rows of visible values, but their transpose, V x B, times the weight of the case.
  Matrix<float> visible_stack_, hidden_stack_, hidden_samples_;
  bool sparse_ = false;
  SparseMatrix transpose_;
  std::vector<float> row_weights_, lengths_;
  std::vector<float> signed_weights_;  // of rows of the gradient: the negative ones with the other sign
  std::vector<Block> blocks_;
  StatisticsStack stack_;
  Matrix<float> visible_sums_, hidden_sums_;  // weighted sums over the rows of each block
  std::span<const std::uint64_t> batch_cases_;
  ConstMatrixView<float> batch_absent_;  // the batch where missing values are absent, else empty
  std::size_t positive_rows_ = 0, negative_rows_ = 0;
  Moments positive_moments_, negative_moments_;
  std::vector<double> visible_difference_, hidden_difference_;  // of statistics, data minus model
  std::vector<double> model_variance_;  // V: what second moments of negative rows that are means lack

  std::vector<float> visible_offset_, hidden_offset_;  // centring
  std::vector<float> activity_;                        // running mean activity, for sparsity
  std::vector<float> hidden_pull_;                     // sparsity term of each hidden unit
  Matrix<float> missing_state_;                        // chains of the missing values, one row
  std::vector<std::uint64_t> missing_start_;           // first cell of each case

  std::vector<WorkerMemory> memories_;  // one a worker
  // Sums over parts of the gradient, one row a block of weights where columns are summed.
  std::vector<double> weights_dot_gradient_;   // V: sum_j W dW
  std::vector<double> gradient_dot_offset_;    // V: dW lambda
  Matrix<double> block_offset_dot_gradient_;   // blocks x H: parts of dW' mu
  Matrix<double> block_weights_dot_gradient_;  // blocks x H: parts of sum_i W dW
  Matrix<double> block_sizes_;                 // blocks x 2: squares of the update and of the weights
  double update_ratio_ = 0;
};

}  // namespace harmonium
