// The report of a run: one HTML file that holds everything it shows.
#include "harmonium/render/report.h"

#include <algorithm>
#include <string_view>

#include "harmonium/base/error.h"
#include "harmonium/base/version.h"
#include "harmonium/io/atomic_file.h"
#include "render/markup.h"
#include "render/report_style.h"

namespace harmonium {
namespace {

/// Width of charts on screens of 360 pixels: less the margins of the page and of the figure.
constexpr std::size_t kNarrowChart = 304;

/// Pixels that the page leaves for pictures at most; wider ones are shrunk, and smoothed on the way.
constexpr std::size_t kColumn = 758;

/// RFC 4648, with padding.
std::string base64(std::span<const std::byte> bytes) {
  static constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    unsigned word = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      word = word << 8 | (k < count ? std::to_integer<unsigned>(bytes[i + k]) : 0u);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      text += k <= count ? kDigits[word >> (18 - 6 * k) & 63u] : '=';
    }
  }
  return text;
}

/// <tag attributes>escaped text</tag>
std::string element(std::string_view tag, std::string_view text, std::string_view attributes = "") {
  std::string out = "<" + std::string(tag);
  if (!attributes.empty()) out += " " + std::string(attributes);
  return out + ">" + escape_markup(text) + "</" + std::string(tag) + ">";
}

std::string caption_of(const std::string& caption) {
  return caption.empty() ? "" : element("figcaption", caption) + "\n";
}

std::string figure_of(const Picture& picture) {
  const Image& image = picture.image;
  const char* shrinks = image.width > kColumn ? " class=\"large\"" : "";
  return std::string("<figure class=\"sheet\"><img") + shrinks + " alt=\"" + escape_markup(picture.alt) +
         "\" width=\"" + std::to_string(image.width) + "\" height=\"" + std::to_string(image.height) +
         "\" src=\"data:image/png;base64," + base64(encode_png(image)) + "\">\n" +
         caption_of(picture.caption) + "</figure>\n";
}

/// True for "1,024", "-3.5e-7", "−86.3 ± 0.2", "97.9 %", "-" and "NaN": what people compare by its digits.
bool is_number(std::string_view cell) {
  bool digit = cell == "NaN" || cell == "-";
  for (std::size_t i = 0; i < cell.size(); ++i) {
    const char c = cell[i];
    if (c >= '0' && c <= '9') {
      digit = true;
    } else if (cell.substr(i, 3) == "\xE2\x88\x92" || cell.substr(i, 3) == "\xE2\x80\x93") {
      i += 2;
    } else if (cell.substr(i, 2) == "\xC2\xB1") {
      i += 1;
    } else if (std::string_view("+-., %e").find(c) == std::string_view::npos && cell != "NaN") {
      return false;
    }
  }
  return digit;
}

/// One flag a column.
std::vector<bool> number_columns(const ReportTable& table) {
  std::vector<bool> numbers(table.header.size(), !table.rows.empty());
  for (const auto& row : table.rows) {
    for (std::size_t c = 0; c < row.size(); ++c) {
      if (!row[c].empty() && !is_number(row[c])) numbers[c] = false;
    }
  }
  return numbers;
}

std::string section_id(std::size_t number) {
  return "section-" + std::to_string(number);
}

/// A box that scrolls sideways where a table is wider than the screen, also by keyboard.
std::string scrolling(const std::string& content, const std::string& name) {
  return "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"" + escape_markup(name) + "\">\n" +
         content + "</div>\n";
}

/// "<svg ..." with a class, for the style sheet to show one of two.
std::string with_class(std::string svg, std::string_view name) {
  svg.insert(4, " class=\"" + std::string(name) + "\"");
  return svg;
}

}  // namespace

Report::Report(std::string title, std::string subtitle)
    : title_(std::move(title)), subtitle_(std::move(subtitle)) {}

