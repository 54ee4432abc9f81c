#include "recipe/reader.h"

#include "harmonium/base/error.h"
#include "harmonium/train/network_learner.h"

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

// All on which the reader's numbers depend.
std::map<std::string, std::string> reader_facts(const Recipe& recipe, const Dataset& train) {
  return {{"data", train.hash()},
          {"layer", train.layer().to_string()},
          {"seed", std::to_string(recipe.seed)},
          {"epochs", std::to_string(recipe.measure.reader_epochs)}};
}

// The net in `file`, where it is the one that would be learned.
std::optional<Network> read_reader(const std::filesystem::path& file, const std::string& text,
                                   const std::map<std::string, std::string>& facts) {
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return std::nullopt;
  NetworkFile found = load_network(file);
  for (const auto& [name, value] : facts)
    if (const auto fact = found.facts.find(name); fact == found.facts.end() || fact->second != value)
      return std::nullopt;
  if (found.network.to_string() != text) return std::nullopt;
  return std::move(found.network);
}

}  // namespace

Network trained_reader(const Recipe& recipe, const Dataset& train, const std::filesystem::path& file,
                       ThreadTeam& team, Reporter& reporter) {
  const std::string text = reader_text(recipe, train);
  const auto facts = reader_facts(recipe, train);
  if (auto known = read_reader(file, text, facts)) return std::move(*known);
  Network start = make_network(text);
  start_at_random(start, reader_seed(recipe));
  TrainOptions options;
  options.epochs = recipe.measure.reader_epochs;
  options.rate = Schedule(kRate, ScheduleShape::kLinear);
  options.momentum = kMomentum;
  NetworkLearner learner(std::move(start), reader_options(), team);
  TrainingLoop loop(learner, train, options, reader_seed(recipe));
  LoopHooks hooks;
  hooks.progress = [&](const LoopProgress& p) {
    const double done =
        static_cast<double>(p.epoch - 1) + static_cast<double>(p.batch) / static_cast<double>(p.batches);
    reporter.working("learning to read fantasies", done / static_cast<double>(p.epochs));
  };
  loop.run(team, hooks);
  save_network(file, learner.network(), facts);
  return learner.network();
}

}  // namespace harmonium
