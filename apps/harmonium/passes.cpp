// `harmonium reconstruct` and `harmonium encode`: what the layers make of cases.
#include <algorithm>
#include <cstdio>
#include <functional>

#include "command.h"
#include "harmonium/base/error.h"
#include "harmonium/io/png.h"
#include "harmonium/measure/reconstruction.h"
#include "harmonium/models/completion.h"
#include "harmonium/models/mean_field.h"
#include "harmonium/render/sheet.h"

namespace harmonium::app {
namespace {

constexpr std::size_t kCompletionSweeps = 10, kPairsShown = 200;

struct Options : CaseOptions {
  std::string out;
  std::size_t layer = 0;
  bool samples = false;
};

// What one piece of cases becomes, through `layer` and back.
struct Way {
  std::size_t layer;
  std::function<Matrix<float>(const Matrix<float>&)> there_and_back;
};

Way way_through(const Model& model, const Options& o, ThreadTeam& team) {
  if (model.is_machine && o.layer > 0)
    throw InputError(
        "--layer is not for a deep Boltzmann machine, whose layers all take part in a "
        "reconstruction; leave it out.");
  const std::size_t layer = wanted_layer(model, o.layer);
  return {layer, [&model, &team, layer](const Matrix<float>& cases) {
            return model.is_machine ? reconstruct(model, cases, team)
                                    : reconstruct(model.net, layer, cases, team);
          }};
}

Way way_through(const NetworkModel& model, const Options& o, ThreadTeam& team) {
  if (model.task != NetworkTask::kReconstruct)
    throw InputError(
        o.model +
        ": is a classifier, which gives no case back; give its stack (MODEL.stack.safetensors), or "
        "learn an autoencoder (--fine_tune.task reconstruct).");
  if (o.layer > 0 && o.layer != model.code_layer())
    throw InputError("--layer " + std::to_string(o.layer) +
                     " is not where an autoencoder turns round; its code is layer " +
                     std::to_string(model.code_layer()) + ".");
  return {model.code_layer(),
          [&model, &team](const Matrix<float>& cases) { return forward(model.network, cases, team); }};
}

std::size_t data_columns(const Model& model) {
  return model.net.columns(0);
}
std::size_t data_columns(const NetworkModel& model) {
  return model.network.inputs();
}

template <class AModel>
int reconstruct_cases(const Globals& globals, const Options& o, const AModel& model) {
  ThreadTeam team(globals.threads);
  const Way way = way_through(model, o, team);
  const auto shape = model_image_shape(model);
  check_output_name(o.out, shape);
  TerminalReporter reporter(globals.quiet);
  const Dataset data = load_model_data(model, o.data, o.part, o.limit);
  const std::uint64_t seed = globals.seed.value_or(1);
  double error = 0;
  const auto back = in_pieces<float>(data, data_columns(model), seed, team, reporter, "reconstructing",
                                     [&](const Matrix<float>& cases, std::size_t) {
                                       auto piece = way.there_and_back(cases);
                                       error +=
                                           squared_error(cases, piece) * static_cast<double>(cases.rows());
                                       return piece;
                                     });
  error /= static_cast<double>(std::max<std::size_t>(data.size(), 1));
  if (std::filesystem::path(o.out).extension() == ".png" && shape.size() == 2) {
    const std::size_t shown = std::min(kPairsShown, data.size());
    const auto cases = fetch_range(data, 0, shown, seed, 0, team);
    const std::vector<LabelledRows> rows = {{"data", cases}, {"back", back.view().row_block(0, shown)}};
    write_png(o.out, paired_sheet(rows, {shape[0], shape[1]}));
  } else {
    write_rows(o.out, back, shape, "unit");
  }
  if (globals.json)
    print_json(
        {{"file", o.out}, {"cases", data.size()}, {"layer", way.layer}, {"squared_error_per_case", error}});
  else
    std::printf("%s: %zu cases through layer %zu and back, squared error per case %.6g\n", o.out.c_str(),
                data.size(), way.layer, error);
  return 0;
}

int reconstruct_cases(const Globals& globals, const Options& o) {
  return std::visit([&](const auto& model) { return reconstruct_cases(globals, o, model); },
                    load_any_model(o.model));
}

// What one piece of cases is in layer `layer`: mean field in a deep Boltzmann machine, else an up-pass.
Matrix<float> codes_of(const Model& model, std::size_t layer, const Matrix<float>& cases, std::size_t first,
                       States states, std::uint64_t seed, ThreadTeam& team) {
  if (model.is_machine) return std::move(mean_field(machine_of(model.net), cases, {}, team).means[layer - 1]);
  std::vector<std::uint64_t> numbers(cases.rows());
  for (std::size_t r = 0; r < numbers.size(); ++r) numbers[r] = first + r;
  return up_pass(model.net, 0, layer, complete_missing(model.net.rbms.front(), cases, kCompletionSweeps),
                 states, Noise(seed, Stream::kUpPass, 0), numbers, team);
}

// The layer, and what its columns are called.
struct Codes {
  Matrix<float> values;
  std::size_t layer = 0;
  const char* what = "means";
};

Codes encode(const Globals& globals, const Options& o, const Model& model, ThreadTeam& team,
             Reporter& reporter) {
  if (model.is_machine && o.samples)
    throw InputError(
        "--samples is not for a deep Boltzmann machine, whose codes are the means of mean field; "
        "leave it out.");
  const std::size_t layer = wanted_layer(model, o.layer);
  const Dataset data = load_model_data(model, o.data, o.part, o.limit);
  const std::uint64_t seed = globals.seed.value_or(1);
  const States states = o.samples ? States::kSamples : States::kMeans;
  const std::size_t columns =
      model.net.layer(layer).columns() - (layer + 1 == model.net.depth() ? model.net.label_columns : 0);
  return {in_pieces<float>(data, columns, seed, team, reporter, "encoding",
                           [&](const Matrix<float>& cases, std::size_t first) {
                             return codes_of(model, layer, cases, first, states, seed, team);
                           }),
          layer, o.samples ? "samples" : "means"};
}

// The layer of codes, unless another is wanted.
Codes encode(const Globals& globals, const Options& o, const NetworkModel& model, ThreadTeam& team,
             Reporter& reporter) {
  const std::size_t layers = model.network.layers.size(), layer = o.layer > 0 ? o.layer : model.code_layer();
  if (o.samples)
    throw InputError("--samples is not for a feed-forward net, whose outputs are no states; leave it out.");
  if (layer > layers)
    throw InputError("--layer " + std::to_string(layer) + " is not there; the net has layers 1 to " +
                     std::to_string(layers) + " above the data.");
  const Dataset data = load_model_data(model, o.data, o.part, o.limit);
  return {in_pieces<float>(data, model.network.layers[layer - 1].bias.size(), globals.seed.value_or(1), team,
                           reporter, "encoding",
                           [&](const Matrix<float>& cases, std::size_t) {
                             return forward(model.network, cases, layer, team);
                           }),
          layer, "outputs"};
}

int encode_cases(const Globals& globals, const Options& o) {
  const AnyModel model = load_any_model(o.model);
  check_output_name(o.out, {});
  ThreadTeam team(globals.threads);
  TerminalReporter reporter(globals.quiet);
  const Codes codes =
      std::visit([&](const auto& own) { return encode(globals, o, own, team, reporter); }, model);
  write_rows(o.out, codes.values, {}, "code");
  if (globals.json)
    print_json({{"file", o.out},
                {"cases", codes.values.rows()},
                {"layer", codes.layer},
                {"columns", codes.values.cols()}});
  else
    std::printf("%s: %zu cases as %zu %s of layer %zu\n", o.out.c_str(), codes.values.rows(),
                codes.values.cols(), codes.what, codes.layer);
  return 0;
}

std::shared_ptr<Options> add_options(CLI::App& command, const char* out_help) {
  auto o = std::make_shared<Options>();
  add_cases(command, *o);
  command
      .add_option("--layer", o->layer,
                  "layer above the data, from 1; 0 is the top, or the code of a feed-forward net")
      ->check(whole_number(0));
  command.add_option("--out", o->out, out_help)->required();
  return o;
}

}  // namespace

void add_reconstruct(CLI::App& app, Globals& globals, Action& action) {
  auto* command = app.add_subcommand("reconstruct", "up to a layer and back: the means of the visible layer");
  auto o = add_options(*command, "file to write: .npy, .csv, or .png with data above reconstructions");
  command->footer(
      "Example:\n  harmonium reconstruct model.safetensors mnist --part test --limit 20 --out back.png");
  command->callback(
      [&globals, &action, o] { action = [&globals, o] { return reconstruct_cases(globals, *o); }; });
}

void add_encode(CLI::App& app, Globals& globals, Action& action) {
  auto* command = app.add_subcommand("encode", "cases as activities of a hidden layer");
  auto o = add_options(*command, "file to write: .npy or .csv");
  command->add_flag("--samples", o->samples, "samples instead of means");
  command->footer(
      "Example:\n  harmonium encode model.safetensors mnist --part test --layer 2 --out codes.npy");
  command->callback([&globals, &action, o] { action = [&globals, o] { return encode_cases(globals, *o); }; });
}

}  // namespace harmonium::app
