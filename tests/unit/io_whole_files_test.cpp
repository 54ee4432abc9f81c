// Files are whole or not there, whatever goes wrong while they are written.
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "harmonium/io/atomic_file.h"
#include "harmonium/io/csv.h"
#include "harmonium/io/npy.h"
#include "harmonium/io/safetensors.h"
#include "unit/io_files.h"

namespace harmonium {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class WholeFilesTest : public IoTest {
 protected:
  mode_t mode(const std::string& name) const {
    struct stat status {};
    ::stat(path(name).c_str(), &status);
    return status.st_mode & 07777;
  }
};

// Lets files grow to `bytes` only: a full disk without one.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    before_handler_ = ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit now{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &now);
  }
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, before_handler_);
  }

 private:
  rlimit before_{};
  void (*before_handler_)(int);
};

TEST_F(WholeFilesTest, AppearsWithTheCommitAndNotBefore) {
  const std::string large(3 << 20, 'x');
  {
    AtomicFile file(path("a"));
    file.write("begin");
    file.write(large);
    file.write(std::as_bytes(std::span(std::string_view("end"))));
    EXPECT_FALSE(fs::exists(path("a")));
    ASSERT_THAT(names(), testing::SizeIs(1));
    EXPECT_THAT(names()[0], testing::MatchesRegex("\\.a\\.[0-9]+-[0-9]+\\.tmp"));
    file.commit();
  }
  EXPECT_EQ(get("a"), "begin" + large + "end");
  write_file_atomically(path("a"), "new");
  EXPECT_EQ(get("a"), "new");
  write_file_atomically(path("empty"), "");
  EXPECT_THAT(names(), ElementsAre("a", "empty"));
}

TEST_F(WholeFilesTest, WithoutACommitTheOldFileStays) {
  put("a", "old");
  { AtomicFile(path("a")).write(std::string(3 << 20, 'x')); }
  const auto stop = [](AtomicFile& file) {
    file.write("half");
    throw InputError("the writer has nothing more to say");
  };
  EXPECT_THROW(write_file_atomically(path("a"), stop), InputError);
  EXPECT_THROW(write_file_atomically(path("b"), stop), InputError);
  EXPECT_EQ(get("a"), "old");
  EXPECT_THAT(names(), ElementsAre("a"));
}

