// safetensors: round trips, a file spelled out, and every claim of a header that must not be believed.
#include "harmonium/io/safetensors.h"

#include <sys/stat.h>

#include <cstdint>
#include <limits>

#include "unit/io_files.h"

namespace harmonium {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class SafetensorsTest : public IoTest {
 protected:
  // A file of a header and data.
  static std::string file(const std::string& header, const std::string& data) {
    return little<std::uint64_t>(header.size()) + header + data;
  }
  std::string refusal(const std::string& bytes) const {
    put("x.safetensors", bytes);
    const MemoryLimit limit;
    const std::string message = input_error([&] { read_safetensors(path("x.safetensors")); });
    EXPECT_THAT(message, HasSubstr("x.safetensors"));
    return message;
  }
};

TEST_F(SafetensorsTest, RoundTripsEveryTypeAndShape) {
  TensorFile file;
  file.metadata = {{"format", "harmonium"}, {"remark", "quotes \" and\nlines, ä, \\"}, {"", ""}};
  int number = 0;
  for (const DType dtype :
       {DType::kBool, DType::kU8, DType::kI8, DType::kU16, DType::kI16, DType::kU32, DType::kI32, DType::kU64,
        DType::kI64, DType::kF16, DType::kBF16, DType::kF32, DType::kF64})
    for (const std::vector<std::size_t>& shape :
         std::vector<std::vector<std::size_t>>{{}, {0}, {3}, {2, 3}, {0, 5}, {2, 1, 4}}) {
      Tensor tensor{"z" + std::to_string(100 - number++), dtype, shape, {}};
      std::size_t bytes = dtype_size(dtype);
      for (const std::size_t n : shape) bytes *= n;
      for (std::size_t i = 0; i < bytes; ++i) tensor.bytes.push_back(static_cast<std::byte>(i * 31 + 7));
      file.tensors.push_back(tensor);
    }
  write_safetensors(path("a"), file);
  const TensorFile back = read_safetensors(path("a"));
  EXPECT_EQ(back.metadata, file.metadata);
  EXPECT_EQ(back.tensors, file.tensors);  // in the same order
  EXPECT_EQ(back.path, path("a"));
  for (const Tensor& tensor : back.tensors)
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(tensor.bytes.data()) % 64, 0u) << tensor.name;
  write_safetensors(path("b"), back);
  EXPECT_EQ(get("a"), get("b"));
}

TEST_F(SafetensorsTest, WritesWhatTheFormatSays) {
  TensorFile file;
  const float values[] = {1, 2};
  const std::uint8_t byte = 5;
  file.tensors.push_back(Tensor::from_f32("w", values, {1, 2}));
  file.tensors.push_back(Tensor::from_u8("n", {&byte, 1}, {}));
  write_safetensors(path("a"), file);
  std::string header =
      R"({"w":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"n":{"dtype":"U8","shape":[],"data_offsets":[8,9]}})";
  while (header.size() % 8 != 0) header += ' ';
  EXPECT_EQ(get("a"), SafetensorsTest::file(header, little(1.0f) + little(2.0f) + "\5"));
  write_safetensors(path("empty"), TensorFile{});
  EXPECT_EQ(get("empty"), SafetensorsTest::file("{}      ", ""));
  EXPECT_TRUE(read_safetensors(path("empty")).tensors.empty());
}

TEST_F(SafetensorsTest, ReadsWhatOthersWrite) {
  // Entries neither in the order of their bytes nor compact; a header that is not filled up.
  put("a", file("{ \"b\": {\"shape\": [2], \"data_offsets\": [4, 6], \"dtype\": \"I8\"},\n\"__metadata__\": "
                "{\"by\": "
                "\"hand\"}, \"a\": {\"dtype\": \"BF16\", \"shape\": [1, 2], \"data_offsets\": [0, 4]}}",
                "abcd\xFF\x02"));
  const TensorFile back = read_safetensors(path("a"));
  ASSERT_EQ(back.tensors.size(), 2u);
  EXPECT_EQ(back.tensors[0].name, "a");
  EXPECT_EQ(back.tensors[1].name, "b");
  EXPECT_EQ(back.tensors[1].bytes[1], std::byte{2});
  EXPECT_EQ(back.require_metadata("by"), "hand");
}

