#include "samplers/state_fault.h"

#include <cmath>
#include <cstdio>

namespace harmonium {
namespace {

std::string number(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

std::string at(std::size_t row, std::size_t column, const std::string& reason) {
  return "row " + std::to_string(row) + ", column " + std::to_string(column) + ": " + reason;
}

bool has_two_values(UnitKind kind) {
  return kind == UnitKind::kBernoulli || kind == UnitKind::kSoftmax;
}

// A value of a Bernoulli or softmax column that is neither 0 nor 1.
ValueFault find_fraction(const LayerSpec& spec, std::span<const float> row) {
  for (std::size_t g = 0; g < spec.groups.size(); ++g) {
    const std::size_t first = spec.first_column(g);
    if (!has_two_values(spec.groups[g].kind)) continue;
    for (std::size_t i = first; i < first + spec.groups[g].columns(); ++i)
      if (row[i] != 0.0f && row[i] != 1.0f)
        return {i, number(row[i]) + " is not 0 or 1 (" + std::string(kind_name(spec.groups[g].kind)) + ")"};
  }
  return {};
}

// Means lie between the smallest and the largest value, whatever is between these.
double largest_mean(const UnitGroup& group) {
  switch (group.kind) {
    case UnitKind::kBernoulli:
    case UnitKind::kSoftmax:
      return 1.0;
    case UnitKind::kBinomial:
    case UnitKind::kStepped:
      return group.parameter;
    case UnitKind::kMultinomial:
      return group.parameter > 0 ? group.parameter : HUGE_VAL;
    case UnitKind::kGaussian:
    case UnitKind::kRectified:
    case UnitKind::kPoisson:
      break;
  }
  return HUGE_VAL;
}

}  // namespace

std::string find_state_fault(const LayerSpec& spec, ConstMatrixView<float> states, bool probabilities) {
  for (std::size_t r = 0; r < states.rows(); ++r) {
    ValueFault fault;
    if (!probabilities) fault = find_fraction(spec, states.row(r));
    if (fault.reason.empty()) fault = find_value_fault(spec, states.row(r), false);
    if (!fault.reason.empty()) return at(r, fault.column, fault.reason);
  }
  return {};
}

std::string find_mean_fault(const LayerSpec& spec, ConstMatrixView<float> means) {
  constexpr double kRounding = 1e-4;  // of what 32-bit floats make of the largest mean
  for (std::size_t g = 0; g < spec.groups.size(); ++g) {
    const UnitGroup& group = spec.groups[g];
    const double least = group.kind == UnitKind::kGaussian ? -HUGE_VAL : 0.0, most = largest_mean(group);
    const std::size_t first = spec.first_column(g);
    for (std::size_t r = 0; r < means.rows(); ++r)
      for (std::size_t i = first; i < first + group.columns(); ++i)
        if (const double mean = means(r, i);
            !std::isfinite(mean) || mean < least || mean > most * (1.0 + kRounding))
          return at(r, i, number(mean) + " is no mean of a " + std::string(kind_name(group.kind)) + " unit");
  }
  return {};
}

}  // namespace harmonium
