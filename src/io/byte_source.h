// Bytes that come one after another: from a file, from a gzipped file, from a member of an archive.
//
// Readers ask `at_most` before they believe a header: a source never gives more bytes than that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace harmonium {

/// Deflate packs at most 1032 bytes into one, so that many bytes may come out of one packed byte.
inline constexpr std::uint64_t kDeflateRatio = 1032;

/// Somewhere to read from, once, forwards.
class ByteSource {
 public:
  explicit ByteSource(std::string name) : name_(std::move(name)) {}
  virtual ~ByteSource() = default;
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  /// For messages: the path as given.
  const std::string& name() const { return name_; }
  /// Bytes given so far.
  std::uint64_t position() const { return position_; }

  /// Fills the beginning of `out`; 0 only at the end (or for an empty `out`). Throws InputError where the
  /// data are corrupt, WorkError where the system fails.
  std::size_t read_some(std::span<std::byte> out);
  /// Fills all of `out`, or as much as there is; returns how much.
  std::size_t read_full(std::span<std::byte> out);
  /// The next `count` bytes. Throws InputError "cut short" that names `what` where there are fewer: before
  /// memory is taken where that can be known, else memory grows with what has come.
  std::vector<std::byte> read_exactly(std::uint64_t count, std::string_view what);
  /// Throws InputError unless all has been read.
  void expect_end(std::string_view what);

  /// A bound on the number of bytes that are still to come.
  virtual std::uint64_t at_most() const = 0;
  /// True where `at_most` is what will come.
  virtual bool exact() const { return false; }

 protected:
  virtual std::size_t read_raw(std::span<std::byte> out) = 0;

 private:
  std::string name_;
  std::uint64_t position_ = 0;
};

/// The file as it is. Throws as read_file does.
std::unique_ptr<ByteSource> open_plain(const std::filesystem::path& path);
/// The file, unpacked where it begins as gzip does.
std::unique_ptr<ByteSource> open_maybe_gz(const std::filesystem::path& path);

/// The bytes as one gzip member without name and time: equal bytes give equal ones.
std::vector<std::byte> gzip_bytes(std::span<const std::byte> bytes);

/// Lines of text from a source.
class LineReader {
 public:
  explicit LineReader(std::unique_ptr<ByteSource> source);

  /// The next line without its LF (a CR stays), valid until the next call; false at the end. A byte order
  /// mark before the first is dropped. Throws InputError for zero bytes and for lines beyond 256 MB.
  bool next(std::string_view& line);
  /// The number of the line that `next` gave last, from 1.
  std::size_t line() const { return line_; }
  const ByteSource& source() const { return *source_; }

  /// Throws InputError "FILE:LINE: message" for line `line`, or the last one.
  [[noreturn]] void refuse(const std::string& message) const { refuse(line_, message); }
  [[noreturn]] void refuse(std::size_t line, const std::string& message) const;

 private:
  bool fill();

  std::unique_ptr<ByteSource> source_;
  std::string buffer_;
  std::size_t begin_ = 0;  ///< of what is not yet given out
  std::size_t line_ = 0;
  bool ended_ = false;
};

}  // namespace harmonium
