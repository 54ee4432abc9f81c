// `harmonium inspect`: what a model is and how it was trained; what this machine offers.
#include <algorithm>
#include <cstdio>

#include "command.h"
#include "harmonium/base/error.h"
#include "harmonium/base/version.h"
#include "harmonium/io/png.h"
#include "harmonium/kernels/machine.h"
#include "harmonium/measure/statistics.h"
#include "harmonium/recipe/run.h"
#include "harmonium/render/sheet.h"

namespace harmonium::app {
namespace {

constexpr std::size_t kMostFeatures = 400;

struct Options {
  std::string model, features;
  std::size_t layer = 1;
  bool machine = false;
};

Json machine_json(const MachineReport& machine) {
  Json json = {{"version", version()},
               {"processor", machine.processor},
               {"processors", machine.processors},
               {"cache_bytes",
                {{"level1", machine.level1_bytes},
                 {"level2", machine.level2_bytes},
                 {"level3", machine.level3_bytes}}},
               {"instruction_sets", machine.instruction_sets},
               {"cap", machine.cap},
               {"vectors", machine.vectors},
               {"vectors_library", machine.vectors_library},
               {"products_library", machine.products_library},
               {"paths", Json::array()}};
  for (const KernelPath& path : machine.paths)
    json["paths"].push_back({{"work", path.work}, {"precision", path.precision}, {"path", path.path}});
  return json;
}

std::string cache_text(std::size_t bytes) {
  return bytes == 0 ? "unknown" : std::to_string(bytes / 1024) + " KiB";
}

void print_machine(const MachineReport& machine) {
  const auto line = [](const char* name, const std::string& value) {
    std::printf("%-18s%s\n", name, value.c_str());
  };
  std::string sets;
  for (const std::string& name : machine.instruction_sets) sets += (sets.empty() ? "" : ", ") + name;
  line("harmonium", version());
  line("processor", machine.processor);
  line("processors", std::to_string(machine.processors) + " that this process may use");
  line("caches", "level 1 " + cache_text(machine.level1_bytes) + ", level 2 " +
                     cache_text(machine.level2_bytes) + ", level 3 " + cache_text(machine.level3_bytes));
  line("instruction sets", sets.empty() ? "none that the kernels know" : sets);
  line("vectors", machine.vectors + " of " + machine.vectors_library +
                      (machine.cap.empty() ? "" : ", capped by HARMONIUM_ISA=" + machine.cap));
  line("products", machine.products_library);
  for (const KernelPath& path : machine.paths)
    line("", path.work + " in " + path.precision + ": " + path.path);
}

int inspect_machine(const Globals& globals) {
  const MachineReport machine = describe_machine();
  if (globals.json)
    print_json(machine_json(machine));
  else
    print_machine(machine);
  return 0;
}

Json summary_json(const Summary& weights) {
  return {{"mean", weights.mean},
          {"deviation", weights.deviation},
          {"smallest", weights.smallest},
          {"largest", weights.largest}};
}

Json layer_json(const Rbm& rbm) {
  auto norms = weight_norms(rbm);
  std::sort(norms.begin(), norms.end());
  const Summary visible = summarise(rbm.visible.bias), hidden = summarise(rbm.hidden.bias);
  return {{"visible", rbm.visible.spec.to_string()},
          {"hidden", rbm.hidden.spec.to_string()},
          {"weights", summary_json(summarise(rbm.weights.values()))},
          {"column_norm",
           {{"smallest", norms.front()}, {"median", norms[norms.size() / 2]}, {"largest", norms.back()}}},
          {"visible_bias_mean", visible.mean},
          {"hidden_bias_mean", hidden.mean}};
}

void add_facts(Json& json, const ModelFacts& facts) {
  json["classes"] = facts.classes;
  json["precision"] = facts.precision;
  json["seed"] = std::to_string(facts.seed);
  json["data"] = {{"name", facts.data_name}, {"hash", facts.data_hash}};
  json["last_measures"] = Json::object();
  if (facts.history.empty()) return;
  for (const auto& [name, value] : facts.history.back().measures) json["last_measures"][name] = value;
}

Json model_json(const Model& model, const std::string& path) {
  Json json = {{"file", path},
               {"kind", model.kind()},
               {"layers", layers_to_string(model.net.layers())},
               {"label_units", model.net.label_columns},
               {"averaged", model.last.has_value()},
               {"rbms", Json::array()}};
  for (const Rbm& rbm : model.net.rbms) json["rbms"].push_back(layer_json(rbm));
  add_facts(json, model);
  return json;
}

Json model_json(const NetworkModel& model, const std::string& path) {
  Json json = {{"file", path},
               {"kind", "network"},
               {"task", task_name(model.task)},
               {"layers", model.network.to_string()},
               {"weights", Json::array()}};
  for (const NetworkLayer& layer : model.network.layers)
    json["weights"].push_back(summary_json(summarise(layer.weights.values())));
  add_facts(json, model);
  return json;
}

void print_record(const HistoryRecord& record) {
  std::printf("  after epoch %llu:\n", static_cast<unsigned long long>(record.epoch));
  for (const auto& [name, value] : record.measures) std::printf("    %-32s %.6g\n", name.c_str(), value);
  for (const std::string& sentence : record.warnings) std::printf("    warning: %s\n", sentence.c_str());
}

void print_summary(const Summary& weights) {
  std::printf("  weights       mean %.3g, deviation %.3g, from %.3g to %.3g\n", weights.mean,
              weights.deviation, weights.smallest, weights.largest);
}

void print_origin(const ModelFacts& facts, const char* more) {
  std::printf("trained on %s (hash %s), seed %llu, %s%s\n", facts.data_name.c_str(), facts.data_hash.c_str(),
              static_cast<unsigned long long>(facts.seed), facts.precision.c_str(), more);
}

// The stages from `first` on that have lines in the history.
void print_stages(const ModelFacts& facts, std::size_t first, std::size_t rbms) {
  for (std::size_t n = first; n <= rbms + 1; ++n)
    if (const HistoryRecord* last = last_record(facts.history, n)) {
      std::printf("\n%s\n", stage_name(n, rbms).c_str());
      print_record(*last);
    }
  if (!facts.recipe.empty()) std::printf("\nrecipe:\n%s", facts.recipe.c_str());
}

void print_model(const NetworkModel& model, const std::string& path) {
  const auto& layers = model.network.layers;
  std::printf("%s: a feed-forward net, %s: %s\n", path.c_str(),
              model.task == NetworkTask::kClassify ? "a classifier" : "an autoencoder",
              model.network.to_string().c_str());
  print_origin(model, "");
  for (std::size_t n = 0; n < layers.size(); ++n) {
    std::printf("\nlayer %zu: %zu %s units\n", n + 1, layers[n].bias.size(),
                std::string(activation_name(layers[n].activation)).c_str());
    print_summary(summarise(layers[n].weights.values()));
  }
  print_stages(model, 0, model.code_layer());
}

void print_model(const Model& model, const std::string& path) {
  std::printf("%s: %s, %s\n", path.c_str(),
              model.is_machine        ? "a deep Boltzmann machine"
              : model.kind() == "rbm" ? "a restricted Boltzmann machine"
                                      : "a deep belief net",
              layers_to_string(model.net.layers()).c_str());
  print_origin(model, model.last
                          ? ", parameters averaged over the last epochs (the last iterate is kept beside)"
                          : "");
  if (model.net.label_columns > 0) std::printf("%zu label units\n", model.net.label_columns);
  for (std::size_t n = 0; n < model.net.depth(); ++n) {
    const Json rbm = layer_json(model.net.rbms[n]);
    std::printf("\nlayer %zu: %s to %s\n", n + 1, rbm["visible"].get<std::string>().c_str(),
                rbm["hidden"].get<std::string>().c_str());
    print_summary(summarise(model.net.rbms[n].weights.values()));
    std::printf("  column norms  from %.3g, median %.3g, to %.3g\n",
                rbm["column_norm"]["smallest"].get<double>(), rbm["column_norm"]["median"].get<double>(),
                rbm["column_norm"]["largest"].get<double>());
    std::printf("  mean biases   visible %.3g, hidden %.3g\n", rbm["visible_bias_mean"].get<double>(),
                rbm["hidden_bias_mean"].get<double>());
    if (const HistoryRecord* last = last_record(model.history, n)) print_record(*last);
  }
  print_stages(model, model.net.depth(), model.net.depth());
}

// Features of one layer as a picture.
Image features_of(const Model& model, const Options& o, ImageShape shape) {
  if (o.layer < 1 || o.layer > model.net.depth())
    throw InputError("--layer " + std::to_string(o.layer) + " is not there; the model has layers 1 to " +
                     std::to_string(model.net.depth()) + ".");
  return feature_sheet(model.net, o.layer - 1, shape, kMostFeatures);
}
Image features_of(const NetworkModel& model, const Options& o, ImageShape shape) {
  if (o.layer != 1)
    throw InputError("--layer " + std::to_string(o.layer) +
                     " of a feed-forward net has no picture in pixels; its first layer has.");
  const ConstMatrixView<float> weights = model.network.layers.front().weights;
  return sheet_of_columns(weights.col_block(0, std::min(kMostFeatures, weights.cols())), shape);
}

template <class AModel>
int inspect(const Globals& globals, const Options& o, const AModel& model) {
  if (!o.features.empty()) {
    if (std::filesystem::path(o.features).extension() != ".png")
      throw InputError("--features " + o.features + " must end in .png.");
    const auto shape = model_image_shape(model);
    if (shape.size() != 2)
      throw InputError(o.model + ": its cases are no images, so its features cannot be drawn.");
    write_png(o.features, features_of(model, o, {shape[0], shape[1]}));
  }
  if (globals.json)
    print_json(model_json(model, o.model));
  else
    print_model(model, o.model);
  return 0;
}

int inspect(const Globals& globals, const Options& o) {
  if (o.machine) return inspect_machine(globals);
  if (o.model.empty()) throw InputError("inspect needs a model file, or --machine.");
  return std::visit([&](const auto& model) { return inspect(globals, o, model); }, load_any_model(o.model));
}

}  // namespace

void add_inspect(CLI::App& app, Globals& globals, Action& action) {
  auto* command =
      app.add_subcommand("inspect", "what a model is and how it was trained; --machine: what is found here");
  auto o = std::make_shared<Options>();
  command->add_option("MODEL", o->model, "a model file");
  command->add_option("--features", o->features, "also draw the weights of hidden units into this .png");
  command->add_option("--layer", o->layer, "layer whose features are drawn, from 1")
      ->check(whole_number(1))
      ->capture_default_str();
  command->add_flag("--machine", o->machine, "instruction set, libraries and processors");
  command->footer("Example:\n  harmonium inspect model.safetensors --features features.png");
  command->callback([&globals, &action, o] { action = [&globals, o] { return inspect(globals, *o); }; });
}

}  // namespace harmonium::app
