// PNG: round trips, images of every colour type made by hand, and damage.
#include "harmonium/io/png.h"

#include <zlib.h>

#include "io/byte_source.h"
#include "unit/io_files.h"

namespace harmonium {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class PngTest : public IoTest {};

std::string chunk(const std::string& name, const std::string& data) {
  const std::string body = name + data;
  const auto crc = ::crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
  return big(static_cast<std::uint32_t>(data.size())) + body + big(static_cast<std::uint32_t>(crc));
}

std::string packed(const std::string& bytes) {
  std::string out(::compressBound(bytes.size()), '\0');
  uLongf size = out.size();
  ::compress(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()),
             bytes.size());
  out.resize(size);
  return out;
}

const std::string kSignature("\x89PNG\r\n\x1A\n", 8);

// `rows` are the bytes of the rows, each with its filter byte before it; `extra` are chunks before the data.
std::string png(std::uint32_t width, std::uint32_t height, int bits, int colour, const std::string& rows,
                const std::string& extra = "") {
  const std::string head =
      big(width) + big(height) + std::string{static_cast<char>(bits), static_cast<char>(colour), 0, 0, 0};
  return kSignature + chunk("IHDR", head) + extra + chunk("IDAT", packed(rows)) + chunk("IEND", "");
}

constexpr int kGray = 0, kRgb = 2, kPalette = 3, kGrayAlpha = 4, kRgbAlpha = 6;

Image decode(const std::string& bytes) {
  return decode_png(std::as_bytes(std::span(bytes)), "here.png");
}

TEST_F(PngTest, RoundTripsGrayAndRgb) {
  for (const std::size_t channels : {1, 3})
    for (const auto& [width, height] : {std::pair{1, 1}, {1, 7}, {28, 28}, {301, 5}}) {
      Image image(static_cast<std::size_t>(width), static_cast<std::size_t>(height), channels);
      for (std::size_t i = 0; i < image.pixels.size(); ++i)
        image.pixels[i] = static_cast<std::uint8_t>(i * 7919 >> 3);
      write_png(path("a.png"), image);
      EXPECT_EQ(read_png(path("a.png")), image);
      EXPECT_EQ(encode_png(image), encode_png(image));
    }
}

