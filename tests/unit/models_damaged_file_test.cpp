// Model files that somebody changed: each is refused with a sentence that names the file, or is a model.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "harmonium/base/error.h"
#include "harmonium/io/read_file.h"
#include "harmonium/io/safetensors.h"
#include "harmonium/models/model_file.h"

namespace harmonium {
namespace {

class DamagedFile : public testing::Test {
 protected:
  DamagedFile() { write(); }
  ~DamagedFile() override { std::filesystem::remove(path_); }

  void write() {
    Model model;
    model.net = make_net(parse_layers("2 + gaussian(learned) 1 - 2 + softmax 2 - 2"), true);
    for (std::size_t n = 0; n < 2; ++n) initialise_weights(model.net.rbms[n], 0.5f, 0.1f, 3, n);
    model.classes = {"no", "yes"};
    model.history = {{0, 1, {{"reconstruction_error", 0.25}}, {"a warning"}}};
    save_model(path_, model);
    layers_ = layers_to_string(model.net.layers());
  }

  // The refusal; empty where the file loads. Anything but InputError fails the test.
  std::string refusal() const {
    try {
      load_model(path_);
      return "";
    } catch (const InputError& error) {
      return error.what();
    }
  }
  // The file with part of its header replaced.
  void replace(const std::string& what, const std::string& by) const {
    TensorFile file = read_safetensors(path_);
    std::string& header = file.metadata.at("harmonium");
    ASSERT_NE(header.find(what), std::string::npos) << header;
    header.replace(header.find(what), what.size(), by);
    write_safetensors(path_, file);
  }

  std::filesystem::path path_ =
      std::filesystem::temp_directory_path() / ("harmonium-damaged-" + std::to_string(getpid()));
  std::string layers_;
};

TEST_F(DamagedFile, NamesTheFileWhateverItsLayersClaim) {
  for (const char* layers :
       {"1099511627776 - 2 + softmax 2 - 2", "2 - softmax(1048576) 1048576 + softmax 2 - 2",
        "4000000 - 4000000 + softmax 2 - 4000000", "2 - bernoull 3 - 2", "", "data - 2", "-"}) {
    write();
    replace("\"" + layers_ + "\"", "\"" + std::string(layers) + "\"");
    EXPECT_NE(refusal().find(path_.string()), std::string::npos) << layers << ": " << refusal();
  }
}

TEST_F(DamagedFile, WithAFlippedBitIsRefusedOrLoads) {
  const std::string whole = read_file(path_);
  std::size_t refused = 0;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string text = whole;
    text[at] = static_cast<char>(text[at] ^ (1 << at % 7));
    std::ofstream(path_, std::ios::binary) << text;
    const std::string sentence = refusal();
    if (sentence.empty()) continue;
    ++refused;
    EXPECT_NE(sentence.find(path_.string()), std::string::npos) << "byte " << at << ": " << sentence;
  }
  EXPECT_GT(refused, whole.size() / 4);
}

// The layers of this net are none that a deep Boltzmann machine has.
TEST_F(DamagedFile, RefusesAMachineOfOtherUnits) {
  replace("\"kind\":\"dbn\"", "\"kind\":\"dbm\"");
  EXPECT_NE(refusal().find("Bernoulli units"), std::string::npos) << refusal();
  EXPECT_NE(refusal().find(path_.string()), std::string::npos);
}

}  // namespace
}  // namespace harmonium
