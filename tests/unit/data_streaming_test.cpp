// Data that stay on the disk: the order of their cases, that they are what they would be in memory, and what
// goes wrong while they are read.
#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <thread>

#include "data/block_order.h"
#include "data/sample_ranges.h"
#include "harmonium/base/random.h"
#include "harmonium/base/threads.h"
#include "harmonium/data/describe.h"
#include "harmonium/data/load.h"
#include "harmonium/io/npy.h"
#include "unit/data_temp.h"

namespace harmonium {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::uint64_t> epoch_of(BlockOrder& order, std::uint64_t epoch, std::size_t batch) {
  std::vector<std::uint64_t> all(order.cases());
  for (std::size_t first = 0; first < all.size(); first += batch)
    order.select(epoch, first, std::span(all).subspan(first, std::min(batch, all.size() - first)));
  return all;
}

std::vector<std::uint64_t> sorted(std::vector<std::uint64_t> values) {
  std::sort(values.begin(), values.end());
  return values;
}

std::vector<std::uint64_t> counting(std::size_t count) {
  std::vector<std::uint64_t> all(count);
  std::iota(all.begin(), all.end(), std::uint64_t{0});
  return all;
}

struct Sizes {
  std::uint64_t cases;
  std::size_t block, mixed;
};

class BlockOrderTest : public testing::TestWithParam<Sizes> {};

TEST_P(BlockOrderTest, EachEpochHasEveryCaseOnce) {
  const auto [cases, block, mixed] = GetParam();
  BlockOrder order(cases, block, mixed, 5);
  for (std::uint64_t epoch = 0; epoch < 4; ++epoch)
    EXPECT_EQ(sorted(epoch_of(order, epoch, 7)), counting(cases)) << "epoch " << epoch;
}

TEST_P(BlockOrderTest, WindowsAreTheCasesThatStandInThem) {
  const auto [cases, block, mixed] = GetParam();
  BlockOrder order(cases, block, mixed, 5);
  const auto all = epoch_of(order, 3, 10);
  std::size_t position = 0;
  for (std::uint64_t w = 0; w < order.windows(); ++w) {
    std::vector<std::uint64_t> wanted;
    for (const CaseRange& range : order.ranges(3, w)) {
      EXPECT_TRUE(wanted.empty() || wanted.back() < range.first) << "ranges do not ascend";
      for (std::uint64_t i = 0; i < range.count; ++i) wanted.push_back(range.first + i);
    }
    EXPECT_LE(wanted.size(), order.largest_window());
    EXPECT_LE(wanted.size(), block * mixed);
    for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_EQ(order.window_at(position + i), w);
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(position);
    position += wanted.size();
    EXPECT_EQ(sorted({begin, all.begin() + static_cast<std::ptrdiff_t>(position)}), wanted);
  }
  EXPECT_EQ(position, cases);
}

TEST_P(BlockOrderTest, TheOrderIsAFunctionOfSeedAndEpochAlone) {
  const auto [cases, block, mixed] = GetParam();
  BlockOrder order(cases, block, mixed, 5), same(cases, block, mixed, 5), other(cases, block, mixed, 6);
  const auto first = epoch_of(order, 0, 10), second = epoch_of(order, 1, 10);
  // Another instance, other batches, another way to get there, backwards.
  EXPECT_EQ(epoch_of(same, 1, 3), second);
  EXPECT_EQ(epoch_of(same, 0, cases), first);
  std::uint64_t one = 0;
  for (std::uint64_t at = cases; at-- > 0;) {
    same.select(1, at, {&one, 1});
    EXPECT_EQ(one, second[at]);
  }
  if (cases < 20) return;  // few cases may be in the same order by chance
  EXPECT_NE(first, second);
  EXPECT_NE(epoch_of(other, 0, 10), first);
  EXPECT_NE(first, counting(cases));
}

INSTANTIATE_TEST_SUITE_P(Shapes, BlockOrderTest,
                         testing::Values(Sizes{1, 1, 1}, Sizes{1, 10, 4}, Sizes{10, 3, 2}, Sizes{10, 5, 1},
                                         Sizes{100, 10, 4}, Sizes{101, 10, 4}, Sizes{99, 10, 4},
                                         Sizes{1000, 7, 16}, Sizes{50, 100, 16}, Sizes{64, 1, 8}));

// Chi-square over the places that a case takes: it may be anywhere, in the first window as in the last.
TEST(BlockOrderPlaces, EveryCaseMayStandAnywhere) {
  constexpr std::size_t kCases = 103, kBins = 10, kEpochs = 4000;
  BlockOrder order(kCases, 5, 4, 9);
  std::vector<std::vector<double>> seen(3, std::vector<double>(kBins, 0.0));
  for (std::uint64_t epoch = 0; epoch < kEpochs; ++epoch) {
    const auto all = epoch_of(order, epoch, kCases);
    for (std::size_t at = 0; at < 100; ++at) {
      if (all[at] == 0) ++seen[0][at / 10];
      if (all[at] == 51) ++seen[1][at / 10];
      if (all[at] == 102) ++seen[2][at / 10];
    }
  }
  for (const auto& bins : seen) {
    double total = 0, chi = 0;
    for (const double n : bins) total += n;
    for (const double n : bins) chi += (n - total / kBins) * (n - total / kBins) / (total / kBins);
    EXPECT_LT(chi, 27.9);  // 9 degrees of freedom, p = 0.001
  }
}

TEST(SampleRanges, AreAllOfSmallDataAndFixedBlocksOfLarge) {
  EXPECT_THAT(sample_ranges(60000, 784), ElementsAre(CaseRange{0, 60000}));
  EXPECT_THAT(sample_ranges(3, std::size_t{1} << 30), ElementsAre(CaseRange{0, 3}));
  for (const std::uint64_t cases : {65537u, 70001u, 50'000'000u}) {
    const auto ranges = sample_ranges(cases, 784);
    ASSERT_EQ(ranges.size(), 256u);
    EXPECT_EQ(ranges.front().first, 0u);
    EXPECT_EQ(ranges.back().first + ranges.back().count, cases);
    for (std::size_t i = 1; i < ranges.size(); ++i)
      EXPECT_GE(ranges[i].first, ranges[i - 1].first + ranges[i - 1].count);
  }
}

class StreamingTest : public DataTest {
 protected:
  template <class T>
  std::string put(const std::string& name, const std::vector<T>& values, std::size_t columns) const {
    write_npy(path(name), NumericArray::from<T>(values, {values.size() / columns, columns}));
    return path(name);
  }
  static std::vector<std::uint8_t> bytes(std::size_t count) {
    const Noise noise(3, Stream::kSynthetic, 0);
    std::vector<std::uint8_t> values(count);
    for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<std::uint8_t>(noise.bits(i, 0));
    return values;
  }
  static std::vector<float> reals(std::size_t count) {
    const Noise noise(4, Stream::kSynthetic, 0);
    std::vector<float> values(count);
    for (std::size_t i = 0; i < count; ++i) values[i] = noise.normal(i, 0) * 3 + 1;
    return values;
  }
  /// Buffers so small that everything happens: blocks of some cases, two of them mixed.
  static DataRequest request(const std::string& source, bool on_disk) {
    DataRequest request;
    request.source = source;
    if (on_disk) request.stream = {0, 100, 2};
    return request;
  }
};

TEST_F(StreamingTest, ValuesHashAndSchemaAreThoseOfTheDataInMemory) {
  std::vector<double> doubles;
  for (const float x : reals(400)) doubles.push_back(x);
  std::vector<std::int16_t> counts;
  for (const std::uint8_t x : bytes(400)) counts.push_back(static_cast<std::int16_t>(x * 2));
  for (const std::string& source : {put("u8.npy", bytes(5000), 10), put("f32.npy", reals(400), 10),
                                    put("f64.npy", doubles, 10), put("i16.npy", counts, 10)}) {
    const Dataset memory = load_dataset(request(source, false)), disk = load_dataset(request(source, true));
    EXPECT_FALSE(memory.is_on_disk());
    EXPECT_TRUE(disk.is_on_disk());
    EXPECT_EQ(disk.schema(), memory.schema()) << source;  // with the statistics of standardised columns
    EXPECT_EQ(disk.hash(), memory.hash()) << source;
    EXPECT_EQ(disk.raw_description(), memory.raw_description());
    EXPECT_EQ(disk.raw_bytes(), memory.raw_bytes());
    const Matrix<float> a = fetch_all(memory, 2), b = fetch_all(disk, 2);
    for (std::size_t r = 0; r < a.rows(); ++r)
      ASSERT_EQ(row_of(a, r), row_of(b, r)) << source << " row " << r;
    EXPECT_EQ(describe(request(source, true)).schema, describe(request(source, false)).schema);
  }
}

TEST_F(StreamingTest, TheHashOfALargeFileIsThatOfTheDataInMemory) {
  const auto source = put("large.npy", bytes(770 * 7001), 770);  // beyond what is hashed whole; odd rows
  EXPECT_EQ(load_dataset(request(source, true)).hash(), load_dataset(request(source, false)).hash());
}

TEST_F(StreamingTest, OnlyFilesBeyondTheLimitStayOnTheDisk) {
  DataRequest one = request(put("x.npy", bytes(1000), 10), false);
  const auto size = std::filesystem::file_size(one.source);
  one.stream.memory = size;
  EXPECT_FALSE(load_dataset(one).is_on_disk());
  one.stream.memory = size - 1;
  EXPECT_TRUE(load_dataset(one).is_on_disk());
  EXPECT_THAT(load_dataset(one).description(), HasSubstr("read from the disk"));
}

TEST_F(StreamingTest, SelectedCasesAreFetchedAsTheyAreInAnyOrderAndByAnyThread) {
  const auto source = put("x.npy", bytes(4030), 10);
  DataRequest asked = request(source, true);
  asked.binarise = Binarise::kSample;
  const Dataset disk = load_dataset(asked);
  const Matrix<float> wanted = fetch_all(disk, 1);
  const auto order = disk.order(8);
  ThreadTeam team(3);
  for (const std::size_t batch : {7u, 20u, 403u}) {
    std::set<std::uint64_t> seen;
    for (std::size_t first = 0; first < disk.size(); first += batch) {
      std::vector<std::uint64_t> cases(std::min(batch, disk.size() - first));
      order->select(1, first, cases);
      Matrix<float> values(cases.size(), 10);
      team.run_blocks(cases.size(), 3, [&](std::size_t row, std::size_t rows, unsigned) {
        disk.fetch(std::span(cases).subspan(row, rows), 1, 1, values.view().row_block(row, rows));
      });
      for (std::size_t r = 0; r < cases.size(); ++r) {
        EXPECT_TRUE(seen.insert(cases[r]).second);
        ASSERT_EQ(row_of(values, r), row_of(wanted, cases[r]));
      }
    }
    EXPECT_EQ(seen.size(), disk.size());
  }
}

TEST_F(StreamingTest, WhatIsInMemoryKeepsTheOrderOfFisherAndYates) {
  const Dataset memory = load_dataset(request(put("x.npy", bytes(200), 10), false));
  std::vector<std::uint64_t> wanted = counting(20), got(20);
  const Noise noise(8, Stream::kShuffle, 3);
  for (std::size_t i = 20; i > 1; --i) std::swap(wanted[i - 1], wanted[noise.below(i, i, 0)]);
  memory.order(8)->select(3, 0, got);
  EXPECT_EQ(got, wanted);
}

TEST_F(StreamingTest, LimitsAndSplitsAreThoseOfTheDataInMemory) {
  const auto source = put("x.npy", bytes(5000), 10);
  for (const std::size_t limit : {0u, 300u}) {
    DataRequest a = request(source, false), b = request(source, true);
    a.limit = b.limit = limit;
    const auto [rest, out] = load_dataset(a).split(40, 7);
    const auto [disk_rest, disk_out] = load_dataset(b).split(40, 7);
    EXPECT_TRUE(disk_rest.is_on_disk() && disk_out.is_on_disk());
    ASSERT_EQ(disk_rest.size(), rest.size());
    ASSERT_EQ(disk_out.size(), 40u);
    EXPECT_EQ(fetch_all(disk_rest).values().size(), fetch_all(rest).values().size());
    for (std::size_t i = 0; i < rest.size(); ++i) ASSERT_EQ(disk_rest.original_row(i), rest.original_row(i));
    for (std::size_t i = 0; i < 40; ++i) ASSERT_EQ(disk_out.original_row(i), out.original_row(i));
    EXPECT_NE(disk_rest.hash(), load_dataset(b).hash());
    const auto order = disk_rest.order(1);
    std::vector<std::uint64_t> all(disk_rest.size());
    order->select(0, 0, all);
    EXPECT_EQ(sorted(all), counting(rest.size()));
  }
}

TEST_F(StreamingTest, LabelsAreReadWhereTheyAreAskedFor) {
  const auto source = put("x.npy", bytes(100), 10);
  put("x-labels.npy", std::vector<std::uint8_t>{0, 1, 2, 0, 1, 2, 0, 1, 2, 0}, 1);
  DataRequest asked = request(source, true);
  EXPECT_FALSE(load_dataset(asked).has_labels());
  asked.labels = path("x-labels.npy");
  const Dataset all = load_dataset(asked);
  EXPECT_THAT(std::vector(all.labels().begin(), all.labels().end()),
              ElementsAre(0, 1, 2, 0, 1, 2, 0, 1, 2, 0));
  const auto rest = all.split(3, 1).first;
  for (std::size_t i = 0; i < rest.size(); ++i) EXPECT_EQ(rest.labels()[i], rest.original_row(i) % 3);
  asked.labels.clear();
  asked.classes = {"1"};
  const Dataset ones = load_dataset(asked);
  EXPECT_EQ(ones.size(), 3u);
  EXPECT_EQ(ones.original_row(2), 7u);
  EXPECT_EQ(row_of(fetch_all(ones), 1), row_of(fetch_all(all), 4));
}

TEST_F(StreamingTest, ValuesAreCheckedWhenTheyAreRead) {
  // 700 rows are more than one block of the sample at either end; the faults lie where it does not look.
  constexpr std::size_t kRows = 200'000;
  std::vector<float> values(kRows * 2, 0.5f);
  const std::size_t bad = 300;
  for (const CaseRange& range : sample_ranges(kRows, 8))
    ASSERT_FALSE(bad >= range.first && bad < range.first + range.count);
  values[bad * 2 + 1] = std::numeric_limits<float>::quiet_NaN();
  DataRequest asked = request(put("nan.npy", values, 2), true);
  const auto fetch = [&] {
    const Dataset data = load_dataset(asked);
    const std::vector<std::uint64_t> cases = {bad};
    Matrix<float> one(1, 2);
    data.fetch(cases, 1, 0, one);
  };
  std::string error = input_error(fetch);
  EXPECT_THAT(error, HasSubstr("nan.npy: row 300 (counted from 0), column 1 (\"values[1]\")"));
  EXPECT_THAT(error, HasSubstr("data.memory"));
  asked.missing = Missing::kUnknown;
  EXPECT_EQ(input_error(fetch), error);
  // The same from the thread that reads ahead.
  const Dataset data = load_dataset(asked);
  const auto order = data.order(1);
  EXPECT_THAT(input_error([&] {
                std::vector<std::uint64_t> cases(100);
                for (std::size_t first = 0; first < kRows; first += 100) order->select(0, first, cases);
              }),
              HasSubstr("row 300"));
  values[bad * 2 + 1] = 1.5f;
  asked = request(put("range.npy", values, 2), true);
  EXPECT_THAT(input_error(fetch),
              HasSubstr("row 300 (counted from 0), column 1 (\"values[1]\"): 1.5 is not"));
}

TEST_F(StreamingTest, AFileThatShrinksIsAnError) {
  const auto source = put("x.npy", bytes(10000), 10);
  const Dataset data = load_dataset(request(source, true));
  const auto order = data.order(1);
  std::filesystem::resize_file(source, std::filesystem::file_size(source) - 4000);
  std::vector<std::uint64_t> cases(100);
  try {
    for (std::size_t first = 0; first < 1000; first += 100) order->select(0, first, cases);
    FAIL() << "no error";
  } catch (const WorkError& error) {
    EXPECT_THAT(error.what(), HasSubstr("shorter"));
  }
}

TEST_F(StreamingTest, WhatNeedsAllInMemoryIsRefusedWithASentence) {
  write_npy(path("images.npy"), NumericArray::from<std::uint8_t>(bytes(160), {10, 4, 4}));
  DataRequest asked = request(path("images.npy"), true);
  EXPECT_THAT(load_dataset(asked).image_shape(), ElementsAre(4, 4));
  asked.resize = {2, 2};
  EXPECT_THAT(input_error([&] { load_dataset(asked); }), HasSubstr("raise data.memory"));
}

}  // namespace
}  // namespace harmonium
