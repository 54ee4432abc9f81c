// Files read whole, plain or gzipped, with errors that say what is wrong with the path.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

namespace harmonium {

/// No bound on what a file may hold.
inline constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

/// The whole file as text. Throws InputError where it is missing (naming the nearest name in its folder), is
/// a folder, cannot be opened or read, or holds more than `max_bytes`. Pipes and devices are read to their
/// end.
std::string read_file(const std::filesystem::path& path, std::uint64_t max_bytes = kNoLimit);

/// The same as bytes.
std::vector<std::byte> read_file_bytes(const std::filesystem::path& path, std::uint64_t max_bytes = kNoLimit);

/// The whole file, unpacked where it begins as gzip does, whatever its name. Unpacks piece by piece, so
/// memory grows with what is there and never beyond `max_bytes`. Throws InputError as read_file does, and
/// where the gzip data are cut short, corrupt or followed by something else, with the byte offset in the
/// packed file.
std::vector<std::byte> read_file_maybe_gz(const std::filesystem::path& path,
                                          std::uint64_t max_bytes = kNoLimit);

}  // namespace harmonium
