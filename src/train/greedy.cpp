#include "harmonium/train/greedy.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "harmonium/base/error.h"
#include "harmonium/data/dataset.h"
#include "harmonium/measure/trajectory.h"
#include "harmonium/train/doctor.h"
#include "harmonium/train/monitor.h"
#include "harmonium/train/principal_start.h"
#include "harmonium/train/snapshots.h"
#include "train/checkpoint.h"
#include "train/layer_source.h"

namespace harmonium {
namespace {

constexpr std::size_t kScanRows = 512;
// Cases whose principal components an RBM starts from, and values of them, at most (but 1000 cases).
constexpr std::size_t kComponentCases = 10000, kComponentValues = std::size_t{1} << 26;
constexpr const char* kTrajectoryPrefix = "training.trajectory.";

// Each RBM of a stack has random numbers of its own.
std::uint64_t seed_of_layer(std::uint64_t seed, std::size_t layer) {
  return Noise(seed, Stream::kInitialWeights, 1'000'000 + layer).key();
}

// What must be known of all cases before learning: weighted means of the columns (of a sample, where they are
// on a disk), missing cells of each case.
struct DataScan {
  std::vector<double> means;
  std::vector<std::uint32_t> missing;  // empty where nothing is missing
};

// Adds `weights` (one a case, or empty) times the cases [first, first + count) to `sums`, and the weights to
// every one of `counts`.
void add_sparse_cases(const BatchSource& source, std::size_t first, std::size_t count,
                      std::vector<double>& sums, std::vector<double>& counts) {
  const auto weights = source.case_weights();
  std::vector<std::uint64_t> cases(count);
  std::iota(cases.begin(), cases.end(), first);
  SparseMatrix rows;
  source.fetch_sparse(cases, rows);
  double total = 0;
  for (std::size_t r = 0; r < count; ++r) {
    const double weight = weights.empty() ? 1.0 : weights[first + r];
    total += weight;
    for (auto k = rows.row_start[r]; k < rows.row_start[r + 1]; ++k)
      sums[rows.columns[k]] += weight * rows.values[k];
  }
  for (double& all : counts) all += total;
}

// Refuses a case that the visible layer cannot hold.
void check_case(const LayerSpec& visible, const BatchSource& source, std::size_t number,
                std::span<const float> values) {
  const ValueFault fault = find_value_fault(visible, values, source.has_missing());
  if (fault.reason.empty()) return;
  throw InputError("the data do not fit the visible layer \"" + visible.to_string() + "\": in case " +
                   std::to_string(number) + " (counted from 0), unit " + std::to_string(fault.column) + ", " +
                   fault.reason + "; they are \"" + source.layer().to_string() +
                   "\", which the word \"data\" stands for in model.layers.");
}

DataScan scan(const BatchSource& source, const LayerSpec& visible, std::uint64_t seed, ThreadTeam& team) {
  DataScan result;
  const std::size_t columns = source.layer().columns();
  std::vector<double> sums(columns, 0.0), counts(columns, 0.0);
  if (source.has_missing()) result.missing.assign(source.size(), 0);
  const auto weights = source.case_weights();
  // The source has seen to it that its values are those of its own layer.
  const bool checked = source.layer() == visible;
  const bool sparse = checked && source.is_sparse();
  const auto add = [&](std::size_t first, std::size_t count) {
    if (sparse) return add_sparse_cases(source, first, count, sums, counts);
    const auto values = fetch_range(source, first, count, seed, 0, team);
    for (std::size_t r = 0; r < values.rows(); ++r) {
      const double weight = weights.empty() ? 1.0 : weights[first + r];
      for (std::size_t i = 0; i < columns; ++i) {
        if (!std::isnan(values(r, i)))
          sums[i] += weight * values(r, i), counts[i] += weight;
        else if (source.has_missing())
          ++result.missing[first + r];
        else
          throw InputError("case " + std::to_string(first + r) + " (counted from 0) has NaN in unit " +
                           std::to_string(i) +
                           ", but its source says that nothing is missing; mark it as a missing value or "
                           "leave the case out.");
      }
      if (!checked) check_case(visible, source, first + r, values.row(r));
    }
  };
  const std::size_t most = std::min(kScanRows, cases_in_piece(columns));
  for (const CaseRange& range : source.sample())
    for (std::size_t done = 0; done < range.count; done += most)
      add(range.first + done, std::min<std::size_t>(most, range.count - done));
  for (std::size_t i = 0; i < columns; ++i) sums[i] = counts[i] > 0 ? sums[i] / counts[i] : 0.0;
  result.means = std::move(sums);
  return result;
}

}  // namespace

struct GreedyTrainer::Run {
  Run(DeepBeliefNet start, TrainingData cases, std::vector<TrainOptions> layer_options, ThreadTeam& threads)
      : net(std::move(start)),
        data(cases),
        data_step(cases.train->value_step()),
        options(std::move(layer_options)),
        team(threads) {}

