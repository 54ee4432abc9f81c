#include "harmonium/measure/net_likelihood.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

#include "harmonium/base/error.h"
#include "harmonium/measure/annealed.h"
#include "harmonium/measure/exact.h"
#include "measure/log_sum.h"
#include "measure/net_states.h"

namespace harmonium {
namespace {

constexpr std::size_t kRows = 128;  // states weighed together
// Steps of Stream::kMeasure far from those of annealing log Z.
constexpr std::uint64_t kFirstStep = std::uint64_t{1} << 40;

// What the states of one case come to.
struct CaseSummary {
  double bound = 0, bound_error = 0, log_probability = 0, effective_samples = 0;
};

// From log w of the up-passes and of the same after annealing.
CaseSummary summary_of(std::span<const double> up_passes, std::span<const double> annealed) {
  CaseSummary result;
  const auto n = static_cast<double>(up_passes.size());
  result.bound = std::accumulate(up_passes.begin(), up_passes.end(), 0.0) / n;
  double squares = 0;
  for (const double w : up_passes) squares += (w - result.bound) * (w - result.bound);
  if (n > 1) result.bound_error = std::sqrt(squares / (n - 1) / n);
  const AnnealedLogZ weights = summarise_log_weights({annealed.begin(), annealed.end()});
  result.log_probability = weights.log_z;
  result.effective_samples = weights.effective_runs;
  return result;
}

// Up-passes of one case, in one thread, and their way to the posterior.
class CaseSampler {
 public:
  CaseSampler(const PackedNet& packed, const NetLikelihoodOptions& options)
      : options_(options), states_(packed, kRows), moves_(packed, kRows) {}

  CaseSummary run(std::span<const float> visible, std::uint64_t number) {
    up_passes_.clear(), annealed_.clear();
    for (std::size_t first = 0; first < options_.samples; first += kRows) {
      numbers_.resize(std::min(kRows, options_.samples - first));
      std::iota(numbers_.begin(), numbers_.end(), number * options_.samples + first);
      states_.begin(visible, numbers_.size());
      run_rows();
    }
    return summary_of(up_passes_, annealed_);
  }

 private:
  // Annealed importance sampling with targets q w^beta at equal steps of beta: each step adds its part of
  // log w and is followed by a move that leaves the new target as it is.
  void run_rows() {
    states_.sample_up(Noise(options_.seed, Stream::kMeasure, kFirstStep), numbers_);
    states_.weigh();
    const std::size_t first = annealed_.size();
    for (std::size_t r = 0; r < states_.rows(); ++r) up_passes_.push_back(states_.log_weight(r));
    annealed_.resize(up_passes_.size(), 0.0);
    const auto steps = static_cast<double>(options_.temperatures);
    for (std::size_t k = 1; k <= options_.temperatures; ++k) {
      for (std::size_t r = 0; r < states_.rows(); ++r) annealed_[first + r] += states_.log_weight(r) / steps;
      if (k < options_.temperatures)
        moves_.move(states_, static_cast<double>(k) / steps, k - 1,
                    Noise(options_.seed, Stream::kMeasure, kFirstStep + k), numbers_);
    }
  }

