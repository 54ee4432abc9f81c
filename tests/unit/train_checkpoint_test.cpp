// Checkpoints that somebody changed are refused before anything is learned from them; averages are plain.
#include <gtest/gtest.h>

#include "harmonium/base/error.h"
#include "harmonium/train/average.h"
#include "harmonium/train/greedy.h"
#include "unit/rbm_cases.h"

namespace harmonium {
namespace {

class DamagedCheckpoint : public testing::Test {
 protected:
  DamagedCheckpoint() {
    options_.batch = 2, options_.epochs = 3, options_.negative = NegativeKind::kPersistent;
    auto trainer = make();
    GreedyHooks hooks;
    int batches = 0;
    hooks.stop_requested = [&] { return ++batches == 3; };
    hooks.checkpoint = [&] { file_ = trainer.checkpoint("recipe"); };
    EXPECT_FALSE(trainer.run(hooks));
  }
  GreedyTrainer make() { return {make_net(parse_layers("3 - 2"), false), {&source_}, {options_}, team_}; }
  // The refusal of the file with part of its header replaced; empty where it is accepted.
  std::string refusal(const std::string& what, const std::string& by) {
    TensorFile file = file_;
    std::string& header = file.metadata.at("harmonium_checkpoint");
    const auto at = header.find(what);
    EXPECT_NE(at, std::string::npos) << header;
    if (at != std::string::npos) header.replace(at, what.size(), by);
    return refusal_of(file);
  }
  std::string refusal_of(const TensorFile& file) {
    auto trainer = make();
    try {
      trainer.restore(file, "recipe");
      return "";
    } catch (const InputError& error) {
      return error.what();
    }
  }

  Matrix<float> values_ = repeated(worked_cases(), 2);
  MatrixSource source_{parse_layer("3"), values_};
  TrainOptions options_;
  ThreadTeam team_{1};
  TensorFile file_;
};

TEST_F(DamagedCheckpoint, IsAcceptedWhole) {
  EXPECT_EQ(refusal_of(file_), "");
}

TEST_F(DamagedCheckpoint, StandsNowhere) {
  EXPECT_NE(refusal("\"batch\":0", "\"batch\":1000000000000"), "");
  EXPECT_NE(refusal("\"layer\":0", "\"layer\":7"), "");
  EXPECT_NE(refusal("\"epoch\":1", "\"epoch\":-1"), "");
  EXPECT_NE(refusal("\"epoch\":1", "\"epoch\":1000000000000"), "");
  EXPECT_NE(refusal("\"update\":", "\"updated\":"), "");
}

TEST_F(DamagedCheckpoint, LacksATensor) {
  for (std::size_t t = 0; t < file_.tensors.size(); ++t) {
    TensorFile file = file_;
    file.tensors.erase(file.tensors.begin() + static_cast<std::ptrdiff_t>(t));
    EXPECT_NE(refusal_of(file).find(file_.tensors[t].name), std::string::npos) << file_.tensors[t].name;
  }
}

// After n updates the average moves 1 / min(n, window) of the way to the new values.
TEST(Average, FollowsWithAMemoryOfItsWindow) {
  Rbm rbm = worked_rbm();
  ThreadTeam team(2);
  ParameterAverage average(rbm.parameters("l"), 4);
  double expected = 0;
  for (int n = 1; n <= 12; ++n) {
    rbm.weights(1, 1) = static_cast<float>(n * n);
    average.follow(team);
    expected += (n * n - expected) / std::min(n, 4);
    EXPECT_NEAR(average.values()[0].values[3], expected, 1e-5 * expected) << n;
  }
  EXPECT_EQ(average.values()[0].name, "l.weights");
  EXPECT_EQ(average.values()[2].values[0], rbm.hidden.bias[0]);  // what does not move is its own average
}

}  // namespace
}  // namespace harmonium