  DeepBeliefNet net;
  std::optional<DeepBeliefNet> last;
  TrainingData data;
  float data_step;  // value_step of the training cases, for which all of them may have to be read
  std::vector<TrainOptions> options;
  DoctorMemory doctor_memory;
  ThreadTeam& team;
  std::vector<HistoryRecord> history;
  Snapshots snapshots;  // of the top RBM

  // The RBM under way; null between two.
  std::size_t layer = 0;
  std::shared_ptr<const BatchSource> train_source, held_out_source;
  std::unique_ptr<RbmLearner> learner;
  std::unique_ptr<TrainingLoop> loop;
  std::unique_ptr<Monitor> monitor;
  std::optional<LogZTrajectory> trajectory;  // where log-likelihoods are asked for and log Z is no short sum
  CheckpointClock clock;

  std::string prefix() const { return "layers." + std::to_string(layer); }
  bool has_labels(std::size_t n) const { return net.label_columns > 0 && n + 1 == net.depth(); }

  std::shared_ptr<const BatchSource> source_of(const BatchSource& cases, std::span<const std::int32_t> labels,
                                               std::uint64_t seed) const {
    const States states = options[layer].pass_samples ? States::kSamples : States::kMeans;
    auto source = make_layer_source(net, layer, cases, states, seed, team);
    if (!has_labels(layer)) return source;
    return std::make_shared<LabelledSource>(
        std::move(source), std::vector<std::int32_t>(labels.begin(), labels.end()), net.label_columns);
  }

  // Of what RBM `n` learns from, as the sources tell it.
  float value_step(std::size_t n) const {
    if (n == 0) return data_step;
    return options[n].pass_samples && has_exact_states(net.layer(n).spec) ? 1.0f : 0.0f;
  }

  Rbm initial_rbm(const DataScan& scanned, std::uint64_t seed) const {
    Rbm rbm = net.rbms[layer];
    const TrainOptions& o = options[layer];
    initialise_weights(rbm, static_cast<float>(o.initial_deviation),
                       static_cast<float>(o.initial_hidden_bias), seed, layer);
    initialise_visible_bias(rbm, scanned.means);
    if (o.tied_start && layer > 0) {
      const Rbm random = rbm;
      start_tied(net.rbms[layer - 1], rbm);
      wake_surplus_units(random, net.rbms[layer - 1].visible_columns(), scanned.means, rbm);
    } else if (o.components > 0)
      start_from_components(rbm, component_cases(seed), o.components, team);
    return rbm;
  }

