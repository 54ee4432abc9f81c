#include "measure/annealed_path.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "harmonium/base/error.h"

namespace harmonium {
namespace {

constexpr std::uint64_t kVisibleHalf = 0, kHiddenHalf = 1;

void refuse_without_log_z(const Rbm& rbm) {
  for (const LayerSpec* spec : {&rbm.visible.spec, &rbm.hidden.spec}) {
    if (!spec->has_energy())
      throw InputError(
          "layer \"" + spec->to_string() +
          "\" has no energy, so there is no log Z to estimate; use stepped units, which rectified ones "
          "approximate.");
    if (spec->has_open_length())
      throw InputError(
          "log Z of documents differs from length to length; give the length, as in "
          "\"multinomial(50) 2000\".");
  }
  if (normalisation(rbm.visible.spec, rbm.hidden.spec) == Normalisation::kNever)
    throw InputError("\"" + rbm.visible.spec.to_string() + "\" with \"" + rbm.hidden.spec.to_string() +
                     "\" has no finite Z unless all weights are 0.");
}

// 64-bit sum of products in eight running sums, so that additions need not wait for each other.
double dot(std::span<const double> a, std::span<const float> b) {
  double part[8] = {};
  std::size_t i = 0;
  for (; i + 8 <= a.size(); i += 8)
    for (std::size_t k = 0; k < 8; ++k) part[k] += a[i + k] * static_cast<double>(b[i + k]);
  for (; i < a.size(); ++i) part[i % 8] += a[i] * static_cast<double>(b[i]);
  return ((part[0] + part[4]) + (part[1] + part[5])) + ((part[2] + part[6]) + (part[3] + part[7]));
}

}  // namespace

// Energies are linear in the biases, -b v, but for Gaussian units: with b = b0 + beta d,
//   -(v - b)^2 / 2 s^2 = -(v - b0)^2 / 2 s^2 + beta d (v - b0) / s^2 - beta^2 d^2 / 2 s^2.
AnnealedPath::AnnealedPath(const Rbm& rbm, std::span<const float> base)
    : rbm_(rbm), base_(base), slope_(base.size()) {
  refuse_without_log_z(rbm);
  check(base.size() == rbm.visible_columns(), "one base bias for each visible column");
  packed_ = PackedWeights(rbm.weights, Precision::kF32);
  std::size_t i = 0;
  for (const UnitGroup& group : rbm.visible.spec.groups)
    for (const std::size_t end = i + group.columns(); i < end; ++i) {
      const double start = base[i], way = rbm.visible.bias[i] - start;
      slope_[i] = way;
      if (group.kind != UnitKind::kGaussian) continue;
      if (group.learned_variance)
        slope_[i] *= std::exp(-static_cast<double>(std::max(rbm.visible.log_variance[i], kMinLogVariance)));
      offset_ += slope_[i] * start;
      curvature_ += 0.5 * slope_[i] * way;
    }
}

double AnnealedPath::base_log_z() const {
  const std::vector<float> zero_visible(rbm_.visible_columns()), zero_hidden(rbm_.hidden_columns());
  RowContext visible, hidden;
  visible.bias = base_, hidden.bias = zero_hidden;
  return log_partition(rbm_.visible, zero_visible, visible) + log_partition(rbm_.hidden, zero_hidden, hidden);
}

void AnnealedPath::visible_bias_at(float beta, std::span<float> bias) const {
  for (std::size_t i = 0; i < bias.size(); ++i)
    bias[i] = (1.0f - beta) * base_[i] + beta * rbm_.visible.bias[i];
}

void AnnealedPath::hidden_bias_at(float beta, std::span<float> bias) const {
  for (std::size_t j = 0; j < bias.size(); ++j) bias[j] = beta * rbm_.hidden.bias[j];
}

double AnnealedPath::visible_change(std::span<const float> values, float from, float to) const {
  const double a = from, b = to;
  return (b - a) * (dot(slope_, values) - offset_) - (b - a) * (b + a) * curvature_;
}

AnnealedChains::AnnealedChains(const AnnealedPath& path, std::size_t first, std::size_t count)
    : path_(path),
      numbers_(count),
      visible_(count, path.rbm().visible_columns()),
      hidden_(count, path.rbm().hidden_columns()),
      visible_bias_(path.rbm().visible_columns()),
      hidden_bias_(path.rbm().hidden_columns()),
      scaled_(path.rbm().hidden_columns()) {
  std::iota(numbers_.begin(), numbers_.end(), first);
  memory_.packed = &path.packed();
}

void AnnealedChains::start_from_base(const Noise& noise) {
  path_.visible_bias_at(0.0f, visible_bias_);
  RowContext context;
  context.bias = visible_bias_;
  conditional(path_.rbm().visible, Matrix<float>(visible_.rows(), visible_.cols()), context, {}, visible_,
              noise.child(kVisibleHalf), numbers_);
  seen_ = false;
}

void AnnealedChains::start_at(ConstMatrixView<float> visible) {
  copy_rows(visible, visible_);
  seen_ = false;
}

void AnnealedChains::look() {
  if (seen_) return;
  input_ = memory_.packed->up(statistics_of(path_.rbm().visible, visible_, memory_.statistics), 1.0f, 1.0f,
                              memory_.product);
  seen_ = true;
}

// Beside input_, one product serves both temperatures.
double AnnealedChains::hidden_log_partition(std::size_t row, float beta) {
  const auto input = std::as_const(input_).row(row);
  for (std::size_t j = 0; j < scaled_.size(); ++j)
    scaled_[j] = static_cast<double>(beta) * static_cast<double>(input[j]);
  RowContext context;
  context.bias_scale = std::span(&beta, 1);
  return log_partition(path_.rbm().hidden, std::span<const double>(scaled_), context);
}

void AnnealedChains::changes(float from, float to, std::span<double> changes) {
  look();
  for (std::size_t r = 0; r < changes.size(); ++r)
    changes[r] = path_.visible_change(std::as_const(visible_).row(r), from, to) +
                 (hidden_log_partition(r, to) - hidden_log_partition(r, from));
}

void AnnealedChains::log_f(std::span<double> values) {
  look();
  for (std::size_t r = 0; r < values.size(); ++r)
    values[r] =
        hidden_log_partition(r, 1.0f) - layer_energy(path_.rbm().visible, std::as_const(visible_).row(r));
}

void AnnealedChains::step(float beta, const Noise& noise) {
  look();
  path_.visible_bias_at(beta, visible_bias_);
  path_.hidden_bias_at(beta, hidden_bias_);
  for (std::size_t r = 0; r < input_.rows(); ++r)
    for (float& x : input_.row(r)) x *= beta;
  RowContext context;
  context.bias = hidden_bias_;
  conditional(path_.rbm().hidden, input_, context, {}, hidden_, noise.child(kHiddenHalf), numbers_);
  half_step(path_.rbm(), Side::kVisible, hidden_, {beta, visible_bias_, {}}, {}, visible_,
            noise.child(kVisibleHalf), numbers_, memory_);
  seen_ = false;
}

}  // namespace harmonium
