// `harmonium sample`: fantasies of a model.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "command.h"
#include "harmonium/base/error.h"
#include "harmonium/io/png.h"
#include "harmonium/io/safetensors.h"
#include "harmonium/render/movie.h"
#include "harmonium/render/sheet.h"
#include "harmonium/samplers/generate.h"

namespace harmonium::app {
namespace {

constexpr std::size_t kMostLooks = 5000;
constexpr double kRareExchange = 0.05;

struct Options {
  std::string model, out, start = "noise", data;
  std::optional<std::size_t> count;
  std::uint64_t steps = 1000;
  std::vector<std::uint64_t> looks;
  std::string label, mix = "gibbs", snapshots, start_state, save_state;
  std::size_t temperatures = 20;
  bool samples = false;
  std::string hidden_out, labels_out;
  std::string movie;
  std::uint64_t every = 0;
  double fps = 10;
};

std::size_t label_number(const Model& model, const std::string& label) {
  for (std::size_t c = 0; c < model.classes.size(); ++c)
    if (model.classes[c] == label) return c;
  if (label.find_first_not_of("0123456789") == std::string::npos && label.size() < 10)
    return std::stoul(label);
  throw InputError("--label " + label + " is no class of this model.");
}

// Of what is wrong or contradicts itself, before anything is made.
void check_options(const Options& o, const Model& model) {
  if (o.start != "noise" && o.start != "data")
    throw InputError("--start " + o.start + " must be noise or data.");
  if (!o.start_state.empty() && (o.start == "data" || !o.data.empty()))
    throw InputError("--start-state says where chains start; leave out --start and --data.");
  if (!o.start_state.empty() && o.count)
    throw InputError("--start-state says how many chains there are; leave out --count.");
  if (!std::is_sorted(o.looks.begin(), o.looks.end()))
    throw InputError("--looks must ascend, as in --looks 0,1,10,100.");
  const auto shape = model_image_shape(model);
  if (!o.out.empty()) check_output_name(o.out, shape);
  for (const std::string& path : {o.hidden_out, o.labels_out})
    if (!path.empty()) check_output_name(path, {});
  if (!o.labels_out.empty() && model.net.label_columns == 0)
    throw InputError("--labels-out needs a model with label units, which this one does not have.");
  if (o.movie.empty()) {
    if (o.every > 0) throw InputError("--every belongs to --movie; --looks names steps to look at.");
    return;
  }
  if (shape.size() != 2)
    throw InputError(o.movie + ": cases of this model are no images, so there is no movie.");
  if (std::filesystem::path(o.movie).extension() != ".gif")
    throw InputError(o.movie + ": a movie ends in .gif.");
  if (!o.looks.empty()) throw InputError("a movie looks --every so many steps; leave out --looks.");
}

std::vector<std::uint64_t> steps_to_look(const Options& o) {
  if (o.movie.empty()) return o.looks.empty() ? std::vector<std::uint64_t>{o.steps} : o.looks;
  const std::uint64_t every = o.every > 0 ? o.every : std::max<std::uint64_t>(1, o.steps / 100);
  if (o.steps / every >= kMostLooks)
    throw InputError("a movie has at most " + std::to_string(kMostLooks) + " frames; raise --every.");
  std::vector<std::uint64_t> steps;
  for (std::uint64_t s = 0; s <= o.steps; s += every) steps.push_back(s);
  return steps;
}

// One movie shows one chain, or one of each class.
std::size_t chains_wanted(const Options& o) {
  if (o.count) return *o.count;
  if (!o.movie.empty()) return 1;
  return o.label == "all" ? 10 : 100;
}

Matrix<float> cases_to_start(const Options& o, const Model& model, FantasyOptions& options,
                             TerminalReporter& reporter, ThreadTeam& team) {
  const std::string source = o.data.empty() ? model.data_name : o.data;
  const Dataset data = load_model_data(model, source, "", options.chains);
  if (data.size() < options.chains)
    reporter.warn("only " + std::to_string(data.size()) + " fantasies: " + source +
                  " has no more cases to start from.");
  if (!options.labels.empty()) options.labels.resize(std::min(options.labels.size(), data.size()));
  return fetch_range(data, 0, options.chains, options.seed, 0, team);
}

Fantasies make_fantasies(const Options& o, const std::optional<ChainState>& state, const Model& model,
                         FantasyOptions& options, TerminalReporter& reporter, ThreadTeam& team) {
  if (state) {
    if (o.label == "all" && state->chains % std::max<std::size_t>(1, model.net.label_columns) == 0)
      options.labels = labels_of_each_class(model.net.label_columns, state->chains / model.net.label_columns);
    return fantasies_from_state(model, *state, options, team);
  }
  if (o.start == "data")
    return fantasies_from_data(model, cases_to_start(o, model, options, reporter, team), options, team);
  return fantasies_from_noise(model, options, team);
}

// Rows of a class beside its name; steps side by side; or a plain sheet.
Image fantasy_sheet(const Options& o, const Model& model, const Fantasies& fantasies, ImageShape shape) {
  std::vector<LabelledRows> sorts;
  if (fantasies.steps.size() > 1) {
    for (std::size_t s = 0; s < fantasies.steps.size(); ++s)
      sorts.push_back({std::to_string(fantasies.steps[s]), fantasies.visible[s]});
    return sheet_of_steps(sorts, shape);
  }
  const ConstMatrixView<float> rows = fantasies.visible.back();
  const std::size_t classes = model.net.label_columns;
  if (o.label != "all" || rows.rows() % classes != 0) return sheet_of_rows(rows, shape);
  SheetOptions sheet;
  sheet.columns = rows.rows() / classes;
  for (std::size_t c = 0; c < classes; ++c)
    sorts.push_back({model.class_name(c), rows.row_block(c * sheet.columns, sheet.columns)});
  return paired_sheet(sorts, shape, sheet);
}

// All looks one after the other.
Matrix<float> stacked(const std::vector<Matrix<float>>& looks) {
  std::size_t rows = 0;
  for (const Matrix<float>& look : looks) rows += look.rows();
  Matrix<float> all(rows, looks.front().cols());
  float* at = all.data();
  for (const Matrix<float>& look : looks) at = std::copy(look.data(), look.data() + look.size(), at);
  return all;
}

std::string write_outputs(const Options& o, const Model& model, const Fantasies& fantasies) {
  const auto shape = model_image_shape(model);
  std::string written;
  if (!o.movie.empty()) {
    MovieOptions movie;
    movie.shape = {shape[0], shape[1]};
    for (std::size_t c = 0; c < model.net.label_columns; ++c) movie.classes.push_back(model.class_name(c));
    write_movie(o.movie, fantasies, movie, o.fps);
    written = o.movie + " and " + movie_sheet_path(o.movie).string();
  }
  const std::string out = o.out.empty() && o.movie.empty() ? "fantasies.png" : o.out;
  if (!out.empty()) {
    if (std::filesystem::path(out).extension() == ".png")
      write_png(out, fantasy_sheet(o, model, fantasies, {shape[0], shape[1]}));
    else
      write_rows(out, stacked(fantasies.visible), shape, "unit");
    written += (written.empty() ? "" : " and ") + out;
  }
  if (!o.hidden_out.empty()) write_rows(o.hidden_out, stacked(fantasies.hidden), {}, "unit");
  if (!o.labels_out.empty()) write_rows(o.labels_out, stacked(fantasies.labels), {}, "class");
  if (!o.save_state.empty()) save_chain_state(o.save_state, fantasies.end);
  return written;
}

// "exchanges accepted: 0.31 to 0.97 (fewest between 4 and 5 of 20)", and a warning where they hardly happen.
std::string exchange_sentence(const Fantasies& fantasies, TerminalReporter& reporter) {
  const auto& rates = fantasies.exchange_rates;
  if (rates.empty()) return {};
  const auto [least, most] = std::minmax_element(rates.begin(), rates.end());
  const auto place = static_cast<std::size_t>(least - rates.begin()) + 1;
  char text[160];
  std::snprintf(text, sizeof text, "exchanges accepted: %.2g to %.2g (fewest between %zu and %zu of %zu)",
                *least, *most, place, place + 1, rates.size() + 1);
  if (*least < kRareExchange)
    reporter.warn(std::string(text) +
                  ": the ladder has a gap, and chains mix little better than by Gibbs steps; " +
                  (fantasies.end.mix == Mix::kTempering
                       ? "raise --temperatures."
                       : "keep more snapshots by train.snapshots when the model is trained."));
  return text;
}

FantasyOptions fantasy_options(const Options& o, const Model& model, std::uint64_t seed) {
  FantasyOptions options;
  options.seed = seed;
  options.steps = steps_to_look(o);
  options.mix = parse_mix(o.mix);
  options.temperatures = o.temperatures;
  options.samples = o.samples;
  options.keep_hidden = !o.movie.empty() || !o.hidden_out.empty();
  options.chains = chains_wanted(o);
  if (o.label == "all") {
    if (model.net.label_columns == 0)
      throw InputError("--label all needs a model with label units, which this one does not have.");
    if (o.start_state.empty()) options.labels = labels_of_each_class(model.net.label_columns, options.chains);
    options.chains *= model.net.label_columns;
  } else if (!o.label.empty()) {
    options.label = label_number(model, o.label);
  }
  return options;
}

Trajectory snapshots_of(const Options& o, const Model& model) {
  if (model.is_machine)
    throw InputError(
        o.model + ": is a deep Boltzmann machine, which keeps no snapshots; use --mix gibbs or tempering.");
  const auto path = o.snapshots.empty() ? trajectory_path(o.model) : std::filesystem::path(o.snapshots);
  if (!std::filesystem::exists(path))
    throw InputError(
        path.string() +
        ": is not there; --mix trajectory needs snapshots, which training keeps with "
        "--snapshots 30 (train.snapshots) or, when all layers learn together, --joint.snapshots 30.");
  return load_trajectory(path, model.net.top());
}

int sample(const Globals& globals, const Options& o) {
  const Model model = load_model(o.model);
  check_options(o, model);
  ThreadTeam team(globals.threads);
  TerminalReporter reporter(globals.quiet);
  FantasyOptions options = fantasy_options(o, model, globals.seed.value_or(1));
  options.progress = [&reporter](double fraction) { reporter.working("sampling", fraction); };
  std::optional<ChainState> state;
  if (!o.start_state.empty()) state = load_chain_state(o.start_state);
  Trajectory trajectory;
  if (options.mix == Mix::kTrajectory || (state && state->mix == Mix::kTrajectory)) {
    trajectory = snapshots_of(o, model);
    options.trajectory = &trajectory;
  }
  const Fantasies fantasies = make_fantasies(o, state, model, options, reporter, team);
  const std::string written = write_outputs(o, model, fantasies);
  const std::string exchanges = exchange_sentence(fantasies, reporter);
  const std::string start = o.start_state.empty() ? o.start : o.start_state;
  if (globals.json) {
    Json json = {{"file", written},
                 {"fantasies", fantasies.visible.back().rows()},
                 {"steps", fantasies.steps.back()},
                 {"start", start},
                 {"mix", mix_name(fantasies.end.mix)},
                 {"seed", std::to_string(fantasies.end.seed)}};
    if (!exchanges.empty()) json["exchange_rates"] = fantasies.exchange_rates;
    print_json(json);
    return 0;
  }
  std::printf("%s: %zu fantasies after %llu Gibbs steps from %s\n", written.c_str(),
              fantasies.visible.back().rows(), static_cast<unsigned long long>(fantasies.steps.back()),
              start.c_str());
  if (!exchanges.empty()) std::printf("%s\n", exchanges.c_str());
  return 0;
}

void add_chain_options(CLI::App& command, Options& o) {
  command
      .add_option("-n,--count", o.count, "chains, one fantasy each (100; 10 of each class; 1 for a movie)")
      ->check(whole_number(1, 1000000));
  command
      .add_option("--steps", o.steps,
                  "Gibbs steps (of all layers, in a deep Boltzmann machine; else in the top RBM)")
      ->check(whole_number(0))
      ->capture_default_str();
  command.add_option("--label", o.label,
                     "class to dream of, where the model has label units; all: each of them");
  command.add_option("--start", o.start, "where chains start: noise or data")->capture_default_str();
  command.add_option("--data", o.data, "cases to start from (default: the training data)");
  command.add_option("--start-state", o.start_state, "go on with chains that --save-state put aside");
  command.add_option("--save-state", o.save_state,
                     "put the chains aside (.safetensors), to go on bit for bit");
  command
      .add_option(
          "--mix", o.mix,
          "gibbs; tempering: exchanges between temperatures; trajectory: exchanges with the snapshots "
          "of training")
      ->check(CLI::IsMember({"gibbs", "tempering", "trajectory"}))
      ->capture_default_str();
  command.add_option("--temperatures", o.temperatures, "of --mix tempering")
      ->check(whole_number(2, 1000))
      ->capture_default_str();
  command.add_option("--snapshots", o.snapshots,
                     "of --mix trajectory (default: MODEL.snapshots.safetensors)");
}

void add_output_options(CLI::App& command, Options& o) {
  command.add_option("--out", o.out, "file to write: .png, .npy or .csv (fantasies.png)");
  command.add_option("--looks", o.looks, "steps to look after, as in 0,1,10,100: a strip, one column each")
      ->delimiter(',');
  command.add_flag("--samples", o.samples, "sampled values in place of probabilities (means)");
  command.add_option("--hidden-out", o.hidden_out, "also the states of the top layer, as .npy or .csv");
  command.add_option("--labels-out", o.labels_out, "also the probabilities of the label units, likewise");
  command.add_option("--movie", o.movie,
                     "a GIF of the chains with the top layer beside them, and a sheet as PNG");
  command.add_option("--every", o.every, "steps between frames (a hundredth of --steps)")
      ->check(whole_number(1));
  command.add_option("--fps", o.fps, "frames a second")->check(CLI::Range(0.1, 100.0))->capture_default_str();
}

}  // namespace

void add_sample(CLI::App& app, Globals& globals, Action& action) {
  auto* command = app.add_subcommand("sample", "fantasies of a model, as .png, .npy, .csv or a movie");
  auto o = std::make_shared<Options>();
  command->add_option("MODEL", o->model, "a model file")->required();
  add_chain_options(*command, *o);
  add_output_options(*command, *o);
  command->footer(
      "Examples:\n"
      "  harmonium sample model.safetensors -n 100 --steps 1000 --out fantasies.png\n"
      "  harmonium sample model.safetensors --label all -n 10 --out classes.png\n"
      "  harmonium sample model.safetensors --start data -n 10 --looks 0,1,10,100,1000 --out drift.png\n"
      "  harmonium sample model.safetensors --label all --movie dreams.gif --steps 500 --every 5");
  command->callback([&globals, &action, o] { action = [&globals, o] { return sample(globals, *o); }; });
}

}  // namespace harmonium::app
