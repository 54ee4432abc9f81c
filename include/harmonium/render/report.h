// The report of a run: one HTML file that holds everything it shows.
//
// Styles, pictures (PNG) and charts (SVG) are inside the file; nothing is fetched and no script runs. It
// reads well on a phone, on paper, and in light and dark mode. All text given is plain text and is escaped.
// Equal contents give equal bytes: there is no clock time in it.
//
//   Report report("Digits: a deep belief net", "784-500-500-2000 on 60,000 cases of MNIST");
//   report.section("What it learned");
//   report.picture({sheet_of_columns(weights, {28, 28}), "Weights of 100 hidden units", "Layer 1 ..."});
//   report.write("run/report.html");
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "harmonium/io/png.h"
#include "harmonium/render/curve.h"

namespace harmonium {

/// A picture with words. `alt` says what is to be seen to those who cannot see it; `caption` stands below.
struct Picture {
  Image image;
  std::string alt, caption;
};

/// A measure as people read it; number_text() makes texts of numbers.
struct Metric {
  std::string name, value;
  std::string note;  ///< the unit, the number of cases, the uncertainty: "nats, 10,000 test cases"
};

/// What one types to get a number again.
struct Provenance {
  std::string command;
  std::optional<std::uint64_t> seed;
};

/// Cells as text. A column whose cells (but for empty ones) all are numbers is set to the right.
struct ReportTable {
  std::string caption;
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;  ///< each as long as the header
};

/// Collects a report from top to bottom. Functions that add something return the report, for chaining.
class Report {
 public:
  explicit Report(std::string title, std::string subtitle = "");

  /// The few numbers that matter most, large. May stand before the first section.
  Report& highlights(std::span<const Metric> metrics);
  /// A heading with an entry in the table of contents.
  Report& section(const std::string& title);
  /// A smaller heading within a section.
  Report& subsection(const std::string& title);
  /// Text; empty lines part paragraphs.
  Report& paragraph(const std::string& text);
  /// The doctor's sentence, set apart.
  Report& warning(const std::string& sentence);
  /// Names and values in two columns: the data, the settings.
  Report& key_values(std::span<const std::pair<std::string, std::string>> entries);
  /// Throws InputError where a row is not as long as the header.
  Report& table(const ReportTable& table);
  /// Measures as a table, with the command and the seed that give them again.
  Report& metrics(std::span<const Metric> metrics, const Provenance& provenance);
  /// Text as it is, in a fixed-width font: the recipe, a command.
  Report& preformatted(const std::string& text, const std::string& caption = "");
  Report& picture(const Picture& picture);
  /// Pictures side by side where there is room.
  Report& pictures(std::span<const Picture> pictures);
  /// Charts (curve.h); the report draws them a second time for narrow screens. `options.width` and `height`
  /// are the wide one's. Throw as the charts do.
  Report& line_chart(std::span<const Series> series, const ChartOptions& options,
                     const std::string& caption = "");
  Report& bar_chart(std::span<const Bar> bars, const ChartOptions& options, const std::string& caption = "");
  Report& box_chart(std::span<const Box> boxes, const ChartOptions& options, const std::string& caption = "");
  Report& histogram(std::span<const double> values, std::size_t bins, const ChartOptions& options,
                    const std::string& caption = "");
  /// What `fill` adds to the report that it is given can be folded away; it begins folded unless `open`.
  /// Sections within it are headings without an entry in the table of contents.
  Report& details(const std::string& summary, const std::function<void(Report&)>& fill, bool open = false);

  /// The whole file.
  std::string html() const;
  /// Writes it atomically. Throws WorkError.
  void write(const std::filesystem::path& path) const;

 private:
  Report& chart(const std::function<std::string(const ChartOptions&)>& draw, const ChartOptions& options,
                const std::string& caption);

  std::string title_, subtitle_;
  std::string opening_;  ///< before the first section
  std::string body_;
  std::vector<std::string> sections_;
  bool inside_details_ = false;
};

}  // namespace harmonium
