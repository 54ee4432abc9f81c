// `harmonium classify`: the labels that a classifier, or a net with label units, gives to cases.
#include <cstdio>

#include "command.h"
#include "harmonium/base/error.h"
#include "harmonium/io/csv.h"
#include "harmonium/measure/recognition.h"
#include "harmonium/models/completion.h"

namespace harmonium::app {
namespace {

constexpr std::size_t kCompletionSweeps = 10;
constexpr const char* kFreeEnergy = "free-energy";

struct Options : CaseOptions {
  std::string out, way;
  std::size_t up_passes = 20, steps = 20;
};

RecognitionOptions recognition_options(const Options& o, std::uint64_t seed) {
  RecognitionOptions options;
  options.way = o.way == "up-passes"  ? RecognitionWay::kUpPasses
                : o.way == "settling" ? RecognitionWay::kGibbs
                                      : RecognitionWay::kFreeEnergy;
  options.up_passes = o.up_passes, options.gibbs_steps = o.steps, options.seed = seed;
  return options;
}

// Probabilities of the classes, a row a case, piece by piece.
Matrix<double> probabilities_of(const NetworkModel& model, const Dataset& data,
                                const RecognitionOptions& options, ThreadTeam& team, Reporter& reporter) {
  return in_pieces<double>(data, model.network.outputs(), options.seed, team, reporter, "classifying",
                           [&](const Matrix<float>& cases, std::size_t) {
                             const Matrix<float> outputs = forward(model.network, cases, team);
                             Matrix<double> piece(outputs.rows(), outputs.cols());
                             std::copy(outputs.values().begin(), outputs.values().end(),
                                       piece.values().begin());
                             return piece;
                           });
}
Matrix<double> probabilities_of(const Model& model, const Dataset& data, const RecognitionOptions& options,
                                ThreadTeam& team, Reporter& reporter) {
  return in_pieces<double>(data, model.net.label_columns, options.seed, team, reporter, "recognising",
                           [&](const Matrix<float>& cases, std::size_t first) {
                             return label_probabilities(
                                 model.net,
                                 complete_missing(model.net.rbms.front(), cases, kCompletionSweeps), options,
                                 team, first);
                           });
}

void write_labels(const std::string& path, const ModelFacts& model, const Matrix<double>& probabilities,
                  std::span<const std::int32_t> labels) {
  std::vector<std::string> header = {"label"};
  for (std::size_t l = 0; l < probabilities.cols(); ++l) header.push_back("p_" + model.class_name(l));
  write_csv(path, header, probabilities.rows(), [&](std::size_t r, std::vector<std::string>& cells) {
    cells[0] = model.class_name(static_cast<std::size_t>(labels[r]));
    for (std::size_t l = 0; l < probabilities.cols(); ++l) {
      char text[32];
      std::snprintf(text, sizeof text, "%.6g", probabilities(r, l));
      cells[l + 1] = text;
    }
  });
}

// Cases whose own label is known, and those among them that are read as another. Classes go by their names.
std::pair<std::size_t, std::size_t> count_wrong(const ModelFacts& model, const Dataset& data,
                                                std::span<const std::int32_t> read) {
  std::size_t known = 0, wrong = 0;
  if (!data.has_labels()) return {0, 0};
  for (std::size_t r = 0; r < read.size(); ++r) {
    const auto own = data.labels()[r];
    if (own < 0) continue;
    ++known;
    wrong += data.class_names()[static_cast<std::size_t>(own)] !=
             model.class_name(static_cast<std::size_t>(read[r]));
  }
  return {known, wrong};
}

void check_classifier(const NetworkModel& model, const Options& o) {
  if (model.task != NetworkTask::kClassify)
    throw InputError(o.model + ": is an autoencoder, which knows of no classes; give a classifier.");
  if (!o.way.empty())
    throw InputError(
        "--way " + o.way +
        " is how label units of a net are read, but this is a feed-forward net, which has one way; "
        "leave it out.");
}
void check_classifier(const Model& model, const Options& o) {
  if (model.net.label_columns == 0)
    throw InputError(
        o.model +
        ": has no label units; train a net with layers such as \"784-500-500 + softmax 10-2000\" "
        "on labelled data, or fine-tune a classifier (--fine_tune.epochs).");
}

template <class AModel>
int classify(const Globals& globals, const Options& o, const AModel& model) {
  check_classifier(model, o);
  if (!o.out.empty() && std::filesystem::path(o.out).extension() != ".csv")
    throw InputError("--out " + o.out + " must end in .csv.");
  ThreadTeam team(globals.threads);
  TerminalReporter reporter(globals.quiet);
  const Dataset data = load_model_data(model, o.data, o.part, o.limit);
  const auto options = recognition_options(o, globals.seed.value_or(1));
  const auto probabilities = probabilities_of(model, data, options, team, reporter);
  const auto read = likeliest_labels(probabilities);
  if (!o.out.empty()) write_labels(o.out, model, probabilities, read);
  const auto [known, wrong] = count_wrong(model, data, read);
  const double error = known > 0 ? static_cast<double>(wrong) / static_cast<double>(known) : 0.0;
  if (globals.json) {
    Json json = {{"model", o.model}, {"cases", data.size()}};
    if (std::is_same_v<AModel, Model>) json["way"] = o.way.empty() ? kFreeEnergy : o.way;
    if (!o.out.empty()) json["file"] = o.out;
    if (known > 0) json["labelled"] = known, json["misread"] = wrong, json["error"] = error;
    print_json(json);
    return 0;
  }
  if (!o.out.empty()) std::printf("%s: labels of %zu cases\n", o.out.c_str(), data.size());
  if (known > 0)
    std::printf("%zu of %zu labelled cases misread (%.2f %%)\n", wrong, known, 100.0 * error);
  else if (o.out.empty())
    std::printf("%zu cases without labels; --out FILE.csv keeps what was read\n", data.size());
  return 0;
}

int classify(const Globals& globals, const Options& o) {
  return std::visit([&](const auto& model) { return classify(globals, o, model); }, load_any_model(o.model));
}

}  // namespace

void add_classify(CLI::App& app, Globals& globals, Action& action) {
  auto* command = app.add_subcommand(
      "classify", "the labels that a classifier, or a net with label units, gives to cases");
  auto o = std::make_shared<Options>();
  add_cases(*command, *o, "a model file of a classifier or with label units");
  command
      ->add_option(
          "--way", o->way,
          "how label units are read: free-energy (the default; exact, after an up-pass of means), up-passes "
          "(average over several of samples) or settling (Gibbs steps from a neutral label)")
      ->check(CLI::IsMember({kFreeEnergy, "up-passes", "settling"}));
  command->add_option("--passes", o->up_passes, "up-passes of --way up-passes")
      ->check(whole_number(1))
      ->capture_default_str();
  command->add_option("--steps", o->steps, "Gibbs steps of --way settling")
      ->check(whole_number(1))
      ->capture_default_str();
  command->add_option("--out", o->out,
                      "file to write: .csv with a label and the classes' probabilities a case");
  command->footer("Example:\n  harmonium classify model.safetensors mnist --part test --out labels.csv");
  command->callback([&globals, &action, o] { action = [&globals, o] { return classify(globals, *o); }; });
}

}  // namespace harmonium::app
