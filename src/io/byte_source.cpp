#include "io/byte_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "harmonium/base/error.h"
#include "harmonium/io/read_file.h"
#include "harmonium/io/suggest.h"
#include "io/bytes.h"

namespace harmonium {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPiece = std::size_t{1} << 18;

// What is wrong with a path that cannot be found, with the nearest name that is there.
std::string missing_file(const fs::path& path) {
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored))
    return "cannot read '" + path.string() + "': there is no folder '" + folder.string() + "'";
  constexpr std::size_t kMostNames = 10000;
  std::vector<std::string> names;
  for (fs::directory_iterator entry(folder, ignored), end;
       !ignored && entry != end && names.size() < kMostNames; entry.increment(ignored))
    names.push_back(entry->path().filename().string());
  std::sort(names.begin(), names.end());
  return "cannot read '" + path.string() + "': there is no such file" +
         did_you_mean(path.filename().string(), names);
}

class FileSource final : public ByteSource {
 public:
  explicit FileSource(const fs::path& path) : ByteSource(path.string()) {
    descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor_ < 0) {
      if (errno == ENOENT || errno == ENOTDIR) throw InputError(missing_file(path));
      throw InputError("cannot read '" + name() + "': " + std::strerror(errno));
    }
    struct stat status {};
    if (::fstat(descriptor_, &status) != 0) status.st_mode = 0;
    if (S_ISDIR(status.st_mode)) {
      ::close(descriptor_);
      throw InputError("cannot read '" + name() + "': it is a folder; name a file");
    }
    regular_ = S_ISREG(status.st_mode);
    if (regular_) size_ = static_cast<std::uint64_t>(status.st_size);
  }
  ~FileSource() override { ::close(descriptor_); }

  std::uint64_t at_most() const override {
    if (!regular_) return kNoLimit;
    return size_ > position() ? size_ - position() : 0;
  }
  bool exact() const override { return regular_; }

 protected:
  std::size_t read_raw(std::span<std::byte> out) override {
    constexpr std::size_t kMostAtOnce = std::size_t{1} << 30;
    for (;;) {
      const ssize_t got = ::read(descriptor_, out.data(), std::min(out.size(), kMostAtOnce));
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EINTR) throw WorkError("reading '" + name() + "' failed: " + std::strerror(errno));
    }
  }

 private:
  int descriptor_ = -1;
  bool regular_ = false;
  std::uint64_t size_ = 0;
};

// A source whose first bytes were looked at already.
class PeekedSource final : public ByteSource {
 public:
  PeekedSource(std::unique_ptr<ByteSource> source, std::vector<std::byte> first)
      : ByteSource(source->name()), source_(std::move(source)), first_(std::move(first)) {}

  std::uint64_t at_most() const override {
    const std::uint64_t rest = source_->at_most();
    return rest == kNoLimit ? rest : rest + (first_.size() - used_);
  }
  bool exact() const override { return source_->exact(); }

 protected:
  std::size_t read_raw(std::span<std::byte> out) override {
    if (used_ == first_.size()) return source_->read_some(out);
    const std::size_t count = std::min(out.size(), first_.size() - used_);
    std::memcpy(out.data(), first_.data() + used_, count);
    used_ += count;
    return count;
  }

 private:
  std::unique_ptr<ByteSource> source_;
  std::vector<std::byte> first_;
  std::size_t used_ = 0;
};

// Unpacks gzip members one after another; zero bytes may fill up the end.
class GzipSource final : public ByteSource {
 public:
  explicit GzipSource(std::unique_ptr<ByteSource> packed)
      : ByteSource(packed->name()), packed_(std::move(packed)), input_(kPiece) {
    if (::inflateInit2(&stream_, 15 + 16) != Z_OK) throw WorkError("zlib cannot start: out of memory");
  }
  ~GzipSource() override { ::inflateEnd(&stream_); }

  std::uint64_t at_most() const override {
    const std::uint64_t packed = packed_->at_most();
    if (packed > kNoLimit / kDeflateRatio / 2) return kNoLimit;
    return (packed + stream_.avail_in + 64) * kDeflateRatio;  // 64: what zlib has taken and not yet unpacked
  }

 protected:
  std::size_t read_raw(std::span<std::byte> out) override {
    if (ended_) return 0;
    const auto wanted = static_cast<uInt>(std::min(out.size(), std::size_t{1} << 30));
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = wanted;
    while (stream_.avail_out == wanted && !ended_) {
      if (stream_.avail_in == 0 && !refill())
        throw InputError(name() + ": the gzip data end too early, after byte " + std::to_string(offset()) +
                         "; the file was cut short");
      const int status = ::inflate(&stream_, Z_NO_FLUSH);
      if (status == Z_STREAM_END)
        next_member();
      else if (status != Z_OK && status != Z_BUF_ERROR)
        throw InputError(name() + ": the gzip data are corrupt near byte " + std::to_string(offset()) +
                         (stream_.msg ? std::string(" (") + stream_.msg + ")" : std::string()));
    }
    return wanted - stream_.avail_out;
  }

 private:
  std::uint64_t offset() const { return packed_->position() - stream_.avail_in; }

  bool refill() {
    stream_.next_in = reinterpret_cast<Bytef*>(input_.data());
    stream_.avail_in = static_cast<uInt>(packed_->read_some(input_));
    return stream_.avail_in > 0;
  }

  void next_member() {
    if (stream_.avail_in == 0 && !refill()) {
      ended_ = true;
    } else if (*stream_.next_in == 0) {
      skip_zeros();
      ended_ = true;
    } else if (*stream_.next_in == 0x1F) {
      ::inflateReset(&stream_);
    } else {
      refuse_rest();
    }
  }

