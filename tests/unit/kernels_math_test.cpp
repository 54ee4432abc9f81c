// The elementary functions of the passes on every target of this machine: against f64 in ULP; normals against
// the plain transform, their moments, tails and independence; picks by running sums.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <vector>

#include "harmonium/base/random.h"
#include "unit/every_target.h"

#ifndef HARMONIUM_MATH_TEST_FUNCTION
#define HARMONIUM_MATH_TEST_FUNCTION
namespace harmonium {
enum class Function { kExpOrZero, kExpm1, kLog, kLog1p, kNormalLoss };
}
#endif

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "unit/kernels_math_test.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include <hwy/highway.h>

#include "kernels/choose-inl.h"
#include "kernels/random-inl.h"

HWY_BEFORE_NAMESPACE();
namespace harmonium {
namespace HWY_NAMESPACE {

void map_function(Function f, const float* x, float* y, std::size_t count) {
  const hn::ScalableTag<float> d;
  for (std::size_t i = 0; i < count; i += hn::Lanes(d)) {
    const auto v = hn::LoadU(d, x + i);
    const auto value = f == Function::kExpOrZero ? exp_or_zero_f32(d, v)
                       : f == Function::kExpm1   ? expm1_f32(d, v)
                       : f == Function::kLog     ? log_f32(d, v)
                       : f == Function::kLog1p   ? log1p_f32(d, v)
                                                 : normal_loss_f32(d, v);
    hn::StoreU(value, d, y + i);
  }
}

/// Normals of units 0 to `count` - 1, a multiple of 4 vectors of every target.
void fill_normals(std::uint64_t key, std::uint64_t case_index, std::size_t count, float* y) {
#if HWY_TARGET == HWY_SCALAR
  for (std::size_t i = 0; i < count; ++i)
    y[i] = static_cast<float>(RowNoise{key, case_index}.normal(static_cast<std::uint32_t>(i)));
#else
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  const PhiloxKeys keys(key);
  const BlockRandom<decltype(d)> random(d, keys, case_index);
  for (std::size_t i = 0; i < count; i += 4 * lanes) {
    const auto n = random.normals(d, static_cast<std::uint32_t>(i / 4));
    hn::StoreU(n.a, d, y + i), hn::StoreU(n.b, d, y + i + lanes);
    hn::StoreU(n.c, d, y + i + 2 * lanes), hn::StoreU(n.d, d, y + i + 3 * lanes);
  }
#endif
}

/// The pick of each u among `columns` totals; false where there are no vectors.
bool pick_columns(const float* totals, std::size_t columns, const double* u, std::size_t count,
                  std::size_t* picks) {
#if HWY_TARGET == HWY_SCALAR
  (void)totals, (void)columns, (void)u, (void)count, (void)picks;
  return false;
#else
  const std::vector<float> no_bias(columns);
  ManyChoices choices;
  choices.assign(totals, no_bias.data(), 1.0f, columns);
  for (std::size_t i = 0; i < count; ++i) picks[i] = choices.pick(u[i]);
  return true;
#endif
}

}  // namespace HWY_NAMESPACE
}  // namespace harmonium
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace harmonium {

HWY_EXPORT(map_function);
HWY_EXPORT(fill_normals);
HWY_EXPORT(pick_columns);

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// The largest error in units of the last place of f32 over `x`, each error divided by allowance(x).
template <class Truth, class Allowance>
double worst_ulp(const std::vector<float>& x, const std::vector<float>& y, const Truth& truth,
                 const Allowance& allowance) {
  double worst = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double wanted = truth(double{x[i]});
    const auto nearest = static_cast<float>(std::abs(wanted));
    const double step = static_cast<double>(std::nextafter(nearest, kInfinity)) - nearest;
    worst = std::max(worst, std::abs(y[i] - wanted) / step / allowance(double{x[i]}));
  }
  return worst;
}

constexpr auto kNoAllowance = [](double) { return 1.0; };

constexpr std::size_t kGrid = 1 << 17;

/// kGrid values from low to high, evenly spaced.
std::vector<float> linear_grid(double low, double high) {
  std::vector<float> x(kGrid);
  for (std::size_t i = 0; i < kGrid; ++i)
    x[i] = static_cast<float>(low + (high - low) * static_cast<double>(i) / (kGrid - 1));
  return x;
}

