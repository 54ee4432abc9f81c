// Dense matrix products in 32-bit floats, by oneDNN or, where it is not, a BLAS.
//
// A product runs in the calling thread alone: threads share a batch by blocks of rows (base/threads.h), so
// that the bits of a result do not depend on how many threads there are.
#pragma once

#include <string>

#include "harmonium/base/matrix.h"

namespace harmonium {

enum class Transpose { kNo, kYes };

/// C = alpha op(A) op(B) + beta C, where op turns its matrix over if asked to. Shapes after op: A is M x K,
/// B is K x N, C is M x N; a mismatch aborts. With beta = 0, C may hold anything (NaN too) before.
void product(float alpha, ConstMatrixView<float> a, Transpose turn_a, ConstMatrixView<float> b,
             Transpose turn_b, float beta, MatrixView<float> c);

/// C = A B.
inline void product(ConstMatrixView<float> a, ConstMatrixView<float> b, MatrixView<float> c) {
  product(1.0f, a, Transpose::kNo, b, Transpose::kNo, 0.0f, c);
}

/// Name and version of the library behind `product`, e.g. "oneDNN 2.6.3".
std::string products_library();

/// Rows of a block of cases when `rows` cases share a layer of this width: a function of the shape alone.
/// Large enough that reading the weights is paid for, small enough that two or more threads find work.
std::size_t block_of_cases(std::size_t rows);
/// Rows of the weights in a block of a gradient: V rows of H columns.
std::size_t block_of_weights(std::size_t rows, std::size_t cols);

}  // namespace harmonium
