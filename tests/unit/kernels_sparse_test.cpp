// Sparse products and transposes against plain loops in double precision, on every target.
#include "harmonium/kernels/sparse.h"

#include <gtest/gtest.h>

#include <cmath>

#include "harmonium/base/random.h"
#include "unit/every_target.h"

namespace harmonium {
namespace {

// About `density` of the values are whole numbers from 1 to 3; some rows are empty.
SparseMatrix counts(std::size_t rows, std::size_t cols, float density) {
  SparseMatrix m;
  m.clear(cols);
  const Noise noise(5, Stream::kSynthetic, 0);
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t i = 0; i < cols; ++i)
      if (r % 4 != 3 && noise.uniform(r, static_cast<std::uint32_t>(i), 1) < density)
        m.add(static_cast<std::uint32_t>(i),
              static_cast<float>(1 + noise.below(3, r, static_cast<std::uint32_t>(i))));
    m.end_row();
  }
  return m;
}

Matrix<float> normals(std::size_t rows, std::size_t cols) {
  Matrix<float> m(rows, cols);
  const Noise noise(6, Stream::kSynthetic, 0);
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < cols; ++j) m(i, j) = noise.normal(i, static_cast<std::uint32_t>(j));
  return m;
}

Matrix<float> dense(const SparseRows& rows) {
  Matrix<float> m(rows.rows(), rows.cols);
  for (std::size_t r = 0; r < rows.rows(); ++r)
    for (auto k = rows.row_start[r]; k < rows.row_start[r + 1]; ++k) m(r, rows.columns[k]) = rows.values[k];
  return m;
}

class SparseProduct : public testing::TestWithParam<std::size_t> {};
// All lengths of the ends of rows, and rows longer than the registers hold.
INSTANTIATE_TEST_SUITE_P(Columns, SparseProduct, testing::Values(1, 3, 4, 7, 16, 31, 60, 128, 129, 301));

TEST_P(SparseProduct, EqualsThePlainLoops) {
  const std::size_t columns = GetParam();
  const SparseMatrix left = counts(9, 70, 0.2f);
  const auto plain = dense(left);
  const auto right = normals(70, columns);
  on_every_target([&] {
    Matrix<float> product(9, columns, std::nanf("")), sum(9, columns, 2.0f);
    sparse_product(left, 0.5f, right, product);
    add_sparse_product(left, right, sum);
    for (std::size_t r = 0; r < 9; ++r)
      for (std::size_t j = 0; j < columns; ++j) {
        double exact = 0, size = 2;
        for (std::size_t i = 0; i < 70; ++i) {
          exact += static_cast<double>(plain(r, i)) * right(i, j);
          size += std::abs(plain(r, i) * right(i, j));
        }
        ASSERT_NEAR(product(r, j), 0.5 * exact, 1e-6 * size) << r << ' ' << j;
        ASSERT_NEAR(sum(r, j), 2.0 + exact, 1e-6 * size) << r << ' ' << j;
      }
  });
}

TEST_P(SparseProduct, HasTheSameBitsByBlocksOfRows) {
  const std::size_t columns = GetParam();
  const SparseMatrix left = counts(9, 70, 0.2f);
  const auto right = normals(70, columns);
  Matrix<float> whole(9, columns), parts(9, columns);
  sparse_product(left, 1.0f, right, whole);
  for (std::size_t first = 0; first < 9; first += 2) {
    const std::size_t count = std::min<std::size_t>(2, 9 - first);
    sparse_product(left.view().row_block(first, count), 1.0f, right, parts.view().row_block(first, count));
  }
  for (std::size_t i = 0; i < whole.size(); ++i) ASSERT_EQ(whole.data()[i], parts.data()[i]);
}

TEST(WeightedTranspose, TurnsABlockOfRowsOverAndWeighsThem) {
  const SparseMatrix all = counts(12, 40, 0.3f);
  const SparseRows rows = all.view().row_block(2, 8);
  std::vector<float> weights(8);
  for (std::size_t r = 0; r < 8; ++r) weights[r] = 0.25f * static_cast<float>(r + 1);
  SparseMatrix turned;
  weighted_transpose(rows, weights, turned);
  ASSERT_EQ(turned.rows(), 40u);
  ASSERT_EQ(turned.cols, 8u);
  const auto before = dense(rows), after = dense(turned);
  for (std::size_t r = 0; r < 8; ++r)
    for (std::size_t i = 0; i < 40; ++i) EXPECT_EQ(after(i, r), weights[r] * before(r, i));
  for (std::size_t i = 0; i < 40; ++i)
    for (auto k = turned.row_start[i] + 1; k < turned.row_start[i + 1]; ++k)
      EXPECT_LT(turned.columns[k - 1], turned.columns[k]) << "the order of the rows";
}

TEST(WeightedTranspose, OfNoRowsIsEmpty) {
  SparseMatrix none, turned;
  none.clear(3);
  weighted_transpose(none, {}, turned);
  EXPECT_EQ(turned.rows(), 3u);
  EXPECT_EQ(turned.view().row_start.back(), 0u);
}

}  // namespace
}  // namespace harmonium
