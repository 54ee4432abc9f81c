// One SVG element under construction, and what all charts share.
#include "render/svg.h"

#include <algorithm>
#include <array>
#include <vector>

#include "render/markup.h"
#include "render/number.h"

namespace harmonium {
namespace {

constexpr double kFontSize = 12, kLine = 18, kTitleLine = 20;

/// name="12.5"
std::string attribute(std::string_view name, double value) {
  return " " + std::string(name) + "=\"" + coordinate(value) + "\"";
}
std::string style_attribute(std::string_view style) {
  return style.empty() ? "" : " style=\"" + std::string(style) + "\"";
}

/// `text` in lines of about `width` pixels, parted at blanks; a longer word stays whole.
std::vector<std::string> wrapped(const std::string& text, double width) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    if (!lines.empty() && svg_text_width(lines.back() + " " + word) <= width) {
      lines.back() += " " + word;
    } else if (!word.empty()) {
      lines.push_back(word);
    }
    begin = end + 1;
  }
  return lines;
}

/// The words above a chart in lines that fit its width.
struct Heading {
  std::vector<std::string> title, y_label;

  explicit Heading(const ChartOptions& options) {
    const auto width = static_cast<double>(options.width);
    title = wrapped(options.title, width / 1.25);  // a larger and bolder font
    y_label = wrapped(options.y_label, width);
  }
};

}  // namespace

double svg_text_width(std::string_view text) {
  return 0.56 * kFontSize * static_cast<double>(character_count(text));
}

std::string series_colour(std::size_t number) {
  static constexpr std::array<std::string_view, 8> kColours{"#0072b2", "#d55e00", "#009e73", "#c2609a",
                                                            "#b58900", "#4aa3df", "#6a51a3", "#5f6670"};
  const std::size_t index = (number - 1) % kColours.size();
  return "var(--series-" + std::to_string(index + 1) + "," + std::string(kColours[index]) + ")";
}

Svg::Svg(std::size_t width, double height, std::string_view label) {
  const std::string w = std::to_string(width), h = coordinate(height);
  out_ = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + w + "\" height=\"" + h + "\" viewBox=\"0 0 " +
         w + " " + h + "\" role=\"img\" aria-label=\"" + escape_markup(label) +
         "\" font-family=\"system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',sans-serif\" "
         "font-size=\"12\" fill=\"currentColor\">\n";
}

void Svg::end_element(std::string_view name, std::string_view hover) {
  if (hover.empty()) {
    out_ += "/>\n";
  } else {
    out_ += "><title>" + escape_markup(hover) + "</title></" + std::string(name) + ">\n";
  }
}

void Svg::line(double x1, double y1, double x2, double y2, std::string_view style) {
  out_ += "<line" + attribute("x1", x1) + attribute("y1", y1) + attribute("x2", x2) + attribute("y2", y2) +
          style_attribute(style);
  end_element("line", "");
}

void Svg::box(double x, double y, double width, double height, std::string_view style,
              std::string_view hover) {
  out_ += "<rect" + attribute("x", x) + attribute("y", y) + attribute("width", width) +
          attribute("height", height) + style_attribute(style);
  end_element("rect", hover);
}

void Svg::dot(double x, double y, double radius, std::string_view style, std::string_view hover) {
  out_ +=
      "<circle" + attribute("cx", x) + attribute("cy", y) + attribute("r", radius) + style_attribute(style);
  end_element("circle", hover);
}

void Svg::path(std::string_view path, std::string_view style) {
  out_ += "<path d=\"" + std::string(path) + "\"" + style_attribute(style);
  end_element("path", "");
}

void Svg::text(double x, double y, Anchor anchor, std::string_view text, std::string_view style) {
  out_ += "<text" + attribute("x", x) + attribute("y", y);
  if (anchor != Anchor::kStart) {
    out_ += anchor == Anchor::kMiddle ? " text-anchor=\"middle\"" : " text-anchor=\"end\"";
  }
  out_ += style_attribute(style) + ">" + escape_markup(text) + "</text>\n";
}

