#include "harmonium/io/read_file.h"

#include <algorithm>
#include <span>

#include "harmonium/base/error.h"
#include "io/byte_source.h"

namespace harmonium {
namespace {

// Reads to the end into a container of bytes; room is taken as bytes come.
template <class Container>
Container read_all(ByteSource& source, std::uint64_t max_bytes) {
  const auto refuse = [&] {
    throw InputError(source.name() + ": it holds more than the " + std::to_string(max_bytes) +
                     " bytes that are allowed here");
  };
  if (source.exact() && source.at_most() > max_bytes) refuse();
  constexpr std::size_t kPiece = std::size_t{1} << 18;
  Container all;
  std::size_t done = 0;
  for (;;) {
    std::uint64_t room = source.exact() ? source.at_most() + 1 : std::max<std::uint64_t>(kPiece, done);
    if (room > max_bytes - done) room = max_bytes - done + 1;  // one more, to see whether there is more
    all.resize(done + static_cast<std::size_t>(room));
    const std::size_t got = source.read_some(std::as_writable_bytes(std::span(all)).subspan(done));
    done += got;
    if (done > max_bytes) refuse();
    if (got == 0) break;
  }
  all.resize(done);
  return all;
}

}  // namespace

std::string read_file(const std::filesystem::path& path, std::uint64_t max_bytes) {
  return read_all<std::string>(*open_plain(path), max_bytes);
}

std::vector<std::byte> read_file_bytes(const std::filesystem::path& path, std::uint64_t max_bytes) {
  return read_all<std::vector<std::byte>>(*open_plain(path), max_bytes);
}

std::vector<std::byte> read_file_maybe_gz(const std::filesystem::path& path, std::uint64_t max_bytes) {
  return read_all<std::vector<std::byte>>(*open_maybe_gz(path), max_bytes);
}

}  // namespace harmonium
