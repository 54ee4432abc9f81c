// Sparse cases: the same gradient as of the same cases spread out, the same bits for any number of threads,
// and no row of values that is dense.
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>

#include "harmonium/train/greedy.h"
#include "unit/gradients.h"

namespace harmonium {
namespace {

constexpr std::size_t kCases = 130, kWords = 300;  // several blocks of cases and of weights

// Word counts: about one word in 15 occurs, up to `most` times.
SparseMatrix documents(std::size_t columns, std::uint64_t most) {
  SparseMatrix m;
  m.clear(columns);
  const Noise noise(11, Stream::kSynthetic, 0);
  for (std::size_t r = 0; r < kCases; ++r) {
    for (std::size_t i = 0; i < columns; ++i) {
      const auto unit = static_cast<std::uint32_t>(i);
      if (noise.uniform(r, unit, 1) * 15 < 1) m.add(unit, static_cast<float>(1 + noise.below(most, r, unit)));
    }
    m.end_row();
  }
  return m;
}

Matrix<float> spread_out(const SparseMatrix& rows) {
  Matrix<float> m(rows.rows(), rows.cols);
  for (std::size_t r = 0; r < rows.rows(); ++r)
    for (auto k = rows.row_start[r]; k < rows.row_start[r + 1]; ++k) m(r, rows.columns[k]) = rows.values[k];
  return m;
}

struct Setting {
  std::string name, visible, hidden;
  NegativeKind negative = NegativeKind::kContrastiveDivergence;
  std::uint64_t most = 1;  // the largest count
  bool weighted = false, centring = false;
  std::size_t columns = kWords;
};

class SparseGradient : public testing::TestWithParam<Setting> {};
INSTANTIATE_TEST_SUITE_P(
    Settings, SparseGradient,
    testing::Values(Setting{"cd_words", "multinomial 300", "150", NegativeKind::kContrastiveDivergence, 4},
                    Setting{"cd_words_weighted", "multinomial 300", "softmax(3) 5 + 6",
                            NegativeKind::kContrastiveDivergence, 4, true},
                    Setting{"cd_words_of_real_topics", "multinomial 300", "gaussian(learned) 9",
                            NegativeKind::kContrastiveDivergence, 2},
                    Setting{"cd_words_and_labels", "multinomial 290 + softmax 10", "20"},
                    Setting{"cd_poisson", "poisson 300", "20", NegativeKind::kContrastiveDivergence, 3},
                    Setting{"cd_binomial", "binomial(4) 300", "rectified 20",
                            NegativeKind::kContrastiveDivergence, 4},
                    Setting{"cd_centred", "300", "20", NegativeKind::kContrastiveDivergence, 1, true, true},
                    Setting{"pcd", "multinomial(20) 300", "20", NegativeKind::kPersistent, 2, true},
                    Setting{"fpcd", "300", "20", NegativeKind::kFastPersistent},
                    Setting{"tempering", "binomial(4) 300", "20", NegativeKind::kTempering, 4},
                    Setting{"exact", "300", "6", NegativeKind::kExact, 1, true}),
    [](const auto& setting) { return setting.param.name; });

// The largest difference in terms of the largest value.
double relative_difference(std::span<const float> a, std::span<const float> b) {
  EXPECT_EQ(a.size(), b.size());
  double difference = 0, size = 1e-30;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference = std::max(difference, std::abs(static_cast<double>(a[i]) - b[i]));
    size = std::max<double>(size, std::abs(b[i]));
  }
  return difference / size;
}

TEST_P(SparseGradient, EqualsThatOfTheCasesSpreadOut) {
  const Setting& s = GetParam();
  Rbm rbm(parse_layer(s.visible), parse_layer(s.hidden));
  initialise_weights(rbm, 0.05f, -0.2f, 3, 0);
  // As rare as in the documents.
  std::fill(rbm.visible.bias.begin(), rbm.visible.bias.end(), -2.6f);
  TrainOptions options;
  options.negative = s.negative;
  options.chains = 110, options.temperatures = 3, options.centring = s.centring;
  options.precision = PrecisionChoice::kF32;
  const SparseMatrix rows = documents(kWords, s.most);
  Matrix<float> values = spread_out(rows);
  const auto numbers = numbered(kCases);
  std::vector<float> weights;
  for (std::size_t r = 0; s.weighted && r < kCases; ++r) weights.push_back(0.5f + static_cast<float>(r % 3));
  ThreadTeam team(2);
  RbmLearner with_dense(rbm, options, "layers.0", team), with_sparse(rbm, options, "layers.0", team);
  ASSERT_TRUE(with_sparse.takes_sparse());
  const RbmGradient dense = with_dense.gradient({values, numbers, weights}, {}, team);
  const RbmGradient sparse = with_sparse.gradient({{}, numbers, weights, rows}, {}, team);
  EXPECT_GT(relative_difference(dense.weights.values(), Matrix<float>(kWords, rbm.hidden_columns()).values()),
            1.0);  // it is not zero
  // What centring takes away from the gradient is larger than what it leaves, so that rounding shows more.
  const double rounding = s.centring ? 1e-5 : 1e-6;
  EXPECT_LT(relative_difference(sparse.weights.values(), dense.weights.values()), rounding);
  EXPECT_LT(relative_difference(sparse.visible_bias, dense.visible_bias), rounding);
  EXPECT_LT(relative_difference(sparse.hidden_bias, dense.hidden_bias), rounding);
  EXPECT_LT(relative_difference(sparse.hidden_log_variance, dense.hidden_log_variance), rounding);
}

TEST(SparseLearner, TakesDenseAndSparseBatchesInTurn) {
  Rbm rbm(parse_layer("multinomial 300"), parse_layer("20"));
  initialise_weights(rbm, 0.05f, 0.0f, 3, 0);
  const SparseMatrix rows = documents(kWords, 3);
  Matrix<float> values = spread_out(rows);
  const auto numbers = numbered(kCases);
  ThreadTeam team(1);
  RbmLearner learner(rbm, {}, "layers.0", team);
  const auto first = learner.gradient({values, numbers, {}}, {}, team);
  learner.gradient({{}, numbers, {}, rows}, {}, team);
  const auto again = learner.gradient({values, numbers, {}}, {}, team);
  EXPECT_EQ(flat(first), flat(again));
}

TEST(SparseLearner, LeavesLearnedVariancesAndMissingValuesToDenseCases) {
  ThreadTeam team(1);
  TrainOptions absent;
  absent.missing_absent = true;
  EXPECT_FALSE(
      RbmLearner(Rbm(parse_layer("gaussian(learned) 3"), parse_layer("2")), {}, "", team).takes_sparse());
  EXPECT_FALSE(RbmLearner(Rbm(parse_layer("3"), parse_layer("2")), absent, "", team).takes_sparse());
  EXPECT_FALSE(RbmLearner(Rbm(parse_layer("3"), parse_layer("2")), {}, "", team, {0, 1, 0}).takes_sparse());
}

// Documents that count how many of them were asked for as dense rows.
class Documents final : public BatchSource {
 public:
  explicit Documents(bool sparse) : rows_(documents(kWords, 3)), sparse_(sparse) {
    layer_ = parse_layer("multinomial 300");
    for (std::size_t r = 0; r < kCases; ++r) weights_.push_back(1.0f + static_cast<float>(r % 2));
  }
  std::size_t size() const override { return kCases; }
  const LayerSpec& layer() const override { return layer_; }
  std::span<const float> case_weights() const override { return weights_; }
  void fetch(std::span<const std::uint64_t> cases, std::uint64_t, std::uint64_t,
             MatrixView<float> values) const override {
    dense_rows_ += cases.size();
    const Matrix<float> all = spread_out(rows_);
    for (std::size_t r = 0; r < cases.size(); ++r)
      std::copy_n(all.row(cases[r]).data(), all.cols(), values.row(r).data());
  }
  bool is_sparse() const override { return sparse_; }
  void fetch_sparse(std::span<const std::uint64_t> cases, SparseMatrix& rows) const override {
    rows.clear(kWords);
    for (const auto c : cases) {
      for (auto k = rows_.row_start[c]; k < rows_.row_start[c + 1]; ++k)
        rows.add(rows_.columns[k], rows_.values[k]);
      rows.end_row();
    }
  }
  std::size_t dense_rows() const { return dense_rows_; }

