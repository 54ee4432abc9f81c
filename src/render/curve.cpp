// Line charts.
#include "harmonium/render/curve.h"

#include <algorithm>
#include <cmath>

#include "harmonium/base/error.h"
#include "harmonium/render/number.h"
#include "render/axis.h"
#include "render/number.h"
#include "render/svg.h"

namespace harmonium {
namespace {

constexpr std::size_t kMostHovers = 150;  // points a series beyond which they say no more when pointed at
constexpr double kLabelLine = 16;

struct Point {
  double x, y;
};
using Run = std::vector<Point>;  // neighbours without a gap, in pixels

/// A chart whose places are known.
struct LineChart {
  std::span<const Series> series;
  const ChartOptions& options;
  Axis x, y;
  Plot plot;
  bool direct_labels;
};

std::size_t colour_number(const LineChart& chart, std::size_t i) {
  return chart.series[i].colour != 0 ? chart.series[i].colour : i + 1;
}

std::string line_style(const LineChart& chart, std::size_t i) {
  return "fill:none;stroke:" + series_colour(colour_number(chart, i)) +
         ";stroke-width:2;stroke-linejoin:round;stroke-linecap:round" +
         (chart.series[i].dashed ? ";stroke-dasharray:5 5" : "");
}

std::string fill_style(const LineChart& chart, std::size_t i) {
  return "fill:" + series_colour(colour_number(chart, i));
}

/// The points of a curve, parted at gaps.
std::vector<Run> runs_of(const LineChart& chart, const std::vector<double>& xs,
                         const std::vector<double>& ys) {
  std::vector<Run> runs;
  bool gap = true;
  for (std::size_t i = 0; i < xs.size(); ++i) {
    if (!chart.x.takes(xs[i]) || !chart.y.takes(ys[i])) {
      gap = true;
      continue;
    }
    if (gap) runs.emplace_back();
    gap = false;
    runs.back().push_back({chart.x.at(xs[i]), chart.y.at(ys[i])});
  }
  return runs;
}

/// Of points in one column of pixels, the first, the highest, the lowest and the last are all that is seen.
Run thinned(const Run& run) {
  Run kept;
  for (std::size_t i = 0; i < run.size();) {
    std::size_t end = i, highest = i, lowest = i;
    for (; end < run.size() && std::floor(run[end].x) == std::floor(run[i].x); ++end) {
      if (run[end].y < run[highest].y) highest = end;
      if (run[end].y > run[lowest].y) lowest = end;
    }
    std::size_t places[] = {i, std::min(highest, lowest), std::max(highest, lowest), end - 1};
    for (std::size_t k = 0; k < 4; ++k) {
      if (k == 0 || places[k] != places[k - 1]) kept.push_back(run[places[k]]);
    }
    i = end;
  }
  return kept;
}

void append_points(std::string& path, const Run& run, bool begin) {
  for (const Point& point : run) {
    path += begin ? "M" : "L";
    path += coordinate(point.x) + " " + coordinate(point.y);
    begin = false;
  }
}

void draw_band(Svg& svg, const LineChart& chart, std::size_t i) {
  const Series& series = chart.series[i];
  if (series.low.empty()) return;
  Run upper, lower;
  std::string path;
  const auto close = [&] {
    if (upper.empty()) return;
    std::reverse(lower.begin(), lower.end());
    append_points(path, upper, true);
    append_points(path, lower, false);
    path += "Z";
    upper.clear(), lower.clear();
  };
  for (std::size_t k = 0; k < series.x.size(); ++k) {
    if (chart.x.takes(series.x[k]) && chart.y.takes(series.low[k]) && chart.y.takes(series.high[k])) {
      upper.push_back({chart.x.at(series.x[k]), chart.y.at(series.high[k])});
      lower.push_back({chart.x.at(series.x[k]), chart.y.at(series.low[k])});
    } else {
      close();
    }
  }
  close();
  if (!path.empty()) svg.path(path, fill_style(chart, i) + ";fill-opacity:.18");
}

void draw_curve(Svg& svg, const LineChart& chart, std::size_t i) {
  const Series& series = chart.series[i];
  std::string path;
  for (const Run& run : runs_of(chart, series.x, series.y)) {
    if (run.size() == 1) svg.dot(run[0].x, run[0].y, 3, fill_style(chart, i));
    if (run.size() > 1) append_points(path, thinned(run), true);
  }
  if (!path.empty()) svg.path(path, line_style(chart, i));
}

/// Invisible dots that say their point when the pointer rests on them.
void draw_hovers(Svg& svg, const LineChart& chart, std::size_t i) {
  const Series& series = chart.series[i];
  if (series.x.size() > kMostHovers) return;
  const std::string x_name = chart.options.x_label.empty() ? "x" : chart.options.x_label;
  for (std::size_t k = 0; k < series.x.size(); ++k) {
    if (!chart.x.takes(series.x[k]) || !chart.y.takes(series.y[k])) continue;
    std::string says = series.name.empty() ? "" : series.name + ": ";
    says += number_text(series.y[k], 5) + " (" + x_name + " " + number_text(series.x[k], 6) + ")";
    svg.dot(chart.x.at(series.x[k]), chart.y.at(series.y[k]), 6, "fill:transparent", says);
  }
}

/// Moves labels apart that would overlap, keeping their order and staying between `top` and `bottom`.
void spread(std::vector<std::pair<double, std::size_t>>& labels, double top, double bottom) {
  std::sort(labels.begin(), labels.end());
  double least = top;
  for (auto& label : labels) {
    label.first = std::max(label.first, least);
    least = label.first + kLabelLine;
  }
  double most = bottom;
  for (auto label = labels.rbegin(); label != labels.rend(); ++label) {
    label->first = std::min(label->first, most);
    most = label->first - kLabelLine;
  }
}

/// Each curve's name at its right end.
void draw_direct_labels(Svg& svg, const LineChart& chart) {
  std::vector<std::pair<double, std::size_t>> labels;
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    const auto runs = runs_of(chart, chart.series[i].x, chart.series[i].y);
    if (runs.empty() || chart.series[i].name.empty()) continue;
    const Point end = runs.back().back();
    svg.dot(end.x, end.y, 3.5, fill_style(chart, i));
    labels.emplace_back(end.y, i);
  }
  spread(labels, chart.plot.top, chart.plot.bottom);
  for (const auto& [y, i] : labels) {
    svg.line(chart.plot.right + 8, y, chart.plot.right + 20, y, line_style(chart, i));
    svg.text(chart.plot.right + 25, y + 4, Anchor::kStart, chart.series[i].name);
  }
}

/// Names in rows above the plot; the height they take, drawn only where `svg` is given.
double legend(Svg* svg, const LineChart& chart, double top) {
  double x = 0, y = top;
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    const std::string& name = chart.series[i].name;
    if (name.empty()) continue;
    const double width = 27 + svg_text_width(name);
    if (x > 0 && x + width > static_cast<double>(chart.options.width)) x = 0, y += kLabelLine;
    if (svg != nullptr) {
      svg->line(x + 1, y + 7, x + 19, y + 7, line_style(chart, i));
      svg->text(x + 25, y + 11, Anchor::kStart, name);
    }
    x += width + 16;
  }
  return x == 0 ? 0 : y - top + kLabelLine + 8;
}

