#include "harmonium/models/deep_belief_net.h"

#include <algorithm>
#include <numeric>

#include "harmonium/base/error.h"

namespace harmonium {
namespace {

constexpr std::size_t kPassRows = 128;

LayerSpec without_last_group(LayerSpec spec) {
  spec.groups.pop_back();
  return spec;
}

// Unknown labels: every class alike.
Matrix<float> with_neutral_labels(ConstMatrixView<float> values, std::size_t labels) {
  Matrix<float> result(values.rows(), values.cols() + labels, 1.0f / static_cast<float>(labels));
  for (std::size_t r = 0; r < values.rows(); ++r)
    std::copy_n(values.row(r).data(), values.cols(), result.row(r).data());
  return result;
}

std::vector<std::uint64_t> numbered(std::span<const std::uint64_t> cases, std::size_t rows) {
  std::vector<std::uint64_t> result(cases.begin(), cases.end());
  if (result.empty()) {
    result.resize(rows);
    std::iota(result.begin(), result.end(), 0u);
  }
  return result;
}

// One layer of a pass: rows in blocks, means or samples.
Matrix<float> pass_layer(const Rbm& rbm, Side side, ConstMatrixView<float> values, bool sample,
                         const Noise& noise, std::span<const std::uint64_t> cases,
                         std::span<const float> lengths, PassMemory memories, ThreadTeam& team) {
  const Layer& layer = side == Side::kHidden ? rbm.hidden : rbm.visible;
  Matrix<float> result(values.rows(), layer.columns());
  team.run_blocks(values.rows(), kPassRows, [&](std::size_t first, std::size_t count, unsigned worker) {
    const auto out = result.view().row_block(first, count);
    HalfStep options;
    if (!lengths.empty()) options.lengths = lengths.subspan(first, count);
    half_step(rbm, side, values.row_block(first, count), options, sample ? MatrixView<float>{} : out,
              sample ? out : MatrixView<float>{}, noise, cases.subspan(first, count), memories[worker]);
  });
  return result;
}

}  // namespace

std::size_t DeepBeliefNet::columns(std::size_t layer_number) const {
  const std::size_t all = layer(layer_number).columns();
  return layer_number + 1 == depth() ? all - label_columns : all;
}

const Layer& DeepBeliefNet::layer(std::size_t layer_number) const {
  return layer_number < depth() ? rbms[layer_number].visible : rbms.back().hidden;
}

std::vector<LayerSpec> DeepBeliefNet::layers() const {
  std::vector<LayerSpec> result;
  for (const Rbm& rbm : rbms) result.push_back(rbm.visible.spec);
  result.push_back(rbms.back().hidden.spec);
  return result;
}

ParameterList DeepBeliefNet::parameters() {
  ParameterList list;
  const auto add_vector = [&list](const std::string& name, AlignedVector<float>& values) {
    if (!values.empty()) list.push_back({name, {values.size()}, values});
  };
  for (std::size_t n = 0; n < rbms.size(); ++n) {
    const std::string prefix = "layers." + std::to_string(n);
    if (n >= recognition.size()) {
      for (NamedTensor& tensor : rbms[n].parameters(prefix)) list.push_back(tensor);
      continue;
    }
    Rbm &down = rbms[n], &up = recognition[n];
    const std::vector<std::size_t> shape = {down.weights.rows(), down.weights.cols()};
    list.push_back({prefix + ".generative_weights", shape, down.weights.values()});
    add_vector(prefix + ".generative_bias", down.visible.bias);
    add_vector(prefix + ".generative_log_variance", down.visible.log_variance);
    list.push_back({prefix + ".recognition_weights", shape, up.weights.values()});
    add_vector(prefix + ".recognition_bias", up.hidden.bias);
    add_vector(prefix + ".recognition_visible_log_variance", up.visible.log_variance);
    add_vector(prefix + ".recognition_log_variance", up.hidden.log_variance);
  }
  return list;
}

void untie(DeepBeliefNet& net) {
  if (net.is_untied()) return;
  net.recognition.assign(net.rbms.begin(), net.rbms.end() - 1);
  // What the other direction uses is no parameter of this one.
  for (std::size_t n = 0; n < net.recognition.size(); ++n) {
    auto &unused_up = net.recognition[n].visible.bias, &unused_down = net.rbms[n].hidden.bias;
    std::fill(unused_up.begin(), unused_up.end(), 0.0f);
    std::fill(unused_down.begin(), unused_down.end(), 0.0f);
  }
}

DeepBeliefNet make_net(const std::vector<LayerSpec>& layers, bool labels) {
  if (layers.size() < 2)
    throw InputError("layers \"" + layers_to_string(layers) +
                     "\" name fewer than two layers; a model needs a visible and a hidden one, as in "
                     "\"784-500\".");
  for (const LayerSpec& spec : layers)
    if (spec.groups.empty())
      throw InputError("layers \"" + layers_to_string(layers) +
                       "\" still hold the word \"data\" or an empty layer.");
  DeepBeliefNet net;
  if (labels) {
    const auto& groups = layers[layers.size() - 2].groups;
    if (groups.size() < 2 || groups.back().kind != UnitKind::kSoftmax)
      throw InputError("layers \"" + layers_to_string(layers) +
                       "\" have no label units; write them beside the layer below the top, as in "
                       "\"784-500-500 + softmax 10-2000\".");
    net.label_columns = groups.back().columns();
  }
  for (std::size_t n = 0; n + 1 < layers.size(); ++n) {
    const bool below_labels = labels && n + 3 == layers.size();
    net.rbms.emplace_back(layers[n], below_labels ? without_last_group(layers[n + 1]) : layers[n + 1]);
  }
  return net;
}

bool names_label_units(const std::vector<LayerSpec>& layers, std::size_t data_columns) {
  if (layers.size() < 2) return false;
  const LayerSpec& below_top = layers[layers.size() - 2];
  if (below_top.groups.size() < 2 || below_top.groups.back().kind != UnitKind::kSoftmax ||
      below_top.groups.back().units != 1)
    return false;
  if (layers.size() > 2) return true;
  return below_top.columns() - below_top.groups.back().columns() == data_columns;
}

Matrix<float> up_pass(const DeepBeliefNet& net, std::size_t from, std::size_t to,
                      ConstMatrixView<float> values, States states, const Noise& noise,
                      std::span<const std::uint64_t> cases, ThreadTeam& team,
                      std::span<const PackedWeights> packed) {
  check(from < to && to <= net.depth(), "an up-pass goes up");
  const auto rows = numbered(cases, values.rows());
  Matrix<float> state;
  ConstMatrixView<float> below = values;
  Matrix<float> with_labels;
  for (std::size_t n = from; n < to; ++n) {
    const Rbm& rbm = net.upward(n);
    if (below.cols() + net.label_columns == rbm.visible_columns() && net.label_columns > 0) {
      with_labels = with_neutral_labels(below, net.label_columns);
      below = with_labels;
    }
    check(below.cols() == rbm.visible_columns(), "an up-pass starts with the columns of its layer");
    state =
        pass_layer(rbm, Side::kHidden, below, states == States::kSamples, noise.child(n), rows, {},
                   packed.empty() ? PassMemory(rbm, rows.size(), team) : PassMemory(packed[n], team), team);
    below = state;
  }
  return state;
}

Matrix<float> down_pass(const DeepBeliefNet& net, std::size_t from, std::size_t to,
                        ConstMatrixView<float> values, States states, const Noise& noise,
                        std::span<const std::uint64_t> cases, ThreadTeam& team,
                        std::span<const float> lengths) {
  check(to < from && from <= net.depth(), "a down-pass goes down");
  const auto rows = numbered(cases, values.rows());
  Matrix<float> state;
  ConstMatrixView<float> above = values;
  for (std::size_t n = from; n-- > to;) {
    const bool sample = states == States::kSamples && n > to;
    state = pass_layer(net.rbms[n], Side::kVisible, above, sample, noise.child(n), rows,
                       n == 0 ? lengths : std::span<const float>{},
                       PassMemory(net.rbms[n], rows.size(), team), team);
    above = state.view().col_block(0, net.columns(n));
  }
  if (above.cols() == state.cols()) return state;
  Matrix<float> without_labels(state.rows(), above.cols());
  for (std::size_t r = 0; r < state.rows(); ++r)
    std::copy_n(above.row(r).data(), above.cols(), without_labels.row(r).data());
  return without_labels;
}

void start_tied(const Rbm& below, Rbm& above) {
  const std::size_t needed = below.visible_columns(), shared = below.hidden_columns();
  const auto fits = [&] {
    if (above.hidden_columns() < needed || above.visible_columns() < shared) return false;
    // Column by column, the kinds of the upper hidden layer must be those of the lower visible one.
    const LayerSpec &lower = below.visible.spec, &upper = above.hidden.spec;
    if (lower.groups.size() > upper.groups.size()) return false;
    for (std::size_t g = 0; g < lower.groups.size(); ++g) {
      const UnitGroup &a = lower.groups[g], &b = upper.groups[g];
      // Surplus words of a document would take from the others.
      const bool may_grow = g + 1 == lower.groups.size() && a.kind != UnitKind::kMultinomial;
      if (a.learned_variance && !b.learned_variance) return false;
      if (a.kind != b.kind || a.parameter != b.parameter ||
          (may_grow ? b.units < a.units : b.units != a.units))
        return false;
    }
    return true;
  };
  if (!fits())
    throw InputError("a tied start needs an upper hidden layer that can hold the lower visible layer \"" +
                     below.visible.spec.to_string() + "\", but it is \"" + above.hidden.spec.to_string() +
                     "\"; make it at least as large and of the same kinds, or set start = \"random\".");
  std::fill(above.weights.values().begin(), above.weights.values().end(), 0.0f);
  for (std::size_t j = 0; j < shared; ++j)
    for (std::size_t i = 0; i < needed; ++i) above.weights(j, i) = below.weights(i, j);
  std::copy_n(below.hidden.bias.begin(), shared, above.visible.bias.begin());
  std::fill(above.hidden.bias.begin(), above.hidden.bias.end(), 0.0f);
  std::copy_n(below.visible.bias.begin(), needed, above.hidden.bias.begin());
  std::fill(above.hidden.log_variance.begin(), above.hidden.log_variance.end(), 0.0f);
  if (!below.visible.log_variance.empty() && !above.hidden.log_variance.empty())
    std::copy_n(below.visible.log_variance.begin(), needed, above.hidden.log_variance.begin());
  if (!below.hidden.log_variance.empty() && !above.visible.log_variance.empty())
    std::copy_n(below.hidden.log_variance.begin(), shared, above.visible.log_variance.begin());
}

void wake_surplus_units(const Rbm& random, std::size_t first, std::span<const double> codes, Rbm& above) {
  check(codes.size() == above.visible_columns(), "a value for each visible unit");
  Matrix<float> code(1, codes.size()), mean(1, above.hidden_columns()), visible_statistics, statistics;
  std::transform(codes.begin(), codes.end(), code.data(), [](double x) { return static_cast<float>(x); });
  const auto values = statistics_of(above.visible, code, visible_statistics).row(0);
  for (std::size_t j = first; j < above.hidden_columns(); ++j) {
    double input = 0;
    for (std::size_t i = 0; i < codes.size(); ++i) {
      above.weights(i, j) = random.weights(i, j);
      input += static_cast<double>(values[i]) * random.weights(i, j);
    }
    above.hidden.bias[j] = static_cast<float>(-input);
  }
  HalfStepMemory memory;
  half_step_mean(above, Side::kHidden, code, {}, mean, memory);
  const auto added = statistics_of(above.hidden, mean, statistics).row(0);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    double sum = 0;
    for (std::size_t j = first; j < added.size(); ++j)
      sum += static_cast<double>(above.weights(i, j)) * added[j];
    above.visible.bias[i] -= static_cast<float>(sum);
  }
}

}  // namespace harmonium
