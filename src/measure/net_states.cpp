#include "measure/net_states.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "harmonium/base/error.h"
#include "harmonium/measure/net_likelihood.h"
#include "measure/label_terms.h"
#include "measure/log_sum.h"

namespace harmonium {
namespace {

// Which fraction of a layer's variables a move draws anew: few where the weights differ much from state to
// state, many where they do not. Every size has its turn, so that none has to be tuned.
constexpr std::array<float, 4> kFractions = {0.5f, 0.15f, 0.04f, 0.01f};

// Random numbers of a move: children of its noise.
constexpr std::uint64_t kValues = 0, kWhich = 1, kAccept = 2;

// log p(values | total input) of one row: -E(values) + s(values) input - log_partition(input). `statistics`
// are s(values).
double log_conditional(const Layer& layer, std::span<const float> values, std::span<const float> statistics,
                       std::span<const float> input, const RowContext& context) {
  double sum = -layer_energy(layer, values, context) - log_partition(layer, input, context);
  for (std::size_t i = 0; i < input.size(); ++i)
    if (statistics[i] != 0.0f) sum += static_cast<double>(statistics[i]) * input[i];
  return sum;
}

std::vector<std::size_t> first_columns_of_variables(const Layer& layer) {
  std::vector<std::size_t> result(layer.columns());
  for (const LayerVariable& variable : split_into_variables(layer))
    std::fill_n(result.begin() + static_cast<std::ptrdiff_t>(variable.first_column), variable.layer.columns(),
                variable.first_column);
  return result;
}

}  // namespace

PackedNet::PackedNet(const DeepBeliefNet& the_net) : net(the_net), recognition_(the_net.depth()) {
  for (std::size_t n = 0; n < net.depth(); ++n) {
    generative_.emplace_back(net.rbms[n].weights, Precision::kF32);
    const Rbm& recognition = net.upward(n);
    if (&recognition != &net.rbms[n]) recognition_[n] = PackedWeights(recognition.weights, Precision::kF32);
    variables_.push_back(n == 0 ? std::vector<std::size_t>()
                                : first_columns_of_variables(net.rbms[n - 1].hidden));
  }
}

NetStates::NetStates(const PackedNet& packed, std::size_t most_rows)
    : packed_(packed),
      net_(packed.net),
      visible_(1, packed.net.columns(0)),
      layers_(packed.net.depth() - 1),
      log_p_(most_rows),
      log_q_(packed.net.depth() - 1, std::vector<double>(most_rows)) {}

void NetStates::begin(std::span<const float> visible, std::size_t rows) {
  rows_ = rows;
  std::copy(visible.begin(), visible.end(), visible_.row(0).begin());
  for (std::size_t n = 1; n < net_.depth(); ++n) layer(n).resize(rows, net_.columns(n));
  if (net_.layer(0).spec.has_open_length()) {
    length_ = document_lengths(net_.layer(0).spec, visible_);
    bias_scales_.assign(rows, length_[0]);
  }
  if (net_.depth() == 1) return;
  const Rbm& rbm = net_.upward(0);
  const auto input =
      packed_.up(0).up(statistics_of(rbm.visible, visible_, visible_statistics_), 1.0f, 1.0f, product_);
  first_input_.resize(rows, input.cols());
  for (std::size_t r = 0; r < rows; ++r)
    std::copy_n(input.row(0).begin(), input.cols(), first_input_.row(r).begin());
}

const Layer& NetStates::recognised(std::size_t n) const {
  return net_.upward(n - 1).hidden;
}

// The input of layer n from layer n - 1: good until the next product.
ConstMatrixView<float> NetStates::recognition_input(std::size_t n) {
  if (n == 1) return first_input_;
  const Rbm& rbm = net_.upward(n - 1);
  return packed_.up(n - 1).up(statistics_of(rbm.visible, layer(n - 1), statistics_), 1.0f, 1.0f, product_);
}

void NetStates::sample_up(const Noise& noise, std::span<const std::uint64_t> numbers) {
  for (std::size_t n = 1; n < net_.depth(); ++n) sample_layer(n, noise.child(n), numbers, layer(n));
}

void NetStates::sample_layer(std::size_t n, const Noise& noise, std::span<const std::uint64_t> numbers,
                             MatrixView<float> values) {
  RowContext context;
  if (n == 1 && !length_.empty()) context.bias_scale = bias_scales_;
  conditional(recognised(n), recognition_input(n), context, {}, values, noise, numbers);
}

void NetStates::weigh() {
  std::fill_n(log_p_.begin(), rows_, 0.0);
  for (std::size_t n = 1; n < net_.depth(); ++n) {
    weigh_recognition(n);
    weigh_generation(n);
  }
  weigh_top();
}

double NetStates::log_q(std::size_t row) const {
  double sum = 0;
  for (std::size_t n = 1; n < net_.depth(); ++n) sum += log_q(n, row);
  return sum;
}

void NetStates::weigh_recognition(std::size_t n) {
  const auto input = recognition_input(n);
  const Layer& own = recognised(n);
  Matrix<float> memory;
  const auto statistics = statistics_of(own, layer(n), memory);
  RowContext context;
  if (n == 1 && !length_.empty()) context.bias_scale = length_;
  for (std::size_t r = 0; r < rows_; ++r)
    log_q_[n - 1][r] =
        log_conditional(own, std::as_const(layer(n)).row(r), statistics.row(r), input.row(r), context);
}

// Adds log p(h_{n-1} | h_n).
void NetStates::weigh_generation(std::size_t n) {
  const Rbm& rbm = net_.rbms[n - 1];
  const auto input =
      packed_.down(n - 1).down(statistics_of(rbm.hidden, layer(n), statistics_), 1.0f, 1.0f, product_);
  const ConstMatrixView<float> below = n == 1 ? visible_ : layer(n - 1);
  Matrix<float> memory;
  const auto statistics = statistics_of(rbm.visible, below, memory);
  RowContext context;
  if (n == 1) context.lengths = length_;
  for (std::size_t r = 0; r < rows_; ++r) {
    const std::size_t own = n == 1 ? 0 : r;
    log_p_[r] += log_conditional(rbm.visible, below.row(own), statistics.row(own), input.row(r), context);
  }
}

// Adds log sum over labels of exp(-F_top).
void NetStates::weigh_top() {
  const Rbm& top = net_.top();
  ConstMatrixView<float> values = net_.depth() == 1 ? visible_ : layer(net_.depth() - 1);
  if (net_.label_columns > 0) {
    with_labels_.resize(values.rows(), top.visible_columns());
    copy_rows(values, with_labels_);
    values = with_labels_;
  }
  const auto input = packed_.top().up(statistics_of(top.visible, values, statistics_), 1.0f, 1.0f, product_);
  for (std::size_t r = 0; r < rows_; ++r) {
    const std::size_t own = net_.depth() == 1 ? 0 : r;
    log_p_[r] += top_term(values.row(own), input.row(own));
  }
}

// `input`: from all columns but the labels, which are off in `values`.
double NetStates::top_term(std::span<const float> values, std::span<const float> input) {
  const Rbm& top = net_.top();
  const double energy_of_code = layer_energy(top.visible, values);
  if (net_.label_columns == 0) return log_partition(top.hidden, input) - energy_of_code;
  std::vector<double> terms(net_.label_columns);
  label_terms(net_, input, terms, top_input_);
  return log_sum_exp(terms) - energy_of_code;
}

void NetStates::copy_row(const NetStates& other, std::size_t row) {
  for (std::size_t n = 0; n < layers_.size(); ++n) {
    const auto from = other.layers_[n].row(row);
    std::copy(from.begin(), from.end(), layers_[n].row(row).begin());
    log_q_[n][row] = other.log_q_[n][row];
  }
  log_p_[row] = other.log_p_[row];
}

void NetStates::copy_all(const NetStates& other) {
  if (rows_ != other.rows_ ||
      !std::equal(visible_.values().begin(), visible_.values().end(), other.visible_.values().begin()))
    begin(other.visible_.row(0), other.rows_);
  for (std::size_t r = 0; r < rows_; ++r) copy_row(other, r);
}

void PosteriorMoves::move(NetStates& states, double beta, std::uint64_t step, const Noise& noise,
                          std::span<const std::uint64_t> numbers) {
  const std::size_t below_top = packed_.net.depth() - 1;
  if (below_top == 0) return;  // no hidden layer to move
  const std::size_t n = 1 + step % below_top;
  proposal_.copy_all(states);
  Matrix<float>& values = proposal_.layer(n);
  const float fraction =
      std::max(kFractions[step / below_top % kFractions.size()], 1.0f / static_cast<float>(values.cols()));
  const Noise which = noise.child(kWhich);
  proposal_.sample_layer(n, noise.child(kValues), numbers, values);
  const auto variables = packed_.variable_of(n);
  for (std::size_t r = 0; r < values.rows(); ++r)
    for (std::size_t i = 0; i < values.cols(); ++i)
      if (which.uniform(numbers[r], static_cast<std::uint32_t>(variables[i])) >= fraction)
        values(r, i) = states.layer(n)(r, i);
  proposal_.weigh();
  // Drawn from q(h_n | h_{n-1}), so that this factor of the target cancels and the other ones decide.
  for (std::size_t r = 0; r < values.rows(); ++r) {
    double log_ratio = beta * (proposal_.log_weight(r) - states.log_weight(r));
    if (n < below_top) log_ratio += proposal_.log_q(n + 1, r) - states.log_q(n + 1, r);
    const double u = noise.child(kAccept).uniform(numbers[r], 0);
    if (std::log(u + 0x1p-25) < log_ratio) states.copy_row(proposal_, r);
  }
}

}  // namespace harmonium
