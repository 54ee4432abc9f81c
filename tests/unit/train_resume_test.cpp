// The same bits, for runs that combine what learners keep between updates: fast weights and norm limits,
// tempered chains and lists of steps, missing values and labels in a stack.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <ostream>

#include "harmonium/base/error.h"
#include "harmonium/train/greedy.h"
#include "unit/greedy_runs.h"

namespace harmonium {
namespace {

struct Plan {
  std::string name, layers, kind = "7";
  TrainOptions options;
  bool missing = false, labels = false;
};

// The name of a test, in place of the bytes of its parameter.
void PrintTo(const Plan& plan, std::ostream* out) {
  *out << plan.name;
}

// Cases of one kind of unit, some values missing, labels of which some are unknown.
class Cases final : public BatchSource {
 public:
  Cases(const std::string& layer, std::size_t count, bool missing)
      : layer_(parse_layer(layer)), values_(count, layer_.columns()), missing_(missing) {
    const Noise noise(11, Stream::kSynthetic, 0);
    std::vector<std::uint64_t> rows(count);
    for (std::size_t r = 0; r < count; ++r) rows[r] = r;
    Matrix<float> input(count, layer_.columns());
    for (std::size_t r = 0; r < count; ++r) {
      labels_.push_back(r % 7 == 0 ? -1 : static_cast<std::int32_t>(r % 3));
      for (std::size_t i = 0; i < layer_.columns(); ++i) input(r, i) = r % 3 == i % 3 ? 1.5f : -1.5f;
    }
    conditional(Layer(layer_), input, {}, {}, values_, noise, rows);
    for (std::size_t r = 0; missing && r < count; ++r)
      for (std::size_t i = 0; i < layer_.columns(); ++i)
        if (noise.uniform(r, static_cast<std::uint32_t>(i), 9) < 0.15f) values_(r, i) = std::nanf("");
  }
  std::size_t size() const override { return values_.rows(); }
  const LayerSpec& layer() const override { return layer_; }
  void fetch(std::span<const std::uint64_t> cases, std::uint64_t, std::uint64_t,
             MatrixView<float> out) const override {
    for (std::size_t r = 0; r < cases.size(); ++r)
      std::copy_n(values_.row(cases[r]).data(), values_.cols(), out.row(r).data());
  }
  bool has_missing() const override { return missing_; }
  std::span<const std::int32_t> labels() const { return labels_; }

