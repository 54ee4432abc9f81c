// .npy, .npz and IDX: round trips of every type and shape, and files spelled out byte by byte.
#include "harmonium/io/idx.h"
#include "harmonium/io/npy.h"
#include "io/byte_source.h"
#include "unit/io_files.h"

namespace harmonium {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class ArrayFilesTest : public IoTest {
 protected:
  std::string put_gz(const std::string& name, const std::string& text) const {
    const auto packed = gzip_bytes(std::as_bytes(std::span(text)));
    return put(name, {reinterpret_cast<const char*>(packed.data()), packed.size()});
  }
};

// Values that fill all bytes of their type.
NumericArray array_of(ElementType type, std::vector<std::size_t> shape) {
  NumericArray array{type, std::move(shape), {}};
  std::size_t size = element_size(type);
  for (const std::size_t n : array.shape) size *= n;
  for (std::size_t i = 0; i < size; ++i) array.bytes.push_back(static_cast<std::byte>(i * 37 + 11));
  return array;
}

const std::vector<std::vector<std::size_t>> kShapes{
    {}, {0}, {1}, {5}, {2, 3}, {0, 4}, {4, 0}, {3, 2, 4}, {2, 0, 3}, {1, 1, 1, 2}, {300, 70}};
const ElementType kTypes[] = {ElementType::kU8,  ElementType::kI8,  ElementType::kU16, ElementType::kI16,
                              ElementType::kI32, ElementType::kI64, ElementType::kF32, ElementType::kF64};

TEST_F(ArrayFilesTest, NpyRoundTripsEveryTypeAndShape) {
  for (const ElementType type : kTypes)
    for (const auto& shape : kShapes) {
      const NumericArray array = array_of(type, shape);
      write_npy(path("a.npy"), array);
      EXPECT_EQ(read_npy(path("a.npy")), array) << element_name(type) << " of " << shape.size();
    }
  EXPECT_THAT(names(), ElementsAre("a.npy"));
}

TEST_F(ArrayFilesTest, NpyIsWrittenAsNumpySavesIt) {
  const std::int32_t values[] = {1, -2, 3};
  write_npy(path("a.npy"), NumericArray::from(std::span<const std::int32_t>(values), {3}));
  std::string header = "{'descr': '<i4', 'fortran_order': False, 'shape': (3,), }";
  header.resize(128 - 10 - 1, ' ');
  const std::string data = little<std::int32_t>(1) + little<std::int32_t>(-2) + little<std::int32_t>(3);
  std::string wanted = std::string("\x93NUMPY\x01\x00\x76\x00", 10) + header + "\n" + data;
  if (get("a.npy").size() == 64 + data.size()) {  // 64 are enough for a short header, as of NumPy 1.14
    header.resize(64 - 10 - 1);
    wanted = std::string("\x93NUMPY\x01\x00\x36\x00", 10) + header + "\n" + data;
  }
  EXPECT_EQ(get("a.npy"), wanted);
  const std::uint8_t one = 7;
  write_npy(path("b.npy"), NumericArray::from(std::span(&one, 1), {}));
  EXPECT_THAT(get("b.npy"), HasSubstr("{'descr': '|u1', 'fortran_order': False, 'shape': (), }"));
  write_npy(path("c.npy"), array_of(ElementType::kF64, {2, 3}));
  EXPECT_THAT(get("c.npy"), HasSubstr("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }"));
}

// Version `major` with a header as other programs write it: as short as may be.
std::string npy(unsigned major, const std::string& header, const std::string& data) {
  const std::string length = major == 1 ? little(static_cast<std::uint16_t>(header.size()))
                                        : little(static_cast<std::uint32_t>(header.size()));
  return "\x93NUMPY" + std::string(1, static_cast<char>(major)) + std::string(1, '\0') + length + header +
         data;
}

TEST_F(ArrayFilesTest, NpyOfOtherVersionsOrdersAndBytes) {
  std::string columns;  // [[1, 2, 3], [4, 5, 6]] column by column
  for (const float v : {1.0f, 4.0f, 2.0f, 5.0f, 3.0f, 6.0f}) columns += big(v);
  for (const unsigned major : {1u, 2u, 3u}) {
    put("f.npy", npy(major, "{'descr': '>f4', 'fortran_order': True, 'shape': (2, 3), }\n", columns));
    const NumericArray array = read_npy(path("f.npy"));
    EXPECT_THAT(array.values<float>(), ElementsAre(1, 2, 3, 4, 5, 6));
    EXPECT_THAT(array.shape, ElementsAre(2, 3));
  }
  // A key order, blanks and quotes of other writers; three dimensions in Fortran order.
  std::string cube;
  for (std::uint16_t k = 0; k < 2; ++k)
    for (std::uint16_t j = 0; j < 3; ++j)
      for (std::uint16_t i = 0; i < 2; ++i) cube += little(static_cast<std::uint16_t>(100 * i + 10 * j + k));
  put("c.npy", npy(1, "{'shape':(2,3,2),'fortran_order':True,'descr':'<u2'}", cube));
  EXPECT_THAT(read_npy(path("c.npy")).values<std::uint16_t>(),
              ElementsAre(0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121));
  put("d.npy",
      npy(1, "{\"descr\": \"<i8\", \"fortran_order\": False, \"shape\": (1,)}", little(std::int64_t{-5})));
  EXPECT_THAT(read_npy(path("d.npy")).values<std::int64_t>(), ElementsAre(-5));
  put("b.npy", npy(1, "{'descr': '|b1', 'fortran_order': False, 'shape': (3,), }", std::string("\0\1\1", 3)));
  EXPECT_EQ(read_npy(path("b.npy")).type, ElementType::kU8);
  EXPECT_THAT(read_npy(path("b.npy")).values<std::uint8_t>(), ElementsAre(0, 1, 1));
  put("i.npy",
      npy(1, "{'descr': '>i2', 'fortran_order': False, 'shape': (2,), }", std::string("\xFF\xFE\1\2", 4)));
  EXPECT_THAT(read_npy(path("i.npy")).values<std::int16_t>(), ElementsAre(-2, 258));
}

TEST_F(ArrayFilesTest, NpyRefusesWithTheFileAndTheReason) {
  const auto refusal = [&](const std::string& bytes) {
    put("x.npy", bytes);
    const std::string message = input_error([&] { read_npy(path("x.npy")); });
    EXPECT_THAT(message, HasSubstr("x.npy"));
    return message;
  };
  const std::string good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";
  const std::string data(8, '\0');
  EXPECT_THAT(refusal("PK\3\4 something else"), HasSubstr(".npy"));
  EXPECT_THAT(refusal(npy(4, good, data)), HasSubstr("format 4"));
  EXPECT_THAT(refusal(npy(1, good, data + "x")), HasSubstr("left over"));
  refusal(npy(1, good, data.substr(1)));
  EXPECT_THAT(refusal(npy(1, "{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", data)),
              HasSubstr("<c8"));
  EXPECT_THAT(refusal(npy(1, "{'descr': '<U2', 'fortran_order': False, 'shape': (1,), }", data)),
              HasSubstr("<U2"));
  refusal(npy(1, "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }", data));
  EXPECT_THAT(refusal(npy(1, "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (2,), }", data)),
              HasSubstr("'fortran_order'"));
  refusal(npy(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, x), }", data));
  refusal(npy(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }", data));
  refusal(npy(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2 1,), }", data));
  refusal(npy(1, "{'descr': '<f4', 'fortran_order': False, 'shape': 2, }", data));
  refusal(npy(1, "{'descr': '<f4', 'fortran_order': False, }", data));
  refusal(npy(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), } more", data));
  std::string many;
  for (int i = 0; i < 65; ++i) many += "1,";
  EXPECT_THAT(refusal(npy(1, "{'descr': '<f4', 'fortran_order': True, 'shape': (" + many + "), }", data)),
              AllOf(HasSubstr("'shape'"), HasSubstr("64 dimensions")));
  refusal(npy(1, "", ""));
  const MemoryLimit limit;
  refusal(npy(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (1099511627776,), }", data));
  refusal(npy(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", data));
  refusal(std::string("\x93NUMPY\x02\x00\xFF\xFF\xFF\x7F", 12) + good);  // a header of 2 GB
}

TEST_F(ArrayFilesTest, IdxRoundTripsEveryTypeAndShapePlainAndPacked) {
  for (const ElementType type : {ElementType::kU8, ElementType::kI8, ElementType::kI16, ElementType::kI32,
                                 ElementType::kF32, ElementType::kF64})
    for (const auto& shape : kShapes) {
      if (shape.empty()) continue;
      const NumericArray array = array_of(type, shape);
      for (const char* name : {"a-idx", "a-idx.gz"}) {
        write_idx(path(name), array);
        EXPECT_EQ(read_idx(path(name)), array) << element_name(type) << " of " << shape.size();
      }
      EXPECT_TRUE(get("a-idx.gz").starts_with("\x1F\x8B"));
    }
}

TEST_F(ArrayFilesTest, IdxByHand) {
  const std::string head("\0\0\x0D\2\0\0\0\2\0\0\0\1", 12);
  put("f", head + big(1.5f) + big(-2.25f));
  EXPECT_THAT(read_idx(path("f")).values<float>(), ElementsAre(1.5f, -2.25f));
  EXPECT_THAT(read_idx(path("f")).shape, ElementsAre(2, 1));
  put_gz("g", head + big(1.5f) + big(-2.25f));  // packed, whatever its name
  EXPECT_EQ(read_idx(path("g")), read_idx(path("f")));
  put("i", std::string("\0\0\x0B\1\0\0\0\2", 8) + std::string("\xFF\xFE\1\2", 4));
  EXPECT_THAT(read_idx(path("i")).values<std::int16_t>(), ElementsAre(-2, 258));
  put("d", std::string("\0\0\x0E\1\0\0\0\1", 8) + big(0.1));
  EXPECT_THAT(read_idx(path("d")).values<double>(), ElementsAre(0.1));
}

TEST_F(ArrayFilesTest, IdxRefusesWithTheFileAndTheReason) {
  const auto refusal = [&](const std::string& bytes) {
    put("x-idx", bytes);
    const std::string message = input_error([&] { read_idx(path("x-idx")); });
    EXPECT_THAT(message, HasSubstr("x-idx"));
    return message;
  };
  EXPECT_THAT(refusal(std::string("\1\0\x08\1\0\0\0\0", 8)), HasSubstr("not an IDX file"));
  EXPECT_THAT(refusal(std::string("\0\0\x0A\1\0\0\0\0", 8)), HasSubstr("type"));
  EXPECT_THAT(refusal(std::string("\0\0\x08\1\0\0\0\2a", 9)), HasSubstr("cut short"));
  EXPECT_THAT(refusal(std::string("\0\0\x08\1\0\0\0\1ab", 10)), HasSubstr("left over"));
  EXPECT_THAT(refusal(std::string("\0\0\x08\0", 4)), HasSubstr("dimensions"));
  const MemoryLimit limit;
  refusal(std::string("\0\0\x0E\1\xFF\xFF\xFF\xFF", 8));
  refusal(std::string("\0\0\x0E\3", 4) + std::string(12, '\xFF'));
  put_gz("x-idx", std::string("\0\0\x08\2\0\1\0\0\1\0\0\0", 12) + std::string(100, 'x'));  // 2^40 of them
  EXPECT_THAT(input_error([&] { read_idx(path("x-idx")); }), HasSubstr("x-idx"));
}

TEST_F(ArrayFilesTest, IdxCannotHoldEverything) {
  for (const ElementType type : {ElementType::kU16, ElementType::kI64})
    EXPECT_THAT(input_error([&] { write_idx(path("x"), array_of(type, {2})); }),
                AllOf(HasSubstr("x"), HasSubstr(std::string(element_name(type))), HasSubstr(".npy")));
  const NumericArray wide{ElementType::kU8, {0, std::size_t{1} << 32}, {}};
  EXPECT_THAT(input_error([&] { write_idx(path("x"), wide); }), HasSubstr(".npy"));
  EXPECT_TRUE(names().empty());
}

}  // namespace
}  // namespace harmonium