Report& Report::section(const std::string& title) {
  if (inside_details_) {
    body_ += element("h2", title) + "\n";
    return *this;
  }
  // What came before the first section opens the report.
  if (sections_.empty()) opening_ = std::move(body_), body_.clear();
  sections_.push_back(title);
  body_ += element("h2", title, "id=\"" + section_id(sections_.size()) + "\"") + "\n";
  return *this;
}

Report& Report::subsection(const std::string& title) {
  body_ += element("h3", title) + "\n";
  return *this;
}

Report& Report::paragraph(const std::string& text) {
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find("\n\n", begin), text.size());
    if (end > begin) body_ += element("p", text.substr(begin, end - begin)) + "\n";
    begin = std::max(end, std::min(text.find_first_not_of('\n', end), text.size()));
  }
  return *this;
}

Report& Report::warning(const std::string& sentence) {
  body_ += "<div class=\"warning\" role=\"note\"><strong>The doctor warns</strong>" + element("p", sentence) +
           "</div>\n";
  return *this;
}

Report& Report::highlights(std::span<const Metric> metrics) {
  if (metrics.empty()) return *this;
  body_ += "<dl class=\"highlights\">\n";
  for (const Metric& metric : metrics) {
    body_ += "<div>" + element("dt", metric.name) + element("dd", metric.value);
    if (!metric.note.empty()) body_ += element("dd", metric.note, "class=\"note\"");
    body_ += "</div>\n";
  }
  body_ += "</dl>\n";
  return *this;
}

Report& Report::key_values(std::span<const std::pair<std::string, std::string>> entries) {
  std::string rows = "<table><tbody>\n";
  for (const auto& [key, value] : entries) {
    rows += "<tr>" + element("th", key, "scope=\"row\" class=\"key\"") + element("td", value) + "</tr>\n";
  }
  body_ += scrolling(rows + "</tbody></table>\n", "Settings");
  return *this;
}

Report& Report::table(const ReportTable& table) {
  for (const auto& row : table.rows) {
    if (row.size() == table.header.size()) continue;
    throw InputError("The table '" + table.caption + "' has " + std::to_string(table.header.size()) +
                     " columns, but a row of " + std::to_string(row.size()) + " cells.");
  }
  const std::vector<bool> numbers = number_columns(table);
  std::string out = "<table>\n";
  if (!table.caption.empty()) out += element("caption", table.caption) + "\n";
  out += "<thead><tr>";
  for (std::size_t c = 0; c < table.header.size(); ++c) {
    out += element("th", table.header[c], numbers[c] ? "scope=\"col\" class=\"number\"" : "scope=\"col\"");
  }
  out += "</tr></thead>\n<tbody>\n";
  for (const auto& row : table.rows) {
    out += "<tr>";
    for (std::size_t c = 0; c < row.size(); ++c) {
      const bool heads = c == 0 && !numbers[c];
      out += element(heads ? "th" : "td", row[c],
                     heads        ? "scope=\"row\""
                     : numbers[c] ? "class=\"number\""
                                  : "");
    }
    out += "</tr>\n";
  }
  body_ += scrolling(out + "</tbody></table>\n", table.caption.empty() ? "Table" : table.caption);
  return *this;
}

Report& Report::metrics(std::span<const Metric> metrics, const Provenance& provenance) {
  std::string out =
      "<table>\n<thead><tr><th scope=\"col\">Measure</th><th scope=\"col\" class=\"number\">Value</th>"
      "<th scope=\"col\"></th></tr></thead>\n<tbody>\n";
  for (const Metric& metric : metrics) {
    out += "<tr>" + element("th", metric.name, "scope=\"row\"") +
           element("td", metric.value, "class=\"value\"") + element("td", metric.note, "class=\"note\"") +
           "</tr>\n";
  }
  out += "</tbody></table>\n<div class=\"provenance\">";
  if (!provenance.command.empty())
    out += "<span>To get these again: " + element("code", provenance.command) + "</span>";
  if (provenance.seed) out += "<span>seed " + element("code", std::to_string(*provenance.seed)) + "</span>";
  body_ += scrolling(out + "</div>\n", "Measures");
  return *this;
}

