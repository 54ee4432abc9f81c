// Greedy learning of a stack: one RBM after the other, each on what the one below makes of the data (Hinton,
// Osindero & Teh 2006). An RBM alone is the stack of height one, so this is what trains everything.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harmonium/data/batch_source.h"
#include "harmonium/io/safetensors.h"
#include "harmonium/models/deep_belief_net.h"
#include "harmonium/models/model_file.h"
#include "harmonium/models/trajectory.h"
#include "harmonium/train/loop.h"
#include "harmonium/train/rbm_learner.h"

namespace harmonium {

/// What the cases are.
struct TrainingData {
  const BatchSource* train = nullptr;     ///< fits the net's visible layer (without label columns)
  const BatchSource* held_out = nullptr;  ///< or null: watched for overfitting, never learned from
  /// Labels of the training and held-out cases, where the net has label units; -1 is unknown.
  std::span<const std::int32_t> train_labels = {}, held_out_labels = {};
};

/// What a run tells.
struct GreedyHooks {
  /// After each epoch, with measures and the doctor's sentences.
  std::function<void(const HistoryRecord&)> epoch_done;
  /// `layer`: the RBM under way.
  std::function<void(std::size_t layer, const LoopProgress&)> progress;
  /// Asked for a checkpoint: `checkpoint()` of the trainer is to be written.
  std::function<void()> checkpoint;
  std::function<bool()> stop_requested;
};

class GreedyTrainer {
 public:
  /// `net`: shapes, with label_columns; parameters are initialised here from the data and the options.
  /// `options`: one for each RBM. Throws InputError where data and net do not fit, where options have a fault
  /// or where a tied start has no room.
  GreedyTrainer(DeepBeliefNet net, TrainingData data, std::vector<TrainOptions> options, ThreadTeam& team);
  ~GreedyTrainer();
  GreedyTrainer(GreedyTrainer&&) noexcept;

  /// Goes on to the end. False where it was stopped (after a checkpoint). Throws WorkError where numbers stop
  /// being finite, with what to change.
  bool run(const GreedyHooks& hooks);

  /// The net so far: averaged parameters where options ask for averages.
  const DeepBeliefNet& net() const;
  /// The last iterates, where they differ from `net`.
  std::optional<DeepBeliefNet> last() const;
  const std::vector<HistoryRecord>& history() const;
  /// Snapshots of the top RBM so far, as its options ask for.
  const Trajectory& snapshots() const;
  /// When the run has finished: the same and the finished top RBM, or nothing where none were asked for.
  Trajectory finished_snapshots() const;
  /// After how many updates these are taken, which options and data alone decide.
  std::vector<std::uint64_t> finished_snapshot_updates() const;
  /// Of the products of each RBM, as options, data and processor decide.
  std::vector<Precision> precisions() const;

  /// All that a run needs to go on: equal states give equal bytes. `recipe` is kept in it and compared when
  /// it is read back.
  TensorFile checkpoint(const std::string& recipe) const;
  /// Continues from a checkpoint. Throws InputError where it does not belong to this net and these options.
  void restore(const TensorFile& file, const std::string& recipe);
  /// To be called after `restore`: takes back the snapshots that were kept until then; later ones are made
  /// again. Throws InputError, naming `where`, if one is missing.
  void restore_snapshots(Trajectory snapshots, const std::string& where);

 private:
  struct Run;
  std::unique_ptr<Run> run_;
};

}  // namespace harmonium
