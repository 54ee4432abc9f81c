#include "recipe/training_run.h"

#include <algorithm>
#include <utility>

#include "data/hash.h"
#include "harmonium/base/error.h"
#include "harmonium/io/atomic_file.h"
#include "harmonium/io/safetensors.h"
#include "harmonium/measure/exact.h"
#include "harmonium/train/back_propagation_rule.h"
#include "harmonium/train/machine_rule.h"
#include "harmonium/train/negative_phase.h"
#include "harmonium/train/up_down_rule.h"
#include "recipe/fine_tuning.h"
#include "recipe/labelled_cases.h"
#include "recipe/value.h"
#include "train/checkpoint.h"

namespace harmonium {
namespace {

// "bf16", or "f32 - f32 - bf16" where the RBMs of a stack differ.
std::string precision_text(const std::vector<Precision>& precisions) {
  std::string text;
  for (const Precision precision : precisions)
    text += (text.empty() ? "" : " - ") + std::string(precision_name(precision));
  const bool alike = std::all_of(precisions.begin(), precisions.end(),
                                 [&](Precision precision) { return precision == precisions.front(); });
  return alike && !precisions.empty() ? std::string(precision_name(precisions.front())) : text;
}

// The keys, data and stack on which what is learned depends. How it is named, measured and shown may change.
std::string text_for_checkpoint(const Recipe& recipe, const std::string& data_hash) {
  std::string text = recipe_text(recipe, true) + "# data " + data_hash + "\n";
  if (const auto file = stack_file(recipe)) {
    Model stack = load_model(*file);
    Fnv1a hash;
    for (const NamedTensor& tensor : stack.net.parameters()) hash.add(std::as_bytes(tensor.values));
    text += "# stack " + std::to_string(hash.value()) + "\n";
  }
  return text;
}

DeepBeliefNet with_parameters(const DeepBeliefNet& tied, const ParameterList& values) {
  DeepBeliefNet net = tied;
  untie(net);
  copy_values(values, net.parameters());
  return net;
}

DeepBeliefNet machine_with_parameters(const DeepBeliefNet& stack, const ParameterList& values) {
  DeepBoltzmannMachine machine = composed(stack);
  copy_values(values, machine.parameters());
  return stack_of(machine);
}

// Refuses a negative phase that the folded machine cannot have.
void check_machine_negative(const Recipe& recipe, const DeepBeliefNet& stack, ThreadTeam& team) {
  if (recipe.joint.train.epochs == 0) return;
  const Rbm fold = folded(composed(stack));
  make_negative_phase(fold, joint_options(recipe), std::vector<float>(fold.visible_columns(), 0.0f), team);
}

// Refuses a deep Boltzmann machine that these data and options cannot have.
void check_machine(const Recipe& recipe, const DeepBeliefNet& stack, const RecipeData& data,
                   ThreadTeam& team) {
  constexpr std::size_t kLookedAt = 100;  // grey images show within the first
  const auto first = fetch_range(data.train, 0, kLookedAt, recipe.seed, 0, team);
  if (const auto fault = find_grey_value(data.train.layer(), first); !fault.empty())
    throw InputError("a deep Boltzmann machine learns whole states: " + fault);
  if (const auto fault = find_machine_learning_fault(joint_options(recipe), data.train.has_missing());
      !fault.empty())
    throw InputError(fault);
  for (const auto& [key, snapshots] :
       {std::pair{"train.snapshots", layer_options(recipe, stack.depth()).back().snapshots},
        std::pair{"joint.snapshots", recipe.joint.train.snapshots}})
    if (snapshots > 0)
      throw InputError(
          std::string(key) +
          " keeps the RBMs of a stack, which a deep Boltzmann machine only starts from; set it to 0.");
  check_machine_negative(recipe, stack, team);
}

// Refuses a negative phase or a precision that up-down learning of this net cannot have.
void check_up_down(const DeepBeliefNet& net, const TrainOptions& options, const RecipeData& data,
                   ThreadTeam& team) {
  choose_up_down_precision(net, options, data.train.value_step());
  if (has_persistent_chains(options)) make_negative_phase(net.top(), options, net.top().visible.bias, team);
  if (options.negative == NegativeKind::kAuto && options.persistent_share < 1)
    throw InputError(
        "joint.persistent_share = " + value_text(options.persistent_share) +
        " is the share of chains that are not restarted, but joint.negative = \"auto\" has none; "
        "set joint.negative = \"pcd\".");
}

// Refuses a joint stage that this net and these data cannot have.
void check_joint(const Recipe& recipe, const DeepBeliefNet& net, const RecipeData& data, ThreadTeam& team) {
  const TrainOptions options = joint_options(recipe);
  if (!(recipe.joint.stop_error >= 0 && recipe.joint.stop_error < 1))
    throw InputError("joint.stop_error = " + value_text(recipe.joint.stop_error) +
                     " is out of range; it is a fraction of misread cases, from 0 (never) to below 1.");
  if (recipe.is_machine) check_machine(recipe, net, data, team);
  if (options.epochs == 0) return;
  if (const auto fault = find_up_down_fault(net, data.train.has_missing());
      !recipe.is_machine && !fault.empty())
    throw InputError(fault);
  if (!recipe.is_machine) check_up_down(net, options, data, team);
  if (recipe.joint.keep == "best" && !data.held_out)
    throw InputError(
        "joint.keep = \"best\" judges by held-out cases; set data.held_out, or joint.keep = "
        "\"last\".");
  if (recipe.joint.stop_error > 0 && net.label_columns == 0)
    throw InputError(
        "joint.stop_error counts misread labels, but the model has no label units; set it to 0.");
}

}  // namespace

std::string history_text(const std::vector<HistoryRecord>& history) {
  std::string text;
  for (const HistoryRecord& record : history) text += history_line(record) + "\n";
  return text;
}

void describe_data(const Dataset& train, ModelFacts& facts) {
  facts.data_name = train.name();
  facts.data_hash = train.hash();
  facts.schema = train.schema().to_json();
  facts.data_statistics = train.schema().statistics();
  if (train.has_labels()) facts.classes = train.class_names();
}

TrainingRun::TrainingRun(const Recipe& recipe, const RecipeData& data, const TrainingFiles& files,
                         const RunOptions& options)
    : recipe_(recipe),
      data_(data),
      files_(files),
      options_(options),
      clock_(files.timing),
      recipe_for_checkpoint_(text_for_checkpoint(recipe, data.train.hash())),
      greedy_(make_greedy()),
      labelled_(labelled_cases(recipe, data.train)) {
  if (learns_stack(recipe)) check_joint(recipe, greedy_.net(), data, *options.team);
  if (has_fine_tuning(recipe)) check_fine_tuning(recipe, data, greedy_.net(), *options.team);
}

TrainingData TrainingRun::cases() const {
  return {&data_.train, data_.held_out ? &*data_.held_out : nullptr, data_.train.labels(),
          data_.held_out ? data_.held_out->labels() : std::span<const std::int32_t>{}};
}

// A layer at the end of a deep Boltzmann machine of several is learned as two copies of itself.
TrainingData TrainingRun::greedy_cases() {
  TrainingData result = cases();
  if (!recipe_.is_machine || parse_layers(recipe_.layers).size() < 3) return result;
  doubled_train_ = make_doubled_source(data_.train);
  result.train = doubled_train_.get();
  if (data_.held_out) {
    doubled_held_out_ = make_doubled_source(*data_.held_out);
    result.held_out = doubled_held_out_.get();
  }
  return result;
}

GreedyTrainer TrainingRun::make_greedy() {
  const ResolvedLayers resolved = resolve_layers(recipe_, data_.train);
  DeepBeliefNet net = greedy_net(recipe_, resolved);
  auto layer_wise = layer_options(recipe_, net.depth());
  for (TrainOptions& o : layer_wise) {
    o.missing_absent = data_.train.missing() == Missing::kAbsent;
    batches_.push_back(o.batch);
  }
  return GreedyTrainer(std::move(net), greedy_cases(), std::move(layer_wise), *options_.team);
}

JointRule TrainingRun::joint_rule(const TrainOptions& options) {
  if (recipe_.is_machine) return make_machine_rule(composed(greedy_.net()), cases(), options, *options_.team);
  return make_up_down_rule(greedy_.net(), cases(), options, *options_.team);
}

void TrainingRun::begin_joint(std::vector<HistoryRecord> history) {
  JointOptions options;
  options.train = joint_options(recipe_);
  options.earlier_snapshots = greedy_.finished_snapshot_updates();
  const bool labels = greedy_.net().label_columns > 0;
  if (recipe_.joint.keep == "best")
    options.keep_best = labels ? "error_held_out" : "reconstruction_error_held_out";
  if (recipe_.joint.stop_error > 0)
    options.stop_measure = "error", options.stop_at = recipe_.joint.stop_error;
  joint_ = std::make_unique<JointTrainer>(joint_rule(options.train), options, batches_.size(),
                                          std::move(history), *options_.team);
}

Network TrainingRun::start_network() const {
  return tuned_start(recipe_, data_.train, joint_ ? joint_stack() : greedy_.net());
}

void TrainingRun::begin_fine_tuning(Network start, std::vector<HistoryRecord> history) {
  JointOptions options;
  options.train = fine_tune_options(recipe_);
  if (recipe_.fine_tune.keep == "best") options.keep_best = judging_measure(recipe_);
  options.patience = recipe_.fine_tune.patience;
  // RBMs, and all of them together, come before; an autoencoder goes through each twice.
  const bool classifies = recipe_.fine_tune.net.task == NetworkTask::kClassify;
  const std::size_t stage = classifies ? start.layers.size() : start.layers.size() / 2 + 1;
  tuned_ = std::make_unique<JointTrainer>(
      fine_tuning_rule(recipe_, data_, labelled_, std::move(start), *options_.team), options, stage,
      std::move(history), *options_.team);
}

void TrainingRun::restore() {
  std::error_code ignored;
  if (!options_.resume || !std::filesystem::exists(files_.checkpoint, ignored)) return;
  const TensorFile file = read_safetensors(files_.checkpoint);
  const std::string rule = JointTrainer::rule_of(file);
  if (has_fine_tuning(recipe_) && rule == kBackPropagation) {
    begin_fine_tuning(start_network(), {});
    tuned_->restore(file, recipe_for_checkpoint_);
  } else if (has_joint() && !rule.empty()) {
    begin_joint({});
    joint_->restore(file, recipe_for_checkpoint_);
    joint_->restore_snapshots(read_snapshots(), trajectory_path(files_.model).string());
    snapshots_written_ = joint_->snapshots().size();
  } else {
    greedy_.restore(file, recipe_for_checkpoint_);
    greedy_.restore_snapshots(read_snapshots(), trajectory_path(files_.model).string());
    snapshots_written_ = greedy_.snapshots().size();
  }
  earlier_is_replaced_ = true;
  clock_.go_on();
  options_.reporter->say("going on from " + files_.checkpoint.string());
}

// Written before the checkpoint that knows of them; what the file has beyond the checkpoint is made again.
void TrainingRun::write_snapshots(const Trajectory& snapshots) {
  replace_earlier();
  if (snapshots.size() == snapshots_written_) return;
  save_trajectory(trajectory_path(files_.model), snapshots);
  snapshots_written_ = snapshots.size();
}

Trajectory TrainingRun::read_snapshots() const {
  std::error_code ignored;
  const auto path = trajectory_path(files_.model);
  if (!std::filesystem::exists(path, ignored)) return {};
  try {
    return load_trajectory(path, greedy_.net().top());
  } catch (const InputError& error) {
    throw InputError(std::string(error.what()) + " The run cannot go on with it; begin it anew by --force.");
  }
}

void TrainingRun::tell(const HistoryRecord& record) {
  options_.reporter->epoch_done(record);
  for (const std::string& sentence : record.warnings) options_.reporter->warn(sentence);
}

// Until this run has something to go on from, what an earlier one left beside its model stays.
void TrainingRun::replace_earlier() {
  if (std::exchange(earlier_is_replaced_, true)) return;
  std::error_code ignored;
  for (const auto& path :
       {trajectory_path(files_.model), greedy_path(files_.model), stack_path(files_.model)})
    std::filesystem::remove(path, ignored);
}

// The history follows the checkpoint, which alone decides where a run goes on.
void TrainingRun::write(const TensorFile& checkpoint, const std::vector<HistoryRecord>& history) {
  replace_earlier();
  write_safetensors(files_.checkpoint, checkpoint);
  write_file_atomically(files_.history, history_text(history));
  clock_.write(options_.team->size());
}

bool TrainingRun::run_greedy() {
  GreedyHooks hooks;
  hooks.epoch_done = [this](const HistoryRecord& record) { tell(record); };
  hooks.progress = [this](std::size_t layer, const LoopProgress& progress) {
    options_.reporter->training(layer, batches_.size(), progress, batches_[layer], data_.train.size());
  };
  hooks.checkpoint = [this] {
    write_snapshots(greedy_.snapshots());
    write(greedy_.checkpoint(recipe_for_checkpoint_), greedy_.history());
  };
  hooks.stop_requested = [this] { return options_.stop && options_.stop->load(); };
  if (!greedy_.run(hooks)) return false;
  // Where all layers go on to learn together, the greedily learned top is one more step on the way.
  write_snapshots(has_joint() ? greedy_.finished_snapshots() : greedy_.snapshots());
  return true;
}

// A stage in which all layers learn.
bool TrainingRun::run_together(JointTrainer& trainer) {
  const bool tuned = &trainer == tuned_.get();
  const std::size_t rbms = trainer.layer() - (tuned ? 1 : 0),
                    cases = tuned ? labelled_.size() : data_.train.size();
  JointHooks hooks;
  hooks.epoch_done = [this](const HistoryRecord& record) { tell(record); };
  hooks.progress = [&](const LoopProgress& progress) {
    options_.reporter->training(trainer.layer(), rbms, progress, trainer.options().batch, cases);
  };
  hooks.checkpoint = [&] {
    if (&trainer == joint_.get()) write_snapshots(trainer.snapshots());
    write(trainer.checkpoint(recipe_for_checkpoint_), trainer.history());
  };
  hooks.stop_requested = [this] { return options_.stop && options_.stop->load(); };
  if (!trainer.run(hooks)) return false;
  if (const auto epoch = trainer.best_epoch())
    options_.reporter->say(stage_name(trainer.layer(), rbms) + ": epoch " + std::to_string(*epoch) +
                           " is kept, the best of the held-out cases");
  return true;
}

bool TrainingRun::run() {
  if (tuned_) return run_together(*tuned_);
  if (!learns_stack(recipe_)) {
    begin_fine_tuning(start_network(), {});
    return run_together(*tuned_);
  }
  if (!run_stack()) return false;
  if (!has_fine_tuning(recipe_)) return true;
  const Model stack = stack_model();
  save_model(stack_path(files_.model), stack);
  begin_fine_tuning(start_network(), stack.history);
  return run_together(*tuned_);
}

bool TrainingRun::run_stack() {
  if (!joint_ && !run_greedy()) return false;
  if (!has_joint()) return true;
  if (!joint_) {
    save_model(greedy_path(files_.model), greedy_model());
    begin_joint(greedy_.history());
    if (Trajectory earlier = greedy_.finished_snapshots(); earlier.size() > 0)
      joint_->restore_snapshots(std::move(earlier), "greedy learning");
  }
  return run_together(*joint_);
}

// All but precision and history.
void TrainingRun::describe(ModelFacts& facts) const {
  facts.seed = recipe_.seed;
  facts.recipe = recipe_text(recipe_);
  describe_data(data_.train, facts);
}

// A model of this run but for its history.
Model TrainingRun::described(DeepBeliefNet net, std::optional<DeepBeliefNet> last) const {
  Model model;
  describe(model);
  model.net = std::move(net);
  model.last = std::move(last);
  model.is_machine = recipe_.is_machine;
  model.precision = precision_text(greedy_.precisions());
  return model;
}

Model TrainingRun::greedy_model() {
  DeepBeliefNet net = greedy_.net();
  std::optional<DeepBeliefNet> last = greedy_.last();
  if (recipe_.is_machine) {
    net = stack_of(composed(net));
    if (last) last = stack_of(composed(*last));
  }
  Model model = described(std::move(net), std::move(last));
  model.history = greedy_.history();
  return model;
}

// The stack as all layers together have learned it.
DeepBeliefNet TrainingRun::joint_stack() const {
  const auto with = recipe_.is_machine ? machine_with_parameters : with_parameters;
  return with(greedy_.net(), joint_->result());
}

Model TrainingRun::stack_model() {
  if (!joint_) return greedy_model();
  const auto with = recipe_.is_machine ? machine_with_parameters : with_parameters;
  Model model = described(joint_stack(), std::nullopt);
  if (joint_->has_last()) model.last = with(greedy_.net(), joint_->last());
  model.history = joint_->history();
  return model;
}

NetworkModel TrainingRun::network_model() {
  NetworkModel model;
  describe(model);
  model.network = start_network();
  model.task = recipe_.fine_tune.net.task;
  copy_values(tuned_->result(), model.network.parameters());
  model.history = tuned_->history();
  return model;
}

TrainingResult TrainingRun::result() {
  TrainingResult result;
  result.finished = true;
  if (tuned_)
    result.network = network_model();
  else
    result.model = stack_model();
  return result;
}

}  // namespace harmonium
