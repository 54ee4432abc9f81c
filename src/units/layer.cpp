// A layer as a whole: the generic pass that calls the kinds over rows and groups.
#include "harmonium/units/layer.h"

#include <algorithm>
#include <cmath>

#include "harmonium/base/error.h"
#include "units/kind.h"

namespace harmonium {
namespace {

/// The parameters of one group as one row sees them; `row` indexes the spans of `context`.
GroupRow group_row(const Layer& layer, std::size_t group, std::size_t first, const RowContext& context,
                   std::size_t row) {
  const UnitGroup& g = layer.spec.groups[group];
  GroupRow r;
  r.group = &g;
  r.columns = g.columns();
  r.bias = (context.bias.empty() ? layer.bias.data() : context.bias.data()) + first;
  if (!context.bias_scale.empty()) r.bias_scale = context.bias_scale[row];
  if (g.learned_variance) r.log_variance = layer.log_variance.data() + first;
  if (!context.lengths.empty()) r.length = context.lengths[row];
  r.first_unit = static_cast<std::uint32_t>(first);
  return r;
}

void check_shapes(const Layer& layer, ConstMatrixView<float> input, const RowContext& context,
                  MatrixView<float> output) {
  check(input.cols() == layer.columns(), "the input of a layer has one column for each of its columns");
  check(output.empty() || (output.rows() == input.rows() && output.cols() == input.cols()),
        "the output of a layer has the shape of its input");
  check(context.bias.empty() || context.bias.size() == layer.columns(), "one bias a column");
  check(context.bias_scale.empty() || context.bias_scale.size() == input.rows(), "one bias scale a row");
  check(context.lengths.empty() || context.lengths.size() == input.rows(), "one length a row");
}

/// `noise` and `cases` are read only where there are samples.
struct Random {
  const Noise* noise = nullptr;
  std::span<const std::uint64_t> cases;
};

/// One group in vectors; false where there are none.
bool vector_group(const Layer& layer, const KindTable& kind, std::size_t group, std::size_t first,
                  ConstMatrixView<float> input, const RowContext& context, MatrixView<float> means,
                  MatrixView<float> samples, const Random& random) {
  if (kind.pass == nullptr) return false;
  const UnitGroup& g = layer.spec.groups[group];
  GroupPass pass;
  pass.group = &g;
  if (g.learned_variance) pass.log_variance = layer.log_variance.data() + first;
  if (!context.lengths.empty()) pass.lengths = context.lengths.data();
  PassRows& p = pass.rows;
  p.input = input.data() + first, p.input_stride = input.stride();
  p.bias = (context.bias.empty() ? layer.bias.data() : context.bias.data()) + first;
  if (!context.bias_scale.empty()) p.bias_scale = context.bias_scale.data();
  if (!means.empty()) p.means = means.data() + first, p.means_stride = means.stride();
  if (!samples.empty()) {
    p.samples = samples.data() + first, p.samples_stride = samples.stride();
    p.key = random.noise->key(), p.cases = random.cases.data();
  }
  p.rows = input.rows(), p.columns = g.columns();
  p.first_unit = static_cast<std::uint32_t>(first);
  return kind.pass(pass);
}

/// One group by its scalar functions, a row at a time. The row's input is copied first, because means or
/// samples may be written over it.
void plain_group(const Layer& layer, const KindTable& kind, std::size_t group, std::size_t first,
                 ConstMatrixView<float> input, const RowContext& context, MatrixView<float> means,
                 MatrixView<float> samples, const Random& random) {
  const std::size_t columns = layer.spec.groups[group].columns();
  std::vector<float> row_input(columns);
  for (std::size_t r = 0; r < input.rows(); ++r) {
    std::copy_n(&input(r, first), columns, row_input.begin());
    const GroupRow row = group_row(layer, group, first, context, r);
    if (!means.empty()) kind.mean(row, row_input.data(), &means(r, first));
    if (!samples.empty())
      kind.sample(row, row_input.data(), {random.noise->key(), random.cases[r]}, &samples(r, first));
  }
}

void run_groups(const Layer& layer, ConstMatrixView<float> input, const RowContext& context,
                MatrixView<float> means, MatrixView<float> samples, const Random& random, bool vectors) {
  if (input.empty()) return;
  std::size_t first = 0;
  for (std::size_t g = 0; g < layer.spec.groups.size(); ++g) {
    const KindTable& kind = kind_table(layer.spec.groups[g].kind);
    if (!vectors || !vector_group(layer, kind, g, first, input, context, means, samples, random))
      plain_group(layer, kind, g, first, input, context, means, samples, random);
    first += layer.spec.groups[g].columns();
  }
}

[[noreturn]] void refuse_energy(const UnitGroup& group) {
  throw InputError("a group of " + describe(group) +
                   " units has no energy, so this quantity does not exist; 'stepped(N)' units are the kind "
                   "with an exact energy that they approximate");
}

// The multinomial group, or null.
const UnitGroup* find_words(const LayerSpec& spec) {
  const auto found = std::find_if(spec.groups.begin(), spec.groups.end(),
                                  [](const UnitGroup& g) { return g.kind == UnitKind::kMultinomial; });
  return found == spec.groups.end() ? nullptr : &*found;
}

}  // namespace

Layer::Layer(LayerSpec layer_spec) : spec(std::move(layer_spec)), bias(spec.columns()) {
  if (spec.has_learned_variance()) log_variance.resize(bias.size());
}

RowContext RowContext::row_block(std::size_t first, std::size_t count) const {
  RowContext block;
  if (!bias_scale.empty()) block.bias_scale = bias_scale.subspan(first, count);
  if (!lengths.empty()) block.lengths = lengths.subspan(first, count);
  block.bias = bias;
  return block;
}

void conditional(const Layer& layer, ConstMatrixView<float> input, const RowContext& context,
                 MatrixView<float> means, MatrixView<float> samples, const Noise& noise,
                 std::span<const std::uint64_t> cases) {
  check_shapes(layer, input, context, means);
  check_shapes(layer, input, context, samples);
  check(samples.empty() || cases.size() == input.rows(), "one case number a row");
  run_groups(layer, input, context, means, samples, {&noise, cases}, true);
}

void plain_conditional(const Layer& layer, ConstMatrixView<float> input, const RowContext& context,
                       MatrixView<float> means, MatrixView<float> samples, const Noise& noise,
                       std::span<const std::uint64_t> cases) {
  run_groups(layer, input, context, means, samples, {&noise, cases}, false);
}

void conditional_mean(const Layer& layer, ConstMatrixView<float> input, const RowContext& context,
                      MatrixView<float> means) {
  check_shapes(layer, input, context, means);
  if (!means.empty()) run_groups(layer, input, context, means, {}, {}, true);
}

bool has_exact_states(const LayerSpec& spec) {
  return std::all_of(spec.groups.begin(), spec.groups.end(), [](const UnitGroup& group) {
    switch (group.kind) {
      case UnitKind::kBernoulli:
      case UnitKind::kSoftmax:
        return true;
      case UnitKind::kBinomial:
      case UnitKind::kStepped:
        return group.parameter <= 256;
      case UnitKind::kMultinomial:
        return group.parameter > 0 && group.parameter <= 256;
      case UnitKind::kGaussian:
      case UnitKind::kRectified:
      case UnitKind::kPoisson:
        break;
    }
    return false;
  });
}

bool has_scaled_statistics(const LayerSpec& spec) {
  return spec.has_learned_variance();
}

ConstMatrixView<float> statistics_of(const Layer& layer, ConstMatrixView<float> values,
                                     Matrix<float>& memory) {
  if (!has_scaled_statistics(layer.spec)) return values;
  memory.resize(values.rows(), values.cols());
  to_statistics(layer, values, memory);
  return memory;
}

void to_statistics(const Layer& layer, ConstMatrixView<float> values, MatrixView<float> statistics) {
  check(values.cols() == layer.columns() && statistics.cols() == values.cols() &&
            statistics.rows() == values.rows(),
        "statistics have the shape of the values, one column for each of the layer's");
  if (values.data() != statistics.data())
    for (std::size_t r = 0; r < values.rows(); ++r)
      std::copy_n(values.row(r).begin(), values.cols(), statistics.row(r).begin());
  std::size_t first = 0;
  for (const UnitGroup& g : layer.spec.groups) {
    for (std::size_t j = first; g.learned_variance && j < first + g.columns(); ++j) {
      const float inverse_sigma = std::exp(-0.5f * std::max(layer.log_variance[j], kMinLogVariance));
      for (std::size_t r = 0; r < values.rows(); ++r) statistics(r, j) *= inverse_sigma;
    }
    first += g.columns();
  }
}

double layer_energy(const Layer& layer, std::span<const float> values, const RowContext& context) {
  check(values.size() == layer.columns(), "an energy needs one value for each column of its layer");
  double sum = 0.0;
  std::size_t first = 0;
  for (std::size_t g = 0; g < layer.spec.groups.size(); ++g) {
    const UnitGroup& group = layer.spec.groups[g];
    const KindTable& kind = kind_table(group.kind);
    if (kind.energy == nullptr) refuse_energy(group);
    sum += kind.energy(group_row(layer, g, first, context, 0), values.data() + first);
    first += group.columns();
  }
  return sum;
}

double log_partition(const Layer& layer, std::span<const float> input, const RowContext& context) {
  const std::vector<double> wide(input.begin(), input.end());
  return log_partition(layer, std::span<const double>(wide), context);
}

double log_partition(const Layer& layer, std::span<const double> input, const RowContext& context) {
  check(input.size() == layer.columns(), "a log-partition needs one input for each column of its layer");
  double sum = 0.0;
  std::size_t first = 0;
  for (std::size_t g = 0; g < layer.spec.groups.size(); ++g) {
    const UnitGroup& group = layer.spec.groups[g];
    const KindTable& kind = kind_table(group.kind);
    if (kind.log_partition == nullptr) refuse_energy(group);
    sum += kind.log_partition(group_row(layer, g, first, context, 0), input.data() + first);
    first += group.columns();
  }
  return sum;
}

std::vector<float> document_lengths(const LayerSpec& spec, ConstMatrixView<float> values) {
  const UnitGroup* words = find_words(spec);
  if (words == nullptr) return {};
  const std::size_t first = spec.first_column(static_cast<std::size_t>(words - spec.groups.data()));
  std::vector<float> lengths(values.rows());
  for (std::size_t r = 0; r < values.rows(); ++r) {
    double sum = 0.0;
    for (std::size_t j = first; j < first + words->columns(); ++j) sum += values(r, j);
    lengths[r] = static_cast<float>(sum);
  }
  return lengths;
}

std::vector<float> document_lengths(const LayerSpec& spec, const SparseRows& values) {
  const UnitGroup* words = find_words(spec);
  if (words == nullptr) return {};
  const std::size_t first = spec.first_column(static_cast<std::size_t>(words - spec.groups.data()));
  std::vector<float> lengths(values.rows());
  for (std::size_t r = 0; r < values.rows(); ++r) {
    double sum = 0.0;
    for (auto k = values.row_start[r]; k < values.row_start[r + 1]; ++k)
      if (values.columns[k] >= first && values.columns[k] < first + words->columns()) sum += values.values[k];
    lengths[r] = static_cast<float>(sum);
  }
  return lengths;
}

ValueFault find_value_fault(const LayerSpec& spec, std::span<const float> values, bool nan_is_missing) {
  check(values.size() == spec.columns(), "a row has one value for each column of its layer");
  std::size_t first = 0;
  for (const UnitGroup& g : spec.groups) {
    ValueFault fault = kind_table(g.kind).fault(g, values.subspan(first, g.columns()), nan_is_missing);
    if (!fault.reason.empty()) return {first + fault.column, fault.reason + " (" + describe(g) + ")"};
    first += g.columns();
  }
  return {};
}

}  // namespace harmonium
