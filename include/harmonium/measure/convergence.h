// Have many chains forgotten where they began? R-hat and the effective number of samples of one statistic
// that was recorded along each (Gelman & Rubin 1992; Vehtari, Gelman, Simpson, Carpenter & Bürkner 2021).
#pragma once

#include <cstddef>

#include "harmonium/base/matrix.h"

namespace harmonium {

/// Largest R-hat that is told: of chains that never move and differ.
inline constexpr double kMostRHat = 1000.0;

struct Convergence {
  /// sqrt(((n - 1) / n W + B / n) / W), where W is the mean variance within chains and B / n the variance of
  /// their means: 1 where chains agree, more where they differ. Each chain is split into halves of n steps,
  /// so that drift counts too; values are replaced by normal scores of their ranks; and the larger one of the
  /// values and of their distances to the median counts (Vehtari et al. 2021, equations 4, 14 and
  /// section 4.2).
  double r_hat = 1.0;
  /// Independent samples that the whole record is worth for the mean of the statistic: steps x chains over
  /// the integrated autocorrelation time, summed in Geyer's initial monotone sequence of pairs over all
  /// chains at once, so that chains in different places count for little (equations 10 to 13, on ranks as
  /// above).
  double effective_samples = 0.0;
  bool moves = true;  ///< some chain did not have the same value all the time
};

/// From a record of `steps` x `chains` values, a row a step. All values equal is R-hat 1. At least 4 steps
/// and 2 chains.
Convergence convergence_of(ConstMatrixView<double> record);

/// The x with P(N(0, 1) < x) = p, 0 < p < 1 (Acklam's approximation and one step of Halley's method).
double normal_quantile(double p);

}  // namespace harmonium
