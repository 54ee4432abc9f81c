// The fast passes of the kinds, each compiled once for every target of Highway in KIND_simd.cpp; KIND.cpp has
// the formulas and the plain functions, which give the same to rounding.
#pragma once

#include <cstddef>
#include <cstdint>

#include "units/kind.h"

namespace harmonium {

// ---- Means and samples of a block of rows, on the best instruction set that HARMONIUM_ISA allows. False,
// and nothing done, where that has no vectors. ----

/// `log_variance`: one a column, or null where the variance is 1.
bool gaussian_pass(const PassRows& rows, const float* log_variance);
bool rectified_pass(const PassRows& rows);
bool binomial_pass(const PassRows& rows, unsigned copies);
bool stepped_pass(const PassRows& rows, unsigned copies);
bool softmax_pass(const PassRows& rows, std::size_t states);
/// `lengths`: one whole number a row.
bool multinomial_pass(const PassRows& rows, const double* lengths);
bool poisson_pass(const PassRows& rows);
/// Plain functions stand in where there are no vectors.
void bernoulli_pass(const PassRows& rows);

/// The plain functions of a Bernoulli unit in f32: the reference of the vector pass.
struct BernoulliPlain {
  float mean(float total) const;
  /// 1 where u < mean; NaN where the mean is NaN.
  float sample(float mean, float u) const;
};

// ---- What a pass leaves to the plain functions, one value at a time ----

/// Up to so many copies a pass inverts the binomial distribution function in vectors.
inline constexpr unsigned kMaxVectorCopies = 64;
/// A count of N copies at total input x. NaN in gives NaN out.
double binomial_sample(double copies, double x, const RowNoise& noise, std::uint32_t unit);

/// Below this rate Poisson counts come by inversion.
inline constexpr float kMinRejectionRate = 10.0f;
/// From this rate on vectors of f32 are too coarse.
inline constexpr float kMaxVectorRate = 65536.0f;
/// A rejection method gives up after so many tries, one of which fails with a chance of at most 1/2.
inline constexpr std::uint32_t kMaxTries = 64;
/// A Poisson count. NaN in gives NaN out.
double poisson_sample(double rate, const RowNoise& noise, std::uint32_t unit);

// ---- Parts of energies and log-partitions in f64 ----

/// Sum over j of log(1 + exp(input[j] + scale * bias[j])).
double bernoulli_log_partition(const double* input, const float* bias, double scale, std::size_t columns);
/// Sum over j of exp(input[j] + scale * bias[j] - shift).
double sum_of_exp(const double* input, const float* bias, double scale, double shift, std::size_t columns);
/// Sum over j and n = 1..copies of log(1 + exp(input[j] + scale * bias[j] - n + 1/2)).
double stepped_log_partition(const double* input, const float* bias, double scale, unsigned copies,
                             std::size_t columns);
/// inverse[j] = exp(-log_variance[j] / 2), the variance held at or above its bound.
void inverse_deviations(const float* log_variance, std::size_t columns, double* inverse);
/// log of the sum over j of exp(input[j] + scale * bias[j]); NaN if one is NaN.
double log_sum_exp(const double* input, const float* bias, double scale, std::size_t columns);

}  // namespace harmonium
