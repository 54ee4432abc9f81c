// Learning from a file that stays on the disk: the same bits for any number of threads and after a resume, in
// a stack too, and the values that the same cases in memory give.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <numeric>

#include "harmonium/data/load.h"
#include "harmonium/io/npy.h"
#include "harmonium/train/greedy.h"
#include "train/layer_source.h"

namespace harmonium {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kCases = 403, kColumns = 12;

class StreamingDeterminism : public testing::Test {
 protected:
  void SetUp() override {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::temp_directory_path() /
              (std::string("harmonium-streaming-") + info->name() + "-" + std::to_string(::getpid()));
    fs::create_directories(folder_);
    const Noise noise(11, Stream::kSynthetic, 0);
    std::vector<std::uint8_t> values(kCases * kColumns);
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = noise.bits(i / kColumns, static_cast<std::uint32_t>(i % 3)) % 2 ? 255 : 30;
    write_npy(folder_ / "x.npy", NumericArray::from<std::uint8_t>(values, {kCases, kColumns}));
  }
  void TearDown() override { fs::remove_all(folder_); }

  /// Blocks of 8 cases, three of them mixed.
  Dataset load(bool on_disk) const {
    DataRequest request;
    request.source = (folder_ / "x.npy").string();
    request.binarise = Binarise::kSample;
    if (on_disk) request.stream = {0, 100, 3};
    return load_dataset(request);
  }
  static std::vector<TrainOptions> options() {
    TrainOptions o;
    o.epochs = 3, o.batch = 20, o.average_epochs = 1;
    o.momentum = 0.5;
    return {o, o};
  }
  static DeepBeliefNet net() { return make_net(parse_layers("12 - 6 - 4"), false); }

  fs::path folder_;
};

std::vector<float> values_of(const DeepBeliefNet& net) {
  std::vector<float> all;
  for (const Rbm& rbm : net.rbms) {
    Rbm copy = rbm;
    for (const auto& tensor : copy.parameters("x"))
      all.insert(all.end(), tensor.values.begin(), tensor.values.end());
  }
  return all;
}

TEST_F(StreamingDeterminism, TheSameBitsForAnyNumberOfThreadsAndAfterEveryStop) {
  const Dataset train = load(true), held_out = train.take(0, 30);
  std::vector<float> wanted;
  for (const unsigned threads : {1u, 2u, 3u}) {
    ThreadTeam team(threads);
    GreedyTrainer trainer(net(), {&train, &held_out}, options(), team);
    EXPECT_TRUE(trainer.run({}));
    if (wanted.empty()) wanted = values_of(trainer.net());
    EXPECT_EQ(values_of(trainer.net()), wanted) << threads << " threads";
  }
  // Stopped after every eighth batch, and gone on by another trainer on newly opened data.
  std::optional<TensorFile> saved;
  for (int part = 0;; ++part) {
    ASSERT_LT(part, 100);
    ThreadTeam team(1 + static_cast<unsigned>(part) % 3);
    const Dataset again = load(true), again_held_out = again.take(0, 30);
    GreedyTrainer trainer(net(), {&again, &again_held_out}, options(), team);
    if (saved) trainer.restore(*saved, "recipe");
    int batches = 0;
    GreedyHooks hooks;
    hooks.stop_requested = [&] { return ++batches == 8; };
    hooks.checkpoint = [&] { saved = trainer.checkpoint("recipe"); };
    if (!trainer.run(hooks)) continue;
    EXPECT_GT(part, 5);  // in the middle of epochs of 21 batches
    EXPECT_EQ(values_of(trainer.net()), wanted);
    break;
  }
}

TEST_F(StreamingDeterminism, AWindowOfAllCasesLearnsAsWellAsMemory) {
  ThreadTeam team(2);
  const auto errors = [&](bool on_disk) {
    const Dataset train = load(on_disk);
    GreedyTrainer trainer(net(), {&train, nullptr}, options(), team);
    trainer.run({});
    std::vector<double> all;
    for (const HistoryRecord& record : trainer.history())
      all.push_back(record.measures.at("reconstruction_error"));
    return all;
  };
  const auto memory = errors(false), disk = errors(true);
  ASSERT_EQ(memory.size(), disk.size());
  // Other orders of the same cases: not the same numbers, but the same learning.
  EXPECT_NE(memory, disk);
  for (std::size_t i = 0; i < memory.size(); ++i) EXPECT_NEAR(disk[i], memory[i], 0.15 * memory[i] + 0.05);
}

TEST_F(StreamingDeterminism, UpperLayersSeeTheSameCasesInTheOrderOfTheData) {
  ThreadTeam team(2);
  const Dataset memory = load(false), disk = load(true);
  const DeepBeliefNet stack = net();
  const auto above = make_layer_source(stack, 1, memory, States::kMeans, 1, team);
  const auto streamed = make_layer_source(stack, 1, disk, States::kMeans, 1, team);
  EXPECT_FALSE(above->is_on_disk());
  EXPECT_TRUE(streamed->is_on_disk());
  const auto a = fetch_range(*above, 0, kCases, 1, 2, team),
             b = fetch_range(*streamed, 0, kCases, 1, 2, team);
  EXPECT_TRUE(std::equal(a.values().begin(), a.values().end(), b.values().begin(), b.values().end()));
  std::vector<std::uint64_t> of_data(kCases), of_layer(kCases);
  disk.order(4)->select(2, 0, of_data);
  streamed->order(4)->select(2, 0, of_layer);
  EXPECT_EQ(of_data, of_layer);
}

}  // namespace
}  // namespace harmonium
