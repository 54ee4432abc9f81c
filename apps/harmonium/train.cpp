// `harmonium train`: the same as a recipe's training, from options.
#include <algorithm>
#include <cstdio>
#include <map>

#include "command.h"
#include "harmonium/base/error.h"
#include "harmonium/recipe/training.h"

namespace harmonium::app {
namespace {

struct Options {
  std::string data, out;
  bool resume = false, force = false;
  std::map<std::string, std::string> keys;  // recipe key and its value as typed
  std::vector<std::string> set;
};

std::string layers_text(const TrainingResult& result) {
  return result.network ? result.network->network.to_string() : layers_to_string(result.model.net.layers());
}

std::string kind_text(const TrainingResult& result) {
  if (!result.network) return result.model.kind();
  return result.network->task == NetworkTask::kClassify ? "a classifier" : "an autoencoder";
}

const char* next_command(const TrainingResult& result) {
  if (!result.network) return "evaluate";
  return result.network->task == NetworkTask::kClassify ? "classify" : "reconstruct --out back.npy";
}

void print_result(const Options& o, const TrainingResult& result) {
  if (!result.facts().history.empty())
    for (const auto& [name, value] : result.facts().history.back().measures)
      std::printf("%-32s %.6g\n", name.c_str(), value);
  std::printf("\n%s: %s, %s\nhistory: %s\n", o.out.c_str(), kind_text(result).c_str(),
              layers_text(result).c_str(), TrainingFiles::beside(o.out).history.c_str());
  std::printf("Next, for example:\n  harmonium %s %s %s\n  harmonium inspect %s\n", next_command(result),
              o.out.c_str(), o.data.c_str(), o.out.c_str());
}

Json result_json(const Options& o, const TrainingResult& result) {
  Json json = {{"model", o.out},
               {"history", TrainingFiles::beside(o.out).history.string()},
               {"layers", layers_text(result)},
               {"seconds", result.seconds},
               {"last_measures", Json::object()},
               {"warnings", Json::array()}};
  if (result.facts().history.empty()) return json;
  for (const auto& [name, value] : result.facts().history.back().measures)
    json["last_measures"][name] = value;
  json["warnings"] = result.facts().history.back().warnings;
  return json;
}

int train(const Globals& globals, const Options& o) {
  Recipe recipe;
  recipe.data.train = o.data;
  for (const auto& [key, text] : o.keys) set_recipe_key(recipe, key, text);
  for (const std::string& setting : o.set) apply_setting(recipe, setting);
  if (globals.seed) recipe.seed = *globals.seed;
  if (!globals.precision.empty()) set_recipe_key(recipe, "train.precision", globals.precision);
  ThreadTeam team(globals.threads);
  TerminalReporter reporter(globals.quiet, globals.can_save);
  const RunOptions options{o.resume, o.force, &team, &reporter, globals.stop, globals.command_line};
  const RecipeData data = load_recipe_data(recipe, reporter);
  const TrainingResult result = train_model(recipe, data, TrainingFiles::beside(o.out), options);
  if (!result.finished) return say_stopped(o.force);
  if (globals.json)
    print_json(result_json(o, result));
  else
    print_result(o, result);
  return 0;
}

// "--train.rate" and, where no other key ends like it, "--rate". "--precision" is an option of every command;
// keys of [joint] are those of [train] once more, and tables within tables have words of their own
// ([measure.mixing] has chains too): both are spelled out.
std::string option_names(const std::string& path, const std::vector<RecipeKey>& keys) {
  const auto last = [](const std::string& key) { return key.substr(key.rfind('.') + 1); };
  const auto spelled_out = [&](const std::string& key) {
    return key.starts_with("joint.") || key.starts_with("fine_tune.") || key.find('.') != key.rfind('.') ||
           last(key) == "precision";
  };
  const auto alike = std::count_if(keys.begin(), keys.end(), [&](const RecipeKey& key) {
    return !spelled_out(key.path) && last(key.path) == last(path);
  });
  return (alike == 1 && !spelled_out(path) ? "--" + last(path) + "," : "") + "--" + path;
}

void add_key_options(CLI::App& command, Options& o) {
  const std::vector<RecipeKey> keys = recipe_keys();
  static constexpr std::pair<const char*, const char*> kGroups[] = {
      {"data.", "Data"},
      {"model.", "Model"},
      {"train.", "Learning"},
      {"joint.", "Learning all layers together"},
      {"fine_tune.", "Fine-tuning by back-propagation"}};
  for (const RecipeKey& key : keys)
    for (const auto& [prefix, group] : kGroups) {
      if (!key.path.starts_with(prefix) || key.path == "data.train") continue;
      const std::string help = key.help + (key.default_value.empty() ? "" : " [" + key.default_value + "]");
      command
          .add_option_function<std::string>(
              option_names(key.path, keys),
              [&o, path = key.path](const std::string& text) { o.keys[path] = text; }, help)
          ->take_last()
          ->group(group)
          ->type_name("");
    }
}

}  // namespace

void add_train(CLI::App& app, Globals& globals, Action& action) {
  auto* command = app.add_subcommand(
      "train",
      "trains an RBM or a stack of them; the recipe keys of data, model and learning are its options");
  auto o = std::make_shared<Options>();
  command->add_option("DATA", o->data, "a named data set (`harmonium data list`) or a path")->required();
  command->add_option("--out", o->out, "the model file to write, e.g. model.safetensors")->required();
  command->add_flag("--resume", o->resume, "go on from MODEL.checkpoint where it is there");
  command->add_flag("--force", o->force, "train anew over a finished or unfinished model");
  command->add_option("--set", o->set, "KEY=VALUE sets any recipe key, as in --set layer.2.epochs=20")
      ->allow_extra_args(false);
  add_key_options(*command, *o);
  command->footer(
      "Example:\n  harmonium train mnist --layers \"data - 500 - 500\" --epochs 10 --rate 0.1 --out "
      "digits.safetensors");
  command->callback([&globals, &action, o] { action = [&globals, o] { return train(globals, *o); }; });
}

}  // namespace harmonium::app
