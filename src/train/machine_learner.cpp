#include "harmonium/train/machine_learner.h"

#include <algorithm>
#include <functional>

#include "harmonium/base/error.h"
#include "harmonium/kernels/products.h"
#include "train/batch_rows.h"
#include "train/update_rule.h"

namespace harmonium {
namespace {

// Means that have stopped changing this much are not worth another sweep of learning.
constexpr float kTolerance = 1e-4f;
// Gibbs steps that lead chains from the biases alone to the machine.
constexpr std::uint64_t kSettlingSteps = 100;

std::string bias_name(std::size_t layer) {
  return "layers." + std::to_string(layer) + ".bias";
}

// sums[i] += sum over rows r of shares[r] values(r, i).
void add_shares(ConstMatrixView<float> values, std::span<const float> shares, std::span<float> sums) {
  std::fill(sums.begin(), sums.end(), 0.0f);
  add_weighted_rows(values, shares, sums);
}

}  // namespace

std::string find_machine_learning_fault(const TrainOptions& options, bool missing_values) {
  if (missing_values)
    return "a deep Boltzmann machine takes whole cases here, but the data have missing values.";
  if (options.negative == NegativeKind::kContrastiveDivergence ||
      options.negative == NegativeKind::kFastPersistent)
    return options.table + ".negative = \"" + std::string(negative_name(options.negative)) +
           "\" is not there for a deep Boltzmann machine; it must be pcd, tempering or exact.";
  if (options.precision == PrecisionChoice::kBf16)
    return "train.precision = \"bf16\" cannot be had for a deep Boltzmann machine: 16-bit floats do not hold "
           "the means of mean field; use auto or f32.";
  return find_option_fault(options);
}

MachineLearner::MachineLearner(DeepBoltzmannMachine start, const TrainOptions& options, ThreadTeam& team)
    : machine_(std::move(start)), options_(options) {
  if (const auto fault = find_machine_learning_fault(options, false); !fault.empty()) throw InputError(fault);
  for (std::size_t n = 0; n < machine_.depth(); ++n)
    weights_.emplace_back(machine_.weights[n], "layers." + std::to_string(n) + ".weights", Precision::kF32);
  for (std::size_t n = 0; n < machine_.layers.size(); ++n) {
    biases_.emplace_back(machine_.layers[n].bias, bias_name(n));
    offsets_.emplace_back(options.centring ? machine_.columns(n) : 0);
  }
  activities_.resize(options.centring ? machine_.layers.size() : 0);
  fold_ = folded(machine_);
  packed_fold_ = PackedWeights(fold_.weights, Precision::kF32);
  negative_ = make_negative_phase(fold_, options, fold_.visible.bias, team);
}

ParameterList MachineLearner::state() {
  ParameterList list;
  for (LearnedWeights& w : weights_) list.push_back(w.velocity());
  for (LearnedBias& b : biases_) list.push_back(b.velocity());
  for (std::size_t n = 0; options_.centring && n < offsets_.size(); ++n)
    list.push_back({"offset." + std::to_string(n), {offsets_[n].size()}, offsets_[n]});
  for (NamedTensor& tensor : negative_->state()) list.push_back(tensor);
  return list;
}

std::string MachineLearner::find_state_fault() {
  return negative_->find_state_fault(fold_);
}

void MachineLearner::restored() {
  negative_->restored();
  for (LearnedWeights& w : weights_) w.pack_all();
  fold_ = folded(machine_);
  packed_fold_.pack(fold_.weights, 0, fold_.visible_columns());
}

void MachineLearner::plan_blocks(std::size_t rows, std::size_t negative_rows) {
  blocks_.clear();
  std::size_t place = 0;
  const auto cut = [&](bool positive, std::size_t all, std::size_t block_rows) {
    for (std::size_t first = 0; first < all; first += block_rows) {
      const std::size_t count = std::min(block_rows, all - first);
      blocks_.push_back({positive, blocks_.size(), first, count, place});
      place += StatisticsStack::places(count, Precision::kF32);
    }
  };
  cut(true, rows, block_of_cases(rows));
  cut(false, negative_rows, negative_->block_rows());
  for (LearnedWeights& w : weights_) w.begin_batch(place);
  for (LearnedBias& b : biases_) b.begin_batch(blocks_.size());
  for (std::size_t n = 0; n < activities_.size(); ++n)
    activities_[n].resize(blocks_.size(), machine_.columns(n));
}

// Before the first update: the chains of composed RBMs have never met the machine.
void MachineLearner::settle_chains(const StepInfo& info, ThreadTeam& team) {
  StepInfo start = info;
  start.seed = Noise(info.seed, Stream::kChainStart, 1).key();
  start.gibbs_steps = kSettlingSteps;
  const std::size_t rows = negative_->begin({fold_, packed_fold_}, 0, start, team);
  Matrix<float> states(rows, fold_.visible_columns()), means(rows, fold_.hidden_columns());
  team.run_blocks(rows, negative_->block_rows(), [&](std::size_t first, std::size_t count, unsigned worker) {
    negative_->block({fold_, packed_fold_}, {}, first, count, worker, start,
                     states.view().row_block(first, count), means.view().row_block(first, count));
  });
  negative_->finish();
}

// What the blocks of both phases leave for the gradient.
void MachineLearner::collect(const Batch& batch, const StepInfo& info, ThreadTeam& team) {
  check(!batch.is_sparse(), "a deep Boltzmann machine takes dense cases");
  check(batch.values.cols() == machine_.columns(0), "a batch has the columns of the visible layer");
  if (info.update == 0) settle_chains(info, team);
  const std::size_t negative_rows = negative_->begin({fold_, packed_fold_}, batch.rows(), info, team);
  shares_.resize(batch.rows());
  const bool learns = share_weights(batch, shares_);
  negative_shares_.resize(negative_rows);
  negative_->weights(negative_shares_, {});
  if (!learns) std::fill(negative_shares_.begin(), negative_shares_.end(), 0.0f);
  negative_weights_.resize(negative_rows);
  std::transform(negative_shares_.begin(), negative_shares_.end(), negative_weights_.begin(),
                 std::negate<>());
  fantasies_.resize(negative_rows, fold_.visible_columns());
  fantasy_means_.resize(negative_rows, fold_.hidden_columns());
  plan_blocks(batch.rows(), negative_rows);
  memories_.resize(team.size());
  for (Memory& memory : memories_) {
    if (memory.field) continue;
    std::vector<const PackedWeights*> packed;
    for (const LearnedWeights& w : weights_) packed.push_back(&w.packed());
    memory.field = std::make_unique<MeanField>(machine_, std::move(packed));
    memory.centred.resize(machine_.layers.size());
  }
  team.run(blocks_.size(), [&](std::size_t b, unsigned worker) {
    if (blocks_[b].positive)
      run_positive(batch, blocks_[b], memories_[worker]);
    else
      run_negative(blocks_[b], info, worker);
  });
  negative_->finish();
}

void MachineLearner::run_positive(const Batch& batch, const Block& block, Memory& memory) {
  memory.input.resize(block.count, batch.values.cols());
  copy_batch_rows(batch, block.first, memory.input);
  memory.field->run(memory.input, {options_.mean_field_sweeps, kTolerance});
  std::vector<ConstMatrixView<float>> states;
  for (std::size_t n = 0; n < machine_.layers.size(); ++n) states.push_back(memory.field->means(n));
  store(block, std::move(states), memory);
}

void MachineLearner::run_negative(const Block& block, const StepInfo& info, unsigned worker) {
  negative_->block({fold_, packed_fold_}, {}, block.first, block.count, worker, info,
                   fantasies_.view().row_block(block.first, block.count),
                   fantasy_means_.view().row_block(block.first, block.count));
  std::vector<ConstMatrixView<float>> states;
  for (std::size_t n = 0; n < machine_.layers.size(); ++n) states.push_back(fantasy(n, block));
  store(block, std::move(states), memories_[worker]);
}

ConstMatrixView<float> MachineLearner::fantasy(std::size_t layer, const Block& block) const {
  const Matrix<float>& side = layer % 2 == 0 ? fantasies_ : fantasy_means_;
  return side.view()
      .row_block(block.first, block.count)
      .col_block(first_folded_column(machine_, layer), machine_.columns(layer));
}

void MachineLearner::store(const Block& block, std::vector<ConstMatrixView<float>> states, Memory& memory) {
  const auto shares =
      std::span<const float>(block.positive ? shares_ : negative_shares_).subspan(block.first, block.count);
  const auto weights =
      block.positive ? shares : std::span<const float>(negative_weights_).subspan(block.first, block.count);
  for (std::size_t n = 0; n < states.size(); ++n) {
    biases_[n].add(block.index, states[n], weights);
    if (!options_.centring) continue;
    add_shares(states[n], shares, activities_[n].row(block.index));
    Matrix<float>& centred = memory.centred[n];
    centred.resize(block.count, states[n].cols());
    for (std::size_t r = 0; r < block.count; ++r)
      for (std::size_t i = 0; i < centred.cols(); ++i) centred(r, i) = states[n](r, i) - offsets_[n][i];
    states[n] = centred;
  }
  for (std::size_t n = 0; n < weights_.size(); ++n)
    weights_[n].statistics().store(block.place, states[n], 1.0f, states[n + 1], weights);
}

// What a change of weights between centred states adds to the biases of plain ones.
void MachineLearner::shift_biases() {
  for (std::size_t n = 0; n < weights_.size(); ++n) {
    const auto change = weights_[n].velocity().values;
    auto& below = machine_.layers[n].bias;
    auto& above = machine_.layers[n + 1].bias;
    std::vector<double> into_above(above.size(), 0.0);
    for (std::size_t i = 0; i < below.size(); ++i) {
      const auto row = change.subspan(i * above.size(), above.size());
      double into_below = 0;
      for (std::size_t j = 0; j < row.size(); ++j) {
        into_below += static_cast<double>(row[j]) * offsets_[n + 1][j];
        into_above[j] += static_cast<double>(row[j]) * offsets_[n][i];
      }
      below[i] -= static_cast<float>(into_below);
    }
    for (std::size_t j = 0; j < above.size(); ++j) above[j] -= static_cast<float>(into_above[j]);
  }
}

// The first update sets the offsets.
void MachineLearner::follow_offsets(const StepInfo& info) {
  const double keep = info.update == 0 ? 0.0 : options_.centring_decay;
  for (std::size_t n = 0; n < offsets_.size(); ++n)
    for (std::size_t i = 0; i < offsets_[n].size(); ++i) {
      double sum = 0;
      for (std::size_t b = 0; b < blocks_.size(); ++b) sum += activities_[n](b, i);
      offsets_[n][i] = static_cast<float>(keep * offsets_[n][i] + (1.0 - keep) * 0.5 * sum);
    }
}

// The fold follows the machine.
void MachineLearner::refold(ThreadTeam& team) {
  team.run_blocks(fold_.visible_columns(), block_of_weights(fold_.visible_columns(), fold_.hidden_columns()),
                  [&](std::size_t first, std::size_t count, unsigned) {
                    refold_rows(machine_, first, count, fold_);
                    packed_fold_.pack(fold_.weights, first, count);
                  });
  refold_biases(machine_, fold_);
}

void MachineLearner::step(const Batch& batch, const StepInfo& info, ThreadTeam& team) {
  collect(batch, info, team);
  const UpdateRule rule = update_rule(info, options_.l2, options_.l1);
  const double ratio = update_all(weights_, biases_, rule, info.watch_update, products_, team);
  if (info.watch_update) update_ratio_ = ratio;
  if (options_.centring) {
    shift_biases();
    follow_offsets(info);
  }
  refold(team);
}

std::vector<NamedGradient> MachineLearner::gradient(const Batch& batch, const StepInfo& info,
                                                    ThreadTeam& team) {
  collect(batch, info, team);
  return all_gradients(weights_, biases_);
}

}  // namespace harmonium
