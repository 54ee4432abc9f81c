#include "harmonium/kernels/sparse.h"

#include <algorithm>

#include "harmonium/base/error.h"
#include "harmonium/kernels/isa.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/sparse.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include <hwy/cache_control.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace harmonium {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Entries are visited in no order that a processor foresees: their rows of `right` are asked for in advance.
constexpr std::size_t kEntriesAhead = 16;
constexpr std::size_t kFloatsOfLine = 16;

struct Entries {
  const std::uint32_t* columns;
  const float* values;
  std::size_t count;
};

/// N vectors of one row of the product, from column `j` on, kept in registers over all entries.
template <int N, bool kAdd, class D>
HWY_INLINE void vectors_of_row(D d, const Entries& entries, float factor, const ConstMatrixView<float>& right,
                               std::size_t j, float* out) {
  using V = hn::Vec<D>;
  const std::size_t lanes = hn::Lanes(d), stride = right.stride();
  const float* base = right.data() + j;
  const auto zero = hn::Zero(d);
  V s0 = zero, s1 = zero, s2 = zero, s3 = zero, s4 = zero, s5 = zero, s6 = zero, s7 = zero;
  for (std::size_t k = 0; k < entries.count; ++k) {
    if (k + kEntriesAhead < entries.count) {
      const float* next = base + entries.columns[k + kEntriesAhead] * stride;
      for (std::size_t i = 0; i < N * lanes; i += kFloatsOfLine) hwy::Prefetch(next + i);
    }
    const float* row = base + entries.columns[k] * stride;
    const auto value = hn::Set(d, entries.values[k]);
    s0 = hn::MulAdd(value, hn::LoadU(d, row), s0);
    if constexpr (N > 1) s1 = hn::MulAdd(value, hn::LoadU(d, row + lanes), s1);
    if constexpr (N > 2) s2 = hn::MulAdd(value, hn::LoadU(d, row + 2 * lanes), s2);
    if constexpr (N > 2) s3 = hn::MulAdd(value, hn::LoadU(d, row + 3 * lanes), s3);
    if constexpr (N > 4) s4 = hn::MulAdd(value, hn::LoadU(d, row + 4 * lanes), s4);
    if constexpr (N > 4) s5 = hn::MulAdd(value, hn::LoadU(d, row + 5 * lanes), s5);
    if constexpr (N > 4) s6 = hn::MulAdd(value, hn::LoadU(d, row + 6 * lanes), s6);
    if constexpr (N > 4) s7 = hn::MulAdd(value, hn::LoadU(d, row + 7 * lanes), s7);
  }
  const auto store = [&](V sum, int n) HWY_ATTR {
    float* to = out + j + n * lanes;
    hn::StoreU(kAdd ? hn::Add(hn::LoadU(d, to), sum) : hn::Mul(hn::Set(d, factor), sum), d, to);
  };
  store(s0, 0);
  if constexpr (N > 1) store(s1, 1);
  if constexpr (N > 2) store(s2, 2), store(s3, 3);
  if constexpr (N > 4) store(s4, 4), store(s5, 5), store(s6, 6), store(s7, 7);
}

/// One row of the product: as many columns at a time as there are registers for, then fewer and fewer.
template <bool kAdd>
HWY_INLINE void product_row(const Entries& entries, float factor, const ConstMatrixView<float>& right,
                            float* out) {
  const hn::ScalableTag<float> d;
  const hn::CappedTag<float, 4> four;
  const hn::CappedTag<float, 1> one;
  const std::size_t lanes = hn::Lanes(d), quad = hn::Lanes(four), columns = right.cols();
  std::size_t j = 0;
  for (; j + 8 * lanes <= columns; j += 8 * lanes) vectors_of_row<8, kAdd>(d, entries, factor, right, j, out);
  for (; j + 4 * lanes <= columns; j += 4 * lanes) vectors_of_row<4, kAdd>(d, entries, factor, right, j, out);
  for (; j + 2 * lanes <= columns; j += 2 * lanes) vectors_of_row<2, kAdd>(d, entries, factor, right, j, out);
  for (; j + lanes <= columns; j += lanes) vectors_of_row<1, kAdd>(d, entries, factor, right, j, out);
  for (; j + quad <= columns; j += quad) vectors_of_row<1, kAdd>(four, entries, factor, right, j, out);
  for (; j < columns; ++j) vectors_of_row<1, kAdd>(one, entries, factor, right, j, out);
}

