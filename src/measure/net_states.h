// Hidden states of a deep belief net for one case: sampled by the up-pass, weighed, and moved towards the
// posterior. The machinery behind measure/net_likelihood.h.
#pragma once

#include <span>
#include <vector>

#include "harmonium/kernels/packed_weights.h"
#include "harmonium/models/deep_belief_net.h"

namespace harmonium {

/// A net with the weights of its products packed; shared by all threads.
class PackedNet {
 public:
  explicit PackedNet(const DeepBeliefNet& net);

  const DeepBeliefNet& net;
  /// Weights with which layer n is predicted from n + 1, and n + 1 recognised from n.
  const PackedWeights& down(std::size_t n) const { return generative_[n]; }
  const PackedWeights& up(std::size_t n) const {
    return recognition_[n].empty() ? generative_[n] : recognition_[n];
  }
  const PackedWeights& top() const { return generative_.back(); }
  /// For each column of layer n, the first column of its variable: what is resampled together.
  std::span<const std::size_t> variable_of(std::size_t n) const { return variables_[n]; }

 private:
  std::vector<PackedWeights> generative_, recognition_;
  std::vector<std::vector<std::size_t>> variables_;
};

/// R rows of states of layers 1 .. L-1 beside one case v, and the terms of their weights.
class NetStates {
 public:
  NetStates(const PackedNet& packed, std::size_t most_rows);

  /// The case, and how many rows stand beside it.
  void begin(std::span<const float> visible, std::size_t rows);
  std::size_t rows() const { return rows_; }
  Matrix<float>& layer(std::size_t n) { return layers_[n - 1]; }

  /// One up-pass a row. `numbers`: one a row, for its random numbers.
  void sample_up(const Noise& noise, std::span<const std::uint64_t> numbers);
  /// A sample of layer n given layer n - 1 as it stands, into `values` (R x its columns).
  void sample_layer(std::size_t n, const Noise& noise, std::span<const std::uint64_t> numbers,
                    MatrixView<float> values);
  /// log q(h_n | h_{n-1}) of each row into log_q(n), and their sum with log p*(v, h) (without log Z) into
  /// log_p(), for all n.
  void weigh();
  double log_p(std::size_t row) const { return log_p_[row]; }
  double log_q(std::size_t n, std::size_t row) const { return log_q_[n - 1][row]; }
  double log_q(std::size_t row) const;
  double log_weight(std::size_t row) const { return log_p_[row] - log_q(row); }

  /// Takes over row r of other states of the same case, with its terms.
  void copy_row(const NetStates& other, std::size_t row);
  void copy_all(const NetStates& other);

 private:
  const Layer& recognised(std::size_t n) const;
  ConstMatrixView<float> recognition_input(std::size_t n);
  void weigh_recognition(std::size_t n);
  void weigh_generation(std::size_t n);
  void weigh_top();
  double top_term(std::span<const float> values, std::span<const float> input);

  const PackedNet& packed_;
  const DeepBeliefNet& net_;
  std::size_t rows_ = 0;
  Matrix<float> visible_, visible_statistics_;  // 1 x V
  std::vector<float> length_;                   // of the case, where it is a document of open length
  Matrix<float> first_input_;                   // of layer 1, the same in all rows
  std::vector<Matrix<float>> layers_;
  std::vector<double> log_p_;
  std::vector<std::vector<double>> log_q_;
  std::vector<float> bias_scales_, top_input_;
  Matrix<float> statistics_, with_labels_;
  ProductMemory product_;
};

/// Carries states from Q to the posterior: targets q(h | v) (p(v, h) / q(h | v))^beta. A move draws some of
/// the variables of one layer anew from the up-pass and is accepted by Metropolis & Hastings' rule; each
/// target is left as it is.
class PosteriorMoves {
 public:
  PosteriorMoves(const PackedNet& packed, std::size_t most_rows)
      : packed_(packed), proposal_(packed, most_rows) {}
  /// One move for every row, at `beta`. `step` numbers the moves of a row: layers and fractions of variables
  /// take turns.
  void move(NetStates& states, double beta, std::uint64_t step, const Noise& noise,
            std::span<const std::uint64_t> numbers);

 private:
  const PackedNet& packed_;
  NetStates proposal_;
};

}  // namespace harmonium
