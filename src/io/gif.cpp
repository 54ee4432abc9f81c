#include "harmonium/io/gif.h"

#include <gif_lib.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "harmonium/base/error.h"
#include "harmonium/io/atomic_file.h"

namespace harmonium {
namespace {

constexpr std::size_t kColours = 256, kLargest = 65535;

using Colour = std::array<std::uint8_t, 3>;

Colour colour_at(const Image& image, std::size_t pixel) {
  const std::uint8_t* at = &image.pixels[pixel * image.channels];
  return image.channels == 1 ? Colour{at[0], at[0], at[0]} : Colour{at[0], at[1], at[2]};
}

// The colours of all frames and the place of each in the palette.
std::map<Colour, GifByteType> palette_of(std::span<const Image> frames) {
  std::map<Colour, GifByteType> places;
  if (frames.front().channels == 1) {
    for (std::size_t g = 0; g < kColours; ++g) {
      const auto level = static_cast<std::uint8_t>(g);
      places[{level, level, level}] = level;
    }
    return places;
  }
  for (const Image& frame : frames)
    for (std::size_t p = 0; p < frame.width * frame.height; ++p) {
      places.emplace(colour_at(frame, p), GifByteType{0});
      if (places.size() > kColours)
        throw InputError(
            "a GIF has at most 256 colours, but these frames have more; draw them in gray, or write a PNG.");
    }
  GifByteType next = 0;
  for (auto& [colour, place] : places) place = next++;
  return places;
}

void check_frames(std::span<const Image> frames, std::size_t hundredths) {
  if (frames.empty()) throw InputError("a movie needs at least one frame, but there are none.");
  const Image& first = frames.front();
  check(first.channels == 1 || first.channels == 3, "a frame has one or three channels");
  if (first.width == 0 || first.height == 0 || first.width > kLargest || first.height > kLargest)
    throw InputError("a GIF has 1 to 65535 pixels a side, but the frames have " +
                     std::to_string(first.width) + " x " + std::to_string(first.height) + ".");
  for (const Image& frame : frames)
    if (frame.width != first.width || frame.height != first.height || frame.channels != first.channels)
      throw InputError("the frames of a movie must be of one size, but one has " +
                       std::to_string(first.width) + " x " + std::to_string(first.height) + " pixels of " +
                       std::to_string(first.channels) + " channels and another " +
                       std::to_string(frame.width) + " x " + std::to_string(frame.height) + " of " +
                       std::to_string(frame.channels) + ".");
  if (hundredths > kLargest)
    throw InputError("a frame of a GIF is shown for at most 65535 hundredths of a second, but " +
                     std::to_string(hundredths) + " are asked for.");
}

int append(GifFileType* gif, const GifByteType* bytes, int count) {
  auto& result = *static_cast<std::vector<std::byte>*>(gif->UserData);
  const auto* begin = reinterpret_cast<const std::byte*>(bytes);
  result.insert(result.end(), begin, begin + count);
  return count;
}

// giflib's encoder writing into memory; what it refuses becomes an error with its own words.
class Encoder {
 public:
  explicit Encoder(std::vector<std::byte>& bytes) {
    int error = 0;
    gif_ = EGifOpen(&bytes, append, &error);
    if (gif_ == nullptr) fail(error);
    EGifSetGifVersion(gif_, true);
  }
  ~Encoder() {
    int ignored = 0;
    if (gif_ != nullptr) EGifCloseFile(gif_, &ignored);
  }
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;

  void begin(const Image& frame, const std::map<Colour, GifByteType>& palette) {
    std::array<GifColorType, kColours> colours{};
    for (const auto& [colour, place] : palette) colours[place] = {colour[0], colour[1], colour[2]};
    const std::unique_ptr<ColorMapObject, void (*)(ColorMapObject*)> map(
        GifMakeMapObject(kColours, colours.data()), GifFreeMapObject);
    must(map == nullptr ? GIF_ERROR
                        : EGifPutScreenDesc(gif_, static_cast<int>(frame.width),
                                            static_cast<int>(frame.height), 8, 0, map.get()));
    // "Loop for ever", as every program reads it.
    const std::array<GifByteType, 3> repeat{1, 0, 0};
    must(EGifPutExtensionLeader(gif_, APPLICATION_EXT_FUNC_CODE));
    must(EGifPutExtensionBlock(gif_, 11, "NETSCAPE2.0"));
    must(EGifPutExtensionBlock(gif_, 3, repeat.data()));
    must(EGifPutExtensionTrailer(gif_));
  }

  void frame(const Image& image, const std::map<Colour, GifByteType>& palette, std::size_t hundredths) {
    GraphicsControlBlock control{};
    control.DelayTime = static_cast<int>(hundredths);
    control.TransparentColor = NO_TRANSPARENT_COLOR;
    std::array<GifByteType, 4> extension{};
    EGifGCBToExtension(&control, extension.data());
    must(EGifPutExtension(gif_, GRAPHICS_EXT_FUNC_CODE, 4, extension.data()));
    must(EGifPutImageDesc(gif_, 0, 0, static_cast<int>(image.width), static_cast<int>(image.height), false,
                          nullptr));
    std::vector<GifPixelType> line(image.width);
    for (std::size_t y = 0; y < image.height; ++y) {
      for (std::size_t x = 0; x < image.width; ++x)
        line[x] = palette.at(colour_at(image, y * image.width + x));
      must(EGifPutLine(gif_, line.data(), static_cast<int>(line.size())));
    }
  }

  void close() {
    int error = 0;
    GifFileType* gif = std::exchange(gif_, nullptr);
    if (EGifCloseFile(gif, &error) == GIF_ERROR) fail(error);
  }

 private:
  void must(int result) const {
    if (result == GIF_ERROR) fail(gif_->Error);
  }
  [[noreturn]] static void fail(int error) {
    const char* words = GifErrorString(error);
    throw WorkError(std::string("a GIF could not be written (") + (words ? words : "no reason given") + ").");
  }

  GifFileType* gif_ = nullptr;
};

}  // namespace

std::vector<std::byte> encode_gif(std::span<const Image> frames, std::size_t hundredths) {
  check_frames(frames, hundredths);
  const auto palette = palette_of(frames);
  std::vector<std::byte> bytes;
  Encoder encoder(bytes);
  encoder.begin(frames.front(), palette);
  for (const Image& frame : frames) encoder.frame(frame, palette, hundredths);
  encoder.close();
  return bytes;
}

void write_gif(const std::filesystem::path& path, std::span<const Image> frames, std::size_t hundredths) {
  write_file_atomically(path, encode_gif(frames, hundredths));
}

}  // namespace harmonium
