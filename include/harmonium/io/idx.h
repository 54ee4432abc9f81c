// IDX: the format of the MNIST files, plain or gzipped. Big-endian: two zero bytes, the type, the number of
// dimensions, the dimensions as 32-bit numbers, the values.
#pragma once

#include <filesystem>

#include "harmonium/io/table.h"

namespace harmonium {

/// Reads types 0x08 (u8), 0x09 (i8), 0x0B (i16), 0x0C (i32), 0x0D (f32) and 0x0E (f64). Throws InputError
/// that names the file and the byte; sizes are checked against the file before memory is taken.
NumericArray read_idx(const std::filesystem::path& path);

/// Writes 1 to 255 dimensions (`check` otherwise) atomically; gzipped where the name ends in .gz. Throws
/// InputError for u16 and i64, which the format does not have, and for dimensions of 2^32 and more; WorkError
/// where the file cannot be written.
void write_idx(const std::filesystem::path& path, const NumericArray& array);

}  // namespace harmonium
