#include "harmonium/baselines/pca.h"

#include <algorithm>
#include <vector>

#include "harmonium/base/error.h"
#include "harmonium/kernels/products.h"
#include "kernels/symmetric_eigen.h"

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
  // The upper triangle of the covariance in 64-bit sums; the row of a case is short enough for its outer
  // product to stay in cache.
  Matrix<double> covariance(n, n);
  std::vector<double> row(n);
  for (std::size_t r = 0; r < cases; ++r) {
    for (std::size_t i = 0; i < n; ++i) row[i] = values(r, i) - pca.mean[i];
    for (std::size_t i = 0; i < n; ++i) {
      const double scaled = row[i] / static_cast<double>(cases);
      double* const into = covariance.row(i).data();
      for (std::size_t j = i; j < n; ++j) into[j] += scaled * row[j];
    }
  }
  const SymmetricEigen eigen = symmetric_eigen(covariance);
  for (const double value : eigen.values) pca.variances.push_back(std::max(0.0, value));
  pca.components = Matrix<float>(components, n);
  for (std::size_t k = 0; k < components; ++k)
    std::transform(eigen.vectors.row(k).begin(), eigen.vectors.row(k).end(), pca.components.row(k).begin(),
                   [](double x) { return static_cast<float>(x); });
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