TEST_F(PngTest, ReadsEveryColourType) {
  EXPECT_THAT(decode(png(3, 1, 8, kGray, {0, 0, 127, '\xFF'})).pixels, ElementsAre(0, 127, 255));
  EXPECT_THAT(decode(png(9, 1, 1, kGray, {0, '\x81', '\x80'})).pixels,
              ElementsAre(255, 0, 0, 0, 0, 0, 0, 255, 255));
  EXPECT_THAT(decode(png(4, 1, 2, kGray, {0, '\x1B'})).pixels, ElementsAre(0, 85, 170, 255));
  EXPECT_THAT(decode(png(2, 1, 4, kGray, {0, '\x1F'})).pixels, ElementsAre(17, 255));
  EXPECT_THAT(decode(png(1, 1, 8, kRgb, {0, 1, 2, 3})).pixels, ElementsAre(1, 2, 3));
  const Image palette = decode(png(2, 1, 1, kPalette, {0, '\x40'}, chunk("PLTE", "\1\2\3\4\5\6")));
  EXPECT_EQ(palette.channels, 3u);
  EXPECT_THAT(palette.pixels, ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST_F(PngTest, KeepsTheUpperBitsAndAppliesNoGamma) {
  EXPECT_THAT(decode(png(2, 1, 16, kGray, {0, '\x40', '\xFF', '\x80', 0})).pixels, ElementsAre(0x40, 0x80));
  EXPECT_THAT(decode(png(1, 1, 16, kRgb, {0, 1, '\xFF', 2, 0, '\x7F', 0})).pixels, ElementsAre(1, 2, 0x7F));
  const std::string linear = chunk("gAMA", big<std::uint32_t>(100'000));
  EXPECT_THAT(decode(png(3, 1, 8, kGray, {0, 10, 100, '\xC8'}, linear)).pixels, ElementsAre(10, 100, 200));
}

TEST_F(PngTest, DropsAlphaOnlyWhereItSaysNothing) {
  const Image gray = decode(png(2, 1, 8, kGrayAlpha, {0, 5, '\xFF', 6, '\xFF'}));
  EXPECT_EQ(gray.channels, 1u);
  EXPECT_THAT(gray.pixels, ElementsAre(5, 6));
  EXPECT_THAT(decode(png(1, 1, 8, kRgbAlpha, {0, 1, 2, 3, '\xFF'})).pixels, ElementsAre(1, 2, 3));
  EXPECT_THAT(input_error([] {
                decode(png(1, 2, 8, kRgbAlpha, {0, 1, 2, 3, '\xFF', 0, 1, 2, 3, '\xFE'}));
              }),
              AllOf(HasSubstr("here.png"), HasSubstr("row 1"), HasSubstr("transparent")));
  const std::string transparent = chunk("tRNS", std::string(1, '\0'));
  const std::string colours = chunk("PLTE", "\1\2\3\4\5\6");
  EXPECT_THAT(input_error([&] {
                decode(png(2, 1, 1, kPalette, {0, '\x40'}, colours + transparent));
              }),
              HasSubstr("transparent"));
  EXPECT_THAT(decode(png(2, 1, 1, kPalette, {0, '\xC0'}, colours + transparent)).pixels,
              ElementsAre(4, 5, 6, 4, 5, 6));
}

TEST_F(PngTest, RefusesWhatIsNotAPng) {
  put("a.png", "GIF89a and more");
  EXPECT_THAT(input_error([&] { read_png(path("a.png")); }), AllOf(HasSubstr("a.png"), HasSubstr("PNG")));
  EXPECT_THAT(input_error([&] { read_png(path("b.png")); }), HasSubstr("did you mean 'a.png'?"));
  EXPECT_THAT(input_error([] { decode(""); }), HasSubstr("here.png"));
  const std::string whole = png(2, 2, 8, kGray, {0, 1, 2, 0, 3, 4});
  std::string flipped = whole;
  flipped[whole.size() - 20] ^= 1;
  EXPECT_THAT(input_error([&] { decode(flipped); }), HasSubstr("here.png"));
  EXPECT_THAT(input_error([&] {
                decode(png(2, 2, 8, kGray, {0, 1, 2}));
              }),
              HasSubstr("here.png"));  // a row short
}

TEST_F(PngTest, DoesNotBelieveTheSize) {
  const MemoryLimit limit;
  for (const auto& [width, height] :
       {std::pair{1u << 20, 1u << 20}, {1u << 14, 1u << 14}, {0x7FFFFFFFu, 1u}, {0u, 1u}})
    EXPECT_THAT(
        input_error([&, w = width, h = height] { decode(png(w, h, 8, kRgb, std::string(100, '\0'))); }),
        HasSubstr("here.png"));
}

TEST_F(PngTest, SurvivesDamage) {
  const std::string whole =
      png(3, 2, 8, kRgb,
          std::string("\0"
                      "123456789"
                      "\1"
                      "abcdefghi",
                      20),
          chunk("gAMA", big<std::uint32_t>(45455)) + chunk("tEXt", std::string("k\0v", 3)));
  const auto read = [&] { read_png(path("a.png")); };
  EXPECT_THAT(readable_prefixes(path("a.png"), whole, read), ElementsAre(whole.size()));
  EXPECT_GT(refused_of_damaged(path("a.png"), whole, 5000, read), 4000u);
  const std::string palette = png(2, 1, 1, kPalette, {0, '\x40'}, chunk("PLTE", "\1\2\3\4\5\6"));
  EXPECT_GT(refused_of_damaged(path("a.png"), palette, 5000, read), 4000u);
}

}  // namespace
}  // namespace harmonium
