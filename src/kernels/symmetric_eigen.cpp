#include "kernels/symmetric_eigen.h"

#include <Eigen/Eigenvalues>

#include "harmonium/base/error.h"

namespace harmonium {

SymmetricEigen symmetric_eigen(const Matrix<double>& symmetric) {
  const std::size_t n = symmetric.rows();
  check(symmetric.cols() == n, "a symmetric matrix is square");
  SymmetricEigen result{{}, Matrix<double>(n, n)};
  if (n == 0) return result;
  // Eigen's sums follow the alignment of what it is given, so it is given memory of its own.
  Eigen::MatrixXd lower(static_cast<Eigen::Index>(n), static_cast<Eigen::Index>(n));
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = i; j < n; ++j)
      lower(static_cast<Eigen::Index>(j), static_cast<Eigen::Index>(i)) = symmetric(i, j);
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(lower);
  check(solver.info() == Eigen::Success, "eigenvalues of a symmetric matrix are found");
  for (std::size_t k = 0; k < n; ++k) {
    const auto column = static_cast<Eigen::Index>(n - 1 - k);  // ascending in Eigen
    result.values.push_back(solver.eigenvalues()[column]);
    for (std::size_t i = 0; i < n; ++i)
      result.vectors(k, i) = solver.eigenvectors()(static_cast<Eigen::Index>(i), column);
  }
  return result;
}

}  // namespace harmonium
