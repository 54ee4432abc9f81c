// CSV and TSV: RFC 4180 by hand, round trips of awkward cells, refusals with their lines.
#include "harmonium/io/csv.h"

#include "io/byte_source.h"
#include "unit/io_files.h"

namespace harmonium {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

class CsvTest : public IoTest {
 protected:
  std::string refusal(const std::string& text) const {
    put("t.csv", text);
    return input_error([&] { read_csv(path("t.csv")); });
  }
};

std::vector<std::vector<std::string>> cells_of(const CsvTable& table) {
  std::vector<std::vector<std::string>> result;
  for (const CsvRow& row : table.rows) result.push_back(row.cells);
  return result;
}

TEST_F(CsvTest, ReadsWhatRfc4180Allows) {
  put("t.csv",
      "\xEF\xBB\xBF\"name\",size,\"a,b\"\r\n"
      "plain, two  ,3\r\n"
      "\r\n"
      "\"with \"\"quotes\"\"\",\"\",\"over\r\ntwo lines\"\r\n"
      ",,\n"
      "last,1,\"end\"");
  const CsvTable table = read_csv(path("t.csv"));
  EXPECT_EQ(table.file, path("t.csv"));
  EXPECT_THAT(table.header, ElementsAre("name", "size", "a,b"));
  EXPECT_THAT(cells_of(table), ElementsAre(ElementsAre("plain", " two  ", "3"),
                                           ElementsAre("with \"quotes\"", "", "over\r\ntwo lines"),
                                           ElementsAre("", "", ""), ElementsAre("last", "1", "end")));
  ASSERT_THAT(table.rows, SizeIs(4));
  EXPECT_EQ(table.rows[0].line, 2u);
  EXPECT_EQ(table.rows[1].line, 4u);
  EXPECT_EQ(table.rows[2].line, 6u);  // after a row of two lines
  EXPECT_EQ(table.rows[3].line, 7u);
}

TEST_F(CsvTest, TabsByNameOrWish) {
  for (const char* name : {"t.tsv", "t.tab", "t.tsv.gz"}) {
    put(name, "a\tb,c\n1\t\"2\t3\"\n");
    const CsvTable table = read_csv(path(name));
    EXPECT_THAT(table.header, ElementsAre("a", "b,c")) << name;
    EXPECT_THAT(table.rows[0].cells, ElementsAre("1", "2\t3")) << name;
  }
  put("t.txt", "a;b\n1;2\n");
  EXPECT_THAT(read_csv(path("t.txt"), ';').rows[0].cells, ElementsAre("1", "2"));
  EXPECT_THAT(read_csv(path("t.txt")).header, ElementsAre("a;b"));
  write_csv(path("w.tsv"), {"a", "b"}, {{"1,2", "3\t4"}});
  EXPECT_EQ(get("w.tsv"), "a\tb\n1,2\t\"3\t4\"\n");
}

TEST_F(CsvTest, UnpacksGzip) {
  std::string text = "a,b\n";
  for (int i = 0; i < 100'000; ++i) text += std::to_string(i) + ",\"x\ny\"\n";
  const auto gz = gzip_bytes(std::as_bytes(std::span(text)));
  put("t.csv", {reinterpret_cast<const char*>(gz.data()), gz.size()});
  CsvReader reader(path("t.csv"));
  CsvRow row;
  std::size_t count = 0;
  while (reader.next(row)) {
    ASSERT_THAT(row.cells, ElementsAre(std::to_string(count), "x\ny"));
    ASSERT_EQ(row.line, 2 + 2 * count);
    ++count;
  }
  EXPECT_EQ(count, 100'000u);
  EXPECT_FALSE(reader.next(row));
}

TEST_F(CsvTest, RoundTripsAwkwardCells) {
  const std::vector<std::string> awkward{
      "",   " blanks ",     "a,b", "\"",    "\"\"", "say \"hi\"", "two\nlines", "cr\r",
      "\r", "\r\nboth\r\n", "\n",  "tab\t", "ä",    ";",          "\"\r\n",     "\r\r\n"};
  std::vector<std::vector<std::string>> rows;
  for (const std::string& a : awkward)
    for (const std::string& b : awkward) rows.push_back({a, b, a});
  write_csv(path("t.csv"), {"x", "y,\"\n", "z\r"}, rows);
  const CsvTable back = read_csv(path("t.csv"));
  EXPECT_THAT(back.header, ElementsAre("x", "y,\"\n", "z\r"));
  EXPECT_EQ(cells_of(back), rows);
  std::vector<std::vector<std::string>> single;
  for (const std::string& a : awkward) single.push_back({a});
  for (const char* name : {"one.csv", "one.tsv"}) {
    write_csv(path(name), {"only"}, single);
    EXPECT_EQ(cells_of(read_csv(path(name))), single) << name;
  }
  write_csv(path("none.csv"), {"a", "b"}, {});
  EXPECT_THAT(read_csv(path("none.csv")).rows, SizeIs(0));
  EXPECT_EQ(get("none.csv"), "a,b\n");
}

TEST_F(CsvTest, RefusesWithTheLine) {
  EXPECT_THAT(refusal("a,b\n1,2\n1,2,3\n"),
              AllOf(HasSubstr("t.csv:3: "), HasSubstr("3 cells"), HasSubstr("2")));
  EXPECT_THAT(refusal("a,b\n\n1\n"), AllOf(HasSubstr("t.csv:3: "), HasSubstr("1 cells")));
  EXPECT_THAT(refusal("a,b\n1,\"2\n3\n"), AllOf(HasSubstr("t.csv:2: "), HasSubstr("never closed")));
  EXPECT_THAT(refusal("a,b\n1,2\"3\"\n"), AllOf(HasSubstr("t.csv:2: "), HasSubstr("quote")));
  EXPECT_THAT(refusal("a,b\n1,\"2\"3\n"), AllOf(HasSubstr("t.csv:2: "), HasSubstr("quote")));
  EXPECT_THAT(refusal("a,b,a\n1,2,3\n"), AllOf(HasSubstr("t.csv:1: "), HasSubstr("a")));
  EXPECT_THAT(refusal(""), AllOf(HasSubstr("t.csv"), HasSubstr("empty")));
  EXPECT_THAT(refusal("\r\n\n"), AllOf(HasSubstr("t.csv"), HasSubstr("empty")));
  EXPECT_THAT(refusal(std::string("a,b\n1,2\n3,\0\n", 11)),
              AllOf(HasSubstr("t.csv:3: "), HasSubstr("zero byte")));
  EXPECT_THAT(input_error([&] { read_csv(path("s.csv")); }), HasSubstr("did you mean 't.csv'?"));
  EXPECT_THAT(input_error([&] { read_csv(folder_); }), HasSubstr("folder"));
}

TEST_F(CsvTest, SurvivesDamage) {
  const std::string whole = "a,b\r\n\"x\"\"y\",\"2\n3\"\r\n1,2\r\n";
  const auto read = [&] { read_csv(path("t.csv")); };
  const auto readable = readable_prefixes(path("t.csv"), whole, read);
  EXPECT_EQ(readable.back(), whole.size());
  EXPECT_LT(readable.size(), whole.size() / 2 + 3);
  EXPECT_GT(refused_of_damaged(path("t.csv"), whole, 5000, read), 1000u);
}

}  // namespace
}  // namespace harmonium
