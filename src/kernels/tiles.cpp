// The f32 kernels for every target of Highway, the lists of words that are not zero, and the choice between
// dense and skipping kernels.
#include "kernels/tiles.h"

#include <algorithm>
#include <limits>

#include "harmonium/base/error.h"
#include "harmonium/kernels/isa.h"
#include "kernels/words.h"

#ifndef HARMONIUM_KERNELS_TILES_PLACES_
#define HARMONIUM_KERNELS_TILES_PLACES_
namespace harmonium {
/// For each byte the places of its bits that are set, in order. Only some processors can compress a vector.
struct PlacesOfBits {
  std::uint16_t of[256][8];
};
inline constexpr PlacesOfBits kPlacesOfBits = [] {
  PlacesOfBits places{};
  for (unsigned byte = 0; byte < 256; ++byte)
    for (unsigned bit = 0, n = 0; bit < 8; ++bit)
      if (byte >> bit & 1) places.of[byte][n++] = static_cast<std::uint16_t>(bit);
  return places;
}();
}  // namespace harmonium
#endif

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/tiles.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace harmonium {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#undef HARMONIUM_TILE_INLINE
#define HARMONIUM_TILE_INLINE HWY_INLINE
#include "kernels/tiles-inl.h"

struct FloatLanes {
  using D = hn::ScalableTag<float>;
  using V = hn::Vec<D>;
  static constexpr std::size_t kLanes = HWY_LANES(float);
  // AVX-512 and NEON have 32 registers, the others 16.
  static constexpr int kAccumulators = HWY_TARGET <= HWY_AVX3 || HWY_ARCH_ARM ? 24 : 12;
  static HWY_INLINE V zero() { return hn::Zero(D()); }
  static HWY_INLINE V load(const std::uint32_t* p) {
    return hn::BitCast(D(), hn::LoadU(hn::RebindToUnsigned<D>(), p));
  }
  static HWY_INLINE void prefetch(const std::uint32_t* p) { __builtin_prefetch(p, 0, 2); }
  static HWY_INLINE V load_floats(const float* p) { return hn::LoadU(D(), p); }
  static HWY_INLINE void store(V v, float* p) { hn::StoreU(v, D(), p); }
  static HWY_INLINE V scale(V v, float s) { return hn::Mul(v, hn::Set(D(), s)); }
  static HWY_INLINE V fma(std::uint32_t word, V b, V sum) {
    const auto a = hn::BitCast(D(), hn::Set(hn::RebindToUnsigned<D>(), word));
    return hn::MulAdd(a, b, sum);
  }
  static HWY_INLINE V either(V a, V b) { return hn::Or(a, b); }
  static HWY_INLINE std::size_t append_nonzero(V v, std::size_t first, std::uint32_t* list) {
    const hn::RebindToUnsigned<D> d;
    const auto mask = hn::Ne(hn::BitCast(d, v), hn::Zero(d));
    hn::StoreU(hn::Compress(hn::Iota(d, static_cast<std::uint32_t>(first)), mask), d, list);
    return hn::CountTrue(d, mask);
  }
};

void dense_on_target(const TileProduct& p) {
  dense_product<FloatLanes>(p);
}
void skipping_on_target(const TileProduct& p, const NonZeroWords& lists) {
  skipping_product<FloatLanes>(p, lists);
}
std::size_t lanes_on_target() {
  return FloatLanes::kLanes;
}

/// Appends the numbers of the bits of `mask`, the first bit having number `first`; returns how many. Writes
/// eight.
HWY_INLINE std::uint32_t append_bits(std::uint8_t mask, std::size_t first, std::uint16_t* index) {
  const std::uint16_t* places = kPlacesOfBits.of[mask];
  for (std::size_t i = 0; i < 8; ++i) index[i] = static_cast<std::uint16_t>(places[i] + first);
  return static_cast<std::uint32_t>(__builtin_popcount(mask));
}

void list_rows_on_target(const TileProduct& p, NonZeroWords& lists) {
  const hn::ScalableTag<std::uint32_t> d;
  const std::size_t lanes = hn::Lanes(d);
  std::uint32_t n = 0;
  for (std::size_t r = 0; r < p.rows; ++r) {
    const std::uint32_t* row = p.a + static_cast<std::ptrdiff_t>(r) * p.a_row;
    for (std::size_t b = 0; b < lists.blocks; ++b) {
      lists.start[r * lists.blocks + b] = n;
      const std::size_t begin = b * lists.block, count = std::min(lists.block, p.layout.words - begin);
      std::size_t k = 0;
      for (; k + lanes <= count; k += lanes) {
        std::uint8_t mask[8] = {0, 0, 0, 0, 0, 0, 0, 0};
        hn::StoreMaskBits(d, hn::Ne(hn::LoadU(d, row + begin + k), hn::Zero(d)), mask);
        n += append_bits(mask[0], k, lists.index.data() + n);
        if (lanes > 8) n += append_bits(mask[1], k + 8, lists.index.data() + n);
      }
      for (; k < count; ++k)
        if (row[begin + k] != 0) lists.index[n++] = static_cast<std::uint16_t>(k);
    }
  }
  lists.start[p.rows * lists.blocks] = n;
}

/// Rows of A that lie side by side, eight at a time: first a byte for each word, with a bit for each row that
/// is not zero there, then a list for each row from its bits.
void list_columns_on_target(const TileProduct& p, NonZeroWords& lists) {
  constexpr std::size_t kRows = 8;
  const hn::CappedTag<std::uint32_t, kRows> d;
  const hn::ScalableTag<std::uint8_t> d8;
  const std::size_t lanes = hn::Lanes(d), bytes = hn::Lanes(d8), words = p.layout.words;
  thread_local std::vector<std::uint8_t> bits;
  if (bits.size() < words + bytes) bits.resize(words + bytes);
  std::uint32_t n = 0;
  for (std::size_t first = 0; first < p.rows; first += kRows) {
    for (std::size_t k = 0; k < words; ++k) {
      const std::uint32_t* rows = p.a + first + k * static_cast<std::size_t>(p.a_word);
      unsigned byte = 0;
      for (std::size_t i = 0; i < kRows; i += lanes) {
        std::uint8_t mask[8] = {0, 0, 0, 0, 0, 0, 0, 0};
        hn::StoreMaskBits(d, hn::Ne(hn::LoadU(d, rows + i), hn::Zero(d)), mask);
        byte |= static_cast<unsigned>(mask[0]) << i;
      }
      bits[k] = static_cast<std::uint8_t>(byte);
    }
    for (std::size_t i = 0; i < kRows && first + i < p.rows; ++i) {
      const auto bit = hn::Set(d8, static_cast<std::uint8_t>(1u << i));
      for (std::size_t b = 0; b < lists.blocks; ++b) {
        lists.start[(first + i) * lists.blocks + b] = n;
        const std::size_t begin = b * lists.block, count = std::min(lists.block, words - begin);
        for (std::size_t k = 0; k < count; k += bytes) {
          auto here = hn::TestBit(hn::LoadU(d8, bits.data() + begin + k), bit);
          if (count - k < bytes) here = hn::And(here, hn::FirstN(d8, count - k));
          std::uint8_t mask[8] = {0, 0, 0, 0, 0, 0, 0, 0};
          hn::StoreMaskBits(d8, here, mask);
          for (std::size_t m = 0; m < (bytes + 7) / 8; ++m)
            n += append_bits(mask[m], k + 8 * m, lists.index.data() + n);
        }
      }
    }
  }
  lists.start[p.rows * lists.blocks] = n;
}

}  // namespace HWY_NAMESPACE
}  // namespace harmonium
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace harmonium {
namespace {

HWY_EXPORT(dense_on_target);
HWY_EXPORT(skipping_on_target);
HWY_EXPORT(lanes_on_target);
HWY_EXPORT(list_rows_on_target);
HWY_EXPORT(list_columns_on_target);

// Words of a block in the lists: with panels of 8 vectors, what stays of a panel in a first cache of 32 KB
// when one row after the other picks from it.
constexpr std::size_t kListWords = 96;
// Above this share of words that are not zero, tiles that take them all are faster (measured on AVX-512 for
// both precisions: between 0.5 and 0.65).
constexpr double kDenseShare = 0.55;

void f32_dense(const TileProduct& product) {
  HWY_DYNAMIC_DISPATCH(dense_on_target)(product);
}
void f32_skipping(const TileProduct& product, const NonZeroWords& lists) {
  HWY_DYNAMIC_DISPATCH(skipping_on_target)(product, lists);
}

}  // namespace

PanelLayout::PanelLayout(std::size_t words_, std::size_t columns, std::size_t lanes_)
    : words(words_), vectors((columns + lanes_ - 1) / lanes_), lanes(lanes_) {
  constexpr std::size_t kMostVectors = 8;
  panels = (vectors + kMostVectors - 1) / kMostVectors;
  panel_vectors = panels == 0 ? 0 : (vectors + panels - 1) / panels;
  if (panel_vectors > 0) panels = (vectors + panel_vectors - 1) / panel_vectors;
}

PanelLayout PanelLayout::of_one_panel(std::size_t words, std::size_t columns, std::size_t lanes) {
  PanelLayout layout(words, columns, lanes);
  layout.panel_vectors = layout.vectors;
  layout.panels = layout.vectors == 0 ? 0 : 1;
  return layout;
}

std::size_t PanelLayout::vectors_of(std::size_t panel) const {
  return std::min(panel_vectors, vectors - panel * panel_vectors);
}

void NonZeroWords::plan(std::size_t rows, std::size_t words) {
  constexpr std::size_t kSlack = 64;  // a vector is stored whole
  blocks = std::max<std::size_t>(1, (words + kListWords - 1) / kListWords);
  block = ((words + blocks - 1) / blocks + 15) / 16 * 16;  // whole vectors
  blocks = block == 0 ? 1 : std::max<std::size_t>(1, (words + block - 1) / block);
  index.resize(std::max(index.size(), rows * words + kSlack));
  start.resize(rows * blocks + 1);
}

const TileKernels& f32_tiles() {
  static const TileKernels kernels = [] {
    cap_instruction_set_from_environment();
    return TileKernels{
        HWY_DYNAMIC_DISPATCH(lanes_on_target)(), 1, f32_dense, f32_skipping, f32_rows, f32_panels};
  }();
  return kernels;
}

void list_nonzero_words(const TileProduct& product, NonZeroWords& lists) {
  cap_instruction_set_from_environment();
  if (product.a_word == 1)
    HWY_DYNAMIC_DISPATCH(list_rows_on_target)(product, lists);
  else
    HWY_DYNAMIC_DISPATCH(list_columns_on_target)(product, lists);
}

void tile_product(const TileKernels& kernels, const TileProduct& product, NonZeroWords& lists) {
  check(product.a_word == 1 || product.a_row == 1, "the words or the rows of a block lie side by side");
  if (product.rows == 0 || product.layout.vectors == 0) return;
  if (product.layout.vectors <= kNarrowVectors) {
    kernels.dense(product);
    return;
  }
  lists.plan(product.rows, product.layout.words);
  list_nonzero_words(product, lists);
  const double all = static_cast<double>(product.rows) * static_cast<double>(product.layout.words);
  if (static_cast<double>(lists.count()) > kDenseShare * all && product.layout.words > 0)
    kernels.dense(product);
  else
    kernels.skipping(product, lists);
}

}  // namespace harmonium
#endif  // HWY_ONCE
