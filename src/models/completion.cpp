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

  const auto fill = [&](ConstMatrixView<float> expected, bool one_row) {
    for (std::size_t r = 0; r < values.rows(); ++r)
      for (std::size_t i = 0; i < values.cols(); ++i)
        if (std::isnan(values(r, i))) result(r, i) = expected(one_row ? 0 : r, i);
  };
  Matrix<float> alone(1, values.cols());
  conditional_mean(rbm.visible, alone, {}, alone);
  fill(alone, true);
  Matrix<float> hidden(values.rows(), rbm.hidden_columns()), expected(values.rows(), values.cols());
  HalfStepMemory memory;
  for (std::size_t sweep = 0; sweep < sweeps; ++sweep) {
    half_step_mean(rbm, Side::kHidden, result, {}, hidden, memory);
    half_step_mean(rbm, Side::kVisible, hidden, {}, expected, memory);
    fill(expected, false);
  }
  return result;
}

}  // namespace harmonium
