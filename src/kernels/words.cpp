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

/// The vectors of a row that there are, and 0 from the row's end to the end of the last of them.
void f32_panel_row_on_target(const float* row, std::size_t columns, float factor, std::uint32_t* panels,
                             const PanelLayout& layout, std::size_t k) {
  for (std::size_t j = 0; j < columns; j += layout.width()) {
    const std::size_t count = std::min(layout.width(), columns - j);
    std::uint32_t* words = panels + layout.place(k, j);
    f32_row_on_target(row + j, count, factor, words);
    std::fill(words + count, words + (count + layout.lanes - 1) / layout.lanes * layout.lanes, 0u);
  }
}

void f32_panels_on_target(ConstMatrixView<float> rows, const RowFactors& factors, std::uint32_t* panels,
                          const PanelLayout& layout, std::size_t first) {
  for (std::size_t r = 0; r < rows.rows(); ++r)
    f32_panel_row_on_target(rows.row(r).data(), rows.cols(), factors.of(r), panels, layout, first + r);
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

#if HWY_TARGET != HWY_SCALAR
/// Four rows of words, the panels being multiples of 4 wide.
HWY_INLINE void scatter_four(const std::uint32_t* words, std::size_t stride, std::size_t count,
                             std::uint32_t* out, std::size_t width) {
  const hn::Full128<std::uint32_t> d;
  const hn::Full128<std::uint64_t> d64;
  std::size_t k = 0;
  for (; k + 4 <= count; k += 4) {
    const auto r0 = hn::LoadU(d, words + k), r1 = hn::LoadU(d, words + stride + k);
    const auto r2 = hn::LoadU(d, words + 2 * stride + k), r3 = hn::LoadU(d, words + 3 * stride + k);
    const auto a = hn::BitCast(d64, hn::InterleaveLower(d, r0, r1));
    const auto b = hn::BitCast(d64, hn::InterleaveLower(d, r2, r3));
    const auto c = hn::BitCast(d64, hn::InterleaveUpper(d, r0, r1));
    const auto e = hn::BitCast(d64, hn::InterleaveUpper(d, r2, r3));
    hn::StoreU(hn::BitCast(d, hn::InterleaveLower(d64, a, b)), d, out + k * width);
    hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(d64, a, b)), d, out + (k + 1) * width);
    hn::StoreU(hn::BitCast(d, hn::InterleaveLower(d64, c, e)), d, out + (k + 2) * width);
    hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(d64, c, e)), d, out + (k + 3) * width);
  }
  for (; k < count; ++k)
    for (std::size_t i = 0; i < 4; ++i) out[k * width + i] = words[i * stride + k];
}
#endif

void scatter_on_target(const std::uint32_t* words, std::size_t stride, std::size_t count,
                       std::uint32_t* panels, const PanelLayout& layout, std::size_t column) {
  std::size_t i = 0;
#if HWY_TARGET != HWY_SCALAR
  for (; column % 4 == 0 && layout.width() % 4 == 0 && i + 4 <= count; i += 4)
    scatter_four(words + i * stride, stride, layout.words, panels + layout.place(0, column + i),
                 layout.width());
#endif
  for (; i < count; ++i)
    for (std::size_t k = 0; k < layout.words; ++k)
      panels[layout.place(k, column + i)] = words[i * stride + k];
}

}  // namespace HWY_NAMESPACE
}  // namespace harmonium
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace harmonium {

HWY_EXPORT(f32_rows_on_target);
HWY_EXPORT(f32_panels_on_target);
HWY_EXPORT(add_rows_on_target);
HWY_EXPORT(scatter_on_target);

void f32_rows(ConstMatrixView<float> rows, float factor, std::uint32_t* words, std::size_t stride) {
  cap_instruction_set_from_environment();
  HWY_DYNAMIC_DISPATCH(f32_rows_on_target)(rows, factor, words, stride);
}

void f32_panels(ConstMatrixView<float> rows, const RowFactors& factors, std::uint32_t* panels,
                const PanelLayout& layout, std::size_t first) {
  cap_instruction_set_from_environment();
  HWY_DYNAMIC_DISPATCH(f32_panels_on_target)(rows, factors, panels, layout, first);
}

void add_rows(ConstMatrixView<float> rows, std::span<const float> weights, std::span<float> sums) {
  cap_instruction_set_from_environment();
  HWY_DYNAMIC_DISPATCH(add_rows_on_target)(rows, weights.data(), sums.data());
}

void scatter_rows(const std::uint32_t* words, std::size_t stride, std::size_t count, std::uint32_t* panels,
                  const PanelLayout& layout, std::size_t column) {
  cap_instruction_set_from_environment();
  HWY_DYNAMIC_DISPATCH(scatter_on_target)(words, stride, count, panels, layout, column);
}

}  // namespace harmonium
#endif  // HWY_ONCE