  const NetLikelihoodOptions& options_;
  NetStates states_;
  PosteriorMoves moves_;
  std::vector<std::uint64_t> numbers_;
  std::vector<double> up_passes_, annealed_;
};

void refuse(const DeepBeliefNet& net, ConstMatrixView<float> visible) {
  if (const auto fault = find_net_likelihood_fault(net); !fault.empty()) throw InputError(fault);
  check(visible.cols() == net.columns(0), "the likelihood of a net takes the columns of its visible layer");
  LayerSpec spec = net.layer(0).spec;
  if (net.depth() == 1 && net.label_columns > 0) spec.groups.pop_back();
  if (const auto fault = find_grey_value(spec, visible); !fault.empty()) throw InputError(fault);
}

NetLikelihood room_for(std::size_t cases) {
  NetLikelihood result;
  for (auto* values :
       {&result.bound, &result.bound_error, &result.log_probability, &result.effective_samples})
    values->resize(cases);
  return result;
}

}  // namespace

std::string find_net_likelihood_fault(const DeepBeliefNet& net) {
  for (const LayerSpec& spec : net.layers())
    if (!spec.has_energy())
      return "layer \"" + spec.to_string() +
             "\" has no energy, so the net has no likelihood; use stepped units, which rectified ones "
             "approximate.";
  const Rbm& top = net.top();
  const std::string pair =
      "\"" + top.visible.spec.to_string() + "\" with \"" + top.hidden.spec.to_string() + "\"";
  if (normalisation(top.visible.spec, top.hidden.spec) == Normalisation::kNever)
    return pair +
           " at the top of the net has no finite Z unless all weights are 0, so there is no likelihood.";
  if (top.visible.spec.has_open_length())
    return "there is no one likelihood of documents of different lengths; give the length, as in "
           "\"multinomial(50) 2000\".";
  if (net.label_columns > 0 && top.visible.spec.groups.back().units != 1)
    return "the labels of a net are one softmax variable, but \"" + top.visible.spec.to_string() +
           "\" has several.";
  return {};
}

NetLikelihood net_likelihoods(const DeepBeliefNet& net, ConstMatrixView<float> visible, double log_z,
                              const NetLikelihoodOptions& options, ThreadTeam& team,
                              std::uint64_t first_case) {
  refuse(net, visible);
  if (options.samples < 1 || options.temperatures < 1)
    throw InputError("the likelihood of a net needs at least one sample and one temperature.");
  NetLikelihood result = room_for(visible.rows());
  const PackedNet packed(net);
  std::vector<std::optional<CaseSampler>> samplers(team.size());
  std::atomic<std::size_t> done{0};
  team.run(visible.rows(), [&](std::size_t r, unsigned worker) {
    if (!samplers[worker]) samplers[worker].emplace(packed, options);
    const CaseSummary summary = samplers[worker]->run(visible.row(r), first_case + r);
    result.bound[r] = summary.bound - log_z;
    result.bound_error[r] = summary.bound_error;
    result.log_probability[r] = summary.log_probability - log_z;
    result.effective_samples[r] = summary.effective_samples;
    const std::size_t finished = done.fetch_add(1) + 1;
    if (options.progress && worker == 0)
      options.progress(static_cast<double>(finished) / static_cast<double>(visible.rows()));
  });
  return result;
}

double hidden_states_below_top(const DeepBeliefNet& net) {
  double states = 1;
  for (std::size_t n = 0; n + 1 < net.depth(); ++n) {
    const LayerSpec& spec = net.rbms[n].hidden.spec;
    states *= spec.is_enumerable() ? count_states(spec) : std::numeric_limits<double>::infinity();
  }
  return states;
}

NetLikelihood exact_net_likelihoods(const DeepBeliefNet& net, ConstMatrixView<float> visible, double log_z,
                                    ThreadTeam& team) {
  refuse(net, visible);
  if (hidden_states_below_top(net) > kMostNetStates)
    throw InputError("the likelihood of \"" + layers_to_string(net.layers()) +
                     "\" cannot be summed: the hidden layers below the top have more than 2^20 states.");
  const auto states = static_cast<std::uint64_t>(hidden_states_below_top(net));
  std::vector<StateEnumerator> layers;
  for (std::size_t n = 0; n + 1 < net.depth(); ++n) layers.emplace_back(net.rbms[n].hidden.spec);
  NetLikelihood result = room_for(visible.rows());
  const PackedNet packed(net);
  team.run(visible.rows(), [&](std::size_t r, unsigned) {
    NetStates block(packed, kRows);
    std::vector<double> log_p;
    double bound = 0;
    for (std::uint64_t first = 0; first < states; first += kRows) {
      block.begin(visible.row(r), static_cast<std::size_t>(std::min<std::uint64_t>(kRows, states - first)));
      for (std::size_t s = 0; s < block.rows(); ++s) {
        std::uint64_t index = first + s;
        for (std::size_t n = 0; n < layers.size(); ++n) {
          layers[n].state(index % layers[n].states(), block.layer(n + 1).row(s));
          index /= layers[n].states();
        }
      }
      block.weigh();
      for (std::size_t s = 0; s < block.rows(); ++s) {
        log_p.push_back(block.log_p(s));
        if (const double q = std::exp(block.log_q(s)); q > 0) bound += q * block.log_weight(s);
      }
    }
    result.bound[r] = bound - log_z;
    result.log_probability[r] = log_sum_exp(log_p) - log_z;
    result.effective_samples[r] = static_cast<double>(states);
  });
  return result;
}

}  // namespace harmonium
