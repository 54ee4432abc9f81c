#include "harmonium/measure/reconstruction.h"

#include <cmath>
#include <numeric>

#include "harmonium/base/error.h"
#include "harmonium/models/completion.h"
#include "harmonium/models/mean_field.h"

namespace harmonium {
Matrix<float> reconstruct(const DeepBeliefNet& net, std::size_t depth, ConstMatrixView<float> values,
                          ThreadTeam& team) {
  const Noise unused(0, Stream::kMeasure, 0);
  const auto input = complete_missing(net.rbms.front(), values, 0);
  const auto lengths = document_lengths(net.layer(0).spec, input);
  const auto top = up_pass(net, 0, depth, input, States::kMeans, unused, {}, team);
  return down_pass(net, depth, 0, top, States::kMeans, unused, {}, team, lengths);
}

Matrix<float> reconstruct(const Rbm& rbm, ConstMatrixView<float> values, ThreadTeam& team) {
  const auto input = complete_missing(rbm, values, 0);
  const auto lengths = document_lengths(rbm.visible.spec, input);
  Matrix<float> result(input.rows(), input.cols());
  PassMemory memories(rbm, input.rows(), team);
  std::vector<Matrix<float>> hidden_means(team.size());
  team.run_blocks(input.rows(), 128, [&](std::size_t first, std::size_t count, unsigned worker) {
    Matrix<float>& hidden = hidden_means[worker];
    hidden.resize(count, rbm.hidden_columns());
    half_step_mean(rbm, Side::kHidden, input.view().row_block(first, count), {}, hidden, memories[worker]);
    HalfStep down;
    if (!lengths.empty()) down.lengths = std::span(lengths).subspan(first, count);
    half_step_mean(rbm, Side::kVisible, hidden, down, result.view().row_block(first, count),
                   memories[worker]);
  });
  return result;
}

Matrix<float> reconstruct(const Model& model, ConstMatrixView<float> values, ThreadTeam& team) {
  if (!model.is_machine) return reconstruct(model.net, model.net.depth(), values, team);
  const DeepBoltzmannMachine machine = machine_of(model.net);
  return visible_means(machine, mean_field(machine, values, {}, team).means[0], team);
}

double squared_error(ConstMatrixView<float> values, ConstMatrixView<float> reconstruction) {
  check(values.rows() == reconstruction.rows() && values.cols() == reconstruction.cols(),
        "a reconstruction has the shape of its data");
  double sum = 0;
  for (std::size_t r = 0; r < values.rows(); ++r)
    for (std::size_t i = 0; i < values.cols(); ++i)
      if (!std::isnan(values(r, i))) {
        const double error = static_cast<double>(values(r, i)) - reconstruction(r, i);
        sum += error * error;
      }
  return values.rows() ? sum / static_cast<double>(values.rows()) : 0.0;
}

double binary_cross_entropy(ConstMatrixView<float> values, ConstMatrixView<float> means) {
  check(values.rows() == means.rows() && values.cols() == means.cols(), "a mean for each value");
  constexpr float kLeast = std::numeric_limits<float>::min();
  double sum = 0;
  for (std::size_t r = 0; r < values.rows(); ++r)
    for (std::size_t i = 0; i < values.cols(); ++i) {
      const float t = values(r, i), y = means(r, i);
      sum -= t * std::log(std::max(y, kLeast)) + (1.0f - t) * std::log(std::max(1.0f - y, kLeast));
    }
  return values.rows() > 0 ? sum / static_cast<double>(values.rows()) : 0.0;
}

}  // namespace harmonium