void Svg::text_over_lines(double x, double y, Anchor anchor, std::string_view words) {
  text(x, y, anchor, words,
       "paint-order:stroke;stroke:var(--surface,transparent);stroke-width:4px;stroke-linejoin:round");
}

std::string Svg::finish() {
  out_ += "</svg>\n";
  return std::move(out_);
}

double heading_height(const ChartOptions& options) {
  const Heading heading(options);
  return 6 + kTitleLine * static_cast<double>(heading.title.size()) + (heading.title.empty() ? 0 : 4) +
         kLine * static_cast<double>(heading.y_label.size());
}

double draw_heading(Svg& svg, const ChartOptions& options) {
  const Heading heading(options);
  double y = 6;
  for (const auto& line : heading.title) {
    svg.text(0, y + 12, Anchor::kStart, line, "font-weight:600;font-size:14px");
    y += kTitleLine;
  }
  if (!heading.title.empty()) y += 4;
  for (const auto& line : heading.y_label) {
    svg.text(0, y + 10, Anchor::kStart, line, kFaintText);
    y += kLine;
  }
  return y;
}

double tick_overhang(const Axis& axis) {
  return axis.ticks.empty() ? 0 : svg_text_width(axis.ticks.back().label) / 2 + 1;
}

double tick_width(const Axis& axis) {
  double width = 0;
  for (const Tick& tick : axis.ticks) width = std::max(width, svg_text_width(tick.label));
  return width;
}

void draw_vertical_axis(Svg& svg, const Axis& axis, const Plot& plot) {
  for (const Tick& tick : axis.ticks) {
    const double y = axis.at(tick.value);
    svg.line(plot.left, y, plot.right, y, kGridStyle);
    svg.text(plot.left - 8, y + 4, Anchor::kEnd, tick.label, kFaintText);
  }
}

double horizontal_axis_height(const std::string& name) {
  return name.empty() ? 24 : 24 + kLine;
}

void draw_horizontal_axis(Svg& svg, const Axis& axis, const Plot& plot, const std::string& name, bool grid) {
  svg.line(plot.left, plot.bottom, plot.right, plot.bottom, kAxisStyle);
  double free_from = -1e9;
  for (const Tick& tick : axis.ticks) {
    const double x = axis.at(tick.value), half = svg_text_width(tick.label) / 2;
    if (grid) svg.line(x, plot.top, x, plot.bottom, kGridStyle);
    svg.line(x, plot.bottom, x, plot.bottom + 4, kAxisStyle);
    if (x - half < free_from) continue;
    svg.text(x, plot.bottom + 17, Anchor::kMiddle, tick.label, kFaintText);
    free_from = x + half + 6;
  }
  if (!name.empty()) {
    svg.text((plot.left + plot.right) / 2, plot.bottom + 17 + kLine, Anchor::kMiddle, name, kFaintText);
  }
}

void draw_verticals(Svg& svg, const Axis& axis, const Plot& plot, const std::vector<ReferenceLine>& lines) {
  for (const ReferenceLine& line : lines) {
    if (!axis.takes(line.value)) continue;
    svg.line(axis.at(line.value), plot.top, axis.at(line.value), plot.bottom, kReferenceStyle);
  }
  std::vector<double> taken;  // the right end of the last label in each row
  for (const ReferenceLine& line : lines) {
    if (!axis.takes(line.value)) continue;
    const double x = axis.at(line.value), width = svg_text_width(line.label);
    const bool fits_right = x + 6 + width <= plot.right + 4;
    const double begin = fits_right ? x + 6 : x - 6 - width;
    std::size_t row = 0;
    while (row < taken.size() && begin < taken[row]) ++row;
    if (row == taken.size()) taken.push_back(0);
    taken[row] = begin + width + 8;
    svg.text_over_lines(fits_right ? x + 6 : x - 6, plot.top + 11 + 15 * static_cast<double>(row),
                        fits_right ? Anchor::kStart : Anchor::kEnd, line.label);
  }
}

}  // namespace harmonium
