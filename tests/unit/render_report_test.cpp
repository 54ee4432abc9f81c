// The report: one sound HTML file, nothing unescaped, nothing fetched.
#include "harmonium/render/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "harmonium/base/error.h"
#include "harmonium/render/sheet.h"
#include "markup_checker.h"

namespace harmonium {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::set<std::string> kVoids{"meta", "img"};
const std::string kNasty = "<script>alert(1)</script>\"'&<!--";

Image small_sheet() {
  return sheet_of_rows(Matrix<float>(2, 4, 0.5f), {2, 2});
}

/// Everything a report can hold, with `text` wherever text goes.
Report full_report(const std::string& text) {
  Report report(text, text);
  const std::vector<Metric> metrics{{text, text, text}, {text, text, ""}};
  const std::vector<std::pair<std::string, std::string>> entries{{text, text}};
  const std::vector<Picture> pictures{{small_sheet(), text, text}, {small_sheet(), text, ""}};
  Series series;
  series.name = text, series.x = {1, 2}, series.y = {3, 4};
  ChartOptions options;
  options.title = options.x_label = options.y_label = text;
  options.levels = {{1, text}};
  const std::vector<Bar> bars{{text, 1, 0}};
  const std::vector<Box> boxes{{text, 1, 2, 3, 4, 5}};
  const std::vector<double> values{1, 2, 3};
  report.highlights(metrics).paragraph(text).section(text).subsection(text).paragraph(text + "\n\n" + text);
  report.warning(text).key_values(entries).table({text, {text, text}, {{text, text}}});
  report.metrics(metrics, {text, 7}).preformatted(text, text).picture(pictures[0]).pictures(pictures);
  report.section(text).line_chart({&series, 1}, options, text).bar_chart(bars, options, text);
  report.box_chart(boxes, options, text).histogram(values, 0, options, text);
  report.details(text, [&](Report& inside) {
    inside.section(text).warning(text).details(text, [&](Report& deep) { deep.paragraph(text); });
  });
  return report;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

TEST(Report, IsWellFormedAndEscapesEveryText) {
  const std::string html = full_report(kNasty).html();
  EXPECT_EQ(test::MarkupChecker::problem(html, kVoids), "");
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, Not(HasSubstr("<!--")));
  EXPECT_GT(count(html, "&lt;script&gt;"), 40u);
}

TEST(Report, FetchesNothing) {
  const std::string html = full_report("plain").html();
  EXPECT_EQ(count(html, "http"), count(html, "http-equiv") + count(html, "http://www.w3.org/2000/svg"));
  EXPECT_EQ(count(html, "src=\""), count(html, "src=\"data:image/png;base64,"));
  for (const char* part : {"url(", "@import", "<link", "<script", "<iframe"})
    EXPECT_THAT(html, Not(HasSubstr(part)));
  EXPECT_THAT(html, HasSubstr("default-src 'none'"));
}

TEST(Report, ContentsPointAtSections) {
  Report report("Run");
  report.paragraph("opening").section("First").paragraph("a").section("Second");
  report.details("more", [](Report& inside) { inside.section("Hidden"); });
  const std::string html = report.html();
  EXPECT_THAT(html, HasSubstr("<a href=\"#section-1\">First</a>"));
  EXPECT_THAT(html, HasSubstr("<a href=\"#section-2\">Second</a>"));
  EXPECT_THAT(html, HasSubstr("<h2 id=\"section-2\">Second</h2>"));
  EXPECT_EQ(count(html, "<nav"), 1u);
  EXPECT_EQ(count(html, "Hidden"), 1u) << "a heading, not in the contents";
  EXPECT_LT(html.find("opening"), html.find("<nav"));
}

TEST(Report, OneSectionOrNoneNeedsNoContents) {
  Report report("Run");
  report.paragraph("Only this.");
  EXPECT_THAT(report.html(), Not(HasSubstr("<nav")));
  EXPECT_THAT(report.html(), HasSubstr("<p>Only this.</p>"));
  EXPECT_EQ(test::MarkupChecker::problem(Report("").html(), kVoids), "");
}

TEST(Report, PicturesAreTheirPngBytes) {
  Report report("Run");
  report.picture({small_sheet(), "two gray squares", "A caption."});
  const std::string html = report.html();
  // The first 15 bytes of every PNG file in base64.
  EXPECT_THAT(html, HasSubstr("src=\"data:image/png;base64,iVBORw0KGgoAAAANSUhE"));
  EXPECT_THAT(html, HasSubstr("alt=\"two gray squares\""));
  EXPECT_THAT(html, HasSubstr("<figcaption>A caption.</figcaption>"));
  const std::size_t begin = html.find("base64,") + 7, length = html.find('"', begin) - begin;
  EXPECT_EQ(length, (encode_png(small_sheet()).size() + 2) / 3 * 4);
}

TEST(Report, ColumnsOfNumbersAreSetToTheRight) {
  Report report("Run");
  report.table({"",
                {"name", "nats"},
                {{"RBM",
                  "\xE2\x88\x92"
                  "86.3 \xC2\xB1 0.2"},
                 {"none", ""}}});
  const std::string html = report.html();
  EXPECT_THAT(html, HasSubstr("<th scope=\"col\">name</th><th scope=\"col\" class=\"number\">nats</th>"));
  EXPECT_THAT(html, HasSubstr("<th scope=\"row\">RBM</th>"));
  EXPECT_THROW(report.table({"", {"a", "b"}, {{"1"}}}), InputError);
}

TEST(Report, MeasuresStandWithCommandAndSeed) {
  Report report("Run");
  const std::vector<Metric> metrics{{"log-likelihood", "-86.3", "nats"}};
  report.metrics(metrics, {"harmonium evaluate m.safetensors mnist", 18446744073709551615u});
  EXPECT_THAT(report.html(), HasSubstr("<code>harmonium evaluate m.safetensors mnist</code>"));
  EXPECT_THAT(report.html(), HasSubstr("<code>18446744073709551615</code>"));
}

TEST(Report, RecipesKeepTheirLines) {
  Report report("Run");
  report.preformatted("\n[data]\n  name = \"mnist\"\n");
  EXPECT_THAT(report.html(), HasSubstr("<pre tabindex=\"0\">\n\n[data]\n  name = &quot;mnist&quot;\n</pre>"));
}

TEST(Report, ChartsAreThereForWideAndNarrowScreens) {
  Report report("Run");
  Series series;
  series.x = {1, 2}, series.y = {1, 2};
  report.line_chart({&series, 1}, {});
  EXPECT_THAT(report.html(), HasSubstr("<svg class=\"wide\""));
  EXPECT_THAT(report.html(), HasSubstr("<svg class=\"narrow\""));
}

TEST(Report, EqualContentsGiveEqualFiles) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "harmonium_report_test";
  std::filesystem::create_directories(folder);
  const auto path = folder / "report.html";
  full_report("same").write(path);
  std::ifstream file(path, std::ios::binary);
  const std::string written((std::istreambuf_iterator<char>(file)), {});
  EXPECT_EQ(written, full_report("same").html());
  std::filesystem::remove_all(folder);
  EXPECT_THROW(full_report("same").write(folder / "gone" / "report.html"), WorkError);
}

}  // namespace
}  // namespace harmonium