TEST_F(WholeFilesTest, AFullDiskLeavesTheOldFile) {
  put("a", "old");
  {
    const FullDisk disk(100'000);
    for (const std::size_t size :
         {200'000, 5'000'000}) {  // within the buffer: found at the commit; beyond it
      const std::string large(size, 'x');
      EXPECT_THAT(work_error([&] { write_file_atomically(path("a"), large); }),
                  AllOf(HasSubstr(path("a")), HasSubstr("File too large"), HasSubstr("ulimit -f")));
    }
    const std::vector<float> values(100'000);
    const auto array = NumericArray::from(std::span<const float>(values), {values.size()});
    EXPECT_THAT(work_error([&] { write_npy(path("n.npy"), array); }), HasSubstr("n.npy"));
    TensorFile file;
    file.tensors.push_back(Tensor::from_f32("w", values, {values.size()}));
    EXPECT_THAT(work_error([&] { write_safetensors(path("m"), file); }), HasSubstr(path("m")));
    EXPECT_THAT(work_error([&] { write_csv(path("t.csv"), {std::string(200'000, 'c')}, {}); }),
                HasSubstr("t.csv"));
  }
  EXPECT_EQ(get("a"), "old");
  EXPECT_THAT(names(), ElementsAre("a"));
}

TEST_F(WholeFilesTest, DevicesAreWrittenDirectly) {
  EXPECT_THAT(
      work_error([] { write_file_atomically("/dev/full", "x"); }),
      AllOf(HasSubstr("/dev/full"), HasSubstr("No space left on device"), HasSubstr("free some space")));
  EXPECT_NO_THROW(write_file_atomically("/dev/null", "x"));
  struct stat status {};
  ASSERT_EQ(::stat("/dev/full", &status), 0);
  EXPECT_TRUE(S_ISCHR(status.st_mode));
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const bool same = get("pipe") == "through the pipe";
    ::_exit(same ? 0 : 1);
  }
  write_file_atomically(path("pipe"), "through the pipe");
  int status_of_child = -1;
  ::waitpid(child, &status_of_child, 0);
  EXPECT_EQ(status_of_child, 0);
  EXPECT_TRUE(fs::is_fifo(path("pipe")));
}

TEST_F(WholeFilesTest, SaysWhatIsWrongWithTheTarget) {
  put("file", "x");
  EXPECT_THAT(work_error([&] { write_file_atomically(path("none/a"), "x"); }),
              AllOf(HasSubstr(path("none/a")), HasSubstr("No such file"), HasSubstr("make the folder")));
  EXPECT_THAT(work_error([&] { write_file_atomically(path("file/a"), "x"); }), HasSubstr("not a folder"));
  EXPECT_THAT(work_error([&] { write_file_atomically(folder_, "x"); }), HasSubstr("folder"));
  EXPECT_THAT(work_error([&] { write_file_atomically(path(""), "x"); }), HasSubstr("folder"));
  EXPECT_THAT(work_error([&] { write_file_atomically("", "x"); }), HasSubstr("cannot write"));
  EXPECT_THAT(work_error([&] { write_file_atomically(path(std::string(300, 'n')), "x"); }),
              HasSubstr("shorter name"));
  EXPECT_NO_THROW(write_file_atomically(path(std::string(250, 'n')), "x"));
  EXPECT_EQ(names().size(), 2u);
  if (::geteuid() == 0) return;  // who may write everywhere
  ::chmod(folder_.c_str(), 0500);
  EXPECT_THAT(work_error([&] { write_file_atomically(path("b"), "x"); }), HasSubstr("may write"));
  ::chmod(folder_.c_str(), 0700);
}

TEST_F(WholeFilesTest, RemovesWhatAKilledWriterLeft) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    AtomicFile file(path("model"));
    file.write(std::string(2 << 20, 'x'));
    ::raise(SIGKILL);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
  ASSERT_THAT(names(), ElementsAre(testing::StartsWith(".model." + std::to_string(child) + "-")));
  write_file_atomically(path("other"), "x");  // whose temporary that is not
  EXPECT_THAT(names(), testing::SizeIs(2));
  write_file_atomically(path("model"), "x");
  EXPECT_THAT(names(), ElementsAre("model", "other"));
}

TEST_F(WholeFilesTest, LeavesLivingTemporariesAndOtherNames) {
  for (const char* name : {".model..tmp", ".model.1-2.tmp.bak", ".model.1.tmp", ".model.x-1.tmp"})
    put(name, "mine");
  AtomicFile first(path("model"));
  first.write("first");
  write_file_atomically(path("model"), "second");
  EXPECT_EQ(get("model"), "second");
  first.commit();
  EXPECT_EQ(get("model"), "first");
  EXPECT_THAT(names(),
              ElementsAre(".model..tmp", ".model.1-2.tmp.bak", ".model.1.tmp", ".model.x-1.tmp", "model"));
}

TEST_F(WholeFilesTest, KeepsLinksAndModes) {
  put("real", "old");
  ::chmod(path("real").c_str(), 0640);
  fs::create_symlink("real", path("link"));
  fs::create_symlink("link", path("second"));
  write_file_atomically(path("second"), "new");
  EXPECT_TRUE(fs::is_symlink(path("link")));
  EXPECT_TRUE(fs::is_symlink(path("second")));
  EXPECT_EQ(get("real"), "new");
  EXPECT_EQ(mode("real"), 0640u);
  const mode_t mask = ::umask(027);
  write_file_atomically(path("fresh"), "x");
  ::umask(mask);
  EXPECT_EQ(mode("fresh"), 0640u);
}

TEST_F(WholeFilesTest, ALinkToNothingStaysALink) {
  fs::create_symlink("later", path("link"));
  write_file_atomically(path("link"), "x");
  EXPECT_TRUE(fs::is_symlink(path("link")));
  EXPECT_EQ(get("later"), "x");
}

TEST_F(WholeFilesTest, AppendsLinesAndCutsThem) {
  for (const char* line : {"one", "", "three"}) append_line(path("h"), line);
  EXPECT_EQ(get("h"), "one\n\nthree\n");
  truncate_lines(path("h"), 3);
  EXPECT_EQ(get("h"), "one\n\nthree\n");
  put("h", "one\ntwo\nthr");
  EXPECT_THAT(input_error([&] { truncate_lines(path("h"), 3); }),
              AllOf(HasSubstr(path("h")), HasSubstr("3"), HasSubstr("2")));
  EXPECT_EQ(get("h"), "one\ntwo\nthr");
  truncate_lines(path("h"), 2);
  EXPECT_EQ(get("h"), "one\ntwo\n");
  truncate_lines(path("h"), 0);
  EXPECT_EQ(get("h"), "");
  truncate_lines(path("none"), 0);
  EXPECT_FALSE(fs::exists(path("none")));
  EXPECT_THAT(input_error([&] { truncate_lines(path("none"), 1); }), HasSubstr(path("none")));
}

TEST_F(WholeFilesTest, AppendingLeavesNoHalfLine) {
  append_line(path("h"), "first");
  {
    const FullDisk disk(10);
    EXPECT_THAT(work_error([&] { append_line(path("h"), "second"); }),
                AllOf(HasSubstr(path("h")), HasSubstr("File too large")));
  }
  EXPECT_EQ(get("h"), "first\n");
  EXPECT_THAT(work_error([] { append_line("/dev/full", "x"); }), HasSubstr("No space left on device"));
  EXPECT_THAT(work_error([&] { append_line(path("none/h"), "x"); }), HasSubstr("make the folder"));
  EXPECT_THAT(work_error([&] { append_line(folder_, "x"); }), HasSubstr("folder"));
}

}  // namespace
}  // namespace harmonium