  void skip_zeros() {
    do {
      for (; stream_.avail_in > 0; --stream_.avail_in, ++stream_.next_in)
        if (*stream_.next_in != 0) refuse_rest();
    } while (refill());
  }

  [[noreturn]] void refuse_rest() {
    throw InputError(name() + ": something that is not gzip follows the gzip data at byte " +
                     std::to_string(offset()));
  }

  std::unique_ptr<ByteSource> packed_;
  std::vector<std::byte> input_;
  z_stream stream_{};
  bool ended_ = false;
};

}  // namespace

std::size_t ByteSource::read_some(std::span<std::byte> out) {
  if (out.empty()) return 0;
  const std::size_t got = read_raw(out);
  position_ += got;
  return got;
}

std::size_t ByteSource::read_full(std::span<std::byte> out) {
  std::size_t done = 0;
  while (done < out.size()) {
    const std::size_t got = read_some(out.subspan(done));
    if (got == 0) break;
    done += got;
  }
  return done;
}

std::vector<std::byte> ByteSource::read_exactly(std::uint64_t count, std::string_view what) {
  const auto cut_short = [&](const std::string& there) {
    throw InputError(name_ + ": " + std::string(what) + " should take " + std::to_string(count) +
                     " bytes, but the file holds " + there + "; it was cut short or is not what it claims");
  };
  if (count > at_most()) cut_short((exact() ? "" : "at most ") + std::to_string(at_most()));
  constexpr std::uint64_t kFirstStep = std::uint64_t{1} << 24, kMostReserved = std::uint64_t{1} << 28;
  std::vector<std::byte> bytes;
  // Memory that is not touched costs nothing, and bytes that need not move are not there twice.
  bytes.reserve(std::min(count, kMostReserved));
  while (bytes.size() < count) {
    const std::size_t before = bytes.size();
    const std::uint64_t step = exact() ? count : std::max<std::uint64_t>(kFirstStep, before);
    bytes.resize(before + std::min(step, count - before));
    const std::size_t got = read_full(std::span(bytes).subspan(before));
    if (before + got < bytes.size()) cut_short(std::to_string(before + got));
  }
  return bytes;
}

void ByteSource::expect_end(std::string_view what) {
  std::byte extra;
  const std::uint64_t end = position_;
  if (read_some({&extra, 1}) != 0)
    throw InputError(name_ + ": there are bytes left over after " + std::string(what) + ", from byte " +
                     std::to_string(end) + " on; the file is not what its header claims");
}

std::unique_ptr<ByteSource> open_plain(const fs::path& path) {
  return std::make_unique<FileSource>(path);
}

std::unique_ptr<ByteSource> open_maybe_gz(const fs::path& path) {
  auto file = open_plain(path);
  std::vector<std::byte> first(2);
  first.resize(file->read_full(first));
  const bool gzip = first.size() == 2 && first[0] == std::byte{0x1F} && first[1] == std::byte{0x8B};
  auto whole = std::make_unique<PeekedSource>(std::move(file), std::move(first));
  if (gzip) return std::make_unique<GzipSource>(std::move(whole));
  return whole;
}

std::vector<std::byte> gzip_bytes(std::span<const std::byte> bytes) {
  z_stream stream{};
  if (::deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw WorkError("zlib cannot start: out of memory");
  std::vector<std::byte> packed, piece(kPiece);
  int status = Z_OK;
  while (status != Z_STREAM_END) {
    if (stream.avail_in == 0) {  // zlib counts in 32 bits
      const std::size_t count = std::min(bytes.size(), std::size_t{1} << 30);
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes.data()));
      stream.avail_in = static_cast<uInt>(count);
      bytes = bytes.subspan(count);
    }
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    status = ::deflate(&stream, bytes.empty() ? Z_FINISH : Z_NO_FLUSH);
    packed.insert(packed.end(), piece.begin(), piece.end() - static_cast<std::ptrdiff_t>(stream.avail_out));
  }
  ::deflateEnd(&stream);
  return packed;
}

LineReader::LineReader(std::unique_ptr<ByteSource> source) : source_(std::move(source)) {}

bool LineReader::fill() {
  constexpr std::size_t kLongestLine = std::size_t{1} << 28;
  if (ended_) return false;
  buffer_.erase(0, begin_);
  begin_ = 0;
  const std::size_t before = buffer_.size();
  if (before > kLongestLine)
    refuse(line_ + 1, "the line is longer than 256 MB; this is not the table of lines that it should be");
  buffer_.resize(before + std::max(kPiece, before));
  const std::size_t got = source_->read_some(std::as_writable_bytes(std::span(buffer_)).subspan(before));
  buffer_.resize(before + got);
  ended_ = got == 0;
  if (const std::size_t zero = buffer_.find('\0', before); zero != std::string::npos) {
    const auto lines = std::count(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(zero), '\n');
    refuse(line_ + 1 + static_cast<std::size_t>(lines), "there is a zero byte; this is not a text file");
  }
  return !ended_;
}

bool LineReader::next(std::string_view& line) {
  std::size_t from = begin_, end;
  while ((end = buffer_.find('\n', from)) == std::string::npos) {
    const std::size_t seen = buffer_.size() - begin_;
    if (fill()) {
      from = begin_ + seen;
      continue;
    }
    if (begin_ == buffer_.size()) return false;
    end = buffer_.size();
    break;
  }
  line = std::string_view(buffer_).substr(begin_, end - begin_);
  begin_ = std::min(end + 1, buffer_.size());
  if (line_++ == 0 && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
  return true;
}

void LineReader::refuse(std::size_t line, const std::string& message) const {
  throw InputError(source_->name() + ":" + std::to_string(line) + ": " + message);
}

}  // namespace harmonium
