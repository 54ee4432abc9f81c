// Matrix Market files: by hand, round trips, refusals with their lines.
#include "harmonium/io/matrix_market.h"

#include <limits>

#include "io/byte_source.h"
#include "io/numbers.h"
#include "unit/io_files.h"

namespace harmonium {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class MatrixMarketTest : public IoTest {
 protected:
  CsrMatrix sparse(const std::string& text) const {
    put("t.mtx", text);
    return std::get<CsrMatrix>(read_matrix_market(path("t.mtx")));
  }
  NumericArray dense(const std::string& text) const {
    put("t.mtx", text);
    return std::get<NumericArray>(read_matrix_market(path("t.mtx")));
  }
  std::string refusal(const std::string& text) const {
    put("t.mtx", text);
    const MemoryLimit limit;
    return input_error([&] { read_matrix_market(path("t.mtx")); });
  }
};

TEST_F(MatrixMarketTest, ReadsCoordinatesInAnyOrder) {
  const CsrMatrix matrix = sparse(
      "%%MatrixMarket MATRIX Coordinate REAL general\r\n"
      "% a remark\n"
      "%\n"
      "\n"
      " 3 4\t3\n"
      "3 1 -2.5e-1\n"
      "% another\n"
      "1 4 1\n"
      "  1 2 +3  \r\n");
  EXPECT_EQ(matrix.rows, 3u);
  EXPECT_EQ(matrix.cols, 4u);
  EXPECT_THAT(matrix.row_start, ElementsAre(0, 2, 2, 3));
  EXPECT_THAT(matrix.columns, ElementsAre(1, 3, 0));
  EXPECT_THAT(matrix.values, ElementsAre(3, 1, -0.25f));
  EXPECT_TRUE(matrix.labels.empty());
  const CsrMatrix pattern = sparse("%%MatrixMarket matrix coordinate pattern general\n2 2 2\n2 1\n1 1\n");
  EXPECT_THAT(pattern.values, ElementsAre(1, 1));
  EXPECT_THAT(sparse("%%MatrixMarket matrix coordinate integer general\n1 1 1\n1 1 7\n").values,
              ElementsAre(7));
  EXPECT_THAT(sparse("%%MatrixMarket matrix coordinate real general\n2 0 0\n").row_start,
              ElementsAre(0, 0, 0));
}

TEST_F(MatrixMarketTest, ReadsArraysByColumns) {
  const NumericArray real = dense("%%MatrixMarket matrix array real general\n2 3\n1\n4\n2\n% r\n5\n3\n6.5\n");
  EXPECT_THAT(real.shape, ElementsAre(2, 3));
  EXPECT_THAT(real.values<double>(), ElementsAre(1, 2, 3, 4, 5, 6.5));
  const NumericArray whole = dense("%%MatrixMarket matrix array integer general\n1 2\n9007199254740993\n-1");
  EXPECT_THAT(whole.values<std::int64_t>(), ElementsAre(9007199254740993, -1));
  EXPECT_THAT(dense("%%MatrixMarket matrix array real general\n0 3\n").shape, ElementsAre(0, 3));
}

TEST_F(MatrixMarketTest, RoundTripsToTheLastBit) {
  CsrMatrix matrix;
  matrix.rows = 3, matrix.cols = 7;
  matrix.row_start = {0, 2, 2, 4};
  matrix.columns = {0, 6, 1, 2};
  matrix.values = {0.1f, -1e-45f, 3.4028235e38f, 1.0f / 3.0f};
  write_matrix_market(path("s.mtx"), matrix);
  EXPECT_EQ(std::get<CsrMatrix>(read_matrix_market(path("s.mtx"))), matrix);
  EXPECT_EQ(get("s.mtx").substr(0, 60), "%%MatrixMarket matrix coordinate real general\n3 7 4\n1 1 0.1\n");
  const std::int64_t whole[] = {std::numeric_limits<std::int64_t>::min(), 9007199254740993, 0, 1, 2, 3};
  const auto integers = NumericArray::from(std::span<const std::int64_t>(whole), {2, 3});
  write_matrix_market(path("i.mtx"), integers);
  EXPECT_EQ(std::get<NumericArray>(read_matrix_market(path("i.mtx"))), integers);
  const double numbers[] = {0.1, 1e-310, -1.7976931348623157e308, 5, 6, 7};
  const auto reals = NumericArray::from(std::span<const double>(numbers), {3, 2});
  write_matrix_market(path("r.mtx"), reals);
  EXPECT_EQ(std::get<NumericArray>(read_matrix_market(path("r.mtx"))), reals);
  const std::uint8_t bytes[] = {200, 3};
  write_matrix_market(path("b.mtx"), NumericArray::from(std::span<const std::uint8_t>(bytes), {1, 2}));
  EXPECT_EQ(get("b.mtx"), "%%MatrixMarket matrix array integer general\n1 2\n200\n3\n");
  const float floats[] = {0.1f, 2};
  write_matrix_market(path("f.mtx"), NumericArray::from(std::span<const float>(floats), {2, 1}));
  EXPECT_EQ(get("f.mtx"), "%%MatrixMarket matrix array real general\n2 1\n0.1\n2\n");
  for (const auto& [rows, cols] : {std::pair{0, 3}, {3, 0}, {0, 0}}) {
    const NumericArray empty{
        ElementType::kF64, {static_cast<std::size_t>(rows), static_cast<std::size_t>(cols)}, {}};
    write_matrix_market(path("e.mtx"), empty);
    EXPECT_EQ(std::get<NumericArray>(read_matrix_market(path("e.mtx"))), empty);
  }
}

TEST_F(MatrixMarketTest, UnpacksGzip) {
  const std::string text = "%%MatrixMarket matrix array real general\n1 1\n5\n";
  const auto gz = gzip_bytes(std::as_bytes(std::span(text)));
  EXPECT_EQ(dense({reinterpret_cast<const char*>(gz.data()), gz.size()}), dense(text));
}

TEST_F(MatrixMarketTest, RefusesWithTheLine) {
  const std::string real = "%%MatrixMarket matrix coordinate real general\n";
  const std::string array = "%%MatrixMarket matrix array real general\n";
  EXPECT_THAT(refusal("1 1 1\n"), AllOf(HasSubstr("t.mtx:1: "), HasSubstr("%%MatrixMarket")));
  EXPECT_THAT(refusal("%%MatrixMarket matrix coordinate real symmetric\n1 1 0\n"),
              AllOf(HasSubstr("t.mtx:1: "), HasSubstr("symmetric")));
  EXPECT_THAT(refusal("%%MatrixMarket matrix coordinate complex general\n1 1 0\n"), HasSubstr("complex"));
  EXPECT_THAT(refusal("%%MatrixMarket matrix array pattern general\n1 1\n"), HasSubstr("t.mtx:1: "));
  EXPECT_THAT(refusal("%%MatrixMarket vector array real general\n1 1\n"), HasSubstr("t.mtx:1: "));
  EXPECT_THAT(refusal(real + "% r\n2 2\n"), HasSubstr("t.mtx:3: "));
  EXPECT_THAT(refusal(real + "2 2 1\n0 1 5\n"), HasSubstr("t.mtx:3: "));
  EXPECT_THAT(refusal(real + "2 2 1\n3 1 5\n"), AllOf(HasSubstr("t.mtx:3: "), HasSubstr("3")));
  EXPECT_THAT(refusal(real + "2 2 1\n1 3 5\n"), HasSubstr("t.mtx:3: "));
  EXPECT_THAT(refusal(real + "2 2 1\n1 1 1e39\n"), AllOf(HasSubstr("t.mtx:3: "), HasSubstr("1e39")));
  EXPECT_THAT(refusal(real + "2 2 1\n1 1\n"), HasSubstr("t.mtx:3: "));
  EXPECT_THAT(refusal(real + "2 2 1\n1 1 1 1\n"), HasSubstr("t.mtx:3: "));
  EXPECT_THAT(refusal(real + "2 2 1\n1 1 1\n1 2 1\n"), HasSubstr("t.mtx:4: "));
  EXPECT_THAT(refusal(real + "2 2 3\n1 1 1\n2 1 1\n1 1 2\n"),
              AllOf(HasSubstr("t.mtx:5: "), HasSubstr("line 3")));
  EXPECT_THAT(refusal(real + "2 2 2\n1 1 1\n"), AllOf(HasSubstr("t.mtx"), HasSubstr("cut short")));
  EXPECT_THAT(refusal(array + "1 2\n1\n"), AllOf(HasSubstr("t.mtx"), HasSubstr("cut short")));
  EXPECT_THAT(refusal(array + "1 2\n1\n2\n3\n"), HasSubstr("t.mtx:5: "));
  EXPECT_THAT(refusal(array + "1 2\n1\nx\n"), AllOf(HasSubstr("t.mtx:4: "), HasSubstr("x")));
  EXPECT_THAT(refusal("%%MatrixMarket matrix array integer general\n1 1\n1.5\n"), HasSubstr("t.mtx:3: "));
  EXPECT_THAT(refusal(""), HasSubstr("t.mtx"));
  EXPECT_THAT(refusal(real), HasSubstr("t.mtx"));
}

TEST_F(MatrixMarketTest, DoesNotBelieveTheSizes) {
  const std::string real = "%%MatrixMarket matrix coordinate real general\n";
  const std::string array = "%%MatrixMarket matrix array real general\n";
  EXPECT_THAT(refusal(real + "10 10 1099511627776\n1 1 1\n"), HasSubstr("t.mtx:2: "));
  EXPECT_THAT(refusal(real + "1099511627776 10 1\n1 1 1\n"), HasSubstr("t.mtx:2: "));
  EXPECT_THAT(refusal(real + "1000000000 10 1\n1 1 1\n"), HasSubstr("t.mtx:2: "));
  EXPECT_THAT(refusal(real + "10 1099511627776 1\n1 1 1\n"), HasSubstr("t.mtx:2: "));
  EXPECT_THAT(refusal(real + "99999999999999999999 1 1\n1 1 1\n"), HasSubstr("t.mtx:2: "));
  EXPECT_THAT(refusal(array + "1048576 1048576\n1\n"), HasSubstr("t.mtx:2: "));
  EXPECT_THAT(refusal(array + "4294967296 4294967296\n1\n"), HasSubstr("t.mtx:2: "));
  // Nothing to read, and nothing that takes long either.
  EXPECT_EQ(dense(array + "1000000000000000000 0\n").size(), 0u);
  EXPECT_EQ(dense(array + "0 1000000000000000000\n").size(), 0u);
}

TEST_F(MatrixMarketTest, SurvivesDamage) {
  const auto read = [&] { read_matrix_market(path("t.mtx")); };
  for (const std::string whole :
       {"%%MatrixMarket matrix coordinate real general\n% r\n3 4 2\n3 1 -2.5\n1 4 1\n",
        "%%MatrixMarket matrix array integer general\n2 2\n1\n2\n3\n40\n"}) {
    const auto readable = readable_prefixes(path("t.mtx"), whole, read);
    EXPECT_EQ(readable.back(), whole.size());
    EXPECT_LT(readable.size(), 4u);
    EXPECT_GT(refused_of_damaged(path("t.mtx"), whole, 5000, read), 2000u);
  }
}

TEST(IoNumbers, AreReadWhollyOrNotAtAll) {
  double wide = 0;
  float narrow = 0;
  for (const char* bad : {"", "+", "-", "+-1", "++1", "1 ", " 1", "1x", "0x10", "1e", "1e400", "0.5e400",
                          "-1e400", "1e99999", "0.5e99999"})
    EXPECT_FALSE(parse_number(std::string_view(bad), wide)) << bad;
  EXPECT_FALSE(parse_number("1e39", narrow));
  EXPECT_TRUE(parse_number("+1.5", narrow) && narrow == 1.5f);
  for (const char* tiny : {"1e-60", "-1e-400", "1e-99999", "-0.5e-99999"}) {
    EXPECT_TRUE(parse_number(std::string_view(tiny), narrow) && narrow == 0) << tiny;
    EXPECT_EQ(std::signbit(narrow), tiny[0] == '-') << tiny;
  }
  EXPECT_TRUE(parse_number("1e-400", wide) && wide == 0);
  EXPECT_TRUE(parse_number("1e-42", narrow) && narrow == 1e-42f);
  std::uint32_t whole = 0;
  EXPECT_FALSE(parse_number("4294967296", whole));
  EXPECT_FALSE(parse_number("-1", whole));
  EXPECT_TRUE(parse_number("4294967295", whole) && whole == 4294967295u);
}

}  // namespace
}  // namespace harmonium
