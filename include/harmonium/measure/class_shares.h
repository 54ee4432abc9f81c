// Which classes do free chains of a net with label units show too often or too rarely?
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "harmonium/base/matrix.h"

namespace harmonium {

/// The part of one class among the states of free chains and among the cases.
struct ClassShare {
  double chains = 0, chains_error = 0;  ///< mean over chains of the part of their steps; standard error
  double data = 0, data_error = 0;      ///< part of the cases with a label; standard error of a fraction

  /// (chains - data) over the hypotenuse of both errors; 0 where both are 0 and the parts are equal.
  double deviations() const;
  /// Beyond `kDeviations` standard errors and `kRelative` of the data's part.
  bool is_over() const;
  bool is_under() const;

  static constexpr double kDeviations = 3.0, kRelative = 0.1;
};

/// `visits`: steps x chains, the class that a chain's label units show at a step. Errors of the chains'
/// shares come from the differences between chains (two or more), which are independent of each other, so
/// that they are right however slowly each moves. `labels`: of the cases, -1 (unknown) left out.
std::vector<ClassShare> class_shares(ConstMatrixView<std::int32_t> visits,
                                     std::span<const std::int32_t> labels, std::size_t classes);

/// Half the sum of |chains - data|: the part of the fantasies that would have to change class.
double share_distance(std::span<const ClassShare> shares);

}  // namespace harmonium
