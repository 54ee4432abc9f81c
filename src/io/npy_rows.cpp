#include "harmonium/io/npy_rows.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "harmonium/base/error.h"
#include "io/bytes.h"
#include "io/npy_header.h"

namespace harmonium {

class NpyRows::Descriptor {
 public:
  explicit Descriptor(const std::filesystem::path& path)
      : number_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (number_ < 0) throw InputError("cannot read '" + path.string() + "': " + std::strerror(errno));
  }
  ~Descriptor() { ::close(number_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

std::optional<NpyRows> NpyRows::open(const std::filesystem::path& path) {
  const auto source = open_plain(path);  // also for its errors about paths
  if (!source->exact()) return std::nullopt;
  NpyHeader header = read_npy_header(*source);
  const auto bytes = *checked_product(header.shape, element_size(header.type));
  if (bytes == 0 || (header.fortran && header.shape.size() > 1)) return std::nullopt;
  if (source->at_most() > bytes)
    throw InputError(path.string() + ": there are bytes left over after the numbers, from byte " +
                     std::to_string(source->position() + bytes) +
                     " on; the file is not what its header claims");
  NpyRows rows;
  rows.file_ = path.string();
  rows.type_ = header.type;
  rows.big_endian_ = header.big_endian;
  rows.boolean_ = header.boolean;
  rows.shape_ = std::move(header.shape);
  for (std::size_t d = 1; d < rows.shape_.size(); ++d) rows.row_size_ *= rows.shape_[d];
  rows.begin_ = source->position();
  rows.descriptor_ = std::make_shared<const Descriptor>(path);
  return rows;
}

void NpyRows::read(std::uint64_t first, std::size_t count, std::span<std::byte> out) const {
  check(first <= rows() && count <= rows() - first, "NpyRows::read: no such rows");
  const std::size_t bytes = count * row_bytes();
  check(out.size() >= bytes, "NpyRows::read: no room for the rows");
  out = out.first(bytes);
  const std::uint64_t begin = begin_ + first * row_bytes();
  constexpr std::size_t kMostAtOnce = std::size_t{1} << 30;
  for (std::size_t done = 0; done < bytes;) {
    const ssize_t got = ::pread(descriptor_->number(), out.data() + done, std::min(bytes - done, kMostAtOnce),
                                static_cast<off_t>(begin + done));
    if (got > 0) {
      done += static_cast<std::size_t>(got);
    } else if (got == 0) {
      throw WorkError(file_ + ": ends at byte " + std::to_string(begin + done) + ", in row " +
                      std::to_string(first + done / row_bytes()) + " (counted from 0) of " +
                      std::to_string(rows()) +
                      "; it has become shorter since it was opened, and must stay as it is while it is read");
    } else if (errno != EINTR) {
      throw WorkError("reading '" + file_ + "' at byte " + std::to_string(begin + done) +
                      " failed: " + std::strerror(errno));
    }
  }
  if (big_endian_) swap_bytes(out, element_size(type_));
  if (boolean_)
    for (std::byte& value : out) value = std::byte{value != std::byte{0}};
}

}  // namespace harmonium
