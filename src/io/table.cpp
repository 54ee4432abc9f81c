#include "harmonium/io/table.h"

#include <algorithm>
#include <cstring>

#include "harmonium/base/error.h"
#include "io/bytes.h"

namespace harmonium {
namespace {

template <class T>
double load_double(const std::byte* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return static_cast<double>(value);
}

template <class T>
NumericArray from_view(ConstMatrixView<T> matrix) {
  std::vector<T> values;
  values.reserve(matrix.rows() * matrix.cols());
  for (std::size_t r = 0; r < matrix.rows(); ++r)
    values.insert(values.end(), matrix.row(r).begin(), matrix.row(r).end());
  return NumericArray::from(std::span<const T>(values), {matrix.rows(), matrix.cols()});
}

}  // namespace

std::size_t element_size(ElementType type) {
  switch (type) {
    case ElementType::kU8:
    case ElementType::kI8:
      return 1;
    case ElementType::kU16:
    case ElementType::kI16:
      return 2;
    case ElementType::kI32:
    case ElementType::kF32:
      return 4;
    case ElementType::kI64:
    case ElementType::kF64:
      return 8;
  }
  return 0;
}

std::string_view element_name(ElementType type) {
  switch (type) {
    case ElementType::kU8:
      return "u8";
    case ElementType::kI8:
      return "i8";
    case ElementType::kU16:
      return "u16";
    case ElementType::kI16:
      return "i16";
    case ElementType::kI32:
      return "i32";
    case ElementType::kI64:
      return "i64";
    case ElementType::kF32:
      return "f32";
    case ElementType::kF64:
      return "f64";
  }
  return "";
}

std::size_t NumericArray::size() const {
  std::size_t product = 1;
  for (const std::size_t n : shape) product *= n;
  return product;
}

std::size_t NumericArray::row_size() const {
  std::size_t product = 1;
  for (std::size_t d = 1; d < shape.size(); ++d) product *= shape[d];
  return product;
}

double NumericArray::value(std::size_t i) const {
  const std::byte* at = bytes.data() + i * element_size(type);
  switch (type) {
    case ElementType::kU8:
      return load_double<std::uint8_t>(at);
    case ElementType::kI8:
      return load_double<std::int8_t>(at);
    case ElementType::kU16:
      return load_double<std::uint16_t>(at);
    case ElementType::kI16:
      return load_double<std::int16_t>(at);
    case ElementType::kI32:
      return load_double<std::int32_t>(at);
    case ElementType::kI64:
      return load_double<std::int64_t>(at);
    case ElementType::kF32:
      return load_double<float>(at);
    case ElementType::kF64:
      return load_double<double>(at);
  }
  return 0;
}

NumericArray NumericArray::from(ConstMatrixView<float> matrix) {
  return from_view(matrix);
}
NumericArray NumericArray::from(ConstMatrixView<double> matrix) {
  return from_view(matrix);
}

void NumericArray::require_type(ElementType wanted) const {
  check(type == wanted, "an array is read as the type that it stores");
}

NumericArray NumericArray::from_bytes(ElementType type, std::span<const std::byte> bytes,
                                      std::vector<std::size_t> shape) {
  const auto size = checked_product(shape, element_size(type));
  check(size && *size == bytes.size(), "the values of an array fill its shape");
  NumericArray array;
  array.type = type;
  array.shape = std::move(shape);
  array.bytes.assign(bytes.begin(), bytes.end());
  return array;
}

}  // namespace harmonium
