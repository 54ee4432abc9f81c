#include "harmonium/train/loop.h"

#include <algorithm>
#include <chrono>
#include <numeric>

#include "harmonium/base/error.h"

namespace harmonium {
namespace {

constexpr std::size_t kPassRows = 128;  // that passes take together

}  // namespace

bool CheckpointClock::due(bool last_epoch) {
  constexpr auto kShortestInterval = std::chrono::seconds(2);
  const auto now = std::chrono::steady_clock::now();
  if (!last_epoch && now - last_ < kShortestInterval) return false;
  last_ = now;
  return true;
}

TrainingLoop::TrainingLoop(Learner& learner, const BatchSource& source, const TrainOptions& options,
                           std::uint64_t seed)
    : learner_(learner), source_(source), options_(options), seed_(seed) {
  if (source.size() == 0) throw InputError("there are no cases to learn from.");
  order_ = source.order(seed);
  if (options.average_epochs > 0)
    average_.emplace(learner.parameters(), options.average_epochs * batches_per_epoch());
}

std::uint64_t batches_in_epoch(std::size_t cases, std::size_t batch) {
  return (cases + batch - 1) / batch;
}

std::uint64_t TrainingLoop::batches_per_epoch() const {
  return batches_in_epoch(source_.size(), options_.batch);
}

void TrainingLoop::set_position(const LoopPosition& position) {
  position_ = position;
}

Batch TrainingLoop::fetch_batch(std::span<const std::uint64_t> cases) {
  Batch batch;
  batch.cases = cases;
  if (source_.is_sparse() && learner_.takes_sparse()) {
    source_.fetch_sparse(cases, sparse_);
    batch.sparse = sparse_;
  } else {
    values_.resize(cases.size(), source_.layer().columns());
    batch.values = values_;
    batch.fetch = [this, cases](std::size_t row, std::size_t rows, MatrixView<float> into) {
      source_.fetch(cases.subspan(row, rows), seed_, position_.epoch, into);
    };
  }
  if (const auto all = source_.case_weights(); !all.empty()) {
    weights_.resize(cases.size());
    for (std::size_t r = 0; r < cases.size(); ++r) weights_[r] = all[cases[r]];
    batch.weights = weights_;
  }
  if (const auto all = source_.labels(); !all.empty()) {
    labels_.resize(cases.size());
    for (std::size_t r = 0; r < cases.size(); ++r) labels_[r] = all[cases[r]];
    batch.labels = labels_;
  }
  return batch;
}

void TrainingLoop::run_batch(ThreadTeam& team) {
  const std::size_t first = position_.batch * options_.batch;
  const std::size_t count = std::min(options_.batch, source_.size() - first);
  cases_.resize(count);
  order_->select(position_.epoch, first, cases_);
  const Batch batch = fetch_batch(cases_);
  const double progress = static_cast<double>(position_.epoch) +
                          static_cast<double>(position_.batch) / static_cast<double>(batches_per_epoch());
  StepInfo info;
  info.seed = seed_;
  info.update = position_.update;
  info.epoch = position_.epoch;
  info.rate = options_.rate.at(progress, options_.epochs);
  info.momentum = options_.momentum.at(progress, options_.epochs);
  // A schedule that falls to zero still leaves one step.
  info.gibbs_steps =
      std::max<std::uint64_t>(1, static_cast<std::uint64_t>(options_.steps.at(progress, options_.epochs)));
  info.watch_update = position_.batch + 1 == batches_per_epoch();
  learner_.step(batch, info, team);
  if (average_) average_->follow(team);
}

bool TrainingLoop::run(ThreadTeam& team, const LoopHooks& hooks) {
  using Clock = std::chrono::steady_clock;
  const std::uint64_t batches = batches_per_epoch();
  const auto interval = std::chrono::duration<double>(options_.checkpoint_minutes * 60.0);
  auto last_checkpoint = Clock::now();
  while (position_.epoch < options_.epochs) {
    run_batch(team);
    ++position_.batch, ++position_.update;
    if (hooks.update_done) hooks.update_done(position_.update);
    const std::uint64_t epoch = position_.epoch + 1, batch = position_.batch;
    if (position_.batch == batches) {
      position_.batch = 0, ++position_.epoch;
      if (hooks.epoch_done) hooks.epoch_done(epoch);
      last_checkpoint = Clock::now();
    }
    if (hooks.progress)
      hooks.progress({epoch, options_.epochs, batch, batches,
                      options_.rate.at(static_cast<double>(epoch - 1), options_.epochs)});
    const bool stop = hooks.stop_requested && hooks.stop_requested() && position_.epoch < options_.epochs;
    if (hooks.checkpoint && (stop || Clock::now() - last_checkpoint > interval)) {
      hooks.checkpoint();
      last_checkpoint = Clock::now();
    }
    if (stop) return false;
  }
  return true;
}

Matrix<float> fetch_range(const BatchSource& source, std::size_t first, std::size_t count, std::uint64_t seed,
                          std::uint64_t epoch, ThreadTeam& team) {
  count = std::min(count, source.size() - std::min(first, source.size()));
  Matrix<float> values(count, source.layer().columns());
  std::vector<std::uint64_t> cases(count);
  std::iota(cases.begin(), cases.end(), first);
  team.run_blocks(count, 256, [&](std::size_t row, std::size_t rows, unsigned) {
    source.fetch(std::span(cases).subspan(row, rows), seed, epoch, values.view().row_block(row, rows));
  });
  return values;
}

std::size_t cases_in_piece(std::size_t columns) {
  constexpr std::size_t kMostBytes = std::size_t{1} << 26, kMost = 4096, kFewest = 16;
  const std::size_t fit = kMostBytes / (std::max<std::size_t>(columns, 1) * sizeof(float));
  if (fit < kPassRows) return std::max(fit, kFewest);
  return std::min(fit / kPassRows * kPassRows, kMost);
}

void fetch_pieces(const BatchSource& source, std::size_t count, std::uint64_t seed, std::uint64_t epoch,
                  ThreadTeam& team,
                  const std::function<void(std::size_t first, const Matrix<float>& cases)>& f) {
  count = std::min(count, source.size());
  const std::size_t most = cases_in_piece(source.layer().columns());
  for (std::size_t first = 0, cases = 0; first < count; first += cases) {
    cases = std::min(most, count - first);
    if (count - first - cases < std::min(kPassRows, most)) cases = count - first;
    f(first, fetch_range(source, first, cases, seed, epoch, team));
  }
}

}  // namespace harmonium
