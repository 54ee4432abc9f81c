// Sheets: many small images side by side in one picture. Weights, cases beside their reconstructions,
// fantasies over Gibbs steps.
//
// A sheet is an ordinary Image, to be written with write_png or put into a Report. Equal inputs give equal
// pixels. Magnification is by whole numbers and without blur. NaN (a missing value) has a colour of its own,
// violet; infinities are drawn as the nearest end of the scale.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "harmonium/base/matrix.h"
#include "harmonium/io/png.h"

namespace harmonium {

/// How a row of height * width values becomes an image: value (y, x) is row[y * width + x].
struct ImageShape {
  std::size_t height = 0, width = 0;
};

/// What the numbers are, and so their colours.
enum class SheetLook {
  kValues,   ///< intensities: from paper (low) to ink (high)
  kWeights,  ///< signed: zero is neutral, the colours of -x and x are equally strong
};
/// Which numbers reach the ends of the colours.
enum class SheetScaling {
  kFixed,  ///< `low` and `high`; for weights -high and high
  kTile,   ///< each image by its own percentile, so that weak ones are seen
  kSheet,  ///< one percentile for the whole sheet, so that images can be compared
};
enum class SheetInk { kLightOnDark, kDarkOnLight };
/// Colours of weights, from negative by zero to positive.
enum class WeightColours {
  kBlueOrange,  ///< blue, white, orange: told apart by people with any colour vision
  kGray,        ///< black, mid-gray, white: as in the literature
};

/// How a sheet looks.
struct SheetOptions {
  SheetLook look = SheetLook::kValues;
  SheetScaling scaling = SheetScaling::kFixed;
  float low = 0, high = 1;   ///< ends of the scale for kFixed; low < high, for weights 0 < high
  double percentile = 99.5;  ///< (50, 100]: share of the numbers within the scale for kTile and kSheet
  SheetInk ink = SheetInk::kLightOnDark;
  WeightColours colours = WeightColours::kBlueOrange;
  std::size_t columns = 0;            ///< images in a row; 0 chooses a sheet somewhat wider than high
  std::size_t scale = 0;              ///< pixels a value, up to 64; 0 chooses so that an image has 56 or more
  std::size_t gap = 2;                ///< pixels between images, up to 64
  bool colour_bar = false;            ///< the scale below the sheet (not for kTile, which has many)
  std::string title;                  ///< a line above
  std::vector<std::string> captions;  ///< one below each image, or none at all

  /// A sentence on what is wrong, or the empty string.
  std::string problem() const;
};

/// What fits weights: signed colours on one scale for the whole sheet, and a bar that tells the scale.
SheetOptions weight_options();

/// One image a row, N x (height * width), left to right, then down.
/// Throws InputError for options with a problem(), no rows, rows of another length than the shape's, captions
/// of another number than the images, and sheets beyond 2^28 pixels.
Image sheet_of_rows(ConstMatrixView<float> rows, ImageShape shape, const SheetOptions& options = {});

/// One image a column, (height * width) x N: the incoming weights of N hidden units (V x H as they are
/// stored). Throws as sheet_of_rows does.
Image sheet_of_columns(ConstMatrixView<float> columns, ImageShape shape,
                       const SheetOptions& options = weight_options());

/// Images of one sort: the cases, or what a model made of them.
struct LabelledRows {
  std::string label;
  ConstMatrixView<float> rows;
};

/// Sorts above each other: image j of every sort stands in one column ("data" above "reconstruction"), with
/// the labels at the left. Where there are more than `options.columns` (0 means 10) of them, the next follow
/// in a band below. `options.captions` has one caption a case, or none. Throws as sheet_of_rows does, and
/// where the sorts differ in their number of rows.
Image paired_sheet(std::span<const LabelledRows> sorts, ImageShape shape, const SheetOptions& options = {});

/// Chains over time: step s of `steps` is a column with its label above it ("0", "1", "10", "100"), row c
/// shows chain c. `options.columns` must be 0 or the number of steps; `options.captions` must be empty.
/// Throws as paired_sheet does.
Image sheet_of_steps(std::span<const LabelledRows> steps, ImageShape shape, const SheetOptions& options = {});

}  // namespace harmonium
