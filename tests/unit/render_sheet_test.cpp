// Sheets: where images stand, what colours numbers have, and what is refused.
#include "harmonium/render/sheet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "harmonium/base/error.h"
#include "render/colours.h"
#include "render/font.h"

namespace harmonium {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr std::size_t kMargin = 8;

Matrix<float> ramp(std::size_t rows, std::size_t cols) {
  Matrix<float> m(rows, cols);
  for (std::size_t i = 0; i < m.size(); ++i) m.data()[i] = static_cast<float>(i % 7) / 6;
  return m;
}

Rgb colour_at(const Image& image, std::size_t x, std::size_t y) {
  const std::uint8_t* p = image.at(x, y);
  return image.channels == 1 ? Rgb{p[0], p[0], p[0]} : Rgb{p[0], p[1], p[2]};
}

std::size_t pixels_of(const Image& image, Rgb colour) {
  std::size_t count = 0;
  for (std::size_t y = 0; y < image.height; ++y) {
    for (std::size_t x = 0; x < image.width; ++x) count += colour_at(image, x, y) == colour;
  }
  return count;
}

/// Colours of a row of single values, 8 x 8 pixels each and 2 apart.
std::vector<Rgb> colours_of(const std::vector<float>& values, SheetOptions options) {
  Matrix<float> rows(values.size(), 1);
  std::copy(values.begin(), values.end(), rows.data());
  options.scale = 8;
  options.columns = values.size();
  const Image sheet = sheet_of_rows(rows, {1, 1}, options);
  std::vector<Rgb> colours;
  for (std::size_t i = 0; i < values.size(); ++i)
    colours.push_back(colour_at(sheet, kMargin + 10 * i + 4, kMargin + 4));
  return colours;
}

SheetOptions fixed_weights(WeightColours colours) {
  SheetOptions options;
  options.look = SheetLook::kWeights;
  options.colours = colours;
  return options;
}

double luminance(Rgb c) {
  return 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2];
}

TEST(Sheet, EveryValueIsASquareOfPixelsAtItsPlaceAfterAPngRoundTrip) {
  const Matrix<float> rows = ramp(5, 6);
  SheetOptions options;
  options.columns = 3, options.scale = 4, options.gap = 3;
  const Image drawn = sheet_of_rows(rows, {2, 3}, options);
  const Image sheet = decode_png(encode_png(drawn), "sheet");
  ASSERT_EQ(sheet, drawn);
  EXPECT_EQ(sheet.width, 2 * kMargin + 3 * 12 + 2 * 3);
  EXPECT_EQ(sheet.height, 2 * kMargin + 2 * 8 + 3);
  for (std::size_t tile = 0; tile < 5; ++tile) {
    for (std::size_t y = 0; y < 8; ++y) {
      for (std::size_t x = 0; x < 12; ++x) {
        const float value = rows(tile, y / 4 * 3 + x / 4);
        ASSERT_EQ(colour_at(sheet, kMargin + tile % 3 * 15 + x, kMargin + tile / 3 * 11 + y), gray(value));
      }
    }
  }
  EXPECT_EQ(colour_at(sheet, kMargin + 2 * 15, kMargin + 11), kDarkPaper) << "the sixth place is empty";
}

TEST(Sheet, StridedViewsAreReadByTheirStride) {
  const Matrix<float> wide = ramp(3, 10);
  Matrix<float> copy(3, 4);
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 4; ++j) copy(i, j) = wide(i, j + 5);
  }
  EXPECT_EQ(sheet_of_rows(wide.view().col_block(5, 4), {2, 2}), sheet_of_rows(copy, {2, 2}));
}

TEST(Sheet, ColumnsAreTheRowsOfTheTranspose) {
  const Matrix<float> weights = ramp(6, 4);
  Matrix<float> transposed(4, 6);
  for (std::size_t i = 0; i < 6; ++i) {
    for (std::size_t j = 0; j < 4; ++j) transposed(j, i) = weights(i, j);
  }
  EXPECT_EQ(sheet_of_columns(weights, {2, 3}), sheet_of_rows(transposed, {2, 3}, weight_options()));
}

