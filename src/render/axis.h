// Axes: from values to pixels, with ticks at round numbers.
#pragma once

#include <string>
#include <vector>

namespace harmonium {

struct Tick {
  double value;
  std::string label;
};

/// Values from `low` to `high` lie on pixels from `start` to `stop` (which may be the smaller one).
struct Axis {
  double low = 0, high = 1;
  bool logarithmic = false;
  double start = 0, stop = 1;
  std::vector<Tick> ticks;  ///< ascending, within [low, high]

  double at(double value) const;
  /// True for what has a place: finite, and positive where the axis is logarithmic.
  bool takes(double value) const;
};

/// What an axis has to show.
class Range {
 public:
  explicit Range(bool logarithmic) : logarithmic_(logarithmic) {}
  void include(double value);
  bool empty() const { return !(low_ <= high_); }
  double low() const { return low_; }
  double high() const { return high_; }
  bool logarithmic() const { return logarithmic_; }

 private:
  bool logarithmic_;
  double low_ = 1, high_ = 0;  // empty
};

/// An axis over `range` (0..1, or 1..10, where it is empty; widened where it is one value) with about `count`
/// ticks. `round_ends` widens it to round numbers. Pixels are set by the caller.
Axis make_axis(const Range& range, std::size_t count, bool round_ends);

}  // namespace harmonium
