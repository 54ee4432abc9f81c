// Bars, boxes and histograms.
#include <algorithm>
#include <cmath>
#include <limits>

#include "harmonium/base/error.h"
#include "harmonium/render/curve.h"
#include "harmonium/render/number.h"
#include "render/svg.h"

namespace harmonium {
namespace {

constexpr double kBarHeight = 16, kRowPitch = 26, kLabelPitch = 16;
constexpr std::size_t kMostBins = 1000;

void check_options(const ChartOptions& options, bool log_y_allowed) {
  if (const std::string problem = options.problem(); !problem.empty()) throw InputError(problem);
  if (options.log_x) throw InputError("Only line charts take a logarithmic horizontal axis; drop log_x.");
  if (options.log_y && !log_y_allowed) {
    throw InputError("Bars and boxes have no logarithmic axis, as bars begin at zero; drop log_y.");
  }
}

std::string spoken(const ChartOptions& options, const char* kind) {
  return options.title.empty() ? kind : options.title;
}

/// Rows of bars: names at the left, or above their bars where they are long.
struct Rows {
  Plot plot{};
  double height = 0, pitch = 0, offset = 0;
  bool names_above = false;

  double middle(std::size_t row) const {
    return plot.top + static_cast<double>(row) * pitch + offset + kRowPitch / 2;
  }
};

/// `room_left` and `room_right` are kept free for words beside the bars.
Rows arrange(const std::vector<std::string>& names, const ChartOptions& options, double room_left,
             double room_right) {
  Rows rows;
  double widest = 0;
  for (const auto& name : names) widest = std::max(widest, svg_text_width(name));
  const auto width = static_cast<double>(options.width);
  rows.names_above = widest > 0.35 * width;
  rows.offset = rows.names_above ? kLabelPitch : 0;
  rows.pitch = kRowPitch + rows.offset;
  rows.plot.left = (rows.names_above ? 0 : widest + 10) + std::max(room_left, 8.0);
  rows.plot.right = width - std::max(room_right, 24.0);
  rows.plot.top = heading_height(options) + (options.levels.empty() ? 2 : 18);
  const double axis = horizontal_axis_height(options.x_label);
  const double needed = rows.plot.top + rows.pitch * static_cast<double>(names.size()) + 4 + axis;
  rows.height = std::max(needed, static_cast<double>(options.height));
  rows.plot.bottom = rows.height - axis;
  return rows;
}

void draw_names(Svg& svg, const Rows& rows, const std::vector<std::string>& names) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    const double y = rows.names_above ? rows.middle(i) - kRowPitch / 2 - 1 : rows.middle(i) + 4;
    svg.text_over_lines(0, y, Anchor::kStart, names[i]);
  }
}

/// The axis of rows, with its pixels set, and all that is around the bars.
Axis draw_frame(Svg& svg, const Rows& rows, const Range& range, const ChartOptions& options) {
  const double width = rows.plot.right - rows.plot.left;
  Axis axis = make_axis(range, static_cast<std::size_t>(std::max(2.0, width / 90)), true);
  axis.start = rows.plot.left, axis.stop = rows.plot.right;
  draw_heading(svg, options);
  draw_horizontal_axis(svg, axis, rows.plot, options.x_label, true);
  return axis;
}

/// From `from` to a cross-bar at `to`.
void draw_whisker(Svg& svg, double from, double to, double y) {
  const std::string_view style = "stroke:currentColor;stroke-width:1.5";
  svg.line(from, y, to, y, style);
  svg.line(to, y - 4, to, y + 4, style);
}

std::string bar_text(const Bar& bar) {
  std::string text = number_text(bar.value);
  return bar.error > 0 ? text + " \xC2\xB1 " + number_text(bar.error, 2) : text;
}

void draw_bar(Svg& svg, const Axis& axis, const Bar& bar, double y) {
  double end = axis.at(0);
  const bool negative = bar.value < 0;
  if (axis.takes(bar.value)) {
    const double zero = end, tip = axis.at(bar.value);
    svg.box(std::min(zero, tip), y - kBarHeight / 2, std::abs(tip - zero), kBarHeight,
            "fill:" + series_colour(1) + ";fill-opacity:.85", bar.label + ": " + bar_text(bar));
    end = tip;
    if (bar.error > 0 && axis.takes(bar.error)) {
      draw_whisker(svg, tip, axis.at(bar.value - bar.error), y);
      draw_whisker(svg, tip, axis.at(bar.value + bar.error), y);
      end = axis.at(bar.value + (negative ? -bar.error : bar.error));
    }
  }
  svg.text_over_lines(negative ? end - 6 : end + 6, y + 4, negative ? Anchor::kEnd : Anchor::kStart,
                      bar_text(bar));
}

