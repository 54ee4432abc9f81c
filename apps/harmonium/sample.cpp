// `harmonium sample`: fantasies of a model.
#include <cstdio>

#include "command.h"
#include "harmonium/base/error.h"
#include "harmonium/samplers/generate.h"

namespace harmonium::app {
namespace {

struct Options {
  std::string model, out = "fantasies.png", start = "noise", data;
  std::size_t count = 100;
  std::uint64_t steps = 1000;
  std::string label;
};

std::size_t label_number(const Model& model, const std::string& label) {
  for (std::size_t c = 0; c < model.classes.size(); ++c)
    if (model.classes[c] == label) return c;
  if (label.find_first_not_of("0123456789") == std::string::npos && label.size() < 10)
    return std::stoul(label);
  throw InputError("--label " + label + " is no class of this model.");
}

int sample(const Globals& globals, const Options& o) {
  const Model model = load_model(o.model);
  ThreadTeam team(globals.threads);
  TerminalReporter reporter(globals.quiet);
  if (o.start != "noise" && o.start != "data")
    throw InputError("--start " + o.start + " must be noise or data.");
  FantasyOptions options;
  options.chains = o.count;
  options.seed = globals.seed.value_or(1);
  check_output_name(o.out, model_image_shape(model));
  if (!o.label.empty()) options.label = label_number(model, o.label);
  options.steps = {o.steps};
  options.progress = [&reporter](double fraction) { reporter.working("sampling", fraction); };

  Matrix<float> visible;
  if (o.start == "data") {
    const std::string source = o.data.empty() ? model.data_name : o.data;
    const Dataset data = load_model_data(model, source, "", o.count);
    if (data.size() < o.count)
      reporter.warn("only " + std::to_string(data.size()) + " fantasies: " + source +
                    " has no more cases to start from.");
    const auto cases = fetch_range(data, 0, o.count, options.seed, 0, team);
    visible = fantasies_from_data(model.net, cases, options, team).visible.back();
  } else {
    visible = fantasies_from_noise(model.net, options, team).visible.back();
  }
  write_rows(o.out, visible, model_image_shape(model), "unit");
  if (globals.json)
    print_json({{"file", o.out},
                {"fantasies", visible.rows()},
                {"steps", o.steps},
                {"start", o.start},
                {"seed", std::to_string(options.seed)}});
  else
    std::printf("%s: %zu fantasies after %llu Gibbs steps from %s\n", o.out.c_str(), visible.rows(),
                static_cast<unsigned long long>(o.steps), o.start.c_str());
  return 0;
}

}  // namespace

void add_sample(CLI::App& app, Globals& globals, Action& action) {
  auto* command = app.add_subcommand("sample", "fantasies of a model, as .png, .npy or .csv");
  auto o = std::make_shared<Options>();
  command->add_option("MODEL", o->model, "a model file")->required();
  command->add_option("-n,--count", o->count, "number of chains, one fantasy each")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1000000}))
      ->capture_default_str();
  command->add_option("--steps", o->steps, "Gibbs steps in the top RBM")
      ->check(whole_number(0))
      ->capture_default_str();
  command->add_option("--label", o->label, "class to dream of, where the model has label units");
  command->add_option("--start", o->start, "where chains start: noise or data")->capture_default_str();
  command->add_option("--data", o->data, "cases to start from (default: the training data)");
  command->add_option("--out", o->out, "file to write")->capture_default_str();
  command->footer("Example:\n  harmonium sample model.safetensors -n 100 --steps 1000 --out fantasies.png");
  command->callback([&globals, &action, o] { action = [&globals, o] { return sample(globals, *o); }; });
}

}  // namespace harmonium::app
