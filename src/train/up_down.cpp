#include "harmonium/train/up_down.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "harmonium/base/error.h"
#include "harmonium/kernels/products.h"
#include "harmonium/train/rbm_learner.h"
#include "train/batch_rows.h"
#include "train/update_rule.h"

namespace harmonium {
namespace {

// difference = s(states - means), which is s(states) - E[s].
void subtract(const Layer& layer, ConstMatrixView<float> states, MatrixView<float> means) {
  for (std::size_t r = 0; r < states.rows(); ++r)
    for (std::size_t i = 0; i < states.cols(); ++i) means(r, i) = states(r, i) - means(r, i);
  if (has_scaled_statistics(layer.spec)) to_statistics(layer, means, means);
}

// Parts of an update, each with random numbers of its own.
enum Part : std::uint64_t { kWake = 0, kTop = 1, kSleep = 2, kChainSleep = 3 };

}  // namespace

bool has_persistent_chains(const TrainOptions& options) {
  return options.negative != NegativeKind::kAuto &&
         options.negative != NegativeKind::kContrastiveDivergence && options.persistent_share > 0;
}

std::string find_up_down_fault(const DeepBeliefNet& net, bool missing_values) {
  if (net.depth() < 2)
    return "up-down learning needs directed layers below the top RBM, but \"" +
           layers_to_string(net.layers()) + "\" is a single RBM; add a layer, or set joint.epochs = 0.";
  for (const LayerSpec& spec : net.layers())
    if (spec.has_open_length())
      return "up-down learning samples documents, so they need one length; give it, as in "
             "\"multinomial(50) 2000\".";
  if (missing_values)
    return "up-down learning takes whole cases, but the data have missing values; set joint.epochs = 0.";
  return {};
}

Precision choose_up_down_precision(const DeepBeliefNet& net, const TrainOptions& options, float value_step) {
  TrainOptions sampled = options;
  sampled.negative = NegativeKind::kContrastiveDivergence;
  sampled.visible_states = VisibleStates::kSamples;
  Precision precision = choose_precision(net.rbms.front(), sampled, value_step);
  for (std::size_t n = 1; n < net.depth(); ++n) {
    if (n + 1 == net.depth() && has_persistent_chains(options)) sampled.negative = options.negative;
    if (choose_precision(net.rbms[n], sampled, 1.0f) == Precision::kF32) precision = Precision::kF32;
  }
  return precision;
}

UpDownLearner::UpDownLearner(DeepBeliefNet start, const TrainOptions& options, float value_step,
                             ThreadTeam& team)
    : net_(std::move(start)), options_(options) {
  if (const auto fault = find_up_down_fault(net_, false); !fault.empty()) throw InputError(fault);
  untie(net_);
  precision_ = choose_up_down_precision(net_, options, value_step);
  if (precision_ == Precision::kBf16) visible_step_ = value_step;
  const auto name = [](std::size_t n, const char* what) {
    return "layers." + std::to_string(n) + "." + what;
  };
  for (std::size_t n = 0; n < below(); ++n) {
    weights_.emplace_back(net_.rbms[n].weights, name(n, "generative_weights"), precision_);
    biases_.emplace_back(net_.rbms[n].visible.bias, name(n, "generative_bias"));
  }
  for (std::size_t n = 0; n < below(); ++n) {
    weights_.emplace_back(net_.recognition[n].weights, name(n, "recognition_weights"), precision_);
    biases_.emplace_back(net_.recognition[n].hidden.bias, name(n, "recognition_bias"));
  }
  weights_.emplace_back(net_.top().weights, name(below(), "weights"), precision_);
  biases_.emplace_back(net_.top().visible.bias, name(below(), "visible_bias"));
  biases_.emplace_back(net_.top().hidden.bias, name(below(), "hidden_bias"));
  if (!has_persistent_chains(options)) return;
  chains_ = make_negative_phase(net_.top(), options, net_.top().visible.bias, team);
  chain_share_ = options.persistent_share;
}

ParameterList UpDownLearner::state() {
  ParameterList list;
  for (LearnedWeights& w : weights_) list.push_back(w.velocity());
  for (LearnedBias& b : biases_) list.push_back(b.velocity());
  if (chains_)
    for (NamedTensor& tensor : chains_->state()) list.push_back(tensor);
  return list;
}

std::string UpDownLearner::find_state_fault() {
  return chains_ ? chains_->find_state_fault(net_.top()) : std::string();
}

void UpDownLearner::restored() {
  if (chains_) chains_->restored();
  for (LearnedWeights& w : weights_) w.pack_all();
}

void UpDownLearner::resize(Memory& memory, std::size_t rows) const {
  memory.wake.resize(net_.depth()), memory.sleep.resize(net_.depth());
  for (std::size_t n = 0; n < net_.depth(); ++n) {
    memory.wake[n].resize(rows, net_.columns(n));
    memory.sleep[n].resize(rows, net_.columns(n));
  }
  memory.associated.resize(rows, net_.top().visible_columns());
  memory.hidden.resize(rows, net_.top().hidden_columns());
  memory.hidden_mean.resize(rows, net_.top().hidden_columns());
}

// The data and what recognition makes of them, sampled layer by layer.
void UpDownLearner::wake_pass(const Batch& batch, std::size_t first, std::size_t count, const StepInfo& info,
                              Memory& memory) {
  memory.input.resize(count, batch.values.cols());
  copy_batch_rows(batch, first, memory.input);
  copy_rows(memory.input.view().col_block(0, net_.columns(0)), memory.wake[0]);
  const auto cases = batch.cases.subspan(first, count);
  const Noise noise = Noise(info.seed, Stream::kUpPass, info.update).child(kWake);
  for (std::size_t n = 0; n < below(); ++n) {
    memory.half_step.packed = &weights_[below() + n].packed();
    memory.half_step.visible_step = step_of(n);
    half_step(net_.recognition[n], Side::kHidden, memory.wake[n], {}, {}, memory.wake[n + 1], noise.child(n),
              cases, memory.half_step);
  }
}

// The associative memory's visible layer: the wake state and the labels.
void UpDownLearner::set_associated(Memory& memory) {
  const std::size_t code = net_.columns(below()), labels = net_.label_columns;
  const MatrixView<float> visible = memory.associated;
  copy_rows(memory.wake[below()], visible.col_block(0, code));
  if (labels == 0) return;
  copy_rows(memory.input.view().col_block(net_.columns(0), labels), visible.col_block(code, labels));
  for (std::size_t r = 0; r < visible.rows(); ++r)
    if (std::isnan(visible(r, code)))
      std::fill_n(&visible(r, code), labels, 1.0f / static_cast<float>(labels));
}

// k Gibbs steps of the associative memory from there, where steps from the data have a share.
void UpDownLearner::associate(const Batch& batch, const Block& block, const StepInfo& info, Memory& memory) {
  const Rbm& top = net_.top();
  const std::size_t code = net_.columns(below()), labels = net_.label_columns;
  const auto cases = batch.cases.subspan(block.first, block.count);
  const MatrixView<float> visible = memory.associated;
  set_associated(memory);
  const Noise noise = Noise(info.seed, Stream::kChain, info.update).child(kTop);
  memory.half_step.packed = &weights_.back().packed();
  memory.half_step.visible_step = 1.0f;
  half_step(top, Side::kHidden, visible, {}, memory.hidden_mean, memory.hidden, noise.child(0), cases,
            memory.half_step);
  store_top(block.positive_place, block.index, visible, memory.hidden_mean,
            std::span<const float>(row_weights_).subspan(block.first, block.count), memory);
  if (!contrasts()) return;
  const bool label_means = labels > 0 && options_.sleep_states == SleepStates::kMeans;
  for (std::uint64_t k = 1; k <= info.gibbs_steps; ++k) {
    const Noise own = noise.child(k);
    memory.prediction.resize(label_means ? block.count : 0, top.visible_columns());
    half_step(top, Side::kVisible, memory.hidden, {}, memory.prediction, visible, own.child(0), cases,
              memory.half_step);
    if (label_means)
      copy_rows(memory.prediction.view().col_block(code, labels), visible.col_block(code, labels));
    const bool last = k == info.gibbs_steps;
    half_step(top, Side::kHidden, visible, {}, last ? memory.hidden_mean : MatrixView<float>{},
              last ? MatrixView<float>{} : memory.hidden, own.child(1), cases, memory.half_step);
  }
  store_top(block.negative_place, block.index, visible, memory.hidden_mean,
            std::span<const float>(negative_weights_).subspan(block.first, block.count), memory);
}

// What the net dreams from the associative memory's state.
void UpDownLearner::sleep_pass(ConstMatrixView<float> associated, const Noise& noise,
                               std::span<const std::uint64_t> numbers, Memory& memory) {
  copy_rows(associated.col_block(0, net_.columns(below())), memory.sleep[below()]);
  for (std::size_t n = below(); n-- > 0;) {
    memory.half_step.packed = &weights_[n].packed();
    memory.half_step.visible_step = 1.0f;
    const bool means = n == 0 && options_.sleep_states == SleepStates::kMeans;
    half_step(net_.rbms[n], Side::kVisible, memory.sleep[n + 1], {},
              means ? memory.sleep[n] : MatrixView<float>{}, means ? MatrixView<float>{} : memory.sleep[n],
              noise.child(n), numbers, memory.half_step);
  }
}

void UpDownLearner::store_top(std::size_t place, std::size_t index, ConstMatrixView<float> visible_values,
                              ConstMatrixView<float> hidden_means, std::span<const float> weights,
                              Memory& memory) {
  const Rbm& top = net_.top();
  const auto visible = statistics_of(top.visible, visible_values, memory.visible_statistics);
  const auto hidden = statistics_of(top.hidden, hidden_means, memory.hidden_statistics);
  weights_.back().statistics().store(place, visible, 1.0f, hidden, weights);
  biases_[biases_.size() - 2].add(index, visible, weights);
  biases_.back().add(index, hidden, weights);
}

// What the layer above makes of a wake state, against that state.
void UpDownLearner::store_generative(std::size_t n, const Block& block, Memory& memory) {
  const Rbm& rbm = net_.rbms[n];
  const auto weights = std::span<const float>(row_weights_).subspan(block.first, block.count);
  memory.prediction.resize(block.count, rbm.visible_columns());
  memory.half_step.packed = &weights_[n].packed();
  memory.half_step.visible_step = 1.0f;
  half_step_mean(rbm, Side::kVisible, memory.wake[n + 1], {}, memory.prediction, memory.half_step);
  subtract(rbm.visible, memory.wake[n], memory.prediction);
  const auto above = statistics_of(rbm.hidden, memory.wake[n + 1], memory.hidden_statistics);
  weights_[n].statistics().store(block.wake_place, memory.prediction, 1.0f, above, weights);
  biases_[n].add(block.index, memory.prediction, weights);
}

// What recognition makes of a dreamt state, against the state that made it.
void UpDownLearner::store_recognition(std::size_t n, const Block& block, std::span<const float> weights,
                                      Memory& memory) {
  const Rbm& rbm = net_.recognition[n];
  memory.prediction.resize(block.count, rbm.hidden_columns());
  memory.half_step.packed = &weights_[below() + n].packed();
  memory.half_step.visible_step = step_of(n);
  half_step_mean(rbm, Side::kHidden, memory.sleep[n], {}, memory.prediction, memory.half_step);
  subtract(rbm.hidden, memory.sleep[n + 1], memory.prediction);
  const auto dreamt = statistics_of(rbm.visible, memory.sleep[n], memory.visible_statistics);
  weights_[below() + n].statistics().store(block.dream_place, dreamt, step_of(n), memory.prediction, weights);
  biases_[below() + n].add(block.index, memory.prediction, weights);
}

void UpDownLearner::run_cases(const Batch& batch, const Block& block, const StepInfo& info, Memory& memory) {
  resize(memory, block.count);
  wake_pass(batch, block.first, block.count, info, memory);
  for (std::size_t n = 0; n < below(); ++n) store_generative(n, block, memory);
  associate(batch, block, info, memory);
  if (!contrasts()) return;
  sleep_pass(memory.associated, Noise(info.seed, Stream::kSampling, info.update).child(kSleep),
             batch.cases.subspan(block.first, block.count), memory);
  for (std::size_t n = 0; n < below(); ++n)
    store_recognition(n, block, std::span<const float>(dream_weights_).subspan(block.first, block.count),
                      memory);
}

// The random numbers of the chains are none of those that cases with their numbers have.
StepInfo UpDownLearner::info_of_chains(const StepInfo& info) {
  StepInfo own = info;
  own.seed = Noise(info.seed, Stream::kChainStart, 0).key();
  return own;
}

void UpDownLearner::run_chains(const Block& block, const StepInfo& info, unsigned worker) {
  Memory& memory = memories_[worker];
  resize(memory, block.count);
  const MatrixView<float> visible = memory.associated;
  chains_->block({net_.top(), weights_.back().packed()}, {}, block.first, block.count, worker,
                 info_of_chains(info), visible, memory.hidden_mean);
  const auto shares = std::span<const float>(chain_weights_).subspan(block.first, block.count);
  store_top(block.negative_place, block.index, visible, memory.hidden_mean,
            std::span<const float>(negative_chain_weights_).subspan(block.first, block.count), memory);
  std::vector<std::uint64_t> numbers(block.count);
  std::iota(numbers.begin(), numbers.end(), block.first);
  sleep_pass(visible, Noise(info.seed, Stream::kSampling, info.update).child(kChainSleep), numbers, memory);
  for (std::size_t n = 0; n < below(); ++n) store_recognition(n, block, shares, memory);
}

// Before the first update: chains begin at what recognition makes of the first cases.
void UpDownLearner::start_chains(const Batch& batch, const StepInfo& info, ThreadTeam& team) {
  Matrix<float> states(batch.rows(), net_.top().visible_columns());
  team.run_blocks(batch.rows(), block_of_cases(batch.rows()),
                  [&](std::size_t first, std::size_t count, unsigned worker) {
                    Memory& memory = memories_[worker];
                    resize(memory, count);
                    wake_pass(batch, first, count, info, memory);
                    set_associated(memory);
                    copy_rows(memory.associated, states.view().row_block(first, count));
                  });
  chains_->start_from(states);
}

void UpDownLearner::plan_blocks(std::size_t rows, std::size_t chains) {
  blocks_.clear();
  std::size_t wake = 0, dream = 0, top = 0;
  const auto take = [](std::size_t& place, std::size_t places) {
    return std::exchange(place, place + places);
  };
  const auto cut = [&](bool of_chains, std::size_t all, std::size_t block_rows) {
    for (std::size_t first = 0; first < all; first += block_rows) {
      const std::size_t count = std::min(block_rows, all - first),
                        places = StatisticsStack::places(count, precision_);
      const bool dreams = of_chains || contrasts();
      blocks_.push_back({of_chains, blocks_.size(), first, count, take(wake, of_chains ? 0 : places),
                         take(dream, dreams ? places : 0), take(top, of_chains ? 0 : places),
                         take(top, dreams ? places : 0)});
    }
  };
  cut(false, rows, block_of_cases(rows));
  if (chains > 0) cut(true, chains, chains_->block_rows());
  for (std::size_t n = 0; n < below(); ++n)
    weights_[n].begin_batch(wake), weights_[below() + n].begin_batch(dream);
  weights_.back().begin_batch(top);
  for (LearnedBias& b : biases_) b.begin_batch(blocks_.size());
}

// Shares of cases and chains in the three statistics: of both in the second term of the top's and in the
// dreams.
void UpDownLearner::share_out(const Batch& batch, std::size_t chains) {
  const std::size_t rows = batch.rows();
  row_weights_.resize(rows), dream_weights_.resize(rows), negative_weights_.resize(rows);
  const bool learns = share_weights(batch, row_weights_);
  const auto of_cases = static_cast<float>(1.0 - chain_share_);
  for (std::size_t r = 0; r < rows; ++r) {
    dream_weights_[r] = of_cases * row_weights_[r];
    negative_weights_[r] = -dream_weights_[r];
  }
  chain_weights_.resize(chains), negative_chain_weights_.resize(chains);
  if (chains == 0) return;
  chains_->weights(chain_weights_, {});
  const auto of_chains = learns ? static_cast<float>(chain_share_) : 0.0f;
  for (std::size_t c = 0; c < chains; ++c) {
    chain_weights_[c] *= of_chains;
    negative_chain_weights_[c] = -chain_weights_[c];
  }
}

void UpDownLearner::collect(const Batch& batch, const StepInfo& info, ThreadTeam& team) {
  check(!batch.is_sparse(), "up-down learning takes dense cases");
  check(batch.values.cols() == net_.columns(0) + net_.label_columns, "a batch has values and label columns");
  memories_.resize(team.size());
  if (chains_ && info.update == 0) start_chains(batch, info, team);
  const std::size_t chains =
      chains_ ? chains_->begin({net_.top(), weights_.back().packed()}, batch.rows(), info, team) : 0;
  share_out(batch, chains);
  plan_blocks(batch.rows(), chains);
  team.run(blocks_.size(), [&](std::size_t b, unsigned worker) {
    if (blocks_[b].of_chains)
      run_chains(blocks_[b], info, worker);
    else
      run_cases(batch, blocks_[b], info, memories_[worker]);
  });
  if (chains_) chains_->finish();
}

void UpDownLearner::step(const Batch& batch, const StepInfo& info, ThreadTeam& team) {
  collect(batch, info, team);
  const UpdateRule rule = update_rule(info, options_.l2, options_.l1);
  const double ratio = update_all(weights_, biases_, rule, info.watch_update, products_, team);
  if (info.watch_update) update_ratio_ = ratio;
}

std::vector<NamedGradient> UpDownLearner::gradient(const Batch& batch, const StepInfo& info,
                                                   ThreadTeam& team) {
  collect(batch, info, team);
  return all_gradients(weights_, biases_);
}

}  // namespace harmonium