/// Quantile of sorted values by linear interpolation between ranks.
double quantile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  const double part = place - static_cast<double>(below);
  return sorted[below] * (1 - part) + sorted[above] * part;
}

void draw_box(Svg& svg, const Axis& axis, const Box& box, double y) {
  const bool shown = axis.takes(box.least) && axis.takes(box.lower) && axis.takes(box.median) &&
                     axis.takes(box.upper) && axis.takes(box.most);
  if (!shown) {
    svg.text(axis.start + 6, y + 4, Anchor::kStart, "no values to show", kFaintText);
    return;
  }
  const double lower = axis.at(box.lower), upper = axis.at(box.upper);
  draw_whisker(svg, lower, axis.at(box.least), y);
  draw_whisker(svg, upper, axis.at(box.most), y);
  svg.box(lower, y - kBarHeight / 2, upper - lower, kBarHeight,
          "fill:" + series_colour(1) + ";fill-opacity:.85",
          box.label + ": least " + number_text(box.least) + ", quartiles " + number_text(box.lower) +
              " and " + number_text(box.upper) + ", median " + number_text(box.median) + ", largest " +
              number_text(box.most));
  svg.line(axis.at(box.median), y - kBarHeight / 2, axis.at(box.median), y + kBarHeight / 2,
           "stroke:var(--surface,#fff);stroke-width:3");
}

/// Numbers of values in equal intervals from `low` to `high`.
struct Counts {
  double low = 0, high = 1;
  std::vector<std::size_t> counts;
  std::size_t left_out = 0;

  double edge(std::size_t bin) const {
    const double share = static_cast<double>(bin) / static_cast<double>(counts.size());
    return low * (1 - share) + high * share;
  }
};

Counts count_values(std::span<const double> values, std::size_t bins) {
  Range range(false);
  Counts result;
  for (const double value : values) range.include(value);
  if (!range.empty()) result.low = range.low(), result.high = range.high();
  // One value only, or values that differ by rounding: an interval around it.
  const double size = std::max(std::abs(result.low), std::abs(result.high));
  if (result.high - result.low <= 1e-12 * size || size == 0) {
    const double room = size == 0 ? 0.5 : 0.05 * size;
    result.low -= room, result.high += room;
  }
  if (bins == 0) {
    bins = static_cast<std::size_t>(std::ceil(2 * std::cbrt(static_cast<double>(values.size()))));
    bins = std::clamp<std::size_t>(bins, 1, 60);
  }
  result.counts.assign(bins, 0);
  for (const double value : values) {
    if (!(value >= result.low && value <= result.high)) {
      ++result.left_out;
      continue;
    }
    const double share = (value - result.low) / (result.high - result.low);
    ++result.counts[std::min(static_cast<std::size_t>(share * static_cast<double>(bins)), bins - 1)];
  }
  return result;
}

void draw_bins(Svg& svg, const Axis& x, const Axis& y, const Counts& counts) {
  const std::string style = "fill:" + series_colour(1) + ";fill-opacity:.85";
  for (std::size_t i = 0; i < counts.counts.size(); ++i) {
    if (counts.counts[i] == 0) continue;
    const double left = x.at(counts.edge(i)), right = x.at(counts.edge(i + 1));
    const double top = y.at(static_cast<double>(counts.counts[i]));
    const double gap = right - left > 4 ? 1 : 0;
    svg.box(left + gap / 2, top, right - left - gap, y.start - top, style,
            number_text(counts.edge(i)) + " to " + number_text(counts.edge(i + 1)) + ": " +
                number_text(static_cast<double>(counts.counts[i]), 12));
  }
}

}  // namespace

