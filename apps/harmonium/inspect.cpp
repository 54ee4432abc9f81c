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

Json layer_json(const Rbm& rbm) {
  const Summary weights = summarise(rbm.weights.values());
  auto norms = weight_norms(rbm);
  std::sort(norms.begin(), norms.end());
  const Summary visible = summarise(rbm.visible.bias), hidden = summarise(rbm.hidden.bias);
  return {{"visible", rbm.visible.spec.to_string()},
          {"hidden", rbm.hidden.spec.to_string()},
          {"weights",
           {{"mean", weights.mean},
            {"deviation", weights.deviation},
            {"smallest", weights.smallest},
            {"largest", weights.largest}}},
          {"column_norm",
           {{"smallest", norms.front()}, {"median", norms[norms.size() / 2]}, {"largest", norms.back()}}},
          {"visible_bias_mean", visible.mean},
          {"hidden_bias_mean", hidden.mean}};
}

Json model_json(const Model& model, const std::string& path) {
  Json json = {{"file", path},
               {"kind", model.kind()},
               {"layers", layers_to_string(model.net.layers())},
               {"label_units", model.net.label_columns},
               {"classes", model.classes},
               {"precision", model.precision},
               {"seed", std::to_string(model.seed)},
               {"averaged", model.last.has_value()},
               {"data", {{"name", model.data_name}, {"hash", model.data_hash}}},
               {"rbms", Json::array()},
               {"last_measures", Json::object()}};
  for (const Rbm& rbm : model.net.rbms) json["rbms"].push_back(layer_json(rbm));
  if (!model.history.empty())
    for (const auto& [name, value] : model.history.back().measures) json["last_measures"][name] = value;
  return json;
}

void print_record(const HistoryRecord& record) {
  std::printf("  after epoch %llu:\n", static_cast<unsigned long long>(record.epoch));
  for (const auto& [name, value] : record.measures) std::printf("    %-32s %.6g\n", name.c_str(), value);
  for (const std::string& sentence : record.warnings) std::printf("    warning: %s\n", sentence.c_str());
}

void print_model(const Model& model, const std::string& path) {
  std::printf("%s: %s, %s\n", path.c_str(),
              model.is_machine        ? "a deep Boltzmann machine"
              : model.kind() == "rbm" ? "a restricted Boltzmann machine"
                                      : "a deep belief net",
              layers_to_string(model.net.layers()).c_str());
  std::printf(
      "trained on %s (hash %s), seed %llu, %s%s\n", model.data_name.c_str(), model.data_hash.c_str(),
      static_cast<unsigned long long>(model.seed), model.precision.c_str(),
      model.last ? ", parameters averaged over the last epochs (the last iterate is kept beside)" : "");
  if (model.net.label_columns > 0) std::printf("%zu label units\n", model.net.label_columns);
  for (std::size_t n = 0; n < model.net.depth(); ++n) {
    const Json rbm = layer_json(model.net.rbms[n]);
    std::printf("\nlayer %zu: %s to %s\n", n + 1, rbm["visible"].get<std::string>().c_str(),
                rbm["hidden"].get<std::string>().c_str());
    std::printf("  weights       mean %.3g, deviation %.3g, from %.3g to %.3g\n",
                rbm["weights"]["mean"].get<double>(), rbm["weights"]["deviation"].get<double>(),
                rbm["weights"]["smallest"].get<double>(), rbm["weights"]["largest"].get<double>());
    std::printf("  column norms  from %.3g, median %.3g, to %.3g\n",
                rbm["column_norm"]["smallest"].get<double>(), rbm["column_norm"]["median"].get<double>(),
                rbm["column_norm"]["largest"].get<double>());
    std::printf("  mean biases   visible %.3g, hidden %.3g\n", rbm["visible_bias_mean"].get<double>(),
                rbm["hidden_bias_mean"].get<double>());
    if (const HistoryRecord* last = last_record(model.history, n)) print_record(*last);
  }
  if (const HistoryRecord* last = last_record(model.history, model.net.depth())) {
    std::printf("\nall layers together\n");
    print_record(*last);
  }
  if (!model.recipe.empty()) std::printf("\nrecipe:\n%s", model.recipe.c_str());
}

int inspect(const Globals& globals, const Options& o) {
  if (o.machine) return inspect_machine(globals);
  if (o.model.empty()) throw InputError("inspect needs a model file, or --machine.");
  const Model model = load_model(o.model);
  if (!o.features.empty()) {
    if (std::filesystem::path(o.features).extension() != ".png")
      throw InputError("--features " + o.features + " must end in .png.");
    const auto shape = model_image_shape(model);
    if (shape.size() != 2)
      throw InputError(o.model + ": its cases are no images, so its features cannot be drawn.");
    if (o.layer < 1 || o.layer > model.net.depth())
      throw InputError("--layer " + std::to_string(o.layer) + " is not there; the model has layers 1 to " +
                       std::to_string(model.net.depth()) + ".");
    write_png(o.features, feature_sheet(model.net, o.layer - 1, {shape[0], shape[1]}, 400));
  }
  if (globals.json)
    print_json(model_json(model, o.model));
  else
    print_model(model, o.model);
  return 0;
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
