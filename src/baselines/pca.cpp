#include "harmonium/baselines/pca.h"

#include <Eigen/Eigenvalues>
#include <algorithm>

#include "harmonium/base/error.h"
#include "harmonium/kernels/products.h"

namespace harmonium {

Pca fit_pca(ConstMatrixView<float> values, std::size_t components) {
  const std::size_t cases = values.rows(), n = values.cols();
  if (components < 1 || components > n || components > cases)
    throw InputError("PCA with " + std::to_string(components) +
                     " components needs at least as many cases (there are " + std::to_string(cases) +
                     ") and columns (" + std::to_string(n) + ").");
  Pca pca;
  pca.mean.assign(n, 0.0);
  for (std::size_t r = 0; r < cases; ++r)
    for (std::size_t i = 0; i < n; ++i) pca.mean[i] += values(r, i) / static_cast<double>(cases);
  // Covariance in 64-bit sums; the row of a case is short enough for its outer product to stay in cache.
  Eigen::MatrixXd covariance =
      Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(n), static_cast<Eigen::Index>(n));
  Eigen::VectorXd row(static_cast<Eigen::Index>(n));
  for (std::size_t r = 0; r < cases; ++r) {
    for (std::size_t i = 0; i < n; ++i) row[static_cast<Eigen::Index>(i)] = values(r, i) - pca.mean[i];
    covariance.selfadjointView<Eigen::Lower>().rankUpdate(row, 1.0 / static_cast<double>(cases));
  }
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(covariance);
  check(solver.info() == Eigen::Success, "eigenvalues of a covariance are found");
  pca.components = Matrix<float>(components, n);
  for (std::size_t k = 0; k < n; ++k) {
    const auto column = static_cast<Eigen::Index>(n - 1 - k);  // ascending in Eigen
    pca.variances.push_back(std::max(0.0, solver.eigenvalues()[column]));
    if (k < components)
      for (std::size_t i = 0; i < n; ++i)
        pca.components(k, i) =
            static_cast<float>(solver.eigenvectors()(static_cast<Eigen::Index>(i), column));
  }
  return pca;
}

Matrix<float> reconstruct(const Pca& pca, ConstMatrixView<float> values) {
  Matrix<float> centred(values.rows(), values.cols()), codes(values.rows(), pca.components.rows());
  for (std::size_t r = 0; r < values.rows(); ++r)
    for (std::size_t i = 0; i < values.cols(); ++i)
      centred(r, i) = static_cast<float>(values(r, i) - pca.mean[i]);
  product(1.0f, centred, Transpose::kNo, pca.components, Transpose::kYes, 0.0f, codes);
  Matrix<float> result(values.rows(), values.cols());
  product(codes, pca.components, result);
  for (std::size_t r = 0; r < values.rows(); ++r)
    for (std::size_t i = 0; i < values.cols(); ++i) result(r, i) += static_cast<float>(pca.mean[i]);
  return result;
}

}  // namespace harmonium
