#include "harmonium/io/idx.h"

#include <array>

#include "harmonium/base/error.h"
#include "harmonium/io/atomic_file.h"
#include "io/byte_source.h"
#include "io/bytes.h"

namespace harmonium {
namespace {

struct TypeRow {
  unsigned code;
  ElementType type;
};
constexpr std::array<TypeRow, 6> kTypes = {{{0x08, ElementType::kU8},
                                            {0x09, ElementType::kI8},
                                            {0x0B, ElementType::kI16},
                                            {0x0C, ElementType::kI32},
                                            {0x0D, ElementType::kF32},
                                            {0x0E, ElementType::kF64}}};

}  // namespace

NumericArray read_idx(const std::filesystem::path& path) {
  const auto source = open_maybe_gz(path);
  const auto magic = source->read_exactly(4, "the IDX header");
  const auto code = std::to_integer<unsigned>(magic[2]);
  NumericArray array;
  bool known = false;
  for (const TypeRow& row : kTypes)
    if (row.code == code) array.type = row.type, known = true;
  if (magic[0] != std::byte{0} || magic[1] != std::byte{0} || !known)
    throw InputError(source->name() +
                     ": is not an IDX file; its first bytes must be 0, 0, a type (8, 9, 11 to 14) "
                     "and the number of dimensions.");
  const auto dimensions = std::to_integer<std::size_t>(magic[3]);
  if (dimensions == 0)
    throw InputError(source->name() +
                     ": byte 3 of an IDX file is the number of dimensions, from 1 up; here it is 0.");
  const auto sizes = source->read_exactly(4 * dimensions, "the dimensions of the IDX header");
  for (std::size_t d = 0; d < dimensions; ++d) array.shape.push_back(load_big32(sizes.data() + 4 * d));
  const auto bytes = checked_product(array.shape, element_size(array.type));
  if (!bytes || *bytes > source->at_most())
    throw InputError(source->name() + ": its header (from byte 4 on) claims " + shape_text(array.shape) +
                     " values, more than the file holds; it was cut short or is damaged.");
  array.bytes = source->read_exactly(*bytes, "the values");
  source->expect_end("the values");
  swap_bytes(array.bytes, element_size(array.type));
  return array;
}

void write_idx(const std::filesystem::path& path, const NumericArray& array) {
  check(!array.shape.empty() && array.shape.size() < 256, "an IDX file has 1 to 255 dimensions");
  std::vector<std::byte> bytes = {std::byte{0}, std::byte{0}, std::byte{0}, std::byte(array.shape.size())};
  for (const TypeRow& row : kTypes)
    if (row.type == array.type) bytes[2] = std::byte(row.code);
  if (bytes[2] == std::byte{0})
    throw InputError(path.string() + ": IDX cannot hold " + std::string(element_name(array.type)) +
                     " numbers; write .npy instead.");
  for (const std::size_t n : array.shape) {
    if (n >= std::size_t{1} << 32)
      throw InputError(path.string() + ": IDX holds dimensions below 2^32 only; write .npy instead.");
    for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<std::byte>(n >> shift));
  }
  const std::size_t header = bytes.size();
  bytes.insert(bytes.end(), array.bytes.begin(), array.bytes.end());
  swap_bytes(std::span(bytes).subspan(header), element_size(array.type));
  write_file_atomically(path, path.extension() == ".gz" ? gzip_bytes(bytes) : bytes);
}

}  // namespace harmonium
