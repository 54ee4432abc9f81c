// The same bits for any number of threads, in shapes that are really cut: several blocks of cases, of chains,
// of states and of weights.
#include <gtest/gtest.h>

#include <cmath>

#include "harmonium/data/batch_source.h"
#include "harmonium/kernels/products.h"
#include "harmonium/train/greedy.h"
#include "unit/rbm_cases.h"

namespace harmonium {
namespace {

constexpr std::size_t kCases = 260, kBatch = 130, kChains = 110;

struct Shape {
  std::string name, layers;
  TrainOptions options;
  bool missing = false;
  float value_step = 0.0f;  // 1: products in bf16 where the processor has them
};

std::vector<Shape> shapes() {
  std::vector<Shape> all;
  const auto add = [&](std::string name, std::string layers, NegativeKind kind) -> Shape& {
    all.push_back({std::move(name), std::move(layers), {}, false, 0.0f});
    TrainOptions& o = all.back().options;
    o.negative = kind;
    o.epochs = 2, o.batch = kBatch, o.chains = kChains, o.temperatures = 3, o.rate = 0.05, o.momentum = 0.5;
    return all.back();
  };
  add("cd", "400 - 400", NegativeKind::kContrastiveDivergence);
  add("cd_bf16", "401 - 301", NegativeKind::kContrastiveDivergence).value_step = 1.0f;
  add("fpcd_bf16", "400 - 400", NegativeKind::kFastPersistent).value_step = 1.0f;
  Shape& rich = add("pcd_centred", "400 - 400", NegativeKind::kPersistent);
  rich.options.centring = true, rich.options.norm_limit = 0.2, rich.options.sparsity_target = 0.1;
  add("fpcd", "400 - 400", NegativeKind::kFastPersistent).options.norm_limit = 0.2;
  add("tempering", "400 - 200", NegativeKind::kTempering);
  add("exact", "400 - 10", NegativeKind::kExact);
  Shape& missing = add("missing", "400 - 400", NegativeKind::kContrastiveDivergence);
  missing.missing = true;
  add("variances", "gaussian(learned) 400 - gaussian(learned) 400", NegativeKind::kContrastiveDivergence)
      .options.rate = 0.001;
  add("stack", "400 - 300 - 200", NegativeKind::kPersistent).options.pass_samples = true;
  return all;
}

// Cases of noise around two prototypes.
class Cases final : public BatchSource {
 public:
  Cases(const LayerSpec& layer, const Shape& shape)
      : layer_(layer),
        values_(kCases, layer.columns()),
        missing_(shape.missing),
        value_step_(shape.value_step) {
    const Noise noise(5, Stream::kSynthetic, 0);
    for (std::size_t r = 0; r < kCases; ++r)
      for (std::size_t i = 0; i < values_.cols(); ++i) {
        const float u = noise.uniform(r, static_cast<std::uint32_t>(i));
        values_(r, i) = u < ((r + i) % 2 == 0 ? 0.8f : 0.3f) ? 1.0f : 0.0f;
        if (missing_ && u > 0.95f) values_(r, i) = std::nanf("");
      }
  }
  std::size_t size() const override { return kCases; }
  const LayerSpec& layer() const override { return layer_; }
  void fetch(std::span<const std::uint64_t> cases, std::uint64_t, std::uint64_t,
             MatrixView<float> out) const override {
    for (std::size_t r = 0; r < cases.size(); ++r)
      std::copy_n(values_.row(cases[r]).data(), values_.cols(), out.row(r).data());
  }
  bool has_missing() const override { return missing_; }
  float value_step() const override { return value_step_; }

 private:
  LayerSpec layer_;
  Matrix<float> values_;
  bool missing_;
  float value_step_;
};

class DeterminismOfBlocks : public testing::TestWithParam<Shape> {};
INSTANTIATE_TEST_SUITE_P(Shapes, DeterminismOfBlocks, testing::ValuesIn(shapes()),
                         [](const auto& run) { return run.param.name; });

TEST_P(DeterminismOfBlocks, HoldsForAnyNumberOfThreads) {
  const Shape& shape = GetParam();
  const auto layers = parse_layers(shape.layers);
  ASSERT_LT(block_of_cases(kBatch), kBatch);
  ASSERT_LT(block_of_cases(kChains), kChains);
  if (shape.name != "exact") {
    ASSERT_LT(block_of_weights(layers[0].columns(), layers[1].columns()), layers[0].columns());
  }
  const Cases cases(layers[0], shape);
  std::vector<float> first;
  for (const unsigned threads : {1u, 2u, 3u, 5u}) {
    ThreadTeam team(threads);
    GreedyTrainer trainer(make_net(layers, false), {&cases},
                          std::vector<TrainOptions>(layers.size() - 1, shape.options), team);
    ASSERT_TRUE(trainer.run({}));
    std::vector<float> result;
    DeepBeliefNet net = trainer.net();
    for (const NamedTensor& tensor : net.parameters())
      result.insert(result.end(), tensor.values.begin(), tensor.values.end());
    for (const float value : result) ASSERT_TRUE(std::isfinite(value));
    if (first.empty()) first = result;
    EXPECT_EQ(first, result) << threads << " threads";
  }
}

}  // namespace
}  // namespace harmonium