 private:
  LayerSpec layer_;
  Matrix<float> values_;
  std::vector<std::int32_t> labels_;
  bool missing_;
};

std::vector<Plan> plans() {
  std::vector<Plan> all;
  const auto add = [&](std::string name, std::string layers) -> Plan& {
    all.push_back({std::move(name), std::move(layers), "7", {}, false, false});
    TrainOptions& o = all.back().options;
    o.epochs = 3, o.batch = 16, o.chains = 40, o.temperatures = 3, o.rate = 0.1, o.initial_deviation = 0.2;
    return all.back();
  };
  Plan& fast = add("fast_with_norm_limit", "7 - 5");
  fast.options.negative = NegativeKind::kFastPersistent;
  fast.options.norm_limit = 0.5, fast.options.momentum = 0.8;
  Plan& centred = add("fast_centred_sparse", "7 - 5");
  centred.options.negative = NegativeKind::kFastPersistent;
  centred.options.centring = true, centred.options.sparsity_target = 0.1;
  Plan& tempered = add("tempering_with_list_of_steps", "7 - 5 - 4");
  tempered.options.negative = NegativeKind::kTempering;
  tempered.options.steps = Schedule(std::vector<double>{3, 1, 2});
  tempered.options.average_epochs = 2, tempered.options.snapshots = 6;
  Plan& absent = add("absent", "7 - 5");
  absent.missing = true, absent.options.missing_absent = true, absent.options.momentum = 0.5;
  Plan& stack = add("missing_labels_stack", "7 - 6 + softmax 3 - 5");
  stack.missing = stack.labels = true;
  stack.options.momentum = 0.9, stack.options.centring = true, stack.options.sparsity_target = 0.2;
  stack.options.average_epochs = 1, stack.options.pass_samples = true, stack.options.likelihood_every = 1;
  Plan& one = add("missing_labels_beside_data", "7 + softmax 3 - 5");
  one.missing = one.labels = true;
  one.options.negative = NegativeKind::kPersistent, one.options.snapshots = 20;
  Plan& real = add("gaussian_fast", "gaussian(learned) 4 - 5");
  real.kind = "gaussian(learned) 4";
  real.missing = true, real.options.rate = 0.01, real.options.negative = NegativeKind::kFastPersistent;
  Plan& words = add("documents", "multinomial 5 - 4");
  words.kind = "multinomial(6) 5";
  return all;
}

class DeterminismOfPlans : public testing::TestWithParam<Plan> {
 protected:
  DeterminismOfPlans() : cases_(GetParam().kind, 53, GetParam().missing) {}
  GreedyTrainer make(ThreadTeam& team) const {
    const Plan& plan = GetParam();
    const auto layers = parse_layers(plan.layers);
    TrainingData data{&cases_, nullptr, {}, {}};
    if (plan.labels) data.train_labels = cases_.labels();
    return {make_net(layers, plan.labels), data, std::vector<TrainOptions>(layers.size() - 1, plan.options),
            team};
  }
  Cases cases_;
};
INSTANTIATE_TEST_SUITE_P(Plans, DeterminismOfPlans, testing::ValuesIn(plans()),
                         [](const auto& run) { return run.param.name; });

TEST_P(DeterminismOfPlans, HoldsForAnyNumberOfThreads) {
  expect_same_for_threads([this](ThreadTeam& team) { return make(team); });
}

TEST_P(DeterminismOfPlans, HoldsForARunThatIsStoppedAndResumed) {
  expect_same_when_stopped([this](ThreadTeam& team) { return make(team); }, "plan-" + GetParam().name,
                           {1, 3, 5});
}

// Snapshots follow the schedule, and those beyond the checkpoint are made again.
TEST(Snapshots, AreThoseOfTheTopRbmAtTheirUpdates) {
  ThreadTeam team(1);
  const Cases cases("7", 53, false);
  TrainOptions options;
  options.batch = 10, options.epochs = 3, options.snapshots = 5;
  const auto make = [&] {
    return GreedyTrainer(make_net(parse_layers("7 - 4 - 3"), false), {&cases}, {options, options}, team);
  };
  GreedyTrainer whole = make();
  std::vector<TensorFile> files;
  GreedyHooks hooks;
  hooks.checkpoint = [&] { files.push_back(whole.checkpoint("recipe")); };
  int batches = 0;
  hooks.stop_requested = [&] { return ++batches == 18 + 8; };
  EXPECT_FALSE(whole.run(hooks));  // in the second epoch of the second RBM
  ASSERT_FALSE(files.empty());
  hooks.stop_requested = {};
  EXPECT_TRUE(whole.run(hooks));
  EXPECT_EQ(whole.snapshots().updates, snapshot_updates(5, 18));
  EXPECT_EQ(whole.snapshots().rbms[0].hidden_columns(), 3u);
  for (const TensorFile& file : files) {
    GreedyTrainer again = make();
    again.restore(file, "recipe");
    again.restore_snapshots(whole.snapshots(), "later ones");
    EXPECT_TRUE(again.run({}));
    EXPECT_EQ(again.snapshots().updates, whole.snapshots().updates);
    for (std::size_t n = 0; n < 5; ++n)
      EXPECT_TRUE(std::ranges::equal(again.snapshots().rbms[n].weights.values(),
                                     whole.snapshots().rbms[n].weights.values()));
  }
  GreedyTrainer lacking = make();
  lacking.restore(files.back(), "recipe");
  EXPECT_THROW(lacking.restore_snapshots({}, "none"), InputError);
}

// A checkpoint deep in an epoch of more data than there are now.
TEST(Resume, WithFewerCasesIsRefused) {
  ThreadTeam team(1);
  const Cases many("7", 53, false), few("7", 20, false);
  TrainOptions options;
  options.batch = 10;
  GreedyTrainer trainer(make_net(parse_layers("7 - 3"), false), {&many}, {options}, team);
  TensorFile file;
  int batches = 0;
  GreedyHooks hooks;
  hooks.stop_requested = [&] { return ++batches == 5; };
  hooks.checkpoint = [&] { file = trainer.checkpoint("recipe"); };
  EXPECT_FALSE(trainer.run(hooks));
  GreedyTrainer other(make_net(parse_layers("7 - 3"), false), {&few}, {options}, team);
  EXPECT_THROW(other.restore(file, "recipe"), InputError);
}

}  // namespace
}  // namespace harmonium
