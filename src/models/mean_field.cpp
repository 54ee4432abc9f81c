#include "harmonium/models/mean_field.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "harmonium/base/error.h"
#include "harmonium/kernels/products.h"

namespace harmonium {
namespace {

std::vector<const PackedWeights*> pointers_to(std::span<const PackedWeights> packed) {
  std::vector<const PackedWeights*> result;
  for (const PackedWeights& weights : packed) result.push_back(&weights);
  return result;
}

void add_rows(ConstMatrixView<float> from, MatrixView<float> to) {
  for (std::size_t r = 0; r < to.rows(); ++r)
    for (std::size_t i = 0; i < to.cols(); ++i) to(r, i) += from(r, i);
}

double entropy(double mean) {
  return mean > 0.0 && mean < 1.0 ? -mean * std::log(mean) - (1.0 - mean) * std::log1p(-mean) : 0.0;
}

}  // namespace

std::vector<PackedWeights> packed_weights(const DeepBoltzmannMachine& machine) {
  std::vector<PackedWeights> packed;
  for (const Matrix<float>& weights : machine.weights) packed.emplace_back(weights, Precision::kF32);
  return packed;
}

MeanField::MeanField(const DeepBoltzmannMachine& machine, std::vector<const PackedWeights*> packed)
    : machine_(machine), packed_(std::move(packed)), means_(machine.layers.size()) {
  check(packed_.size() == machine.depth(), "mean field needs the packed weights of every pair of layers");
}

MeanField::MeanField(const DeepBoltzmannMachine& machine, std::span<const PackedWeights> packed)
    : MeanField(machine, pointers_to(packed)) {}

void MeanField::run(ConstMatrixView<float> visible, const MeanFieldOptions& options) {
  for (std::size_t n = 0; n < means_.size(); ++n) means_[n].resize(visible.rows(), machine_.columns(n));
  copy_rows(visible, means_[0]);
  from_data_.resize(visible.rows(), machine_.columns(1));
  copy_rows(packed_[0]->up(means_[0], 1.0f, 1.0f, memory_), from_data_);
  start();
  sweeps_ = 0;
  if (machine_.depth() == 1) return;  // the posterior itself
  float change = options.tolerance + 1.0f;
  for (; sweeps_ < options.sweeps && !(change <= options.tolerance); ++sweeps_) {
    change = 0;
    for (std::size_t n = 1; n <= machine_.depth(); n += 2) change = std::max(change, update(n));
    for (std::size_t n = 2; n <= machine_.depth(); n += 2) change = std::max(change, update(n));
    if (options.tolerance == 0.0f) change = 1.0f;
  }
}

void MeanField::start() {
  for (std::size_t n = 1; n <= machine_.depth(); ++n) {
    const float times = n < machine_.depth() ? 2.0f : 1.0f;
    MatrixView<float> input = means_[n];
    if (n > 1)
      input = packed_[n - 1]->up(means_[n - 1], times, 1.0f, memory_);
    else
      for (std::size_t i = 0; i < from_data_.size(); ++i)
        means_[1].values()[i] = times * from_data_.values()[i];
    conditional_mean(machine_.layers[n], input, {}, means_[n]);
  }
}

// Sets the means of a layer to what is best given its neighbours'; the largest change of one.
float MeanField::update(std::size_t layer) {
  next_.resize(means_[layer].rows(), means_[layer].cols());
  if (layer == 1)
    copy_rows(from_data_, next_);
  else
    copy_rows(packed_[layer - 1]->up(means_[layer - 1], 1.0f, 1.0f, memory_), next_);
  if (layer < machine_.depth()) add_rows(packed_[layer]->down(means_[layer + 1], 1.0f, 1.0f, memory_), next_);
  conditional_mean(machine_.layers[layer], next_, {}, next_);
  float change = 0;
  for (std::size_t i = 0; i < next_.size(); ++i)
    change = std::max(change, std::abs(next_.values()[i] - means_[layer].values()[i]));
  std::swap(next_, means_[layer]);
  return change;
}

void MeanField::bounds(std::span<double> bounds) {
  std::fill(bounds.begin(), bounds.end(), 0.0);
  for (std::size_t n = 0; n < means_.size(); ++n) {
    const std::span<const float> bias = machine_.layers[n].bias;
    for (std::size_t r = 0; r < bounds.size(); ++r) {
      const auto mean = means_[n].view().row(r);
      for (std::size_t i = 0; i < mean.size(); ++i) {
        bounds[r] += static_cast<double>(bias[i]) * mean[i];
        if (n > 0) bounds[r] += entropy(mean[i]);
      }
    }
    if (n == 0) continue;
    const ConstMatrixView<float> input =
        n == 1 ? from_data_.view() : packed_[n - 1]->up(means_[n - 1], 1.0f, 1.0f, memory_);
    for (std::size_t r = 0; r < bounds.size(); ++r)
      for (std::size_t i = 0; i < input.cols(); ++i)
        bounds[r] += static_cast<double>(input(r, i)) * means_[n](r, i);
  }
}

MeanFieldPosterior mean_field(const DeepBoltzmannMachine& machine, ConstMatrixView<float> visible,
                              const MeanFieldOptions& options, ThreadTeam& team) {
  check(visible.cols() == machine.columns(0), "mean field takes the columns of the visible layer");
  MeanFieldPosterior result;
  for (std::size_t n = 1; n <= machine.depth(); ++n)
    result.means.emplace_back(visible.rows(), machine.columns(n));
  result.bounds.resize(visible.rows());
  const auto packed = packed_weights(machine);
  std::vector<std::optional<MeanField>> memories(team.size());
  team.run_blocks(visible.rows(), block_of_cases(visible.rows()),
                  [&](std::size_t first, std::size_t count, unsigned worker) {
                    if (!memories[worker]) memories[worker].emplace(machine, packed);
                    MeanField& field = *memories[worker];
                    field.run(visible.row_block(first, count), options);
                    field.bounds(std::span(result.bounds).subspan(first, count));
                    for (std::size_t n = 1; n <= machine.depth(); ++n)
                      copy_rows(field.means(n), result.means[n - 1].view().row_block(first, count));
                  });
  return result;
}

Matrix<float> visible_means(const DeepBoltzmannMachine& machine, ConstMatrixView<float> first_hidden,
                            ThreadTeam& team) {
  Matrix<float> result(first_hidden.rows(), machine.columns(0));
  team.run_blocks(result.rows(), block_of_cases(result.rows()),
                  [&](std::size_t first, std::size_t count, unsigned) {
                    const auto rows = result.view().row_block(first, count);
                    product(1.0f, first_hidden.row_block(first, count), Transpose::kNo, machine.weights[0],
                            Transpose::kYes, 0.0f, rows);
                    conditional_mean(machine.layers[0], rows, {}, rows);
                  });
  return result;
}

Matrix<float> folded_cases(const DeepBoltzmannMachine& machine, ConstMatrixView<float> visible, States states,
                           const Noise& noise, ThreadTeam& team) {
  const MeanFieldPosterior posterior = mean_field(machine, visible, {}, team);
  std::size_t columns = 0;
  for (std::size_t n = 0; n < machine.layers.size(); n += 2) columns += machine.columns(n);
  Matrix<float> result(visible.rows(), columns);
  copy_rows(visible, result);
  for (std::size_t n = 2; n < machine.layers.size(); n += 2) {
    const Matrix<float>& means = posterior.means[n - 1];
    const auto out = result.view().col_block(first_folded_column(machine, n), means.cols());
    copy_rows(means, out);
    for (std::size_t r = 0; states == States::kSamples && r < means.rows(); ++r)
      for (std::size_t i = 0; i < means.cols(); ++i)
        out(r, i) = noise.child(n).uniform(r, static_cast<std::uint32_t>(i)) < means(r, i) ? 1.0f : 0.0f;
  }
  return result;
}

}  // namespace harmonium