Report& Report::preformatted(const std::string& text, const std::string& caption) {
  // A line end right after <pre> would be lost, so one is given to lose.
  body_ += "<figure class=\"block\">" + caption_of(caption) + "<pre tabindex=\"0\">\n" + escape_markup(text) +
           "</pre></figure>\n";
  return *this;
}

Report& Report::picture(const Picture& picture) {
  body_ += figure_of(picture);
  return *this;
}

Report& Report::pictures(std::span<const Picture> pictures) {
  body_ += "<div class=\"gallery\">\n";
  for (const Picture& picture : pictures) body_ += figure_of(picture);
  body_ += "</div>\n";
  return *this;
}

Report& Report::chart(const std::function<std::string(const ChartOptions&)>& draw,
                      const ChartOptions& options, const std::string& caption) {
  ChartOptions narrow = options;
  narrow.width = std::min(options.width, kNarrowChart);
  if (options.height != 0) narrow.height = std::min<std::size_t>(options.height, 280);
  body_ += "<figure class=\"chart\">\n" + with_class(draw(options), "wide") +
           with_class(draw(narrow), "narrow") + caption_of(caption) + "</figure>\n";
  return *this;
}

Report& Report::line_chart(std::span<const Series> series, const ChartOptions& options,
                           const std::string& caption) {
  return chart([&](const ChartOptions& o) { return harmonium::line_chart(series, o); }, options, caption);
}

Report& Report::bar_chart(std::span<const Bar> bars, const ChartOptions& options,
                          const std::string& caption) {
  return chart([&](const ChartOptions& o) { return harmonium::bar_chart(bars, o); }, options, caption);
}

Report& Report::box_chart(std::span<const Box> boxes, const ChartOptions& options,
                          const std::string& caption) {
  return chart([&](const ChartOptions& o) { return harmonium::box_chart(boxes, o); }, options, caption);
}

Report& Report::histogram(std::span<const double> values, std::size_t bins, const ChartOptions& options,
                          const std::string& caption) {
  return chart([&](const ChartOptions& o) { return harmonium::histogram(values, bins, o); }, options,
               caption);
}

Report& Report::details(const std::string& summary, const std::function<void(Report&)>& fill, bool open) {
  Report inside("");
  inside.inside_details_ = true;
  fill(inside);
  body_ += std::string("<details") + (open ? " open=\"\"" : "") + ">" + element("summary", summary) +
           "\n<div class=\"inside\">\n" + inside.body_ + "</div></details>\n";
  return *this;
}

std::string Report::html() const {
  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; "
      "style-src 'unsafe-inline'\">\n<meta name=\"generator\" content=\"harmonium " +
      escape_markup(version()) + "\">\n" + element("title", title_) + "\n<style>" +
      std::string(report_style()) + "</style>\n</head>\n<body>\n";
  const bool contents = sections_.size() > 1;
  out += std::string("<div class=\"page") + (contents ? "" : " plain") + "\">\n<header>\n" +
         "<p class=\"made-by\">harmonium</p>\n" + element("h1", title_) + "\n";
  if (!subtitle_.empty()) out += element("p", subtitle_, "class=\"subtitle\"") + "\n";
  out += "</header>\n";
  out += "<div class=\"opening\">\n" + opening_ + "</div>\n";
  if (contents) {
    out += "<nav aria-labelledby=\"contents\">\n<h2 id=\"contents\">In this report</h2>\n<ol>\n";
    for (std::size_t i = 0; i < sections_.size(); ++i) {
      out += "<li>" + element("a", sections_[i], "href=\"#" + section_id(i + 1) + "\"") + "</li>\n";
    }
    out += "</ol>\n</nav>\n";
  }
  out += "<main>\n" + body_ + "</main>\n" + element("footer", "Made by harmonium " + version() + ".") +
         "\n</div>\n</body>\n</html>\n";
  return out;
}

void Report::write(const std::filesystem::path& path) const {
  write_file_atomically(path, html());
}

}  // namespace harmonium
