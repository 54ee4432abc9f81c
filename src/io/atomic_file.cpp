#include "harmonium/io/atomic_file.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "harmonium/base/error.h"

namespace harmonium {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBufferBytes = std::size_t{1} << 20;

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

// What a person can do about an error of the system.
std::string remedy(const fs::path& path, int error) {
  const std::string folder = "'" + folder_of(path).string() + "'";
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return "; free some space or choose another folder";
    case EFBIG:
      return "; raise the limit on the size of files (ulimit -f) or choose another folder";
    case EACCES:
    case EPERM:
    case EROFS:
      return "; choose a folder that you may write to";
    case ENOENT:
      return "; make the folder " + folder + " first";
    case ENOTDIR:
      return "; " + folder + " is not a folder, choose one that is";
    case EISDIR:
      return "; name a file, not a folder";
    case ENAMETOOLONG:
      return "; choose a shorter name";
    default:
      return "";
  }
}

[[noreturn]] void fail_writing(const fs::path& path, int error) {
  throw WorkError("cannot write '" + path.string() + "': " + std::strerror(error) + remedy(path, error));
}

// Writes all of the text; 0 or the error.
int write_all(int descriptor, std::string_view text) {
  constexpr std::size_t kMostAtOnce = std::size_t{1} << 30;
  while (!text.empty()) {
    const ssize_t done = ::write(descriptor, text.data(), std::min(text.size(), kMostAtOnce));
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(done));
  }
  return 0;
}

int sync_folder(const fs::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return 0;  // a folder that may be written but not read
  const int error = ::fsync(descriptor) == 0 || errno == EINVAL ? 0 : errno;
  ::close(descriptor);
  return error;
}

// `.NAME.`, cut so that the whole name stays within what file systems allow.
std::string temporary_prefix(const fs::path& target) {
  constexpr std::size_t kLongest = 200;
  return "." + target.filename().string().substr(0, kLongest) + ".";
}

// The process in `PREFIX PID-N.tmp`, or 0 for other names.
pid_t owner_of(std::string_view name, std::string_view prefix) {
  constexpr std::string_view kEnd = ".tmp";
  if (!name.starts_with(prefix) || !name.ends_with(kEnd) || name.size() <= prefix.size() + kEnd.size())
    return 0;
  const std::string_view middle = name.substr(prefix.size(), name.size() - prefix.size() - kEnd.size());
  const std::size_t dash = middle.find('-');
  const auto digits = [](std::string_view text) {
    return !text.empty() && text.size() < 10 && text.find_first_not_of("0123456789") == text.npos;
  };
  if (dash == middle.npos || !digits(middle.substr(0, dash)) || !digits(middle.substr(dash + 1))) return 0;
  return std::stoi(std::string(middle.substr(0, dash)));
}

// A temporary is locked while its writer lives, so the lock says who is gone, also where process numbers are
// used again (containers); only file systems without locks leave nothing but the number.
void remove_if_stale(const fs::path& temporary, pid_t owner) {
  const int descriptor = ::open(temporary.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) return;
  const int error = ::flock(descriptor, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
  bool stale = error == 0;
  if (error != 0 && error != EWOULDBLOCK) stale = ::kill(owner, 0) != 0 && errno == ESRCH;
  if (stale) ::unlink(temporary.c_str());  // while the lock is held: see lock_temporary
  ::close(descriptor);
}

void remove_stale_temporaries(const fs::path& target) {
  const std::string prefix = temporary_prefix(target);
  std::error_code error;
  for (fs::directory_iterator entry(folder_of(target), error), end; !error && entry != end;
       entry.increment(error)) {
    const pid_t owner = owner_of(entry->path().filename().string(), prefix);
    if (owner > 0) remove_if_stale(entry->path(), owner);
  }
}

// Where a chain of links ends, also where nothing is there yet. A ring of links stays what it is: opening it
// says what is wrong.
fs::path follow_links(fs::path path) {
  constexpr int kLongestChain = 40;  // as Linux
  std::error_code error;
  for (int i = 0; i < kLongestChain && fs::is_symlink(path, error); ++i) {
    const fs::path next = fs::read_symlink(path, error);
    if (error) break;
    path = folder_of(path) / next;  // an absolute one replaces the folder
  }
  return path;
}

}  // namespace

AtomicFile::AtomicFile(const fs::path& path) : target_(path), final_(follow_links(path)) {
  struct stat status {};
  const bool exists = ::stat(final_.c_str(), &status) == 0;
  if ((exists && S_ISDIR(status.st_mode)) || !final_.has_filename()) fail_writing(target_, EISDIR);
  direct_ = exists && !S_ISREG(status.st_mode);
  if (direct_) {
    descriptor_ = ::open(final_.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor_ < 0) fail(errno);
    return;
  }
  remove_stale_temporaries(final_);
  open_temporary();
  if (exists) static_cast<void>(::fchmod(descriptor_, status.st_mode & 0777));  // best effort: keeps the mode
}

