#include "kernels/words.h"

#include <algorithm>
#include <bit>

#include "harmonium/kernels/isa.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/words.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace harmonium {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using DF = hn::ScalableTag<float>;
using DU = hn::ScalableTag<std::uint32_t>;

void f32_row_on_target(const float* row, std::size_t columns, float factor, std::uint32_t* words) {
  const DF d;
  const DU du;
  const std::size_t lanes = hn::Lanes(d);
  const auto f = hn::Set(d, factor);
  std::size_t j = 0;
  for (; j + lanes <= columns; j += lanes)
    hn::StoreU(hn::BitCast(du, hn::Mul(hn::LoadU(d, row + j), f)), du, words + j);
  for (; j < columns; ++j) words[j] = std::bit_cast<std::uint32_t>(row[j] * factor);
}

void f32_rows_on_target(ConstMatrixView<float> rows, float factor, std::uint32_t* words, std::size_t stride) {
  for (std::size_t r = 0; r < rows.rows(); ++r)
    f32_row_on_target(rows.row(r).data(), rows.cols(), factor, words + r * stride);
}

void add_rows_on_target(ConstMatrixView<float> rows, const float* weights, float* sums) {
  const DF d;
  const std::size_t lanes = hn::Lanes(d), columns = rows.cols();
  std::size_t j = 0;
  for (; j + lanes <= columns; j += lanes) {
    auto sum = hn::LoadU(d, sums + j);
    for (std::size_t r = 0; r < rows.rows(); ++r)
      sum = hn::Add(sum, hn::Mul(hn::LoadU(d, &rows(r, j)), hn::Set(d, weights[r])));
    hn::StoreU(sum, d, sums + j);
  }
  for (; j < columns; ++j)
    for (std::size_t r = 0; r < rows.rows(); ++r) sums[j] += rows(r, j) * weights[r];
}

void scatter_on_target(const std::uint32_t* rows, std::size_t stride, std::size_t count,
                       std::uint32_t* panels, const PanelLayout& layout, std::size_t column) {
  std::uint32_t* out = panels + layout.place(0, column);
  const std::size_t width = layout.width();
  std::size_t j = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::Full128<std::uint32_t> d;
  const hn::Full128<std::uint64_t> d64;
  for (; j + 4 <= count; j += 4) {
    const auto r0 = hn::LoadU(d, rows + j), r1 = hn::LoadU(d, rows + stride + j);
    const auto r2 = hn::LoadU(d, rows + 2 * stride + j), r3 = hn::LoadU(d, rows + 3 * stride + j);
    const auto a = hn::BitCast(d64, hn::InterleaveLower(d, r0, r1));
    const auto b = hn::BitCast(d64, hn::InterleaveLower(d, r2, r3));
    const auto c = hn::BitCast(d64, hn::InterleaveUpper(d, r0, r1));
    const auto e = hn::BitCast(d64, hn::InterleaveUpper(d, r2, r3));
    hn::StoreU(hn::BitCast(d, hn::InterleaveLower(d64, a, b)), d, out + j * width);
    hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(d64, a, b)), d, out + (j + 1) * width);
    hn::StoreU(hn::BitCast(d, hn::InterleaveLower(d64, c, e)), d, out + (j + 2) * width);
    hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(d64, c, e)), d, out + (j + 3) * width);
  }
#endif
  for (; j < count; ++j)
    for (std::size_t i = 0; i < 4; ++i) out[j * width + i] = rows[i * stride + j];
}

}  // namespace HWY_NAMESPACE
}  // namespace harmonium
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace harmonium {

HWY_EXPORT(f32_row_on_target);
HWY_EXPORT(f32_rows_on_target);
HWY_EXPORT(add_rows_on_target);
HWY_EXPORT(scatter_on_target);

void f32_rows(ConstMatrixView<float> rows, float factor, std::uint32_t* words, std::size_t stride) {
  cap_instruction_set_from_environment();
  HWY_DYNAMIC_DISPATCH(f32_rows_on_target)(rows, factor, words, stride);
}

void f32_pair(const RowPair& rows, std::uint32_t* words) {
  cap_instruction_set_from_environment();
  HWY_DYNAMIC_DISPATCH(f32_row_on_target)(rows.row0, rows.columns, rows.factor0, words);
}

void add_rows(ConstMatrixView<float> rows, std::span<const float> weights, std::span<float> sums) {
  cap_instruction_set_from_environment();
  HWY_DYNAMIC_DISPATCH(add_rows_on_target)(rows, weights.data(), sums.data());
}

void scatter_four_rows(const std::uint32_t* rows, std::size_t stride, std::size_t count,
                       std::uint32_t* panels, const PanelLayout& layout, std::size_t column) {
  cap_instruction_set_from_environment();
  HWY_DYNAMIC_DISPATCH(scatter_on_target)(rows, stride, count, panels, layout, column);
}

}  // namespace harmonium
#endif  // HWY_ONCE