TEST(Sheet, OddSizes) {
  const Matrix<float> one(1, 1, 0.5f);
  SheetOptions options;
  options.columns = 50;
  EXPECT_EQ(sheet_of_rows(one, {1, 1}, options).width, 2 * kMargin + 56) << "a chosen scale, one column";
  const Matrix<float> strip = ramp(3, 200);
  EXPECT_EQ(sheet_of_rows(strip, {1, 200}, options).width, 2 * kMargin + 3 * 200 + 2 * options.gap);
  EXPECT_EQ(sheet_of_columns(ramp(9, 1), {3, 3}).channels, 3u) << "one hidden unit";
  options.gap = 0;
  EXPECT_EQ(sheet_of_rows(strip, {1, 200}, options).width, 2 * kMargin + 3 * 200);
}

TEST(Sheet, InkTurnsLightAndDark) {
  SheetOptions options;
  EXPECT_THAT(colours_of({0, 1}, options), testing::ElementsAre(gray(0), gray(1)));
  options.ink = SheetInk::kDarkOnLight;
  EXPECT_THAT(colours_of({0, 1}, options), testing::ElementsAre(gray(1), gray(0)));
}

TEST(Sheet, ValuesBeyondTheScaleAndInfinitiesHaveItsEndsAndNanItsOwnColour) {
  const auto colours = colours_of({-3, -kInfinity, 7, kInfinity, kNan}, {});
  EXPECT_THAT(colours, testing::ElementsAre(gray(0), gray(0), gray(1), gray(1), kMissingColour));
  for (const auto palette : {WeightColours::kBlueOrange, WeightColours::kGray}) {
    const auto weights = colours_of({-kInfinity, -1, 1, kInfinity, kNan}, fixed_weights(palette));
    EXPECT_EQ(weights[0], weights[1]);
    EXPECT_EQ(weights[2], weights[3]);
    EXPECT_EQ(weights[4], kMissingColour);
  }
}

TEST(Sheet, NanDoesNotMoveAMeasuredScale) {
  SheetOptions options;
  options.scaling = SheetScaling::kSheet;
  options.percentile = 100;
  EXPECT_THAT(colours_of({2, kNan, 4, kInfinity, 3}, options),
              testing::ElementsAre(gray(0), kMissingColour, gray(1), gray(1), gray(0.5)));
  const auto nothing = colours_of({kNan, kNan}, options);
  EXPECT_THAT(nothing, testing::Each(kMissingColour));
}

TEST(Sheet, WeightColoursAreMonotoneOnBothSidesAndNeutralAtZero) {
  std::vector<float> values;
  for (int i = -64; i <= 64; ++i) values.push_back(static_cast<float>(i) / 64);
  const auto coloured = colours_of(values, fixed_weights(WeightColours::kBlueOrange));
  const auto grays = colours_of(values, fixed_weights(WeightColours::kGray));
  EXPECT_EQ(coloured[64][0], coloured[64][2]) << "zero has no hue";
  for (std::size_t i = 1; i < values.size(); ++i) {
    EXPECT_GT(grays[i][0], grays[i - 1][0]);
    const double step = luminance(coloured[i]) - luminance(coloured[i - 1]);
    EXPECT_TRUE(i <= 64 ? step > 0 : step < 0) << values[i];
    if (values[i] < 0) {
      EXPECT_LE(coloured[i - 1][0], coloured[i - 1][2]) << "blue at " << values[i - 1];
    } else if (values[i] > 0) {
      EXPECT_GT(coloured[i][0], coloured[i][2]) << "orange at " << values[i];
    }
  }
}

TEST(Sheet, ScaleOfTheSheetComparesImagesAndScaleOfTheTileDoesNot) {
  SheetOptions options = weight_options();
  options.colour_bar = false;
  options.percentile = 100;
  const auto together = colours_of({0.1f, -1}, options);
  options.scaling = SheetScaling::kTile;
  const auto apart = colours_of({0.1f, -1}, options);
  EXPECT_EQ(together[1], blue_orange(-1));
  EXPECT_EQ(together[0], blue_orange(0.1f));
  EXPECT_EQ(apart[0], blue_orange(1)) << "a weak image is seen";
  EXPECT_EQ(colours_of({0, 0}, options)[0], blue_orange(0)) << "all zero stays neutral";
}

