// Headers of model files that tell something else than the file's tensors: each is refused with a sentence.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>

#include "harmonium/base/error.h"
#include "harmonium/io/safetensors.h"
#include "harmonium/models/model_file.h"

namespace harmonium {
namespace {

class ModelHeader : public testing::Test {
 protected:
  ModelHeader()
      : path_(std::filesystem::temp_directory_path() /
              ("harmonium-header-" + std::to_string(getpid()) + ".safetensors")) {
    Model model;
    model.net = make_net(parse_layers("3 + softmax 2-4"), true);
    initialise_weights(model.net.rbms[0], 0.5f, 0.1f, 3, 0);
    model.data_statistics = {{"data.mean", {1, 2}}, {"data.deviation", {1, 1}}};
    model.history = {{0, 1, {{"free_energy_gap", 0.5}}, {}}};
    save_model(path_, model);
    good_ = read_safetensors(path_);
  }
  ~ModelHeader() override { std::filesystem::remove(path_); }

  // The sentence with which the file is refused once `from` in its header has become `to`.
  std::string refusal(const std::string& from, const std::string& to) const {
    TensorFile file = good_;
    std::string& header = file.metadata.at("harmonium");
    const auto at = header.find(from);
    EXPECT_NE(at, std::string::npos) << header;
    if (at == std::string::npos) return "";
    header.replace(at, from.size(), to);
    return refusal_of(file);
  }
  std::string refusal_of(const TensorFile& file) const {
    write_safetensors(path_, file);
    try {
      load_model(path_);
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find(path_.filename().string()), std::string::npos) << error.what();
      return error.what();
    }
    return "";
  }

  std::filesystem::path path_;
  TensorFile good_;
};

TEST_F(ModelHeader, WithoutLayersIsRefused) {
  EXPECT_NE(refusal("\"layers\":", "\"lairs\":"), "");
}
TEST_F(ModelHeader, WithOtherShapesThanTheTensorsIsRefused) {
  EXPECT_NE(refusal("3 + softmax 2 - 4", "3 + softmax 2 - 5"), "");
}
TEST_F(ModelHeader, WithAClaimOfALastIterateIsRefused) {
  EXPECT_NE(refusal("\"has_last_iterate\":false", "\"has_last_iterate\":true").find("last."),
            std::string::npos);
}
TEST_F(ModelHeader, WithASeedThatIsNoNumberIsRefused) {
  EXPECT_NE(refusal("\"seed\":\"", "\"seed\":\"x"), "");
}
TEST_F(ModelHeader, OfAVersionBeforeTheFirstIsRefused) {
  EXPECT_NE(refusal("\"format_version\":1", "\"format_version\":0").find("version"), std::string::npos);
}
TEST_F(ModelHeader, OfAVersionThatIsNoWholeNumberOrNotKnownYetIsRefused) {
  for (const char* version : {"3.5", "1e300", "1.0", "-1", "\"1\"", "null", "true"})
    EXPECT_NE(refusal("\"format_version\":1", std::string("\"format_version\":") + version)
                  .find("format_version must be a whole number"),
              std::string::npos)
        << version;
  for (const char* version : {"5", "4294967297", "18446744073709551615"})  // the second is 1 in 32 bits
    EXPECT_NE(refusal("\"format_version\":1", std::string("\"format_version\":") + version)
                  .find(std::string("has format version ") + version),
              std::string::npos)
        << version;
  EXPECT_NE(refusal("\"label_columns\":2", "\"label_columns\":2.5"), "");
}
TEST_F(ModelHeader, ThatIsNoObjectIsRefused) {
  TensorFile file = read_safetensors(path_);
  for (const char* header : {"", "[]", "3", "{", "{}", "null", "\"text\""}) {
    file.metadata.at("harmonium") = header;
    EXPECT_NE(refusal_of(file), "") << header;
  }
}
TEST_F(ModelHeader, WithHistoryOfAnotherKindIsRefused) {
  EXPECT_NE(refusal("\"epoch\":1", "\"epoch\":\"one\""), "");
}
TEST_F(ModelHeader, BesideStatisticsThatAreNotFiniteIsRefused) {
  TensorFile file = read_safetensors(path_);
  for (Tensor& tensor : file.tensors)
    if (tensor.name == "data.mean")
      tensor = Tensor::from_f32("data.mean", std::vector<float>{1, std::nanf("")}, {2});
  EXPECT_NE(refusal_of(file).find("data.mean"), std::string::npos);
}

}  // namespace
}  // namespace harmonium