void draw_levels(Svg& svg, const LineChart& chart) {
  for (const ReferenceLine& level : chart.options.levels) {
    if (!chart.y.takes(level.value)) continue;
    const double y = chart.y.at(level.value);
    svg.line(chart.plot.left, y, chart.plot.right, y, kReferenceStyle);
    const double above = y - 5 > chart.plot.top + 6 ? y - 5 : y + 14;
    svg.text_over_lines(chart.plot.left + 4, above, Anchor::kStart, level.label);
  }
}

void check_series(const Series& series) {
  const bool band = !series.low.empty() || !series.high.empty();
  const std::size_t n = series.x.size();
  if (series.y.size() == n && (!band || (series.low.size() == n && series.high.size() == n))) return;
  throw InputError("The curve '" + series.name + "' needs as many y as x (" + std::to_string(n) +
                   "), and as many ends of its band or none, but has " + std::to_string(series.y.size()) +
                   " y and a band of " + std::to_string(series.low.size()) + " and " +
                   std::to_string(series.high.size()) + ".");
}

void make_axes(LineChart& chart, double height) {
  Range x(chart.options.log_x), y(chart.options.log_y);
  if (chart.options.from_zero) y.include(0);
  for (const Series& series : chart.series) {
    for (std::size_t k = 0; k < series.x.size(); ++k) {
      Range probe(chart.options.log_x);
      probe.include(series.x[k]);
      if (probe.empty()) continue;
      x.include(series.x[k]);
      y.include(series.y[k]);
      if (!series.low.empty()) y.include(series.low[k]), y.include(series.high[k]);
    }
  }
  for (const ReferenceLine& line : chart.options.levels) y.include(line.value);
  for (const ReferenceLine& line : chart.options.moments) x.include(line.value);
  const auto width = static_cast<double>(chart.options.width);
  chart.x = make_axis(x, static_cast<std::size_t>(std::max(3.0, width / 80)), false);
  chart.y = make_axis(y, static_cast<std::size_t>(std::max(3.0, height / 60)), true);
}

