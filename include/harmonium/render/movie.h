// Movies of chains: what the visible layer shows, beside it the state of the top layer as a grid of small
// squares, and the label units, as in the demonstration of Hinton, Osindero & Teh (2006).
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "harmonium/base/matrix.h"
#include "harmonium/io/png.h"
#include "harmonium/render/sheet.h"
#include "harmonium/samplers/generate.h"

namespace harmonium {

/// What M chains show at one moment.
struct MovieLook {
  std::string caption;             ///< "step 120"
  ConstMatrixView<float> visible;  ///< M x (height * width), from 0 to 1
  ConstMatrixView<float> hidden;   ///< M x H values of the top layer, or empty
  ConstMatrixView<float> labels;   ///< M x K probabilities of the classes, or empty
};

struct MovieOptions {
  ImageShape shape;
  std::vector<std::string> classes;  ///< names of the K classes, for the squares of the label units
  std::vector<std::string> names;    ///< one a chain, at its left; or none
  /// Value of a hidden unit that is drawn white; smaller ones are darker, 0 is the darkest.
  float hidden_high = 1.0f;
  std::size_t scale =
      0;  ///< pixels of the frame a value; 0: so that an image is 170 to 200 of them, or 84 of many
};

/// One frame, in gray: the chains as panels, in two columns where there are more than three. Frames of looks
/// with the same shapes have the same size. Throws InputError where shapes do not fit each other.
Image movie_frame(const MovieLook& look, const MovieOptions& options);

/// A sheet of at most `most` looks at about equal distances, the first and the last among them: one row a
/// chain and one column a look, or for one chain bands of five looks; as a picture of the movie.
Image movie_sheet(std::span<const MovieLook> looks, const MovieOptions& options, std::size_t most);

/// What `fantasies` showed at each of its steps, as views of them; hidden states where they were kept.
std::vector<MovieLook> movie_looks(const Fantasies& fantasies);

/// Frames of all looks as a GIF of `frames_per_second`, and a sheet of at most 20 of them (10 of several
/// chains) as movie_sheet_path(gif), which is returned too. Hidden values are drawn on one scale, up to the
/// largest of all. Throws InputError as movie_frame does and where frames_per_second is not from 0.1 to 100,
/// WorkError where a file cannot be written.
Image write_movie(const std::filesystem::path& gif, const Fantasies& fantasies, MovieOptions options,
                  double frames_per_second);
/// FILE.png for FILE.gif.
std::filesystem::path movie_sheet_path(std::filesystem::path gif);

}  // namespace harmonium
