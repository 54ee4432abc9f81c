// Files read whole, plain and packed; lines; the nearest name.
#include <sys/stat.h>
#include <sys/wait.h>

#include "harmonium/io/read_file.h"
#include "harmonium/io/suggest.h"
#include "io/byte_source.h"
#include "unit/io_files.h"

namespace harmonium {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class ReadingTest : public IoTest {};

std::string gzip(std::string_view text) {
  const auto packed = gzip_bytes(std::as_bytes(std::span(text)));
  return {reinterpret_cast<const char*>(packed.data()), packed.size()};
}

std::string text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST_F(ReadingTest, ReadsBytesAndPipes) {
  const std::string text("a\0b\r\n\xFF", 6);
  put("a", text);
  put("empty", "");
  EXPECT_EQ(read_file(path("a")), text);
  EXPECT_EQ(text_of(read_file_bytes(path("a"))), text);
  EXPECT_EQ(text_of(read_file_maybe_gz(path("a"))), text);
  EXPECT_EQ(read_file(path("empty")), "");
  EXPECT_TRUE(read_file_maybe_gz(path("empty")).empty());
  EXPECT_EQ(read_file("/dev/null"), "");
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  const std::string large(1 << 20, 'p');
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    put("pipe", gzip(large));
    ::_exit(0);
  }
  EXPECT_EQ(text_of(read_file_maybe_gz(path("pipe"))), large);
  ::waitpid(child, nullptr, 0);
}

TEST_F(ReadingTest, SaysWhatIsWrongWithThePath) {
  put("digits.idx", "x");
  put("model.safetensors", "x");
  EXPECT_THAT(input_error([&] { read_file(path("digit.idx")); }),
              AllOf(HasSubstr(path("digit.idx")), HasSubstr("did you mean 'digits.idx'?")));
  EXPECT_THAT(input_error([&] { read_file(path("none/a")); }),
              AllOf(HasSubstr("no folder"), HasSubstr(path("none"))));
  EXPECT_THAT(input_error([&] { read_file(path("digits.idx/a")); }), HasSubstr("no folder"));
  EXPECT_THAT(input_error([&] { read_file(folder_); }), HasSubstr("it is a folder"));
  EXPECT_THAT(input_error([&] { read_file_maybe_gz(path("zzzzzz")); }),
              AllOf(HasSubstr("no such file"), testing::Not(HasSubstr("did you mean"))));
  EXPECT_THAT(input_error([] { read_file(""); }), HasSubstr("cannot read"));
  if (::geteuid() == 0) return;  // who may read everything
  ::chmod(path("digits.idx").c_str(), 0);
  EXPECT_THAT(input_error([&] { read_file(path("digits.idx")); }), HasSubstr("Permission denied"));
}

TEST_F(ReadingTest, KeepsToTheLimit) {
  put("a", "12345");
  put("zeros.gz", gzip(std::string(100 << 20, '\0')));
  EXPECT_EQ(read_file(path("a"), 5), "12345");
  EXPECT_THAT(input_error([&] { read_file(path("a"), 4); }),
              AllOf(HasSubstr(path("a")), HasSubstr("4 bytes")));
  EXPECT_THAT(input_error([&] { read_file_bytes(path("a"), 0); }), HasSubstr("0 bytes"));
  EXPECT_EQ(read_file_maybe_gz(path("zeros.gz"), 100 << 20).size(), std::size_t{100} << 20);
  EXPECT_THAT(input_error([&] { read_file_maybe_gz(path("zeros.gz"), 1000); }), HasSubstr("1000 bytes"));
  EXPECT_THAT(input_error([&] { read_file("/dev/zero", 1 << 20); }), HasSubstr("1048576 bytes"));
}

