// Learning of a feed-forward net: back-propagation (Rumelhart, Hinton & Williams 1986) of the error E of its
// outputs y against targets t, by mini-batches with momentum, weight cost, a limit of norms, and dropout.
//
//   E = sum over cases of  weight * e / sum of weights,  in nats;  e by the last layer:
//     softmax (classes)            - log y_label
//     logistic (values 0 to 1)     - sum over i of  t_i log y_i + (1 - t_i) log(1 - y_i)
//     linear                       sum over i of  (t_i - y_i)^2 / 2
//   delta of the last layer = t - y,   delta of a layer below = f'(its total input) * (delta W')
//   dW_n = y_{n-1}' delta_n,   db_n = delta_n,  both summed over cases with their weights
//
// Dropout (Srivastava, Hinton, Krizhevsky, Sutskever & Salakhutdinov 2014): each input and each unit of a
// hidden layer that is not linear is left out of an update with a given probability, and the others are
// divided by the probability of being kept. So the weights are those of the whole net at any time, and a net
// that was pre-trained starts with its weights as they are. Linear hidden units (codes) are never left out.
#pragma once

#include <vector>

#include "harmonium/models/network.h"
#include "harmonium/train/learned_weights.h"
#include "harmonium/train/learner.h"
#include "harmonium/train/network_options.h"

namespace harmonium {

class NetworkLearner final : public Learner {
 public:
  /// A classifier ends in its only softmax layer; an autoencoder has none, and as many outputs, logistic or
  /// linear ones, as inputs. Throws InputError where `start` is otherwise, or an option out of range.
  NetworkLearner(Network start, const NetworkOptions& options, const ThreadTeam& team);
  NetworkLearner(const NetworkLearner&) = delete;
  NetworkLearner& operator=(const NetworkLearner&) = delete;

  /// The batch of a classifier has labels below outputs(); cases with label -1 are not learned from. Values
  /// that are missing (NaN) end in weights that are NaN: give none.
  void step(const Batch& batch, const StepInfo& info, ThreadTeam& team) override;
  ParameterList parameters() override { return network_.parameters(); }
  ParameterList state() override;
  void restored() override;

  const Network& network() const { return network_; }
  /// E of the last batch that was watched (StepInfo), before its update, under its dropout, in nats.
  double error() const { return error_; }
  /// ||change of weights|| / ||weights|| of the last update that was watched; of the layer where it is
  /// largest, where layers have rates of their own.
  double update_ratio() const { return update_ratio_; }

 private:
  struct Memory {
    std::vector<Matrix<float>> outputs;  // of every layer, the inputs first
    std::vector<Matrix<float>> deltas;   // of every layer's total inputs
    Matrix<float> targets;               // of an autoencoder
    ProductMemory product;
  };
  struct Block {
    std::size_t index, first, count;
  };

  void begin(const Batch& batch, const ThreadTeam& team);
  void run_block(const Batch& batch, const Block& block, const StepInfo& info, Memory& memory);
  void pass_up(const Batch& batch, const Block& block, const StepInfo& info, Memory& memory);
  void subtract_from_labels(const Batch& batch, const Block& block, Memory& memory);
  void subtract_from_inputs(const Block& block, const StepInfo& info, Memory& memory);
  void pass_down(const Block& block, std::size_t lowest, Memory& memory);
  void update(const StepInfo& info, std::size_t lowest, ThreadTeam& team);
  std::size_t lowest_learned(const StepInfo& info) const;
  double dropout_of(std::size_t outputs) const;

  Network network_;
  NetworkOptions options_;
  std::vector<LearnedWeights> weights_;
  std::vector<LearnedBias> biases_;
  std::vector<Memory> memories_;
  std::vector<ProductMemory> products_;  // of updates, one a thread
  std::vector<float> row_weights_;       // sum to 1 over the cases learned from
  std::vector<double> block_errors_;
  double error_ = 0, update_ratio_ = 0;
};

}  // namespace harmonium
