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

/// The 16 bits of the nearest bf16 in the lower half of each lane. NaN keeps its upper bits, made quiet.
template <class V>
HWY_INLINE hn::Vec<DU> round_to_bf16(V value) {
  const DU d;
  const auto bits = hn::BitCast(d, value);
  const auto upper = hn::ShiftRight<16>(bits);
  const auto odd = hn::And(upper, hn::Set(d, 1u));
  const auto rounded = hn::ShiftRight<16>(hn::Add(bits, hn::Add(odd, hn::Set(d, 0x7FFFu))));
  const auto is_number = hn::RebindMask(d, hn::Eq(value, value));
  return hn::IfThenElse(is_number, rounded, hn::Or(upper, hn::Set(d, 0x40u)));
}

std::uint32_t plain_round(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if (value != value) return bits >> 16 | 0x40u;
  return (bits + 0x7FFFu + (bits >> 16 & 1u)) >> 16;
}

void bf16_words_on_target(const float* row, std::size_t columns, float factor, std::uint32_t* words) {
  const DF d;
  const hn::RebindToSigned<DU> di;
  const hn::Rebind<std::uint16_t, DU> d16;
  const std::size_t lanes = hn::Lanes(d);
  auto* out = reinterpret_cast<std::uint16_t*>(words);
  const auto f = hn::Set(d, factor);
  std::size_t j = 0;
  for (; j + lanes <= columns; j += lanes) {
    const auto rounded = round_to_bf16(hn::Mul(hn::LoadU(d, row + j), f));
    hn::StoreU(hn::DemoteTo(d16, hn::BitCast(di, rounded)), d16, out + j);
  }
  for (; j < columns; ++j) out[j] = static_cast<std::uint16_t>(plain_round(row[j] * factor));
  if (columns % 2 == 1) out[columns] = 0;
}

void bf16_pair_on_target(const RowPair& rows, std::uint32_t* words) {
  const DF d;
  const DU du;
  const std::size_t lanes = hn::Lanes(d);
  const auto f0 = hn::Set(d, rows.factor0), f1 = hn::Set(d, rows.factor1);
  std::size_t j = 0;
  for (; j + lanes <= rows.columns; j += lanes) {
    const auto low = round_to_bf16(hn::Mul(hn::LoadU(d, rows.row0 + j), f0));
    auto word = low;
    if (rows.row1 != nullptr)
      word = hn::Or(low, hn::ShiftLeft<16>(round_to_bf16(hn::Mul(hn::LoadU(d, rows.row1 + j), f1))));
    hn::StoreU(word, du, words + j);
  }
  for (; j < rows.columns; ++j) {
    words[j] = plain_round(rows.row0[j] * rows.factor0);
    if (rows.row1 != nullptr) words[j] |= plain_round(rows.row1[j] * rows.factor1) << 16;
  }
}

void f32_words_on_target(const float* row, std::size_t columns, float factor, std::uint32_t* words) {
  const DF d;
  const DU du;
  const std::size_t lanes = hn::Lanes(d);
  const auto f = hn::Set(d, factor);
  std::size_t j = 0;
  for (; j + lanes <= columns; j += lanes)
    hn::StoreU(hn::BitCast(du, hn::Mul(hn::LoadU(d, row + j), f)), du, words + j);
  for (; j < columns; ++j) words[j] = std::bit_cast<std::uint32_t>(row[j] * factor);
}

void add_row_on_target(const float* row, std::size_t columns, float factor, float* sums) {
  const DF d;
  const std::size_t lanes = hn::Lanes(d);
  const auto f = hn::Set(d, factor);
  std::size_t j = 0;
  for (; j + lanes <= columns; j += lanes)
    hn::StoreU(hn::Add(hn::LoadU(d, sums + j), hn::Mul(hn::LoadU(d, row + j), f)), d, sums + j);
  for (; j < columns; ++j) sums[j] += row[j] * factor;
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

HWY_EXPORT(bf16_words_on_target);
HWY_EXPORT(bf16_pair_on_target);
HWY_EXPORT(f32_words_on_target);
HWY_EXPORT(add_row_on_target);
HWY_EXPORT(scatter_on_target);

void bf16_words(std::span<const float> row, float factor, std::uint32_t* words) {
  cap_instruction_set_from_environment();
  HWY_DYNAMIC_DISPATCH(bf16_words_on_target)(row.data(), row.size(), factor, words);
}

void bf16_pair(const RowPair& rows, std::uint32_t* words) {
  cap_instruction_set_from_environment();
  HWY_DYNAMIC_DISPATCH(bf16_pair_on_target)(rows, words);
}

void f32_words(std::span<const float> row, float factor, std::uint32_t* words) {
  cap_instruction_set_from_environment();
  HWY_DYNAMIC_DISPATCH(f32_words_on_target)(row.data(), row.size(), factor, words);
}

void add_row(std::span<const float> row, float factor, std::span<float> sums) {
  cap_instruction_set_from_environment();
  HWY_DYNAMIC_DISPATCH(add_row_on_target)(row.data(), row.size(), factor, sums.data());
}

void scatter_four_rows(const std::uint32_t* rows, std::size_t stride, std::size_t count, std::uint32_t* panels,
                       const PanelLayout& layout, std::size_t column) {
  cap_instruction_set_from_environment();
  HWY_DYNAMIC_DISPATCH(scatter_on_target)(rows, stride, count, panels, layout, column);
}

}  // namespace harmonium
#endif  // HWY_ONCE
