#include "harmonium/train/learned_weights.h"

#include <algorithm>
#include <cmath>

#include "harmonium/kernels/products.h"

namespace harmonium {

LearnedWeights::LearnedWeights(Matrix<float>& weights, std::string name, Precision precision)
    : weights_(&weights),
      name_(std::move(name)),
      packed_(weights, precision),
      velocity_(weights.rows(), weights.cols()) {}

void LearnedWeights::begin_batch(std::size_t places) {
  statistics_.resize(places, weights_->rows(), weights_->cols(), packed_.precision());
}

std::size_t LearnedWeights::parts() const {
  const std::size_t rows = block_of_weights(weights_->rows(), weights_->cols());
  return (weights_->rows() + rows - 1) / rows;
}

MatrixView<float> LearnedWeights::gradient(std::size_t first, std::size_t count,
                                           ProductMemory& memory) const {
  return statistics_.product(first, count, memory);
}

void LearnedWeights::update_part(std::size_t part, const UpdateRule& rule, ProductMemory& memory,
                                 double* sizes) {
  const std::size_t rows = block_of_weights(weights_->rows(), weights_->cols());
  const std::size_t first = part * rows, count = std::min(rows, weights_->rows() - first);
  const auto velocity = velocity_.view().row_block(first, count);
  update_values(rule, gradient(first, count, memory), velocity, weights_->view().row_block(first, count));
  packed_.pack(*weights_, first, count);
  if (!sizes) return;
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t j = 0; j < velocity.cols(); ++j) {
      const double weight = (*weights_)(first + i, j), change = velocity(i, j);
      sizes[0] += change * change, sizes[1] += weight * weight;
    }
}

NamedTensor LearnedWeights::velocity() {
  return {"velocity." + name_, {velocity_.rows(), velocity_.cols()}, velocity_.values()};
}

void LearnedWeights::pack_all() {
  packed_.pack(*weights_, 0, weights_->rows());
}

void LearnedWeights::limit_norms(double limit, ThreadTeam& team) {
  const std::size_t rows = block_of_weights(weights_->rows(), weights_->cols());
  Matrix<double> squares(parts(), weights_->cols());
  team.run_blocks(weights_->rows(), rows, [&](std::size_t first, std::size_t count, unsigned) {
    double* sums = squares.row(first / rows).data();
    for (std::size_t i = first; i < first + count; ++i) {
      const float* weights = weights_->row(i).data();
      for (std::size_t j = 0; j < weights_->cols(); ++j)
        sums[j] += static_cast<double>(weights[j]) * weights[j];
    }
  });
  std::vector<float> factor(weights_->cols(), 1.0f);
  for (std::size_t j = 0; j < factor.size(); ++j) {
    double sum = 0;
    for (std::size_t part = 0; part < squares.rows(); ++part) sum += squares(part, j);
    if (std::sqrt(sum) > limit) factor[j] = static_cast<float>(limit / std::sqrt(sum));
  }
  if (std::all_of(factor.begin(), factor.end(), [](float f) { return f == 1.0f; })) return;
  team.run_blocks(weights_->rows(), rows, [&](std::size_t first, std::size_t count, unsigned) {
    for (std::size_t i = first; i < first + count; ++i) {
      float* weights = weights_->row(i).data();
      for (std::size_t j = 0; j < factor.size(); ++j) weights[j] *= factor[j];
    }
    packed_.pack(*weights_, first, count);
  });
}

LearnedBias::LearnedBias(std::span<float> bias, std::string name)
    : bias_(bias), name_(std::move(name)), velocity_(bias.size()) {}

void LearnedBias::begin_batch(std::size_t blocks) {
  sums_.resize(blocks, bias_.size());
  std::fill(sums_.values().begin(), sums_.values().end(), 0.0f);
}

void LearnedBias::add(std::size_t block, ConstMatrixView<float> values, std::span<const float> weights) {
  add_weighted_rows(values, weights, sums_.row(block));
}

std::vector<float> LearnedBias::gradient() const {
  std::vector<double> sums(bias_.size(), 0.0);
  for (std::size_t b = 0; b < sums_.rows(); ++b)
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += sums_(b, i);
  return {sums.begin(), sums.end()};
}

void LearnedBias::update(const UpdateRule& rule) {
  update_values(rule, std::span<const float>(gradient()), velocity_, bias_);
}

NamedTensor LearnedBias::velocity() {
  return {"velocity." + name_, {velocity_.size()}, velocity_};
}

std::vector<NamedGradient> all_gradients(std::span<LearnedWeights> weights, std::span<LearnedBias> biases) {
  std::vector<NamedGradient> result;
  ProductMemory memory;
  for (LearnedWeights& w : weights) {
    const auto velocity = w.velocity();
    NamedGradient gradient{w.name(), Matrix<float>(velocity.shape[0], velocity.shape[1])};
    copy_rows(w.gradient(0, velocity.shape[0], memory), gradient.values);
    result.push_back(std::move(gradient));
  }
  for (LearnedBias& b : biases) {
    const auto values = b.gradient();
    NamedGradient gradient{b.name(), Matrix<float>(1, values.size())};
    std::copy(values.begin(), values.end(), gradient.values.data());
    result.push_back(std::move(gradient));
  }
  return result;
}

double update_all(std::span<LearnedWeights> weights, std::span<LearnedBias> biases, const UpdateRule& rule,
                  bool watch, std::vector<ProductMemory>& memories, ThreadTeam& team) {
  struct Part {
    LearnedWeights* weights;
    std::size_t part;
  };
  std::vector<Part> parts;
  for (LearnedWeights& w : weights)
    for (std::size_t p = 0; p < w.parts(); ++p) parts.push_back({&w, p});
  Matrix<double> sizes(parts.size(), 2);
  memories.resize(team.size());
  team.run(parts.size(), [&](std::size_t p, unsigned worker) {
    parts[p].weights->update_part(parts[p].part, rule, memories[worker],
                                  watch ? sizes.row(p).data() : nullptr);
  });
  const UpdateRule without_cost{rule.rate, rule.momentum, 0.0f, 0.0f};
  for (LearnedBias& bias : biases) bias.update(without_cost);
  double change = 0, size = 0;
  for (std::size_t p = 0; p < sizes.rows(); ++p) change += sizes(p, 0), size += sizes(p, 1);
  return size > 0 ? std::sqrt(change / size) : 0.0;
}

}  // namespace harmonium