TEST_F(SafetensorsTest, TypedAccess) {
  const double doubles[] = {0.1, -2};
  const std::uint64_t words[] = {std::numeric_limits<std::uint64_t>::max()};
  const std::int64_t numbers[] = {-1, 2};
  const std::uint32_t small[] = {7, 8};
  const std::uint8_t bytes[] = {9};
  const float floats[] = {1, 2, 3, 4, 5, 6};
  EXPECT_THAT(Tensor::from_f64("t", doubles, {2}).as_f64(), ElementsAre(0.1, -2));
  EXPECT_THAT(Tensor::from_u64("t", words, {1, 1}).as_u64(), ElementsAre(words[0]));
  EXPECT_THAT(Tensor::from_i64("t", numbers, {2}).as_i64(), ElementsAre(-1, 2));
  EXPECT_THAT(Tensor::from_u32("t", small, {2}).as_u32(), ElementsAre(7, 8));
  EXPECT_THAT(Tensor::from_u8("t", bytes, {}).as_u8(), ElementsAre(9));
  EXPECT_EQ(Tensor::from_u8("t", bytes, {}).size(), 1u);
  const ConstMatrixView<float> view(floats, 2, 2, 3);  // a stride beyond its columns
  const Tensor matrix = Tensor::from_matrix("m", view);
  EXPECT_THAT(matrix.as_f32(), ElementsAre(1, 2, 4, 5));
  EXPECT_THAT(matrix.shape, ElementsAre(2, 2));
  EXPECT_THAT(input_error([&] { matrix.as_f64(); }),
              AllOf(HasSubstr("m"), HasSubstr("F32"), HasSubstr("F64")));
}

TEST_F(SafetensorsTest, RequireNamesTheFileAndTheNearest) {
  TensorFile file;
  const float values[] = {1, 2};
  file.tensors.push_back(Tensor::from_f32("weights", values, {1, 2}));
  write_safetensors(path("model"), file);
  const TensorFile back = read_safetensors(path("model"));
  EXPECT_EQ(&back.require("weights"), back.find("weights"));
  EXPECT_EQ(back.find("wieghts"), nullptr);
  EXPECT_THAT(input_error([&] { back.require("wieghts"); }),
              AllOf(HasSubstr(path("model")), HasSubstr("wieghts"), HasSubstr("did you mean 'weights'?")));
  EXPECT_NO_THROW(back.require("weights", {1, 2}));
  EXPECT_THAT(input_error([&] {
                back.require("weights", {2, 1});
              }),
              AllOf(HasSubstr(path("model")), HasSubstr("1 x 2"), HasSubstr("2 x 1")));
  EXPECT_THAT(input_error([&] { back.require("weights", {1}); }), HasSubstr("1 x 2"));
  EXPECT_THAT(input_error([&] { back.require_metadata("kind"); }),
              AllOf(HasSubstr(path("model")), HasSubstr("kind")));
}

std::string entry(const std::string& name, const std::string& dtype, const std::string& shape,
                  const std::string& at) {
  return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":" + at + "}";
}

TEST_F(SafetensorsTest, RefusesOffsetsThatDoNotCoverTheData) {
  const std::string a = entry("a", "U8", "[4]", "[0,4]");
  EXPECT_THAT(refusal(file("{" + a + "," + entry("b", "U8", "[4]", "[2,6]") + "}", "123456")),
              AllOf(HasSubstr("b"), HasSubstr("overlap")));
  EXPECT_THAT(refusal(file("{" + a + "," + entry("b", "U8", "[4]", "[0,4]") + "}", "1234")),
              HasSubstr("overlap"));
  EXPECT_THAT(refusal(file("{" + a + "," + entry("b", "U8", "[1]", "[5,6]") + "}", "123456")),
              AllOf(HasSubstr("b"), HasSubstr("hole")));
  EXPECT_THAT(refusal(file("{" + a + "}", "12345")), HasSubstr("left over"));
  EXPECT_THAT(refusal(file("{}", "1")), HasSubstr("left over"));
  EXPECT_THAT(refusal(file("{" + a + "}", "123")), AllOf(HasSubstr("a"), HasSubstr("cut short")));
  refusal(file("{" + entry("a", "U8", "[4]", "[4,0]") + "}", "1234"));
  refusal(file("{" + entry("a", "F32", "[4]", "[0,4]") + "}", "1234"));
  refusal(file("{" + entry("a", "U8", "[4]", "[0,4,8]") + "}", "1234"));
  refusal(file("{" + entry("a", "U8", "[4]", "4") + "}", "1234"));
}

