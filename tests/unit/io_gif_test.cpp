// GIF movies: what giflib reads back is what was given, and what a GIF cannot hold is refused.
#include <gif_lib.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "harmonium/base/error.h"
#include "harmonium/io/gif.h"
#include "harmonium/io/read_file.h"

namespace harmonium {
namespace {

using testing::HasSubstr;

// Frames whose pixels differ in every place.
std::vector<Image> frames_of(std::size_t count, std::size_t channels) {
  std::vector<Image> frames;
  for (std::size_t n = 0; n < count; ++n) {
    Image frame(7, 5, channels);
    for (std::size_t p = 0; p < frame.pixels.size(); ++p)
      frame.pixels[p] = static_cast<std::uint8_t>((n * 37 + p / channels * 7 + p % channels * 60) % 256);
    frames.push_back(std::move(frame));
  }
  return frames;
}

struct Reading {
  std::vector<Image> frames;  // as RGB
  std::vector<int> delays;
  bool loops = false;
};

struct Source {
  std::vector<std::byte> bytes;
  std::size_t at = 0;
};
int take(GifFileType* gif, GifByteType* into, int count) {
  auto& source = *static_cast<Source*>(gif->UserData);
  const auto some = std::min(static_cast<std::size_t>(count), source.bytes.size() - source.at);
  std::copy_n(reinterpret_cast<const GifByteType*>(source.bytes.data()) + source.at, some, into);
  source.at += some;
  return static_cast<int>(some);
}

Reading read_back(std::vector<std::byte> bytes) {
  Source source{std::move(bytes)};
  int error = 0;
  GifFileType* gif = DGifOpen(&source, take, &error);
  Reading result;
  if (gif == nullptr || DGifSlurp(gif) == GIF_ERROR) {
    ADD_FAILURE() << "giflib does not read it";
    return result;
  }
  for (int n = 0; n < gif->ImageCount; ++n) {
    const SavedImage& saved = gif->SavedImages[n];
    Image frame(static_cast<std::size_t>(gif->SWidth), static_cast<std::size_t>(gif->SHeight), 3);
    for (std::size_t p = 0; p < frame.width * frame.height; ++p) {
      const GifColorType colour = gif->SColorMap->Colors[saved.RasterBits[p]];
      frame.pixels[3 * p] = colour.Red, frame.pixels[3 * p + 1] = colour.Green,
                       frame.pixels[3 * p + 2] = colour.Blue;
    }
    result.frames.push_back(std::move(frame));
    GraphicsControlBlock control{};
    EXPECT_EQ(DGifSavedExtensionToGCB(gif, n, &control), GIF_OK);
    result.delays.push_back(control.DelayTime);
    for (int e = 0; e < saved.ExtensionBlockCount; ++e)
      result.loops |= saved.ExtensionBlocks[e].Function == APPLICATION_EXT_FUNC_CODE;
  }
  DGifCloseFile(gif, &error);
  return result;
}

TEST(Gif, GrayFramesReadBack) {
  const auto frames = frames_of(3, 1);
  const Reading back = read_back(encode_gif(frames, 12));
  ASSERT_EQ(back.frames.size(), 3u);
  EXPECT_TRUE(back.loops);
  for (std::size_t n = 0; n < 3; ++n) {
    EXPECT_EQ(back.delays[n], 12);
    for (std::size_t p = 0; p < 35; ++p)
      for (std::size_t c = 0; c < 3; ++c)
        ASSERT_EQ(back.frames[n].pixels[3 * p + c], frames[n].pixels[p]) << n << " " << p;
  }
}

TEST(Gif, FewColoursReadBack) {
  const auto frames = frames_of(2, 3);
  const Reading back = read_back(encode_gif(frames, 0));
  ASSERT_EQ(back.frames.size(), 2u);
  for (std::size_t n = 0; n < 2; ++n) EXPECT_EQ(back.frames[n].pixels, frames[n].pixels);
}

TEST(Gif, IsWrittenAtomicallyAndTheSame) {
  const auto path = std::filesystem::temp_directory_path() / "harmonium-gif-test.gif";
  const auto frames = frames_of(2, 1);
  write_gif(path, frames, 5);
  EXPECT_EQ(read_file_bytes(path), encode_gif(frames, 5));
  std::filesystem::remove(path);
}

std::string refusal(std::span<const Image> frames, std::size_t hundredths = 5) {
  try {
    encode_gif(frames, hundredths);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Gif, RefusesWhatAGifCannotHold) {
  EXPECT_THAT(refusal({}), HasSubstr("there are none"));
  auto frames = frames_of(2, 1);
  EXPECT_THAT(refusal(frames, 70000), HasSubstr("70000"));
  frames[1] = Image(6, 5, 1);
  EXPECT_THAT(refusal(frames), HasSubstr("7 x 5 pixels of 1 channels and another 6 x 5"));
  Image colourful(20, 20, 3);
  for (std::size_t p = 0; p < colourful.pixels.size(); ++p)
    colourful.pixels[p] = static_cast<std::uint8_t>(p % 3 == 0 ? p / 3 : p % 251);
  EXPECT_THAT(refusal({&colourful, 1}), HasSubstr("256 colours"));
}

}  // namespace
}  // namespace harmonium