TEST(Sheet, PercentileCutsOutliersAndSparseImagesKeepTheirScale) {
  std::vector<float> values(100, 0.0f);
  for (std::size_t i = 0; i < 100; ++i) values[i] = 0.01f * static_cast<float>(i);
  values[99] = 1e6f;
  SheetOptions options = weight_options();
  options.colour_bar = false;
  options.percentile = 95;
  EXPECT_EQ(colours_of(values, options)[94], blue_orange(1));
  std::fill(values.begin(), values.end() - 1, 0.0f);
  EXPECT_EQ(colours_of(values, options)[99], blue_orange(1));
  EXPECT_EQ(colours_of(values, options)[0], blue_orange(0));
}

TEST(Sheet, HugeEqualValuesHaveAColour) {
  SheetOptions options;
  options.scaling = SheetScaling::kTile;
  EXPECT_EQ(colours_of({3e38f}, options)[0], gray(0.5));
}

TEST(Sheet, CaptionsTakeRoomAndInkAndNeverOverlap) {
  const Matrix<float> rows(4, 16, 0.0f);
  SheetOptions options;
  options.columns = 2, options.scale = 4;
  const Image plain = sheet_of_rows(rows, {4, 4}, options);
  options.captions = {"a", "b", "c", "d"};
  const Image lettered = sheet_of_rows(rows, {4, 4}, options);
  EXPECT_EQ(lettered.width, plain.width);
  EXPECT_GT(lettered.height, plain.height);
  EXPECT_EQ(pixels_of(plain, kDarkPaperInk), 0u);
  EXPECT_GT(pixels_of(lettered, kDarkPaperInk), 20u);
  options.captions[0] = "a caption wider than its image";
  EXPECT_GE(sheet_of_rows(rows, {4, 4}, options).width, 2 * text_width(options.captions[0], 1));
  options.captions.clear();
  options.title = "A title that is wider than the whole sheet of images below it";
  EXPECT_GE(sheet_of_rows(rows, {4, 4}, options).width, text_width(options.title, 1) + 2 * kMargin);
}

TEST(Sheet, ColourBarIsBelowAndLeftOutWhereEveryImageHasItsOwnScale) {
  SheetOptions options = weight_options();
  const Matrix<float> rows = ramp(2, 16);
  const std::size_t with = sheet_of_rows(rows, {4, 4}, options).height;
  options.scaling = SheetScaling::kTile;
  const std::size_t without = sheet_of_rows(rows, {4, 4}, options).height;
  EXPECT_GT(with, without);
}

TEST(Sheet, PairsStandAboveEachOtherInBands) {
  const Matrix<float> data(5, 4, 0.0f), rebuilt(5, 4, 1.0f);
  const std::vector<LabelledRows> sorts{{"", data}, {"", rebuilt}};
  SheetOptions options;
  options.columns = 3, options.scale = 5;
  const Image sheet = paired_sheet(sorts, {2, 2}, options);
  // Pairs are 2 apart, bands 12 more: 3 pixels of letters, four times.
  EXPECT_EQ(sheet.height, 2 * kMargin + 4 * 10 + 3 * 2 + 12);
  const std::size_t tops[] = {kMargin, kMargin + 12, kMargin + 36, kMargin + 48};
  for (std::size_t row = 0; row < 4; ++row) {
    EXPECT_EQ(colour_at(sheet, kMargin + 1, tops[row]), gray(row % 2 == 0 ? 0 : 1)) << row;
  }
  EXPECT_EQ(colour_at(sheet, kMargin + 25, tops[2]), kDarkPaper) << "the sixth pair is not there";
}

TEST(Sheet, RowLabelsStandAtTheLeft) {
  const Matrix<float> rows(2, 4, 0.0f);
  const std::vector<LabelledRows> bare{{"", rows}}, named{{"reconstruction", rows}};
  const Image without = paired_sheet(bare, {2, 2}), with = paired_sheet(named, {2, 2});
  EXPECT_GE(with.width, without.width + text_width("reconstruction", 1));
  EXPECT_GT(pixels_of(with, kDarkPaperInk), 50u);
}

