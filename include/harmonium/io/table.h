// Numbers as files hold them: dense arrays in the file's own type, and sparse matrices by rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harmonium/base/matrix.h"

namespace harmonium {

/// The type of one stored number.
enum class ElementType { kU8, kI8, kU16, kI16, kI32, kI64, kF32, kF64 };

/// Bytes of one number: 1, 2, 4 or 8.
std::size_t element_size(ElementType type);
/// "u8", "i8", "u16", "i16", "i32", "i64", "f32", "f64".
std::string_view element_name(ElementType type);

/// The ElementType of a C++ type, for the typed access below.
template <class T>
struct ElementTypeOf;
template <>
struct ElementTypeOf<std::uint8_t> {
  static constexpr ElementType kValue = ElementType::kU8;
};
template <>
struct ElementTypeOf<std::int8_t> {
  static constexpr ElementType kValue = ElementType::kI8;
};
template <>
struct ElementTypeOf<std::uint16_t> {
  static constexpr ElementType kValue = ElementType::kU16;
};
template <>
struct ElementTypeOf<std::int16_t> {
  static constexpr ElementType kValue = ElementType::kI16;
};
template <>
struct ElementTypeOf<std::int32_t> {
  static constexpr ElementType kValue = ElementType::kI32;
};
template <>
struct ElementTypeOf<std::int64_t> {
  static constexpr ElementType kValue = ElementType::kI64;
};
template <>
struct ElementTypeOf<float> {
  static constexpr ElementType kValue = ElementType::kF32;
};
template <>
struct ElementTypeOf<double> {
  static constexpr ElementType kValue = ElementType::kF64;
};

/// A dense array of any number of dimensions in C order (the last index runs fastest), in this machine's byte
/// order. No dimensions means one number.
struct NumericArray {
  ElementType type = ElementType::kF32;
  std::vector<std::size_t> shape;
  std::vector<std::byte> bytes;  ///< size() * element_size(type) of them

  /// Number of elements: the product of the shape.
  std::size_t size() const;
  /// The first dimension, the number of cases; 1 for a single number.
  std::size_t rows() const { return shape.empty() ? 1 : shape[0]; }
  /// Elements in one row: the product of the other dimensions.
  std::size_t row_size() const;
  /// Element i in C order as a double; 64-bit integers beyond 2^53 are rounded.
  double value(std::size_t i) const;

  /// The elements as they are stored; T must be the stored type (`check` otherwise).
  template <class T>
  std::span<const T> values() const {
    require_type(ElementTypeOf<T>::kValue);
    return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
  }
  template <class T>
  std::span<T> values() {
    require_type(ElementTypeOf<T>::kValue);
    return {reinterpret_cast<T*>(bytes.data()), bytes.size() / sizeof(T)};
  }

  /// A copy of `values` in C order; their number must be the product of `shape` (`check` otherwise).
  template <class T>
  static NumericArray from(std::span<const T> values, std::vector<std::size_t> shape) {
    return from_bytes(ElementTypeOf<T>::kValue, std::as_bytes(values), std::move(shape));
  }
  /// Rows x cols, whatever the stride of the view.
  static NumericArray from(ConstMatrixView<float> matrix);
  static NumericArray from(ConstMatrixView<double> matrix);

  bool operator==(const NumericArray&) const = default;

 private:
  void require_type(ElementType wanted) const;
  static NumericArray from_bytes(ElementType type, std::span<const std::byte> bytes,
                                 std::vector<std::size_t> shape);
};

/// A sparse matrix by rows: the entries of row r are [row_start[r], row_start[r + 1]), columns ascending.
struct CsrMatrix {
  std::size_t rows = 0, cols = 0;
  std::vector<std::uint64_t> row_start{0};  ///< rows + 1 of them
  std::vector<std::uint32_t> columns;       ///< from 0
  std::vector<float> values;
  std::vector<double> labels;  ///< one a row where the file has them, else empty

  bool operator==(const CsrMatrix&) const = default;
};

}  // namespace harmonium
