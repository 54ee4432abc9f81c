#include "harmonium/samplers/generate.h"

#include <algorithm>

#include "harmonium/base/error.h"
#include "harmonium/models/mean_field.h"
#include "samplers/sample_down.h"

namespace harmonium {
namespace {

constexpr std::uint64_t kStepsAtOnce = 50;  // of one copy of each chain, between reports of progress

// The class held in each chain; empty where none is held in any.
std::vector<std::int32_t> chain_labels(const DeepBeliefNet& net, const FantasyOptions& options,
                                       std::size_t chains) {
  std::vector<std::int32_t> labels = options.labels;
  if (labels.empty() && options.label) labels.assign(chains, static_cast<std::int32_t>(*options.label));
  if (std::all_of(labels.begin(), labels.end(), [](std::int32_t label) { return label < 0; })) return {};
  check(labels.size() == chains, "as many labels as chains");
  if (net.label_columns == 0)
    throw InputError(
        "a label is asked for, but the model has no label units; train one with layers such as "
        "\"784-500-500 + softmax 10-2000\".");
  for (const std::int32_t label : labels)
    if (label >= 0 && static_cast<std::size_t>(label) >= net.label_columns)
      throw InputError("label " + std::to_string(label) + " is asked for, but the model has classes 0 to " +
                       std::to_string(net.label_columns - 1) + ".");
  return labels;
}

// Holds the label columns of each chain at its class.
Clamp label_clamp(const DeepBeliefNet& net, const std::vector<std::int32_t>& labels) {
  Clamp clamp;
  if (labels.empty()) return clamp;
  const std::size_t columns = net.top().visible_columns(), first = columns - net.label_columns;
  clamp.values = Matrix<float>(labels.size(), columns);
  clamp.clamped.assign(labels.size() * columns, 0);
  for (std::size_t r = 0; r < labels.size(); ++r) {
    if (labels[r] < 0) continue;
    std::fill_n(clamp.clamped.begin() + static_cast<std::ptrdiff_t>(r * columns + first), net.label_columns,
                1);
    clamp.values(r, first + static_cast<std::size_t>(labels[r])) = 1.0f;
  }
  return clamp;
}

// Where the top layer stands in the RBM whose chains are followed: its hidden layer, but for a deep Boltzmann
// machine some columns of one side of the fold.
struct TopColumns {
  Side side = Side::kHidden;
  std::size_t first = 0, count = 0;
};

TopColumns top_of(const DeepBeliefNet& net) {
  return {Side::kHidden, 0, net.top().hidden_columns()};
}

// What the chains show now: the down-pass of their states or means, label means, and the top layer.
void look(const DeepBeliefNet& net, const FantasyChains& chains, const TopColumns& top, const Clamp& clamp,
          const FantasyOptions& options, Fantasies& result, ThreadTeam& team) {
  ChainsLook shown = chains.look(clamp, team);
  const std::size_t below = net.depth() - 1, columns = net.columns(below);
  const Noise noise(options.seed, Stream::kSampling, chains.steps());
  Matrix<float> visible =
      copy_of((options.samples ? shown.visible : shown.means).view().col_block(0, columns));
  if (below > 0)
    visible = options.samples ? sample_down(net, below, visible, noise, team)
                              : down_pass(net, below, 0, visible, States::kMeans, noise, {}, team);
  result.visible.push_back(std::move(visible));
  Matrix<float> labels(net.label_columns ? shown.means.rows() : 0, net.label_columns);
  for (std::size_t r = 0; r < labels.rows(); ++r)
    std::copy_n(shown.means.row(r).data() + columns, net.label_columns, labels.row(r).data());
  result.labels.push_back(std::move(labels));
  if (!options.keep_hidden) return;
  const Matrix<float>& side = top.side == Side::kHidden ? shown.hidden : shown.visible;
  result.hidden.push_back(copy_of(side.view().col_block(top.first, top.count)));
}

ChainsOptions chains_options(const FantasyOptions& options, std::size_t chains) {
  return {chains, options.seed, options.mix, options.temperatures, options.trajectory};
}

// Starts chains as `start(chains, clamp)` does and follows them.
template <class Start>
Fantasies follow(const DeepBeliefNet& net, const TopColumns& top, const FantasyOptions& options,
                 std::size_t count, Start start, ThreadTeam& team) {
  if (!std::is_sorted(options.steps.begin(), options.steps.end()))
    throw InputError("the steps after which to look at fantasies must ascend.");
  const auto labels = chain_labels(net, options, count);
  const Clamp clamp = label_clamp(net, labels);
  const ChainsOptions making = chains_options(options, count);
  const auto chains = make_fantasy_chains(net.top(), making, team);
  start(*chains, clamp);
  const std::uint64_t begin = chains->steps(),
                      at_once = std::max<std::uint64_t>(1, kStepsAtOnce / chains->ladder());
  Fantasies result;
  for (const std::uint64_t step : options.steps) {
    while (chains->steps() - begin < step) {
      const std::uint64_t done = chains->steps() - begin;
      chains->advance(std::min(at_once, step - done), clamp, team);
      if (options.progress)
        options.progress(static_cast<double>(chains->steps() - begin) /
                         static_cast<double>(options.steps.back()));
    }
    look(net, *chains, top, clamp, options, result, team);
    result.steps.push_back(step);
  }
  result.exchange_rates = chains->exchange_rates();
  result.end = state_of(*chains, net.top(), making, labels);
  return result;
}

Fantasies from_data(const DeepBeliefNet& net, const TopColumns& top, ConstMatrixView<float> cases,
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
  return follow(
      net, top, options, cases.rows(),
      [&](FantasyChains& chains, const Clamp& clamp) { chains.start(start, clamp, team); }, team);
}

Fantasies from_noise(const DeepBeliefNet& net, const TopColumns& top, const FantasyOptions& options,
                     ThreadTeam& team) {
  if (net.top().visible.spec.has_open_length())
    throw InputError(
        "fantasies of documents need a length: start from data, or train with a length as in "
        "\"multinomial(50) 2000\".");
  return follow(
      net, top, options, options.chains,
      [&](FantasyChains& chains, const Clamp& clamp) { chains.start_from_bias(clamp, team); }, team);
}

Fantasies from_state(const DeepBeliefNet& net, const TopColumns& top, const ChainState& state,
                     const FantasyOptions& options, ThreadTeam& team) {
  FantasyOptions own = options;
  own.seed = state.seed;
  own.mix = state.mix;
  if (!own.label && own.labels.empty()) own.labels = state.labels;
  for (std::size_t n = 0; n < state.names.size(); ++n)
    if (state.names[n] == "betas") own.temperatures = state.values[n].size();
  if (own.mix == Mix::kTempering && own.temperatures < 2)
    throw InputError("the saved chains have fewer than two temperatures; the file is damaged.");
  return follow(
      net, top, own, state.chains,
      [&](FantasyChains& chains, const Clamp&) { restore_chains(chains, net.top(), state); }, team);
}

// The chains of a deep Boltzmann machine: its fold as a net of its own, and where the top layer stands in it.
struct MachineChains {
  DeepBoltzmannMachine machine;
  DeepBeliefNet net;
  TopColumns top;