std::string bar_chart(std::span<const Bar> bars, const ChartOptions& options) {
  check_options(options, false);
  Range range(false);
  range.include(0);
  std::vector<std::string> names;
  double room_left = 0, room_right = 0;
  for (const Bar& bar : bars) {
    names.push_back(bar.label);
    range.include(bar.value);
    if (bar.error > 0) range.include(bar.value - bar.error), range.include(bar.value + bar.error);
    double& room = bar.value < 0 ? room_left : room_right;
    room = std::max(room, svg_text_width(bar_text(bar)) + 12);
  }
  for (const ReferenceLine& line : options.levels) range.include(line.value);
  const Rows rows = arrange(names, options, room_left, room_right);
  Svg svg(options.width, rows.height, spoken(options, "Bar chart"));
  const Axis axis = draw_frame(svg, rows, range, options);
  svg.line(axis.at(0), rows.plot.top, axis.at(0), rows.plot.bottom, kAxisStyle);
  draw_names(svg, rows, names);
  const Plot above{rows.plot.left, rows.plot.top - 16, rows.plot.right, rows.plot.bottom};
  draw_verticals(svg, axis, above, options.levels);
  for (std::size_t i = 0; i < bars.size(); ++i) draw_bar(svg, axis, bars[i], rows.middle(i));
  return svg.finish();
}

Box box_of(std::string label, std::span<const double> values) {
  std::vector<double> sorted(values.begin(), values.end());
  std::erase_if(sorted, [](double value) { return !std::isfinite(value); });
  std::sort(sorted.begin(), sorted.end());
  if (sorted.empty()) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    return {std::move(label), nan, nan, nan, nan, nan};
  }
  return {std::move(label),      sorted.front(),         quantile(sorted, 0.25),
          quantile(sorted, 0.5), quantile(sorted, 0.75), sorted.back()};
}

std::string box_chart(std::span<const Box> boxes, const ChartOptions& options) {
  check_options(options, false);
  Range range(false);
  std::vector<std::string> names;
  for (const Box& box : boxes) {
    names.push_back(box.label);
    range.include(box.least), range.include(box.most);
  }
  for (const ReferenceLine& line : options.levels) range.include(line.value);
  const Rows rows = arrange(names, options, 0, 0);
  Svg svg(options.width, rows.height, spoken(options, "Box chart"));
  const Axis axis = draw_frame(svg, rows, range, options);
  draw_names(svg, rows, names);
  const Plot above{rows.plot.left, rows.plot.top - 16, rows.plot.right, rows.plot.bottom};
  draw_verticals(svg, axis, above, options.levels);
  for (std::size_t i = 0; i < boxes.size(); ++i) draw_box(svg, axis, boxes[i], rows.middle(i));
  return svg.finish();
}

std::string histogram(std::span<const double> values, std::size_t bins, const ChartOptions& options) {
  check_options(options, true);
  if (bins > kMostBins) throw InputError("A histogram has at most 1,000 bins.");
  const Counts counts = count_values(values, bins);
  const double height = options.height == 0 ? 320 : static_cast<double>(options.height);
  Range x_range(false), y_range(options.log_y);
  x_range.include(counts.low), x_range.include(counts.high);
  for (const ReferenceLine& line : options.levels) x_range.include(line.value);
  // A logarithmic axis begins below 1, so that single values are seen.
  y_range.include(options.log_y ? 0.7 : 0);
  y_range.include(static_cast<double>(*std::max_element(counts.counts.begin(), counts.counts.end())));
  const auto ticks = static_cast<std::size_t>(std::max(3.0, static_cast<double>(options.width) / 80));
  Axis x = make_axis(x_range, ticks, false), y = make_axis(y_range, options.log_y ? 6 : 5, !options.log_y);

  const double top = heading_height(options) + (counts.left_out == 0 ? 6 : 20);
  const Plot plot{tick_width(y) + 12, top,
                  static_cast<double>(options.width) - std::max(14.0, tick_overhang(x)),
                  height - horizontal_axis_height(options.x_label)};
  x.start = plot.left, x.stop = plot.right;
  y.start = plot.bottom, y.stop = plot.top;
  Svg svg(options.width, height, spoken(options, "Histogram"));
  draw_heading(svg, options);
  if (counts.left_out != 0) {
    svg.text(plot.right, top - 8, Anchor::kEnd,
             number_text(static_cast<double>(counts.left_out), 12) + " of " +
                 number_text(static_cast<double>(values.size()), 12) + " values are not finite",
             kFaintText);
  }
  draw_vertical_axis(svg, y, plot);
  draw_bins(svg, x, y, counts);
  draw_horizontal_axis(svg, x, plot, options.x_label, false);
  draw_verticals(svg, x, plot, options.levels);
  return svg.finish();
}

}  // namespace harmonium
