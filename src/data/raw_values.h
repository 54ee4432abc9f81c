// The raw values of a data set, in the type in which their file holds them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "data/streamed_rows.h"
#include "harmonium/io/table.h"

namespace harmonium {

/// Stands for a column of the schema that is not among the stored ones (a label, text that is ignored).
inline constexpr std::size_t kNotStored = std::numeric_limits<std::size_t>::max();

struct RawValues {
  /// What is on a disk is shared: its file is open once, and what is read ahead is there for all who fetch.
  std::variant<NumericArray, CsrMatrix, std::shared_ptr<StreamedRows>> values;
  /// The first stored column of each column of the schema, or kNotStored.
  std::vector<std::size_t> first_column;

  std::size_t rows() const;
  std::size_t columns() const;  ///< stored ones
  std::size_t bytes() const;    ///< of all values, wherever they are
  /// The rows on a disk, or null.
  StreamedRows* on_disk() const;
  /// The type of dense values; sparse ones are f32.
  ElementType type() const;
  /// "u8 60000 x 784", "f32 sparse 11314 x 2000 (1234 entries)".
  std::string description() const;
};

/// Calls `f(values)` with `values` as a pointer to elements of `type`.
template <class F>
decltype(auto) visit_type(ElementType type, const std::byte* values, F&& f) {
  switch (type) {
    case ElementType::kU8:
      return f(reinterpret_cast<const std::uint8_t*>(values));
    case ElementType::kI8:
      return f(reinterpret_cast<const std::int8_t*>(values));
    case ElementType::kU16:
      return f(reinterpret_cast<const std::uint16_t*>(values));
    case ElementType::kI16:
      return f(reinterpret_cast<const std::int16_t*>(values));
    case ElementType::kI32:
      return f(reinterpret_cast<const std::int32_t*>(values));
    case ElementType::kI64:
      return f(reinterpret_cast<const std::int64_t*>(values));
    case ElementType::kF32:
      return f(reinterpret_cast<const float*>(values));
    case ElementType::kF64:
      break;
  }
  return f(reinterpret_cast<const double*>(values));
}

/// Calls `f(pointer to the first element)` with the stored type.
template <class F>
decltype(auto) visit_type(const NumericArray& array, F&& f) {
  return visit_type(array.type, array.bytes.data(), std::forward<F>(f));
}

inline void prefetch(const void* first, std::size_t bytes) {
  for (std::size_t at = 0; at < bytes; at += 64) __builtin_prefetch(static_cast<const char*>(first) + at);
}

/// Calls `f(index, row)` for `count` rows, `row_of(index)` being the number of a row; `row` points to its
/// values in their own type, a sparse row being spread out as f32.
template <class RowOf, class F>
void visit_rows(const RawValues& raw, std::size_t count, RowOf&& row_of, F&& f) {
  if (const auto* dense = std::get_if<NumericArray>(&raw.values)) {
    const std::size_t columns = raw.columns();
    visit_type(*dense, [&](const auto* first) {
      // Shuffled rows lie anywhere in memory: the next one is on its way while this one is read.
      const std::size_t bytes = std::min<std::size_t>(columns * sizeof(*first), 4096);
      for (std::size_t i = 0; i < count; ++i) {
        if (i + 1 < count) prefetch(first + row_of(i + 1) * columns, bytes);
        f(i, first + row_of(i) * columns);
      }
    });
    return;
  }
  if (const StreamedRows* on_disk = raw.on_disk()) {
    const ElementType type = on_disk->file().type();
    on_disk->visit(count, row_of, [&](std::size_t i, const std::byte* row) {
      visit_type(type, row, [&](const auto* values) { f(i, values); });
    });
    return;
  }
  const auto& sparse = std::get<CsrMatrix>(raw.values);
  std::vector<float> row(sparse.cols, 0.0f);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t r = row_of(i);
    for (auto k = sparse.row_start[r]; k < sparse.row_start[r + 1]; ++k) {
      row[sparse.columns[k]] = sparse.values[k];
    }
    f(i, static_cast<const float*>(row.data()));
    for (auto k = sparse.row_start[r]; k < sparse.row_start[r + 1]; ++k) row[sparse.columns[k]] = 0.0f;
  }
}

/// The type in which raw values of type T are scaled and centred: f32 where that holds them exactly.
template <class T>
using Wide = std::conditional_t<(sizeof(T) <= 2 || std::is_same_v<T, float>), float, double>;

/// Images of bytes averaged over areas, to `height` x `width`, which must not be larger than the old ones.
NumericArray resize_by_area(const NumericArray& images, std::size_t old_height, std::size_t old_width,
                            std::size_t height, std::size_t width);

}  // namespace harmonium
