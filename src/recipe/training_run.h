// A training run with its stages - greedy learning, then all layers together - and its files.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harmonium/recipe/training.h"
#include "harmonium/train/greedy.h"
#include "harmonium/train/joint.h"
#include "recipe/run_clock.h"

namespace harmonium {

/// Lines of JSON, one a record.
std::string history_text(const std::vector<HistoryRecord>& history);

/// Fills in what a model keeps of the data that it learns from.
void describe_data(const Dataset& train, ModelFacts& facts);

class TrainingRun {
 public:
  TrainingRun(const Recipe& recipe, const RecipeData& data, const TrainingFiles& files,
              const RunOptions& options);

  /// Goes on from the checkpoint, where options ask for it and one is there.
  void restore();
  /// False where it was stopped after a checkpoint.
  bool run();
  /// When it has finished: the net that was fine-tuned, or the model of a run without fine-tuning.
  TrainingResult result();
  const RunClock& clock() const { return clock_; }

 private:
  GreedyTrainer make_greedy();
  JointRule joint_rule(const TrainOptions& options);
  void begin_joint(std::vector<HistoryRecord> history);
  Network start_network() const;
  void begin_fine_tuning(Network start, std::vector<HistoryRecord> history);
  bool run_stack();
  bool run_greedy();
  bool run_together(JointTrainer& trainer);
  void tell(const HistoryRecord& record);
  void write(const TensorFile& checkpoint, const std::vector<HistoryRecord>& history);
  void write_snapshots(const Trajectory& snapshots);
  void replace_earlier();
  Trajectory read_snapshots() const;
  void describe(ModelFacts& facts) const;
  Model described(DeepBeliefNet net, std::optional<DeepBeliefNet> last) const;
  /// What greedy learning has made, when it is over; and what of it all layers together have.
  Model greedy_model();
  Model stack_model();
  DeepBeliefNet joint_stack() const;
  NetworkModel network_model();
  bool has_joint() const { return recipe_.joint.train.epochs > 0; }
  TrainingData cases() const;
  TrainingData greedy_cases();

  const Recipe& recipe_;
  const RecipeData& data_;
  const TrainingFiles& files_;
  const RunOptions& options_;
  RunClock clock_;
  std::string recipe_for_checkpoint_;
  std::vector<std::size_t> batches_;                                     // cases an update, for each RBM
  std::shared_ptr<const BatchSource> doubled_train_, doubled_held_out_;  // of a deep Boltzmann machine
  GreedyTrainer greedy_;
  std::size_t snapshots_written_ = 0;
  bool earlier_is_replaced_ = false;
  std::unique_ptr<JointTrainer> joint_;  // when greedy learning is over
  Dataset labelled_;                     // that fine-tuning learns from
  std::unique_ptr<JointTrainer> tuned_;  // when there is no more to do without labels
};

}  // namespace harmonium
