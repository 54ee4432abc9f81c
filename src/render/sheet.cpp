// Sheets: a grid of images is measured, a canvas made, and each image mapped to colours.
#include "harmonium/render/sheet.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>

#include "harmonium/base/error.h"
#include "render/colours.h"
#include "render/font.h"
#include "render/number.h"

namespace harmonium {
namespace {

constexpr std::size_t kLargestScale = 64, kLargestGap = 64;
constexpr std::size_t kLargestSheet = std::size_t{1} << 28;  // pixels
constexpr std::size_t kSmallestTile = 56;                    // pixels, where the scale is chosen for them

/// Rows x columns places, each with an image or without, and the words around them.
struct Grid {
  std::size_t rows = 0, columns = 0;
  std::vector<std::span<const float>> tiles;  ///< rows * columns, empty where there is no image
  std::vector<std::string> captions;          ///< rows * columns, or none
  std::vector<std::string> column_labels;     ///< columns, or none
  std::vector<std::string> row_labels;        ///< rows, or none
  std::size_t band = 0;                       ///< a wider gap after every `band` rows, 0 for none

  Grid(std::size_t r, std::size_t c) : rows(r), columns(c), tiles(r * c) {}
};

/// Ends of the colours: values for `low` and below, `high` and above.
struct Limits {
  float low, high;
};

/// The number below which `percentile` percent of `values` lie (nearest rank). Reorders them.
float percentile_of(std::vector<float>& values, double percentile) {
  const auto last = static_cast<double>(values.size() - 1);
  const auto rank = static_cast<std::ptrdiff_t>(std::lround(last * percentile / 100));
  std::nth_element(values.begin(), values.begin() + rank, values.end());
  return values[static_cast<std::size_t>(rank)];
}

/// Limits from the finite ones of `values`; where all are equal the scale still has a width.
Limits measured_limits(std::vector<float> values, const SheetOptions& options) {
  std::erase_if(values, [](float value) { return !std::isfinite(value); });
  if (values.empty()) return options.look == SheetLook::kWeights ? Limits{-1, 1} : Limits{0, 1};
  if (options.look == SheetLook::kWeights) {
    for (float& value : values) value = std::abs(value);
    float high = percentile_of(values, options.percentile);
    // A sparse image may have zero at the percentile; then its largest weight is the end.
    if (high == 0) high = *std::max_element(values.begin(), values.end());
    return high == 0 ? Limits{-1, 1} : Limits{-high, high};
  }
  const float high = percentile_of(values, options.percentile);
  const float low = percentile_of(values, 100 - options.percentile);
  if (low < high) return {low, high};
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  return *least < *most ? Limits{*least, *most} : Limits{*least - 0.5f, *most + 0.5f};
}

Limits limits_of(std::span<const std::span<const float>> tiles, const SheetOptions& options) {
  std::vector<float> values;
  for (const auto tile : tiles) values.insert(values.end(), tile.begin(), tile.end());
  return measured_limits(std::move(values), options);
}

Limits fixed_limits(const SheetOptions& options) {
  return {options.look == SheetLook::kWeights ? -options.high : options.low, options.high};
}

Rgb colour_of(float value, Limits limits, const SheetOptions& options) {
  if (std::isnan(value)) return kMissingColour;
  // In double, so that neither the difference of the ends nor an infinity overflows to NaN.
  const double low = limits.low, high = limits.high;
  // Ends that are equal (a tile of one huge value) have no width to share.
  const double share = low < high ? (std::clamp<double>(value, low, high) - low) / (high - low) : 0.5;
  if (options.look == SheetLook::kValues) {
    return gray(options.ink == SheetInk::kLightOnDark ? share : 1 - share);
  }
  return options.colours == WeightColours::kGray ? gray(share) : blue_orange(2 * share - 1);
}

/// Where everything lies, in pixels.
struct Layout {
  std::size_t scale, text_scale, line;  ///< a value; a pixel of the letters; a line of text
  std::size_t margin, pad;
  std::size_t cell_width, tile_width, tile_height;
  std::size_t left, top;  ///< of the first cell
  std::size_t width, height;
  std::size_t bar_top;
  std::vector<std::size_t> row_top;
};

std::size_t widest(const std::vector<std::string>& words, std::size_t scale) {
  std::size_t width = 0;
  for (const auto& word : words) width = std::max(width, text_width(word, scale));
  return width;
}

std::size_t scale_for(ImageShape shape, const SheetOptions& options) {
  if (options.scale != 0) return options.scale;
  const std::size_t side = std::max(shape.height, shape.width);
  return std::clamp<std::size_t>((kSmallestTile + side - 1) / side, 1, kLargestScale);
}

bool has_bar(const SheetOptions& options) {
  return options.colour_bar && options.scaling != SheetScaling::kTile;
}

void check_size(std::size_t width, std::size_t height) {
  if (width > kLargestSheet / height) {
    throw InputError("The sheet would have " + std::to_string(width) + " x " + std::to_string(height) +
                     " pixels; show fewer images or a smaller scale, at most 2^28 pixels.");
  }
}

/// Rows without words below their images are closer to the next.
bool has_captions(const Grid& grid, std::size_t row) {
  for (std::size_t c = 0; c < grid.columns && !grid.captions.empty(); ++c) {
    if (!grid.captions[row * grid.columns + c].empty()) return true;
  }
  return false;
}

Layout layout_of(const Grid& grid, ImageShape shape, const SheetOptions& options) {
  Layout at{};
  at.scale = scale_for(shape, options);
  at.text_scale = std::clamp<std::size_t>((at.scale * std::max(shape.height, shape.width) + 40) / 60, 1, 2);
  at.line = text_height(at.text_scale);
  at.margin = std::max<std::size_t>(options.gap, 8);
  at.pad = 3 * at.text_scale;
  at.tile_width = shape.width * at.scale;
  at.tile_height = shape.height * at.scale;
  at.cell_width = std::max(
      {at.tile_width, widest(grid.captions, at.text_scale), widest(grid.column_labels, at.text_scale)});
  const std::size_t caption = at.line + at.pad + at.pad / 2;

  const std::size_t labels = widest(grid.row_labels, at.text_scale);
  at.left = at.margin + (labels == 0 ? 0 : labels + 2 * at.pad);
  at.top = at.margin;
  if (!options.title.empty()) at.top += at.line + 2 * at.pad;
  if (!grid.column_labels.empty()) at.top += at.line + at.pad;
  std::size_t y = at.top;
  for (std::size_t row = 0; row < grid.rows; ++row) {
    if (row != 0 && grid.band != 0 && row % grid.band == 0) y += 4 * at.pad;
    at.row_top.push_back(y);
    y += at.tile_height + (has_captions(grid, row) ? caption : 0) + options.gap;
  }
  const std::size_t cells = grid.columns * (at.cell_width + options.gap) - options.gap;
  at.width = std::max(at.left + cells, at.margin + text_width(options.title, at.text_scale)) + at.margin;
  at.bar_top = y - options.gap + 2 * at.pad;
  at.height = has_bar(options) ? at.bar_top + at.line + at.margin : y - options.gap + at.margin;
  if (has_bar(options)) at.width = std::max(at.width, 2 * at.margin + 150 * at.text_scale);
  return at;
}

void draw_tile(Image& sheet, std::span<const float> tile, std::size_t left, std::size_t top, ImageShape shape,
               std::size_t scale, Limits limits, const SheetOptions& options) {
  for (std::size_t y = 0; y < shape.height; ++y) {
    for (std::size_t x = 0; x < shape.width; ++x) {
      const Rgb colour = colour_of(tile[y * shape.width + x], limits, options);
      fill_box(sheet, left + x * scale, top + y * scale, scale, scale, colour);
    }
  }
}

/// The ends of the scale as numbers with the colours between them.
void draw_bar(Image& sheet, const Layout& at, Limits limits, const SheetOptions& options, Rgb ink) {
  const std::string low = number_text(limits.low, 2, MinusSign::kAscii);
  const std::string high = number_text(limits.high, 2, MinusSign::kAscii);
  const std::size_t length = 64 * at.text_scale, height = 7 * at.text_scale;
  std::size_t x = at.margin;
  draw_text(sheet, low, x, at.bar_top, at.text_scale, ink);
  x += text_width(low, at.text_scale) + 2 * at.pad;
  for (std::size_t i = 0; i < length; ++i) {
    const double share = static_cast<double>(i) / static_cast<double>(length - 1);
    const double value = limits.low * (1 - share) + limits.high * share;
    fill_box(sheet, x + i, at.bar_top, 1, height, colour_of(static_cast<float>(value), limits, options));
  }
  draw_text(sheet, high, x + length + 2 * at.pad, at.bar_top, at.text_scale, ink);
}

/// The words above and left of the grid.
void draw_labels(Image& sheet, const Grid& grid, const Layout& at, const SheetOptions& options, Rgb ink) {
  draw_text(sheet, options.title, at.margin, at.margin, at.text_scale, ink);
  for (std::size_t c = 0; c < grid.column_labels.size(); ++c) {
    const std::size_t width = text_width(grid.column_labels[c], at.text_scale);
    draw_text(sheet, grid.column_labels[c],
              at.left + c * (at.cell_width + options.gap) + (at.cell_width - width) / 2,
              at.top - at.line - at.pad / 2, at.text_scale, ink);
  }
  for (std::size_t r = 0; r < grid.row_labels.size(); ++r) {
    const std::size_t middle = at.row_top[r] + at.tile_height / 2, half = at.line / 2;
    draw_text(sheet, grid.row_labels[r], at.margin, middle > half ? middle - half : 0, at.text_scale, ink);
  }
}

/// Gray alone takes one channel: a third of the bytes.
Image without_needless_channels(Image image) {
  const auto& p = image.pixels;
  for (std::size_t i = 0; i < p.size(); i += 3) {
    if (p[i] != p[i + 1] || p[i] != p[i + 2]) return image;
  }
  Image single(image.width, image.height, 1);
  for (std::size_t i = 0; i < single.pixels.size(); ++i) single.pixels[i] = p[3 * i];
  return single;
}

void check_options(const SheetOptions& options) {
  if (const std::string problem = options.problem(); !problem.empty()) throw InputError(problem);
}

void check_rows(ConstMatrixView<float> rows, ImageShape shape) {
  if (shape.height == 0 || shape.width == 0)
    throw InputError("The images of a sheet need at least one pixel.");
  if (rows.rows() == 0) throw InputError("A sheet needs at least one image, but there are none.");
  if (shape.height > rows.cols() || shape.height * shape.width != rows.cols()) {
    throw InputError("A sheet of " + std::to_string(shape.height) + " x " + std::to_string(shape.width) +
                     " images needs " + std::to_string(shape.height * shape.width) +
                     " values an image, but there are " + std::to_string(rows.cols()) + ".");
  }
}

void check_captions(const SheetOptions& options, std::size_t images) {
  if (options.captions.empty() || options.captions.size() == images) return;
  throw InputError("A sheet of " + std::to_string(images) +
                   " images needs as many captions or none, but there are " +
                   std::to_string(options.captions.size()) + ".");
}

Image draw(const Grid& grid, ImageShape shape, const SheetOptions& options) {
  const Layout at = layout_of(grid, shape, options);
  check_size(at.width, at.height);
  const bool dark = options.look == SheetLook::kValues && options.ink == SheetInk::kLightOnDark;
  const Rgb paper = dark ? kDarkPaper : kLightPaper, ink = dark ? kDarkPaperInk : kLightPaperInk;
  Image sheet(at.width, at.height, 3);
  fill_box(sheet, 0, 0, at.width, at.height, paper);
  draw_labels(sheet, grid, at, options, ink);

  Limits limits = fixed_limits(options);
  if (options.scaling == SheetScaling::kSheet) limits = limits_of(grid.tiles, options);
  for (std::size_t i = 0; i < grid.tiles.size(); ++i) {
    if (grid.tiles[i].empty()) continue;
    const std::size_t left = at.left + i % grid.columns * (at.cell_width + options.gap);
    const std::size_t top = at.row_top[i / grid.columns];
    if (options.scaling == SheetScaling::kTile) limits = limits_of({&grid.tiles[i], 1}, options);
    draw_tile(sheet, grid.tiles[i], left + (at.cell_width - at.tile_width) / 2, top, shape, at.scale, limits,
              options);
    if (grid.captions.empty()) continue;
    const std::size_t width = text_width(grid.captions[i], at.text_scale);
    draw_text(sheet, grid.captions[i], left + (at.cell_width - width) / 2, top + at.tile_height + at.pad,
              at.text_scale, ink);
  }
  if (has_bar(options)) draw_bar(sheet, at, limits, options, ink);
  return without_needless_channels(std::move(sheet));
}

/// Columns for `images` images: sheets are about 1.6 times as wide as high.
std::size_t columns_for(std::size_t images, const SheetOptions& options) {
  if (options.columns != 0) return std::min(options.columns, images);
  return std::min(images, static_cast<std::size_t>(std::ceil(std::sqrt(1.6 * static_cast<double>(images)))));
}

void check_sorts(std::span<const LabelledRows> sorts, ImageShape shape) {
  if (sorts.empty()) throw InputError("A sheet needs at least one image, but there are none.");
  for (const LabelledRows& sort : sorts) {
    check_rows(sort.rows, shape);
    if (sort.rows.rows() == sorts[0].rows.rows()) continue;
    throw InputError("Images that stand beside each other must be equally many, but '" + sorts[0].label +
                     "' has " + std::to_string(sorts[0].rows.rows()) + " and '" + sort.label + "' has " +
                     std::to_string(sort.rows.rows()) + ".");
  }
}

}  // namespace

std::string SheetOptions::problem() const {
  if (scale > kLargestScale) return "The scale of a sheet must be at most 64 pixels a value.";
  if (gap > kLargestGap) return "The gap of a sheet must be at most 64 pixels.";
  if (!(percentile > 50 && percentile <= 100)) {
    return "The percentile of a sheet's scale must be above 50 and at most 100.";
  }
  if (scaling == SheetScaling::kFixed) {
    if (!std::isfinite(low) || !std::isfinite(high)) return "The ends of a sheet's scale must be finite.";
    if (look == SheetLook::kWeights ? !(high > 0) : !(low < high)) {
      return look == SheetLook::kWeights ? "The end of a sheet's scale of weights must be above 0."
                                         : "The lower end of a sheet's scale must be below the upper.";
    }
  }
  return "";
}

SheetOptions weight_options() {
  SheetOptions options;
  options.look = SheetLook::kWeights;
  options.scaling = SheetScaling::kSheet;
  options.colour_bar = true;
  return options;
}

Image sheet_of_rows(ConstMatrixView<float> rows, ImageShape shape, const SheetOptions& options) {
  check_options(options);
  check_rows(rows, shape);
  check_captions(options, rows.rows());
  const std::size_t columns = columns_for(rows.rows(), options);
  Grid grid((rows.rows() + columns - 1) / columns, columns);
  for (std::size_t i = 0; i < rows.rows(); ++i) grid.tiles[i] = rows.row(i);
  grid.captions = options.captions;
  if (!grid.captions.empty()) grid.captions.resize(grid.tiles.size());
  return draw(grid, shape, options);
}

Image sheet_of_columns(ConstMatrixView<float> columns, ImageShape shape, const SheetOptions& options) {
  Matrix<float> rows(columns.cols(), columns.rows());
  for (std::size_t i = 0; i < columns.rows(); ++i) {
    for (std::size_t j = 0; j < columns.cols(); ++j) rows(j, i) = columns(i, j);
  }
  return sheet_of_rows(rows, shape, options);
}

Image paired_sheet(std::span<const LabelledRows> sorts, ImageShape shape, const SheetOptions& options) {
  check_options(options);
  check_sorts(sorts, shape);
  const std::size_t cases = sorts[0].rows.rows();
  check_captions(options, cases);
  const std::size_t columns = std::min(cases, options.columns == 0 ? 10 : options.columns);
  const std::size_t bands = (cases + columns - 1) / columns;
  Grid grid(bands * sorts.size(), columns);
  grid.band = sorts.size();
  if (!options.captions.empty()) grid.captions.resize(grid.tiles.size());
  for (std::size_t row = 0; row < grid.rows; ++row) {
    const std::size_t sort = row % sorts.size(), first = row / sorts.size() * columns;
    grid.row_labels.push_back(sorts[sort].label);
    for (std::size_t c = 0; c < columns && first + c < cases; ++c) {
      grid.tiles[row * columns + c] = sorts[sort].rows.row(first + c);
      const bool last_of_band = sort + 1 == sorts.size();
      if (last_of_band && !grid.captions.empty()) {
        grid.captions[row * columns + c] = options.captions[first + c];
      }
    }
  }
  return draw(grid, shape, options);
}

Image sheet_of_steps(std::span<const LabelledRows> steps, ImageShape shape, const SheetOptions& options) {
  check_options(options);
  check_sorts(steps, shape);
  if (!options.captions.empty())
    throw InputError("A sheet of steps has labels, not captions below its images.");
  if (options.columns != 0 && options.columns != steps.size()) {
    throw InputError("A sheet of " + std::to_string(steps.size()) + " steps has as many columns, not " +
                     std::to_string(options.columns) + ".");
  }
  Grid grid(steps[0].rows.rows(), steps.size());
  for (std::size_t c = 0; c < grid.columns; ++c) {
    grid.column_labels.push_back(steps[c].label);
    for (std::size_t r = 0; r < grid.rows; ++r) grid.tiles[r * grid.columns + c] = steps[c].rows.row(r);
  }
  return draw(grid, shape, options);
}

}  // namespace harmonium
