#include "harmonium/train/network_learner.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "harmonium/base/error.h"
#include "harmonium/kernels/products.h"
#include "harmonium/measure/reconstruction.h"
#include "train/batch_rows.h"
#include "train/update_rule.h"

namespace harmonium {
namespace {

std::size_t softmax_layers(const Network& network) {
  return static_cast<std::size_t>(
      std::count_if(network.layers.begin(), network.layers.end(),
                    [](const NetworkLayer& layer) { return layer.activation == Activation::kSoftmax; }));
}

void refuse_no_classifier(const Network& network) {
  if (softmax_layers(network) == 1 && network.layers.back().activation == Activation::kSoftmax) return;
  throw InputError("\"" + network.to_string() +
                   "\" does not end in its only softmax layer, so it is no classifier; write it as \"784 - "
                   "rectified 800 - softmax 10\".");
}

void refuse_no_autoencoder(const Network& network) {
  const Activation last = network.layers.back().activation;
  if (softmax_layers(network) == 0 && network.outputs() == network.inputs() &&
      (last == Activation::kLogistic || last == Activation::kLinear))
    return;
  throw InputError("\"" + network.to_string() +
                   "\" does not end in as many logistic or linear outputs as it has inputs, so it is no "
                   "autoencoder; write it as \"784 - 100 - linear 10 - 100 - 784\".");
}

// 16 random bits decide on a unit: the step of 2^-16 in the probability is exact in the factor, too.
constexpr double kDropoutStates = 65536.0;

std::uint32_t left_out_states(double dropout) {
  return static_cast<std::uint32_t>(std::lround(dropout * kDropoutStates));
}

// 1 / the probability of being kept.
float dropout_factor(double dropout) {
  return static_cast<float>(kDropoutStates / (kDropoutStates - left_out_states(dropout)));
}

// Each value is zero with probability `dropout`, and else divided by the probability of being kept.
void drop(double dropout, const Noise& noise, std::span<const std::uint64_t> cases,
          MatrixView<float> values) {
  const std::uint32_t bound = left_out_states(dropout);
  if (bound == 0) return;
  const float factor = dropout_factor(dropout);
  for (std::size_t r = 0; r < values.rows(); ++r) {
    float* row = values.row(r).data();
    for (std::size_t j = 0; j < values.cols(); j += 8) {
      const auto words = noise.words(cases[r], static_cast<std::uint32_t>(j / 8));
      for (std::size_t k = 0; k < std::min<std::size_t>(8, values.cols() - j); ++k) {
        const std::uint32_t bits = words[k / 2] >> 16 * (k % 2) & 0xFFFFu;
        row[j + k] *= bits < bound ? 0.0f : factor;
      }
    }
  }
}

// deltas *= f'(total input), told from the output y after dropout: each value by `derivative(y)`.
template <class F>
void times(ConstMatrixView<float> outputs, MatrixView<float> deltas, F derivative) {
  for (std::size_t r = 0; r < deltas.rows(); ++r) {
    const float* y = outputs.row(r).data();
    float* d = deltas.row(r).data();
    for (std::size_t j = 0; j < deltas.cols(); ++j) d[j] *= derivative(y[j]);
  }
}

// Where a unit was left out, y is 0 and so is f', as it should be; only a hyperbolic tangent that nothing can
// be left out of has a slope there.
void times_derivative(Activation activation, float factor, ConstMatrixView<float> outputs,
                      MatrixView<float> deltas) {
  const float keep = 1.0f / factor;
  switch (activation) {
    case Activation::kLinear:
      return;
    case Activation::kRectified:
      return times(outputs, deltas, [=](float y) { return y == 0.0f ? 0.0f : factor; });
    case Activation::kTanh:
      if (factor == 1.0f) return times(outputs, deltas, [](float y) { return 1.0f - y * y; });
      return times(outputs, deltas, [=](float y) { return y == 0.0f ? 0.0f : factor - keep * y * y; });
    case Activation::kLogistic:
      return times(outputs, deltas, [=](float y) { return y * (1.0f - keep * y); });
    case Activation::kSoftmax:
      check(false, "a softmax is the last layer, whose delta is the loss's");
  }
}

std::string out_of_range(const char* name, double value, const char* wanted) {
  return std::string(name) + " = " + std::to_string(value) + " is out of range; it must be " + wanted + ".";
}

}  // namespace

std::string find_network_option_fault(const NetworkOptions& o) {
  for (const auto& [name, value] :
       {std::pair{"input_dropout", o.input_dropout}, std::pair{"hidden_dropout", o.hidden_dropout}})
    if (!(value >= 0.0 && value < 1.0) ||
        left_out_states(value) >= static_cast<std::uint32_t>(kDropoutStates))
      return out_of_range(name, value, "a probability from 0 to below 1, at most 0.99999");
  for (const auto& [name, value] : {std::pair{"l2", o.l2}, std::pair{"norm_limit", o.norm_limit}})
    if (!(value >= 0.0)) return out_of_range(name, value, "zero or more");
  for (const double rate : o.layer_rates)
    if (!(rate >= 0.0)) return out_of_range("one of layer_rates", rate, "zero or more");
  return {};
}

NetworkLearner::NetworkLearner(Network start, const NetworkOptions& options, const ThreadTeam& team)
    : network_(std::move(start)), options_(options), memories_(team.size()) {
  if (const auto fault = find_network_option_fault(options); !fault.empty()) throw InputError(fault);
  if (options.task == NetworkTask::kClassify)
    refuse_no_classifier(network_);
  else
    refuse_no_autoencoder(network_);
  if (!options.layer_rates.empty() && options.layer_rates.size() != network_.layers.size())
    throw InputError("layer_rates has " + std::to_string(options.layer_rates.size()) +
                     " numbers, but the net has " + std::to_string(network_.layers.size()) +
                     " layers of weights, the output layer's among them; give one for each.");
  const ParameterList parameters = network_.parameters();
  for (std::size_t n = 0; n < network_.layers.size(); ++n) {
    NetworkLayer& layer = network_.layers[n];
    weights_.emplace_back(layer.weights, parameters[2 * n].name, Precision::kF32);
    biases_.emplace_back(layer.bias, parameters[2 * n + 1].name);
  }
}

ParameterList NetworkLearner::state() {
  ParameterList list;
  for (LearnedWeights& weights : weights_) list.push_back(weights.velocity());
  for (LearnedBias& bias : biases_) list.push_back(bias.velocity());
  return list;
}

void NetworkLearner::restored() {
  for (LearnedWeights& weights : weights_) weights.pack_all();
}

// Of the outputs of layer number `outputs`; the inputs are number 0.
double NetworkLearner::dropout_of(std::size_t outputs) const {
  if (outputs == 0) return options_.input_dropout;
  const bool can_be_left_out =
      outputs < network_.layers.size() && network_.layers[outputs - 1].activation != Activation::kLinear;
  return can_be_left_out ? options_.hidden_dropout : 0.0;
}

void NetworkLearner::begin(const Batch& batch, const ThreadTeam& team) {
  const std::size_t rows = batch.rows();
  const bool by_label = options_.task == NetworkTask::kClassify;
  check(!batch.is_sparse() && (!by_label || batch.labels.size() == rows),
        "a net learns dense cases, and a classifier learns such with labels");
  memories_.resize(team.size());
  row_weights_.resize(rows);
  double sum = 0;
  for (std::size_t r = 0; r < rows; ++r) {
    check(!by_label || batch.labels[r] < static_cast<std::int64_t>(network_.outputs()),
          "a label for every output at most");
    const float weight = batch.weights.empty() ? 1.0f : batch.weights[r];
    row_weights_[r] = by_label && batch.labels[r] < 0 ? 0.0f : weight;
    sum += row_weights_[r];
  }
  for (float& weight : row_weights_) weight = sum > 0 ? static_cast<float>(weight / sum) : 0.0f;
  const std::size_t step = block_of_cases(rows), blocks = (rows + step - 1) / step;
  block_errors_.assign(blocks, 0.0);
  for (LearnedWeights& weights : weights_)
    weights.begin_batch(StatisticsStack::places(rows, Precision::kF32));
  for (LearnedBias& bias : biases_) bias.begin_batch(blocks);
}

void NetworkLearner::pass_up(const Batch& batch, const Block& block, const StepInfo& info, Memory& memory) {
  memory.outputs.resize(network_.layers.size() + 1);
  const Noise noise(info.seed, Stream::kDropout, info.update);
  const auto cases = batch.cases.subspan(block.first, block.count);
  Matrix<float>& inputs = memory.outputs.front();
  inputs.resize(block.count, network_.inputs());
  copy_batch_rows(batch, block.first, inputs);
  if (options_.task == NetworkTask::kReconstruct) memory.targets = inputs;
  drop(dropout_of(0), noise.child(0), cases, inputs);
  for (std::size_t n = 0; n < network_.layers.size(); ++n) {
    const auto totals = weights_[n].packed().up(memory.outputs[n], 1.0f, 1.0f, memory.product);
    Matrix<float>& out = memory.outputs[n + 1];
    out.resize(block.count, totals.cols());
    copy_rows(totals, out);
    activate(network_.layers[n], out);
    drop(dropout_of(n + 1), noise.child(n + 1), cases, out);
  }
}

// The delta of the outputs, and the error of the block.
void NetworkLearner::subtract_from_labels(const Batch& batch, const Block& block, Memory& memory) {
  const Matrix<float>& outputs = memory.outputs.back();
  memory.deltas.resize(network_.layers.size());
  Matrix<float>& delta = memory.deltas.back();
  delta.resize(block.count, outputs.cols());
  double error = 0;
  for (std::size_t r = 0; r < block.count; ++r) {
    for (std::size_t k = 0; k < outputs.cols(); ++k) delta(r, k) = -outputs(r, k);
    const std::int32_t label = batch.labels[block.first + r];
    if (label < 0) continue;
    const float probability = outputs(r, static_cast<std::size_t>(label));
    delta(r, static_cast<std::size_t>(label)) += 1.0f;
    error -=
        row_weights_[block.first + r] * std::log(std::max(probability, std::numeric_limits<float>::min()));
  }
  block_errors_[block.index] = error;
}

// Of the layers of weights: the output layer at first, then all.
std::size_t NetworkLearner::lowest_learned(const StepInfo& info) const {
  return info.epoch < options_.output_epochs ? network_.layers.size() - 1 : 0;
}

void NetworkLearner::subtract_from_inputs(const Block& block, const StepInfo& info, Memory& memory) {
  const Matrix<float>&outputs = memory.outputs.back(), &targets = memory.targets;
  memory.deltas.resize(network_.layers.size());
  Matrix<float>& delta = memory.deltas.back();
  delta.resize(block.count, outputs.cols());
  for (std::size_t r = 0; r < block.count; ++r)
    for (std::size_t i = 0; i < outputs.cols(); ++i) delta(r, i) = targets(r, i) - outputs(r, i);
  if (!info.watch_update) return;  // its logarithms would take as long as a layer
  const bool linear = network_.layers.back().activation == Activation::kLinear;
  double error = 0;
  for (std::size_t r = 0; r < block.count; ++r) {
    const auto target = targets.view().row_block(r, 1), output = outputs.view().row_block(r, 1);
    const double own = linear ? 0.5 * squared_error(target, output) : binary_cross_entropy(target, output);
    error += row_weights_[block.first + r] * own;
  }
  block_errors_[block.index] = error;
}

void NetworkLearner::pass_down(const Block& block, std::size_t lowest, Memory& memory) {
  const auto row_weights = std::span<const float>(row_weights_).subspan(block.first, block.count);
  for (std::size_t n = network_.layers.size(); n-- > 0;) {
    const Matrix<float>&below = memory.outputs[n], &delta = memory.deltas[n];
    weights_[n].statistics().store(block.first, below, 1.0f, delta, row_weights);
    biases_[n].add(block.index, delta, row_weights);
    if (n == lowest) return;
    const auto totals = weights_[n].packed().down(delta, 1.0f, 1.0f, memory.product);
    Matrix<float>& next = memory.deltas[n - 1];
    next.resize(block.count, totals.cols());
    copy_rows(totals, next);
    times_derivative(network_.layers[n - 1].activation, dropout_factor(dropout_of(n)), below, next);
  }
}

void NetworkLearner::run_block(const Batch& batch, const Block& block, const StepInfo& info, Memory& memory) {
  pass_up(batch, block, info, memory);
  if (options_.task == NetworkTask::kClassify)
    subtract_from_labels(batch, block, memory);
  else
    subtract_from_inputs(block, info, memory);
  pass_down(block, lowest_learned(info), memory);
}

void NetworkLearner::update(const StepInfo& info, std::size_t lowest, ThreadTeam& team) {
  const auto weights = std::span(weights_).subspan(lowest);
  const auto biases = std::span(biases_).subspan(lowest);
  UpdateRule rule = update_rule(info, options_.l2, 0.0);
  double ratio = 0;
  if (options_.layer_rates.empty())
    ratio = update_all(weights, biases, rule, info.watch_update, products_, team);
  for (std::size_t n = lowest; n < options_.layer_rates.size(); ++n) {
    rule.rate = static_cast<float>(info.rate * options_.layer_rates[n]);
    ratio = std::max(ratio, update_all(weights.subspan(n - lowest, 1), biases.subspan(n - lowest, 1), rule,
                                       info.watch_update, products_, team));
  }
  if (info.watch_update) update_ratio_ = ratio;
  for (LearnedWeights& own : weights)
    if (options_.norm_limit > 0) own.limit_norms(options_.norm_limit, team);
}

void NetworkLearner::step(const Batch& batch, const StepInfo& info, ThreadTeam& team) {
  begin(batch, team);
  const std::size_t step = block_of_cases(batch.rows());
  team.run_blocks(batch.rows(), step, [&](std::size_t first, std::size_t count, unsigned worker) {
    run_block(batch, {first / step, first, count}, info, memories_[worker]);
  });
  if (info.watch_update) {
    error_ = 0;
    for (const double error : block_errors_) error_ += error;
  }
  update(info, lowest_learned(info), team);
}

}  // namespace harmonium
