#include "harmonium/samplers/impute.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "harmonium/base/error.h"
#include "harmonium/samplers/gibbs.h"
#include "samplers/sample_down.h"

namespace harmonium {
namespace {

constexpr std::uint64_t kStepsAtOnce = 10;  // between reports of progress

void check_options(const DeepBeliefNet& net, ConstMatrixView<float> cases, const ImputeOptions& options) {
  if (cases.cols() != net.columns(0))
    throw InputError("the cases have " + std::to_string(cases.cols()) +
                     " units, but the model's visible layer \"" + net.layer(0).spec.to_string() + "\" has " +
                     std::to_string(net.columns(0)) + ".");
  if (options.steps < 1 || (options.completions == 0 && options.steps <= options.burn_in))
    throw InputError("imputation by the mean needs more steps than the " + std::to_string(options.burn_in) +
                     " that are left out at the beginning, but is given " + std::to_string(options.steps) +
                     ".");
  if (net.layer(0).spec.has_open_length())
    throw InputError(
        "documents of open length have no unknown part to fill in: a missing count changes the length of "
        "all; train with a length as in \"multinomial(50) 2000\".");
}

// Holds what is known: every row of `cases`, `copies` times, in visible layers of `columns`.
Clamp known_clamp(ConstMatrixView<float> cases, std::size_t copies, std::size_t columns) {
  const std::size_t rows = cases.rows() * copies;
  Clamp clamp{Matrix<float>(rows, columns), std::vector<unsigned char>(rows * columns, 0)};
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t i = 0; i < cases.cols(); ++i)
      if (const float value = cases(r / copies, i); !std::isnan(value))
        clamp.values(r, i) = value, clamp.clamped[r * columns + i] = 1;
  return clamp;
}

// What chains show after each step, added up or kept.
class Result {
 public:
  Result(ConstMatrixView<float> cases, const ImputeOptions& options, std::size_t rows)
      : cases_(cases), options_(options), columns_(cases.cols()), rows_(rows, columns_) {
    if (options.completions == 0) sums_ = Matrix<double>(rows, columns_);
  }

  void take(std::uint64_t step, ConstMatrixView<float> samples, ConstMatrixView<float> means) {
    if (options_.completions == 0 && step > options_.burn_in) {
      for (std::size_t r = 0; r < rows_.rows(); ++r)
        for (std::size_t i = 0; i < columns_; ++i) sums_(r, i) += means(r, i);
      ++counted_;
    }
    if (options_.completions > 0 && step == options_.steps)
      for (std::size_t r = 0; r < rows_.rows(); ++r)
        std::copy_n((options_.samples ? samples : means).row(r).data(), columns_, rows_.row(r).data());
    if (options_.progress && (step % kStepsAtOnce == 0 || step == options_.steps))
      options_.progress(static_cast<double>(step) / static_cast<double>(options_.steps));
  }

  // Known values stay bit for bit.
  Matrix<float> finish() {
    const std::size_t copies = std::max<std::size_t>(1, options_.completions);
    for (std::size_t r = 0; r < rows_.rows(); ++r)
      for (std::size_t i = 0; i < columns_; ++i) {
        if (options_.completions == 0)
          rows_(r, i) = static_cast<float>(sums_(r, i) / static_cast<double>(counted_));
        if (const float known = cases_(r / copies, i); !std::isnan(known)) rows_(r, i) = known;
      }
    return std::move(rows_);
  }

 private:
  ConstMatrixView<float> cases_;
  const ImputeOptions& options_;
  std::size_t columns_;
  Matrix<float> rows_;
  Matrix<double> sums_;
  std::uint64_t counted_ = 0;
};

// Unknown units start where the visible layer alone would be.
Chains start_known(const Rbm& rbm, const Clamp& known, const ImputeOptions& options, ThreadTeam& team) {
  Chains chains = start_chains_from_bias(rbm, known.values.rows(), options.seed, team);
  known.hold(0, chains.visible);
  sample_hidden(rbm, chains, options.seed, team);
  return chains;
}

Matrix<float> impute_rbm(const Rbm& rbm, const Clamp& known, Result result, const ImputeOptions& options,
                         ThreadTeam& team) {
  const PackedWeights packed(rbm.weights, Precision::kF32);
  Chains chains = start_known(rbm, known, options, team);
  for (std::uint64_t step = 1; step <= options.steps; ++step) {
    advance(rbm, packed, chains, 1, options.seed, team, known);
    result.take(step, chains.visible, chains.visible_mean);
  }
  return result.finish();
}

Matrix<float> impute_net(const DeepBeliefNet& net, const Clamp& known, Result result,
                         const ImputeOptions& options, ThreadTeam& team) {
  const std::size_t below = net.depth() - 1;
  std::vector<PackedWeights> packed;  // of the weights that lead upwards; the top's both ways
  for (std::size_t n = 0; n < net.depth(); ++n) packed.emplace_back(net.upward(n).weights, Precision::kF32);
  Matrix<float> visible = start_known(net.rbms.front(), known, options, team).visible, means;
  Chains top = start_chains_from_bias(net.top(), visible.rows(), options.seed, team);
  for (std::uint64_t step = 1; step <= options.steps; ++step) {
    // The label units of the top RBM stay as they are.
    copy_rows(up_pass(net, 0, below, visible, States::kSamples, Noise(options.seed, Stream::kUpPass, step),
                      {}, team, packed),
              top.visible);
    sample_hidden(net.top(), top, options.seed, team);
    advance(net.top(), packed.back(), top, 1, options.seed, team);
    visible = sample_down(net, below, top.visible.view().col_block(0, net.columns(below)),
                          Noise(options.seed, Stream::kSampling, step), team, {}, &means);
    known.hold(0, visible);
    result.take(step, visible, means);
  }
  return result.finish();
}

}  // namespace

Matrix<float> impute(const DeepBeliefNet& net, ConstMatrixView<float> cases, const ImputeOptions& options,
                     ThreadTeam& team) {
  check_options(net, cases, options);
  const std::size_t copies = std::max<std::size_t>(1, options.completions);
  // A single RBM may have label units of its own beside what the cases have: they are unknown too.
  const std::size_t columns = net.depth() == 1 ? net.top().visible_columns() : net.columns(0);
  const Clamp known = known_clamp(cases, copies, columns);
  Result result(cases, options, cases.rows() * copies);
  return net.depth() == 1 ? impute_rbm(net.top(), known, std::move(result), options, team)
                          : impute_net(net, known, std::move(result), options, team);
}

}  // namespace harmonium
