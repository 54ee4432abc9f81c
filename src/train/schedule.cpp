#include "harmonium/train/schedule.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <utility>

#include "harmonium/base/error.h"

namespace harmonium {
namespace {

constexpr std::array<std::pair<std::string_view, ScheduleShape>, 5> kShapes = {{
    {"constant", ScheduleShape::kConstant},
    {"linear", ScheduleShape::kLinear},
    {"step", ScheduleShape::kStep},
    {"cosine", ScheduleShape::kCosine},
    {"stages", ScheduleShape::kStages},
}};

}  // namespace

double Schedule::at(double epoch, std::size_t epochs) const {
  const double progress = std::clamp(epoch / static_cast<double>(std::max<std::size_t>(epochs, 1)), 0.0, 1.0);
  const double first = values.front();
  switch (shape) {
    case ScheduleShape::kConstant:
      return first;
    case ScheduleShape::kLinear:
      return first * (1.0 - progress);
    case ScheduleShape::kStep:
      return first * (progress < 0.5 ? 1.0 : progress < 0.75 ? 0.1 : 0.01);
    case ScheduleShape::kCosine:
      return first * 0.5 * (1.0 + std::cos(std::numbers::pi * progress));
    case ScheduleShape::kList:
      return values[std::min(static_cast<std::size_t>(epoch), values.size() - 1)];
    case ScheduleShape::kStages: {
      const auto stage = static_cast<std::size_t>(progress * static_cast<double>(values.size()));
      return values[std::min(stage, values.size() - 1)];
    }
  }
  return first;
}

double Schedule::largest() const {
  return *std::max_element(values.begin(), values.end());
}

ScheduleShape parse_schedule_shape(std::string_view text) {
  for (const auto& [name, shape] : kShapes)
    if (name == text) return shape;
  throw InputError(
      "schedule \"" + std::string(text) +
      "\" is not known; it is constant, linear (to zero), step or cosine, or stages for a list of "
      "equally long ones.");
}

std::string_view schedule_shape_name(ScheduleShape shape) {
  for (const auto& [name, value] : kShapes)
    if (value == shape) return name;
  return "list";
}

}  // namespace harmonium
