#include "harmonium/train/joint.h"

#include <algorithm>
#include <cmath>

#include "harmonium/base/error.h"
#include "harmonium/train/doctor.h"
#include "train/checkpoint.h"

namespace harmonium {
namespace {

constexpr const char* kStage = "joint";

// The value of the measure `name` by which the best epoch was chosen: an error, so never below zero.
double best_value_of(const Json& header, const std::string& name, const std::string& path) {
  if (name.empty())
    throw InputError(path +
                     ": has parameters of a best epoch, which this recipe does not keep; it is damaged.");
  const Json& value = header.at("best_value");
  if (value.is_number() && value.get<double>() >= 0) return value.get<double>();
  throw InputError(path + ": best_value must be the " + name +
                   " of an epoch, a number of 0 or more, but is " + dump_json(value) + "; it is damaged.");
}

// Updates of greedy learning, from which snapshots of this stage count on; 0 where it kept none.
std::uint64_t earlier_updates(const JointOptions& options) {
  return options.earlier_snapshots.empty() ? 0 : options.earlier_snapshots.back();
}

// All updates after which a snapshot is kept, those of greedy learning first.
std::vector<std::uint64_t> updates_to_keep(const JointOptions& options, std::uint64_t batches_per_epoch) {
  std::vector<std::uint64_t> all = options.earlier_snapshots;
  const std::uint64_t before = earlier_updates(options);
  for (const std::uint64_t updates :
       snapshot_updates(options.train.snapshots, options.train.epochs * batches_per_epoch))
    if (all.empty() || before + updates > all.back()) all.push_back(before + updates);
  return all;
}

}  // namespace

JointTrainer::JointTrainer(JointRule rule, JointOptions options, std::size_t layer,
                           std::vector<HistoryRecord> history, ThreadTeam& team)
    : rule_(std::move(rule)),
      options_(std::move(options)),
      layer_(layer),
      history_(std::move(history)),
      team_(team),
      loop_(*rule_.learner, *rule_.source, options_.train, options_.train.seed) {
  if (const auto fault = find_option_fault(options_.train); !fault.empty()) throw InputError(fault);
  check(rule_.top || options_.train.snapshots == 0, "snapshots are of a rule that has a top RBM");
  snapshots_ = Snapshots(updates_to_keep(options_, loop_.batches_per_epoch()));
}

// The parameters that are measured and kept: the average where there is one.
ParameterList JointTrainer::current() {
  return loop_.average() ? loop_.average()->values() : rule_.learner->parameters();
}

const ParameterList& JointTrainer::result() {
  result_ = best_.empty() ? current() : best_;
  return result_;
}

void JointTrainer::keep(double value) {
  const ParameterList now = current();
  if (best_.empty()) {
    best_storage_.clear();
    for (const NamedTensor& tensor : now) {
      best_storage_.emplace_back(tensor.values.begin(), tensor.values.end());
      best_.push_back({tensor.name, tensor.shape, best_storage_.back()});
    }
  }
  copy_values(now, best_);
  best_value_ = value;
}

// Of equal values the later one is kept, but patience waits for a lower one.
void JointTrainer::watch_best(double value) {
  epochs_since_best_ = best_.empty() || value < best_value_ ? 0 : epochs_since_best_ + 1;
  if (std::isfinite(value) && (best_.empty() || value <= best_value_)) keep(value);
  if (options_.patience > 0 && epochs_since_best_ >= options_.patience) ended_ = true;
}

void JointTrainer::epoch_done(std::uint64_t epoch, const JointHooks& hooks) {
  if (const auto fault = find_number_fault(rule_.learner->parameters(), options_.train.table); !fault.empty())
    throw WorkError(fault);
  if (epoch % options_.train.measure_every == 0 || epoch == options_.train.epochs) {
    HistoryRecord record{layer_, epoch, rule_.measure(current(), epoch), {}};
    record.measures["update_ratio"] = rule_.update_ratio();
    doctor_memory_.follow(history_, layer_);
    record.warnings = diagnose(record.measures, doctor_memory_, options_.train);
    const auto value_of = [&record](const std::string& name) -> std::optional<double> {
      const auto found = record.measures.find(name);
      return found == record.measures.end() ? std::nullopt : std::optional<double>(found->second);
    };
    if (const auto value = value_of(options_.keep_best)) watch_best(*value);
    if (const auto value = value_of(options_.stop_measure); value && *value <= options_.stop_at)
      ended_ = true;
    history_.push_back(std::move(record));
    if (hooks.epoch_done) hooks.epoch_done(history_.back());
  }
  if (hooks.checkpoint && clock_.due(ended_ || epoch == options_.train.epochs)) hooks.checkpoint();
}

std::optional<std::uint64_t> JointTrainer::best_epoch() const {
  if (best_.empty()) return std::nullopt;
  for (auto record = history_.rbegin(); record != history_.rend() && record->layer == layer_; ++record)
    if (const auto found = record->measures.find(options_.keep_best);
        found != record->measures.end() && found->second == best_value_)
      return record->epoch;
  return std::nullopt;
}

void JointTrainer::keep_snapshot(std::uint64_t updates) {
  snapshots_.keep(earlier_updates(options_) + updates, [this] { return rule_.top(current()); });
}

void JointTrainer::restore_snapshots(Trajectory snapshots, const std::string& where) {
  snapshots_.restore(std::move(snapshots), earlier_updates(options_) + loop_.position().update, where);
}

bool JointTrainer::run(const JointHooks& hooks) {
  if (ended_) return true;
  LoopHooks own;
  if (options_.train.snapshots > 0) {
    keep_snapshot(loop_.position().update);
    own.update_done = [this](std::uint64_t updates) { keep_snapshot(updates); };
  }
  own.epoch_done = [this, &hooks](std::uint64_t epoch) { epoch_done(epoch, hooks); };
  own.progress = hooks.progress;
  own.checkpoint = hooks.checkpoint;
  own.stop_requested = [this, &hooks] { return ended_ || (hooks.stop_requested && hooks.stop_requested()); };
  return loop_.run(team_, own) || ended_;
}

TensorFile JointTrainer::checkpoint(const std::string& recipe) {
  Json header = start_header(recipe, rule_.source->size(), loop_.position(), history_);
  header["stage"] = kStage;
  header["rule"] = rule_.name;
  header["ended"] = ended_;
  header["has_best"] = !best_.empty();
  header["best_value"] = best_value_;
  header["epochs_since_best"] = epochs_since_best_;
  header["average_updates"] = loop_.average() ? loop_.average()->updates() : 0;
  TensorFile file;
  file.metadata[kCheckpointKey] = dump_json(header);
  add_tensors(file, rule_.learner->parameters(), "");
  add_tensors(file, rule_.learner->state(), "training.");
  if (loop_.average()) add_tensors(file, loop_.average()->values(), "training.average.");
  add_tensors(file, best_, "training.best.");
  return file;
}

std::string JointTrainer::rule_of(const TensorFile& file) {
  const Json header = checkpoint_header(file);
  const bool own = header.is_object() && header.value("stage", Json()) == kStage;
  const Json rule = own ? header.value("rule", Json()) : Json();
  return rule.is_string() ? rule.get<std::string>() : "";
}

void JointTrainer::restore(const TensorFile& file, const std::string& recipe) {
  const Json header = checkpoint_header(file);
  try {
    check_header(header, file.path, recipe, rule_.source->size());
    if (header.at("rule").get<std::string>() != rule_.name)
      throw InputError(file.path + ": was learned by another rule than " + rule_.name + ".");
    const LoopPosition position =
        position_of(header, file.path, loop_.batches_per_epoch(), options_.train.epochs);
    read_learner(file, *rule_.learner);
    loop_.set_position(position);
    if (loop_.average()) restore_average(*loop_.average(), file, header, position);
    if (header.at("has_best").get<bool>()) {
      keep(best_value_of(header, options_.keep_best, file.path));
      read_tensors(file, best_, "training.best.");
    }
    epochs_since_best_ = whole_number_of(header, "epochs_since_best", file.path);
    ended_ = header.at("ended").get<bool>();
    if (ended_ && options_.stop_measure.empty() && options_.patience == 0)
      throw InputError(file.path +
                       ": says that it has ended early, which this recipe does not; it is damaged.");
    history_ = history_of(header, file.path);
  } catch (const Json::exception& error) {
    throw InputError(file.path + ": the checkpoint's header is damaged (" + error.what() + ").");
  }
}

}  // namespace harmonium
