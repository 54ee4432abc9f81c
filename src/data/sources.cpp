#include "data/sources.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>

#include "harmonium/base/error.h"
#include "harmonium/io/png.h"
#include "harmonium/io/read_file.h"

namespace harmonium {
namespace {

namespace fs = std::filesystem;

bool is_png(const fs::path& path) {
  const std::string ending = path.extension().string();
  return ending == ".png" || ending == ".PNG";
}

std::vector<fs::path> sorted_entries(const fs::path& folder) {
  std::error_code failed;
  std::vector<fs::path> entries;
  for (fs::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
    entries.push_back(at->path());
  }
  if (failed) throw InputError(folder.string() + " cannot be read: " + failed.message());
  std::sort(entries.begin(), entries.end());
  return entries;
}

struct PngList {
  std::vector<fs::path> images;
  std::vector<double> labels;  ///< of images in subfolders
  std::vector<std::string> classes;
  std::size_t others = 0;
};

PngList list_pngs(const fs::path& folder) {
  PngList list;
  for (const fs::path& entry : sorted_entries(folder)) {
    if (fs::is_directory(entry)) {
      const std::size_t before = list.images.size();
      for (const fs::path& inner : sorted_entries(entry)) {
        if (is_png(inner)) {
          list.images.push_back(inner);
        } else {
          ++list.others;
        }
      }
      if (list.images.size() > before) {
        list.labels.resize(list.labels.size() + list.images.size() - before,
                           static_cast<double>(list.classes.size()));
        list.classes.push_back(entry.filename().string());
      }
    } else if (!is_png(entry)) {
      ++list.others;
    }
  }
  std::vector<fs::path> beside;
  for (const fs::path& entry : sorted_entries(folder)) {
    if (is_png(entry) && !fs::is_directory(entry)) beside.push_back(entry);
  }
  if (!beside.empty() && !list.images.empty()) {
    throw InputError(folder.string() +
                     " holds PNGs both beside and in its subfolders; subfolders are classes, so move " +
                     beside[0].filename().string() + " into one");
  }
  if (!beside.empty()) list.images = std::move(beside);
  if (list.images.empty()) {
    throw InputError(folder.string() +
                     " holds no data: neither PNGs (subfolders being classes) nor files named like "
                     "train-images-idx3-ubyte.gz");
  }
  return list;
}

}  // namespace

SourceFile read_png_folder(const fs::path& folder) {
  const PngList list = list_pngs(folder);
  Image first;
  std::vector<std::uint8_t> pixels;
  for (const fs::path& path : list.images) {
    const Image image = read_png(path);
    if (first.pixels.empty()) first = image;
    const auto size = [](const Image& i) {
      return std::to_string(i.height) + " x " + std::to_string(i.width) +
             (i.channels == 3 ? " in colour" : "");
    };
    if (size(image) != size(first)) {
      throw InputError(path.string() + " is " + size(image) + ", but " + list.images[0].string() + " is " +
                       size(first) + "; all images should be of one size");
    }
    pixels.insert(pixels.end(), image.pixels.begin(), image.pixels.end());
  }
  SourceFile source;
  source.name = source.file = folder.string();
  source.description = std::to_string(list.images.size()) + " PNGs";
  std::vector<std::size_t> shape{list.images.size(), first.height, first.width};
  if (first.channels > 1) shape.push_back(first.channels);
  source.content = NumericArray::from<std::uint8_t>(pixels, shape);
  if (!list.classes.empty()) {
    RawLabels labels;
    labels.file = folder.string();
    for (const double label : list.labels)
      labels.words.push_back(list.classes[static_cast<std::size_t>(label)]);
    source.labels = std::move(labels);
    source.description += " in " + std::to_string(list.classes.size()) + " classes (subfolders)";
  }
  if (list.others > 0) source.description += ", " + std::to_string(list.others) + " other files left out";
  return source;
}

SourceFile make_bars_and_stripes(const std::string& size) {
  std::size_t n = 4;
  if (!size.empty()) {
    const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), n);
    if (error != std::errc{} || end != size.data() + size.size() || n < 1 || n > 12) {
      throw InputError(
          "the size of bars-and-stripes should be from 1 to 12, as in \"bars-and-stripes:4\", not \"" + size +
          "\"");
    }
  }
  // Set bits choose the black rows, then the black columns; both know all white and all black.
  const std::size_t all = (std::size_t{1} << n) - 1;
  const std::size_t count = 2 * all;
  std::vector<std::uint8_t> pixels;
  for (const bool columns : {false, true}) {
    for (std::size_t bits = columns ? 1 : 0; bits <= (columns ? all - 1 : all); ++bits) {
      for (std::size_t y = 0; y < n; ++y) {
        for (std::size_t x = 0; x < n; ++x) pixels.push_back(bits >> (columns ? x : y) & 1);
      }
    }
  }
  SourceFile source;
  source.name = source.file = "bars-and-stripes:" + std::to_string(n);
  source.description = "the " + std::to_string(count) + " bars and stripes of " + std::to_string(n) + " x " +
                       std::to_string(n) + " pixels, each once";
  source.content = NumericArray::from<std::uint8_t>(pixels, {count, n, n});
  return source;
}

std::vector<std::string> read_words(const fs::path& path, std::vector<std::size_t>& lines) {
  const auto bytes = read_file_maybe_gz(path);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  std::vector<std::string> words;
  std::size_t line = 0;
  for (std::size_t at = 0; at < text.size(); ++line) {
    const auto end = std::min(text.find('\n', at), text.size());
    std::string_view word = text.substr(at, end - at);
    at = end + 1;
    while (!word.empty() && (word.back() == '\r' || word.back() == ' ')) word.remove_suffix(1);
    if (word.empty()) {
      throw InputError(path.string() + ":" + std::to_string(line + 1) +
                       ": the line is empty; each line should hold the label of one case");
    }
    words.emplace_back(word);
    lines.push_back(line + 1);
  }
  return words;
}

}  // namespace harmonium
