// Named tensors and text in one file, in the safetensors format: 8 bytes with the header's length, a JSON
// header, the tensors' bytes without gaps. Little-endian.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harmonium/base/matrix.h"

namespace harmonium {

/// Types of the format. Those without typed access below (16-bit floats and alike) keep their bytes.
enum class DType { kBool, kU8, kI8, kU16, kI16, kU32, kI32, kU64, kI64, kF16, kBF16, kF32, kF64 };

/// Bytes of one element.
std::size_t dtype_size(DType dtype);
/// The format's name: "BOOL", "U8", ..., "BF16", "F32", "F64".
std::string_view dtype_name(DType dtype);

/// One tensor in C order. The storage begins on a 64-byte boundary.
struct Tensor {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<std::size_t> shape;  ///< empty for a single number
  AlignedVector<std::byte> bytes;

  /// Copies; the number of values must be the product of `shape` (`check` otherwise).
  static Tensor from_f32(std::string name, std::span<const float> values, std::vector<std::size_t> shape);
  static Tensor from_f64(std::string name, std::span<const double> values, std::vector<std::size_t> shape);
  static Tensor from_u64(std::string name, std::span<const std::uint64_t> values,
                         std::vector<std::size_t> shape);
  static Tensor from_i64(std::string name, std::span<const std::int64_t> values,
                         std::vector<std::size_t> shape);
  static Tensor from_u32(std::string name, std::span<const std::uint32_t> values,
                         std::vector<std::size_t> shape);
  static Tensor from_u8(std::string name, std::span<const std::uint8_t> values,
                        std::vector<std::size_t> shape);
  /// A matrix as rows x cols, whatever the stride of the view.
  static Tensor from_matrix(std::string name, ConstMatrixView<float> matrix);

  /// The values in place. Throw InputError that names the tensor where it has another type.
  std::span<const float> as_f32() const;
  std::span<const double> as_f64() const;
  std::span<const std::uint64_t> as_u64() const;
  std::span<const std::int64_t> as_i64() const;
  std::span<const std::uint32_t> as_u32() const;
  std::span<const std::uint8_t> as_u8() const;

  /// Number of elements: the product of the shape.
  std::size_t size() const;

  bool operator==(const Tensor&) const = default;
};

/// What a file holds.
struct TensorFile {
  std::map<std::string, std::string> metadata;
  std::vector<Tensor> tensors;  ///< in the order of their bytes in the file
  std::string path;             ///< where it was read from, for messages; empty when made here

  /// The tensor, or nullptr.
  const Tensor* find(std::string_view name) const;
  /// The tensor; throws InputError that names the file where it is missing (with the nearest name) or, in the
  /// second form, of another shape.
  const Tensor& require(std::string_view name) const;
  const Tensor& require(std::string_view name, std::span<const std::size_t> shape) const;
  const Tensor& require(std::string_view name, std::initializer_list<std::size_t> shape) const;
  /// The values of one of its tensors; throws InputError that names file and tensor where one of them is not
  /// finite.
  std::span<const float> finite_f32(const Tensor& tensor) const;
  /// The metadata's text; throws InputError where the key is missing.
  const std::string& require_metadata(const std::string& key) const;
};

/// Reads a whole file. Throws InputError that names the file and what is wrong with it: a header longer than
/// the file or than 100 MB, no JSON, deep nesting, duplicate keys, unknown types, shapes whose product
/// overflows or does not fit the bytes, tensors that overlap, leave holes or reach beyond the file, bytes
/// left over. All is checked before memory for tensors is taken.
TensorFile read_safetensors(const std::filesystem::path& path);

/// Writes atomically; equal contents give equal bytes. Tensors keep their order; the header is filled up with
/// blanks so that their bytes begin at a multiple of 8. Throws InputError for names that are doubled or not
/// UTF-8, WorkError where the file cannot be written.
void write_safetensors(const std::filesystem::path& path, const TensorFile& file);

}  // namespace harmonium
