#include "harmonium/models/rbm.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "harmonium/base/error.h"
#include "harmonium/kernels/products.h"
#include "harmonium/kernels/sparse.h"

namespace harmonium {
namespace {

// factor * s(values) W or W': memory.input.
ConstMatrixView<float> interaction_input(const Rbm& rbm, Side side, ConstMatrixView<float> values,
                                         float factor, HalfStepMemory& memory) {
  const bool up = side == Side::kHidden;
  const auto statistics = statistics_of(up ? rbm.visible : rbm.hidden, values, memory.statistics);
  if (memory.packed != nullptr) {
    memory.input = up ? memory.packed->up(statistics, factor, memory.visible_step, memory.product)
                      : memory.packed->down(statistics, factor, 1.0f, memory.product);
    return memory.input;
  }
  memory.unpacked_input.resize(values.rows(), up ? rbm.hidden_columns() : rbm.visible_columns());
  product(factor, statistics, Transpose::kNo, rbm.weights, up ? Transpose::kNo : Transpose::kYes, 0.0f,
          memory.unpacked_input);
  memory.input = memory.unpacked_input;
  return memory.input;
}

// Hidden biases are scaled by the document's length, and visible samples need it.
RowContext context_of(const Rbm& rbm, Side side, ConstMatrixView<float> values, const HalfStep& options,
                      HalfStepMemory& memory) {
  RowContext context;
  context.bias = options.bias;
  if (!rbm.visible.spec.has_open_length()) return context;
  if (side == Side::kVisible) {
    check(options.lengths.size() == values.rows(), "a multinomial layer needs the lengths of its documents");
    context.lengths = options.lengths;
  } else {
    memory.lengths = document_lengths(rbm.visible.spec, values);
    context.bias_scale = memory.lengths;
  }
  return context;
}

double sum_of_products(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

}  // namespace

Rbm::Rbm(LayerSpec visible_spec, LayerSpec hidden_spec)
    : visible(std::move(visible_spec)),
      hidden(std::move(hidden_spec)),
      weights(visible.columns(), hidden.columns()) {
  if (hidden.spec.has_open_length())
    throw InputError("hidden layer \"" + hidden.spec.to_string() +
                     "\" has multinomial units without a length; give it one, as in \"multinomial(5) 100\".");
}

ParameterList Rbm::parameters(const std::string& prefix) {
  ParameterList list = {
      {prefix + ".weights", {weights.rows(), weights.cols()}, weights.values()},
      {prefix + ".visible_bias", {visible.bias.size()}, visible.bias},
      {prefix + ".hidden_bias", {hidden.bias.size()}, hidden.bias},
  };
  if (!visible.log_variance.empty())
    list.push_back({prefix + ".visible_log_variance", {visible.log_variance.size()}, visible.log_variance});
  if (!hidden.log_variance.empty())
    list.push_back({prefix + ".hidden_log_variance", {hidden.log_variance.size()}, hidden.log_variance});
  return list;
}

PassMemory::PassMemory(const Rbm& rbm, std::size_t rows, const ThreadTeam& team) : memories_(team.size()) {
  constexpr std::size_t kRowsThatPay = 64;  // packing takes the time of a few rows
  if (rows < kRowsThatPay || rbm.weights.empty()) return;
  packed_ = PackedWeights(rbm.weights, Precision::kF32);
  for (HalfStepMemory& memory : memories_) memory.packed = &packed_;
}

PassMemory::PassMemory(const PackedWeights& packed, const ThreadTeam& team) : memories_(team.size()) {
  for (HalfStepMemory& memory : memories_) memory.packed = &packed;
}

void half_step(const Rbm& rbm, Side side, ConstMatrixView<float> values, const HalfStep& options,
               MatrixView<float> means, MatrixView<float> samples, const Noise& noise,
               std::span<const std::uint64_t> cases, HalfStepMemory& memory) {
  const Layer& layer = side == Side::kHidden ? rbm.hidden : rbm.visible;
  const RowContext context = context_of(rbm, side, values, options, memory);
  const auto input = interaction_input(rbm, side, values, options.interaction, memory);
  conditional(layer, input, context, means, samples, noise, cases);
}

void half_step_up(const Rbm& rbm, const SparseRows& visible, MatrixView<float> means,
                  MatrixView<float> samples, const Noise& noise, std::span<const std::uint64_t> cases,
                  HalfStepMemory& memory) {
  check(!has_scaled_statistics(rbm.visible.spec), "sparse values are their own statistics");
  RowContext context;
  if (rbm.visible.spec.has_open_length()) {
    memory.lengths = document_lengths(rbm.visible.spec, visible);
    context.bias_scale = memory.lengths;
  }
  memory.unpacked_input.resize(visible.rows(), rbm.hidden_columns());
  sparse_product(visible, 1.0f, rbm.weights, memory.unpacked_input);
  memory.input = memory.unpacked_input;
  conditional(rbm.hidden, memory.input, context, means, samples, noise, cases);
}

void half_step_mean(const Rbm& rbm, Side side, ConstMatrixView<float> values, const HalfStep& options,
                    MatrixView<float> means, HalfStepMemory& memory) {
  const Layer& layer = side == Side::kHidden ? rbm.hidden : rbm.visible;
  const RowContext context = context_of(rbm, side, values, options, memory);
  const auto input = interaction_input(rbm, side, values, options.interaction, memory);
  conditional_mean(layer, input, context, means);
}

double energy(const Rbm& rbm, std::span<const float> visible, std::span<const float> hidden) {
  HalfStepMemory memory;
  const ConstMatrixView<float> v(visible.data(), 1, visible.size()), h(hidden.data(), 1, hidden.size());
  Matrix<float> hidden_statistics;
  const auto sh = statistics_of(rbm.hidden, h, hidden_statistics).row(0);
  const auto sv = statistics_of(rbm.visible, v, memory.statistics).row(0);
  double interaction = 0;
  for (std::size_t i = 0; i < sv.size(); ++i)
    if (sv[i] != 0.0f) interaction += sv[i] * sum_of_products(rbm.weights.row(i), sh);
  RowContext hidden_context;
  if (rbm.visible.spec.has_open_length()) {
    memory.lengths = document_lengths(rbm.visible.spec, v);
    hidden_context.bias_scale = memory.lengths;
  }
  return layer_energy(rbm.visible, visible) + layer_energy(rbm.hidden, hidden, hidden_context) - interaction;
}

void free_energy(const Rbm& rbm, ConstMatrixView<float> visible, std::span<double> free_energies,
                 HalfStepMemory& memory, const Tempering& tempering) {
  RowContext visible_context;
  visible_context.bias = tempering.visible_bias;
  RowContext context = context_of(rbm, Side::kHidden, visible, {}, memory);
  context.bias = tempering.hidden_bias;
  const auto input = interaction_input(rbm, Side::kHidden, visible, tempering.interaction, memory);
  for (std::size_t r = 0; r < visible.rows(); ++r)
    free_energies[r] = layer_energy(rbm.visible, visible.row(r), visible_context) -
                       log_partition(rbm.hidden, input.row(r), context.row_block(r, 1));
}

void free_energy(const Rbm& rbm, ConstMatrixView<float> visible, std::span<double> free_energies,
                 ThreadTeam& team, const Tempering& tempering) {
  PassMemory memories(rbm, visible.rows(), team);
  team.run_blocks(visible.rows(), 128, [&](std::size_t first, std::size_t count, unsigned worker) {
    free_energy(rbm, visible.row_block(first, count), free_energies.subspan(first, count), memories[worker],
                tempering);
  });
}

std::vector<double> free_energy(const Rbm& rbm, ConstMatrixView<float> visible, ThreadTeam& team) {
  std::vector<double> result(visible.rows());
  free_energy(rbm, visible, result, team);
  return result;
}

void hidden_free_energy(const Rbm& rbm, ConstMatrixView<float> hidden, std::span<double> free_energies,
                        ThreadTeam& team) {
  if (rbm.visible.spec.has_open_length())
    throw InputError("visible layer \"" + rbm.visible.spec.to_string() +
                     "\" has no length of its own; a sum over documents needs one, as in "
                     "\"multinomial(5) 2000\".");
  PassMemory memories(rbm, hidden.rows(), team);
  team.run_blocks(hidden.rows(), 128, [&](std::size_t first, std::size_t count, unsigned worker) {
    HalfStepMemory& memory = memories[worker];
    const auto block = hidden.row_block(first, count);
    const auto input = interaction_input(rbm, Side::kVisible, block, 1.0f, memory);
    for (std::size_t r = 0; r < count; ++r)
      free_energies[first + r] =
          layer_energy(rbm.hidden, block.row(r)) - log_partition(rbm.visible, input.row(r));
  });
}

void initialise_weights(Rbm& rbm, float deviation, float hidden_bias, std::uint64_t seed,
                        std::uint64_t layer) {
  const Noise noise(seed, Stream::kInitialWeights, layer);
  for (std::size_t i = 0; i < rbm.weights.rows(); ++i)
    for (std::size_t j = 0; j < rbm.weights.cols(); ++j)
      rbm.weights(i, j) = deviation * noise.normal(i, static_cast<std::uint32_t>(j));
  std::fill(rbm.hidden.bias.begin(), rbm.hidden.bias.end(), hidden_bias);
  for (Layer* side : {&rbm.visible, &rbm.hidden})
    std::fill(side->log_variance.begin(), side->log_variance.end(), 0.0f);
}

std::vector<float> base_rate_bias(const LayerSpec& spec, std::span<const double> means, double guard) {
  check(means.size() == spec.columns(), "one mean a column");
  std::vector<float> bias(means.size());
  const auto log_odds = [guard](double p) {
    p = std::clamp(p, guard, 1.0 - guard);
    return std::log(p / (1.0 - p));
  };
  for (std::size_t g = 0; g < spec.groups.size(); ++g) {
    const UnitGroup& group = spec.groups[g];
    const std::size_t first = spec.first_column(g), last = first + group.columns();
    const double total = std::accumulate(means.begin() + static_cast<std::ptrdiff_t>(first),
                                         means.begin() + static_cast<std::ptrdiff_t>(last), 0.0);
    for (std::size_t i = first; i < last; ++i) {
      double b = 0;
      switch (group.kind) {
        case UnitKind::kBernoulli:
          b = log_odds(means[i]);
          break;
        case UnitKind::kGaussian:
        case UnitKind::kRectified:
          b = means[i];
          break;
        case UnitKind::kBinomial:
          b = log_odds(means[i] / group.parameter);
          break;
        // The sum of the copies is close to log(1 + e^b): invert that.
        case UnitKind::kStepped:
          b = std::log(std::expm1(std::max(means[i], guard)));
          break;
        case UnitKind::kSoftmax:
          b = std::log(std::max(means[i], guard / group.parameter));
          break;
        case UnitKind::kMultinomial:
          b = std::log(std::max(means[i] / std::max(total, 1e-30), guard / static_cast<double>(group.units)));
          break;
        case UnitKind::kPoisson:
          b = std::log(std::max(means[i], guard));
          break;
      }
      bias[i] = static_cast<float>(b);
    }
  }
  return bias;
}

void initialise_visible_bias(Rbm& rbm, std::span<const double> means, double guard) {
  const auto bias = base_rate_bias(rbm.visible.spec, means, guard);
  std::copy(bias.begin(), bias.end(), rbm.visible.bias.begin());
}

Rbm mirrored(const Rbm& rbm) {
  Rbm result;
  result.visible = rbm.hidden;
  result.hidden = rbm.visible;
  result.weights = Matrix<float>(rbm.weights.cols(), rbm.weights.rows());
  for (std::size_t i = 0; i < rbm.weights.rows(); ++i)
    for (std::size_t j = 0; j < rbm.weights.cols(); ++j) result.weights(j, i) = rbm.weights(i, j);
  return result;
}

}  // namespace harmonium
