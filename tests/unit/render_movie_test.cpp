// Movies: pixels, hidden units and labels are where they should be, and frames are of one size.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "harmonium/base/error.h"
#include "harmonium/io/read_file.h"
#include "harmonium/render/movie.h"

namespace harmonium {
namespace {

using testing::HasSubstr;

MovieOptions options_for(std::size_t side) {
  MovieOptions options;
  options.shape = {side, side};
  return options;
}

std::size_t pixels_of(const Image& image, std::uint8_t level) {
  return static_cast<std::size_t>(std::count(image.pixels.begin(), image.pixels.end(), level));
}

TEST(MovieFrame, ShowsImageAndUnits) {
  const Matrix<float> dark(1, 16), bright(1, 16, 1.0f), off(1, 9), on(1, 9, 1.0f);
  const auto options = options_for(4);
  const Image none = movie_frame({"", dark, off, {}}, options),
              image = movie_frame({"", bright, off, {}}, options),
              units = movie_frame({"", dark, on, {}}, options);
  EXPECT_EQ(none.channels, 1u);
  EXPECT_EQ(pixels_of(none, 255), 0u);
  EXPECT_EQ(pixels_of(image, 255), 196u * 196u);  // 4 x 4 values of 49 x 49 pixels
  EXPECT_EQ(pixels_of(units, 255) % 9, 0u);       // nine squares
  EXPECT_GT(pixels_of(units, 255), 9u);
  Matrix<float> one(1, 9);
  one(0, 4) = 1;
  EXPECT_EQ(pixels_of(movie_frame({"", dark, one, {}}, options), 255), pixels_of(units, 255) / 9);
}

TEST(MovieFrame, ScalesHiddenValues) {
  const Matrix<float> dark(1, 16), values(1, 9, 2.0f);
  auto options = options_for(4);
  options.hidden_high = 4;
  EXPECT_EQ(pixels_of(movie_frame({"", dark, values, {}}, options), 255), 0u);
  options.hidden_high = 2;
  EXPECT_GT(pixels_of(movie_frame({"", dark, values, {}}, options), 255), 9u);
}

TEST(MovieFrame, LooksOfOneShapeAreOfOneSize) {
  for (const std::size_t chains : {1u, 2u, 4u, 10u}) {
    const Matrix<float> visible(chains, 16, 0.5f), hidden(chains, 2000), labels(chains, 10, 0.1f);
    auto options = options_for(4);
    for (int c = 0; c < 10; ++c) options.classes.push_back(std::to_string(c));
    options.names.assign(chains, "a");
    std::set<std::pair<std::size_t, std::size_t>> sizes;
    for (const char* caption : {"step 0", "step 100000"}) {
      const Image frame = movie_frame({caption, visible, hidden, labels}, options);
      sizes.insert({frame.width, frame.height});
    }
    EXPECT_EQ(sizes.size(), 1u) << chains;
  }
}

TEST(MovieSheet, HasTheFirstAndTheLastLook) {
  std::vector<Matrix<float>> images;
  for (int n = 0; n < 9; ++n) images.emplace_back(1, 16, n == 0 || n == 8 ? 1.0f : 0.0f);
  std::vector<MovieLook> looks;
  for (const auto& image : images) looks.push_back({"", image, {}, {}});
  EXPECT_EQ(pixels_of(movie_sheet(looks, options_for(4), 3), 255), 2u * 84u * 84u);
  EXPECT_EQ(pixels_of(movie_sheet(looks, options_for(4), 20), 255), 2u * 84u * 84u);
  EXPECT_EQ(pixels_of(movie_sheet(looks, options_for(4), 1), 255), 84u * 84u);
}

TEST(Movie, IsAGifWithItsSheetBeside) {
  Fantasies fantasies;
  for (std::uint64_t s = 0; s < 3; ++s) {
    fantasies.steps.push_back(s);
    fantasies.visible.emplace_back(2, 16, static_cast<float>(s) / 2);
    fantasies.labels.emplace_back();
    fantasies.hidden.emplace_back(2, 5, static_cast<float>(s));
  }
  const auto gif = std::filesystem::temp_directory_path() / "harmonium-movie-test.gif";
  const Image sheet = write_movie(gif, fantasies, options_for(4), 8);
  EXPECT_EQ(read_png(movie_sheet_path(gif)), sheet);
  const auto bytes = read_file_bytes(gif);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(bytes.data()), 6), "GIF89a");
  EXPECT_THROW(write_movie(gif, fantasies, options_for(4), 0), InputError);
  std::filesystem::remove(gif);
  std::filesystem::remove(movie_sheet_path(gif));
}

std::string refusal(const MovieLook& look, const MovieOptions& options) {
  try {
    movie_frame(look, options);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(MovieFrame, RefusesShapesThatDoNotFit) {
  const Matrix<float> visible(2, 16), hidden(3, 5);
  EXPECT_THAT(refusal({"", visible, {}, {}}, options_for(5)),
              HasSubstr("25 values an image, but there are 16"));
  EXPECT_THAT(refusal({"", visible, hidden, {}}, options_for(4)), HasSubstr("3 rows of hidden"));
  auto options = options_for(4);
  options.names = {"one"};
  EXPECT_THAT(refusal({"", visible, {}, {}}, options), HasSubstr("as many names"));
  EXPECT_THAT(refusal({"", Matrix<float>(0, 16), {}, {}}, options_for(4)), HasSubstr("at least one chain"));
}

}  // namespace
}  // namespace harmonium
