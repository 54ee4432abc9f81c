// Why greedy learning fails in a directed module: the aggregated posterior that a sigmoid belief net leaves
// to the next layer, against that of an RBM with as many units, by enumeration.
#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "harmonium/render/number.h"
#include "harmonium/train/pair_gradients.h"
#include "recipe/ideas/ideas.h"
#include "recipe/ideas/patterns.h"

namespace harmonium {
namespace {

// A module of the first layer and what the second makes of its aggregated posterior.
struct Stack {
  BinaryPair first, second;
  double kl_first = 0;        // KL(data || first module alone)
  double kl_second = 0;       // KL(data || both)
  double case_spread = 0;     // mean multi-information of p(h | v): 0 where the posterior is factorial
  double from_factorial = 0;  // multi-information of the aggregated posterior
  double from_own = 0;        // KL(aggregated posterior || the module's own distribution of h)
  double unlearned = 0;       // KL(aggregated posterior || what the second module makes of it)
  double bound_gain() const { return from_own - unlearned; }
};

// The second module's start: the first turned over, so that it begins as the first's own prior (RBM), or
// small weights, which is nearly the directed module's own.
BinaryPair second_start(const BinaryPair& first, std::size_t units, const Noise& noise) {
  BinaryPair start = random_pair(first.upper(), units, 0.1, noise);
  start.lower_bias = first.upper_bias;
  const BinaryPair turned = mirrored(first);
  for (std::size_t j = 0; j < std::min(units, first.lower()); ++j) {
    for (std::size_t i = 0; i < first.upper(); ++i) start.weights(i, j) = turned.weights(i, j);
    start.upper_bias[j] = turned.upper_bias[j];
  }
  return start;
}

Stack learned_stack(const IdeaContext& context, const StateList& data, std::size_t pixels, bool directed,
                    std::size_t units, std::uint64_t run) {
  const std::size_t steps = context.count("steps");
  const double rate = context.number("rate");
  const auto way = directed ? Combination::kComposition : Combination::kProduct;
  const Noise noise(context.seed(), Stream::kInitialWeights, run);
  const StateTable truth = table_of(data, pixels);
  Stack stack;
  stack.first = learned_pair(random_pair(pixels, units, 0.3, noise.child(0)), way, data, steps, rate);
  stack.kl_first = kl_divergence(truth, lower_table(stack.first, way));
  const StateTable own = directed ? prior_table(stack.first) : rbm_upper_table(stack.first);
  StateTable aggregated;
  if (directed) {
    aggregated = directed_aggregated(stack.first, own, data);
    const DirectedPosterior posterior(stack.first, own);
    for (const auto& [state, weight] : data)
      stack.case_spread += weight * multi_information(posterior(state));
  } else {
    aggregated = up_table(stack.first, truth);
  }
  stack.from_factorial = multi_information(aggregated);
  stack.from_own = kl_divergence(aggregated, own);
  const std::size_t upper = context.count("second_units");
  const BinaryPair start = directed ? random_pair(units, upper, 0.3, noise.child(1))
                                    : second_start(stack.first, upper, noise.child(1));
  stack.second = learned_pair(start, way, support_of(aggregated), steps, rate);
  const StateTable learned = lower_table(stack.second, way);
  stack.unlearned = kl_divergence(aggregated, learned);
  stack.kl_second = kl_divergence(truth, down_table(stack.first, learned));
  return stack;
}

double mean_of(const std::vector<Stack>& stacks, auto value) {
  double sum = 0;
  for (const Stack& stack : stacks) sum += value(stack) / static_cast<double>(stacks.size());
  return sum;
}

void measure_all(IdeaPage& page, const std::string& kind, const std::vector<Stack>& stacks) {
  const std::string mean = ", mean of " + std::to_string(stacks.size()) + " starts";
  const auto add = [&](const std::string& name, const std::string& how, auto value) {
    page.measure(name + "_" + kind, mean_of(stacks, value), "nats", how + mean);
  };
  add("kl_two_layers", "KL(data || both modules), exact", [](const Stack& s) { return s.kl_second; });
  add("kl_one_layer", "KL(data || first module), exact", [](const Stack& s) { return s.kl_first; });
  add("bound_gain", "how much the second module raises the bound on log p",
      [](const Stack& s) { return s.bound_gain(); });
  add("aggregated_from_factorial", "KL(aggregated posterior || product of its means)",
      [](const Stack& s) { return s.from_factorial; });
  add("aggregated_from_prior",
      "KL(aggregated posterior || the module's own distribution of its hidden units)",
      [](const Stack& s) { return s.from_own; });
  add("aggregated_unlearned", "KL(aggregated posterior || second module): what it could not learn",
      [](const Stack& s) { return s.unlearned; });
  add("posterior_from_factorial", "mean KL(posterior of a case || product of its means)",
      [](const Stack& s) { return s.case_spread; });
}

std::vector<std::string> table_row(const std::string& name, const std::vector<Stack>& a,
                                   const std::vector<Stack>& b, auto value) {
  return {name, number_text(mean_of(a, value), 4), number_text(mean_of(b, value), 4)};
}

// Of directed modules and of RBMs, by the number of units in the first layer.
std::array<std::map<std::size_t, std::vector<Stack>>, 2> learned_stacks(const IdeaContext& context,
                                                                        const StateList& data,
                                                                        std::size_t pixels) {
  std::vector<std::size_t> sizes = {context.count("units")};
  for (std::size_t units = 2; units <= context.count("most_units"); ++units)
    if (units != sizes.front()) sizes.push_back(units);
  const std::size_t runs = context.count("runs"), each_kind = sizes.size() * runs;
  const auto all = context.each(2 * each_kind, "learning two layers", [&](std::size_t i) {
    return learned_stack(context, data, pixels, i < each_kind, sizes[i % each_kind / runs], i % runs);
  });
  std::array<std::map<std::size_t, std::vector<Stack>>, 2> stacks;
  for (std::size_t i = 0; i < all.size(); ++i)
    stacks[i / each_kind][sizes[i % each_kind / runs]].push_back(all[i]);
  return stacks;
}

Series kl_series(const std::string& name, const std::map<std::size_t, std::vector<Stack>>& stacks,
                 auto value) {
  Series series{name, {}, {}, {}, {}};
  for (const auto& [units, runs] : stacks) {
    series.x.push_back(static_cast<double>(units));
    series.y.push_back(mean_of(runs, value));
  }
  return series;
}

void run(const IdeaContext& context, IdeaPage& page) {
  const std::size_t size = context.count("size"), pixels = size * size, runs = context.count("runs");
  const StateList data = bars_and_stripes(size, context.team());
  const auto all = learned_stacks(context, data, pixels);
  const std::vector<Stack>&directed = all[0].at(context.count("units")),
        &undirected = all[1].at(context.count("units"));
  measure_all(page, "undirected", undirected);
  measure_all(page, "directed", directed);
  page.measure("kl_independent_pixels", multi_information(table_of(data, pixels)), "nats",
               "KL(data || independent pixels), exact");
  page.text(
      "A module learns the data, and what its hidden units do when they see the data, the aggregated "
      "posterior, becomes the data of the next. A directed module has to do two things at once: turn hidden "
      "states into data, and make the aggregated posterior look like its prior of independent causes. An RBM "
      "has a prior of its own making, and leaves the rest to the next layer. A second module can repair part "
      "of the compromise, "
      "and always raises the bound by what it learns of the aggregated posterior.");
  page.section("Two layers, learned one after the other");
  ChartOptions chart;
  chart.title = "What is left to learn of bars and stripes";
  chart.x_label = "units of the first hidden layer", chart.y_label = "KL(data || model), nats";
  chart.log_y = true;
  const auto one = [](const Stack& s) { return s.kl_first; };
  const auto two = [](const Stack& s) { return s.kl_second; };
  std::vector<Series> curves = {
      kl_series("directed, one layer", all[0], one), kl_series("directed, two layers", all[0], two),
      kl_series("RBM, one layer", all[1], one), kl_series("RBM, two layers", all[1], two)};
  curves[0].dashed = curves[2].dashed = true;
  curves[0].colour = curves[1].colour = 2;
  curves[2].colour = curves[3].colour = 1;
  page.line_chart("directed-greedy", curves, chart,
                  "Exact, means of " + std::to_string(runs) + " starts; the second module has " +
                      std::to_string(context.count("second_units")) + " hidden units.");
  page.section("The aggregated posteriors");
  const auto row = [&](const std::string& name, auto value) {
    return table_row(name, directed, undirected, value);
  };
  page.table(
      {"In nats",
       {"", "directed", "RBM"},
       {row("posterior of a case: from factorial", [](const Stack& s) { return s.case_spread; }),
        row("aggregated posterior: from factorial", [](const Stack& s) { return s.from_factorial; }),
        row("aggregated posterior: from the module's prior", [](const Stack& s) { return s.from_own; }),
        row("of that, not learned by the second", [](const Stack& s) { return s.unlearned; }),
        row("so the bound rises by", [](const Stack& s) { return s.bound_gain(); })}});
  page.keep("directed.first.weights", directed.front().first.weights.values(),
            {pixels, context.count("units")});
  page.keep("undirected.first.weights", undirected.front().first.weights.values(),
            {pixels, context.count("units")});
}

}  // namespace

Idea directed_greedy_idea() {
  return {"directed-greedy",
          "Why greedy learning fails in a directed module",
          {{"size", 3, 2, 3, true, "of the bars and stripes"},
           {"units", 6, 1, 10, true, "of the first hidden layer"},
           {"most_units", 6, 0, 10, true, "of the curves, which begin at 2"},
           {"second_units", 9, 1, 12, true, "of the second"},
           {"steps", 2000, 1, 1e6, true, "of exact ascent for each module"},
           {"rate", 0.03, 1e-6, 1, false, "of ascent, at the start"},
           {"runs", 2, 1, 100, true, "starts"}},
          run};
}

}  // namespace harmonium
