// The way between a base model and an RBM, and blocks of chains that move along it.
//
// At the inverse temperature beta the interactions are scaled by beta, the visible biases are
// (1 - beta) base + beta b, the hidden ones beta c (docs/units.md):
//   log f_beta(v) = -E_v(v; biases) + L_h(beta s(v) W; beta c)
// with L_h the hidden layer's log-partition. f_1 is exp(-F(v)), f_0 the base model, whose sum is known.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "harmonium/models/rbm.h"

namespace harmonium {

/// What all chains share. Throws InputError where the model has no energy or no finite Z, or documents have
/// no length of their own.
class AnnealedPath {
 public:
  /// `base`: visible biases of the base model.
  AnnealedPath(const Rbm& rbm, std::span<const float> base);

  const Rbm& rbm() const { return rbm_; }
  const PackedWeights& packed() const { return packed_; }
  /// log of the sum of f_0 over all v.
  double base_log_z() const;
  void visible_bias_at(float beta, std::span<float> bias) const;
  void hidden_bias_at(float beta, std::span<float> bias) const;
  /// E_v(v; biases at `from`) - E_v(v; biases at `to`).
  double visible_change(std::span<const float> values, float from, float to) const;

 private:
  const Rbm& rbm_;
  std::span<const float> base_;
  PackedWeights packed_;
  // The visible change is (to - from) (slope' v - offset) - (to^2 - from^2) curvature.
  std::vector<double> slope_;
  double offset_ = 0, curvature_ = 0;
};

/// Some chains in one thread, each with the random numbers of its own number.
class AnnealedChains {
 public:
  AnnealedChains(const AnnealedPath& path, std::size_t first, std::size_t count);

  /// Samples of the base model.
  void start_from_base(const Noise& noise);
  void start_at(ConstMatrixView<float> visible);
  std::size_t size() const { return visible_.rows(); }
  ConstMatrixView<float> visible() const { return visible_; }

  /// changes[r] = log f_to(v_r) - log f_from(v_r).
  void changes(float from, float to, std::span<double> changes);
  /// log f_1(v_r).
  void log_f(std::span<double> values);
  /// A step of Gibbs sampling that leaves f_beta as it is: hidden from visible, visible from hidden. Seen
  /// from the visible layer it is its own reverse.
  void step(float beta, const Noise& noise);

 private:
  void look();
  double hidden_log_partition(std::size_t row, float beta);

  const AnnealedPath& path_;
  std::vector<std::uint64_t> numbers_;
  Matrix<float> visible_, hidden_;
  std::vector<float> visible_bias_, hidden_bias_;
  bool seen_ = false;        // is input_ that of visible_?
  MatrixView<float> input_;  // s(v) W, in memory_
  std::vector<double> scaled_;
  HalfStepMemory memory_;
};

}  // namespace harmonium
