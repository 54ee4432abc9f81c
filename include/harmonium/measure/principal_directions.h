// The few directions in which cases differ most, by orthogonal iteration: for what is wanted of wide data
// without all eigenvectors of a covariance.
#pragma once

#include <cstddef>
#include <vector>

#include "harmonium/base/matrix.h"
#include "harmonium/base/threads.h"

namespace harmonium {

struct PrincipalDirections {
  std::vector<double> mean;       ///< V
  Matrix<float> directions;       ///< k x V, orthonormal rows, largest variance first, largest entry positive
  std::vector<double> variances;  ///< k of them, divided by the number of cases
};

/// The leading `count` eigenvectors of the covariance C = 1/B sum (x - mean)(x - mean)' of `cases` (B x V,
/// no missing values), or as many as have a variance. A basis Q of a few more columns than asked for becomes
/// an orthonormal basis of C Q until C q - lambda q of each wanted direction is shorter than 1e-5 of the
/// largest eigenvalue, or 500 times; where eigenvalues lie closer than that, directions of their common space
/// are as good. The same bits for any number of threads.
PrincipalDirections principal_directions(ConstMatrixView<float> cases, std::size_t count, ThreadTeam& team);

}  // namespace harmonium
