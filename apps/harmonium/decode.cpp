// `harmonium decode`: from codes, which `encode` or anybody else has written, back to cases.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "command.h"
#include "harmonium/base/error.h"
#include "harmonium/io/csv.h"
#include "harmonium/io/npy.h"

namespace harmonium::app {
namespace {

struct Options {
  std::string model, codes, out;
  std::size_t layer = 0;
};

Matrix<float> codes_of_npy(const std::string& path) {
  const NumericArray array = read_npy(path);
  Matrix<float> codes(array.rows(), array.row_size());
  for (std::size_t i = 0; i < array.size(); ++i) codes.data()[i] = static_cast<float>(array.value(i));
  return codes;
}

bool is_number(const std::string& cell, float& number) {
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), number);
  return error == std::errc() && end == cell.data() + cell.size();
}

[[noreturn]] void refuse_cell(const std::string& path, std::size_t line, const std::string& cell) {
  throw InputError(path + ":" + std::to_string(line) + ": \"" + cell +
                   "\" is no number; codes are a line of column names and then a line of numbers a case.");
}

Matrix<float> codes_of_csv(const std::string& path) {
  const CsvTable table = read_csv(path);
  float number = 0;
  if (std::all_of(table.header.begin(), table.header.end(),
                  [&](const std::string& cell) { return is_number(cell, number); }))
    throw InputError(
        path + ":1: is a line of numbers, where the names of columns belong; put a line of names first.");
  Matrix<float> codes(table.rows.size(), table.header.size());
  for (std::size_t r = 0; r < codes.rows(); ++r)
    for (std::size_t j = 0; j < codes.cols(); ++j) {
      const std::string& cell = table.rows[r].cells[j];
      if (!is_number(cell, codes(r, j))) refuse_cell(path, table.rows[r].line, cell);
    }
  return codes;
}

Matrix<float> read_codes(const std::string& path) {
  const std::string ending = std::filesystem::path(path).extension().string();
  if (ending != ".npy" && ending != ".csv")
    throw InputError(path + ": codes are read from a .npy or .csv file, as `harmonium encode` writes them.");
  Matrix<float> codes = ending == ".npy" ? codes_of_npy(path) : codes_of_csv(path);
  if (codes.rows() == 0) throw InputError(path + ": has no codes.");
  for (std::size_t r = 0; r < codes.rows(); ++r)
    for (const float value : codes.row(r))
      if (!std::isfinite(value))
        throw InputError(path + ": code " + std::to_string(r + 1) + " has a value that is no finite number.");
  return codes;
}

void check_width(const Options& o, std::size_t layer, std::size_t columns, const Matrix<float>& codes) {
  if (codes.cols() != columns)
    throw InputError(o.codes + ": has " + std::to_string(codes.cols()) + " numbers a code, but layer " +
                     std::to_string(layer) + " of the model has " + std::to_string(columns) + " units.");
}

// Means go down.
Matrix<float> decoded(const Options& o, const Model& model, const Matrix<float>& codes, ThreadTeam& team) {
  if (model.is_machine)
    throw InputError(
        o.model +
        ": is a deep Boltzmann machine, whose layers have no pass down; give a stack of RBMs or an "
        "autoencoder.");
  if (model.net.layer(0).spec.has_open_length())
    throw InputError(o.model +
                     ": is of documents, whose lengths are not in their codes; `harmonium reconstruct` knows "
                     "them.");
  const std::size_t layer = wanted_layer(model, o.layer);
  check_width(o, layer, model.net.columns(layer), codes);
  return down_pass(model.net, layer, 0, codes, States::kMeans, Noise(0, Stream::kMeasure, 0), {}, team);
}

Matrix<float> decoded(const Options& o, const NetworkModel& model, const Matrix<float>& codes,
                      ThreadTeam& team) {
  if (model.task != NetworkTask::kReconstruct)
    throw InputError(o.model +
                     ": is a classifier, whose codes lead to classes and not back; give an "
                     "autoencoder, or the stack of the classifier (MODEL.stack.safetensors).");
  const std::size_t layers = model.network.layers.size(), layer = o.layer > 0 ? o.layer : model.code_layer();
  if (layer >= layers)
    throw InputError("--layer " + std::to_string(layer) + " has no layer after it; the net has " +
                     std::to_string(layers) + " above the data.");
  check_width(o, layer, model.network.layers[layer - 1].bias.size(), codes);
  return forward(model.network, codes, layer, layers, team);
}

int decode(const Globals& globals, const Options& o) {
  const AnyModel model = load_any_model(o.model);
  const auto shape = model_image_shape(facts_of(model));
  check_output_name(o.out, shape);
  ThreadTeam team(globals.threads);
  const Matrix<float> codes = read_codes(o.codes);
  const Matrix<float> cases =
      std::visit([&](const auto& own) { return decoded(o, own, codes, team); }, model);
  write_rows(o.out, cases, shape, "unit");
  if (globals.json)
    print_json({{"file", o.out}, {"cases", cases.rows()}, {"columns", cases.cols()}});
  else
    std::printf("%s: %zu cases of %zu units from codes of %zu\n", o.out.c_str(), cases.rows(), cases.cols(),
                codes.cols());
  return 0;
}

}  // namespace

void add_decode(CLI::App& app, Globals& globals, Action& action) {
  auto* command = app.add_subcommand("decode", "from codes back to cases: what `encode` makes, turned round");
  auto o = std::make_shared<Options>();
  command->add_option("MODEL", o->model, "a model file of an autoencoder or a stack")->required();
  command->add_option("CODES", o->codes, "codes as .npy or .csv, a row a case")->required();
  command
      ->add_option("--layer", o->layer, "layer of the codes, above the data from 1; 0 is the top or the code")
      ->check(whole_number(0));
  command->add_option("--out", o->out, "file to write: .npy, .csv or, for images, .png")->required();
  command->footer("Example:\n  harmonium decode autoencoder.safetensors codes.npy --out cases.png");
  command->callback([&globals, &action, o] { action = [&globals, o] { return decode(globals, *o); }; });
}

}  // namespace harmonium::app
