// What an .npy file says of itself before its numbers.
#pragma once

#include <cstddef>
#include <vector>

#include "harmonium/io/table.h"
#include "io/byte_source.h"

namespace harmonium {

struct NpyHeader {
  ElementType type;
  bool big_endian = false;
  bool boolean = false;  ///< stored as bytes of which any but 0 is true
  bool fortran = false;  ///< the first index runs fastest
  std::vector<std::size_t> shape;
};

/// Reads up to the first number. Throws InputError where it is no such header, where the numbers are of a
/// type that cannot be read, or where it claims more numbers than the source can give.
NpyHeader read_npy_header(ByteSource& source);

}  // namespace harmonium
