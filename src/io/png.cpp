#include "harmonium/io/png.h"

#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstring>

#include "harmonium/base/error.h"
#include "harmonium/io/atomic_file.h"
#include "harmonium/io/read_file.h"
#include "io/byte_source.h"

namespace harmonium {
namespace {

// Writing: libpng's simplified interface keeps its own error state, so no jump crosses our objects.
struct PngImage {
  png_image image{};
  PngImage() { image.version = PNG_IMAGE_VERSION; }
  ~PngImage() { png_image_free(&image); }
  PngImage(const PngImage&) = delete;
  PngImage& operator=(const PngImage&) = delete;
};

// Reading: the simplified interface turns 16-bit and gamma-marked files to sRGB, so the full one it is. Its
// errors jump. The two functions that call setjmp therefore hold nothing with a destructor; what must be
// freed is in here and belongs to their caller.
struct Decoder {
  png_structp png = nullptr;
  png_infop info = nullptr;
  std::span<const std::byte> rest;
  std::size_t packed_bytes = 0;  // of the rows as the file holds them, unpacked by deflate only
  char message[200] = "";

  Decoder() {
    png =
        png_create_read_struct(PNG_LIBPNG_VER_STRING, this, keep_error, [](png_structp, png_const_charp) {});
    if (png != nullptr) info = png_create_info_struct(png);
    if (info == nullptr) {
      png_destroy_read_struct(&png, nullptr, nullptr);
      throw WorkError("libpng cannot start: out of memory.");
    }
  }
  ~Decoder() { png_destroy_read_struct(&png, &info, nullptr); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  [[noreturn]] static void keep_error(png_structp png, png_const_charp text) {
    auto* self = static_cast<Decoder*>(png_get_error_ptr(png));
    std::snprintf(self->message, sizeof self->message, "%s", text);
    png_longjmp(png, 1);
  }
  static void give_bytes(png_structp png, png_bytep out, std::size_t count) {
    auto* self = static_cast<Decoder*>(png_get_io_ptr(png));
    if (count > self->rest.size()) png_error(png, "it is cut short");
    std::memcpy(out, self->rest.data(), count);
    self->rest = self->rest.subspan(count);
  }
};

// Reads up to the first row, and asks for 8 bits and gray or RGB, with alpha where there is any.
bool read_head(Decoder& decoder) {
  if (setjmp(png_jmpbuf(decoder.png)) != 0) return false;
  constexpr png_uint_32 kLongestSide = 1u << 24;
  png_set_user_limits(decoder.png, kLongestSide, kLongestSide);
  png_set_crc_action(decoder.png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
  png_set_read_fn(decoder.png, &decoder, Decoder::give_bytes);
  png_read_info(decoder.png, decoder.info);
  decoder.packed_bytes = std::size_t{png_get_image_height(decoder.png, decoder.info)} *
                         png_get_rowbytes(decoder.png, decoder.info);
  png_set_expand(decoder.png);
  png_set_strip_16(decoder.png);
  png_set_interlace_handling(decoder.png);
  png_read_update_info(decoder.png, decoder.info);
  return true;
}

bool read_rows(Decoder& decoder, png_bytep* rows) {
  if (setjmp(png_jmpbuf(decoder.png)) != 0) return false;
  png_read_image(decoder.png, rows);
  png_read_end(decoder.png, nullptr);
  return true;
}

// Drops the last of 2 or 4 channels, which must be opaque everywhere.
Image without_alpha(const Image& image, const std::string& where) {
  Image result(image.width, image.height, image.channels - 1);
  for (std::size_t y = 0; y < image.height; ++y)
    for (std::size_t x = 0; x < image.width; ++x) {
      const std::uint8_t* pixel = image.at(x, y);
      if (pixel[image.channels - 1] != 255)
        throw InputError(where + ": the pixel in column " + std::to_string(x) + " of row " +
                         std::to_string(y) +
                         " is transparent and so has no one value; lay the image on a background first.");
      std::copy_n(pixel, result.channels, result.at(x, y));
    }
  return result;
}

}  // namespace

Image decode_png(std::span<const std::byte> bytes, const std::string& where) {
  constexpr std::size_t kSignature = 8;
  if (bytes.size() < kSignature ||
      png_sig_cmp(reinterpret_cast<png_const_bytep>(bytes.data()), 0, kSignature) != 0)
    throw InputError(where + ": is not a PNG image; it does not begin with PNG's 8 bytes.");
  Decoder decoder;
  decoder.rest = bytes;
  const auto refuse = [&] {
    throw InputError(where + ": the PNG image is damaged or cut short (" + decoder.message + ").");
  };
  if (!read_head(decoder)) refuse();
  Image image;
  image.width = png_get_image_width(decoder.png, decoder.info);
  image.height = png_get_image_height(decoder.png, decoder.info);
  image.channels = png_get_channels(decoder.png, decoder.info);
  if (decoder.packed_bytes / kDeflateRatio > bytes.size())
    throw InputError(where + ": claims " + std::to_string(image.width) + " x " +
                     std::to_string(image.height) + " pixels, more than its " + std::to_string(bytes.size()) +
                     " bytes can hold.");
  image.pixels.resize(image.width * image.height * image.channels);
  std::vector<png_bytep> rows(image.height);
  for (std::size_t y = 0; y < image.height; ++y) rows[y] = image.at(0, y);
  if (!read_rows(decoder, rows.data())) refuse();
  return image.channels % 2 == 0 ? without_alpha(image, where) : image;
}

Image read_png(const std::filesystem::path& path) {
  const auto bytes = read_file_bytes(path);
  return decode_png(bytes, path.string());
}

std::vector<std::byte> encode_png(const Image& image) {
  check(image.width <= PNG_UINT_31_MAX && image.height <= PNG_UINT_31_MAX,
        "a PNG image has fewer than 2^31 columns and rows");
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
