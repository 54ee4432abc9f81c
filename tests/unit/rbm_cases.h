// Small models and cases that several tests share.
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "harmonium/models/rbm.h"

namespace harmonium {

/// The tiny machine whose likelihoods, gradients and expected updates were worked out independently, in
/// double precision: three visible units, of any kind with one column each, and two hidden ones.
inline Rbm worked_rbm(const char* visible = "3") {
  Rbm rbm(parse_layer(visible), parse_layer("2"));
  const float weights[] = {0.5f, -1.0f, 1.5f, 0.25f, -0.75f, 2.0f};
  std::copy(std::begin(weights), std::end(weights), rbm.weights.data());
  rbm.visible.bias = {0.1f, -0.2f, 0.3f};
  rbm.hidden.bias = {-0.4f, 0.6f};
  return rbm;
}

/// Rows one after the other.
inline Matrix<float> matrix_of(std::size_t columns, std::vector<float> values) {
  Matrix<float> m(values.size() / columns, columns);
  std::copy(values.begin(), values.end(), m.data());
  return m;
}

/// The cases of the worked values: 110, 011, 101.
inline Matrix<float> worked_cases() {
  return matrix_of(3, {1, 1, 0, 0, 1, 1, 1, 0, 1});
}

/// All eight states of three binary units, 000 first, the last moving fastest.
inline Matrix<float> all_triples() {
  Matrix<float> m(8, 3);
  for (std::size_t s = 0; s < 8; ++s)
    for (std::size_t i = 0; i < 3; ++i) m(s, i) = static_cast<float>(s >> (2 - i) & 1u);
  return m;
}

/// 0, 1, 2, ...: the numbers of cases.
inline std::vector<std::uint64_t> numbered(std::size_t count) {
  std::vector<std::uint64_t> result(count);
  std::iota(result.begin(), result.end(), 0u);
  return result;
}

/// The rows `times` over, in turn.
inline Matrix<float> repeated(const Matrix<float>& cases, std::size_t times) {
  Matrix<float> result(cases.rows() * times, cases.cols());
  for (std::size_t r = 0; r < result.rows(); ++r)
    std::copy_n(cases.row(r % cases.rows()).data(), cases.cols(), result.row(r).data());
  return result;
}

}  // namespace harmonium
