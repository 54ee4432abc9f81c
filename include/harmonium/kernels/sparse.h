// Products of sparse rows with dense matrices. Their cost grows with the number of entries, not of columns.
#pragma once

#include <span>

#include "harmonium/base/matrix.h"
#include "harmonium/base/sparse.h"

namespace harmonium {

/// out = factor * left right, of B x N sparse rows and a dense N x K matrix. Runs in the calling thread; sums
/// are in f32, in the order of the entries.
void sparse_product(const SparseRows& left, float factor, ConstMatrixView<float> right,
                    MatrixView<float> out);

/// out += left right, each sum made first and then added.
void add_sparse_product(const SparseRows& left, ConstMatrixView<float> right, MatrixView<float> out);

/// The N x B transpose of B x N rows, row r of which is multiplied by `weights[r]` on the way. Entries of a
/// column keep the order of their rows. Takes time of B + N + the number of entries.
void weighted_transpose(const SparseRows& rows, std::span<const float> weights, SparseMatrix& transpose);

}  // namespace harmonium
