// Checkpoints that somebody changed are refused before anything is learned from them; averages are plain.
#include <gtest/gtest.h>

#include <cmath>

#include "harmonium/base/error.h"
#include "harmonium/train/average.h"
#include "harmonium/train/greedy.h"
#include "harmonium/train/machine_rule.h"
#include "unit/machine_cases.h"

namespace harmonium {
namespace {

// What a trainer says to a checkpoint; empty where it is accepted.
template <class Trainer>
std::string refusal_by(Trainer trainer, const TensorFile& file) {
  try {
    trainer.restore(file, "recipe");
    return "";
  } catch (const InputError& error) {
    return error.what();
  }
}

// The file with `by` in the place of `what`, and of what follows it to the end of that value, in its header.
TensorFile with_header(TensorFile file, const std::string& what, const std::string& by) {
  std::string& header = file.metadata.at("harmonium_checkpoint");
  const auto at = header.find(what);
  EXPECT_NE(at, std::string::npos) << header;
  if (at != std::string::npos) header.replace(at, header.find_first_of(",}", at) - at, by);
  return file;
}

// The file with another last value of one tensor.
TensorFile with_last_value(TensorFile file, const std::string& name, float value) {
  for (Tensor& tensor : file.tensors)
    if (tensor.name == name) {
      std::vector<float> values(tensor.as_f32().begin(), tensor.as_f32().end());
      values.back() = value;
      tensor = Tensor::from_f32(name, values, tensor.shape);
      return file;
    }
  ADD_FAILURE() << "no tensor " << name;
  return file;
}

class DamagedCheckpoint : public testing::Test {
 protected:
  DamagedCheckpoint() {
    options_.batch = 2, options_.epochs = 3, options_.negative = NegativeKind::kPersistent;
    options_.average_epochs = 2;
    auto trainer = make();
    GreedyHooks hooks;
    int batches = 0;
    hooks.stop_requested = [&] { return ++batches == 3; };
    hooks.checkpoint = [&] { file_ = trainer.checkpoint("recipe"); };
    EXPECT_FALSE(trainer.run(hooks));
  }
  GreedyTrainer make() { return {make_net(parse_layers("3 - 2"), false), {&source_}, {options_}, team_}; }
  std::string refusal_of(const TensorFile& file) { return refusal_by(make(), file); }
  std::string refusal(const std::string& what, const std::string& by) {
    return refusal_of(with_header(file_, what, by));
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
  EXPECT_NE(refusal("\"update\":3", "\"updated\":3"), "");
}

TEST_F(DamagedCheckpoint, LacksATensor) {
  for (std::size_t t = 0; t < file_.tensors.size(); ++t) {
    TensorFile file = file_;
    file.tensors.erase(file.tensors.begin() + static_cast<std::ptrdiff_t>(t));
    EXPECT_NE(refusal_of(file).find(file_.tensors[t].name), std::string::npos) << file_.tensors[t].name;
  }
}

// After one epoch of 3 batches.
TEST_F(DamagedCheckpoint, HasMadeOtherUpdatesThanItSays) {
  EXPECT_NE(refusal("\"update\":3", "\"update\":4").find("has made 3 updates"), std::string::npos);
  EXPECT_NE(refusal("\"average_updates\":3", "\"average_updates\":1000000").find("average_updates"),
            std::string::npos);
  EXPECT_NE(refusal("\"epoch\":1", "\"epoch\":1.5").find("whole number"), std::string::npos);
}

TEST_F(DamagedCheckpoint, HasValuesThatNoRunHas) {
  const auto with = [&](const std::string& name, float value) {
    return refusal_of(with_last_value(file_, name, value));
  };
  for (const Tensor& tensor : file_.tensors)
    for (const float value : {NAN, -INFINITY})
      EXPECT_NE(with(tensor.name, value).find(tensor.name), std::string::npos) << tensor.name;
  for (const float value : {7.0f, -1.0f, 0.5f})
    EXPECT_NE(with("training.chains.visible", value).find("tensor \"training.chains.visible\", row "),
              std::string::npos)
        << value;
  EXPECT_EQ(with("training.chains.visible", 1.0f), "");
}

// The stage in which all layers learn together: as above, and what it keeps of its best epoch.
class DamagedJointCheckpoint : public testing::Test {
 protected:
  DamagedJointCheckpoint() {
    options_.train.batch = 2, options_.train.epochs = 3, options_.train.negative = NegativeKind::kTempering;
    options_.train.temperatures = 3, options_.train.chains = 5, options_.train.average_epochs = 1;
    options_.keep_best = "reconstruction_error_held_out";
    auto trainer = make();
    JointHooks hooks;
    int batches = 0;
    hooks.stop_requested = [&] { return ++batches == 5; };
    hooks.checkpoint = [&] { file_ = trainer.checkpoint("recipe"); };
    EXPECT_FALSE(trainer.run(hooks));
  }
  JointTrainer make() {
    return {make_machine_rule(worked_machine(), {&source_, &source_}, options_.train, team_),
            options_,
            2,
            {},
            team_};
  }
  std::string refusal_of(const TensorFile& file) { return refusal_by(make(), file); }
  std::string refusal(const std::string& what, const std::string& by) {
    return refusal_of(with_header(file_, what, by));
  }
  std::string with_value(const std::string& name, float value) {
    return refusal_of(with_last_value(file_, name, value));
  }

  Matrix<float> values_ = repeated(worked_cases(), 2);
  MatrixSource source_{parse_layer("3"), values_};
  JointOptions options_;
  ThreadTeam team_{1};
  TensorFile file_;
};

TEST_F(DamagedJointCheckpoint, IsAcceptedWhole) {
  EXPECT_EQ(refusal_of(file_), "");
}

TEST_F(DamagedJointCheckpoint, HasValuesThatNoRunHas) {
  for (const Tensor& tensor : file_.tensors)
    EXPECT_NE(with_value(tensor.name, NAN).find(tensor.name), std::string::npos) << tensor.name;
  for (const char* chains : {"training.chains.visible", "training.chains.hidden"})
    for (const float value : {7.0f, -1.0f, 0.5f})
      EXPECT_NE(with_value(chains, value).find(std::string("tensor \"") + chains + "\", row "),
                std::string::npos)
          << value;
}

TEST_F(DamagedJointCheckpoint, HasAHeaderThatNoRunHas) {
  EXPECT_NE(refusal("\"average_updates\":", "\"average_updates\":1000000").find("average_updates"),
            std::string::npos);
  EXPECT_NE(refusal("\"update\":", "\"update\":1").find("updates"), std::string::npos);
  for (const char* value : {"null", "-0.5", "\"0\""})
    EXPECT_NE(refusal("\"best_value\":", std::string("\"best_value\":") + value)
                  .find("best_value must be the reconstruction_error_held_out"),
              std::string::npos)
        << value;
  EXPECT_NE(refusal("\"ended\":", "\"ended\":true").find("ended early"), std::string::npos);
  options_.keep_best.clear();
  EXPECT_NE(refusal_of(file_).find("best epoch"), std::string::npos);
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