  // Cases at even distances, without labels.
  Matrix<float> component_cases(std::uint64_t seed) const {
    const std::size_t columns = net.columns(layer),
                      count = std::min(
                          train_source->size(),
                          std::clamp<std::size_t>(kComponentValues / columns, 1000, kComponentCases));
    Matrix<float> cases(count, columns);
    std::vector<std::uint64_t> numbers(count);
    for (std::size_t i = 0; i < count; ++i) numbers[i] = i * train_source->size() / count;
    team.run_blocks(count, 256, [&](std::size_t first, std::size_t rows, unsigned) {
      Matrix<float> whole(rows, train_source->layer().columns());
      train_source->fetch(std::span(numbers).subspan(first, rows), seed, 0, whole);
      copy_rows(std::as_const(whole).view().col_block(0, columns), cases.view().row_block(first, rows));
    });
    return cases;
  }

  void check_components() const {
    for (std::size_t n = 0; n < net.depth(); ++n) {
      if (options[n].tied_start && n > 0) continue;
      if (const auto fault = find_principal_fault(net.rbms[n], net.columns(n), options[n].components);
          !fault.empty())
        throw InputError(fault);
      if (n == 0 && options[n].components > 0 && data.train->has_missing())
        throw InputError(
            "train.components starts from whole cases, but the data have missing values; set it to 0.");
    }
  }

  void begin_layer() {
    const std::uint64_t seed = seed_of_layer(options[layer].seed, layer);
    train_source = source_of(*data.train, data.train_labels, seed);
    held_out_source = data.held_out ? source_of(*data.held_out, data.held_out_labels, seed) : nullptr;
    const DataScan scanned = scan(*train_source, net.rbms[layer].visible.spec, seed, team);
    TrainOptions own = options[layer];
    own.seed = seed;
    own.tied_start = own.tied_start && layer > 0;
    const auto base = base_rate_bias(train_source->layer(), scanned.means);
    learner = std::make_unique<RbmLearner>(initial_rbm(scanned, seed), own, prefix(), team, scanned.missing,
                                           base, value_step(layer));
    loop = std::make_unique<TrainingLoop>(*learner, *train_source, own, seed);
    monitor = std::make_unique<Monitor>(*train_source, held_out_source.get(), own, seed);
    if (own.likelihood_every > 0 && monitor->needs_trajectory(learner->rbm(), team)) {
      TrajectoryOptions following;
      following.seed = seed;
      trajectory.emplace(learner->rbm(), base, following, team);
    }
  }

  // The RBM that is evaluated and kept: the average where there is one.
  Rbm current_rbm() const {
    Rbm rbm = learner->rbm();
    if (loop->average()) copy_values(loop->average()->values(), rbm.parameters(prefix()));
    return rbm;
  }

  // Chains that follow do a tenth of the work of learning at most, but for epochs in which they are asked.
  std::uint64_t epochs_between_moves() const {
    const TrajectoryOptions usual;
    const std::size_t work = 10 * usual.populations * usual.chains * usual.steps;
    return std::max<std::uint64_t>(1, work / std::max<std::size_t>(1, train_source->size()));
  }

  void finish_layer() {
    if (loop->average()) {
      if (!last) last = net;
      last->rbms[layer] = learner->rbm();
    } else if (last) {
      last->rbms[layer] = learner->rbm();
    }
    net.rbms[layer] = current_rbm();
    learner.reset(), loop.reset(), monitor.reset(), trajectory.reset();
    train_source.reset(), held_out_source.reset();
  }

  void epoch_done(std::uint64_t epoch, const GreedyHooks& hooks) {
    if (const auto fault = find_number_fault(learner->parameters(), options[layer].table); !fault.empty())
      throw WorkError(fault);
    const bool last_epoch = epoch == options[layer].epochs;
    if (trajectory && (epoch % epochs_between_moves() == 0 || monitor->is_likelihood_due(epoch)))
      trajectory->follow(current_rbm(), team);
    if (epoch % options[layer].measure_every == 0 || last_epoch) measure_epoch(epoch, hooks);
    if (hooks.checkpoint && clock.due(last_epoch)) hooks.checkpoint();
  }

  std::uint64_t updates_of_top() const {
    const TrainOptions& top = options.back();
    return top.epochs * batches_in_epoch(data.train->size(), top.batch);
  }
  std::vector<std::uint64_t> updates_to_keep() const {
    return snapshot_updates(options.back().snapshots, updates_of_top());
  }

