// Noisy rectified linear units (NReLU), Nair & Hinton 2010.
//
//   sample   max(0, x + s n), n standard normal (RowNoise::normal), s^2 = logistic(x); x: total input
//   mean     x Phi(x / s) + s phi(x / s)
//   variance (x^2 + s^2) Phi(x / s) + x s phi(x / s) - mean^2
//
// Phi and phi are the normal distribution function and density. There is no energy: the unit stands for the
// stepped sigmoid of stepped.cpp, which has one, and is close to it only for x above about 1.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "units/kind.h"
#include "units/passes.h"

namespace harmonium {
namespace {

double rectified_mean(double x) {
  const double s = std::sqrt(logistic(x));
  const double ratio = x / s;
  if (!(ratio > -38.0)) return std::isnan(x) ? x : 0.0;  // Phi and phi underflow; s itself may be 0
  const double upper = 0.5 * std::erfc(-ratio / std::numbers::sqrt2);
  const double density = std::exp(-0.5 * ratio * ratio) / std::sqrt(2.0 * std::numbers::pi);
  return std::max(0.0, x * upper + s * density);
}

void mean(const GroupRow& row, const float* input, float* mean) {
  for (std::size_t j = 0; j < row.columns; ++j)
    mean[j] = static_cast<float>(rectified_mean(row.total(j, input[j])));
}

void sample(const GroupRow& row, const float* input, const RowNoise& noise, float* sample) {
  for (std::size_t j = 0; j < row.columns; ++j) {
    const double x = row.total(j, input[j]);
    const auto unit = static_cast<std::uint32_t>(row.first_unit + j);
    const double noisy = x + std::sqrt(logistic(x)) * noise.normal(unit);
    sample[j] = noisy < 0.0 ? 0.0f : static_cast<float>(noisy);  // NaN passes
  }
}

ValueFault fault(const UnitGroup&, std::span<const float> values, bool nan_is_missing) {
  for (std::size_t j = 0; j < values.size(); ++j) {
    if ((nan_is_missing && std::isnan(values[j])) || (std::isfinite(values[j]) && values[j] >= 0.0f))
      continue;
    return {j, number(values[j]) + " is not a finite number of 0 or more"};
  }
  return {};
}

double states(const UnitGroup&) {
  return std::numeric_limits<double>::infinity();
}

bool pass(const GroupPass& p) {
  return rectified_pass(p.rows);
}

}  // namespace

const KindTable kRectifiedTable{
    UnitKind::kRectified, "rectified", mean, sample, nullptr, nullptr, fault, states, nullptr, pass};

}  // namespace harmonium
