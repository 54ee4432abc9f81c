// Weights and biases that learn from statistics which blocks of cases leave: what learners of several layers
// at once are made of.
//
//   dW = sum over rows r of  weight[r] left[r]' right[r],   db = sum over rows r of  weight[r] values[r]
//   velocity <- momentum * velocity + rate * (gradient - weight cost);  parameter += velocity
//
// Threads store rows where the plan puts their blocks; then blocks of rows of the weights make their part of
// the gradient with one product and update it at once.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "harmonium/base/matrix.h"
#include "harmonium/base/threads.h"
#include "harmonium/kernels/packed_weights.h"
#include "harmonium/kernels/update.h"
#include "harmonium/models/parameters.h"

namespace harmonium {

/// A matrix of weights (V x H, not owned), packed for products.
class LearnedWeights {
 public:
  LearnedWeights(Matrix<float>& weights, std::string name, Precision precision);

  const PackedWeights& packed() const { return packed_; }
  const std::string& name() const { return name_; }
  /// The statistics of the next batch, of `places` places (StatisticsStack::places of every block).
  StatisticsStack& statistics() { return statistics_; }
  void begin_batch(std::size_t places);

  /// Parts of an update that may run at the same time.
  std::size_t parts() const;
  /// Adds (squares of the change, squares of the weights) of part `part` to `sizes` where it is not null.
  void update_part(std::size_t part, const UpdateRule& rule, ProductMemory& memory, double* sizes);
  /// Rows [first, first + count) of the gradient, for tests: a view of `memory`.
  MatrixView<float> gradient(std::size_t first, std::size_t count, ProductMemory& memory) const;

  /// "velocity.NAME".
  NamedTensor velocity();
  /// After the weights were written by somebody else.
  void pack_all();
  /// Shrinks every column (what leads into one unit) that is longer than `limit` to that length.
  void limit_norms(double limit, ThreadTeam& team);

 private:
  Matrix<float>* weights_;
  std::string name_;
  PackedWeights packed_;
  StatisticsStack statistics_;
  Matrix<float> velocity_;
};

/// Biases (not owned), with the sums that blocks leave.
class LearnedBias {
 public:
  LearnedBias(std::span<float> bias, std::string name);

  void begin_batch(std::size_t blocks);
  /// sums of block `block` += sum over rows r of weights[r] values(r, .). One thread a block.
  void add(std::size_t block, ConstMatrixView<float> values, std::span<const float> weights);
  const std::string& name() const { return name_; }
  /// The sum over blocks, in their order.
  std::vector<float> gradient() const;
  void update(const UpdateRule& rule);
  /// "velocity.NAME".
  NamedTensor velocity();

 private:
  std::span<float> bias_;
  std::string name_;
  Matrix<float> sums_;  // blocks x N
  std::vector<float> velocity_;
};

/// One gradient of a batch, for tests.
struct NamedGradient {
  std::string name;      ///< of the tensor
  Matrix<float> values;  ///< a bias is one row
};
/// Those of all weights, then of all biases.
std::vector<NamedGradient> all_gradients(std::span<LearnedWeights> weights, std::span<LearnedBias> biases);

/// Updates all weights in one job of the team, then all biases, which pay no weight cost. Returns
/// ||change of weights|| / ||weights|| where `watch`, else 0. `memories`: one a thread, reused from update to
/// update.
double update_all(std::span<LearnedWeights> weights, std::span<LearnedBias> biases, const UpdateRule& rule,
                  bool watch, std::vector<ProductMemory>& memories, ThreadTeam& team);

}  // namespace harmonium
