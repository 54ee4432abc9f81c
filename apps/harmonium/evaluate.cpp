// `harmonium evaluate`: how good a model is on cases.
#include <cstdio>
#include <string_view>
#include <utility>

#include "command.h"
#include "harmonium/base/error.h"
#include "harmonium/recipe/run.h"

namespace harmonium::app {
namespace {

struct Options {
  std::string model, data, part;
  std::size_t cases = 10000;
  LikelihoodPlan plan;
  std::size_t net_cases = 0, net_samples = 1000, net_temperatures = 1;
  bool pseudo = false;
};

// The unnormalised part of the log-likelihood, for what has no log Z within reach too.
void add_free_energy(const Model& model, const Dataset& data, const Recipe& recipe, ThreadTeam& team,
                     std::vector<Measurement>& measurements) {
  const Rbm& rbm = model.net.rbms.front();
  const bool alone = !model.is_machine && model.net.depth() == 1 && model.net.label_columns == 0;
  if (!alone || data.has_missing() || !rbm.visible.spec.has_energy() || !rbm.hidden.spec.has_energy()) return;
  std::vector<double> energies;
  fetch_pieces(data, recipe.measure.cases, recipe.measure.binarise_seed, 0, team,
               [&](std::size_t, const Matrix<float>& cases) {
                 const auto piece = free_energy(rbm, cases, team);
                 energies.insert(energies.end(), piece.begin(), piece.end());
               });
  measurements.push_back(mean_measurement("free_energy", energies, "nats", "-log p - log Z"));
}

// Warnings name the keys of a recipe; here they are options.
std::vector<std::string> with_options(std::vector<std::string> warnings) {
  constexpr std::pair<std::string_view, std::string_view> kOptions[] = {
      {"measure.annealing_runs", "--runs"},
      {"measure.annealing_temperatures", "--temperatures"},
      {"measure.net_samples", "--net-samples"},
      {"measure.net_temperatures", "--net-temperatures"},
  };
  for (std::string& sentence : warnings)
    for (const auto& [key, option] : kOptions)
      for (std::size_t at = 0; (at = sentence.find(key, at)) != std::string::npos; at += option.size())
        sentence.replace(at, key.size(), option);
  return warnings;
}

int evaluate(const Globals& globals, const Options& o) {
  const Model model = load_model(o.model);
  ThreadTeam team(globals.threads);
  TerminalReporter reporter(globals.quiet);
  const Dataset data = load_model_data(model, o.data, o.part, o.cases);
  Recipe recipe;
  recipe.is_machine = model.is_machine;
  recipe.seed = globals.seed.value_or(1);
  recipe.measure.likelihood = o.plan.how;
  recipe.measure.annealing_runs = o.plan.runs;
  recipe.measure.annealing_temperatures = o.plan.temperatures;
  recipe.measure.annealing_schedule = o.plan.schedule;
  recipe.measure.raise_cases = o.plan.raise_cases;
  recipe.measure.raise_temperatures = o.plan.raise_temperatures;
  recipe.measure.raise_chains = o.plan.raise_chains;
  recipe.measure.net_cases = o.net_cases;
  recipe.measure.net_samples = o.net_samples;
  recipe.measure.net_temperatures = o.net_temperatures;
  recipe.measure.pseudo_likelihood = o.pseudo;
  recipe.measure.cases = o.cases;
  MeasureResult result = measure_model(recipe, RecipeData{data, {}, {}}, model, team, reporter);
  result.warnings = with_options(std::move(result.warnings));
  std::vector<std::string> all_warnings = data.warnings();
  all_warnings.insert(all_warnings.end(), result.warnings.begin(), result.warnings.end());
  // The cases given are neither training nor test cases of this command.
  std::vector<Measurement> measurements = result.measurements;
  for (Measurement& m : measurements)
    if (m.name.starts_with("train_")) m.name.erase(0, 6);
  add_free_energy(model, data, recipe, team, measurements);
  if (globals.json) {
    print_json({{"model", o.model},
                {"data", data.description()},
                {"cases", data.size()},
                {"measures", measurements_json(measurements)},
                {"warnings", all_warnings}});
  } else {
    print_measurements(measurements);
    for (const std::string& sentence : result.warnings)
      std::fprintf(stderr, "warning: %s\n", typed_minus(sentence).c_str());
  }
  return 0;
}

}  // namespace

void add_evaluate(CLI::App& app, Globals& globals, Action& action) {
  auto* command =
      app.add_subcommand("evaluate", "log-likelihood, reconstruction error and more, on given cases");
  auto o = std::make_shared<Options>();
  command->add_option("MODEL", o->model, "a model file")->required();
  command->add_option("DATA", o->data, "a named data set or a path; read as the model's own data were")
      ->required();
  command->add_option("--part", o->part, "part of a named data set: train or test");
  command->add_option("--cases", o->cases, "measure the first so many")
      ->check(whole_number(1))
      ->capture_default_str();
  command->add_option("--likelihood", o->plan.how, "auto, exact (summed), annealed (estimated) or none")
      ->check(CLI::IsMember({"auto", "exact", "annealed", "none"}))
      ->capture_default_str();
  command->add_option("--runs", o->plan.runs, "runs of annealed importance sampling")
      ->check(whole_number(1))
      ->capture_default_str();
  command->add_option("--temperatures", o->plan.temperatures, "temperatures of annealed importance sampling")
      ->check(whole_number(4))
      ->capture_default_str();
  command->add_option("--schedule", o->plan.schedule, "where they lie: adaptive, standard or uniform")
      ->check(CLI::IsMember({"adaptive", "standard", "uniform"}))
      ->capture_default_str();
  command
      ->add_option("--raise-cases", o->plan.raise_cases,
                   "cases bounded from below too, by annealing in reverse; 0 is off")
      ->check(whole_number(0))
      ->capture_default_str();
  command->add_option("--raise-temperatures", o->plan.raise_temperatures, "its temperatures; 0: as many")
      ->check(whole_number(0))
      ->capture_default_str();
  command->add_option("--raise-chains", o->plan.raise_chains, "its chains for each case")
      ->check(whole_number(1))
      ->capture_default_str();
  command
      ->add_option("--net-cases", o->net_cases,
                   "of a stack of RBMs: cases, at most; 0: none where --likelihood is auto, else 500")
      ->capture_default_str();
  command->add_option("--net-samples", o->net_samples, "of a stack of RBMs: up-passes that weigh each case")
      ->check(whole_number(1))
      ->capture_default_str();
  command
      ->add_option("--net-temperatures", o->net_temperatures,
                   "of a stack of RBMs: steps of annealing from each up-pass to the posterior")
      ->check(whole_number(1))
      ->capture_default_str();
  command->add_flag("--pseudo", o->pseudo, "also the pseudo-log-likelihood");
  command->footer("Example:\n  harmonium evaluate model.safetensors mnist --part test --json");
  command->callback([&globals, &action, o] { action = [&globals, o] { return evaluate(globals, *o); }; });
}

}  // namespace harmonium::app
