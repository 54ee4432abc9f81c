// Eigenvalues and eigenvectors of a dense symmetric matrix.
#pragma once

#include <vector>

#include "harmonium/base/matrix.h"

namespace harmonium {

struct SymmetricEigen {
  std::vector<double> values;  ///< N, descending
  Matrix<double> vectors;      ///< N x N: row k is the unit vector of value k
};

/// S = sum_k value_k vector_k' vector_k, of which the upper triangle of S (N x N) is read. One thread; the
/// same bits whatever the place of S in memory.
SymmetricEigen symmetric_eigen(const Matrix<double>& symmetric);

}  // namespace harmonium
