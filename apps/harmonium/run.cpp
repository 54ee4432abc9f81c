// `harmonium run`: a whole experiment from a recipe.
#include <cstdio>

#include "command.h"
#include "harmonium/base/error.h"
#include "harmonium/recipe/key_help.h"
#include "harmonium/recipe/run.h"

namespace harmonium::app {
namespace {

struct Options {
  std::string recipe, out;
  std::vector<std::string> set;
  bool resume = false, force = false, keys = false;
};

void print_result(const RunResult& result) {
  print_measurements(result.measurements);
  for (const std::string& sentence : result.warnings)
    std::printf("warning: %s\n", typed_minus(sentence).c_str());
  std::printf("\nIn %s:\n", result.folder.c_str());
  for (const auto& file : result.files) std::printf("  %s\n", file.c_str());
  const auto model = result.folder / "model.safetensors";
  std::error_code ignored;
  if (!std::filesystem::exists(model, ignored)) return;
  const std::string use =
      !result.task ? "sample " + model.string() + " -n 100 --steps 1000 --out fantasies.png"
      : *result.task == NetworkTask::kClassify ? "classify " + model.string() + " DATA --out labels.csv"
                                               : "reconstruct " + model.string() + " DATA --out back.npy";
  std::printf(
      "\nNext, for example:\n"
      "  open %s in a browser\n"
      "  harmonium %s\n"
      "  harmonium inspect %s\n",
      (result.folder / "report.html").c_str(), use.c_str(), model.c_str());
}

Json result_json(const RunResult& result) {
  Json json = {{"finished", result.finished},
               {"folder", result.folder.string()},
               {"measures", measurements_json(result.measurements)},
               {"warnings", result.warnings},
               {"files", Json::array()}};
  for (const auto& file : result.files) json["files"].push_back(file.string());
  return json;
}

int print_keys(const Globals& globals) {
  if (!globals.json) {
    std::fputs(key_tables_markdown().c_str(), stdout);
    return 0;
  }
  Json json = Json::array();
  for (const KeyTable& table : key_tables())
    for (const KeyHelp& key : table.keys)
      json.push_back({{"table", table.title},
                      {"key", key.path},
                      {"default", key.default_value},
                      {"values", key.values},
                      {"help", key.help}});
  print_json({{"keys", json}});
  return 0;
}

int run(const Globals& globals, const Options& o) {
  if (o.keys) return print_keys(globals);
  if (o.recipe.empty()) throw InputError("RECIPE is required (see `harmonium run --help`)");
  Recipe recipe = load_recipe(o.recipe);
  for (const std::string& setting : o.set) apply_setting(recipe, setting);
  // A seed that is asked for stands in the place of all seeds of a sweep.
  if (globals.seed) recipe.seed = *globals.seed, recipe.sweep_seeds.clear();
  if (!globals.precision.empty()) set_recipe_key(recipe, "train.precision", globals.precision);
  ThreadTeam team(globals.threads);
  TerminalReporter reporter(globals.quiet, globals.can_save);
  RunOptions options{o.resume, o.force, &team, &reporter, globals.stop, globals.command_line};
  const auto folder =
      o.out.empty() ? std::filesystem::path("runs") / recipe.name : std::filesystem::path(o.out);
  const RunResult result = run_recipe(recipe, folder, options);
  if (!result.finished) return say_stopped(o.force);
  if (globals.json)
    print_json(result_json(result));
  else
    print_result(result);
  return 0;
}

}  // namespace

void add_run(CLI::App& app, Globals& globals, Action& action) {
  auto* command =
      app.add_subcommand("run", "the whole experiment of a recipe: data, training, measures, report");
  auto o = std::make_shared<Options>();
  command->add_option("RECIPE", o->recipe, "a recipe as TOML, see recipes/ and docs/recipes.md");
  command->add_option("--out", o->out, "folder for model, report and pictures (default: runs/NAME)");
  command->add_option("--set", o->set, "KEY=VALUE changes a key of the recipe; may be repeated")
      ->allow_extra_args(false);
  command->add_flag("--resume", o->resume, "go on with an unfinished run in the same folder");
  command->add_flag("--force", o->force, "train anew over a finished or unfinished run");
  command->add_flag("--keys", o->keys, "run nothing: print every key of recipes, with default and values");
  command->footer(
      "Examples:\n  harmonium run recipes/mnist-dbn.toml --out runs/mnist-dbn --set train.epochs=2\n"
      "  harmonium run --keys");
  command->callback([&globals, &action, o] { action = [&globals, o] { return run(globals, *o); }; });
}

}  // namespace harmonium::app
