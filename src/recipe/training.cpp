#include "harmonium/recipe/training.h"

#include <algorithm>

#include "harmonium/base/error.h"
#include "harmonium/io/atomic_file.h"
#include "harmonium/io/safetensors.h"
#include "harmonium/models/deep_boltzmann_machine.h"
#include "harmonium/recipe/measures.h"
#include "harmonium/train/negative_phase.h"
#include "io/json.h"
#include "recipe/claims.h"
#include "recipe/fine_tuning.h"
#include "recipe/keys.h"
#include "recipe/training_run.h"

namespace harmonium {
namespace {

bool is_finished(const TrainingFiles& files) {
  std::error_code ignored;
  return std::filesystem::exists(files.model, ignored) && !std::filesystem::exists(files.checkpoint, ignored);
}

// A finished file of another kind than the recipe makes is of another run, whatever its recipe's text.
void check_kind(const Recipe& recipe, const AnyModel& found, const std::string& file) {
  const auto* network = std::get_if<NetworkModel>(&found);
  const bool fits = has_fine_tuning(recipe)
                        ? network && network->task == recipe.fine_tune.net.task
                        : !network && std::get<Model>(found).is_machine == recipe.is_machine;
  if (!fits)
    throw InputError(file + ": is finished, but is " +
                     (network ? "a feed-forward net" : "a " + std::get<Model>(found).kind()) +
                     ", which this recipe does not make; give another place, or --force to train it anew.");
}

// A finished run is taken as it is only where it is the run that is asked for.
TrainingResult load_finished(const Recipe& recipe, const Dataset& train, const TrainingFiles& files) {
  TrainingResult result;
  result.finished = true;
  AnyModel found = load_any_model(files.model);
  check_kind(recipe, found, files.model.string());
  if (auto* network = std::get_if<NetworkModel>(&found))
    result.network = std::move(*network);
  else
    result.model = std::move(std::get<Model>(found));
  const ModelFacts& model = result.facts();
  const std::string file = files.model.string();
  const auto difference = find_training_difference(parse_recipe(model.recipe, file + ": its recipe"), recipe);
  if (!difference.empty())
    throw InputError(file + ": is finished, but was trained with " + difference +
                     "; give another place, or --force to train it anew.");
  if (model.data_hash != train.hash())
    throw InputError(file + ": is finished, but was trained on other data (hash " + model.data_hash +
                     " and not " + train.hash() + "); give another place, or --force to train it anew.");
  // One that --force began anew and did not finish has lost its history.
  write_file_atomically(files.history, history_text(model.history));
  return result;
}

// Refuses before hours of work what would be refused after them.
void prepare_files(const TrainingFiles& files, const RunOptions& options) {
  std::error_code ignored;
  if (!files.model.has_filename())
    throw InputError("the model's file \"" + files.model.string() +
                     "\" has no name; give one, such as model.safetensors.");
  if (std::filesystem::is_directory(files.model, ignored))
    throw InputError(files.model.string() + ": is a folder; name a file in it, such as model.safetensors.");
  for (const auto& path : {trajectory_path(files.model), greedy_path(files.model), stack_path(files.model)})
    if (std::filesystem::is_directory(path, ignored))
      throw InputError(path.string() + ": is a folder, where this run writes a file.");
  const bool unfinished = std::filesystem::exists(files.checkpoint, ignored);
  if (is_finished(files) && !options.overwrite)
    throw InputError(files.model.string() +
                     ": is there already; give another place, or --force to train it anew.");
  if (unfinished && !options.resume && !options.overwrite)
    throw InputError(files.checkpoint.string() +
                     ": an unfinished run is there; go on with it by --resume, or begin anew by --force.");
  // A place that cannot be written is an error now. What a resumed run has written so far stays.
  if (!files.timing.empty() && std::filesystem::is_directory(files.timing, ignored))
    throw InputError(files.timing.string() + ": is a folder, where the time of learning is to be written.");
  if (unfinished && options.resume) return;
  write_file_atomically(files.history, "");
}

void refuse_claims(const std::vector<MemoryClaim>& claims) {
  if (const auto fault = find_claim_fault(claims, machine_memory()); !fault.empty()) throw InputError(fault);
}

// Keys of a stage that is off are most likely those of a person who forgot to switch it on.
void tell_of_unused_keys(const Recipe& recipe, Reporter& reporter) {
  if (has_fine_tuning(recipe)) return;
  const Recipe standard;
  for (const KeyRow& row : key_table())
    if (row.path.starts_with("fine_tune.") && row.get(recipe) != row.get(standard))
      return reporter.say("fine_tune.epochs = 0: nothing is fine-tuned, and " + row.path + " is not used");
}

// What failed before its first checkpoint leaves nothing.
void forget_empty_history(const TrainingFiles& files) {
  std::error_code error;
  if (std::filesystem::file_size(files.history, error) == 0 && !error)
    std::filesystem::remove(files.history, error);
}

// The model file keeps names as JSON, which is UTF-8: what is not is refused before hours of work.
void check_texts(const Recipe& recipe, const Dataset& data) {
  try {
    dump_json(Json{recipe_text(recipe), data.name(), data.class_names()});
    data.schema().to_json();
  } catch (const InputError&) {
    throw InputError(
        data.name() +
        ": its path, or the names of its columns or categories, are not UTF-8; rename it, or convert "
        "its text, as by iconv -f latin1 -t utf8.");
  }
}

}  // namespace

RecipeData load_recipe_data(const Recipe& recipe, Reporter& reporter) {
  Dataset all = load_dataset(train_request(recipe));
  reporter.say(all.description() + ": " + std::to_string(all.size()) + " cases, " + all.layer().to_string());
  check_texts(recipe, all);
  for (const std::string& sentence : all.warnings()) reporter.warn(sentence);
  RecipeData data{all, std::nullopt, std::nullopt};
  if (recipe.data.held_out > 0) {
    auto [rest, held_out] = all.split(recipe.data.held_out, recipe.seed);
    data.train = std::move(rest);
    data.held_out = std::move(held_out);
  }
  if (auto request = test_request(recipe)) {
    // Statistics and categories are those of the training data.
    request->columns = all.schema();
    request->binarise.reset(), request->threshold.reset(), request->standardise.reset(),
        request->missing.reset();
    request->columns_of_other_cases = true;
    data.test = load_dataset(*request);
    for (const std::string& sentence : data.test->warnings()) reporter.warn(sentence);
    if (data.test->layer() != all.layer())
      throw InputError(data.test->name() + ": makes \"" + data.test->layer().to_string() +
                       "\" of its columns, but the training data \"" + all.layer().to_string() + "\".");
  }
  return data;
}

ResolvedLayers resolve_layers(const Recipe& recipe, const Dataset& train) {
  ResolvedLayers resolved{parse_layers(recipe.layers), false};
  LayerSpec& visible = resolved.layers.front();
  if (visible.groups.empty()) visible = train.layer();
  resolved.labels = train.has_labels() && names_label_units(resolved.layers, train.layer().columns());
  if (resolved.labels) {
    const std::size_t columns = resolved.layers[resolved.layers.size() - 2].groups.back().columns();
    if (columns != train.class_count())
      throw InputError("model.layers = \"" + recipe.layers + "\" has " + std::to_string(columns) +
                       " label units, but " + train.name() + " has " + std::to_string(train.class_count()) +
                       " classes.");
  }
  parse_layers(layers_to_string(resolved.layers));  // what could be learned but not be read again
  if (!recipe.is_machine) return resolved;
  if (resolved.labels)
    throw InputError("model.layers = \"" + recipe.layers +
                     "\" has label units, which a deep Boltzmann machine has not here; leave them out.");
  if (const auto fault = find_machine_fault(resolved.layers); !fault.empty()) throw InputError(fault);
  return resolved;
}

DeepBeliefNet greedy_net(const Recipe& recipe, const ResolvedLayers& resolved) {
  return make_net(recipe.is_machine ? doubled_layers(resolved.layers) : resolved.layers, resolved.labels);
}

TrainingFiles TrainingFiles::beside(const std::filesystem::path& model) {
  return {model, model.string() + ".checkpoint", model.string() + ".history.jsonl"};
}

std::filesystem::path greedy_path(const std::filesystem::path& model) {
  return model.string() + ".greedy.safetensors";
}

std::filesystem::path stack_path(const std::filesystem::path& model) {
  return model.string() + ".stack.safetensors";
}

void check_run(const Recipe& recipe, const RecipeData& data, ThreadTeam& team) {
  const ResolvedLayers resolved = resolve_layers(recipe, data.train);
  const DeepBeliefNet net = make_net(resolved.layers, resolved.labels);
  const DeepBeliefNet learned = greedy_net(recipe, resolved);
  const auto options = layer_options(recipe, net.depth());
  if (learns_stack(recipe)) refuse_claims(training_claims(recipe, learned, net));
  if (has_fine_tuning(recipe)) {
    check_fine_tuning(recipe, data, net, team);
  } else {
    refuse_claims(measuring_claims(recipe, net, data.judged().size()));
    if (const auto fault = find_measure_fault(recipe, data, net, team); !fault.empty())
      throw InputError(fault);
  }
  for (std::size_t n = 0; n < net.depth() && learns_stack(recipe); ++n) {
    const std::vector<float> base(net.rbms[n].visible_columns(), 0.0f);
    make_negative_phase(learned.rbms[n], options[n], base, team);
  }
}

TrainingResult train_model(const Recipe& recipe, const RecipeData& data, const TrainingFiles& files,
                           const RunOptions& options) {
  if (options.resume && is_finished(files)) {
    TrainingResult result = load_finished(recipe, data.train, files);
    options.reporter->say(files.model.string() + " is finished already");
    options.reporter->learned();
    return result;
  }
  const ResolvedLayers resolved = resolve_layers(recipe, data.train);
  if (learns_stack(recipe))
    refuse_claims(
        training_claims(recipe, greedy_net(recipe, resolved), make_net(resolved.layers, resolved.labels)));
  check_start_file(recipe, files.model);
  tell_of_unused_keys(recipe, *options.reporter);
  TrainingRun run(recipe, data, files, options);
  prepare_files(files, options);
  TrainingResult result;
  try {
    run.restore();
    result.finished = run.run();
  } catch (...) {
    forget_empty_history(files);
    throw;
  }
  if (result.finished) {
    result = run.result();
    if (result.network)
      save_network_model(files.model, *result.network);
    else
      save_model(files.model, result.model);
    write_file_atomically(files.history, history_text(result.facts().history));
    std::error_code ignored;
    std::filesystem::remove(files.checkpoint, ignored);
    options.reporter->learned();
  }
  run.clock().write(options.team->size());
  result.seconds = run.clock().seconds();
  return result;
}

}  // namespace harmonium