void choose_label_places(LineChart& chart, double height) {
  double widest = 0;
  std::size_t names = 0;
  for (const Series& series : chart.series) {
    widest = std::max(widest, svg_text_width(series.name));
    names += !series.name.empty();
  }
  chart.direct_labels = names > 0 && widest <= 0.3 * static_cast<double>(chart.options.width) &&
                        static_cast<double>(names) * kLabelLine <= 0.6 * height;
  const double top = heading_height(chart.options);
  chart.plot.left = tick_width(chart.y) + 12;
  chart.plot.right = static_cast<double>(chart.options.width) -
                     std::max(tick_overhang(chart.x), chart.direct_labels ? widest + 28 : 14);
  chart.plot.top = top + (chart.direct_labels ? 0 : legend(nullptr, chart, top)) + 6;
  chart.plot.bottom = height - horizontal_axis_height(chart.options.x_label);
  chart.x.start = chart.plot.left, chart.x.stop = chart.plot.right;
  chart.y.start = chart.plot.bottom, chart.y.stop = chart.plot.top;
}

bool nothing_to_see(const LineChart& chart) {
  return std::all_of(chart.series.begin(), chart.series.end(),
                     [&](const Series& s) { return runs_of(chart, s.x, s.y).empty(); });
}

/// What screen readers say.
std::string spoken(const ChartOptions& options) {
  std::string label = options.title.empty() ? "Line chart" : options.title;
  if (!options.y_label.empty()) label += ": " + options.y_label;
  return options.x_label.empty() ? label : label + " by " + options.x_label;
}

}  // namespace

std::string ChartOptions::problem() const {
  if (width < 240 || width > 4000) return "The width of a chart must be from 240 to 4000 pixels.";
  if (height != 0 && (height < 160 || height > 4000)) {
    return "The height of a chart must be 0 or from 160 to 4000 pixels.";
  }
  if (from_zero && log_y) return "A logarithmic axis cannot include zero; drop one of from_zero and log_y.";
  return "";
}

std::string line_chart(std::span<const Series> series, const ChartOptions& options) {
  if (const std::string problem = options.problem(); !problem.empty()) throw InputError(problem);
  for (const Series& one : series) check_series(one);
  const double height = options.height == 0 ? 320 : static_cast<double>(options.height);
  LineChart chart{series, options, {}, {}, {}, false};
  make_axes(chart, height);
  choose_label_places(chart, height);

  Svg svg(options.width, height, spoken(options));
  const double top = draw_heading(svg, options);
  if (!chart.direct_labels) legend(&svg, chart, top);
  draw_vertical_axis(svg, chart.y, chart.plot);
  draw_horizontal_axis(svg, chart.x, chart.plot, options.x_label, false);
  for (std::size_t i = 0; i < series.size(); ++i) draw_band(svg, chart, i);
  for (std::size_t i = 0; i < series.size(); ++i) draw_curve(svg, chart, i);
  if (chart.direct_labels) draw_direct_labels(svg, chart);
  draw_levels(svg, chart);
  draw_verticals(svg, chart.x, chart.plot, options.moments);
  for (std::size_t i = 0; i < series.size(); ++i) draw_hovers(svg, chart, i);
  if (nothing_to_see(chart)) {
    svg.text((chart.plot.left + chart.plot.right) / 2, (chart.plot.top + chart.plot.bottom) / 2,
             Anchor::kMiddle, "no values to show");
  }
  return svg.finish();
}

}  // namespace harmonium