  MachineChains(const Model& model, const FantasyOptions& options) : machine(machine_of(model.net)) {
    if (options.mix == Mix::kTrajectory)
      throw InputError(
          "chains of a deep Boltzmann machine cannot walk along the snapshots of its RBMs; mix by gibbs or "
          "tempering.");
    net.rbms = {folded(machine)};
    const std::size_t depth = machine.depth();
    top = {depth % 2 == 0 ? Side::kVisible : Side::kHidden, first_folded_column(machine, depth),
           machine.columns(depth)};
  }

  // Of what the chains show of the even layers, the lowest.
  Fantasies shown(Fantasies fantasies) const {
    for (Matrix<float>& visible : fantasies.visible)
      visible = copy_of(visible.view().col_block(0, machine.columns(0)));
    return fantasies;
  }
};

}  // namespace

Fantasies fantasies_from_data(const DeepBeliefNet& net, ConstMatrixView<float> cases,
                              const FantasyOptions& options, ThreadTeam& team) {
  return from_data(net, top_of(net), cases, options, team);
}
Fantasies fantasies_from_noise(const DeepBeliefNet& net, const FantasyOptions& options, ThreadTeam& team) {
  return from_noise(net, top_of(net), options, team);
}
Fantasies fantasies_from_state(const DeepBeliefNet& net, const ChainState& state,
                               const FantasyOptions& options, ThreadTeam& team) {
  return from_state(net, top_of(net), state, options, team);
}

Fantasies fantasies_from_data(const Model& model, ConstMatrixView<float> cases, const FantasyOptions& options,
                              ThreadTeam& team) {
  if (!model.is_machine) return fantasies_from_data(model.net, cases, options, team);
  const MachineChains chains(model, options);
  const auto start =
      folded_cases(chains.machine, cases, States::kSamples, Noise(options.seed, Stream::kUpPass, 0), team);
  return chains.shown(from_data(chains.net, chains.top, start, options, team));
}

Fantasies fantasies_from_noise(const Model& model, const FantasyOptions& options, ThreadTeam& team) {
  if (!model.is_machine) return fantasies_from_noise(model.net, options, team);
  const MachineChains chains(model, options);
  return chains.shown(from_noise(chains.net, chains.top, options, team));
}

Fantasies fantasies_from_state(const Model& model, const ChainState& state, const FantasyOptions& options,
                               ThreadTeam& team) {
  if (!model.is_machine) return fantasies_from_state(model.net, state, options, team);
  const MachineChains chains(model, options);
  return chains.shown(from_state(chains.net, chains.top, state, options, team));
}

std::vector<std::int32_t> labels_of_each_class(std::size_t classes, std::size_t per_class) {
  std::vector<std::int32_t> labels;
  for (std::size_t c = 0; c < classes; ++c)
    labels.insert(labels.end(), per_class, static_cast<std::int32_t>(c));
  return labels;
}

}  // namespace harmonium