TEST(Sheet, StepsAreColumnsAndChainsAreRows) {
  const Matrix<float> start(2, 1, 0.0f), later(2, 1, 1.0f), last(2, 1, 0.5f);
  const std::vector<LabelledRows> steps{{"0", start}, {"1", later}, {"10", last}};
  SheetOptions options;
  options.scale = 20;
  const Image sheet = sheet_of_steps(steps, {1, 1}, options);
  const std::size_t y = sheet.height - kMargin - 1;
  EXPECT_EQ(colour_at(sheet, kMargin, y), gray(0));
  EXPECT_EQ(colour_at(sheet, kMargin + 22, y), gray(1));
  EXPECT_EQ(colour_at(sheet, kMargin + 44, y), gray(0.5));
  EXPECT_EQ(sheet.height, 2 * kMargin + 2 * 20 + 2 + text_height(1) + 3);
}

TEST(Sheet, EqualInputsGiveEqualBytes) {
  SheetOptions options = weight_options();
  options.title = "weights";
  const Matrix<float> rows = ramp(7, 25);
  EXPECT_EQ(encode_png(sheet_of_rows(rows, {5, 5}, options)),
            encode_png(sheet_of_rows(rows, {5, 5}, options)));
}

TEST(Sheet, GrayAloneHasOneChannel) {
  Matrix<float> rows = ramp(2, 4);
  EXPECT_EQ(sheet_of_rows(rows, {2, 2}).channels, 1u);
  rows(1, 2) = kNan;
  EXPECT_EQ(sheet_of_rows(rows, {2, 2}).channels, 3u) << "the missing value is violet";
}

TEST(Sheet, RefusesWhatDoesNotFit) {
  const Matrix<float> rows = ramp(4, 6);
  const auto refuses = [&](ConstMatrixView<float> r, ImageShape shape, const SheetOptions& options,
                           const char* why) {
    try {
      sheet_of_rows(r, shape, options);
      ADD_FAILURE() << "not refused: " << why;
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr(why));
    }
  };
  refuses(rows, {2, 2}, {}, "2 x 2 images needs 4 values an image, but there are 6");
  refuses(rows, {0, 6}, {}, "at least one pixel");
  refuses(rows, {std::size_t{1} << 63, 2}, {}, "but there are 6");
  refuses(rows.view().row_block(0, 0), {2, 3}, {}, "at least one image");
  SheetOptions options;
  options.captions = {"one"};
  refuses(rows, {2, 3}, options, "as many captions");
  options = {};
  options.low = 1;
  refuses(rows, {2, 3}, options, "below the upper");
  options = weight_options();
  options.percentile = 50;
  refuses(rows, {2, 3}, options, "percentile");
  options = {};
  options.scale = 65;
  refuses(rows, {2, 3}, options, "scale");
  options.scale = 64;
  const Matrix<float> many(70000, 1);
  refuses(many, {1, 1}, options, "pixels");
  const std::vector<LabelledRows> uneven{{"a", rows}, {"b", rows.view().row_block(0, 2)}};
  EXPECT_THROW(paired_sheet(uneven, {2, 3}), InputError);
  EXPECT_THROW(paired_sheet({}, {2, 3}), InputError);
  EXPECT_THROW(sheet_of_steps(uneven, {2, 3}), InputError);
}

TEST(Font, LettersDifferAndOthersAreBoxes) {
  std::vector<Image> seen;
  for (char c = '!'; c <= '~'; ++c) {
    Image image(16, 9, 3);
    draw_text(image, std::string(1, c), 0, 0, 1, {255, 255, 255});
    EXPECT_GT(pixels_of(image, {255, 255, 255}), 0u) << c;
    for (const Image& other : seen) EXPECT_NE(image, other) << c;
    seen.push_back(std::move(image));
  }
  EXPECT_EQ(text_width("\xC3\xA9", 1), 5u) << "one box for a character of two bytes";
  EXPECT_EQ(text_width("", 3), 0u);
  EXPECT_EQ(text_width("ab", 2), 22u);
}

TEST(Font, TextIsCutAtTheEdge) {
  Image image(3, 3, 3);
  draw_text(image, "WWWW", 1, 1, 2, {9, 9, 9});
  EXPECT_GT(pixels_of(image, {9, 9, 9}), 0u);
}

}  // namespace
}  // namespace harmonium