 private:
  SparseMatrix rows_;
  bool sparse_;
  LayerSpec layer_;
  std::vector<float> weights_;
  mutable std::atomic<std::size_t> dense_rows_ = 0;
};

// All numbers of a machine that was learned from the documents.
std::vector<float> learned(const Documents& source, unsigned threads) {
  TrainOptions options;
  options.epochs = 2, options.batch = 60, options.rate = 0.01, options.momentum = 0.5;
  options.sparsity_target = 0.2, options.monitor_cases = 7;
  ThreadTeam team(threads);
  GreedyTrainer trainer(make_net(parse_layers("multinomial 300 - 20"), false), {&source, nullptr, {}, {}},
                        {options}, team);
  EXPECT_TRUE(trainer.run({}));
  DeepBeliefNet net = trainer.net();
  std::vector<float> numbers;
  for (const NamedTensor& tensor : net.parameters())
    numbers.insert(numbers.end(), tensor.values.begin(), tensor.values.end());
  return numbers;
}

TEST(SparseDeterminism, HoldsForAnyNumberOfThreads) {
  const Documents source(true);
  const auto one = learned(source, 1);
  for (const float value : one) ASSERT_TRUE(std::isfinite(value));
  EXPECT_EQ(one, learned(source, 2));
  EXPECT_EQ(one, learned(source, 5));
}

TEST(SparseTraining, LearnsWhatDenseTrainingLearns) {
  EXPECT_LT(relative_difference(learned(Documents(true), 1), learned(Documents(false), 1)), 1e-5);
}

TEST(SparseTraining, SpreadsOutWhatIsMeasuredAlone) {
  const Documents source(true);
  learned(source, 2);
  EXPECT_EQ(source.dense_rows(), 2u * 7u);  // epochs times cases measured
}

}  // namespace
}  // namespace harmonium
