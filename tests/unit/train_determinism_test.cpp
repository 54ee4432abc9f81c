// The same bits for any number of threads, and for a run that is stopped and resumed.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "harmonium/base/error.h"
#include "harmonium/train/greedy.h"
#include "unit/greedy_runs.h"

namespace harmonium {
namespace {

// Small binary cases with structure; some cells may be missing, and cases may have weights.
class Cases final : public BatchSource {
 public:
  Cases(std::size_t count, std::size_t columns, bool missing, bool weighted)
      : values_(count, columns), missing_(missing) {
    layer_ = parse_layer(std::to_string(columns));
    const Noise noise(3, Stream::kSynthetic, 0);
    for (std::size_t r = 0; r < count; ++r) {
      const bool kind = noise.uniform(r, 1000) < 0.5f;
      for (std::size_t i = 0; i < columns; ++i) {
        const auto unit = static_cast<std::uint32_t>(i);
        values_(r, i) = noise.uniform(r, unit) < ((i % 2 == 0) == kind ? 0.9f : 0.1f) ? 1.0f : 0.0f;
        if (missing && noise.uniform(r, unit, 1) < 0.1f) values_(r, i) = std::nanf("");
      }
      labels_.push_back(r % 10 == 9 ? -1 : kind ? 1 : 0);  // some are unknown
      if (weighted) weights_.push_back(0.5f + noise.uniform(r, 2000));
    }
  }
  std::size_t size() const override { return values_.rows(); }
  const LayerSpec& layer() const override { return layer_; }
  void fetch(std::span<const std::uint64_t> cases, std::uint64_t, std::uint64_t,
             MatrixView<float> out) const override {
    for (std::size_t r = 0; r < cases.size(); ++r)
      std::copy_n(values_.row(cases[r]).data(), values_.cols(), out.row(r).data());
  }
  std::span<const float> case_weights() const override { return weights_; }
  bool has_missing() const override { return missing_; }
  std::span<const std::int32_t> labels() const { return labels_; }

 private:
  LayerSpec layer_;
  Matrix<float> values_;
  std::vector<std::int32_t> labels_;
  std::vector<float> weights_;
  bool missing_;
};

struct Experiment {
  std::string name;
  std::string layers = "9 - 6";
  TrainOptions options;
  bool missing = false, weighted = false, labels = false;
};

std::vector<Experiment> experiments() {
  std::vector<Experiment> all;
  const auto add = [&](std::string name) -> Experiment& {
    all.push_back({std::move(name), "9 - 6", {}, false, false, false});
    TrainOptions& o = all.back().options;
    o.epochs = 3, o.batch = 25, o.chains = 60, o.temperatures = 3, o.rate = 0.1, o.initial_deviation = 0.1;
    return all.back();
  };
  add("cd").options.steps = Schedule(std::vector<double>{1, 3});
  add("pcd").options.negative = NegativeKind::kPersistent;
  add("fpcd").options.negative = NegativeKind::kFastPersistent;
  add("tempering").options.negative = NegativeKind::kTempering;
  add("exact").options.negative = NegativeKind::kExact;
  Experiment& rich = add("everything");
  rich.layers = "9 - 6 + softmax 2 - 5";
  rich.labels = rich.weighted = true;
  TrainOptions& o = rich.options;
  o.negative = NegativeKind::kPersistent;
  o.momentum = 0.5, o.l2 = 1e-3, o.l1 = 1e-4, o.norm_limit = 2, o.centring = true, o.sparsity_target = 0.2;
  o.average_epochs = 1, o.pass_samples = true, o.rate = Schedule(0.1, ScheduleShape::kLinear);
  Experiment& missing = add("missing");
  missing.missing = true;
  missing.options.negative = NegativeKind::kPersistent;
  Experiment& gaussian = add("learned_variance");
  gaussian.layers = "9 - gaussian(learned) 4";
  gaussian.options.rate = 0.01;
  Experiment& tied = add("tied");
  tied.layers = "9 - 6 - 9";
  tied.options.tied_start = true;
  Experiment& unknown = add("tied_persistent_with_unknown_labels");
  unknown.layers = "9 - 6 + softmax 2 - 15", unknown.labels = true;
  unknown.options.tied_start = true, unknown.options.negative = NegativeKind::kPersistent;
  return all;
}

class Determinism : public testing::TestWithParam<Experiment> {
 protected:
  Determinism() : cases_(103, 9, GetParam().missing, GetParam().weighted) {}

  GreedyTrainer make(ThreadTeam& team) const {
    const Experiment& e = GetParam();
    const auto layers = parse_layers(e.layers);
    TrainingData data{&cases_, nullptr, {}, {}};
    if (e.labels) data.train_labels = cases_.labels();
    return GreedyTrainer(make_net(layers, e.labels), data,
                         std::vector<TrainOptions>(layers.size() - 1, e.options), team);
  }

  Cases cases_;
};
INSTANTIATE_TEST_SUITE_P(Runs, Determinism, testing::ValuesIn(experiments()),
                         [](const auto& run) { return run.param.name; });

TEST_P(Determinism, HoldsForAnyNumberOfThreads) {
  expect_same_for_threads([this](ThreadTeam& team) { return make(team); });
}

TEST_P(Determinism, HoldsForARunThatIsStoppedAndResumed) {
  expect_same_when_stopped([this](ThreadTeam& team) { return make(team); }, GetParam().name,
                           {1, 4, 7, 11, 13});
}

TEST_P(Determinism, OfEqualRunsMakesEqualCheckpoints) {
  ThreadTeam one(1), three(3);
  const auto at_batch_six = [&](ThreadTeam& team) {
    GreedyTrainer trainer = make(team);
    int batches = 0;
    TensorFile file;
    GreedyHooks hooks;
    hooks.stop_requested = [&] { return ++batches == 6; };
    hooks.checkpoint = [&] { file = trainer.checkpoint("recipe"); };
    trainer.run(hooks);
    return file;
  };
  const TensorFile a = at_batch_six(one), b = at_batch_six(three);
  EXPECT_EQ(a.metadata, b.metadata);
  EXPECT_EQ(a.tensors, b.tensors);
}

TEST(Checkpoint, OfAnotherRecipeIsRefused) {
  ThreadTeam team(1);
  const Cases cases(20, 4, false, false);
  GreedyTrainer trainer(make_net(parse_layers("4 - 3"), false), {&cases}, {TrainOptions{}}, team);
  TensorFile file;
  GreedyHooks hooks;
  hooks.stop_requested = [] { return true; };
  hooks.checkpoint = [&] { file = trainer.checkpoint("recipe"); };
  EXPECT_FALSE(trainer.run(hooks));
  GreedyTrainer other(make_net(parse_layers("4 - 3"), false), {&cases}, {TrainOptions{}}, team);
  EXPECT_THROW(other.restore(file, "another recipe"), InputError);
  GreedyTrainer wider(make_net(parse_layers("4 - 5"), false), {&cases}, {TrainOptions{}}, team);
  EXPECT_THROW(wider.restore(file, "recipe"), InputError);
}

}  // namespace
}  // namespace harmonium
