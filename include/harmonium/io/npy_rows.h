// Rows of an .npy file read where they lie, for files that are larger than memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harmonium/io/table.h"

namespace harmonium {

/// An open .npy file of numbers in C order. Nothing is kept in memory and nothing is mapped: what a read
/// returns is read from the file then, so a file that shrinks or a disk that fails is an error and no crash.
/// Several threads may read at once.
class NpyRows {
 public:
  /// The file, or nothing where its rows cannot be read by themselves: it is no regular file, holds
  /// no numbers, or has them in Fortran order. Throws InputError as read_npy does.
  static std::optional<NpyRows> open(const std::filesystem::path& path);

  const std::string& file() const { return file_; }  ///< for messages
  ElementType type() const { return type_; }
  const std::vector<std::size_t>& shape() const { return shape_; }
  std::size_t rows() const { return shape_.empty() ? 1 : shape_[0]; }
  std::size_t row_size() const { return row_size_; }  ///< elements in one row
  std::size_t row_bytes() const { return row_size_ * element_size(type_); }

  /// Writes rows [first, first + count) to the beginning of `out`, in this machine's byte order. Throws
  /// WorkError where the system cannot read, or where the file has become shorter than its header says.
  void read(std::uint64_t first, std::size_t count, std::span<std::byte> out) const;

 private:
  class Descriptor;
  NpyRows() = default;

  std::string file_;
  ElementType type_ = ElementType::kU8;
  bool big_endian_ = false, boolean_ = false;
  std::vector<std::size_t> shape_;
  std::size_t row_size_ = 1;
  std::uint64_t begin_ = 0;  ///< byte of the first number
  std::shared_ptr<const Descriptor> descriptor_;
};

}  // namespace harmonium
