// svmlight files: by hand, round trips, refusals with their lines.
#include "harmonium/io/svmlight.h"

#include <limits>

#include "io/byte_source.h"
#include "unit/io_files.h"

namespace harmonium {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class SvmlightTest : public IoTest {
 protected:
  CsrMatrix parse(const std::string& text, const SvmlightOptions& options = {}) const {
    put("t.svm", text);
    return read_svmlight(path("t.svm"), options);
  }
  std::string refusal(const std::string& text, const SvmlightOptions& options = {}) const {
    return input_error([&] { parse(text, options); });
  }
};

TEST_F(SvmlightTest, ReadsCasesRemarksAndBlanks) {
  const CsrMatrix matrix = parse(
      "# a file of three cases\n"
      "+1 1:0.5 3:-2e1   # with a remark 5:5\r\n"
      "\n"
      "-1\n"
      " 2.5\t2:+1\t3:1e-60");
  EXPECT_EQ(matrix.rows, 3u);
  EXPECT_EQ(matrix.cols, 3u);
  EXPECT_THAT(matrix.labels, ElementsAre(1, -1, 2.5));
  EXPECT_THAT(matrix.row_start, ElementsAre(0, 2, 2, 4));
  EXPECT_THAT(matrix.columns, ElementsAre(0, 2, 1, 2));
  EXPECT_THAT(matrix.values, ElementsAre(0.5f, -20.0f, 1.0f, 0.0f));
}

TEST_F(SvmlightTest, CountsColumnsFromZeroWhereTheyOccur) {
  EXPECT_THAT(parse("1 0:1 2:1\n").columns, ElementsAre(0, 2));
  EXPECT_EQ(parse("1 0:1 2:1\n").cols, 3u);
  EXPECT_THAT(parse("1 1:1 2:1\n", {.first_column = 0}).columns, ElementsAre(1, 2));
  EXPECT_THAT(parse("1 1:1 2:1\n", {.first_column = 1}).columns, ElementsAre(0, 1));
  EXPECT_EQ(parse("1 1:1\n", {.columns = 10}).cols, 10u);
  EXPECT_EQ(parse("1\n2\n").cols, 0u);
  EXPECT_EQ(parse("1 4294967295:1\n", {.first_column = 0}).cols, std::size_t{1} << 32);
}

TEST_F(SvmlightTest, RoundTripsToTheLastBit) {
  CsrMatrix matrix;
  matrix.rows = 4, matrix.cols = 5;
  matrix.row_start = {0, 2, 2, 5, 6};
  matrix.columns = {0, 4, 1, 2, 3, 4};
  matrix.values = {0.1f, -1e-45f, 3.4028235e38f, 16777217.0f, 1.0f / 3.0f, -0.0f};
  matrix.labels = {1, -1, 0.1, 1e-300};
  for (const unsigned first : {0u, 1u}) {
    write_svmlight(path("a.svm"), matrix, first);
    EXPECT_EQ(read_svmlight(path("a.svm"), {.first_column = first}), matrix);
  }
  EXPECT_EQ(get("a.svm").substr(0, 21), "1 1:0.1 5:-1e-45\n-1\n0");
  matrix.labels.clear();
  write_svmlight(path("b.svm"), matrix);
  EXPECT_THAT(read_svmlight(path("b.svm")).labels, ElementsAre(0, 0, 0, 0));
  EXPECT_THAT(names(), ElementsAre("a.svm", "b.svm"));
}

TEST_F(SvmlightTest, WritesTheLargestColumnAsItIs) {
  CsrMatrix matrix;
  matrix.rows = 1, matrix.cols = std::size_t{1} << 32;
  matrix.row_start = {0, 1};
  matrix.columns = {std::numeric_limits<std::uint32_t>::max()};
  matrix.values = {1};
  write_svmlight(path("a.svm"), matrix);
  EXPECT_EQ(get("a.svm"), "0 4294967296:1\n");
}

TEST_F(SvmlightTest, UnpacksGzip) {
  const std::string text = "1 1:2\n-1 2:3\n";
  const auto gz = gzip_bytes(std::as_bytes(std::span(text)));
  const CsrMatrix packed = parse({reinterpret_cast<const char*>(gz.data()), gz.size()});
  EXPECT_EQ(packed, parse(text));
}

TEST_F(SvmlightTest, RefusesWithTheLine) {
  EXPECT_THAT(refusal("1 1:1\none 1:1\n"),
              AllOf(HasSubstr("t.svm:2: "), HasSubstr("one"), HasSubstr("label")));
  EXPECT_THAT(refusal("1,2 1:1\n"), AllOf(HasSubstr("t.svm:1: "), HasSubstr("1,2")));
  EXPECT_THAT(refusal("1 qid:3 1:1\n"), AllOf(HasSubstr("t.svm:1: "), HasSubstr("qid:3")));
  EXPECT_THAT(refusal("# r\n\n1 1:1 5\n"), AllOf(HasSubstr("t.svm:3: "), HasSubstr("5")));
  for (const char* entry :
       {"2:", ":2", "-1:2", "1:2:3", "1:x", "1:1e39", "4294967296:1", "1:+-1", "1:0x1", "1.0:1"})
    EXPECT_THAT(refusal("1 " + std::string(entry) + "\n"), AllOf(HasSubstr("t.svm:1: "), HasSubstr(entry)));
  EXPECT_THAT(refusal("1 1:1\n1 3:1 2:1\n"), AllOf(HasSubstr("t.svm:2: "), HasSubstr("ascend")));
  EXPECT_THAT(refusal("1 3:1 3:1\n"), AllOf(HasSubstr("t.svm:1: "), HasSubstr("ascend")));
  EXPECT_THAT(refusal("1 1:1\n1 0:1\n", {.first_column = 1}),
              AllOf(HasSubstr("t.svm:2: "), HasSubstr("column 0")));
  EXPECT_THAT(refusal("1 1:1\n1 6:1\n1 2:1\n", {.columns = 5}),
              AllOf(HasSubstr("t.svm:2: "), HasSubstr("column 6")));
  EXPECT_THAT(refusal("1 5:1\n1 0:1\n", {.columns = 5}),
              AllOf(HasSubstr("t.svm:1: "), HasSubstr("column 5")));
  EXPECT_THAT(refusal("# nothing\n"), AllOf(HasSubstr("t.svm"), HasSubstr("no cases")));
  EXPECT_THAT(refusal(""), HasSubstr("no cases"));
  EXPECT_THAT(refusal(std::string("1 1:1\n1 2:\0\n", 12)),
              AllOf(HasSubstr("t.svm:2: "), HasSubstr("zero byte")));
}

TEST_F(SvmlightTest, SurvivesDamage) {
  const std::string whole = "1 1:0.5 3:-2e1 # r\n-1 2:7\n";
  const auto read = [&] { read_svmlight(path("t.svm")); };
  EXPECT_EQ(readable_prefixes(path("t.svm"), whole, read).back(), whole.size());
  EXPECT_GT(refused_of_damaged(path("t.svm"), whole, 5000, read), 1000u);
}

}  // namespace
}  // namespace harmonium
