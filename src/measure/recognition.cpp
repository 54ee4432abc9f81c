#include "harmonium/measure/recognition.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "harmonium/base/error.h"
#include "measure/label_terms.h"
#include "measure/log_sum.h"

namespace harmonium {
namespace {

constexpr std::size_t kRows = 128;

void refuse_unlabelled(const DeepBeliefNet& net) {
  if (net.label_columns == 0)
    throw InputError(
        "recognition needs label units; train a net with layers such as \"784-500-500 + softmax 10-2000\" on "
        "labelled data.");
  if (!net.top().hidden.spec.has_energy())
    throw InputError("recognition compares free energies, but layer \"" + net.top().hidden.spec.to_string() +
                     "\" has no energy; use stepped units, which rectified ones approximate.");
}

Matrix<float> codes_of(const DeepBeliefNet& net, ConstMatrixView<float> cases, States states,
                       const Noise& noise, std::span<const std::uint64_t> numbers, ThreadTeam& team) {
  if (net.depth() > 1) return up_pass(net, 0, net.depth() - 1, cases, states, noise, numbers, team);
  return copy_of(cases);
}

// Codes with label units that are all off.
Matrix<float> without_label(const DeepBeliefNet& net, ConstMatrixView<float> codes) {
  Matrix<float> visible(codes.rows(), net.top().visible_columns());
  copy_rows(codes, visible);
  return visible;
}

// Log-probabilities up to a constant become probabilities.
void normalise(std::span<double> row) {
  const double sum = log_sum_exp(row);
  if (!std::isfinite(sum))
    throw WorkError(
        "the free energies of a case's labels are no finite numbers, because the weights of the top RBM are "
        "too large; the model is damaged, or its learning diverged.");
  for (double& x : row) x = std::exp(x - sum);
}

// Label units settle from a neutral state while the code stays.
Matrix<double> settle(const DeepBeliefNet& net, ConstMatrixView<float> codes,
                      const RecognitionOptions& options, std::span<const std::uint64_t> numbers,
                      ThreadTeam& team) {
  const Rbm& top = net.top();
  const std::size_t code = codes.cols(), labels = net.label_columns;
  Matrix<float> visible = without_label(net, codes), hidden(codes.rows(), top.hidden_columns()),
                means(codes.rows(), top.visible_columns()), samples(codes.rows(), top.visible_columns());
  Matrix<double> sums(codes.rows(), labels);
  PassMemory memories(top, codes.rows() * options.gibbs_steps, team);
  const std::size_t steps = std::max<std::size_t>(options.gibbs_steps, 1), from = steps / 2;
  team.run_blocks(codes.rows(), kRows, [&](std::size_t first, std::size_t count, unsigned worker) {
    const auto v = visible.view().row_block(first, count), mean = means.view().row_block(first, count);
    const auto sample = samples.view().row_block(first, count), h = hidden.view().row_block(first, count);
    for (std::size_t r = 0; r < count; ++r)
      std::fill_n(&v(r, code), labels, 1.0f / static_cast<float>(labels));
    for (std::size_t k = 0; k < steps; ++k) {
      const Noise noise = Noise(options.seed, Stream::kMeasure, k).child(17);
      const auto rows = numbers.subspan(first, count);
      half_step(top, Side::kHidden, v, {}, {}, h, noise.child(0), rows, memories[worker]);
      half_step(top, Side::kVisible, h, {}, mean, sample, noise.child(1), rows, memories[worker]);
      for (std::size_t r = 0; r < count; ++r)
        for (std::size_t l = 0; l < labels; ++l) {
          v(r, code + l) = sample(r, code + l);
          if (k >= from) sums(first + r, l) += mean(r, code + l);
        }
    }
  });
  for (double& x : sums.values()) x /= static_cast<double>(steps - from);
  return sums;
}

}  // namespace

Matrix<double> label_probabilities_of_codes(const DeepBeliefNet& net, ConstMatrixView<float> codes,
                                            ThreadTeam& team) {
  refuse_unlabelled(net);
  const Rbm& top = net.top();
  check(codes.cols() == net.columns(net.depth() - 1), "codes have the columns of the layer below the top");
  const Matrix<float> visible = without_label(net, codes);
  Matrix<double> result(codes.rows(), net.label_columns);
  PassMemory memories(top, codes.rows(), team);
  std::vector<Matrix<float>> unused(team.size());
  team.run_blocks(codes.rows(), kRows, [&](std::size_t first, std::size_t count, unsigned worker) {
    HalfStepMemory& memory = memories[worker];
    unused[worker].resize(count, top.hidden_columns());
    half_step_mean(top, Side::kHidden, visible.view().row_block(first, count), {}, unused[worker], memory);
    std::vector<float> input;
    for (std::size_t r = 0; r < count; ++r) {
      label_terms(net, memory.input.row(r), result.row(first + r), input);
      normalise(result.row(first + r));
    }
  });
  return result;
}

Matrix<double> label_probabilities(const DeepBeliefNet& net, ConstMatrixView<float> cases,
                                   const RecognitionOptions& options, ThreadTeam& team,
                                   std::uint64_t first_case) {
  refuse_unlabelled(net);
  std::vector<std::uint64_t> numbers(cases.rows());
  std::iota(numbers.begin(), numbers.end(), first_case);
  const Noise noise(options.seed, Stream::kMeasure, 0);
  if (options.way != RecognitionWay::kUpPasses || net.depth() == 1) {
    const auto codes = codes_of(net, cases, States::kMeans, noise, numbers, team);
    return options.way == RecognitionWay::kGibbs ? settle(net, codes, options, numbers, team)
                                                 : label_probabilities_of_codes(net, codes, team);
  }
  Matrix<double> mean(cases.rows(), net.label_columns);
  const std::size_t passes = std::max<std::size_t>(options.up_passes, 1);
  for (std::size_t p = 0; p < passes; ++p) {
    const auto codes = codes_of(net, cases, States::kSamples, noise.child(p), numbers, team);
    const auto one = label_probabilities_of_codes(net, codes, team);
    for (std::size_t i = 0; i < mean.size(); ++i)
      mean.values()[i] += one.values()[i] / static_cast<double>(passes);
  }
  return mean;
}

std::vector<std::int32_t> likeliest_labels(const Matrix<double>& probabilities) {
  std::vector<std::int32_t> labels(probabilities.rows());
  for (std::size_t r = 0; r < labels.size(); ++r) {
    const auto row = probabilities.row(r);
    labels[r] = static_cast<std::int32_t>(std::max_element(row.begin(), row.end()) - row.begin());
  }
  return labels;
}

}  // namespace harmonium
