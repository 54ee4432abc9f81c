// Model files: round trips, and everything that must be refused.
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "harmonium/base/error.h"
#include "harmonium/io/read_file.h"
#include "harmonium/io/safetensors.h"
#include "harmonium/models/deep_boltzmann_machine.h"
#include "harmonium/models/model_file.h"

namespace harmonium {
namespace {

class ModelFile : public testing::Test {
 protected:
  ModelFile()
      : folder_(std::filesystem::temp_directory_path() / ("harmonium-model-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_);
    path_ = folder_ / "model.safetensors";
  }
  ~ModelFile() override { std::filesystem::remove_all(folder_); }

  static Model example() {
    Model model;
    model.net = make_net(parse_layers("gaussian(learned) 3 - 4 + softmax 2 - 5"), true);
    for (std::size_t n = 0; n < 2; ++n) initialise_weights(model.net.rbms[n], 0.5f, 0.1f, 3, n);
    model.last = model.net;
    model.last->rbms[0].weights(1, 2) = 7;
    model.seed = 0xFFFFFFFFFFFFFFFFull;
    model.recipe = "train.epochs = 3\n\"quoted\" \\ and \xC3\xA9\n";
    model.data_name = "table.csv";
    model.data_hash = "0123456789abcdef";
    model.classes = {"no", "yes"};
    model.schema = R"({"columns":[]})";
    model.data_statistics = {{"data.mean", {1, 2, 3}}};
    model.history = {{0, 1, {{"reconstruction_error", 0.25}}, {"a warning"}}, {1, 1, {}, {}}};
    return model;
  }
  std::string bytes() const { return read_file(path_); }
  void write(const std::string& text) const { std::ofstream(path_, std::ios::binary) << text; }
  std::string refusal() const {
    try {
      load_model(path_);
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }

  std::filesystem::path folder_, path_;
};

TEST_F(ModelFile, ReadsBackWhatWasWritten) {
  const Model model = example();
  save_model(path_, model);
  Model read = load_model(path_);
  EXPECT_EQ(read.net.label_columns, 2u);
  EXPECT_EQ(layers_to_string(read.net.layers()), layers_to_string(model.net.layers()));
  Model copy = model;
  const auto a = copy.net.parameters(), b = read.net.parameters();
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t t = 0; t < a.size(); ++t)
    EXPECT_TRUE(std::equal(a[t].values.begin(), a[t].values.end(), b[t].values.begin())) << a[t].name;
  ASSERT_TRUE(read.last.has_value());
  EXPECT_EQ(read.last->rbms[0].weights(1, 2), 7.0f);
  EXPECT_EQ(read.seed, model.seed);
  EXPECT_EQ(read.recipe, model.recipe);
  EXPECT_EQ(read.classes, model.classes);
  EXPECT_EQ(read.data_statistics, model.data_statistics);
  ASSERT_EQ(read.history.size(), 2u);
  EXPECT_EQ(read.history[0].measures, model.history[0].measures);
  EXPECT_EQ(read.history[0].warnings, model.history[0].warnings);
}

TEST_F(ModelFile, OfEqualModelsHaveEqualBytes) {
  save_model(path_, example());
  const std::string first = bytes();
  save_model(path_, load_model(path_));
  EXPECT_EQ(first, bytes());
}

TEST_F(ModelFile, CutShortAnywhereIsRefused) {
  save_model(path_, example());
  const std::string whole = bytes();
  for (std::size_t keep = 0; keep < whole.size(); keep += keep < 64 ? 1 : 37) {
    write(whole.substr(0, keep));
    EXPECT_NE(refusal().find(path_.string()), std::string::npos) << keep;
  }
}

TEST_F(ModelFile, OfANewerVersionSaysSo) {
  save_model(path_, example());
  std::string text = bytes();
  const std::string old_version = "\\\"format_version\\\":1";
  text.replace(text.find(old_version), old_version.size(), "\\\"format_version\\\":5");
  write(text);
  EXPECT_NE(refusal().find("format version 5"), std::string::npos) << refusal();
}

TEST_F(ModelFile, WithNumbersThatAreNoneIsRefused) {
  Model model = example();
  model.net.rbms[0].weights(0, 0) = std::nanf("");
  save_model(path_, model);
  EXPECT_NE(refusal().find("layers.0.weights"), std::string::npos) << refusal();
}

TEST_F(ModelFile, WithTensorsOfAnotherShapeIsRefused) {
  save_model(path_, example());
  TensorFile file = read_safetensors(path_);
  file.tensors[1] = Tensor::from_f32("layers.0.visible_bias", std::vector<float>(4), {4});
  write_safetensors(path_, file);
  EXPECT_NE(refusal().find("layers.0.visible_bias"), std::string::npos) << refusal();
  file.tensors.erase(file.tensors.begin() + 1);
  write_safetensors(path_, file);
  EXPECT_NE(refusal().find("visible_bias"), std::string::npos) << refusal();
}

TEST_F(ModelFile, ThatClaimsHugeLayersTakesNoMemory) {
  save_model(path_, example());
  TensorFile file = read_safetensors(path_);
  std::string& header = file.metadata.at("harmonium");
  const std::string layers = layers_to_string(example().net.layers());
  header.replace(header.find(layers), layers.size(), "2000000000 - 4 + softmax 2 - 2000000000");
  write_safetensors(path_, file);
  EXPECT_NE(refusal().find("larger than the file"), std::string::npos) << refusal();
}

TEST_F(ModelFile, OfAnotherProgramIsRefused) {
  TensorFile file;
  file.tensors.push_back(Tensor::from_f32("x", std::vector<float>(3), {3}));
  write_safetensors(path_, file);
  EXPECT_NE(refusal().find("another program"), std::string::npos) << refusal();
}

TEST(History, LinesReadBack) {
  const HistoryRecord record{
      2, 7, {{"free_energy_gap", -0.125}, {"log_likelihood", -84.5}}, {"lower the rate"}};
  const HistoryRecord read = history_record_from_line(history_line(record), "line");
  EXPECT_EQ(read.layer, 2u);
  EXPECT_EQ(read.epoch, 7u);
  EXPECT_EQ(read.measures, record.measures);
  EXPECT_EQ(read.warnings, record.warnings);
  EXPECT_THROW(history_record_from_line("{\"layer\": \"x\"", "line"), InputError);
}

// A model that version 1 wrote, kept so that it goes on loading. The free energy was computed by the reader
// of docs/model-format.md, in another language.
TEST(OldFiles, OfVersionOneKeepLoading) {
  const Model model = load_model(std::filesystem::path(HARMONIUM_TEST_DATA) / "model-v1.safetensors");
  EXPECT_EQ(model.net.label_columns, 2u);
  EXPECT_EQ(model.classes, (std::vector<std::string>{"bars", "stripes"}));
  ThreadTeam team(1);
  EXPECT_NEAR(free_energy(model.net.top(), Matrix<float>(1, 5), team)[0], -2.51856711, 1e-6);
}

// Versions 2 and 3 likewise: what the reader of the page makes of a case and of a state in which all units
// are on.
TEST(OldFiles, OfVersionTwoKeepTheirRecognitionWeights) {
  const Model model = load_model(std::filesystem::path(HARMONIUM_TEST_DATA) / "model-v2.safetensors");
  ASSERT_TRUE(model.net.is_untied());
  ThreadTeam team(1);
  const auto code = up_pass(model.net, 0, 1, Matrix<float>(1, 4, 1.0f), States::kMeans,
                            Noise(1, Stream::kUpPass, 0), {}, team);
  const std::array inputs = {0.10374897992, 0.02988455445, 0.01284540538};
  for (std::size_t j = 0; j < 3; ++j) EXPECT_NEAR(code(0, j), 1 / (1 + std::exp(-inputs[j])), 1e-6);
}

TEST(OldFiles, OfVersionThreeAreDeepBoltzmannMachines) {
  const Model model = load_model(std::filesystem::path(HARMONIUM_TEST_DATA) / "model-v3.safetensors");
  ASSERT_TRUE(model.is_machine);
  const std::vector<float> on(4, 1.0f);
  EXPECT_NEAR(energy(machine_of(model.net), {on, std::span(on).first(3), std::span(on).first(2)}),
              0.2759914074, 1e-6);
}

TEST_F(ModelFile, KeepsDeepBoltzmannMachines) {
  DeepBoltzmannMachine machine = make_machine(parse_layers("4-3-2"));
  for (const NamedTensor& tensor : machine.parameters())
    for (std::size_t i = 0; i < tensor.values.size(); ++i)
      tensor.values[i] = static_cast<float>(i + tensor.name.size());
  Model model;
  model.net = stack_of(machine);
  model.is_machine = true;
  machine.weights[1](2, 1) = -5.0f;
  model.last = stack_of(machine);
  save_model(path_, model);
  const TensorFile file = read_safetensors(path_);
  EXPECT_EQ(file.tensors.size(), 10u);
  file.require("layers.1.weights", {3, 2});
  file.require("last.layers.2.bias", {2});
  EXPECT_NE(bytes().find("\\\"format_version\\\":3"), std::string::npos);
  const Model read = load_model(path_);
  EXPECT_TRUE(read.is_machine);
  EXPECT_EQ(read.kind(), "dbm");
  DeepBoltzmannMachine again = machine_of(*read.last);
  const ParameterList given = machine.parameters(), got = again.parameters();
  for (std::size_t t = 0; t < given.size(); ++t)
    EXPECT_TRUE(std::equal(given[t].values.begin(), given[t].values.end(), got[t].values.begin()))
        << given[t].name;
  EXPECT_EQ(read.net.rbms[1].weights(2, 1), model.net.rbms[1].weights(2, 1));
}

}  // namespace
}  // namespace harmonium