/// The same in the logarithm.
std::vector<float> log_grid(double low, double high) {
  std::vector<float> x = linear_grid(std::log(low), std::log(high));
  for (float& v : x) v = static_cast<float>(std::exp(double{v}));
  return x;
}

void map(Function f, const std::vector<float>& x, std::vector<float>& y) {
  y.assign(x.size(), -1.0f);
  HWY_DYNAMIC_DISPATCH(map_function)(f, x.data(), y.data(), x.size());
}

TEST(MathTest, LogWithinTwoUlp) {
  std::vector<float> y;
  on_every_target([&] {
    for (const auto& x : {log_grid(1e-37, 1e38), linear_grid(0.5, 2.0), log_grid(0.9999, 1.0001)}) {
      map(Function::kLog, x, y);
      EXPECT_LE(worst_ulp(
                    x, y, [](double v) { return std::log(v); }, kNoAllowance),
                2.0);
    }
  });
}

TEST(MathTest, Log1pWithinThreeUlp) {
  std::vector<float> y;
  on_every_target([&] {
    std::vector<float> negative = log_grid(1e-20, 0.99);
    for (float& v : negative) v = -v;
    for (const auto& x : {log_grid(1e-20, 1e6), negative}) {
      map(Function::kLog1p, x, y);
      EXPECT_LE(worst_ulp(
                    x, y, [](double v) { return std::log1p(v); }, kNoAllowance),
                3.0);
    }
  });
}

TEST(MathTest, Expm1WithinThreeUlp) {
  std::vector<float> y;
  on_every_target([&] {
    std::vector<float> negative = log_grid(1e-20, 87.0);
    for (float& v : negative) v = -v;
    for (const auto& x : {log_grid(1e-20, 87.0), negative}) {
      map(Function::kExpm1, x, y);
      EXPECT_LE(worst_ulp(
                    x, y, [](double v) { return std::expm1(v); }, kNoAllowance),
                3.0);
    }
  });
}

TEST(MathTest, ExpOrZero) {
  std::vector<float> x(64, -87.5f), y;
  x[0] = -kInfinity, x[1] = -1e30f, x[2] = std::nanf(""), x[3] = 0.0f, x[4] = -87.0f;
  on_every_target([&] {
    map(Function::kExpOrZero, x, y);
    EXPECT_EQ(y[0], 0.0f);
    EXPECT_EQ(y[1], 0.0f);
    EXPECT_TRUE(std::isnan(y[2]));
    EXPECT_EQ(y[3], 1.0f);
    EXPECT_NEAR(y[4], std::exp(-87.0), 3e-7 * std::exp(-87.0));
    EXPECT_EQ(y[5], 0.0f);
  });
}

/// E[max(0, n - y)]; the difference of nearly equal terms needs long doubles.
double normal_loss(double y) {
  const long double v = y, upper = 0.5L * std::erfc(v / std::numbers::sqrt2_v<long double>);
  const long double density = std::exp(-0.5L * v * v) / std::sqrt(2.0L * std::numbers::pi_v<long double>);
  return static_cast<double>(density - v * upper);
}

TEST(MathTest, NormalLossAsTheRoundingOfItsArgument) {
  std::vector<float> y;
  on_every_target([&] {
    const std::vector<float> x = linear_grid(0.0, 12.5);
    map(Function::kNormalLoss, x, y);
    EXPECT_LE(worst_ulp(x, y, normal_loss, [](double v) { return 1.0 + v * v; }), 8.0);
    map(Function::kNormalLoss, std::vector<float>(64, kInfinity), y);
    EXPECT_EQ(y[0], 0.0f);
    map(Function::kNormalLoss, std::vector<float>(64, 1e20f), y);
    EXPECT_EQ(y[0], 0.0f);
  });
}

TEST(NormalTest, IsThePlainTransformOfTheSameWords) {
  std::vector<float> y(1 << 16);
  const RowNoise noise{77, std::uint64_t{7} << 32 | 9};
  on_every_target([&] {
    HWY_DYNAMIC_DISPATCH(fill_normals)(noise.key, noise.case_index, y.size(), y.data());
    double worst = 0.0;
    for (std::size_t i = 0; i < y.size(); ++i)
      worst = std::max(worst, std::abs(y[i] - noise.normal(static_cast<std::uint32_t>(i))));
    EXPECT_LE(worst, 2e-6);
  });
}

