// Charts as SVG text: curves of training, bars, boxes, histograms.
//
// Each function returns one <svg> element that stands by itself as a file and inside an HTML page. Text and
// lines take the page's text colour (currentColor); series take the CSS variables --series-1 to --series-8
// where the page defines them (the report does, for light and dark) and else colours that people with any
// colour vision tell apart (after Okabe & Ito, "Color universal design", 2008). Every text given is escaped.
// Equal inputs give equal bytes.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace harmonium {

/// A line across the whole chart: a value to compare with, or a moment.
struct ReferenceLine {
  double value = 0;
  std::string label;
};

/// One curve. Points that are not finite (or not positive on a logarithmic axis) are gaps.
struct Series {
  std::string name;
  std::vector<double> x, y;       ///< equally many
  std::vector<double> low, high;  ///< a shaded band around the curve (an uncertainty), or both empty
  bool dashed = false;            ///< e.g. for held-out cases beside training cases
  std::size_t colour = 0;         ///< 1 to 8; 0 takes the series' place in the list
};

/// How a chart looks. Sizes are in pixels at which it is readable; it scales as an image does.
struct ChartOptions {
  std::string title;             ///< above the chart, and what screen readers say
  std::string x_label, y_label;  ///< with their units: "epoch", "free energy (nats)"
  bool log_x = false, log_y = false;
  bool from_zero = false;               ///< the vertical axis includes zero (not with log_y)
  std::size_t width = 640, height = 0;  ///< 240 to 4000; height 0 means 320, or what the bars need
  std::vector<ReferenceLine> levels;    ///< horizontal lines at y (line charts); vertical ones at x elsewhere
  std::vector<ReferenceLine> moments;   ///< vertical lines at x (line charts)

  /// A sentence on what is wrong, or the empty string.
  std::string problem() const;
};

/// Curves over a common axis, each named at its right end, or in a legend above where the names are long or
/// many. Long series are thinned to what can be seen (the least and the largest of each pixel stay).
/// Throws InputError for options with a problem() and series whose lists differ in length.
std::string line_chart(std::span<const Series> series, const ChartOptions& options = {});

/// A named amount.
struct Bar {
  std::string label;
  double value = 0;
  double error = 0;  ///< drawn as a whisker of this half-width; 0 draws none
};
/// Horizontal bars from zero, in the given order, with their values. Values that are not finite have no bar
/// and are named as what they are. Throws InputError for options with a problem(), and for logarithmic axes.
std::string bar_chart(std::span<const Bar> bars, const ChartOptions& options = {});

/// Five numbers of a sample.
struct Box {
  std::string label;
  double least = 0, lower = 0, median = 0, upper = 0, most = 0;
};
/// The least, the quartiles (linear interpolation between ranks, as is usual) and the largest of the finite
/// ones of `values`; all NaN where there are none.
Box box_of(std::string label, std::span<const double> values);
/// Horizontal boxes from quartile to quartile with the median, whiskers to the extremes. Throws as bar_chart.
std::string box_chart(std::span<const Box> boxes, const ChartOptions& options = {});

/// How many of `values` lie in each of `bins` (0 chooses by the number of values, at most 60) intervals of
/// equal width between the least and the largest; values that are not finite are left out and their number is
/// told. `options.log_y` is allowed (empty bins then have no bar), `log_x` is not. Throws as bar_chart, and
/// for more than 1,000 bins.
std::string histogram(std::span<const double> values, std::size_t bins = 0, const ChartOptions& options = {});

}  // namespace harmonium
