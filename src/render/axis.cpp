// Axes: from values to pixels, with ticks at round numbers (1, 2 or 5 times a power of ten).
#include "render/axis.h"

#include <algorithm>
#include <cmath>

#include "render/number.h"

namespace harmonium {
namespace {

/// The step of 1, 2 or 5 times a power of ten nearest above span / count.
double round_step(double span, double count) {
  const double raw = span / count, power = std::pow(10.0, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (raw <= factor * power * (1 + 1e-9)) return factor * power;
  }
  return 10 * power;
}

/// Labels of steps need as many digits as tell neighbours apart.
std::string tick_label(double value, double step) {
  if (std::abs(value) < step / 2) return "0";
  const double digits = std::floor(std::log10(std::abs(value))) - std::floor(std::log10(step)) + 1;
  return number_text(value, std::clamp(static_cast<int>(digits), 1, 15));
}

void linear_ticks(Axis& axis, std::size_t count, bool round_ends) {
  const double step = round_step(axis.high - axis.low, static_cast<double>(count));
  double first = std::floor(axis.low / step + 1e-9), last = std::ceil(axis.high / step - 1e-9);
  if (round_ends) {
    axis.low = first * step, axis.high = last * step;
  } else {
    first = std::ceil(axis.low / step - 1e-9), last = std::floor(axis.high / step + 1e-9);
  }
  for (double i = first; i <= last; ++i) axis.ticks.push_back({i * step, tick_label(i * step, step)});
}

/// The nearest of 1, 2 and 5 times a power of ten above (or below) `value`, which may be one itself.
double round_number(double value, bool above) {
  const double power = std::pow(10.0, std::floor(std::log10(value) + 1e-9));
  double below = power;
  for (const double factor : {1.0, 2.0, 5.0, 10.0}) {
    if (above && factor * power >= value * (1 - 1e-9)) return factor * power;
    if (factor * power <= value * (1 + 1e-9)) below = factor * power;
  }
  return below;
}

/// Powers of ten; within less than two of them, 2 and 5 times those as well.
void logarithmic_ticks(Axis& axis, std::size_t count, bool round_ends) {
  if (round_ends) axis.low = round_number(axis.low, false), axis.high = round_number(axis.high, true);
  const double decades = std::log10(axis.high) - std::log10(axis.low);
  const double every = std::max(1.0, std::ceil(decades / static_cast<double>(count)));
  for (double power = std::floor(std::log10(axis.low)); power <= std::log10(axis.high) + 1e-9;
       power += every) {
    for (const double factor : {1.0, 2.0, 5.0}) {
      if (factor > 1 && decades >= 2) break;
      const double value = factor * std::pow(10.0, power);
      if (value < axis.low * (1 - 1e-9) || value > axis.high * (1 + 1e-9)) continue;
      axis.ticks.push_back({value, number_text(value, 1)});
    }
  }
}

}  // namespace

double Axis::at(double value) const {
  const double share = logarithmic ? (std::log(value) - std::log(low)) / (std::log(high) - std::log(low))
                                   : (value - low) / (high - low);
  // Far outside is as good as anywhere outside, and keeps coordinates short.
  return start + (stop - start) * std::clamp(share, -10.0, 10.0);
}

bool Axis::takes(double value) const {
  return std::isfinite(value) && (!logarithmic || value > 0);
}

void Range::include(double value) {
  // Beyond 1e300 the span of an axis is no longer a number.
  if (!std::isfinite(value) || std::abs(value) > 1e300 || (logarithmic_ && !(value > 1e-300))) return;
  if (std::abs(value) < 1e-300) value = 0;
  const bool first = empty();
  low_ = first ? value : std::min(low_, value);
  high_ = first ? value : std::max(high_, value);
}

Axis make_axis(const Range& range, std::size_t count, bool round_ends) {
  Axis axis;
  axis.logarithmic = range.logarithmic();
  if (range.empty()) {
    axis.low = axis.logarithmic ? 1 : 0, axis.high = axis.logarithmic ? 10 : 1;
  } else {
    axis.low = range.low(), axis.high = range.high();
  }
  // A span below the precision of its ends has no ticks to be told apart.
  const double size = std::max(std::abs(axis.low), std::abs(axis.high));
  if (axis.high - axis.low <= 1e-9 * size || axis.high == axis.low) {
    const double room = size == 0 ? 1 : 0.1 * size;
    axis.low -= axis.logarithmic ? axis.low / 2 : room;
    axis.high += axis.logarithmic ? axis.high : room;
  }
  if (axis.logarithmic) {
    logarithmic_ticks(axis, count, round_ends);
  } else {
    linear_ticks(axis, count, round_ends);
  }
  return axis;
}

}  // namespace harmonium
