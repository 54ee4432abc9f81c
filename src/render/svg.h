// One SVG element under construction, and what all charts share.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "harmonium/render/curve.h"
#include "render/axis.h"

namespace harmonium {

enum class Anchor { kStart, kMiddle, kEnd };

/// Approximate width of text in the charts' font.
double svg_text_width(std::string_view text);
/// The colour of series `number` (from 1, beginning again after 8) as a CSS value.
std::string series_colour(std::size_t number);

/// Collects elements; coordinates are pixels from the upper left corner. All text is escaped here.
class Svg {
 public:
  Svg(std::size_t width, double height, std::string_view label);

  void line(double x1, double y1, double x2, double y2, std::string_view style);
  void box(double x, double y, double width, double height, std::string_view style,
           std::string_view hover = "");
  void dot(double x, double y, double radius, std::string_view style, std::string_view hover = "");
  /// `path` is the content of a d attribute.
  void path(std::string_view path, std::string_view style);
  void text(double x, double y, Anchor anchor, std::string_view text, std::string_view style = "");
  /// Text that stays readable above lines.
  void text_over_lines(double x, double y, Anchor anchor, std::string_view text);

  /// The whole element; nothing may be added afterwards.
  std::string finish();

 private:
  void end_element(std::string_view name, std::string_view hover);
  std::string out_;
};

/// Where the data of a chart lie.
struct Plot {
  double left, top, right, bottom;
};

/// Title and the name of the vertical axis at the top; returns the y at which the rest may begin.
double draw_heading(Svg& svg, const ChartOptions& options);
/// Height of what draw_heading draws.
double heading_height(const ChartOptions& options);
/// Pixels right of the plot that the last label of a horizontal axis needs.
double tick_overhang(const Axis& axis);
/// The widest tick label.
double tick_width(const Axis& axis);
/// Grid lines across with labels at the left.
void draw_vertical_axis(Svg& svg, const Axis& axis, const Plot& plot);
/// The line at the bottom with ticks, labels and the axis' name; `grid` lines up through the plot.
void draw_horizontal_axis(Svg& svg, const Axis& axis, const Plot& plot, const std::string& name, bool grid);
/// Height that draw_horizontal_axis takes below the plot.
double horizontal_axis_height(const std::string& name);
/// Dashed vertical lines with their labels at the top, moved down where they would overlap.
void draw_verticals(Svg& svg, const Axis& axis, const Plot& plot, const std::vector<ReferenceLine>& lines);

/// Styles of lines.
inline constexpr std::string_view kGridStyle = "stroke:currentColor;stroke-opacity:.13";
inline constexpr std::string_view kAxisStyle = "stroke:currentColor;stroke-opacity:.55";
inline constexpr std::string_view kReferenceStyle =
    "stroke:currentColor;stroke-opacity:.6;stroke-dasharray:2 4;stroke-linecap:round;stroke-width:1.5";
inline constexpr std::string_view kFaintText = "fill-opacity:.72";

}  // namespace harmonium
