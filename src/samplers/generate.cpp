#include "harmonium/samplers/generate.h"

#include <algorithm>

#include "harmonium/base/error.h"

namespace harmonium {
namespace {

constexpr std::uint64_t kStepsAtOnce = 50;  // between reports of progress

// Holds the label columns at one class in every chain.
Clamp label_clamp(const DeepBeliefNet& net, const FantasyOptions& options, std::size_t chains) {
  Clamp clamp;
  if (!options.label) return clamp;
  if (net.label_columns == 0)
    throw InputError(
        "a label is asked for, but the model has no label units; train one with layers such as "
        "\"784-500-500 + softmax 10-2000\".");
  if (*options.label >= net.label_columns)
    throw InputError("label " + std::to_string(*options.label) +
                     " is asked for, but the model has classes 0 to " +
                     std::to_string(net.label_columns - 1) + ".");
  const std::size_t columns = net.top().visible_columns(), first = columns - net.label_columns;
  clamp.values = Matrix<float>(chains, columns);
  clamp.clamped.assign(columns, 0);
  std::fill(clamp.clamped.begin() + static_cast<std::ptrdiff_t>(first), clamp.clamped.end(), 1);
  for (std::size_t r = 0; r < chains; ++r) clamp.values(r, first + *options.label) = 1.0f;
  return clamp;
}

// What the chains show now: down-pass of the visible means of the top RBM, and its label means.
void look(const DeepBeliefNet& net, const Chains& chains, const FantasyOptions& options, Fantasies& result,
          ThreadTeam& team) {
  const std::size_t below = net.depth() - 1;
  const auto state = chains.visible_mean.view().col_block(0, net.columns(below));
  Matrix<float> visible;
  if (below == 0) {
    visible = Matrix<float>(state.rows(), state.cols());
    for (std::size_t r = 0; r < state.rows(); ++r)
      std::copy(state.row(r).begin(), state.row(r).end(), visible.row(r).begin());
  } else {
    visible = down_pass(net, below, 0, state, States::kMeans,
                        Noise(options.seed, Stream::kSampling, chains.steps), {}, team);
  }
  Matrix<float> labels(net.label_columns ? chains.size() : 0, net.label_columns);
  for (std::size_t r = 0; r < labels.rows(); ++r)
    std::copy_n(chains.visible_mean.row(r).data() + net.columns(below), net.label_columns,
                labels.row(r).data());
  result.steps.push_back(chains.steps);
  result.visible.push_back(std::move(visible));
  result.labels.push_back(std::move(labels));
}

Fantasies follow(const DeepBeliefNet& net, Chains chains, const FantasyOptions& options, ThreadTeam& team) {
  const Clamp clamp = label_clamp(net, options, chains.size());
  Fantasies result;
  if (!std::is_sorted(options.steps.begin(), options.steps.end()))
    throw InputError("the steps after which to look at fantasies must ascend.");
  for (const std::uint64_t step : options.steps) {
    while (chains.steps < step) {
      advance(net.top(), chains, std::min(kStepsAtOnce, step - chains.steps), options.seed, team, clamp);
      if (options.progress)
        options.progress(static_cast<double>(chains.steps) / static_cast<double>(options.steps.back()));
    }
    look(net, chains, options, result, team);
  }
  return result;
}

}  // namespace

Fantasies fantasies_from_data(const DeepBeliefNet& net, ConstMatrixView<float> cases,
                              const FantasyOptions& options, ThreadTeam& team) {
  const std::size_t below = net.depth() - 1;
  Matrix<float> start(cases.rows(), net.top().visible_columns(),
                      net.label_columns ? 1.0f / static_cast<float>(net.label_columns) : 0.0f);
  const auto put = [&](ConstMatrixView<float> values) {
    for (std::size_t r = 0; r < values.rows(); ++r)
      std::copy(values.row(r).begin(), values.row(r).end(), start.row(r).begin());
  };
  if (below == 0)
    put(cases);
  else
    put(up_pass(net, 0, below, cases, States::kSamples, Noise(options.seed, Stream::kUpPass, 0), {}, team));
  return follow(net, start_chains(net.top(), start, options.seed, team), options, team);
}

Fantasies fantasies_from_noise(const DeepBeliefNet& net, const FantasyOptions& options, ThreadTeam& team) {
  for (const UnitGroup& group : net.top().visible.spec.groups)
    if (group.kind == UnitKind::kMultinomial && group.parameter == 0)
      throw InputError(
          "fantasies of documents need a length: start from data, or train with a length as in "
          "\"multinomial(50) 2000\".");
  return follow(net, start_chains_from_bias(net.top(), options.chains, options.seed, team), options, team);
}

}  // namespace harmonium
