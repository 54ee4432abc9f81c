#include "harmonium/models/completion.h"

#include <algorithm>
#include <cmath>

namespace harmonium {

Matrix<float> complete_missing(const Rbm& rbm, ConstMatrixView<float> values, std::size_t sweeps) {
  Matrix<float> result(values.rows(), values.cols());
  bool any = false;
  for (std::size_t r = 0; r < values.rows(); ++r) {
    std::copy_n(values.row(r).data(), values.cols(), result.row(r).data());
    any =
        any || std::any_of(result.row(r).begin(), result.row(r).end(), [](float v) { return std::isnan(v); });
  }
  if (!any) return result;

  Matrix<float> hidden(values.rows(), rbm.hidden_columns()), expected(values.rows(), values.cols());
  const auto fill = [&] {
    for (std::size_t r = 0; r < values.rows(); ++r)
      for (std::size_t i = 0; i < values.cols(); ++i)
        if (std::isnan(values(r, i))) result(r, i) = expected(r, i);
  };
  const auto lengths = document_lengths(rbm.visible.spec, values);
  RowContext alone;
  HalfStep down;
  alone.lengths = down.lengths = lengths;
  conditional_mean(rbm.visible, expected, alone, expected);
  fill();
  HalfStepMemory memory;
  for (std::size_t sweep = 0; sweep < sweeps; ++sweep) {
    half_step_mean(rbm, Side::kHidden, result, {}, hidden, memory);
    half_step_mean(rbm, Side::kVisible, hidden, down, expected, memory);
    fill();
  }
  return result;
}

}  // namespace harmonium
