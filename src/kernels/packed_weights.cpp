#include "harmonium/kernels/packed_weights.h"

#include <algorithm>

#include "harmonium/base/error.h"
#include "kernels/tiles.h"
#include "kernels/words.h"

namespace harmonium {
namespace {

using Words = AlignedVector<std::uint32_t>;

// Rows end on a cache line, and an odd number of lines apart: rows an even number apart share few places of a
// cache. Vectors of up to 16 rows side by side may be read past the end.
std::size_t padded(std::size_t columns) {
  const std::size_t lines = (columns + 15) / 16;
  return (lines | 1) * 16;
}

const TileKernels& kernels_of(Precision precision) {
  if (precision == Precision::kF32) return f32_tiles();
  const TileKernels* kernels = bf16_tiles();
  if (kernels == nullptr)
    throw WorkError("this processor does not multiply 16-bit floats; use precision f32 or auto.");
  return *kernels;
}

std::size_t words_of(std::size_t values, Precision precision) {
  return precision == Precision::kBf16 ? (values + 1) / 2 : values;
}

}  // namespace

struct ProductMemory::Parts {
  Words a;             // the left factor
  NonZeroWords lists;  // of it
  AlignedVector<float> c;
};

ProductMemory::ProductMemory() : parts_(std::make_unique<Parts>()) {}
ProductMemory::~ProductMemory() = default;
ProductMemory::ProductMemory(ProductMemory&&) noexcept = default;
ProductMemory& ProductMemory::operator=(ProductMemory&&) noexcept = default;

namespace {

// Runs a product whose result is put into memory.
MatrixView<float> product_in_memory(const TileKernels& kernels, TileProduct product, std::size_t columns,
                                    ProductMemory::Parts& memory) {
  // Without gaps where that can be: then an update goes through a block in one run.
  product.c_stride = rows_may_touch(product.layout) ? columns : padded(product.layout.padded_columns());
  const std::size_t size = product.rows * product.c_stride + product.layout.padded_columns();
  if (memory.c.size() < size) memory.c.resize(size);
  product.c = memory.c.data();
  tile_product(kernels, product, memory.lists);
  return {product.c, product.rows, columns, product.c_stride};
}

}  // namespace

// ---- PackedWeights ----

struct PackedWeights::Parts {
  std::size_t visible, hidden;
  Precision precision;
  const TileKernels& kernels;
  PanelLayout up_layout, down_layout;
  Words up, down;

  Parts(std::size_t v, std::size_t h, Precision p)
      : visible(v),
        hidden(h),
        precision(p),
        kernels(kernels_of(p)),
        up_layout(words_of(v, p), h, kernels.lanes),
        down_layout(words_of(h, p), v, kernels.lanes),
        up(up_layout.size()),
        down(down_layout.size()) {}

  void pack_up(ConstMatrixView<float> weights, std::size_t first, std::size_t count) {
    kernels.rows_to_panels(weights.row_block(first, count), {}, up.data(), up_layout,
                           first / kernels.values_of_word);
  }

  void pack_down(ConstMatrixView<float> weights, std::size_t first, std::size_t count) {
    constexpr std::size_t kWords = 1024;  // at once: they stay in the first cache until they are turned over
    const std::size_t words = down_layout.words;
    const std::size_t step = std::max<std::size_t>(4, kWords / words / 4 * 4);
    thread_local Words rows;
    rows.resize(step * words);
    for (std::size_t i = 0; i < count; i += step) {
      const std::size_t n = std::min(step, count - i);
      kernels.rows_to_words(weights.row_block(first + i, n), 1.0f, rows.data(), words);
      scatter_rows(rows.data(), words, n, down.data(), down_layout, first + i);
    }
  }

