// Rows of .npy files that are read where they lie.
#include "harmonium/io/npy_rows.h"

#include <filesystem>
#include <numeric>

#include "harmonium/io/npy.h"
#include "unit/io_files.h"

namespace harmonium {
namespace {

using testing::HasSubstr;

std::string npy_header(const std::string& descr, const std::string& order, const std::string& shape) {
  std::string text = "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }";
  text.append((64 - (text.size() + 11) % 64) % 64, ' ');
  text += '\n';
  return std::string("\x93NUMPY\x01\x00", 8) + little(static_cast<std::uint16_t>(text.size())) + text;
}

class NpyRowsTest : public IoTest {
 protected:
  NpyRows open(const std::string& name) const {
    auto rows = NpyRows::open(path(name));
    check(rows.has_value(), "the file of a test can be read by rows");
    return std::move(*rows);
  }
};

TEST_F(NpyRowsTest, RowsAreThoseOfTheWholeArray) {
  std::vector<float> values(7 * 6);
  std::iota(values.begin(), values.end(), -3.0f);
  write_npy(path("x.npy"), NumericArray::from<float>(values, {7, 2, 3}));
  const NpyRows rows = open("x.npy");
  EXPECT_EQ(rows.rows(), 7u);
  EXPECT_EQ(rows.row_size(), 6u);
  EXPECT_EQ(rows.row_bytes(), 24u);
  EXPECT_EQ(rows.type(), ElementType::kF32);
  std::vector<float> got(4 * 6, 0.0f);
  rows.read(2, 4, std::as_writable_bytes(std::span(got)));
  EXPECT_TRUE(std::equal(got.begin(), got.end(), values.begin() + 12));
  rows.read(7, 0, {});
}

TEST_F(NpyRowsTest, NumbersAreTurnedIntoThisMachinesOrder) {
  put("big.npy", npy_header(">i2", "False", "(2, 2)") + big<std::int16_t>(1) + big<std::int16_t>(-2) +
                     big<std::int16_t>(300) + big<std::int16_t>(4));
  std::vector<std::int16_t> got(2);
  open("big.npy").read(1, 1, std::as_writable_bytes(std::span(got)));
  EXPECT_EQ(got, (std::vector<std::int16_t>{300, 4}));
  put("bool.npy", npy_header("|b1", "False", "(3,)") + std::string("\x00\x07\x01", 3));
  std::vector<std::uint8_t> flags(3);
  open("bool.npy").read(0, 3, std::as_writable_bytes(std::span(flags)));
  EXPECT_EQ(flags, (std::vector<std::uint8_t>{0, 1, 1}));
}

TEST_F(NpyRowsTest, WhatHasNoRowsByItselfIsLeftToTheReaderOfWholeFiles) {
  put("fortran.npy", npy_header("|u1", "True", "(2, 2)") + "abcd");
  EXPECT_FALSE(NpyRows::open(path("fortran.npy")));
  put("column.npy", npy_header("|u1", "True", "(4,)") + "abcd");
  EXPECT_EQ(open("column.npy").rows(), 4u);
  put("none.npy", npy_header("|u1", "False", "(0, 4)"));
  EXPECT_FALSE(NpyRows::open(path("none.npy")));
}

TEST_F(NpyRowsTest, DamagedFilesAreRefusedWhenTheyAreOpened) {
  put("short.npy", npy_header("|u1", "False", "(2, 3)") + "abcde");
  EXPECT_THAT(input_error([&] { NpyRows::open(path("short.npy")); }), HasSubstr("2 x 3"));
  put("long.npy", npy_header("|u1", "False", "(2, 3)") + "abcdefg");
  EXPECT_THAT(input_error([&] { NpyRows::open(path("long.npy")); }), HasSubstr("left over"));
  put("huge.npy", npy_header("<f8", "False", "(4294967296, 4294967296)") + "abcdefg");
  EXPECT_THAT(input_error([&] { NpyRows::open(path("huge.npy")); }), HasSubstr("more than the file holds"));
  EXPECT_THAT(input_error([&] { NpyRows::open(path("lost.npy")); }), HasSubstr("no such file"));
}

TEST_F(NpyRowsTest, AFileThatShrinksIsAnErrorThatNamesTheRow) {
  put("x.npy", npy_header("|u1", "False", "(10, 3)") + std::string(30, 'x'));
  const NpyRows rows = open("x.npy");
  std::filesystem::resize_file(path("x.npy"), std::filesystem::file_size(path("x.npy")) - 8);
  std::vector<std::byte> got(30);
  rows.read(0, 7, got);
  const std::string error = work_error([&] { rows.read(0, 10, got); });
  EXPECT_THAT(error, HasSubstr("x.npy"));
  EXPECT_THAT(error, HasSubstr("row 7 (counted from 0) of 10"));
  EXPECT_THAT(error, HasSubstr("shorter"));
}

}  // namespace
}  // namespace harmonium
