// Cases fetched piece by piece: all of them, in order, never too many values at once.
#include <gtest/gtest.h>

#include <vector>

#include "harmonium/base/threads.h"
#include "harmonium/train/loop.h"

namespace harmonium {
namespace {

// Case i has the value i in all its columns.
class Numbered final : public BatchSource {
 public:
  Numbered(std::size_t cases, std::size_t columns)
      : cases_(cases), layer_(parse_layers(std::to_string(columns) + " - 1").front()) {}
  std::size_t size() const override { return cases_; }
  const LayerSpec& layer() const override { return layer_; }
  void fetch(std::span<const std::uint64_t> cases, std::uint64_t, std::uint64_t,
             MatrixView<float> values) const override {
    for (std::size_t r = 0; r < cases.size(); ++r)
      for (float& value : values.row(r)) value = static_cast<float>(cases[r]);
  }

 private:
  std::size_t cases_;
  LayerSpec layer_;
};

std::vector<std::size_t> pieces_of(const BatchSource& source, std::size_t count) {
  ThreadTeam team(2);
  std::vector<std::size_t> sizes;
  std::size_t next = 0;
  fetch_pieces(source, count, 1, 0, team, [&](std::size_t first, const Matrix<float>& cases) {
    EXPECT_EQ(first, next);
    for (std::size_t r = 0; r < cases.rows(); ++r)
      EXPECT_EQ(cases(r, cases.cols() - 1), static_cast<float>(first + r));
    next = first + cases.rows();
    sizes.push_back(cases.rows());
  });
  EXPECT_EQ(next, std::min(count, source.size()));
  return sizes;
}

TEST(Pieces, AreBoundedByBytesAndByCases) {
  EXPECT_EQ(cases_in_piece(1), 4096u);
  EXPECT_EQ(cases_in_piece(784), 4096u);
  EXPECT_EQ(cases_in_piece(50000), 256u);
  EXPECT_EQ(cases_in_piece(1000000), 16u);
  for (const std::size_t columns : {4096u, 5000u, 50000u, 131072u, 200000u, 1048576u})
    EXPECT_LE(cases_in_piece(columns) * columns * sizeof(float), std::size_t{1} << 26) << columns;
}

TEST(Pieces, HoldAllCasesInOrder) {
  const Numbered narrow(9000, 2), wide(600, 50000);
  EXPECT_EQ(pieces_of(narrow, 9000), (std::vector<std::size_t>{4096, 4096, 808}));
  EXPECT_EQ(pieces_of(narrow, 100), std::vector<std::size_t>{100});
  EXPECT_EQ(pieces_of(narrow, 100000), (std::vector<std::size_t>{4096, 4096, 808}));
  EXPECT_EQ(pieces_of(narrow, 0), std::vector<std::size_t>{});
  EXPECT_EQ(pieces_of(wide, 512), (std::vector<std::size_t>{256, 256}));
}

// Passes take few rows by other kernels, so a short rest would have other last bits.
TEST(Pieces, LeaveNoShortRest) {
  const Numbered wide(600, 50000);
  EXPECT_EQ(pieces_of(wide, 600), (std::vector<std::size_t>{256, 344}));
  EXPECT_EQ(pieces_of(wide, 383), std::vector<std::size_t>{383});
  EXPECT_EQ(pieces_of(wide, 384), (std::vector<std::size_t>{256, 128}));
}

}  // namespace
}  // namespace harmonium
