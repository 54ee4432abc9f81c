// A layer of units: groups of variables of one kind each, their conditionals, energies and log-partitions.
//
// Every kind that has an energy is an exponential family: a value v has a statistic s(v), a base measure
// mu(v) and, with total input x, the probability  p(v | x) = mu(v) exp(s(v) x) / exp(log_partition(x)). What
// the layer adds to the energy of a model is  -b s(v) - log mu(v)  (for Gaussian units (v - b)^2 / (2
// sigma^2)); couplings to other layers act on s(v). docs/units.md has the table of formulas and of what each
// kind has and has not.
//
// Shapes: B cases (rows), N columns of the layer. All batch functions take the *interaction* input (the
// product of the other layer's statistics with the weights, without this layer's bias).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harmonium/base/matrix.h"
#include "harmonium/base/random.h"
#include "harmonium/base/sparse.h"

namespace harmonium {

enum class UnitKind {
  kBernoulli,    ///< 0 or 1; a value between stands for a probability
  kGaussian,     ///< real; variance 1 or learned
  kRectified,    ///< max(0, x + N(0, logistic(x))), Nair & Hinton 2010; has no energy
  kBinomial,     ///< 0..N: the sum of N Bernoulli copies (Teh & Hinton 2001)
  kStepped,      ///< 0..N: the sum of N Bernoulli copies with biases offset by -1/2, -3/2, ...
  kSoftmax,      ///< one of k, as k columns of which one is 1
  kMultinomial,  ///< counts of K words in a document of D = their sum (replicated softmax)
  kPoisson,      ///< 0, 1, 2, ...
};

/// Units of one kind that stand side by side in a layer.
struct UnitGroup {
  UnitKind kind = UnitKind::kBernoulli;
  std::size_t units = 0;  ///< number of variables; for multinomial the number K of words
  /// binomial and stepped: N. softmax: k. multinomial: the fixed length D, or 0 where data give it. Else 0.
  unsigned parameter = 0;
  bool learned_variance = false;  ///< gaussian only

  /// Columns that the group takes: units, times k for softmax.
  std::size_t columns() const { return kind == UnitKind::kSoftmax ? units * parameter : units; }
  bool operator==(const UnitGroup&) const = default;
};

/// The shape of a layer in the grammar of the design: groups joined by " + ", each `KIND SIZE`:
/// "500", "bernoulli 500 + softmax 10", "gaussian 625", "gaussian(learned) 625", "rectified 1000",
/// "binomial(8) 20", "stepped(16) 20", "softmax 10" (one variable of 10 states), "softmax(4) 20" (20
/// variables of 4 states, 80 columns), "multinomial 2000", "multinomial(50) 2000", "poisson 30".
struct LayerSpec {
  std::vector<UnitGroup> groups;

  std::size_t columns() const;
  /// The first column of group `group`.
  std::size_t first_column(std::size_t group) const;
  /// The shortest text that parses to this: kinds are named except for bernoulli.
  std::string to_string() const;
  bool operator==(const LayerSpec&) const = default;

  bool has_learned_variance() const;
  bool has_kind(UnitKind kind) const;
  /// True where every group has an energy (all kinds but rectified).
  bool has_energy() const;
  /// True where a multinomial group has no length of its own: each document brings its own.
  bool has_open_length() const;
  /// True where every state of the layer can be counted: no gaussian, poisson, or rectified group, and no
  /// multinomial group whose length is open.
  bool is_enumerable() const;
};

/// Parses one layer. Throws InputError with the offending word and the nearest known kind.
LayerSpec parse_layer(std::string_view text);

/// Parses "784-500-500-2000" or "gaussian 625 - rectified 1000 - 500 + softmax 10": layers separated by '-'.
/// The first may be the word "data", returned as a spec without groups. Throws InputError.
std::vector<LayerSpec> parse_layers(std::string_view text);

/// "784-500-500-2000", " - " with blanks where a layer has more than a number.
std::string layers_to_string(const std::vector<LayerSpec>& layers);

/// Name as it stands in the grammar: "bernoulli", "gaussian", ...
std::string_view kind_name(UnitKind kind);

/// Learned variances stay above this: exp(log_variance) >= 1e-4 (deepmat issue 7: a variance that goes to
/// zero or below ends the run).
inline constexpr float kMinLogVariance = -9.21034f;

/// A layer with its parameters.
struct Layer {
  LayerSpec spec;
  AlignedVector<float> bias;          ///< one a column
  AlignedVector<float> log_variance;  ///< one a column where a group has a learned variance, else empty

  Layer() = default;
  /// Biases 0, log-variances 0.
  explicit Layer(LayerSpec layer_spec);
  std::size_t columns() const { return bias.size(); }
};

/// What a conditional needs beside the interaction input. Empty spans stand for the layer's own or for 1.
struct RowContext {
  /// One a row: the factor of the layer's biases. Hidden biases beside a multinomial visible group are scaled
  /// by the document's length D (Salakhutdinov & Hinton 2009).
  std::span<const float> bias_scale = {};
  /// One a row: the length D of a multinomial group of this layer whose length is not fixed.
  std::span<const float> lengths = {};
  /// One a column, in place of the layer's bias: tempering moves biases from a base.
  std::span<const float> bias = {};