AtomicFile::~AtomicFile() {
  discard();
}

void AtomicFile::open_temporary() {
  static std::atomic<unsigned> counter{0};
  while (descriptor_ < 0) {
    temporary_ = folder_of(final_) / (temporary_prefix(final_) + std::to_string(::getpid()) + "-" +
                                      std::to_string(counter++ % 1000000) + ".tmp");
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ >= 0) {
      lock_temporary();
    } else if (errno != EEXIST) {
      const int error = errno;
      temporary_.clear();
      fail(error);
    }
  }
}

// Another process may have taken the new file for a stale one before it was locked: then it is gone from the
// folder, and the descriptor is closed so that open_temporary tries again.
void AtomicFile::lock_temporary() {
  while (::flock(descriptor_, LOCK_EX) != 0 && errno == EINTR) {
  }
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) fail(errno);
  if (status.st_nlink > 0) return;
  ::close(descriptor_);
  descriptor_ = -1;
}

void AtomicFile::discard() noexcept {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
  temporary_.clear();
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

void AtomicFile::fail(int error) {
  discard();
  fail_writing(target_, error);
}

void AtomicFile::write_out(std::string_view text) {
  check(descriptor_ >= 0, "AtomicFile: written after commit or after a failure");
  if (const int error = write_all(descriptor_, text); error != 0) fail(error);
}

void AtomicFile::write(std::string_view text) {
  if (buffer_.size() + text.size() > kBufferBytes) {
    write_out(buffer_);
    buffer_.clear();
  }
  if (text.size() > kBufferBytes)
    write_out(text);
  else
    buffer_ += text;
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  write(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

void AtomicFile::commit() {
  write_out(buffer_);
  buffer_.clear();
  if (!direct_ && ::fsync(descriptor_) != 0) fail(errno);
  if (!direct_ && ::rename(temporary_.c_str(), final_.c_str()) != 0) fail(errno);
  temporary_.clear();
  const int closed = ::close(descriptor_) == 0 ? 0 : errno;
  descriptor_ = -1;
  if (closed != 0 && closed != EINTR) fail_writing(target_, closed);
  if (direct_) return;
  if (const int error = sync_folder(folder_of(final_)); error != 0) fail_writing(target_, error);
}

void write_file_atomically(const fs::path& path, std::span<const std::byte> bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

void write_file_atomically(const fs::path& path, std::string_view text) {
  write_file_atomically(path, std::as_bytes(std::span(text)));
}

void write_file_atomically(const fs::path& path, const std::function<void(AtomicFile&)>& write) {
  AtomicFile file(path);
  write(file);
  file.commit();
}

void append_line(const fs::path& path, std::string_view line) {
  check(line.find('\n') == line.npos, "append_line: the line holds a line end");
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor < 0) fail_writing(path, errno);
  struct stat status {};
  int error = ::fstat(descriptor, &status) == 0 ? 0 : errno;
  if (error == 0) error = write_all(descriptor, std::string(line) + "\n");
  if (error == 0 && ::fsync(descriptor) != 0 && errno != EINVAL) error = errno;
  if (error != 0 && S_ISREG(status.st_mode) && ::ftruncate(descriptor, status.st_size) != 0)
    error = errno;  // half a line stays: truncate_lines drops it
  if (::close(descriptor) != 0 && error == 0 && errno != EINTR) error = errno;
  if (error != 0) fail_writing(path, error);
}

void truncate_lines(const fs::path& path, std::size_t count) {
  std::error_code missing;
  if (count == 0 && !fs::exists(path, missing)) return;
  const std::string text = read_file(path);
  std::size_t end = 0;
  for (std::size_t lines = 0; lines < count; ++lines) {
    const std::size_t next = text.find('\n', end);
    if (next == std::string::npos)
      throw InputError(path.string() + ": it should hold at least " + std::to_string(count) +
                       " lines and holds only " + std::to_string(lines) +
                       "; it was changed by something else, so start afresh or bring it back");
    end = next + 1;
  }
  if (end == text.size()) return;
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) fail_writing(path, errno);
  int error = ::ftruncate(descriptor, static_cast<off_t>(end)) == 0 ? 0 : errno;
  if (error == 0 && ::fsync(descriptor) != 0) error = errno;
  ::close(descriptor);
  if (error != 0) fail_writing(path, error);
}

}  // namespace harmonium
