#include "harmonium/data/batch_source.h"

#include <algorithm>

#include "harmonium/base/error.h"

namespace harmonium {

void BatchSource::fetch_sparse(std::span<const std::uint64_t>, SparseMatrix&) const {
  check(is_sparse(), "only a sparse source gives sparse rows");
}

void MatrixSource::fetch(std::span<const std::uint64_t> cases, std::uint64_t, std::uint64_t,
                         MatrixView<float> values) const {
  check(values.rows() == cases.size() && values.cols() == values_.cols(),
        "MatrixSource::fetch: the view is not cases x columns");
  for (std::size_t r = 0; r < cases.size(); ++r) {
    check(cases[r] < values_.rows(), "MatrixSource::fetch: no such case");
    const auto row = values_.row(cases[r]);
    std::copy(row.begin(), row.end(), values.row(r).begin());
  }
}

}  // namespace harmonium
