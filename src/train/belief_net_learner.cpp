#include "harmonium/train/belief_net_learner.h"

#include "harmonium/base/error.h"
#include "units/kind.h"

namespace harmonium {
namespace {

// Total inputs of one layer of units from a row of the other layer's states.
double input_of(float bias, std::span<const float> states, const auto& weight) {
  double input = bias;
  for (std::size_t k = 0; k < states.size(); ++k) input += static_cast<double>(weight(k)) * states[k];
  return input;
}

// Adds scale * factor to every number of a list that has the shapes of another.
void add_scaled(const ParameterList& to, const ParameterList& from, double scale) {
  for (std::size_t t = 0; t < to.size(); ++t)
    for (std::size_t e = 0; e < to[t].values.size(); ++e)
      to[t].values[e] += static_cast<float>(scale * from[t].values[e]);
}

std::vector<double> even_weights(std::size_t cases) {
  return std::vector<double>(cases, 1.0 / static_cast<double>(cases));
}

// Sums of one pair of layers in 64 bits: the units that are explained, their causes, and the deltas.
struct DeltaSums {
  std::vector<double> biases;
  Matrix<double> weights;  // explained x causes

  DeltaSums(std::size_t explained, std::size_t causes) : biases(explained), weights(explained, causes) {}

  void add(std::size_t unit, std::span<const float> causes, double delta) {
    biases[unit] += delta;
    for (std::size_t k = 0; k < causes.size(); ++k) weights(unit, k) += delta * causes[k];
  }
};

}  // namespace

RecognitionNet::RecognitionNet(const SigmoidBeliefNet& net) {
  for (std::size_t n = 0; n + 1 < net.layers(); ++n) {
    biases.emplace_back(net.units(n + 1));
    weights.emplace_back(net.units(n), net.units(n + 1));
  }
}

ParameterList RecognitionNet::parameters(const std::string& prefix) {
  ParameterList list;
  for (std::size_t n = 0; n < weights.size(); ++n) {
    const std::string at = prefix + "." + std::to_string(n);
    list.push_back({at + ".biases", {biases[n].size()}, biases[n]});
    list.push_back({at + ".weights", {weights[n].rows(), weights[n].cols()}, weights[n].values()});
  }
  return list;
}

LayerStates recognise(const RecognitionNet& recognition, ConstMatrixView<float> visible, const Noise& noise) {
  LayerStates states(recognition.weights.size() + 1);
  states[0] = copy_of(visible);
  for (std::size_t n = 0; n < recognition.weights.size(); ++n) {
    const auto& weights = recognition.weights[n];
    const Noise own = noise.child(n);
    states[n + 1].resize(visible.rows(), weights.cols());
    for (std::size_t c = 0; c < visible.rows(); ++c)
      for (std::size_t j = 0; j < weights.cols(); ++j) {
        const double input = input_of(recognition.biases[n][j], states[n].row(c),
                                      [&](std::size_t i) { return weights(i, j); });
        const float u = own.uniform(c, static_cast<std::uint32_t>(j));
        states[n + 1](c, j) = u < logistic(input) ? 1.0f : 0.0f;
      }
  }
  return states;
}

StateTable recognition_table(const RecognitionNet& recognition, std::uint32_t visible_state) {
  const auto& weights = recognition.weights[0];
  std::vector<double> inputs(recognition.biases[0].begin(), recognition.biases[0].end());
  for (std::size_t i = 0; i < weights.rows(); ++i)
    if (visible_state >> i & 1u)
      for (std::size_t j = 0; j < inputs.size(); ++j) inputs[j] += weights(i, j);
  StateTable table(std::size_t{1} << inputs.size());
  add_factorial(inputs, 1.0, table);
  return table;
}

SigmoidBeliefNet delta_rule(const SigmoidBeliefNet& net, const LayerStates& states,
                            std::span<const double> weights) {
  SigmoidBeliefNet gradient = net;
  for (std::size_t n = 0; n < net.layers(); ++n) {
    const bool top = n + 1 == net.layers();
    DeltaSums sums(net.units(n), top ? 0 : net.units(n + 1));
    for (std::size_t c = 0; c < weights.size(); ++c) {
      const auto causes = top ? std::span<const float>{} : states[n + 1].row(c);
      for (std::size_t i = 0; i < net.units(n); ++i) {
        const double input =
            input_of(net.biases[n][i], causes, [&](std::size_t j) { return net.weights[n](i, j); });
        sums.add(i, causes, weights[c] * (states[n](c, i) - logistic(input)));
      }
    }
    gradient.biases[n].assign(sums.biases.begin(), sums.biases.end());
    if (!top)
      for (std::size_t e = 0; e < sums.weights.size(); ++e)
        gradient.weights[n].values()[e] = static_cast<float>(sums.weights.values()[e]);
  }
  return gradient;
}

RecognitionNet delta_rule(const RecognitionNet& recognition, const LayerStates& states,
                          std::span<const double> weights) {
  RecognitionNet gradient = recognition;
  for (std::size_t n = 0; n < recognition.weights.size(); ++n) {
    const auto& own = recognition.weights[n];
    DeltaSums sums(own.cols(), own.rows());
    for (std::size_t c = 0; c < weights.size(); ++c) {
      const auto causes = states[n].row(c);
      for (std::size_t j = 0; j < own.cols(); ++j) {
        const double input =
            input_of(recognition.biases[n][j], causes, [&](std::size_t i) { return own(i, j); });
        sums.add(j, causes, weights[c] * (states[n + 1](c, j) - logistic(input)));
      }
    }
    gradient.biases[n].assign(sums.biases.begin(), sums.biases.end());
    for (std::size_t j = 0; j < own.cols(); ++j)
      for (std::size_t i = 0; i < own.rows(); ++i)
        gradient.weights[n](i, j) = static_cast<float>(sums.weights(j, i));
  }
  return gradient;
}

BeliefNetLearner::BeliefNetLearner(SigmoidBeliefNet net, BeliefNetRule rule)
    : net_(std::move(net)), recognition_(net_), rule_(rule) {}

void BeliefNetLearner::step(ConstMatrixView<float> visible, double rate, const Noise& noise) {
  const auto weights = even_weights(visible.rows());
  const bool sleeps = rule_ == BeliefNetRule::kWakeSleep;
  const LayerStates awake = sleeps ? recognise(recognition_, visible, noise.child(0))
                                   : draw_posterior(net_, visible, noise.child(0));
  SigmoidBeliefNet change = delta_rule(net_, awake, weights);
  add_scaled(net_.parameters(""), change.parameters(""), rate);
  if (!sleeps) return;
  const LayerStates dreams = dream(net_, visible.rows(), noise.child(1));
  RecognitionNet learned = delta_rule(recognition_, dreams, weights);
  add_scaled(recognition_.parameters(""), learned.parameters(""), rate);
}

ParameterList BeliefNetLearner::parameters() {
  ParameterList list = net_.parameters("net");
  if (rule_ == BeliefNetRule::kWakeSleep)
    for (NamedTensor& tensor : recognition_.parameters("recognition")) list.push_back(tensor);
  return list;
}

}  // namespace harmonium
