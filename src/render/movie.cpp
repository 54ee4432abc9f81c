#include "harmonium/render/movie.h"

#include <algorithm>
#include <cmath>

#include "harmonium/base/error.h"
#include "harmonium/io/gif.h"
#include "render/colours.h"
#include "render/font.h"
#include "render/number.h"

namespace harmonium {
namespace {

constexpr std::size_t kMargin = 8, kPad = 6, kLabelSquare = 11, kColumnsOfBand = 5;
// Grays between the darkest and the brightest unit, so that squares are told from the paper and each other.
constexpr double kDarkest = 0.06;

/// Where the parts of one panel lie, from its upper left corner.
struct Panel {
  std::size_t scale = 1;  ///< pixels a value of the image
  std::size_t image_width = 0, image_height = 0;
  std::size_t square = 0, across = 0, down = 0;  ///< of the grid of hidden units
  std::size_t labels = 0;                        ///< squares of label units
  std::size_t name_width = 0;
  std::size_t width = 0, height = 0;
};

void refuse(const std::string& sentence) {
  throw InputError(sentence);
}

void check_look(const MovieLook& look, const MovieOptions& options) {
  const std::size_t values = options.shape.height * options.shape.width, chains = look.visible.rows();
  if (values == 0 || look.visible.cols() != values)
    refuse("a movie of " + std::to_string(options.shape.height) + " x " +
           std::to_string(options.shape.width) + " images needs " + std::to_string(values) +
           " values an image, but there are " + std::to_string(look.visible.cols()) + ".");
  if (chains == 0) refuse("a movie needs at least one chain, but there are none.");
  for (const auto& [what, rows] : {std::pair{"hidden", look.hidden}, std::pair{"label", look.labels}})
    if (!rows.empty() && rows.rows() != chains)
      refuse(std::string("a movie of ") + std::to_string(chains) + " chains has " +
             std::to_string(rows.rows()) + " rows of " + what + " values; they must be as many.");
  if (!options.names.empty() && options.names.size() != chains)
    refuse("a movie of " + std::to_string(chains) + " chains needs as many names or none, but there are " +
           std::to_string(options.names.size()) + ".");
}

// Squares as large as they can be in a grid about as high as the image.
void fit_grid(Panel& panel, std::size_t units) {
  if (units == 0) return;
  const auto side = static_cast<double>(panel.image_height);
  panel.square = 1;
  for (std::size_t square = 2; square <= 12; ++square) {
    const std::size_t down = panel.image_height / square;
    // No wider than one and a half times the image's height.
    if (down == 0 || static_cast<double>((units + down - 1) / down * square) > 1.5 * side) break;
    panel.square = square;
  }
  panel.down = std::clamp<std::size_t>(panel.image_height / panel.square, 1, units);
  panel.across = (units + panel.down - 1) / panel.down;
}

Panel panel_of(const MovieLook& look, const MovieOptions& options, std::size_t image_pixels) {
  Panel panel;
  const std::size_t side = std::max(options.shape.height, options.shape.width);
  panel.scale = options.scale ? options.scale : std::max<std::size_t>(1, image_pixels / side);
  panel.image_width = options.shape.width * panel.scale;
  panel.image_height = options.shape.height * panel.scale;
  fit_grid(panel, look.hidden.empty() ? 0 : look.hidden.cols());
  panel.labels = look.labels.empty() ? 0 : look.labels.cols();
  for (const std::string& name : options.names)
    panel.name_width = std::max(panel.name_width, text_width(name, 2) + kPad);
  const std::size_t grid = panel.across == 0 ? 0 : kPad + panel.across * panel.square;
  panel.width = panel.name_width + panel.image_width + grid;
  panel.height = std::max(panel.image_height, panel.down * panel.square);
  if (panel.labels > 0) {
    panel.width = std::max(panel.width, panel.name_width + panel.labels * (kLabelSquare + 1));
    panel.height += kPad / 2 + kLabelSquare;
  }
  return panel;
}

Rgb level(float value, float high) {
  if (std::isnan(value)) return gray(0.5);  // frames are gray, so that a GIF keeps them as they are
  return gray(kDarkest + (1 - kDarkest) * std::clamp(static_cast<double>(value) / high, 0.0, 1.0));
}

// Pixels have no gaps, units have one where their squares are large enough.
void draw_image(Image& frame, std::span<const float> values, ImageShape shape, std::size_t scale,
                std::size_t left, std::size_t top) {
  for (std::size_t y = 0; y < shape.height; ++y)
    for (std::size_t x = 0; x < shape.width; ++x) {
      const float value = values[y * shape.width + x];
      fill_box(frame, left + x * scale, top + y * scale, scale, scale,
               std::isnan(value) ? gray(0.5) : gray(std::clamp(static_cast<double>(value), 0.0, 1.0)));
    }
}

void draw_units(Image& frame, std::span<const float> values, float high, const Panel& panel, std::size_t left,
                std::size_t top) {
  const std::size_t gap = panel.square > 2 ? 1 : 0;
  for (std::size_t j = 0; j < values.size(); ++j)
    fill_box(frame, left + j % panel.across * panel.square, top + j / panel.across * panel.square,
             panel.square - gap, panel.square - gap, level(values[j], high));
}

// A square a class, as bright as it is probable, with its name where that has one character.
void draw_labels(Image& frame, std::span<const float> values, const MovieOptions& options, std::size_t left,
                 std::size_t top) {
  for (std::size_t k = 0; k < values.size(); ++k) {
    const std::size_t x = left + k * (kLabelSquare + 1);
    fill_box(frame, x, top, kLabelSquare, kLabelSquare, level(values[k], 1.0f));
    if (k >= options.classes.size() || options.classes[k].size() != 1) continue;
    const std::size_t width = text_width(options.classes[k], 1);
    draw_text(frame, options.classes[k], x + (kLabelSquare - std::min(width, kLabelSquare)) / 2, top + 2, 1,
              values[k] > 0.5f ? gray(0.0) : gray(0.7));
  }
}

void draw_panel(Image& frame, const MovieLook& look, std::size_t chain, const MovieOptions& options,
                const Panel& panel, std::size_t left, std::size_t top) {
  if (!options.names.empty())
    draw_text(frame, options.names[chain], left, top + panel.image_height / 2 - text_height(2) / 2, 2,
              kDarkPaperInk);
  left += panel.name_width;
  draw_image(frame, look.visible.row(chain), options.shape, panel.scale, left, top);
  if (panel.across > 0)
    draw_units(frame, look.hidden.row(chain), options.hidden_high, panel, left + panel.image_width + kPad,
               top);
  if (panel.labels > 0)
    draw_labels(frame, look.labels.row(chain), options, left,
                top + std::max(panel.image_height, panel.down * panel.square) + kPad / 2);
}

Image paper(std::size_t width, std::size_t height) {
  Image image(width, height, 3);
  fill_box(image, 0, 0, width, height, kDarkPaper);
  return image;
}

// All that is drawn here is gray.
Image one_channel(const Image& image) {
  Image single(image.width, image.height, 1);
  for (std::size_t p = 0; p < single.pixels.size(); ++p) single.pixels[p] = image.pixels[3 * p];
  return single;
}

// 1 where there is no value above 0.
float largest_value(std::span<const MovieLook> looks) {
  float largest = 0;
  for (const MovieLook& look : looks)
    for (std::size_t r = 0; r < look.hidden.rows(); ++r)
      for (const float value : look.hidden.row(r))
        if (std::isfinite(value)) largest = std::max(largest, value);
  return largest > 0 ? largest : 1.0f;
}

}  // namespace

Image movie_frame(const MovieLook& look, const MovieOptions& options) {
  check_look(look, options);
  const std::size_t chains = look.visible.rows(), columns = chains > 3 ? 2 : 1,
                    rows = (chains + columns - 1) / columns;
  const Panel panel = panel_of(look, options, chains > 1 ? 84 : 196);
  const std::size_t heading = text_height(2) + kPad;
  Image frame = paper(std::max(2 * kMargin + columns * panel.width + (columns - 1) * 3 * kPad,
                               2 * kMargin + text_width("step 000000", 2)),
                      kMargin + heading + rows * (panel.height + kPad) - kPad + kMargin);
  draw_text(frame, look.caption, kMargin, kMargin, 2, kDarkPaperInk);
  for (std::size_t c = 0; c < chains; ++c)  // down the first column, then the second
    draw_panel(frame, look, c, options, panel, kMargin + c / rows * (panel.width + 3 * kPad),
               kMargin + heading + c % rows * (panel.height + kPad));
  return one_channel(frame);
}

Image movie_sheet(std::span<const MovieLook> looks, const MovieOptions& options, std::size_t most) {
  if (looks.empty()) refuse("a movie needs at least one look at its chains, but there are none.");
  for (const MovieLook& look : looks) check_look(look, options);
  const std::size_t count = std::min(std::max<std::size_t>(most, 1), looks.size());
  const std::size_t chains = looks.front().visible.rows();
  const std::size_t columns = chains == 1 ? std::min(count, kColumnsOfBand) : count,
                    bands = (count + columns - 1) / columns;
  MovieOptions inner = options;
  inner.names.clear();
  const Panel panel = panel_of(looks.front(), inner, chains == 1 ? 84 : 56);
  std::size_t names = 0;
  for (const std::string& name : options.names) names = std::max(names, text_width(name, 2) + kPad);
  const std::size_t heading = text_height(1) + kPad / 2,
                    band = heading + chains * (panel.height + kPad) + kPad;
  const std::size_t cell = panel.width + 2 * kPad;
  Image sheet = paper(2 * kMargin + names + columns * cell - 2 * kPad, 2 * kMargin + bands * band - 2 * kPad);
  for (std::size_t n = 0; n < count; ++n) {
    const MovieLook& look = looks[count == 1 ? looks.size() - 1 : n * (looks.size() - 1) / (count - 1)];
    const std::size_t left = kMargin + names + n % columns * cell, top = kMargin + n / columns * band;
    draw_text(sheet, look.caption, left, top, 1, kDarkPaperInk);
    for (std::size_t c = 0; c < chains; ++c) {
      const std::size_t y = top + heading + c * (panel.height + kPad);
      draw_panel(sheet, look, c, inner, panel, left, y);
      if (n == 0 && !options.names.empty())
        draw_text(sheet, options.names[c], kMargin, y + panel.image_height / 2 - text_height(2) / 2, 2,
                  kDarkPaperInk);
    }
  }
  return one_channel(sheet);
}

std::vector<MovieLook> movie_looks(const Fantasies& fantasies) {
  std::vector<MovieLook> looks;
  for (std::size_t s = 0; s < fantasies.steps.size(); ++s) {
    MovieLook look{"step " + std::to_string(fantasies.steps[s]), fantasies.visible[s], {}, {}};
    if (s < fantasies.hidden.size()) look.hidden = fantasies.hidden[s];
    if (!fantasies.labels[s].empty()) look.labels = fantasies.labels[s];
    looks.push_back(std::move(look));
  }
  return looks;
}

std::filesystem::path movie_sheet_path(std::filesystem::path gif) {
  return gif.replace_extension(".png");
}

Image write_movie(const std::filesystem::path& gif, const Fantasies& fantasies, MovieOptions options,
                  double frames_per_second) {
  if (!(frames_per_second >= 0.1 && frames_per_second <= 100))
    refuse("a movie shows 0.1 to 100 frames a second, but is asked for " +
           number_text(frames_per_second, 4, MinusSign::kAscii) + ".");
  const auto looks = movie_looks(fantasies);
  options.hidden_high = largest_value(looks);
  std::vector<Image> frames;
  for (const MovieLook& look : looks) frames.push_back(movie_frame(look, options));
  write_gif(gif, frames, static_cast<std::size_t>(std::lround(100 / frames_per_second)));
  Image sheet = movie_sheet(looks, options, looks.front().visible.rows() == 1 ? 20 : 10);
  write_png(movie_sheet_path(gif), sheet);
  return sheet;
}

}  // namespace harmonium
