// Charts: well-formed SVG whatever the numbers, gaps, ticks, and numbers as text.
#include "harmonium/render/curve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "harmonium/base/error.h"
#include "harmonium/render/number.h"
#include "markup_checker.h"
#include "render/axis.h"
#include "render/markup.h"

namespace harmonium {
namespace {

using test::MarkupChecker;
using testing::HasSubstr;
using testing::Not;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
const std::string kNasty = "<script>alert(\"&'1')</script>\x01\xFF";

Series curve(std::vector<double> y, const std::string& name = "") {
  Series series;
  series.name = name;
  for (std::size_t i = 0; i < y.size(); ++i) series.x.push_back(static_cast<double>(i));
  series.y = std::move(y);
  return series;
}

std::string chart_of(const Series& series, const ChartOptions& options = {}) {
  return line_chart({&series, 1}, options);
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

/// What stands in `name`="..." of every <element>, in order.
std::vector<std::string> attributes(const std::string& svg, const std::string& element,
                                    const std::string& name) {
  std::vector<std::string> found;
  for (std::size_t at = svg.find("<" + element + " "); at != std::string::npos;
       at = svg.find("<" + element + " ", at + 1)) {
    const std::size_t begin = svg.find(" " + name + "=\"", at) + name.size() + 3;
    found.push_back(svg.substr(begin, svg.find('"', begin) - begin));
  }
  return found;
}

/// Well-formed, and no number in it is none.
void expect_sound(const std::string& svg) {
  EXPECT_EQ(MarkupChecker::problem(svg), "") << svg;
  EXPECT_THAT(svg, Not(HasSubstr("\"nan")));
  EXPECT_THAT(svg, Not(HasSubstr("nan ")));
  EXPECT_THAT(svg, Not(HasSubstr("inf ")));
  EXPECT_THAT(svg, Not(HasSubstr("\"inf")));
  EXPECT_THAT(svg, Not(HasSubstr("<script")));
}

TEST(MarkupChecker, FindsWhatIsWrong) {
  EXPECT_EQ(MarkupChecker::problem("<a b=\"1\"><c/>&amp;</a>\n"), "");
  for (const char* bad : {"<a>", "<a></b>", "<a b=1/>", "<a>&x;</a>", "<a b=\"1\" b=\"2\"/>", "<a/><a/>",
                          "x<a/>", "<a b=\"<\"/>", "<a>\x01</a>"}) {
    EXPECT_NE(MarkupChecker::problem(bad), "") << bad;
  }
}

TEST(LineChart, HasAPathForEachCurveAndItsNameAndAxes) {
  const std::vector<Series> series{curve({3, 2, 1}, "training"), curve({4, 3, 2.5}, "held out")};
  ChartOptions options;
  options.title = "Free energy", options.x_label = "epoch", options.y_label = "nats";
  const std::string svg = line_chart(series, options);
  expect_sound(svg);
  EXPECT_EQ(count(svg, "<path"), 2u);
  for (const char* text :
       {">training<", ">held out<", ">epoch<", ">nats<", ">Free energy<", "var(--series-2", "currentColor",
        "aria-label=\"Free energy: nats by epoch\"", "viewBox=\"0 0 640 320\""}) {
    EXPECT_THAT(svg, HasSubstr(text));
  }
}

TEST(LineChart, NanPartsACurveAndASinglePointIsADot) {
  const std::string svg = chart_of(curve({1, 2, kNan, 3, kInfinity, 4, 5}));
  expect_sound(svg);
  const auto paths = attributes(svg, "path", "d");
  ASSERT_EQ(paths.size(), 1u);
  EXPECT_EQ(count(paths[0], "M"), 2u) << "two runs of two points";
  EXPECT_EQ(count(svg, "r=\"3\""), 1u) << "the 3 alone";
}

TEST(LineChart, LogarithmicAxisSkipsWhatHasNoLogarithm) {
  ChartOptions options;
  options.log_y = true;
  const std::string svg = chart_of(curve({0, 1, 10, 100, -1, 1000}), options);
  expect_sound(svg);
  for (const char* tick : {">1<", ">10<", ">100<", ">1,000<"}) EXPECT_THAT(svg, HasSubstr(tick));
}

TEST(LineChart, BandsLevelsAndMomentsAreDrawn) {
  Series series = curve({5, 4, 3, 2});
  series.low = {4, 3, kNan, 1};
  series.high = {6, 5, 4, 3};
  ChartOptions options;
  options.levels = {{9, "PCA-50"}};
  options.moments = {{1, "rate halves"}, {1.1, "momentum rises"}};
  const std::string svg = chart_of(series, options);
  expect_sound(svg);
  EXPECT_THAT(svg, HasSubstr("fill-opacity:.18"));
  for (const char* text : {"PCA-50", "rate halves", "momentum rises"}) EXPECT_THAT(svg, HasSubstr(text));
  EXPECT_THAT(svg, HasSubstr(">10<")) << "the axis reaches the level";
}

TEST(LineChart, NamesThatAreLongOrManyGoIntoALegend) {
  std::vector<Series> series;
  for (int i = 0; i < 20; ++i) series.push_back(curve({1.0 * i, 2}, "curve " + std::to_string(i)));
  const std::string svg = line_chart(series);
  expect_sound(svg);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(count(svg, ">curve " + std::to_string(i) + "<"), 1u);
}

TEST(LineChart, DegenerateInputsStillGiveAChart) {
  for (const auto& y : std::vector<std::vector<double>>{{},
                                                        {kNan, kNan},
                                                        {1},
                                                        {2, 2, 2},
                                                        {0, 0},
                                                        {1e300, -1e300},
                                                        {1e-310, 2e-310},
                                                        {kInfinity, 1, 2},
                                                        {1e308, 1},
                                                        {1, 1 + 1e-15}}) {
    for (const bool logarithmic : {false, true}) {
      ChartOptions options;
      options.log_y = options.log_x = logarithmic;
      expect_sound(chart_of(curve(y, "c"), options));
    }
  }
  expect_sound(line_chart({}));
  EXPECT_THAT(chart_of(curve({kNan})), HasSubstr("no values to show"));
}

TEST(LineChart, LongCurvesAreThinnedButKeepTheirPeaks) {
  std::vector<double> y(200000);
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = std::sin(static_cast<double>(i));
  y[123456] = 60;
  ChartOptions options;
  const std::string svg = chart_of(curve(y), options);
  expect_sound(svg);
  EXPECT_LT(svg.size(), 60000u);
  // The axis ends at the largest value, 60: the top of the plot.
  const auto paths = attributes(svg, "path", "d");
  ASSERT_EQ(paths.size(), 1u);
  EXPECT_THAT(paths[0], HasSubstr(" 12L"));
}

TEST(LineChart, EqualInputsGiveEqualBytesAndTextIsEscaped) {
  Series series = curve({1, 2}, kNasty);
  ChartOptions options;
  options.title = options.x_label = options.y_label = kNasty;
  options.levels = options.moments = {{1, kNasty}};
  EXPECT_EQ(chart_of(series, options), chart_of(series, options));
  expect_sound(chart_of(series, options));
}

TEST(LineChart, RefusesUnequalListsAndImpossibleOptions) {
  Series series = curve({1, 2});
  series.x.push_back(3);
  EXPECT_THROW(chart_of(series), InputError);
  series = curve({1, 2});
  series.low = {1, 2};
  EXPECT_THROW(chart_of(series), InputError);
  ChartOptions options;
  options.width = 10;
  EXPECT_THROW(chart_of(curve({1}), options), InputError);
  options = {};
  options.log_y = options.from_zero = true;
  EXPECT_THROW(chart_of(curve({1}), options), InputError);
}

TEST(BarChart, BarsAreAsLongAsTheirValues) {
  const std::vector<Bar> bars{{"one", 1, 0}, {"two", 2, 0}, {"minus one", -1, 0.5}, {"broken", kNan, 0}};
  const std::string svg = bar_chart(bars);
  expect_sound(svg);
  std::vector<double> widths;
  for (const auto& width : attributes(svg, "rect", "width")) widths.push_back(std::stod(width));
  ASSERT_EQ(widths.size(), 3u);
  EXPECT_NEAR(widths[1], 2 * widths[0], 0.02);
  EXPECT_NEAR(widths[2], widths[0], 0.02);
  for (const char* text : {">one<", ">NaN<",
                           ">\xE2\x88\x92"
                           "1 \xC2\xB1 0.5<"})
    EXPECT_THAT(svg, HasSubstr(text));
}

TEST(BarChart, EmptyNastyAndLongNamesAreFine) {
  expect_sound(bar_chart({}));
  const std::vector<Bar> bars{{kNasty + kNasty + kNasty, 0, 0}, {"", kInfinity, kNan}};
  expect_sound(bar_chart(bars));
  ChartOptions options;
  options.log_x = true;
  EXPECT_THROW(bar_chart(bars, options), InputError);
}

TEST(BoxChart, QuartilesAreInterpolated) {
  const std::vector<double> values{4, 1, 3, 2, kNan};
  const Box box = box_of("four", values);
  EXPECT_EQ(box.least, 1);
  EXPECT_EQ(box.lower, 1.75);
  EXPECT_EQ(box.median, 2.5);
  EXPECT_EQ(box.upper, 3.25);
  EXPECT_EQ(box.most, 4);
  const std::vector<Box> boxes{box, box_of(kNasty, {})};
  expect_sound(box_chart(boxes));
  EXPECT_THAT(box_chart(boxes), HasSubstr("no values to show"));
}

TEST(Histogram, CountsEveryFiniteValueOnce) {
  const std::vector<double> values{0, 0.1, 0.9, 1.1, 2, kNan, -kInfinity};
  const std::string svg = histogram(values, 2);
  expect_sound(svg);
  EXPECT_THAT(svg, HasSubstr("0 to 1: 3"));
  EXPECT_THAT(svg, HasSubstr("1 to 2: 2"));
  EXPECT_THAT(svg, HasSubstr("2 of 7 values are not finite"));
}

TEST(Histogram, DegenerateInputs) {
  expect_sound(histogram({}));
  for (const double value : {0.0, 5.0, -1e-300, 1e300}) {
    const std::vector<double> values{value, value};
    const std::string svg = histogram(values);
    expect_sound(svg);
    EXPECT_THAT(svg, HasSubstr(": 2</title>"));
  }
  ChartOptions options;
  options.log_y = true;
  const std::vector<double> values{1, 2, 2, 3};
  expect_sound(histogram(values, 3, options));
  EXPECT_THROW(histogram(values, 1001), InputError);
}

TEST(Axis, TicksAreRoundNumbersInside) {
  Range range(false);
  range.include(-0.13), range.include(87.2), range.include(kNan);
  const Axis axis = make_axis(range, 5, true);
  EXPECT_EQ(axis.low, -20);
  EXPECT_EQ(axis.high, 100);
  std::vector<std::string> labels;
  for (const Tick& tick : axis.ticks) labels.push_back(tick.label);
  EXPECT_THAT(labels, testing::ElementsAre("\xE2\x88\x92"
                                           "20",
                                           "0", "20", "40", "60", "80", "100"));
}

TEST(Axis, LabelsOfSmallStepsOnLargeNumbersDiffer) {
  Range range(false);
  range.include(-86.341), range.include(-86.339);
  const Axis axis = make_axis(range, 5, false);
  ASSERT_GE(axis.ticks.size(), 3u);
  for (std::size_t i = 1; i < axis.ticks.size(); ++i) EXPECT_NE(axis.ticks[i].label, axis.ticks[i - 1].label);
}

TEST(NumberText, IsShortAndPleasant) {
  const std::string minus = "\xE2\x88\x92";
  EXPECT_EQ(number_text(0), "0");
  EXPECT_EQ(number_text(-0.0), "0");
  EXPECT_EQ(number_text(-86.3412), minus + "86.34");
  EXPECT_EQ(number_text(60000), "60,000");
  EXPECT_EQ(number_text(1234567, 7), "1,234,567");
  EXPECT_EQ(number_text(1234567.8), "1,234,568");
  EXPECT_EQ(number_text(999.96), "1,000");
  EXPECT_EQ(number_text(0.00012), "0.00012");
  EXPECT_EQ(number_text(1.5e-7), "1.5e-7");
  EXPECT_EQ(number_text(9999999.9), "1e7");
  EXPECT_EQ(number_text(-2e20), minus + "2e20");
  EXPECT_EQ(number_text(1.5, 1), "2");
  EXPECT_EQ(number_text(kNan), "NaN");
  EXPECT_EQ(number_text(-kInfinity), minus + "infinite");
}

TEST(EscapeMarkup, LeavesOnlyTextBehind) {
  EXPECT_EQ(escape_markup("<a href=\"x\">'&"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;");
  EXPECT_EQ(escape_markup("\xC3\xA9 \xE2\x88\x92 \xF0\x9F\x98\x80"),
            "\xC3\xA9 \xE2\x88\x92 \xF0\x9F\x98\x80");
  const std::string replaced = "\xEF\xBF\xBD";
  EXPECT_EQ(escape_markup(std::string("\0", 1)), replaced);
  EXPECT_EQ(escape_markup("\xC0\xAF"), replaced + replaced) << "an overlong slash";
  EXPECT_EQ(escape_markup("\xED\xA0\x80"), replaced + replaced + replaced) << "a surrogate";
  EXPECT_EQ(escape_markup("\xE2\x88"), replaced + replaced) << "cut short";
  EXPECT_EQ(escape_markup("a\tb\nc"), "a\tb\nc");
}

}  // namespace
}  // namespace harmonium