TEST_F(ReadingTest, UnpacksMembersAndPadding) {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += std::to_string(i * 7919 % 10007);
  put("a", gzip(text));
  EXPECT_EQ(text_of(read_file_maybe_gz(path("a"))), text);
  put("a", gzip(""));
  EXPECT_EQ(text_of(read_file_maybe_gz(path("a"))), "");
  put("a", gzip("one") + gzip("") + gzip("two") + std::string(700, '\0'));
  EXPECT_EQ(text_of(read_file_maybe_gz(path("a"))), "onetwo");
  EXPECT_EQ(gzip(text), gzip(text));
}

TEST_F(ReadingTest, RefusesDamagedGzipWithTheByte) {
  const std::string packed = gzip("some text that is packed, some text that is packed twice");
  const auto refusal = [&](const std::string& bytes) {
    put("a.gz", bytes);
    return input_error([&] { read_file_maybe_gz(path("a.gz")); });
  };
  EXPECT_THAT(refusal(packed.substr(0, packed.size() - 3)),
              AllOf(HasSubstr("a.gz"), HasSubstr("byte " + std::to_string(packed.size() - 3))));
  EXPECT_THAT(refusal(packed + "rest"),
              AllOf(HasSubstr("not gzip"), HasSubstr("byte " + std::to_string(packed.size()))));
  EXPECT_THAT(refusal(packed + std::string(5, '\0') + "x"),
              HasSubstr("byte " + std::to_string(packed.size() + 5)));
  std::string changed = packed;
  changed[packed.size() - 6] ^= 1;  // the checksum
  EXPECT_THAT(refusal(changed), AllOf(HasSubstr("corrupt"), HasSubstr("byte ")));
  const auto read = [&] { read_file_maybe_gz(path("a.gz")); };
  EXPECT_THAT(readable_prefixes(path("a.gz"), packed, read),
              ElementsAre(0, 1, packed.size()));  // 0, 1: plain
  EXPECT_GT(refused_of_damaged(path("a.gz"), packed, 4000, read), 3000u);
}

TEST_F(ReadingTest, LinesOfAnyLength) {
  const std::string large(1 << 20, 'x');
  put("a",
      "\xEF\xBB\xBF"
      "first\n\n" +
          large + "\r\n\xEF\xBB\xBFlast");
  LineReader lines(open_plain(path("a")));
  std::vector<std::string> got;
  for (std::string_view line; lines.next(line);) got.emplace_back(line);
  EXPECT_THAT(got, ElementsAre("first", "", large + "\r", "\xEF\xBB\xBFlast"));
  EXPECT_EQ(lines.line(), 4u);
  EXPECT_EQ(input_error([&] { lines.refuse("no"); }), path("a") + ":4: no");
  std::string many;
  for (int i = 0; i < 100'000; ++i) many += "12345678\n";
  put("zero", many + std::string("1\0002\n", 4));
  LineReader until(open_plain(path("zero")));
  EXPECT_THAT(input_error([&] {
                for (std::string_view line; until.next(line);) {
                }
              }),
              HasSubstr("zero:100001: "));
}

TEST(Suggest, FindsSlipsOfTheFinger) {
  const std::vector<std::string> words{"learning_rate", "momentum", "epochs", "seed", "epoch"};
  EXPECT_EQ(nearest_word("learning-rate", words), "learning_rate");
  EXPECT_EQ(nearest_word("laerning_rate", words), "learning_rate");
  EXPECT_EQ(nearest_word("MOMENTM", words), "momentum");
  EXPECT_EQ(nearest_word("sede", words), "seed");      // one swap
  EXPECT_EQ(nearest_word("epochz", words), "epochs");  // as near as "epoch", and first
  EXPECT_EQ(nearest_word("epoch", words), "epoch");
  for (const std::string& far :
       {std::string("temperature"), std::string(), std::string("x"), std::string(1'000'000, 'e')})
    EXPECT_EQ(nearest_word(far, words), "");
  EXPECT_EQ(nearest_word("seed", {}), "");
  EXPECT_EQ(did_you_mean("momentun", words), "; did you mean 'momentum'?");
  EXPECT_EQ(did_you_mean("temperature", words), "");
}

}  // namespace
}  // namespace harmonium