TEST_F(SafetensorsTest, RefusesHugeClaims) {
  EXPECT_THAT(refusal(little<std::uint64_t>(std::uint64_t{1} << 40) + "{}"), HasSubstr("1099511627776"));
  refusal(little<std::uint64_t>(std::numeric_limits<std::uint64_t>::max()) + "{}");
  refusal(little<std::uint64_t>(3) + "{}");
  refusal(file("{" + entry("a", "U8", "[1099511627776]", "[0,1099511627776]") + "}", "1234"));
  refusal(file("{" + entry("a", "F64", "[4294967296,4294967296]", "[0,0]") + "}", ""));
  refusal(file("{" + entry("a", "F64", "[4294967296,4294967296,0]", "[0,0]") + "}", ""));
  refusal(file("{" + entry("a", "U8", "[1]", "[18446744073709551615,0]") + "}", "1"));
  refusal(file("{" + entry("a", "U8", "[18446744073709551616]", "[0,1]") + "}", "1"));
  refusal(file("{" + entry("a", "U8", "[-1]", "[0,1]") + "}", "1"));
  refusal(file("{" + entry("a", "U8", "[1.0]", "[0,1]") + "}", "1"));
}

TEST_F(SafetensorsTest, RefusesHeadersThatAreNoHeaders) {
  for (const char* header :
       {"", "[]", "1", "{", "{}x", "{\"a\":1}", "{\"a\":{}}", "{'a':1}", "{\"a\":{\"dtype\":\"U8\"}}"})
    refusal(file(header, ""));
  EXPECT_THAT(refusal(file("{" + entry("a", "F31", "[1]", "[0,4]") + "}", "1234")), HasSubstr("F31"));
  EXPECT_THAT(
      refusal(
          file("{" + entry("a", "U8", "[1]", "[0,1]") + "," + entry("a", "U8", "[1]", "[1,2]") + "}", "12")),
      AllOf(HasSubstr("a"), HasSubstr("twice")));
  EXPECT_THAT(refusal(file(R"({"__metadata__":{"k":"1","k":"2"}})", "")), HasSubstr("twice"));
  EXPECT_THAT(refusal(file(R"({"__metadata__":{"k":1}})", "")), HasSubstr("k"));
  refusal(file(R"({"__metadata__":[]})", ""));
  refusal(file("{\"\xFF\":1}", ""));
  std::string deep(1'000'000, '[');
  EXPECT_THAT(refusal(file("{\"a\":" + deep, "")), HasSubstr("deep"));
  EXPECT_THAT(refusal("short"), HasSubstr("short"));
  refusal("");
}

TEST_F(SafetensorsTest, ManyTensorsAreReadInTimeThatGrowsWithThem) {
  std::string header;
  const int count = 30'000;
  for (int i = 0; i < count; ++i)
    header += (i == 0 ? "{" : ",") + entry("t" + std::to_string(count - i), "U8", "[0]", "[0,0]");
  put("many", file(header + "}", ""));
  const TensorFile back = read_safetensors(path("many"));
  EXPECT_EQ(back.tensors.size(), 30'000u);
  EXPECT_EQ(back.tensors[0].name, "t30000");  // without bytes, the header's order is the order
  write_safetensors(path("again"), back);
  EXPECT_EQ(read_safetensors(path("again")).tensors, back.tensors);
}

TEST_F(SafetensorsTest, RefusesToWriteWhatCannotBeRead) {
  const std::uint8_t byte = 5;
  TensorFile file;
  file.tensors = {Tensor::from_u8("a", {&byte, 1}, {}), Tensor::from_u8("a", {&byte, 1}, {})};
  EXPECT_THAT(input_error([&] { write_safetensors(path("f"), file); }), HasSubstr("a"));
  file.tensors = {Tensor::from_u8("__metadata__", {&byte, 1}, {})};
  EXPECT_THAT(input_error([&] { write_safetensors(path("f"), file); }), HasSubstr("__metadata__"));
  file.tensors = {Tensor::from_u8("\xFF", {&byte, 1}, {})};
  EXPECT_THAT(input_error([&] { write_safetensors(path("f"), file); }), HasSubstr("UTF-8"));
  file.tensors.clear();
  file.metadata = {{"k", "\xFF"}};
  EXPECT_THAT(input_error([&] { write_safetensors(path("f"), file); }), HasSubstr("UTF-8"));
  EXPECT_TRUE(names().empty());
}

TEST_F(SafetensorsTest, SurvivesDamage) {
  const std::string whole = file(R"({"__metadata__":{"k":"v"},)" + entry("a", "F32", "[1,2]", "[0,8]") + "," +
                                     entry("b", "U8", "[]", "[8,9]") + "}",
                                 "12345678x");
  const auto read = [&] { read_safetensors(path("a")); };
  EXPECT_THAT(readable_prefixes(path("a"), whole, read), ElementsAre(whole.size()));
  EXPECT_GT(refused_of_damaged(path("a"), whole, 10'000, read), 5000u);
}

}  // namespace
}  // namespace harmonium