/// Sums over many normals.
struct NormalSums {
  double powers[7] = {}, neighbours = 0.0, squared_neighbours = 0.0, beyond[6] = {};
  std::vector<double> bins = std::vector<double>(64);  ///< of equal probability
  double count = 0.0;

  void add(const std::vector<float>& y) {
    for (std::size_t i = 0; i < y.size(); ++i) {
      double power = 1.0;
      for (int k = 1; k <= 6; ++k) powers[k] += power *= y[i];
      for (int k = 1; k <= 5; ++k) beyond[k] += std::abs(y[i]) > k;
      bins[static_cast<std::size_t>(64.0 * 0.5 * std::erfc(-y[i] / std::numbers::sqrt2))] += 1.0;
      if (i == 0) continue;
      neighbours += double{y[i]} * y[i - 1];
      squared_neighbours += (double{y[i]} * y[i] - 1.0) * (double{y[i - 1]} * y[i - 1] - 1.0);
    }
    count += static_cast<double>(y.size());
  }
};

TEST(NormalTest, MomentsTailsAndIndependence) {
  constexpr std::size_t kUnits = 1 << 16;
  std::vector<float> y(kUnits);
  on_every_target([&] {
    NormalSums s;
    for (std::uint64_t c = 0; c < 64; ++c) {
      HWY_DYNAMIC_DISPATCH(fill_normals)(20260, c, kUnits, y.data());
      s.add(y);
    }
    // The variance of x^k is E[x^2k] - E[x^k]^2, and E[x^2k] = (2k - 1)!!.
    const double moment[] = {1, 0, 1, 0, 3, 0, 15}, even[] = {1, 1, 3, 15, 105, 945, 10395};
    for (int k = 1; k <= 6; ++k) {
      const double deviation = std::sqrt((even[k] - moment[k] * moment[k]) / s.count);
      EXPECT_LT(std::abs(s.powers[k] / s.count - moment[k]), 4.0 * deviation) << "moment " << k;
    }
    for (int k = 1; k <= 5; ++k) {
      const double expected = s.count * std::erfc(k / std::numbers::sqrt2);
      EXPECT_LT(std::abs(s.beyond[k] - expected), 4.0 * std::sqrt(expected) + 1.0) << "beyond " << k;
    }
    double chi = 0.0;
    for (const double n : s.bins) chi += (n - s.count / 64.0) * (n - s.count / 64.0) / (s.count / 64.0);
    EXPECT_LT(std::abs(chi - 63.0), 4.0 * std::sqrt(2.0 * 63.0));
    EXPECT_LT(std::abs(s.neighbours), 4.0 * std::sqrt(s.count));
    EXPECT_LT(std::abs(s.squared_neighbours), 4.0 * std::sqrt(4.0 * s.count));
  });
}

TEST(ChoiceTest, PicksByTheRunningSum) {
  const Noise noise(3, Stream::kChain, 0);
  for (const std::size_t columns : {1u, 2u, 15u, 16u, 17u, 100u, 5000u}) {
    std::vector<float> totals(columns);
    std::vector<double> running(columns), u(2000);
    std::vector<std::size_t> picks(u.size());
    double sum = 0.0;
    for (std::size_t j = 0; j < columns; ++j) {
      totals[j] = j % 3 == 2 ? -200.0f : 2.0f * noise.normal(0, static_cast<std::uint32_t>(j));
      running[j] = sum += j % 3 == 2 ? 0.0 : std::exp(double{totals[j]});
    }
    for (std::size_t i = 0; i < u.size(); ++i)
      u[i] = i == 0   ? 1e-12
             : i == 1 ? 1.0 - 1e-12
                      : (noise.bits(1, static_cast<std::uint32_t>(i)) + 0.5) * 0x1p-32;
    on_every_target([&] {
      if (!HWY_DYNAMIC_DISPATCH(pick_columns)(totals.data(), columns, u.data(), u.size(), picks.data()))
        return;
      for (std::size_t i = 0; i < u.size(); ++i) {
        const std::size_t k = picks[i];
        ASSERT_LT(k, columns);
        EXPECT_NE(k % 3, 2u) << "a column of probability 0";
        EXPECT_LE(u[i] * sum, running[k] + 2e-6 * sum);
        EXPECT_GE(u[i] * sum, (k == 0 ? 0.0 : running[k - 1]) - 2e-6 * sum);
      }
    });
  }
}

}  // namespace
}  // namespace harmonium
#endif  // HWY_ONCE
