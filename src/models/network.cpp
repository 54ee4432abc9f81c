#include "harmonium/models/network.h"

#include <algorithm>
#include <cmath>

#include "harmonium/base/error.h"
#include "harmonium/kernels/products.h"
#include "models/network_text.h"

namespace harmonium {
namespace {

constexpr std::size_t kPassRows = 128;

// One variable a column for what the units' passes compute: they have the fast functions.
LayerSpec units_of(const NetworkLayer& layer) {
  UnitGroup group;
  group.kind = layer.activation == Activation::kSoftmax ? UnitKind::kSoftmax : UnitKind::kBernoulli;
  group.units = layer.activation == Activation::kSoftmax ? 1 : layer.bias.size();
  if (layer.activation == Activation::kSoftmax) group.parameter = static_cast<unsigned>(layer.bias.size());
  return LayerSpec{{group}};
}

template <class F>
void add_bias(const NetworkLayer& layer, MatrixView<float> totals, F f) {
  const float* bias = layer.bias.data();
  for (std::size_t r = 0; r < totals.rows(); ++r) {
    float* row = totals.row(r).data();
    for (std::size_t j = 0; j < totals.cols(); ++j) row[j] = f(row[j] + bias[j]);
  }
}

Activation activation_of(const LayerSpec& spec) {
  const auto all = [&](UnitKind kind) {
    return std::all_of(spec.groups.begin(), spec.groups.end(),
                       [kind](const UnitGroup& g) { return g.kind == kind && !g.learned_variance; });
  };
  if (all(UnitKind::kBernoulli)) return Activation::kLogistic;
  if (all(UnitKind::kRectified)) return Activation::kRectified;
  if (all(UnitKind::kGaussian)) return Activation::kLinear;
  throw InputError("layer \"" + spec.to_string() +
                   "\" is no layer of a feed-forward net; it can be made of bernoulli or rectified units, or "
                   "of gaussian ones of fixed variance.");
}

// Total inputs are sums of the visible values themselves.
void refuse_scaled(const LayerSpec& visible) {
  for (const UnitGroup& group : visible.groups)
    if (group.learned_variance || group.kind == UnitKind::kMultinomial)
      throw InputError("the visible layer \"" + visible.to_string() +
                       "\" scales its values by what it has learned or by the length of a document, which a "
                       "feed-forward net cannot start from.");
}

}  // namespace

ParameterList Network::parameters() {
  ParameterList list;
  for (std::size_t n = 0; n < layers.size(); ++n) {
    NetworkLayer& layer = layers[n];
    const std::string prefix = "layers." + std::to_string(n);
    list.push_back(
        {prefix + ".weights", {layer.weights.rows(), layer.weights.cols()}, layer.weights.values()});
    list.push_back({prefix + ".bias", {layer.bias.size()}, layer.bias});
  }
  return list;
}

Network make_network(std::string_view text) {
  Network network;
  for (const NetworkLayerShape& shape : parse_network(text))
    network.layers.push_back(
        {shape.activation, Matrix<float>(shape.inputs, shape.units), AlignedVector<float>(shape.units)});
  return network;
}

void start_at_random(Network& network, std::uint64_t seed, std::size_t first) {
  for (std::size_t n = first; n < network.layers.size(); ++n) {
    NetworkLayer& layer = network.layers[n];
    const Noise noise(seed, Stream::kInitialWeights, n);
    const auto v = static_cast<double>(layer.weights.rows()), h = static_cast<double>(layer.weights.cols());
    const double variance = layer.activation == Activation::kRectified ? 2.0 / v : 2.0 / (v + h);
    const auto deviation = static_cast<float>(std::sqrt(variance));
    for (std::size_t i = 0; i < layer.weights.rows(); ++i)
      for (std::size_t j = 0; j < layer.weights.cols(); ++j)
        layer.weights(i, j) = deviation * noise.normal(i, static_cast<std::uint32_t>(j));
    std::fill(layer.bias.begin(), layer.bias.end(), 0.0f);
  }
}

Network recognition_network(const DeepBeliefNet& net) {
  Network network;
  for (std::size_t n = 0; n < net.depth(); ++n) {
    const Rbm& rbm = net.upward(n);
    if (n == 0) refuse_scaled(rbm.visible.spec);
    NetworkLayer layer{activation_of(rbm.hidden.spec), Matrix<float>(net.columns(n), rbm.hidden_columns()),
                       rbm.hidden.bias};
    std::copy_n(rbm.weights.data(), layer.weights.size(), layer.weights.data());
    // An unknown label counts as every class alike, which is a part of the biases.
    for (std::size_t k = layer.weights.rows(); k < rbm.visible_columns(); ++k)
      for (std::size_t j = 0; j < layer.bias.size(); ++j)
        layer.bias[j] += rbm.weights(k, j) / static_cast<float>(net.label_columns);
    network.layers.push_back(std::move(layer));
  }
  return network;
}

Network unrolled_network(const DeepBeliefNet& net) {
  if (net.label_columns > 0)
    throw InputError(
        "an autoencoder is unrolled from a stack without label units; leave \"+ softmax\" out of its "
        "layers.");
  Network network = recognition_network(net);
  for (std::size_t n = net.depth(); n-- > 0;) {
    const Rbm& rbm = net.rbms[n];
    NetworkLayer layer{activation_of(rbm.visible.spec),
                       Matrix<float>(rbm.hidden_columns(), rbm.visible_columns()), rbm.visible.bias};
    for (std::size_t j = 0; j < rbm.hidden_columns(); ++j)
      for (std::size_t i = 0; i < rbm.visible_columns(); ++i) layer.weights(j, i) = rbm.weights(i, j);
    network.layers.push_back(std::move(layer));
  }
  return network;
}

void activate(const NetworkLayer& layer, MatrixView<float> totals) {
  switch (layer.activation) {
    case Activation::kLinear:
      return add_bias(layer, totals, [](float x) { return x; });
    case Activation::kRectified:
      return add_bias(layer, totals, [](float x) { return x < 0.0f ? 0.0f : x; });
    case Activation::kTanh:
      return add_bias(layer, totals, [](float x) { return std::tanh(x); });
    case Activation::kLogistic:
    case Activation::kSoftmax: {
      Layer units;
      units.spec = units_of(layer);
      units.bias = layer.bias;
      return conditional_mean(units, totals, {}, totals);
    }
  }
}

Matrix<float> forward(const Network& network, ConstMatrixView<float> values, std::size_t first,
                      std::size_t last, ThreadTeam& team) {
  check(
      first < last && last <= network.layers.size() && values.cols() == network.layers[first].weights.rows(),
      "forward: from one of the net's layers, with values as wide as it, to a later one");
  Matrix<float> outputs(values.rows(), network.layers[last - 1].bias.size());
  team.run_blocks(values.rows(), kPassRows, [&](std::size_t begin, std::size_t count, unsigned) {
    ConstMatrixView<float> below = values.row_block(begin, count);
    Matrix<float> kept, hidden;
    for (std::size_t n = first; n < last; ++n) {
      const NetworkLayer& layer = network.layers[n];
      MatrixView<float> out = outputs.view().row_block(begin, count);
      if (n + 1 < last) {
        hidden.resize(count, layer.bias.size());
        out = hidden;
      }
      product(below, layer.weights, out);
      activate(layer, out);
      std::swap(kept, hidden);
      below = kept;
    }
  });
  return outputs;
}

Matrix<float> forward(const Network& network, ConstMatrixView<float> inputs, std::size_t layers,
                      ThreadTeam& team) {
  return forward(network, inputs, 0, layers, team);
}

Matrix<float> forward(const Network& network, ConstMatrixView<float> inputs, ThreadTeam& team) {
  return forward(network, inputs, network.layers.size(), team);
}

std::vector<std::int32_t> likeliest_classes(ConstMatrixView<float> outputs) {
  std::vector<std::int32_t> classes(outputs.rows());
  for (std::size_t r = 0; r < outputs.rows(); ++r) {
    const auto row = outputs.row(r);
    classes[r] = static_cast<std::int32_t>(std::max_element(row.begin(), row.end()) - row.begin());
  }
  return classes;
}

std::vector<std::int32_t> classify(const Network& network, ConstMatrixView<float> inputs, ThreadTeam& team) {
  return likeliest_classes(forward(network, inputs, team));
}

}  // namespace harmonium
