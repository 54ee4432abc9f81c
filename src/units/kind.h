// What a kind of unit is to the rest of the folder: a table of functions over one group of one row.
//
// A kind is one file that fills one table. layer.cpp calls the tables over rows and groups and knows no
// formula; a kind knows one group of one row and nothing of layers. To add a kind: its name in UnitKind, its
// file, its line in `kind_table` and in the grammar.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "harmonium/base/random.h"
#include "harmonium/units/layer.h"
#include "kernels/pass.h"

namespace harmonium {

/// One group of one row: its shape, its parameters and where its random numbers are. Pointers are to the
/// group's first column.
struct GroupRow {
  const UnitGroup* group = nullptr;
  std::size_t columns = 0;
  const float* bias = nullptr;
  double bias_scale = 1.0;
  const float* log_variance = nullptr;  ///< null where the variance is 1
  double length = -1.0;                 ///< multinomial: D; negative where nobody gave it
  std::uint32_t first_unit = 0;         ///< the group's first column: the number of its first unit in Noise

  /// bias_scale * b of column j.
  double bias_at(std::size_t j) const { return bias_scale * bias[j]; }
  /// Interaction input plus bias.
  double total(std::size_t j, double input) const { return input + bias_at(j); }
};

/// One group of a block of rows for `KindTable::pass`: where its values are, and what some kinds have
/// besides.
struct GroupPass {
  PassRows rows;
  const UnitGroup* group = nullptr;
  const float* log_variance = nullptr;  ///< one a column; null where the variance is 1
  const float* lengths = nullptr;       ///< multinomial: one a row; null where nobody gave them
};

struct KindTable {
  UnitKind kind;
  std::string_view name;

  /// input -> conditional mean of the value, one a column.
  void (*mean)(const GroupRow&, const float* input, float* mean);
  /// input -> a sample. NaN in gives NaN out.
  void (*sample)(const GroupRow&, const float* input, const RowNoise&, float* sample);
  /// sum of -b s(v) - log mu(v); null where there is no energy.
  double (*energy)(const GroupRow&, const float* values);
  /// log of the sum over values of exp(-energy + s(v) input); null where there is no energy.
  double (*log_partition)(const GroupRow&, const double* input);
  /// The first column whose value the kind cannot hold, and why without the kind's name; empty if none.
  ValueFault (*fault)(const UnitGroup&, std::span<const float> values, bool nan_is_missing);
  /// Number of states of the group, infinite where they cannot be counted.
  double (*states)(const UnitGroup&);
  /// State `index` of the group, the last column moving fastest; null where they cannot be counted.
  void (*state)(const UnitGroup&, std::uint64_t index, float* values);
  /// `mean` and `sample` of a block of rows in vectors. False, and nothing done, where the instruction set
  /// has none; null where the kind has only `mean` and `sample`.
  bool (*pass)(const GroupPass&);
};

extern const KindTable kBernoulliTable, kGaussianTable, kRectifiedTable, kBinomialTable, kSteppedTable,
    kSoftmaxTable, kMultinomialTable, kPoissonTable;

const KindTable& kind_table(UnitKind kind);
/// All kinds, in the order of UnitKind.
std::span<const KindTable* const> all_kinds();

/// `conditional` by the plain functions of the kinds alone: the reference of the passes.
void plain_conditional(const Layer& layer, ConstMatrixView<float> input, const RowContext& context,
                       MatrixView<float> means, MatrixView<float> samples, const Noise& noise,
                       std::span<const std::uint64_t> cases);

// ---- What several kinds share ----

double logistic(double x);
/// log n! for whole n >= 0: a table, then Stirling's series; relative error below 1e-15.
double log_factorial(double n);
/// log sum exp of x[0..count); -infinity for none, NaN if one is NaN.
double log_sum_exp(const double* x, std::size_t count);
/// p[j] = exp(total_j) / sum, in place over the totals; returns false and fills with NaN if one is NaN.
bool softmax_in_place(std::span<double> totals);
/// The first index whose running sum of p exceeds u times the last sum.
std::size_t pick(std::span<const double> cumulative, double u);

/// "%g".
std::string number(double value);
bool is_whole(double value);
/// -b v summed over columns.
double linear_energy(const GroupRow& row, const float* values);
/// A whole number in 0..limit (limit infinite for none), else why not: "2.5 is not a whole number".
std::string count_fault(double value, double limit);
/// `count_fault` over a group.
ValueFault counts_fault(std::span<const float> values, double limit, bool nan_is_missing);
/// Throws InputError where an energy is asked for a value that is not a count in 0..limit.
void require_count(double value, double limit, const UnitGroup& group);
/// One unit's states are 0..base - 1: number of states, and state `index` with the last column fastest.
double power_states(std::size_t units, double base);
void power_state(std::size_t units, std::uint64_t base, std::uint64_t index, float* values);
/// "binomial(8)", "bernoulli": the kind as messages name it.
std::string describe(const UnitGroup& group);

}  // namespace harmonium