  RowContext row_block(std::size_t first, std::size_t count) const;
};

/// The state of the layer given its total input: `means` (B x N) gets the conditional mean of the *value*,
/// `samples` (B x N) a sample. Either may be empty and is then skipped; either may be the same memory as
/// `input`, if they are not both. Row r uses the random numbers of `cases[r]`.
void conditional(const Layer& layer, ConstMatrixView<float> input, const RowContext& context,
                 MatrixView<float> means, MatrixView<float> samples, const Noise& noise,
                 std::span<const std::uint64_t> cases);

/// Means alone: no random numbers.
void conditional_mean(const Layer& layer, ConstMatrixView<float> input, const RowContext& context,
                      MatrixView<float> means);

/// True where every state of the layer is a row of whole numbers up to 256, which 16-bit floats hold exactly:
/// Bernoulli, softmax, binomial and stepped groups, and multinomial ones of fixed length.
bool has_exact_states(const LayerSpec& spec);

/// s(v) for each value: v / sigma where the variance is learned, else v itself. True where the statistics are
/// not the values, so that a caller can skip the copy.
bool has_scaled_statistics(const LayerSpec& spec);
void to_statistics(const Layer& layer, ConstMatrixView<float> values, MatrixView<float> statistics);
/// s(values): the values themselves where they are their statistics, else a view of `memory`, which holds
/// them then.
ConstMatrixView<float> statistics_of(const Layer& layer, ConstMatrixView<float> values,
                                     Matrix<float>& memory);

/// The layer's own term of the energy of one row of values, in 64-bit sums:
/// sum over columns of -bias_scale * b s(v) - log mu(v). `context` holds this row alone.
/// Throws InputError naming the kind where a group has no energy. Values of Bernoulli columns may lie between
/// 0 and 1. Counts must be whole where mu needs factorials.
double layer_energy(const Layer& layer, std::span<const float> values, const RowContext& context = {});

/// log of the sum (integral) over all values v of exp(-layer_energy(v) + s(v) input), for one row.
/// Softmax: log-sum-exp over its k states. Multinomial: over *ordered* words, D log-sum-exp; this equals the
/// sum over count vectors with mu = D! / prod n_k!.
/// Throws InputError where a group has no energy.
double log_partition(const Layer& layer, std::span<const float> input, const RowContext& context = {});
double log_partition(const Layer& layer, std::span<const double> input, const RowContext& context = {});

/// A layer taken apart into its variables: each a layer of one unit (a softmax unit with its k columns; a
/// multinomial group stays whole), for sums over one variable at a time.
struct LayerVariable {
  std::size_t first_column = 0;
  Layer layer;
};
std::vector<LayerVariable> split_into_variables(const Layer& layer);

/// The lengths D of the rows: sums over the columns of the multinomial group; empty where there is none.
std::vector<float> document_lengths(const LayerSpec& spec, ConstMatrixView<float> values);
std::vector<float> document_lengths(const LayerSpec& spec, const SparseRows& values);

/// The first value that a layer of this shape cannot hold: a column of this row and why ("1.5 is not between
/// 0 and 1 (bernoulli)"), or an empty reason. NaN is reported like any other value unless `nan_is_missing`.
struct ValueFault {
  std::size_t column = 0;
  std::string reason;
};
ValueFault find_value_fault(const LayerSpec& spec, std::span<const float> values, bool nan_is_missing);

/// Calls `visit(values)` for every state of an enumerable layer, in a fixed order. The number of states is
/// `count_states` (as a double: it may be astronomic).
double count_states(const LayerSpec& spec);
class StateEnumerator {
 public:
  /// Throws InputError where the layer is not enumerable or has more than 2^53 states. The last column moves
  /// fastest.
  explicit StateEnumerator(const LayerSpec& spec);
  std::uint64_t states() const { return states_; }
  /// Writes state number `index` (0 <= index < states()) as values; a multinomial group as counts.
  void state(std::uint64_t index, std::span<float> values) const;

 private:
  LayerSpec spec_;
  std::uint64_t states_ = 0;
};

/// Does exp(-E) have a finite sum for these two layers? docs/units.md has the table.
enum class Normalisation {
  kAlways,
  kIfWeightsSmall,     ///< gaussian with gaussian: all singular values of the weights below 1
  kIfWeightsNegative,  ///< poisson with poisson: no positive weight
  kNever,              ///< gaussian with poisson, unless all weights are 0
  kNoEnergy,           ///< a rectified group
};
Normalisation normalisation(const LayerSpec& visible, const LayerSpec& hidden);

}  // namespace harmonium
