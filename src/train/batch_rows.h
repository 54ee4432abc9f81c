// The values of some cases of a batch, whether they are there already or are still to be fetched.
#pragma once

#include "harmonium/train/learner.h"

namespace harmonium {

/// Rows [first, first + into.rows()) of a dense batch.
inline void copy_batch_rows(const Batch& batch, std::size_t first, MatrixView<float> into) {
  if (batch.fetch)
    batch.fetch(first, into.rows(), into);
  else
    copy_rows(batch.values.row_block(first, into.rows()), into);
}

}  // namespace harmonium
