#include "recipe/fine_tuning.h"

#include <algorithm>

#include "harmonium/base/error.h"
#include "harmonium/models/trajectory.h"
#include "harmonium/train/back_propagation_rule.h"
#include "recipe/labelled_cases.h"
#include "recipe/measure_network.h"

namespace harmonium {
namespace {

bool classifies(const Recipe& recipe) {
  return recipe.fine_tune.net.task == NetworkTask::kClassify;
}

// The stack of a file that fits the data.
DeepBeliefNet stack_of_file(const std::string& file, const Dataset& train) {
  const std::string key = "fine_tune.start = \"" + file + "\"";
  const AnyModel found = load_any_model(file);
  const auto* model = std::get_if<Model>(&found);
  if (!model || model->is_machine)
    throw InputError(key + " is " + (model ? "a deep Boltzmann machine" : "a feed-forward net already") +
                     "; name a stack of RBMs.");
  const LayerSpec &takes = model->net.layer(0).spec, &given = train.layer();
  if (takes != given)
    throw InputError(key + " takes cases of \"" + takes.to_string() + "\", but the data are \"" +
                     given.to_string() + "\"; name a stack that has learned from such data.");
  return model->net;
}

void check_task(const Recipe& recipe, const RecipeData& data) {
  const FineTuneRecipe& f = recipe.fine_tune;
  if (recipe.is_machine)
    throw InputError(
        "fine_tune.epochs = " + std::to_string(f.train.epochs) +
        " is for stacks of RBMs, but model.kind = \"dbm\" is a deep Boltzmann machine; set it to 0.");
  if (classifies(recipe) && data.train.class_count() < 2)
    throw InputError("fine_tune.epochs = " + std::to_string(f.train.epochs) + " makes a classifier, but " +
                     data.train.name() +
                     " has no labels of two classes or more; name their file or column by data.labels or "
                     "data.label_column.");
  if (!classifies(recipe) && f.labels > 0)
    throw InputError("fine_tune.labels = " + std::to_string(f.labels) +
                     " is of a classifier, but an autoencoder learns from all cases; set it to 0.");
  if (const Dataset* apart = data.apart(); apart && apart->has_missing())
    throw InputError(apart->name() +
                     ": has missing values, but a feed-forward net takes whole cases; fill them in by "
                     "`harmonium impute` first.");
}

void check_judges(const Recipe& recipe, const RecipeData& data) {
  const FineTuneRecipe& f = recipe.fine_tune;
  const bool judged = f.keep == "best" || f.patience > 0;
  if (judged && !data.held_out)
    throw InputError(
        "fine_tune.keep = \"best\" and fine_tune.patience judge by held-out cases; set data.held_out, or "
        "keep the last epoch without patience.");
  if (f.patience > 0 && f.keep != "best")
    throw InputError("fine_tune.patience waits for a better epoch, which fine_tune.keep = \"" + f.keep +
                     "\" would not keep; set fine_tune.keep = \"best\".");
  if (!judged || !classifies(recipe)) return;
  const std::size_t looked_at = std::min(f.train.monitor_cases, data.held_out->size());
  const auto labels = data.held_out->labels().first(looked_at);
  if (std::none_of(labels.begin(), labels.end(), [](std::int32_t label) { return label >= 0; }))
    throw InputError(
        "fine_tune.keep = \"best\" judges by held-out cases, but none of them has a label; hold out more "
        "(data.held_out), or keep the last epoch.");
}

}  // namespace

Network tuned_start(const Recipe& recipe, const Dataset& train, const DeepBeliefNet& own) {
  constexpr std::uint64_t kOutputs = 0x6f7574707574u;  // its random numbers are none of an RBM's
  const std::uint64_t seed = Noise(recipe.seed, Stream::kInitialWeights, kOutputs).key();
  const auto file = stack_file(recipe);
  const DeepBeliefNet stack = file ? stack_of_file(*file, train) : own;
  const bool random = starts_at_random(recipe);
  if (!classifies(recipe)) {
    Network network = unrolled_network(stack);
    if (random) start_at_random(network, seed);
    return network;
  }
  Network network = recognition_network(stack);
  const std::size_t below = network.outputs(), classes = train.class_count();
  network.layers.push_back(
      {Activation::kSoftmax, Matrix<float>(below, classes), AlignedVector<float>(classes)});
  start_at_random(network, seed, random ? 0 : network.layers.size() - 1);
  return network;
}

JointRule fine_tuning_rule(const Recipe& recipe, const RecipeData& data, const Dataset& train, Network start,
                           ThreadTeam& team) {
  const TrainingData cases{&train, data.held_out ? &*data.held_out : nullptr, train.labels(),
                           data.held_out ? data.held_out->labels() : std::span<const std::int32_t>{}};
  return make_back_propagation_rule(std::move(start), cases, network_options(recipe),
                                    fine_tune_options(recipe), team);
}

const char* judging_measure(const Recipe& recipe) {
  return classifies(recipe) ? "error_held_out" : "reconstruction_error_held_out";
}

void check_fine_tuning(const Recipe& recipe, const RecipeData& data, const DeepBeliefNet& own,
                       ThreadTeam& team) {
  check_task(recipe, data);
  check_judges(recipe, data);
  if (const auto fault = find_network_option_fault(network_options(recipe)); !fault.empty())
    throw InputError("fine_tune." + fault);
  if (const auto fault = find_network_measure_fault(recipe, data.train.layer().columns()); !fault.empty())
    throw InputError(fault);
  const Dataset train = labelled_cases(recipe, data.train);
  fine_tuning_rule(recipe, data, train, tuned_start(recipe, data.train, own), team);
}

void check_start_file(const Recipe& recipe, const std::filesystem::path& model) {
  const auto start = stack_file(recipe);
  if (!start) return;
  for (const auto& path : {model, stack_path(model), greedy_path(model), trajectory_path(model)}) {
    std::error_code ignored;
    if (std::filesystem::equivalent(*start, path, ignored))
      throw InputError("fine_tune.start = \"" + *start +
                       "\" is a file that this run writes over; give the run another place, or start from a "
                       "copy elsewhere.");
  }
}

}  // namespace harmonium
