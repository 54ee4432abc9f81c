// Principal components: the linear code that a feature learner has to beat.
#pragma once

#include <vector>

#include "harmonium/base/matrix.h"

namespace harmonium {

/// Mean and leading principal axes of a data set.
struct Pca {
  std::vector<double> mean;       ///< N
  Matrix<float> components;       ///< k x N, orthonormal rows, largest variance first
  std::vector<double> variances;  ///< of all N axes, descending (divided by the number of cases)
};

/// Fits `components` axes to the rows of `values` (B x N). Throws InputError where fewer cases or columns
/// than components are given.
Pca fit_pca(ConstMatrixView<float> values, std::size_t components);

/// mean + U'U (x - mean) of each row.
Matrix<float> reconstruct(const Pca& pca, ConstMatrixView<float> values);

}  // namespace harmonium
