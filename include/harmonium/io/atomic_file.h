// Files that are either whole or not there: written beside their target, synced, and renamed.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "harmonium/io/read_file.h"

namespace harmonium {

/// A file under way. Bytes go to a temporary `.NAME.PID-N.tmp` in the target's folder; `commit` syncs it,
/// renames it to the target and syncs the folder. Without a commit the target stays as it was and the
/// temporary is removed. Temporaries of the same target that a killed process left behind are removed at the
/// start.
///
/// A symbolic link is followed, so that it stays a link; the mode of a file that is replaced is kept. A
/// target that is a device or a pipe (/dev/stdout) is written directly.
class AtomicFile {
 public:
  /// Throws WorkError where the folder is missing or cannot be written, or the target is a folder.
  explicit AtomicFile(const std::filesystem::path& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// Appends. Throws WorkError, after removing the temporary, on a full disk and the like.
  void write(std::span<const std::byte> bytes);
  void write(std::string_view text);
  /// Makes the file appear under its name. Nothing may be written afterwards.
  void commit();

 private:
  void open_temporary();
  void lock_temporary();
  void write_out(std::string_view text);
  void discard() noexcept;
  [[noreturn]] void fail(int error);

  std::filesystem::path target_;  ///< as given, for messages
  std::filesystem::path final_;   ///< links followed
  std::filesystem::path temporary_;
  std::string buffer_;  ///< small writes gathered
  int descriptor_ = -1;
  bool direct_ = false;  ///< a device: no temporary
};

/// Writes all of `bytes` to `path`, or leaves what was there. Throws WorkError that names the path, the
/// system's reason, and what would be right.
void write_file_atomically(const std::filesystem::path& path, std::span<const std::byte> bytes);
void write_file_atomically(const std::filesystem::path& path, std::string_view text);
/// The same for what `write` writes; commits when it returns, and leaves no trace when it throws.
void write_file_atomically(const std::filesystem::path& path, const std::function<void(AtomicFile&)>& write);

/// Appends `line` (without a line end of its own) and a line end, and syncs: histories as JSON lines. The
/// file is made where it is missing; on a failure it is cut back to what it was. Throws WorkError.
void append_line(const std::filesystem::path& path, std::string_view line);

/// Cuts a file back to its first `count` lines, dropping an unfinished last line too. A missing file counts
/// as one of no lines. Throws InputError where there are fewer than `count` whole lines, WorkError where the
/// file cannot be cut.
void truncate_lines(const std::filesystem::path& path, std::size_t count);

}  // namespace harmonium
