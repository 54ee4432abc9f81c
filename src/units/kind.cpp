// The list of kinds, and arithmetic that several of them share.
#include "units/kind.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <numbers>

#include "harmonium/base/error.h"

namespace harmonium {

std::span<const KindTable* const> all_kinds() {
  static constexpr const KindTable* kKinds[] = {&kBernoulliTable,   &kGaussianTable, &kRectifiedTable,
                                                &kBinomialTable,    &kSteppedTable,  &kSoftmaxTable,
                                                &kMultinomialTable, &kPoissonTable};
  return kKinds;
}

const KindTable& kind_table(UnitKind kind) {
  return *all_kinds()[static_cast<std::size_t>(kind)];
}

std::string_view kind_name(UnitKind kind) {
  return kind_table(kind).name;
}

double logistic(double x) {
  if (x >= 0.0) return 1.0 / (1.0 + std::exp(-x));
  const double e = std::exp(x);  // small where x is very negative: no overflow, full relative precision
  return e / (1.0 + e);
}

double log_factorial(double n) {
  constexpr std::size_t kTable = 257;
  static const std::array<double, kTable> table = [] {
    std::array<double, kTable> t{};
    long double sum = 0.0L;
    for (std::size_t i = 1; i < kTable; ++i) t[i] = static_cast<double>(sum += std::log((long double)i));
    return t;
  }();
  if (n < static_cast<double>(kTable)) return table[static_cast<std::size_t>(n)];
  // Stirling: log n! = n log n - n + log(2 pi n) / 2 + 1/(12 n) - 1/(360 n^3) + O(n^-5 / 1260).
  const double inverse = 1.0 / n;
  return n * std::log(n) - n + 0.5 * std::log(2.0 * std::numbers::pi * n) +
         inverse * (1.0 / 12.0 - inverse * inverse / 360.0);
}

double log_sum_exp(const double* x, std::size_t count) {
  double highest = -std::numeric_limits<double>::infinity();
  for (std::size_t j = 0; j < count; ++j) {
    if (std::isnan(x[j])) return x[j];
    highest = std::max(highest, x[j]);
  }
  if (std::isinf(highest)) return highest;
  double sum = 0.0;
  for (std::size_t j = 0; j < count; ++j) sum += std::exp(x[j] - highest);
  return highest + std::log(sum);
}

bool softmax_in_place(std::span<double> totals) {
  const double log_sum = log_sum_exp(totals.data(), totals.size());
  for (double& t : totals) t = std::exp(t - log_sum);
  return !std::isnan(log_sum);
}

std::size_t pick(std::span<const double> cumulative, double u) {
  // Scaled by the last sum, which differs from 1 by rounding; u < 1, so the answer is within.
  const double point = u * cumulative.back();
  const auto at = std::upper_bound(cumulative.begin(), cumulative.end(), point);
  return std::min<std::size_t>(static_cast<std::size_t>(at - cumulative.begin()), cumulative.size() - 1);
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

bool is_whole(double value) {
  // Doubles of 2^52 and more are whole; smaller ones fit an integer, whose conversion is faster than
  // std::floor.
  if (std::abs(value) < 0x1p52) return value == static_cast<double>(static_cast<std::int64_t>(value));
  return std::isfinite(value);
}

double linear_energy(const GroupRow& row, const float* values) {
  // Eight running sums, so that additions need not wait for each other.
  double part[8] = {};
  std::size_t j = 0;
  for (; j + 8 <= row.columns; j += 8)
    for (std::size_t i = 0; i < 8; ++i) part[i] += static_cast<double>(row.bias[j + i]) * values[j + i];
  for (; j < row.columns; ++j) part[j % 8] += static_cast<double>(row.bias[j]) * values[j];
  const double sum =
      ((part[0] + part[4]) + (part[1] + part[5])) + ((part[2] + part[6]) + (part[3] + part[7]));
  return -row.bias_scale * sum;
}

std::string count_fault(double value, double limit) {
  if (std::isfinite(limit)) {
    if (is_whole(value) && value >= 0.0 && value <= limit) return {};
    return number(value) + " is not a whole number from 0 to " + number(limit);
  }
  if (is_whole(value) && value >= 0.0) return {};
  return number(value) + " is not a count (0, 1, 2, ...)";
}

ValueFault counts_fault(std::span<const float> values, double limit, bool nan_is_missing) {
  for (std::size_t j = 0; j < values.size(); ++j) {
    if (nan_is_missing && std::isnan(values[j])) continue;
    if (std::string reason = count_fault(values[j], limit); !reason.empty()) return {j, std::move(reason)};
  }
  return {};
}

void require_count(double value, double limit, const UnitGroup& group) {
  if (is_whole(value) && value >= 0.0 && value <= limit) return;
  throw InputError("the energy of " + describe(group) +
                   " units was asked for a value that it cannot have: " + count_fault(value, limit));
}

double power_states(std::size_t units, double base) {
  return std::pow(base, static_cast<double>(units));
}

void power_state(std::size_t units, std::uint64_t base, std::uint64_t index, float* values) {
  for (std::size_t j = units; j-- > 0; index /= base) values[j] = static_cast<float>(index % base);
}

std::string describe(const UnitGroup& group) {
  std::string text(kind_name(group.kind));
  if (group.learned_variance) return text + "(learned)";
  return group.parameter != 0 ? text + "(" + std::to_string(group.parameter) + ")" : text;
}

}  // namespace harmonium
