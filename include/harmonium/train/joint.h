// Learning all layers of a stack together, when they have been learned one by one: the stage after greedy
// learning, for any rule (up-down learning of a deep belief net, mean field and persistent chains of a deep
// Boltzmann machine).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harmonium/data/batch_source.h"
#include "harmonium/io/safetensors.h"
#include "harmonium/models/model_file.h"
#include "harmonium/train/doctor.h"
#include "harmonium/train/learner.h"
#include "harmonium/train/loop.h"
#include "harmonium/train/snapshots.h"

namespace harmonium {

/// A rule that learns all layers at once, and what it wants watched.
struct JointRule {
  std::string name;  ///< "up-down"
  std::unique_ptr<Learner> learner;
  std::shared_ptr<const BatchSource> source;  ///< its training cases
  /// Measures of parameters that are those of the learner, or their average: same names, same shapes.
  std::function<Measures(const ParameterList& parameters, std::uint64_t epoch)> measure;
  std::function<double()> update_ratio;
  /// The top RBM of such parameters, for snapshots; empty where the rule has none to keep.
  std::function<Rbm(const ParameterList& parameters)> top;
};

/// Which parameters are kept in the end, and when to end.
struct JointOptions {
  TrainOptions train;
  /// Keep the parameters (the average, where there is one) of the measured epoch at which this measure was
  /// lowest; the last epoch's where it is empty or is not measured.
  std::string keep_best;
  /// End after the first measured epoch at which `stop_measure` is at most this; below zero is never.
  std::string stop_measure;
  double stop_at = -1.0;
  /// End when so many measured epochs in a row have brought no lower `keep_best`; 0 is never.
  std::size_t patience = 0;
  /// The updates after which greedy learning kept its top RBM. Those of train.snapshots of this stage count
  /// on from the last of them, which is its end.
  std::vector<std::uint64_t> earlier_snapshots;
};

/// What a run tells.
struct JointHooks {
  std::function<void(const HistoryRecord&)> epoch_done;
  std::function<void(const LoopProgress&)> progress;
  std::function<void()> checkpoint;
  std::function<bool()> stop_requested;
};

class JointTrainer {
 public:
  /// `layer` numbers its lines of the history (the RBMs of the stack come before), `history` is what greedy
  /// learning left. Throws InputError where options have a fault.
  JointTrainer(JointRule rule, JointOptions options, std::size_t layer, std::vector<HistoryRecord> history,
               ThreadTeam& team);

  /// Goes on to the end. False where it was stopped (after a checkpoint). Throws WorkError where numbers stop
  /// being finite, with what to change.
  bool run(const JointHooks& hooks);

  /// What is kept: the best epoch's, or the last average, or the last iterate.
  const ParameterList& result();
  /// The epoch whose parameters are kept, where the best one is.
  std::optional<std::uint64_t> best_epoch() const;
  /// The last iterate, and whether it differs from `result`.
  ParameterList last() { return rule_.learner->parameters(); }
  bool has_last() const { return !best_.empty() || options_.train.average_epochs > 0; }
  const std::vector<HistoryRecord>& history() const { return history_; }
  /// The number of its lines in the history.
  std::size_t layer() const { return layer_; }
  const TrainOptions& options() const { return options_.train; }

  /// Snapshots of the top RBM (of the average, where there is one): those of greedy learning, which
  /// restore_snapshots has handed over, and then as the options ask for.
  const Trajectory& snapshots() const { return snapshots_.kept(); }
  /// To be called before `run`, and after `restore` where there is a checkpoint: takes back what was kept
  /// until then. Throws InputError, naming `where`, if one is missing.
  void restore_snapshots(Trajectory snapshots, const std::string& where);

  /// Everything that the stage needs to go on; greedy learning is over by then. `recipe` as in GreedyTrainer.
  TensorFile checkpoint(const std::string& recipe);
  /// The name of the rule whose checkpoint it is; empty for one of another stage.
  static std::string rule_of(const TensorFile& file);
  /// Throws InputError where it does not belong to this recipe, net or data.
  void restore(const TensorFile& file, const std::string& recipe);

 private:
  void epoch_done(std::uint64_t epoch, const JointHooks& hooks);
  ParameterList current();
  void watch_best(double value);
  void keep(double value);
  void keep_snapshot(std::uint64_t updates);

  JointRule rule_;
  JointOptions options_;
  std::size_t layer_;
  std::vector<HistoryRecord> history_;
  DoctorMemory doctor_memory_;
  ThreadTeam& team_;
  TrainingLoop loop_;
  CheckpointClock clock_;
  Snapshots snapshots_;
  bool ended_ = false;
  double best_value_ = 0;
  std::uint64_t epochs_since_best_ = 0;  // measured ones
  std::vector<AlignedVector<float>> best_storage_;
  ParameterList best_, result_;
};

}  // namespace harmonium
