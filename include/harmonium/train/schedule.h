// Values that change as learning goes on: rates, momentum, numbers of Gibbs steps.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace harmonium {

enum class ScheduleShape {
  kConstant,  ///< the first value throughout
  kLinear,    ///< from the first value to zero at the end of the last epoch
  kStep,      ///< times 0.1 after half and again after three quarters of the epochs
  kCosine,    ///< value * (1 + cos(pi * progress)) / 2
  kList,      ///< one value an epoch; the last one stays
  kStages,    ///< values that each last for an equal share of the epochs
};

struct Schedule {
  std::vector<double> values = {0.0};
  ScheduleShape shape = ScheduleShape::kConstant;

  Schedule() = default;
  Schedule(double value) : values{value} {}  // NOLINT: a number is a constant schedule
  Schedule(double value, ScheduleShape schedule_shape) : values{value}, shape(schedule_shape) {}
  explicit Schedule(std::vector<double> list) : values(std::move(list)), shape(ScheduleShape::kList) {}

  /// The value at `epoch` (from 0, with a fraction within the epoch) of `epochs`.
  double at(double epoch, std::size_t epochs) const;
  double largest() const;
  bool operator==(const Schedule&) const = default;
};

/// "constant", "linear", "step", "cosine", "stages". Throws InputError with the nearest name.
ScheduleShape parse_schedule_shape(std::string_view text);
std::string_view schedule_shape_name(ScheduleShape shape);

}  // namespace harmonium
