// Learning makes persistent chains mix: fantasies wander from mode to mode while the weights are learned, and
// stay where they are when learning stops, because learning raises the energy wherever they stand (Tieleman &
// Hinton 2009).
#include <algorithm>
#include <cmath>

#include "harmonium/render/number.h"
#include "harmonium/train/pair_gradients.h"
#include "recipe/ideas/ideas.h"
#include "recipe/ideas/patterns.h"
#include "units/kind.h"

namespace harmonium {
namespace {

// Fantasies and the pattern that each has shown last.
struct Chains {
  std::vector<std::uint32_t> states;
  std::vector<std::uint32_t> last;
  std::uint64_t changes = 0;
};

// Each unit is 1 with the probability of its input, by the numbers of one chain.
std::uint32_t sampled(std::span<const double> inputs, const Noise& noise, std::uint64_t chain) {
  std::uint32_t state = 0;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (noise.uniform(chain, static_cast<std::uint32_t>(i)) < logistic(inputs[i])) state |= 1u << i;
  return state;
}

// One Gibbs step of all chains.
void gibbs_step(const BinaryPair& rbm, const StateList& modes, const Noise& noise, Chains& chains) {
  std::vector<double> up(rbm.upper()), down(rbm.lower());
  for (std::size_t c = 0; c < chains.states.size(); ++c) {
    upper_inputs(rbm, chains.states[c], up);
    lower_inputs(rbm, sampled(up, noise.child(0), c), down);
    const std::uint32_t v = chains.states[c] = sampled(down, noise.child(1), c);
    const auto mode = std::lower_bound(modes.begin(), modes.end(), v,
                                       [](const WeightedState& m, std::uint32_t s) { return m.state < s; });
    if (mode != modes.end() && mode->state == v && v != chains.last[c]) ++chains.changes, chains.last[c] = v;
  }
}

enum class Learning { kOff, kOn, kFast };

// Weights that chains see: all of them learn, or fast ones learn and decay on top of those that stay.
struct Rule {
  Learning learning = Learning::kOff;
  double rate = 0;
};

struct Wandering {
  Rule rule;
  double changes = 0;           // of mode per 1,000 steps of a chain
  double kl = 0;                // KL(data || RBM that the chains see), mean over the last tenth of the steps
  std::vector<double> running;  // changes per chain up to each look
};

// Gibbs steps of chains that begin at the data. Where something learns, each step is an update (PCD).
Wandering wander(const IdeaContext& context, BinaryPair rbm, const StateList& data, const Rule& rule) {
  const std::size_t steps = context.count("gibbs_steps"), count = context.count("chains");
  const double data_entropy = entropy(table_of(data, rbm.lower()));
  Chains chains;
  for (std::size_t c = 0; c < count; ++c) chains.states.push_back(data[c % data.size()].state);
  chains.last = chains.states;
  Wandering result;
  result.rule = rule;
  const BinaryPair slow = rbm;
  const double kept = rule.learning == Learning::kFast ? context.number("fast_decay") : 1.0;
  const Noise noise(context.seed(), Stream::kChain, 0);
  const std::size_t looks = 100;
  double kls = 0, measured = 0;
  for (std::size_t n = 0; n < steps; ++n) {
    gibbs_step(rbm, data, noise.child(n), chains);
    if (rule.learning != Learning::kOff) {
      const BinaryPair gradient = sum(rbm_moments(rbm, data), rbm_moments(rbm, evenly(chains.states)), -1.0);
      rbm = sum(sum(slow, sum(rbm, slow, -1.0), kept), gradient, rule.rate);
    }
    if ((n + 1) * looks / steps == n * looks / steps) continue;
    result.running.push_back(static_cast<double>(chains.changes) / static_cast<double>(count));
    if (n + 1 > steps - steps / 10) kls += -data_entropy - rbm_log_likelihood(rbm, data), ++measured;
  }
  result.changes = 1000.0 * static_cast<double>(chains.changes) / static_cast<double>(count * steps);
  result.kl = kls / measured;
  return result;
}

BinaryPair learned_rbm(const IdeaContext& context, const StateList& data, std::size_t pixels) {
  context.working("learning the RBM", 0);
  const Noise noise(context.seed(), Stream::kInitialWeights, 0);
  return learned_pair(random_pair(pixels, context.count("units"), 0.1, noise), Combination::kProduct, data,
                      context.count("updates"), 0.02);
}

std::string name_of(const Rule& rule) {
  switch (rule.learning) {
    case Learning::kOff:
      return "learning off";
    case Learning::kOn:
      return "learning at rate " + number_text(rule.rate, 2);
    case Learning::kFast:
      break;
  }
  return "fast weights alone";
}

void show_counts(const IdeaContext& context, IdeaPage& page, const std::vector<Wandering>& walks) {
  const auto steps = context.number("gibbs_steps");
  std::vector<Series> curves;
  for (const Wandering& walk : walks) {
    Series series{name_of(walk.rule), {}, walk.running, {}, {}};
    for (std::size_t k = 1; k <= walk.running.size(); ++k)
      series.x.push_back(steps * static_cast<double>(k) / static_cast<double>(walk.running.size()));
    curves.push_back(std::move(series));
  }
  ChartOptions chart;
  chart.title = "Changes of mode so far, a chain";
  chart.x_label = "Gibbs steps", chart.y_label = "changes of mode";
  page.line_chart(
      "mixing", curves, chart,
      "Means over " + std::to_string(context.count("chains")) +
          " chains that begin at the data. A change of mode is a chain that shows another pattern, "
          "pixel for pixel, than the one it showed last.");
}

void run(const IdeaContext& context, IdeaPage& page) {
  const std::size_t size = context.count("size"), pixels = size * size;
  const StateList data = bars_and_stripes(size, context.team());
  const BinaryPair rbm = learned_rbm(context, data, pixels);
  const double start_kl = -entropy(table_of(data, pixels)) - rbm_log_likelihood(rbm, data);
  const double rate = context.number("rate");
  const std::vector<Rule> rules = {{Learning::kOff, 0},
                                   {Learning::kOn, rate / 10},
                                   {Learning::kOn, rate},
                                   {Learning::kFast, context.number("fast_rate")}};
  const auto walks = context.each(rules.size(), "chains",
                                  [&](std::size_t i) { return wander(context, rbm, data, rules[i]); });
  const std::string unit = "changes of mode per 1,000 steps";
  page.measure("changes_learning_off", walks[0].changes, unit,
               "of a chain while the weights stay as they are");
  page.measure("changes_learning_on", walks[2].changes, unit,
               "of a chain while persistent contrastive divergence learns at rate " + number_text(rate, 3));
  page.measure("changes_fast_weights", walks[3].changes, unit,
               "of a chain while fast weights alone learn and decay on top of weights that stay");
  page.measure("kl_at_start", start_kl, "nats",
               "KL(data || RBM) of the weights that all begin with, exact; with fast weights they stay");
  page.measure("changes_learning_slowly", walks[1].changes, unit, "at a tenth of that rate");
  page.measure("kl_learning_on", walks[2].kl, "nats",
               "KL(data || RBM) while it learns, exact, mean over the last tenth of the steps");
  page.measure("kl_learning_slowly", walks[1].kl, "nats", "the same at a tenth of the rate");
  page.text(
      "A well learned RBM of bars and stripes has a deep mode for each pattern, and Gibbs sampling hardly "
      "leaves the one it is in. But while chains serve as the negative phase, learning raises the energy "
      "wherever they stand, and that drives them on: how they mix is not a property of the model alone. It "
      "costs something, for the weights are driven about as well; fast weights that decay (Tieleman & Hinton "
      "2009) drive the chains and leave the model as it is.");
  page.section("Learning on and off");
  show_counts(context, page, walks);
  ReportTable table{"The same chains, begun at the same weights",
                    {"", "changes per 1,000 steps", "KL(data || what the chains see), nats"},
                    {}};
  for (const Wandering& walk : walks)
    table.rows.push_back({name_of(walk.rule), number_text(walk.changes, 3), number_text(walk.kl, 3)});
  page.table(table);
  page.keep("rbm.weights", rbm.weights.values(), {pixels, rbm.upper()});
  page.keep("rbm.visible_bias", rbm.lower_bias, {pixels});
  page.keep("rbm.hidden_bias", rbm.upper_bias, {rbm.upper()});
}

}  // namespace

Idea mixing_idea() {
  return {"mixing",
          "Learning makes persistent chains mix",
          {{"size", 3, 2, 4, true, "of the bars and stripes"},
           {"units", 8, 1, 12, true, "hidden"},
           {"updates", 2000, 1, 1e6, true, "of exact ascent to the weights from which all begins"},
           {"chains", 10, 1, 100000, true, "persistent"},
           {"gibbs_steps", 20000, 10, 1e7, true, "of each chain"},
           {"rate", 0.1, 1e-6, 10, false, "of learning; also a tenth of it"},
           {"fast_rate", 1.0, 1e-6, 10, false, "of fast weights"},
           {"fast_decay", 0.95, 0, 1, false, "fast weights keep this much a step"}},
          run};
}

}  // namespace harmonium