  MatrixView<float> run(const Words& weights, const PanelLayout& layout, ConstMatrixView<float> values,
                        std::size_t columns, float factor, float step, ProductMemory::Parts& memory) const {
    TileProduct product;
    product.layout = layout;
    product.b = weights.data();
    product.rows = values.rows();
    product.alpha = factor;
    if (precision == Precision::kF32) {
      product.a = reinterpret_cast<const std::uint32_t*>(values.data());
      product.a_row = static_cast<std::ptrdiff_t>(values.stride());
    } else {
      const std::size_t stride = padded(layout.words);
      if (memory.a.size() < values.rows() * stride) memory.a.resize(values.rows() * stride);
      kernels.rows_to_words(values, 1.0f / step, memory.a.data(), stride);
      product.a = memory.a.data();
      product.a_row = static_cast<std::ptrdiff_t>(stride);
      product.alpha *= step;
    }
    return product_in_memory(kernels, product, columns, memory);
  }
};

PackedWeights::PackedWeights() = default;
PackedWeights::PackedWeights(std::size_t visible, std::size_t hidden, Precision precision)
    : parts_(std::make_unique<Parts>(visible, hidden, precision)) {}
PackedWeights::PackedWeights(ConstMatrixView<float> weights, Precision precision)
    : PackedWeights(weights.rows(), weights.cols(), precision) {
  pack(weights, 0, weights.rows());
}
PackedWeights::~PackedWeights() = default;
PackedWeights::PackedWeights(PackedWeights&&) noexcept = default;
PackedWeights& PackedWeights::operator=(PackedWeights&&) noexcept = default;

Precision PackedWeights::precision() const {
  return parts_->precision;
}

void PackedWeights::pack(ConstMatrixView<float> weights, std::size_t first, std::size_t count) {
  check(weights.rows() == parts_->visible && weights.cols() == parts_->hidden,
        "packed weights have the shape of the weights");
  check(first % 4 == 0, "rows are packed from a multiple of 4 on");
  if (weights.cols() == 0) return;
  parts_->pack_up(weights, first, count);
  parts_->pack_down(weights, first, count);
}

MatrixView<float> PackedWeights::up(ConstMatrixView<float> values, float factor, float step,
                                    ProductMemory& memory) const {
  check(values.cols() == parts_->visible, "an up product takes one value for each visible column");
  return parts_->run(parts_->up, parts_->up_layout, values, parts_->hidden, factor, step, memory.parts());
}

MatrixView<float> PackedWeights::down(ConstMatrixView<float> values, float factor, float step,
                                      ProductMemory& memory) const {
  check(values.cols() == parts_->hidden, "a down product takes one value for each hidden column");
  return parts_->run(parts_->down, parts_->down_layout, values, parts_->visible, factor, step,
                     memory.parts());
}

// ---- StatisticsStack ----

struct StatisticsStack::Parts {
  std::size_t places = 0, visible = 0, hidden = 0;
  Precision precision = Precision::kF32;
  PanelLayout left_layout, right_layout;  // one panel; the panels of a product
  Words left, right;                      // visible, hidden
};

StatisticsStack::StatisticsStack() : parts_(std::make_unique<Parts>()) {}
StatisticsStack::~StatisticsStack() = default;
StatisticsStack::StatisticsStack(StatisticsStack&&) noexcept = default;
StatisticsStack& StatisticsStack::operator=(StatisticsStack&&) noexcept = default;

std::size_t StatisticsStack::places(std::size_t rows, Precision precision) {
  return words_of(rows, precision);
}

void StatisticsStack::resize(std::size_t places, std::size_t visible, std::size_t hidden,
                             Precision precision) {
  Parts& s = *parts_;
  if (s.places == places && s.visible == visible && s.hidden == hidden && s.precision == precision) return;
  s.places = places, s.visible = visible, s.hidden = hidden, s.precision = precision;
  const std::size_t lanes = kernels_of(precision).lanes;
  s.right_layout = PanelLayout(places, hidden, lanes);
  s.left_layout = PanelLayout::of_one_panel(places, padded(visible), lanes);
  constexpr std::size_t kReadPastTheEnd = 16;
  s.left.assign(s.left_layout.size() + kReadPastTheEnd, 0u);
  s.right.assign(s.right_layout.size(), 0u);
}

void StatisticsStack::store(std::size_t place, ConstMatrixView<float> visible, float visible_step,
                            ConstMatrixView<float> hidden, std::span<const float> weights) {
  Parts& s = *parts_;
  check(visible.cols() == s.visible && hidden.cols() == s.hidden && visible.rows() == hidden.rows() &&
            weights.size() == visible.rows(),
        "statistics have the shape that the stack was made for");
  const TileKernels& kernels = kernels_of(s.precision);
  const float step = kernels.values_of_word == 2 ? visible_step : 1.0f;
  kernels.rows_to_panels(visible, {1.0f / step, nullptr}, s.left.data(), s.left_layout, place);
  kernels.rows_to_panels(hidden, {step, weights.data()}, s.right.data(), s.right_layout, place);
}

MatrixView<float> StatisticsStack::product(std::size_t first, std::size_t count,
                                           ProductMemory& memory) const {
  const Parts& s = *parts_;
  check(first + count <= s.visible, "rows of the gradient");
  TileProduct product;
  product.a = s.left.data() + first;
  product.a_row = 1;
  product.a_word = static_cast<std::ptrdiff_t>(s.left_layout.width());
  product.rows = count;
  product.layout = s.right_layout;
  product.b = s.right.data();
  return product_in_memory(kernels_of(s.precision), product, s.hidden, memory.parts());
}

void add_weighted_rows(ConstMatrixView<float> values, std::span<const float> weights, std::span<float> sums) {
  add_rows(values, weights, sums);
}

}  // namespace harmonium