  void measure_epoch(std::uint64_t epoch, const GreedyHooks& hooks) {
    const Rbm rbm = current_rbm();
    HistoryRecord record{
        layer, epoch, monitor->measure(rbm, learner->negative_phase(), epoch, trajectory, team), {}};
    record.measures["update_ratio"] = learner->update_ratio();
    doctor_memory.follow(history, layer);
    record.warnings = diagnose(record.measures, doctor_memory, options[layer]);
    if (const auto fault = find_normalisation_fault(rbm); !fault.empty()) record.warnings.push_back(fault);
    history.push_back(std::move(record));
    if (hooks.epoch_done) hooks.epoch_done(history.back());
  }

  LoopHooks loop_hooks(const GreedyHooks& hooks) {
    LoopHooks result;
    result.epoch_done = [this, &hooks](std::uint64_t epoch) { epoch_done(epoch, hooks); };
    if (snapshots.any_wanted() && layer + 1 == net.depth()) {
      const auto keep = [this](std::uint64_t update) {
        snapshots.keep(update, [this] { return current_rbm(); });
      };
      keep(loop->position().update);
      result.update_done = keep;
    }
    if (hooks.progress) result.progress = [this, &hooks](const LoopProgress& p) { hooks.progress(layer, p); };
    result.checkpoint = hooks.checkpoint;
    result.stop_requested = hooks.stop_requested;
    return result;
  }
};

GreedyTrainer::GreedyTrainer(DeepBeliefNet net, TrainingData data, std::vector<TrainOptions> options,
                             ThreadTeam& team)
    : run_(std::make_unique<Run>(std::move(net), data, std::move(options), team)) {
  Run& run = *run_;
  check(run.options.size() == run.net.depth(), "one set of options for each RBM");
  for (const TrainOptions& o : run.options)
    if (const auto fault = find_option_fault(o); !fault.empty()) throw InputError(fault);
  const std::size_t wanted = run.net.columns(0), given = run.data.train->layer().columns();
  if (wanted != given)
    throw InputError("the data have " + std::to_string(given) +
                     " columns of units, but the model's visible layer \"" +
                     run.net.layer(0).spec.to_string() + "\" takes " + std::to_string(wanted) +
                     "; write \"data\" for the first layer to take what the data say.");
  if (run.net.label_columns > 0 && run.data.train_labels.size() != run.data.train->size())
    throw InputError(
        "the model has label units, but the data have no labels; give data.labels, or leave the "
        "softmax group out of model.layers.");
  precisions();  // refused before hours of learning, not after
  run.check_components();
  run.snapshots = Snapshots(run.updates_to_keep());
  for (std::size_t n = 1; n < run.net.depth(); ++n)
    if (run.options[n].tied_start) {
      Rbm trial = run.net.rbms[n];
      start_tied(run.net.rbms[n - 1], trial);
    }
}

GreedyTrainer::~GreedyTrainer() = default;
GreedyTrainer::GreedyTrainer(GreedyTrainer&&) noexcept = default;

bool GreedyTrainer::run(const GreedyHooks& hooks) {
  Run& run = *run_;
  for (; run.layer < run.net.depth(); ++run.layer) {
    if (!run.loop) run.begin_layer();
    if (!run.loop->run(run.team, run.loop_hooks(hooks))) return false;
    run.finish_layer();
  }
  return true;
}

const DeepBeliefNet& GreedyTrainer::net() const {
  return run_->net;
}
std::optional<DeepBeliefNet> GreedyTrainer::last() const {
  return run_->last;
}
std::vector<Precision> GreedyTrainer::precisions() const {
  std::vector<Precision> all;
  for (std::size_t n = 0; n < run_->net.depth(); ++n)
    all.push_back(choose_precision(run_->net.rbms[n], run_->options[n], run_->value_step(n)));
  return all;
}
const Trajectory& GreedyTrainer::snapshots() const {
  return run_->snapshots.kept();
}
Trajectory GreedyTrainer::finished_snapshots() const {
  Trajectory all = snapshots();
  if (all.size() == 0) return all;
  all.updates.push_back(run_->updates_of_top());
  all.rbms.push_back(run_->net.top());
  return all;
}
std::vector<std::uint64_t> GreedyTrainer::finished_snapshot_updates() const {
  auto updates = run_->updates_to_keep();
  if (!updates.empty()) updates.push_back(run_->updates_of_top());
  return updates;
}
const std::vector<HistoryRecord>& GreedyTrainer::history() const {
  return run_->history;
}

TensorFile GreedyTrainer::checkpoint(const std::string& recipe) const {
  const Run& run = *run_;
  check(run.loop != nullptr, "a checkpoint is made while an RBM is under way");
  Json header = start_header(recipe, run.data.train->size(), run.loop->position(), run.history);
  header["layers"] = layers_to_string(run.net.layers());
  header["layer"] = run.layer;
  header["average_updates"] = run.loop->average() ? run.loop->average()->updates() : 0;
  header["has_last_iterate"] = run.last.has_value();

  TensorFile file;
  file.metadata[kCheckpointKey] = dump_json(header);
  DeepBeliefNet finished = run.net;
  finished.rbms.resize(run.layer);
  add_tensors(file, finished.parameters(), "");
  if (run.last) {
    DeepBeliefNet last = *run.last;
    last.rbms.resize(run.layer);
    add_tensors(file, last.parameters(), "last.");
  }
  add_tensors(file, run.learner->parameters(), "");
  add_tensors(file, run.learner->state(), "training.");
  if (run.trajectory)
    for (Tensor& tensor : run.trajectory->state(kTrajectoryPrefix)) file.tensors.push_back(std::move(tensor));
  if (run.loop->average()) add_tensors(file, run.loop->average()->values(), "training.average.");
  return file;
}

void GreedyTrainer::restore(const TensorFile& file, const std::string& recipe) {
  Run& run = *run_;
  const Json header = checkpoint_header(file);
  try {
    check_header(header, file.path, recipe, run.data.train->size());
    if (header.at("layers").get<std::string>() != layers_to_string(run.net.layers()))
      throw InputError(file.path + ": belongs to a net of other layers than those given.");
    const std::uint64_t layer = whole_number_of(header, "layer", file.path);
    if (layer >= run.net.depth())
      throw InputError(file.path + ": names a layer that the model does not have.");
    for (std::size_t n = 0; n < layer; ++n)
      read_tensors(file, run.net.rbms[n].parameters("layers." + std::to_string(n)), "");
    if (header.at("has_last_iterate").get<bool>()) {
      run.last = run.net;
      for (std::size_t n = 0; n < layer; ++n)
        read_tensors(file, run.last->rbms[n].parameters("layers." + std::to_string(n)), "last.");
    }
    run.layer = layer;
    run.begin_layer();
    read_learner(file, *run.learner);
    if (run.trajectory) run.trajectory->restore(file, kTrajectoryPrefix);
    const LoopPosition position =
        position_of(header, file.path, run.loop->batches_per_epoch(), run.options[layer].epochs);
    run.loop->set_position(position);
    if (run.loop->average()) restore_average(*run.loop->average(), file, header, position);
    run.history = history_of(header, file.path);
  } catch (const Json::exception& error) {
    throw InputError(file.path + ": the checkpoint's header is damaged (" + error.what() + ").");
  }
}

void GreedyTrainer::restore_snapshots(Trajectory snapshots, const std::string& where) {
  Run& run = *run_;
  check(run.loop != nullptr, "snapshots are taken back after a checkpoint");
  if (run.layer + 1 == run.net.depth())
    run.snapshots.restore(std::move(snapshots), run.loop->position().update, where);
}

}  // namespace harmonium
