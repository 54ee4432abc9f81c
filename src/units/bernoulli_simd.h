// The fast passes of Bernoulli units. bernoulli.cpp has the formulas.
#pragma once

#include <cstddef>

#include "kernels/pass.h"

namespace harmonium {

/// The plain functions of a Bernoulli unit in f32: the reference of the vector pass.
struct BernoulliPlain {
  float mean(float total) const;
  /// 1 where u < mean; NaN where the mean is NaN.
  float sample(float mean, float u) const;
};

/// Means and samples of a block of rows, on the best instruction set that HARMONIUM_ISA allows.
void bernoulli_pass(const PassRows& rows);

/// Sum over j of log(1 + exp(input[j] + scale * bias[j])) in f64.
double bernoulli_log_partition(const double* input, const float* bias, double scale, std::size_t columns);

}  // namespace harmonium
