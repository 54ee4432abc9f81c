// The one training loop: order, batch, step, average, measure, report, checkpoint.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include "harmonium/data/batch_source.h"
#include "harmonium/train/average.h"
#include "harmonium/train/learner.h"
#include "harmonium/train/options.h"

namespace harmonium {

/// Where a loop stands: the next batch to be done.
struct LoopPosition {
  std::uint64_t epoch = 0, batch = 0, update = 0;
};

/// What is told while it runs.
struct LoopProgress {
  std::uint64_t epoch = 0, epochs = 0;   ///< epoch under way, from 1
  std::uint64_t batch = 0, batches = 0;  ///< batches done of this epoch
  double rate = 0;                       ///< learning rate
};

/// What a loop calls. All but `measure` may be empty.
struct LoopHooks {
  /// After each epoch: measures the learner (or its average, if there is one).
  std::function<void(std::uint64_t epoch)> epoch_done;
  /// After each update, before what ends an epoch: how many there were.
  std::function<void(std::uint64_t updates)> update_done;
  std::function<void(const LoopProgress&)> progress;
  /// Writes a checkpoint. Called every options.checkpoint_minutes and when stopped; the caller adds one at
  /// the end of each epoch from `epoch_done`.
  std::function<void()> checkpoint;
  /// Asked after each batch; true ends the run after a checkpoint.
  std::function<bool()> stop_requested;
};

/// Says after which epochs a checkpoint is due: the last one, and else at most one in two seconds, as epochs
/// of a few milliseconds need none each.
class CheckpointClock {
 public:
  bool due(bool last_epoch);

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

/// Batches of an epoch, the last of which may be short.
std::uint64_t batches_in_epoch(std::size_t cases, std::size_t batch);

class TrainingLoop {
 public:
  /// `source` and `learner` must outlive the loop. Random numbers follow `seed`.
  TrainingLoop(Learner& learner, const BatchSource& source, const TrainOptions& options, std::uint64_t seed);

  /// Runs from the current position to the last epoch. False where it was stopped.
  bool run(ThreadTeam& team, const LoopHooks& hooks);

  const LoopPosition& position() const { return position_; }
  void set_position(const LoopPosition& position);
  /// Averaged parameters, or nullptr where options.average_epochs is 0.
  ParameterAverage* average() { return average_ ? &*average_ : nullptr; }
  std::uint64_t batches_per_epoch() const;

 private:
  void run_batch(ThreadTeam& team);
  Batch fetch_batch(std::span<const std::uint64_t> cases);

  Learner& learner_;
  const BatchSource& source_;
  TrainOptions options_;
  std::uint64_t seed_;
  LoopPosition position_;
  std::optional<ParameterAverage> average_;
  std::unique_ptr<EpochOrder> order_;
  std::vector<std::uint64_t> cases_;
  Matrix<float> values_;
  SparseMatrix sparse_;
  std::vector<float> weights_;
  std::vector<std::int32_t> labels_;
};

/// All cases of `source` in `[first, first + count)` as one matrix.
Matrix<float> fetch_range(const BatchSource& source, std::size_t first, std::size_t count, std::uint64_t seed,
                          std::uint64_t epoch, ThreadTeam& team);

/// How many cases of so many columns are worth having in memory at once: at most 64 MiB of values and at most
/// 4096 cases, but 16 at least. A multiple of 128 where it can be, the rows that passes take together.
std::size_t cases_in_piece(std::size_t columns);

/// Calls `f(first, cases)` for the first `count` cases of `source`, piece by piece, in their order. No piece
/// is shorter than `cases_in_piece` where the cases are more: a short rest goes with the piece before, so
/// that passes over pieces and over all cases at once give the same.
void fetch_pieces(const BatchSource& source, std::size_t count, std::uint64_t seed, std::uint64_t epoch,
                  ThreadTeam& team,
                  const std::function<void(std::size_t first, const Matrix<float>& cases)>& f);

}  // namespace harmonium
