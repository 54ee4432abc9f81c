#include "harmonium/train/rbm_learner.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "harmonium/base/error.h"
#include "harmonium/kernels/products.h"
#include "harmonium/kernels/sparse.h"
#include "harmonium/kernels/update.h"
#include "train/batch_rows.h"
#include "train/checkpoint.h"
#include "train/update_rule.h"

namespace harmonium {
namespace {

// In four sums, which a vector holds at once.
double dot(std::span<const float> a, std::span<const float> b) {
  double sums[4] = {0, 0, 0, 0};
  std::size_t j = 0;
  for (; j + 4 <= a.size(); j += 4)
    for (std::size_t k = 0; k < 4; ++k) sums[k] += static_cast<double>(a[j + k]) * b[j + k];
  for (; j < a.size(); ++j) sums[0] += static_cast<double>(a[j]) * b[j];
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

constexpr std::size_t kMomentColumns = 128;

// Why the products of this learner cannot be made in bf16, or an empty text.
std::string find_bf16_fault(const Rbm& rbm, const TrainOptions& wanted, float value_step) {
  const TrainOptions options = options_for(rbm, wanted);
  if (!has_bf16_products()) return "this processor does not multiply 16-bit floats";
  if (options.negative == NegativeKind::kExact || options.negative == NegativeKind::kTempering)
    return "negative = \"" + std::string(negative_name(options.negative)) + "\" needs exact energies";
  if (options.negative == NegativeKind::kContrastiveDivergence &&
      options.visible_states == VisibleStates::kMeans)
    return "visible_states = \"means\" gives reconstructions that 16-bit floats do not hold";
  for (const LayerSpec* spec : {&rbm.visible.spec, &rbm.hidden.spec})
    if (!has_exact_states(*spec))
      return "16-bit floats do not hold the states of \"" + spec->to_string() + "\"";
  if (value_step <= 0.0f) return "16-bit floats do not hold the values of the data";
  return {};
}

// Values become statistics in place, where the two differ.
void scale_to_statistics(const Layer& layer, MatrixView<float> values) {
  if (has_scaled_statistics(layer.spec)) to_statistics(layer, values, values);
}

// Calls f(column) for every column whose variance is learned.
template <class F>
void for_learned_variances(const LayerSpec& spec, F f) {
  for (std::size_t g = 0; g < spec.groups.size(); ++g)
    if (spec.groups[g].learned_variance)
      for (std::size_t i = 0; i < spec.groups[g].columns(); ++i) f(spec.first_column(g) + i);
}

// d/dz of the layer's own quadratic, data minus model: 1/2 (<s^2> - 2 (b / sigma) <s>), and the interaction.
std::vector<float> log_variance_gradient(const Layer& layer, std::span<const double> first,
                                         std::span<const double> second,
                                         std::span<const double> weights_dot_gradient,
                                         std::span<const double> model_variance) {
  std::vector<float> gradient(layer.log_variance.size(), 0.0f);
  for_learned_variances(layer.spec, [&](std::size_t i) {
    const double mean = layer.bias[i] * std::exp(-0.5 * layer.log_variance[i]);
    gradient[i] = static_cast<float>(0.5 * (second[i] - model_variance[i]) - mean * first[i] -
                                     0.5 * weights_dot_gradient[i]);
  });
  return gradient;
}

std::vector<double> difference(std::span<const double> a, std::span<const double> b) {
  std::vector<double> result(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) result[i] = a[i] - b[i];
  return result;
}

double inverse_deviation(const Layer& layer, std::size_t column) {
  return layer.log_variance.empty() ? 1.0 : std::exp(-0.5 * layer.log_variance[column]);
}

}  // namespace

Precision choose_precision(const Rbm& rbm, const TrainOptions& options, float value_step) {
  if (options.precision == PrecisionChoice::kF32) return Precision::kF32;
  const std::string fault = find_bf16_fault(rbm, options, value_step);
  if (fault.empty()) return Precision::kBf16;
  if (options.precision == PrecisionChoice::kAuto) return Precision::kF32;
  throw InputError("train.precision = \"bf16\" cannot be had: " + fault + "; use auto or f32.");
}

RbmLearner::RbmLearner(Rbm start, const TrainOptions& options, std::string prefix, ThreadTeam& team,
                       std::vector<std::uint32_t> missing_values, std::span<const float> base_visible_bias,
                       float value_step)
    : rbm_(std::move(start)),
      options_(options_for(rbm_, options)),
      prefix_(std::move(prefix)),
      negative_(make_negative_phase(
          rbm_, options_,
          base_visible_bias.empty() ? std::span<const float>(rbm_.visible.bias) : base_visible_bias, team)),
      velocity_(rbm_.visible.spec, rbm_.hidden.spec),
      visible_offset_(options_.centring ? rbm_.visible_columns() : 0),
      hidden_offset_(options_.centring ? rbm_.hidden_columns() : 0),
      activity_(options.sparsity_target > 0 ? rbm_.hidden_columns() : 0,
                static_cast<float>(options.sparsity_target)) {
  if (const auto fault = find_option_fault(options); !fault.empty()) throw InputError(fault);
  const Precision precision = choose_precision(rbm_, options, value_step);
  if (precision == Precision::kBf16) visible_step_ = value_step;
  packed_ = PackedWeights(rbm_.weights, precision);
  if (options_.negative == NegativeKind::kFastPersistent) {
    fast_ = Rbm(rbm_.visible.spec, rbm_.hidden.spec);
    effective_ = rbm_;
    packed_effective_ = PackedWeights(effective_.weights, precision);
  }
  if (!missing_values.empty() && !options.missing_absent) {
    missing_start_.resize(missing_values.size() + 1, 0);
    for (std::size_t c = 0; c < missing_values.size(); ++c)
      missing_start_[c + 1] = missing_start_[c] + missing_values[c];
    missing_state_ = Matrix<float>(1, missing_start_.back(), std::numeric_limits<float>::quiet_NaN());
  }
}

bool RbmLearner::takes_sparse() const {
  return missing_start_.empty() && !options_.missing_absent && !has_scaled_statistics(rbm_.visible.spec);
}

ParameterList RbmLearner::state() {
  ParameterList list = velocity_.parameters("velocity." + prefix_);
  if (options_.negative == NegativeKind::kFastPersistent)
    for (NamedTensor& tensor : fast_.parameters("fast." + prefix_)) list.push_back(tensor);
  const auto add = [&](const char* name, std::span<float> values) {
    if (!values.empty()) list.push_back({name, {values.size()}, values});
  };
  add("visible_offset", visible_offset_);
  add("hidden_offset", hidden_offset_);
  add("activity", activity_);
  add(kMissingStates, missing_state_.values());
  for (NamedTensor& tensor : negative_->state()) list.push_back(tensor);
  return list;
}

std::string RbmLearner::find_state_fault() {
  const auto& groups = rbm_.visible.spec.groups;
  const bool binary = std::all_of(groups.begin(), groups.end(), [](const UnitGroup& group) {
    return group.kind == UnitKind::kBernoulli || group.kind == UnitKind::kSoftmax;
  });
  for (const float value : missing_state_.values())
    if (std::isinf(value) || (binary && !std::isnan(value) && value != 0.0f && value != 1.0f))
      return std::string(kMissingStates) + "\": " + std::to_string(value) +
             (binary ? " is not 0 or 1" : " is not a finite number");
  return negative_->find_state_fault(rbm_);
}

void RbmLearner::restored() {
  negative_->restored();
  if (options_.negative == NegativeKind::kFastPersistent) {
    const ParameterList own = rbm_.parameters(""), fast = fast_.parameters(""),
                        sum = effective_.parameters("");
    for (std::size_t t = 0; t < own.size(); ++t)
      for (std::size_t i = 0; i < own[t].values.size(); ++i)
        sum[t].values[i] = own[t].values[i] + fast[t].values[i];
  }
  pack_all();
}

void RbmLearner::pack_all() {
  packed_.pack(rbm_.weights, 0, rbm_.visible_columns());
  if (!packed_effective_.empty()) packed_effective_.pack(effective_.weights, 0, rbm_.visible_columns());
}

ChainModel RbmLearner::chain_model() const {
  if (options_.negative == NegativeKind::kFastPersistent)
    return {effective_, packed_effective_, visible_step_};
  return {rbm_, packed_, visible_step_};
}

void RbmLearner::prepare_stacks(const Batch& batch, const StepInfo& info, ThreadTeam& team) {
  positive_rows_ = batch.rows();
  sparse_ = batch.is_sparse();
  check(!sparse_ || takes_sparse(), "this learner takes dense cases alone");
  memories_.resize(team.size());
  for (WorkerMemory& memory : memories_) {
    memory.half_step.packed = &packed_;
    memory.half_step.visible_step = visible_step_;
  }
  negative_rows_ = negative_->begin(chain_model(), positive_rows_, info, team);
  const std::size_t rows = positive_rows_ + negative_rows_;
  visible_stack_.resize(sparse_ ? negative_rows_ : rows, rbm_.visible_columns());
  hidden_stack_.resize(rows, rbm_.hidden_columns());
  hidden_samples_.resize(positive_rows_, rbm_.hidden_columns());
  row_weights_.resize(rows);

  const bool learns = share_weights(batch, std::span(row_weights_).first(positive_rows_));
  // A fixed length is a constant that the hidden biases absorb; only open ones scale them.
  lengths_.clear();
  if (rbm_.visible.spec.has_open_length()) {
    if (batch.fetch)
      team.run_blocks(positive_rows_, block_of_cases(positive_rows_),
                      [&](std::size_t first, std::size_t count, unsigned) {
                        batch.fetch(first, count, batch.values.row_block(first, count));
                      });
    lengths_ = sparse_ ? document_lengths(rbm_.visible.spec, batch.sparse)
                       : document_lengths(rbm_.visible.spec, batch.values);
  }
  PositiveStates positive;
  positive.weights = std::span(row_weights_).first(positive_rows_);
  const auto negative_weights = std::span(row_weights_).subspan(positive_rows_);
  negative_->weights(negative_weights, positive);
  if (!learns) std::fill(negative_weights.begin(), negative_weights.end(), 0.0f);
  signed_weights_ = row_weights_;
  for (std::size_t r = positive_rows_; r < rows; ++r) signed_weights_[r] = -row_weights_[r];
  if (sparse_) weighted_transpose(batch.sparse, positive.weights, transpose_);
  plan_blocks();
}

MatrixView<float> RbmLearner::visible_rows(bool positive, std::size_t first, std::size_t count) {
  if (sparse_ && positive) return {};
  const std::size_t before = positive || sparse_ ? 0 : positive_rows_;
  return visible_stack_.view().row_block(before + first, count);
}

// Blocks of the positive phase, then of the negative one; where chains start from the data, both of a block
// are made in one go and have the same rows of their phases.
void RbmLearner::plan_blocks() {
  const std::size_t step = block_of_cases(positive_rows_);
  const std::size_t negative_step = negative_->starts_from_data() ? step : negative_->block_rows();
  blocks_.clear();
  std::size_t place = 0;
  const auto cut = [&](bool positive, std::size_t rows, std::size_t block_rows) {
    for (std::size_t first = 0; first < rows; first += block_rows) {
      const std::size_t count = std::min(block_rows, rows - first);
      blocks_.push_back({positive, first, count, place, blocks_.size()});
      if (!(positive && sparse_)) place += StatisticsStack::places(count, packed_.precision());
    }
  };
  cut(true, positive_rows_, step);
  cut(false, negative_rows_, negative_step);
  stack_.resize(place, rbm_.visible_columns(), rbm_.hidden_columns(), packed_.precision());
  visible_sums_.resize(blocks_.size(), rbm_.visible_columns());
  hidden_sums_.resize(blocks_.size(), rbm_.hidden_columns());
}

void RbmLearner::fill_missing(const Batch& batch, const StepInfo& info, std::size_t first, std::size_t count,
                              unsigned worker) {
  WorkerMemory& memory = memories_[worker];
  const auto cases = batch.cases.subspan(first, count);
  const auto values = batch.values.row_block(first, count);
  const Noise noise = Noise(info.seed, Stream::kMissing, info.update);
  memory.completed.resize(count, rbm_.visible_columns());
  // A case seen for the first time starts from the visible layer alone.
  std::fill(memory.completed.values().begin(), memory.completed.values().end(), 0.0f);
  RowContext alone;
  HalfStep down;
  if (!lengths_.empty()) alone.lengths = down.lengths = std::span(lengths_).subspan(first, count);
  conditional(rbm_.visible, memory.completed, alone, {}, memory.completed, noise.child(0), cases);
  std::vector<unsigned char> missing(count * values.cols());
  for (std::size_t r = 0; r < count; ++r) {
    std::size_t cell = missing_start_[cases[r]];
    for (std::size_t i = 0; i < values.cols(); ++i) {
      if (!std::isnan(values(r, i))) continue;
      missing[r * values.cols() + i] = 1;
      const float last = missing_state_(0, cell++);
      values(r, i) = std::isnan(last) ? memory.completed(r, i) : last;
    }
  }
  Matrix<float> hidden(count, rbm_.hidden_columns());
  half_step(rbm_, Side::kHidden, values, {}, {}, hidden, noise.child(1), cases, memory.half_step);
  half_step(rbm_, Side::kVisible, hidden, down, {}, memory.completed, noise.child(2), cases,
            memory.half_step);
  for (std::size_t r = 0; r < count; ++r) {
    std::size_t cell = missing_start_[cases[r]];
    for (std::size_t i = 0; i < values.cols(); ++i)
      if (missing[r * values.cols() + i]) missing_state_(0, cell++) = values(r, i) = memory.completed(r, i);
  }
}

void RbmLearner::positive_block(const Batch& batch, const StepInfo& info, std::size_t first,
                                std::size_t count, unsigned worker) {
  const auto visible = visible_rows(true, first, count);
  const auto hidden = hidden_stack_.view().row_block(first, count);
  const auto samples =
      negative_->starts_from_data() ? hidden_samples_.view().row_block(first, count) : MatrixView<float>{};
  const Noise noise(info.seed, Stream::kHiddenPositive, info.update);
  const auto cases = batch.cases.subspan(first, count);
  HalfStepMemory& memory = memories_[worker].half_step;
  if (sparse_)
    return half_step_up(rbm_, batch.sparse.row_block(first, count), hidden, samples, noise, cases, memory);
  const bool fetches = batch.fetch && lengths_.empty();
  if (fetches && missing_start_.empty() && !options_.missing_absent) {
    batch.fetch(first, count, visible);
  } else {
    const auto values = batch.values.row_block(first, count);
    if (fetches) batch.fetch(first, count, values);
    if (!missing_start_.empty()) fill_missing(batch, info, first, count, worker);
    for (std::size_t r = 0; r < count; ++r)
      std::copy_n(values.row(r).data(), visible.cols(), visible.row(r).data());
  }
  if (options_.missing_absent)
    for (float& value : std::span(visible.data(), count * visible.cols()))
      if (std::isnan(value)) value = 0.0f;
  half_step(rbm_, Side::kHidden, visible, {}, hidden, samples, noise, cases, memory);
}

void RbmLearner::negative_block(const StepInfo& info, std::size_t first, std::size_t count, unsigned worker) {
  PositiveStates positive;
  positive.hidden_samples = hidden_samples_;
  positive.cases = batch_cases_;
  positive.lengths = lengths_;
  positive.absent = batch_absent_;
  negative_->block(chain_model(), positive, first, count, worker, info, visible_rows(false, first, count),
                   hidden_stack_.view().row_block(positive_rows_ + first, count));
}

// The values of a block become statistics, and are stored for the gradient and summed.
void RbmLearner::store_statistics(const Block& block) {
  const std::size_t first = block.positive ? block.first : positive_rows_ + block.first;
  const auto visible = visible_rows(block.positive, block.first, block.count);
  const auto hidden = hidden_stack_.view().row_block(first, block.count);
  const bool has_visible = !visible.empty();
  if (has_visible) scale_to_statistics(rbm_.visible, visible);
  scale_to_statistics(rbm_.hidden, hidden);
  if (has_visible)
    stack_.store(block.place, visible, visible_step_, hidden,
                 std::span(signed_weights_).subspan(first, block.count));
  const auto weights = std::span(row_weights_).subspan(first, block.count);
  const auto visible_sums = visible_sums_.row(block.sums), hidden_sums = hidden_sums_.row(block.sums);
  std::fill(visible_sums.begin(), visible_sums.end(), 0.0f);
  std::fill(hidden_sums.begin(), hidden_sums.end(), 0.0f);
  if (has_visible) add_weighted_rows(visible, weights, visible_sums);
  add_weighted_rows(hidden, weights, hidden_sums);
}

// The first cases are nearer to a model that has learned already than what its biases alone would make.
void RbmLearner::start_chains(const Batch& batch, ThreadTeam& team) {
  Matrix<float> values(batch.rows(), rbm_.visible_columns());
  team.run_blocks(values.rows(), block_of_cases(values.rows()),
                  [&](std::size_t first, std::size_t count, unsigned) {
                    copy_batch_rows(batch, first, values.view().row_block(first, count));
                  });
  negative_->start_from(values);
}

void RbmLearner::collect(const Batch& batch, const StepInfo& info, ThreadTeam& team) {
  batch_cases_ = batch.cases;
  batch_absent_ = options_.missing_absent ? ConstMatrixView<float>(batch.values) : ConstMatrixView<float>{};
  if (options_.tied_start && info.update == 0 && has_persistent_chains()) start_chains(batch, team);
  prepare_stacks(batch, info, team);
  const bool together = negative_->starts_from_data();
  const auto positives = static_cast<std::size_t>(
      std::count_if(blocks_.begin(), blocks_.end(), [](const Block& b) { return b.positive; }));
  team.run(together ? positives : blocks_.size(), [&](std::size_t b, unsigned worker) {
    const Block& block = blocks_[b];
    if (block.positive)
      positive_block(batch, info, block.first, block.count, worker);
    else
      negative_block(info, block.first, block.count, worker);
    if (together) {
      negative_block(info, block.first, block.count, worker);
      store_statistics(blocks_[positives + b]);
    }
    store_statistics(block);
  });
  negative_->finish();
  sum_moments(team);
  sum_model_variance();
}

// Statistics have variance 1 given the hidden units; a unit that a case does not have has none.
void RbmLearner::sum_model_variance() {
  model_variance_.assign(rbm_.visible.log_variance.size(), 0.0);
  if (!negative_->visible_are_means()) return;
  for (std::size_t r = 0; r < negative_rows_; ++r)
    for (std::size_t i = 0; i < model_variance_.size(); ++i)
      if (batch_absent_.rows() == 0 || !std::isnan(batch_absent_(r, i)))
        model_variance_[i] += row_weights_[positive_rows_ + r];
}

// Weighted sums over the rows of each phase.
void RbmLearner::sum_moments(ThreadTeam& team) {
  for (Moments* m : {&positive_moments_, &negative_moments_}) {
    m->visible.assign(rbm_.visible_columns(), 0.0);
    m->hidden.assign(rbm_.hidden_columns(), 0.0);
  }
  for (const Block& block : blocks_) {
    Moments& m = block.positive ? positive_moments_ : negative_moments_;
    for (std::size_t i = 0; i < m.visible.size(); ++i) m.visible[i] += visible_sums_(block.sums, i);
    for (std::size_t j = 0; j < m.hidden.size(); ++j) m.hidden[j] += hidden_sums_(block.sums, j);
  }
  for (std::size_t i = 0; sparse_ && i < positive_moments_.visible.size(); ++i)
    for (auto k = transpose_.row_start[i]; k < transpose_.row_start[i + 1]; ++k)
      positive_moments_.visible[i] += transpose_.values[k];
  visible_difference_ = difference(positive_moments_.visible, negative_moments_.visible);
  hidden_difference_ = difference(positive_moments_.hidden, negative_moments_.hidden);
  sum_squares(team);
}

// Second moments where a variance is learned, and hidden ones times the lengths of documents.
void RbmLearner::sum_squares(ThreadTeam& team) {
  const bool visible_squares = has_scaled_statistics(rbm_.visible.spec);
  const bool hidden_squares = has_scaled_statistics(rbm_.hidden.spec), scaled = !lengths_.empty();
  for (Moments* m : {&positive_moments_, &negative_moments_}) {
    m->visible_square.assign(visible_squares ? rbm_.visible_columns() : 0, 0.0);
    m->hidden_square.assign(hidden_squares ? rbm_.hidden_columns() : 0, 0.0);
    m->hidden_scaled.assign(scaled ? rbm_.hidden_columns() : 0, 0.0);
  }
  // sums[i] += weight row[i]^power for the rows of both phases, by blocks of columns.
  const auto add = [&](const Matrix<float>& stack, std::vector<double> Moments::*sums, int power,
                       bool times_length) {
    team.run_blocks(stack.cols(), kMomentColumns, [&](std::size_t first, std::size_t count, unsigned) {
      for (std::size_t r = 0; r < stack.rows(); ++r) {
        const bool positive = r < positive_rows_;
        double* out = ((positive ? positive_moments_ : negative_moments_).*sums).data();
        double weight = row_weights_[r];
        if (times_length) weight *= lengths_[positive ? r : r - positive_rows_];
        for (std::size_t i = first; i < first + count; ++i) {
          const double value = stack(r, i);
          out[i] += weight * (power == 2 ? value * value : value);
        }
      }
    });
  };
  if (visible_squares) add(visible_stack_, &Moments::visible_square, 2, false);
  if (hidden_squares) add(hidden_stack_, &Moments::hidden_square, 2, false);
  if (scaled) add(hidden_stack_, &Moments::hidden_scaled, 1, true);
}

// Offsets follow the mean of data and model means (Melchior et al. 2016); the first update sets them.
void RbmLearner::update_offsets(const StepInfo& info) {
  const float keep = info.update == 0 ? 0.0f : static_cast<float>(options_.centring_decay);
  const auto follow = [keep](std::span<float> offset, std::span<const double> a, std::span<const double> b) {
    for (std::size_t i = 0; i < offset.size(); ++i)
      offset[i] = keep * offset[i] + (1.0f - keep) * static_cast<float>(0.5 * (a[i] + b[i]));
  };
  follow(visible_offset_, positive_moments_.visible, negative_moments_.visible);
  follow(hidden_offset_, positive_moments_.hidden, negative_moments_.hidden);
}

void RbmLearner::size_block_sums(std::size_t blocks) {
  const std::size_t v = rbm_.visible_columns(), h = rbm_.hidden_columns();
  weights_dot_gradient_.assign(rbm_.visible.log_variance.empty() ? 0 : v, 0.0);
  gradient_dot_offset_.assign(options_.centring ? v : 0, 0.0);
  block_offset_dot_gradient_.resize(options_.centring ? blocks : 0, h);
  block_weights_dot_gradient_.resize(rbm_.hidden.log_variance.empty() ? 0 : blocks, h);
  block_sizes_.resize(blocks, 2);
}

// Rows [first, first + count) of dW, and the sums over it that other parameters need.
MatrixView<float> RbmLearner::block_gradient(std::size_t first, std::size_t count, std::size_t block,
                                             unsigned worker) {
  const auto gradient = stack_.product(first, count, memories_[worker].gradient);
  if (sparse_)
    add_sparse_product(transpose_.view().row_block(first, count),
                       hidden_stack_.view().row_block(0, positive_rows_), gradient);
  // Log-variances keep the plain gradient: centring turns weights and biases alone.
  sum_over_gradient(first, block, gradient);
  if (options_.centring) centre_gradient(first, block, gradient);
  return gradient;
}

void RbmLearner::sum_over_gradient(std::size_t first, std::size_t block, MatrixView<float> gradient) {
  if (!weights_dot_gradient_.empty())
    for (std::size_t i = 0; i < gradient.rows(); ++i) {
      const auto weights = rbm_.weights.row(first + i);
      for (std::size_t j = 0; j < weights.size(); ++j)
        weights_dot_gradient_[first + i] += static_cast<double>(weights[j]) * gradient(i, j);
    }
  if (block_weights_dot_gradient_.empty()) return;
  const auto sums = block_weights_dot_gradient_.row(block);
  std::fill(sums.begin(), sums.end(), 0.0);
  for (std::size_t i = 0; i < gradient.rows(); ++i)
    for (std::size_t j = 0; j < sums.size(); ++j)
      sums[j] += static_cast<double>(rbm_.weights(first + i, j)) * gradient(i, j);
}

void RbmLearner::centre_gradient(std::size_t first, std::size_t block, MatrixView<float> gradient) {
  const auto offset_sums = block_offset_dot_gradient_.row(block);
  std::fill(offset_sums.begin(), offset_sums.end(), 0.0);
  const std::vector<float> difference(hidden_difference_.begin(), hidden_difference_.end());
  for (std::size_t i = 0; i < gradient.rows(); ++i) {
    const float mu = visible_offset_[first + i], dv = static_cast<float>(visible_difference_[first + i]);
    const auto row = gradient.row(i);
    // Loops of their own: each is one that compilers make vectors of.
    for (std::size_t j = 0; j < row.size(); ++j) row[j] -= mu * difference[j] + dv * hidden_offset_[j];
    for (std::size_t j = 0; j < row.size(); ++j) offset_sums[j] += static_cast<double>(mu) * row[j];
    gradient_dot_offset_[first + i] = dot(row, hidden_offset_);
  }
}

std::vector<double> RbmLearner::column_sums(const Matrix<double>& block_sums) const {
  std::vector<double> sums(block_sums.cols(), 0.0);
  for (std::size_t b = 0; b < block_sums.rows(); ++b)
    for (std::size_t j = 0; j < sums.size(); ++j) sums[j] += block_sums(b, j);
  return sums;
}

// The gradients of everything but the weights; block_gradient of all blocks comes before.
void RbmLearner::rest_of_gradient(RbmGradient& gradient) const {
  const std::size_t v = rbm_.visible_columns(), h = rbm_.hidden_columns();
  gradient.visible_bias.resize(v), gradient.hidden_bias.resize(h);
  const bool centring = options_.centring;
  // Beside documents of open length the hidden biases stand times the length.
  const auto hidden_first =
      positive_moments_.hidden_scaled.empty()
          ? hidden_difference_
          : difference(positive_moments_.hidden_scaled, negative_moments_.hidden_scaled);
  const auto offset_dot_gradient = centring ? column_sums(block_offset_dot_gradient_) : std::vector<double>();
  for (std::size_t i = 0; i < v; ++i) {
    double g = visible_difference_[i] * inverse_deviation(rbm_.visible, i);
    if (centring) g -= gradient_dot_offset_[i] / inverse_deviation(rbm_.visible, i);
    gradient.visible_bias[i] = static_cast<float>(g);
  }
  for (std::size_t j = 0; j < h; ++j) {
    double g = hidden_first[j] * inverse_deviation(rbm_.hidden, j);
    if (centring) g -= offset_dot_gradient[j] / inverse_deviation(rbm_.hidden, j);
    gradient.hidden_bias[j] = static_cast<float>(g);
  }
  if (!rbm_.visible.log_variance.empty())
    gradient.visible_log_variance =
        log_variance_gradient(rbm_.visible, visible_difference_,
                              difference(positive_moments_.visible_square, negative_moments_.visible_square),
                              weights_dot_gradient_, model_variance_);
  if (!rbm_.hidden.log_variance.empty())
    gradient.hidden_log_variance = log_variance_gradient(
        rbm_.hidden, hidden_first,
        difference(positive_moments_.hidden_square, negative_moments_.hidden_square),
        column_sums(block_weights_dot_gradient_), std::vector<double>(rbm_.hidden_columns(), 0.0));
}

RbmGradient RbmLearner::gradient(const Batch& batch, const StepInfo& info, ThreadTeam& team) {
  collect(batch, info, team);
  if (options_.centring) update_offsets(info);
  const std::size_t rows = block_of_weights(rbm_.visible_columns(), rbm_.hidden_columns());
  size_block_sums((rbm_.visible_columns() + rows - 1) / rows);
  RbmGradient result;
  result.weights = Matrix<float>(rbm_.visible_columns(), rbm_.hidden_columns());
  team.run_blocks(rbm_.visible_columns(), rows, [&](std::size_t first, std::size_t count, unsigned worker) {
    const auto gradient = block_gradient(first, count, first / rows, worker);
    for (std::size_t i = 0; i < count; ++i)
      std::copy_n(gradient.row(i).data(), gradient.cols(), result.weights.row(first + i).data());
  });
  rest_of_gradient(result);
  return result;
}

// Mean activities above the target are pulled down through biases and, in proportion to their input, weights.
void RbmLearner::add_sparsity() {
  const auto keep = static_cast<float>(options_.sparsity_decay);
  hidden_pull_.resize(activity_.size());
  for (std::size_t j = 0; j < activity_.size(); ++j) {
    activity_[j] = keep * activity_[j] + (1.0f - keep) * static_cast<float>(positive_moments_.hidden[j]);
    hidden_pull_[j] = static_cast<float>(options_.sparsity_cost * (activity_[j] - options_.sparsity_target));
  }
}

void RbmLearner::update_block(std::size_t first, std::size_t count, std::size_t block, unsigned worker,
                              const StepInfo& info) {
  const auto gradient = block_gradient(first, count, block, worker);
  const bool fast = options_.negative == NegativeKind::kFastPersistent;
  const auto fast_rate = static_cast<float>(options_.fast_rate);
  const auto fast_decay = static_cast<float>(options_.fast_decay);
  const UpdateRule rule = update_rule(info, options_.l2, options_.l1);
  for (std::size_t i = 0; i < count && !hidden_pull_.empty(); ++i) {
    const auto g = gradient.row(i);
    const auto input = static_cast<float>(positive_moments_.visible[first + i]);
    for (std::size_t j = 0; j < g.size(); ++j) g[j] -= hidden_pull_[j] * input;
  }
  update_values(rule, gradient, velocity_.weights.view().row_block(first, count),
                rbm_.weights.view().row_block(first, count));
  for (std::size_t i = 0; fast && i < count; ++i)
    update_fast_values(fast_rate, fast_decay, gradient.row(i), rbm_.weights.row(first + i),
                       fast_.weights.row(first + i), effective_.weights.row(first + i));
  packed_.pack(rbm_.weights, first, count);
  if (fast) packed_effective_.pack(effective_.weights, first, count);
  if (!info.watch_update) return;
  double change = 0, size = 0;
  for (std::size_t i = first; i < first + count; ++i)
    for (std::size_t j = 0; j < rbm_.hidden_columns(); ++j) {
      change += static_cast<double>(velocity_.weights(i, j)) * velocity_.weights(i, j);
      size += static_cast<double>(rbm_.weights(i, j)) * rbm_.weights(i, j);
    }
  block_sizes_(block, 0) = change, block_sizes_(block, 1) = size;
}

void RbmLearner::update_rest(const StepInfo& info) {
  RbmGradient rest;
  rest_of_gradient(rest);
  for (std::size_t j = 0; j < hidden_pull_.size(); ++j) rest.hidden_bias[j] -= hidden_pull_[j];
  const UpdateRule rule = update_rule(info, 0.0, 0.0);
  UpdateRule variance_rule = rule;
  variance_rule.rate *= static_cast<float>(options_.variance_rate);
  update_values(rule, rest.visible_bias, velocity_.visible.bias, rbm_.visible.bias);
  update_values(rule, rest.hidden_bias, velocity_.hidden.bias, rbm_.hidden.bias);
  update_values(variance_rule, rest.visible_log_variance, velocity_.visible.log_variance,
                rbm_.visible.log_variance);
  update_values(variance_rule, rest.hidden_log_variance, velocity_.hidden.log_variance,
                rbm_.hidden.log_variance);
  for (Layer* layer : {&rbm_.visible, &rbm_.hidden})
    for (float& z : layer->log_variance) z = std::max(z, kMinLogVariance);
  if (options_.negative != NegativeKind::kFastPersistent) return;
  const auto fast_rate = static_cast<float>(options_.fast_rate);
  const auto fast_decay = static_cast<float>(options_.fast_decay);
  update_fast_values(fast_rate, fast_decay, rest.visible_bias, rbm_.visible.bias, fast_.visible.bias,
                     effective_.visible.bias);
  update_fast_values(fast_rate, fast_decay, rest.hidden_bias, rbm_.hidden.bias, fast_.hidden.bias,
                     effective_.hidden.bias);
  effective_.visible.log_variance = rbm_.visible.log_variance;
  effective_.hidden.log_variance = rbm_.hidden.log_variance;
}

void RbmLearner::limit_norms(std::size_t rows, ThreadTeam& team) {
  const std::size_t v = rbm_.visible_columns(), h = rbm_.hidden_columns();
  Matrix<double> squares((v + rows - 1) / rows, h);
  team.run_blocks(v, rows, [&](std::size_t first, std::size_t count, unsigned) {
    const auto sums = squares.row(first / rows);
    for (std::size_t i = first; i < first + count; ++i)
      for (std::size_t j = 0; j < h; ++j)
        sums[j] += static_cast<double>(rbm_.weights(i, j)) * rbm_.weights(i, j);
  });
  const bool fast = options_.negative == NegativeKind::kFastPersistent;
  std::vector<float> factor(h, 1.0f);
  const auto sums = column_sums(squares);
  for (std::size_t j = 0; j < h; ++j)
    if (const double norm = std::sqrt(sums[j]); norm > options_.norm_limit)
      factor[j] = static_cast<float>(options_.norm_limit / norm);
  team.run_blocks(v, rows, [&](std::size_t first, std::size_t count, unsigned) {
    for (std::size_t i = first; i < first + count; ++i)
      for (std::size_t j = 0; j < h; ++j) {
        rbm_.weights(i, j) *= factor[j];
        if (fast) effective_.weights(i, j) = rbm_.weights(i, j) + fast_.weights(i, j);
      }
    packed_.pack(rbm_.weights, first, count);
    if (fast) packed_effective_.pack(effective_.weights, first, count);
  });
}

void RbmLearner::step(const Batch& batch, const StepInfo& info, ThreadTeam& team) {
  collect(batch, info, team);
  if (options_.centring) update_offsets(info);
  if (!activity_.empty()) add_sparsity();
  const std::size_t rows = block_of_weights(rbm_.visible_columns(), rbm_.hidden_columns());
  const std::size_t blocks = (rbm_.visible_columns() + rows - 1) / rows;
  size_block_sums(blocks);
  team.run_blocks(rbm_.visible_columns(), rows, [&](std::size_t first, std::size_t count, unsigned worker) {
    update_block(first, count, first / rows, worker, info);
  });
  update_rest(info);
  if (options_.norm_limit > 0) limit_norms(rows, team);
  if (!info.watch_update) return;
  const auto sizes = column_sums(block_sizes_);
  update_ratio_ = sizes[1] > 0 ? std::sqrt(sizes[0] / sizes[1]) : 0.0;
}

}  // namespace harmonium
