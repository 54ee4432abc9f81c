#include "recipe/reader.h"

#include "harmonium/models/network_model.h"
#include "harmonium/train/network_learner.h"
#include "recipe/training_run.h"

namespace harmonium {
namespace {

constexpr double kRate = 0.1, kMomentum = 0.9;

// The seed of the reader: no number of the model's is among its own.
std::uint64_t reader_seed(const Recipe& recipe) {
  return Noise(recipe.seed, Stream::kMeasure, 0).child(std::uint64_t{0x7265616465u}).key();
}

std::string reader_text(const Recipe& recipe, const Dataset& train) {
  const std::string units = std::to_string(recipe.measure.reader_units);
  return std::to_string(train.layer().columns()) + " - rectified " + units + " - rectified " + units +
         " - softmax " + std::to_string(train.class_count());
}

NetworkOptions reader_options() {
  NetworkOptions options;
  options.input_dropout = 0.2, options.hidden_dropout = 0.5, options.norm_limit = 3.0;
  return options;
}

// The net and all on which its numbers depend, before it has learned.
NetworkModel unlearned_reader(const Recipe& recipe, const Dataset& train) {
  NetworkModel reader;
  reader.network = make_network(reader_text(recipe, train));
  reader.seed = reader_seed(recipe);
  reader.recipe =
      "# reads fantasies\nmeasure.fantasies.reader_epochs = " + std::to_string(recipe.measure.reader_epochs) +
      "\n";
  describe_data(train, reader);
  return reader;
}

// The net in `file`, where it is the one that would be learned.
std::optional<Network> read_reader(const std::filesystem::path& file, const NetworkModel& wanted) {
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return std::nullopt;
  NetworkModel found = load_network_model(file);
  if (found.network.to_string() != wanted.network.to_string() || found.seed != wanted.seed ||
      found.recipe != wanted.recipe || found.data_hash != wanted.data_hash || found.schema != wanted.schema)
    return std::nullopt;
  return std::move(found.network);
}

}  // namespace

Network trained_reader(const Recipe& recipe, const Dataset& train, const std::filesystem::path& file,
                       ThreadTeam& team, Reporter& reporter) {
  NetworkModel reader = unlearned_reader(recipe, train);
  if (auto known = read_reader(file, reader)) return std::move(*known);
  start_at_random(reader.network, reader.seed);
  TrainOptions options;
  options.epochs = recipe.measure.reader_epochs;
  options.rate = Schedule(kRate, ScheduleShape::kLinear);
  options.momentum = kMomentum;
  NetworkLearner learner(std::move(reader.network), reader_options(), team);
  TrainingLoop loop(learner, train, options, reader.seed);
  LoopHooks hooks;
  hooks.progress = [&](const LoopProgress& p) {
    const double done =
        static_cast<double>(p.epoch - 1) + static_cast<double>(p.batch) / static_cast<double>(p.batches);
    reporter.working("learning to read fantasies", done / static_cast<double>(p.epochs));
  };
  loop.run(team, hooks);
  reader.network = learner.network();
  save_network_model(file, reader);
  return reader.network;
}

}  // namespace harmonium
