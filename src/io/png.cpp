#include "harmonium/io/png.h"

#include <png.h>

#include <csetjmp>
#include <cstring>

#include "harmonium/base/error.h"
#include "harmonium/io/atomic_file.h"
#include "harmonium/io/read_file.h"

namespace harmonium {
namespace {

constexpr std::size_t kMostPixels = std::size_t{1} << 28;

// libpng's simplified interface keeps its own error state, so no jump crosses our objects.
struct PngImage {
  png_image image{};
  PngImage() { image.version = PNG_IMAGE_VERSION; }
  ~PngImage() { png_image_free(&image); }
  PngImage(const PngImage&) = delete;
  PngImage& operator=(const PngImage&) = delete;
};

}  // namespace

Image decode_png(std::span<const std::byte> bytes, const std::string& where) {
  PngImage png;
  if (!png_image_begin_read_from_memory(&png.image, bytes.data(), bytes.size()))
    throw InputError(where + ": is not a whole PNG image (" + png.image.message + ").");
  if (png.image.format & PNG_FORMAT_FLAG_ALPHA)
    throw InputError(where +
                     ": has transparent pixels, which have no one value; save it without an alpha channel.");
  const bool colour = (png.image.format & PNG_FORMAT_FLAG_COLOR) != 0;
  png.image.format = colour ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  // Deflate packs at most 1032 bytes into one: what the header claims beyond that is not there.
  const std::size_t pixels = std::size_t{png.image.width} * png.image.height;
  if (pixels > kMostPixels || pixels / 8 / 1032 > bytes.size())
    throw InputError(where + ": claims " + std::to_string(png.image.width) + " x " +
                     std::to_string(png.image.height) + " pixels, more than the file can hold.");
  Image result(png.image.width, png.image.height, colour ? 3 : 1);
  if (!png_image_finish_read(&png.image, nullptr, result.pixels.data(), 0, nullptr))
    throw InputError(where + ": the PNG image is damaged or cut short (" + png.image.message + ").");
  return result;
}

Image read_png(const std::filesystem::path& path) {
  const auto bytes = read_file_bytes(path);
  return decode_png(bytes, path.string());
}

std::vector<std::byte> encode_png(const Image& image) {
  check(image.width > 0 && image.height > 0 && (image.channels == 1 || image.channels == 3) &&
            image.pixels.size() == image.width * image.height * image.channels,
        "a PNG image has pixels, and one or three channels");
  PngImage png;
  png.image.width = static_cast<png_uint_32>(image.width);
  png.image.height = static_cast<png_uint_32>(image.height);
  png.image.format = image.channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  png_alloc_size_t size = 0;
  if (!png_image_write_to_memory(&png.image, nullptr, &size, 0, image.pixels.data(), 0, nullptr))
    throw WorkError(std::string("a PNG image could not be written (") + png.image.message + ").");
  std::vector<std::byte> bytes(size);
  if (!png_image_write_to_memory(&png.image, bytes.data(), &size, 0, image.pixels.data(), 0, nullptr))
    throw WorkError(std::string("a PNG image could not be written (") + png.image.message + ").");
  bytes.resize(size);
  return bytes;
}

void write_png(const std::filesystem::path& path, const Image& image) {
  write_file_atomically(path, encode_png(image));
}

}  // namespace harmonium
