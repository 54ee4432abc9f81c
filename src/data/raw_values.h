// The raw values of a data set, in the type in which their file holds them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "harmonium/io/table.h"

namespace harmonium {

/// Stands for a column of the schema that is not among the stored ones (a label, text that is ignored).
inline constexpr std::size_t kNotStored = std::numeric_limits<std::size_t>::max();

struct RawValues {
  std::variant<NumericArray, CsrMatrix> values;
  /// The first stored column of each column of the schema, or kNotStored.
  std::vector<std::size_t> first_column;

  std::size_t rows() const;
  std::size_t columns() const;  ///< stored ones
  std::size_t bytes() const;
  /// "u8 60000 x 784", "f32 sparse 11314 x 2000 (1234 entries)".
  std::string description() const;
};

/// Calls `f(pointer to the first element)` with the stored type.
template <class F>
decltype(auto) visit_type(const NumericArray& array, F&& f) {
  switch (array.type) {
    case ElementType::kU8:
      return f(array.values<std::uint8_t>().data());
    case ElementType::kI8:
      return f(array.values<std::int8_t>().data());
    case ElementType::kU16:
      return f(array.values<std::uint16_t>().data());
    case ElementType::kI16:
      return f(array.values<std::int16_t>().data());
    case ElementType::kI32:
      return f(array.values<std::int32_t>().data());
    case ElementType::kI64:
      return f(array.values<std::int64_t>().data());
    case ElementType::kF32:
      return f(array.values<float>().data());
    case ElementType::kF64:
      break;
  }
  return f(array.values<double>().data());
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
