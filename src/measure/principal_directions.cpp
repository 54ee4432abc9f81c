#include "harmonium/measure/principal_directions.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "harmonium/base/error.h"
#include "harmonium/base/random.h"
#include "harmonium/kernels/products.h"
#include "harmonium/measure/statistics.h"
#include "kernels/symmetric_eigen.h"

namespace harmonium {
namespace {

constexpr std::size_t kSpare = 10;  // columns beyond those wanted, which make the iteration converge
constexpr int kMostIterations = 500;
constexpr double kTolerance = 1e-5, kNoVariance = 1e-9;  // of the largest eigenvalue
constexpr std::size_t kRowsAtOnce = 256;

Matrix<float> centred(ConstMatrixView<float> cases, const std::vector<double>& mean) {
  Matrix<float> result(cases.rows(), cases.cols());
  for (std::size_t r = 0; r < cases.rows(); ++r)
    for (std::size_t i = 0; i < cases.cols(); ++i) result(r, i) = static_cast<float>(cases(r, i) - mean[i]);
  return result;
}

double dot(std::span<const double> a, std::span<const double> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

// Rows become orthonormal, twice over for what rounding leaves; a row without rest becomes zero.
void orthonormalise(Matrix<double>& rows) {
  for (std::size_t k = 0; k < rows.rows(); ++k) {
    const double before = std::sqrt(dot(rows.row(k), rows.row(k)));
    for (int again = 0; again < 2; ++again)
      for (std::size_t l = 0; l < k; ++l) {
        const double along = dot(rows.row(k), rows.row(l));
        for (std::size_t i = 0; i < rows.cols(); ++i) rows(k, i) -= along * rows(l, i);
      }
    const double length = std::sqrt(dot(rows.row(k), rows.row(k)));
    const double scale = length > 1e-7 * before && length > 0 ? 1.0 / length : 0.0;
    for (double& x : rows.row(k)) x *= scale;
  }
}

// C Q' for the rows of Q (p x V), as rows.
class Covariance {
 public:
  Covariance(ConstMatrixView<float> cases, const std::vector<double>& mean, ThreadTeam& team)
      : cases_(centred(cases, mean)), team_(team) {}

  Matrix<double> times(const Matrix<double>& q) {
    Matrix<float> narrow(q.rows(), q.cols()), along(cases_.rows(), q.rows()), result(q.rows(), q.cols());
    std::transform(q.values().begin(), q.values().end(), narrow.values().begin(),
                   [](double x) { return static_cast<float>(x); });
    const ConstMatrixView<float> all = cases_;
    team_.run_blocks(cases_.rows(), kRowsAtOnce, [&](std::size_t first, std::size_t count, unsigned) {
      product(1.0f, all.row_block(first, count), Transpose::kNo, narrow, Transpose::kYes, 0.0f,
              along.view().row_block(first, count));
    });
    const float scale = 1.0f / static_cast<float>(cases_.rows());
    team_.run_blocks(cases_.cols(), kRowsAtOnce, [&](std::size_t first, std::size_t count, unsigned) {
      product(scale, along, Transpose::kYes, all.col_block(first, count), Transpose::kNo, 0.0f,
              result.view().col_block(first, count));
    });
    Matrix<double> wide(q.rows(), q.cols());
    std::copy(result.values().begin(), result.values().end(), wide.values().begin());
    return wide;
  }

 private:
  Matrix<float> cases_;
  ThreadTeam& team_;
};

Matrix<double> combined(const Matrix<double>& coefficients, const Matrix<double>& rows) {
  Matrix<double> result(coefficients.rows(), rows.cols());
  for (std::size_t k = 0; k < result.rows(); ++k)
    for (std::size_t l = 0; l < rows.rows(); ++l)
      for (std::size_t i = 0; i < rows.cols(); ++i) result(k, i) += coefficients(k, l) * rows(l, i);
  return result;
}

// The wanted directions and their images under C, both turned to the axes of their space.
struct Ritz {
  std::vector<double> values;
  Matrix<double> directions, images;

  Ritz(const Matrix<double>& q, const Matrix<double>& image) {
    Matrix<double> t(q.rows(), q.rows());
    for (std::size_t k = 0; k < q.rows(); ++k)
      for (std::size_t l = 0; l < q.rows(); ++l)
        t(k, l) = 0.5 * (dot(q.row(k), image.row(l)) + dot(q.row(l), image.row(k)));
    SymmetricEigen eigen = symmetric_eigen(t);
    values = std::move(eigen.values);
    directions = combined(eigen.vectors, q);
    images = combined(eigen.vectors, image);
  }

  bool has_converged(std::size_t wanted) const {
    for (std::size_t k = 0; k < wanted; ++k) {
      double squares = 0;
      for (std::size_t i = 0; i < images.cols(); ++i) {
        const double rest = images(k, i) - values[k] * directions(k, i);
        squares += rest * rest;
      }
      if (std::sqrt(squares) > kTolerance * values.front()) return false;
    }
    return true;
  }
};

void keep(const Ritz& ritz, std::size_t wanted, PrincipalDirections& result) {
  std::size_t kept = 0;
  while (kept < wanted && ritz.values[kept] > kNoVariance * ritz.values.front()) ++kept;
  result.directions = Matrix<float>(kept, ritz.directions.cols());
  for (std::size_t k = 0; k < kept; ++k) {
    const auto row = ritz.directions.row(k);
    const double largest = *std::max_element(row.begin(), row.end(),
                                             [](double a, double b) { return std::abs(a) < std::abs(b); });
    for (std::size_t i = 0; i < row.size(); ++i)
      result.directions(k, i) = static_cast<float>(std::copysign(1.0, largest) * row[i]);
    result.variances.push_back(ritz.values[k]);
  }
}

}  // namespace

PrincipalDirections principal_directions(ConstMatrixView<float> cases, std::size_t count, ThreadTeam& team) {
  check(cases.rows() > 0, "directions of some cases");
  PrincipalDirections result;
  result.mean = column_means(cases);
  const std::size_t wanted = std::min({count, cases.rows(), cases.cols()}),
                    size = std::min({wanted + kSpare, cases.rows(), cases.cols()});
  if (wanted == 0) return result;
  Covariance covariance(cases, result.mean, team);
  Matrix<double> q(size, cases.cols());
  const Noise noise(0, Stream::kMeasure, 0);
  for (std::size_t k = 0; k < size; ++k)
    for (std::size_t i = 0; i < q.cols(); ++i) q(k, i) = noise.normal(k, static_cast<std::uint32_t>(i));
  orthonormalise(q);
  for (int iteration = 0;; ++iteration) {
    Ritz ritz(q, covariance.times(q));
    if (iteration == kMostIterations || ritz.has_converged(wanted)) {
      keep(ritz, wanted, result);
      return result;
    }
    q = std::move(ritz.images);
    orthonormalise(q);
  }
}

}  // namespace harmonium
