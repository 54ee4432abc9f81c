// A model of mixed columns that harmonium 0.1.0 wrote in format version 1 goes on loading, with the same
// numbers.
//
// tests/data/animals.toml says how it was made. The expected numbers were computed from the file by a program
// in another language, from the formulas of docs/model-format.md and docs/units.md.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "harmonium/models/model_file.h"

namespace harmonium {
namespace {

class FileOfVersionOne : public testing::Test {
 protected:
  const Model model_ =
      load_model(std::filesystem::path(HARMONIUM_TEST_DATA) / "model-v1-animals.safetensors");
  ThreadTeam team_{1};

  // A bird of the table as the schema turns it into units: wings, fur, legs, colour red, length standardised.
  Matrix<float> bird() const {
    const float mean = model_.data_statistics.at("data.mean").at(0);
    const float deviation = model_.data_statistics.at("data.deviation").at(0);
    Matrix<float> visible(1, 7);
    visible(0, 0) = 1, visible(0, 2) = 2, visible(0, 5) = 1, visible(0, 6) = (23.9f - mean) / deviation;
    return visible;
  }
};

TEST_F(FileOfVersionOne, SaysWhatItIs) {
  EXPECT_EQ(model_.kind(), "dbn");
  EXPECT_EQ(layers_to_string(model_.net.layers()),
            "2 + binomial(6) 1 + softmax 3 + gaussian(learned) 1 - 8 + softmax 3 - 8");
  EXPECT_EQ(model_.net.label_columns, 3u);
  EXPECT_EQ(model_.classes, (std::vector<std::string>{"beast", "bird", "insect"}));
  EXPECT_EQ(model_.seed, 7u);
  EXPECT_EQ(model_.precision, "f32");
  EXPECT_EQ(model_.data_name, "animals.csv");
  EXPECT_EQ(model_.data_hash, "faf533a6f42cce43");
  EXPECT_NE(model_.recipe.find("train.average_epochs = 20\n"), std::string::npos);
}

TEST_F(FileOfVersionOne, KeepsSchemaAndStatistics) {
  const std::string columns[] = {
      R"json({"name":"wings","kind":"bernoulli"})json",
      R"json({"name":"fur","kind":"bernoulli"})json",
      R"json({"name":"legs","kind":"binomial(6)"})json",
      R"json({"name":"colour","kind":"softmax","categories":["brown","grey","red"]})json",
      R"json({"name":"length","kind":"gaussian(learned)","standardise":true})json",
      R"json({"name":"class","role":"label","categories":["beast","bird","insect"]})json",
  };
  std::string schema;
  for (const std::string& column : columns) schema += (schema.empty() ? "" : ",") + column;
  EXPECT_EQ(model_.schema, "{\"columns\":[" + schema + "]}");
  ASSERT_EQ(model_.data_statistics.size(), 2u);
  EXPECT_EQ(model_.data_statistics.at("data.mean"), (std::vector<float>{31.975f}));
  EXPECT_NEAR(model_.data_statistics.at("data.deviation").at(0), 27.770823, 1e-5);
}

TEST_F(FileOfVersionOne, KeepsHistory) {
  ASSERT_EQ(model_.history.size(), 4u);
  const HistoryRecord& record = model_.history[1];
  EXPECT_EQ(record.layer, 0u);
  EXPECT_EQ(record.epoch, 500u);
  EXPECT_EQ(record.measures.at("free_energy_train"), -11.166227323560195);
}

TEST_F(FileOfVersionOne, HasTheLastIterateBesideTheAverage) {
  ASSERT_TRUE(model_.last.has_value());
  EXPECT_NEAR(model_.net.rbms[0].weights(0, 0), 0.42818766832351685, 1e-9);
  EXPECT_NEAR(model_.last->rbms[0].weights(0, 0), 0.45171642303466797, 1e-9);
}

TEST_F(FileOfVersionOne, GivesTheSameFreeEnergies) {
  EXPECT_NEAR(free_energy(model_.net.rbms[0], bird(), team_)[0], -11.183056774465292, 1e-5);
}

// Up to the means of the hidden units, then the free energy with each label, as a classifier reads it.
TEST_F(FileOfVersionOne, ReadsTheBirdAsABird) {
  const Matrix<float> code =
      up_pass(model_.net, 0, 1, bird(), States::kMeans, Noise(1, Stream::kMeasure, 0), {}, team_);
  EXPECT_NEAR(code(0, 0), 0.5418398, 1e-5);
  EXPECT_NEAR(code(0, 2), 0.06155251, 1e-5);
  Matrix<float> joined(3, 11);
  for (std::size_t label = 0; label < 3; ++label) {
    std::copy_n(code.row(0).data(), 8, joined.row(label).data());
    joined(label, 8 + label) = 1;
  }
  const auto energies = free_energy(model_.net.top(), joined, team_);
  EXPECT_NEAR(energies[0], -0.8237384626383499, 1e-4);
  EXPECT_NEAR(energies[1], -7.000137841020753, 1e-4);
  EXPECT_NEAR(energies[2], -3.404906895137204, 1e-4);
}

}  // namespace
}  // namespace harmonium
