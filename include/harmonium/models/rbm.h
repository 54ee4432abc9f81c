// The restricted Boltzmann machine: two layers and the weights between them.
//
//   E(v, h) = E_v(v) + E_h(h) - s(v)' W s(h)          p(v, h) = exp(-E(v, h)) / Z
//
// where E_v and E_h are what the layers add (units/layer.h) and s the statistics of their values. For
// Bernoulli units this is -b'v - c'h - v'Wh (Smolensky 1986; Hinton 2002). Given one layer, the units of the
// other are independent, so a whole layer is sampled at once.
//
// Shapes: B cases, V visible columns, H hidden columns; weights V x H.
#pragma once

#include <span>
#include <vector>

#include "harmonium/base/matrix.h"
#include "harmonium/base/random.h"
#include "harmonium/base/sparse.h"
#include "harmonium/base/threads.h"
#include "harmonium/kernels/packed_weights.h"
#include "harmonium/models/parameters.h"
#include "harmonium/units/layer.h"

namespace harmonium {

/// The parameters of an RBM. A plain value: copy it, move it, change its numbers.
struct Rbm {
  Layer visible, hidden;
  Matrix<float> weights;  ///< V x H

  Rbm() = default;
  /// All parameters zero. Throws InputError where a multinomial group of open length is hidden.
  Rbm(LayerSpec visible_spec, LayerSpec hidden_spec);

  std::size_t visible_columns() const { return visible.columns(); }
  std::size_t hidden_columns() const { return hidden.columns(); }

  /// "PREFIX.weights", "PREFIX.visible_bias", "PREFIX.hidden_bias" and, where a variance is learned,
  /// "PREFIX.visible_log_variance", "PREFIX.hidden_log_variance".
  ParameterList parameters(const std::string& prefix);
};

/// Which layer a half step computes.
enum class Side { kVisible, kHidden };

/// What one block of rows needs beside the model: memory that is reused from call to call (one a thread).
struct HalfStepMemory {
  /// The model's weights in the layouts of the products, for whoever takes many steps; null: multiplied as
  /// they are. With bf16 weights, values must be exact in bf16 when visible ones are divided by
  /// `visible_step`.
  const PackedWeights* packed = nullptr;
  float visible_step = 1.0f;

  /// The interaction input of the last step: factor * s(values) W, without biases.
  ConstMatrixView<float> input;

  Matrix<float> statistics, unpacked_input;
  ProductMemory product;
  std::vector<float> lengths;
};

/// Working memory of every thread of a team, for `rows` rows in all that will be multiplied by the weights of
/// an RBM: where they are many enough to pay for it, the weights are packed once for all threads.
class PassMemory {
 public:
  PassMemory(const Rbm& rbm, std::size_t rows, const ThreadTeam& team);
  /// With weights that somebody has packed, in f32, and keeps.
  PassMemory(const PackedWeights& packed, const ThreadTeam& team);
  HalfStepMemory& operator[](unsigned worker) { return memories_[worker]; }

 private:
  PackedWeights packed_;
  std::vector<HalfStepMemory> memories_;
};

/// How the conditional of a layer is changed from the model's own.
struct HalfStep {
  /// Factor of the interactions: the inverse temperature of tempered chains.
  float interaction = 1.0f;
  /// In place of the layer's biases; empty for its own.
  std::span<const float> bias = {};
  /// Lengths of documents, a row each, where the visible layer has a multinomial group of open length and is
  /// the layer computed; empty elsewhere (they are then counted from the values given).
  std::span<const float> lengths = {};
};

/// Conditional of layer `side` given `values` of the other layer (B x that layer's columns): means and
/// samples as in `conditional`. Rows use the random numbers of `cases`.
void half_step(const Rbm& rbm, Side side, ConstMatrixView<float> values, const HalfStep& options,
               MatrixView<float> means, MatrixView<float> samples, const Noise& noise,
               std::span<const std::uint64_t> cases, HalfStepMemory& memory);

/// Conditional of the hidden layer given sparse visible values (B x V), whose statistics must be the values:
/// cost grows with their entries. f32 weights, whatever `memory.packed` is.
void half_step_up(const Rbm& rbm, const SparseRows& visible, MatrixView<float> means,
                  MatrixView<float> samples, const Noise& noise, std::span<const std::uint64_t> cases,
                  HalfStepMemory& memory);

/// The same as `half_step` for means alone.
void half_step_mean(const Rbm& rbm, Side side, ConstMatrixView<float> values, const HalfStep& options,
                    MatrixView<float> means, HalfStepMemory& memory);

/// E(v, h) of one pair of rows, 64-bit sums. Throws InputError where a group has no energy.
double energy(const Rbm& rbm, std::span<const float> visible, std::span<const float> hidden);

/// A model between a base and this one, for tempered chains and annealing: interactions times `interaction`
/// and the layers' biases as given (empty: the model's own). Variances, factorials and multiplicities stay.
struct Tempering {
  float interaction = 1.0f;
  std::span<const float> visible_bias = {}, hidden_bias = {};
};

/// F(v) = -log sum_h exp(-E(v, h)) for each row: free_energies[r]. 32-bit product, 64-bit sums.
/// Throws InputError where a group has no energy (rectified: use stepped, which it approximates).
void free_energy(const Rbm& rbm, ConstMatrixView<float> visible, std::span<double> free_energies,
                 ThreadTeam& team, const Tempering& tempering = {});
std::vector<double> free_energy(const Rbm& rbm, ConstMatrixView<float> visible, ThreadTeam& team);
/// The same for one block of rows in the calling thread.
void free_energy(const Rbm& rbm, ConstMatrixView<float> visible, std::span<double> free_energies,
                 HalfStepMemory& memory, const Tempering& tempering = {});

/// -log sum_v exp(-E(v, h)) for each row of hidden values. A multinomial visible group needs its fixed
/// length.
void hidden_free_energy(const Rbm& rbm, ConstMatrixView<float> hidden, std::span<double> free_energies,
                        ThreadTeam& team);

/// Small Gaussian weights, N(0, deviation^2); hidden biases `hidden_bias`, log-variances 0; visible biases as
/// they are. Numbers of (seed, layer).
void initialise_weights(Rbm& rbm, float deviation, float hidden_bias, std::uint64_t seed,
                        std::uint64_t layer);

/// Visible biases with which the visible layer alone would have the data's means (Hinton 2010, section 8):
/// log(p / (1 - p)) for Bernoulli, with p kept `guard` away from 0 and 1; the mean for Gaussian; log mean for
/// Poisson; log-odds of mean / N for binomial; log-probabilities for softmax and multinomial columns.
/// `means` has one value a column.
void initialise_visible_bias(Rbm& rbm, std::span<const double> means, double guard = 0.01);

/// The layer's biases for given column means, as above; a base-rate model for tempering and annealing.
std::vector<float> base_rate_bias(const LayerSpec& spec, std::span<const double> means, double guard = 0.01);

/// An RBM with the layers exchanged and the weights transposed: the same distribution.
Rbm mirrored(const Rbm& rbm);

}  // namespace harmonium