template <bool kAdd>
HWY_INLINE void product_rows(const SparseRows& left, float factor, const ConstMatrixView<float>& right,
                             const MatrixView<float>& out) {
  for (std::size_t r = 0; r < left.rows(); ++r) {
    const std::size_t first = left.row_start[r], count = left.row_start[r + 1] - first;
    if (kAdd && count == 0) continue;
    product_row<kAdd>({left.columns.data() + first, left.values.data() + first, count}, factor, right,
                      out.data() + r * out.stride());
  }
}

void sparse_product_on_target(const SparseRows& left, float factor, const ConstMatrixView<float>& right,
                              const MatrixView<float>& out) {
  product_rows<false>(left, factor, right, out);
}

void add_sparse_product_on_target(const SparseRows& left, const ConstMatrixView<float>& right,
                                  const MatrixView<float>& out) {
  product_rows<true>(left, 1.0f, right, out);
}

}  // namespace HWY_NAMESPACE
}  // namespace harmonium
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace harmonium {

HWY_EXPORT(sparse_product_on_target);
HWY_EXPORT(add_sparse_product_on_target);

namespace {

void require_shapes(const SparseRows& left, ConstMatrixView<float> right, MatrixView<float> out) {
  check(left.cols == right.rows() && out.rows() == left.rows() && out.cols() == right.cols(),
        "a sparse product takes B x N times N x K to B x K");
}

}  // namespace

void sparse_product(const SparseRows& left, float factor, ConstMatrixView<float> right,
                    MatrixView<float> out) {
  require_shapes(left, right, out);
  cap_instruction_set_from_environment();
  HWY_DYNAMIC_DISPATCH(sparse_product_on_target)(left, factor, right, out);
}

void add_sparse_product(const SparseRows& left, ConstMatrixView<float> right, MatrixView<float> out) {
  require_shapes(left, right, out);
  cap_instruction_set_from_environment();
  HWY_DYNAMIC_DISPATCH(add_sparse_product_on_target)(left, right, out);
}

// A counting sort by column.
void weighted_transpose(const SparseRows& rows, std::span<const float> weights, SparseMatrix& transpose) {
  check(weights.size() == rows.rows(), "a transpose takes one weight a row");
  const std::uint64_t first = rows.row_start.empty() ? 0 : rows.row_start.front();
  const std::uint64_t last = rows.row_start.empty() ? 0 : rows.row_start.back();
  transpose.cols = rows.rows();
  transpose.columns.resize(last - first), transpose.values.resize(last - first);
  // Counts stand two places on, so that after the sums each place moves on to its row's end while it fills.
  auto& start = transpose.row_start;
  start.assign(rows.cols + 2, 0);
  for (std::uint64_t k = first; k < last; ++k) ++start[rows.columns[k] + 2];
  for (std::size_t i = 2; i < start.size(); ++i) start[i] += start[i - 1];
  for (std::size_t r = 0; r < rows.rows(); ++r)
    for (std::uint64_t k = rows.row_start[r]; k < rows.row_start[r + 1]; ++k) {
      const std::uint64_t place = start[rows.columns[k] + 1]++;
      transpose.columns[place] = static_cast<std::uint32_t>(r);
      transpose.values[place] = weights[r] * rows.values[k];
    }
  start.pop_back();
}

}  // namespace harmonium
#endif  // HWY_ONCE
