// Three ways to combine the same parts: a mixture (one part makes the data), a composition (any of them
// together cause the data: a directed module) and a product (all have a say: an RBM). The first is never
// sharper than its parts; the others are. Measured in nats, on parts that are given and on parts that are
// learned.
#include <algorithm>
#include <array>
#include <cmath>

#include "harmonium/render/number.h"
#include "harmonium/train/pair_gradients.h"
#include "recipe/ideas/ideas.h"
#include "recipe/ideas/patterns.h"

namespace harmonium {
namespace {

constexpr std::array kWays = {Combination::kMixture, Combination::kComposition, Combination::kProduct};
constexpr std::array kNames = {"mixture", "composition", "product"};

// ---- Parts that are given: part j prefers pixels of bar j to be black, by `strength`. ----

StateTable part_table(std::size_t size, std::size_t bar, double strength) {
  std::vector<double> logits(size * size);
  for (std::size_t k = 0; k < size; ++k)
    logits[bar < size ? bar * size + k : k * size + bar - size] = strength;
  StateTable table(std::size_t{1} << size * size);
  add_factorial(logits, 1.0, table);
  return table;
}

// Product of experts: p(v) proportional to the product of all parts (Hinton 2002, eq. 1).
StateTable product_of(const std::vector<StateTable>& parts) {
  StateTable product(parts.front().size(), 1.0);
  double total = 0;
  for (std::size_t v = 0; v < product.size(); ++v) {
    for (const StateTable& part : parts) product[v] *= part[v];
    total += product[v];
  }
  for (double& p : product) p /= total;
  return product;
}

StateTable mixture_of(const std::vector<StateTable>& parts) {
  StateTable mixture(parts.front().size());
  for (const StateTable& part : parts)
    for (std::size_t v = 0; v < mixture.size(); ++v)
      mixture[v] += part[v] / static_cast<double>(parts.size());
  return mixture;
}

void given_parts(const IdeaContext& context, IdeaPage& page) {
  const std::size_t size = context.count("size");
  std::vector<StateTable> parts;
  for (std::size_t bar = 0; bar < 2 * size; ++bar)
    parts.push_back(part_table(size, bar, context.number("strength")));
  const double one = entropy(parts.front()), mixed = entropy(mixture_of(parts)),
               multiplied = entropy(product_of(parts));
  page.measure("entropy_part", one, "nats",
               "of one part: " + number_text(context.number("strength")) + " for each pixel of its bar");
  page.measure("entropy_mixture", mixed, "nats",
               "of the mixture of the same parts: never below the least part");
  page.measure("entropy_product", multiplied, "nats", "of the product of the same parts");
  page.section("Parts that are given");
  page.text("Each of " + std::to_string(2 * size) +
            " parts prefers the pixels of one bar to be black and has no " +
            "opinion of the others. How sharp are they together? The entropy of all images is " +
            number_text(static_cast<double>(size * size) * std::log(2.0)) + " nats.");
  ChartOptions chart;
  chart.title = "How vague are the same parts, combined?", chart.x_label = "entropy, nats";
  page.bar_chart("combinations-entropy",
                 {{"one part", one, 0}, {"their mixture", mixed, 0}, {"their product", multiplied, 0}}, chart,
                 "A mixture is at least as vague as its parts; a product is sharper than any of them.");
}

// ---- Parts that are learned. ----

struct Task {
  Combination way;
  std::size_t parts;
  std::uint64_t start;
};

double learned_kl(const IdeaContext& context, const StateList& data, std::size_t pixels, const Task& task) {
  const Noise noise = Noise(context.seed(), Stream::kInitialWeights, task.start);
  const BinaryPair start = random_pair(pixels, task.parts, 0.5, noise);
  const BinaryPair learned =
      learned_pair(start, task.way, data, context.count("steps"), context.number("rate"));
  return kl_divergence(table_of(data, pixels), lower_table(learned, task.way));
}

std::vector<std::size_t> part_counts(std::size_t most) {
  std::vector<std::size_t> counts;
  for (std::size_t n = 1; n < most; n += n < 4 ? 1 : 2) counts.push_back(n);
  counts.push_back(most);
  return counts;
}

// The least KL over starts of each way (rows) and number of parts (columns).
std::vector<std::vector<double>> learned_kls(const IdeaContext& context, const StateList& data,
                                             std::size_t pixels, const std::vector<std::size_t>& counts) {
  std::vector<Task> tasks;
  for (const Combination way : kWays)
    for (const std::size_t parts : counts)
      for (std::uint64_t start = 0; start < context.count("starts"); ++start)
        tasks.push_back({way, parts, start});
  const auto kls = context.each(tasks.size(), "learning",
                                [&](std::size_t i) { return learned_kl(context, data, pixels, tasks[i]); });
  std::vector<std::vector<double>> best(kWays.size(), std::vector<double>(counts.size(), INFINITY));
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const auto way =
        static_cast<std::size_t>(std::find(kWays.begin(), kWays.end(), tasks[i].way) - kWays.begin());
    const auto at =
        static_cast<std::size_t>(std::find(counts.begin(), counts.end(), tasks[i].parts) - counts.begin());
    best[way][at] = std::min(best[way][at], kls[i]);
  }
  return best;
}

void learned_parts(const IdeaContext& context, IdeaPage& page) {
  const std::size_t size = context.count("size"), pixels = size * size;
  const StateList data = independent_bars(size, context.number("chance"));
  const auto counts = part_counts(context.count("parts"));
  const auto best = learned_kls(context, data, pixels, counts);
  const std::size_t last = counts.size() - 1;
  std::vector<Series> curves;
  for (std::size_t way = 0; way < kWays.size(); ++way) {
    page.measure(std::string("kl_") + kNames[way], best[way][last], "nats",
                 "KL(data || model) with " + std::to_string(counts[last]) + " learned parts, the best of " +
                     std::to_string(context.count("starts")) + " starts");
    Series series{kNames[way], {}, best[way], {}, {}};
    for (const std::size_t n : counts) series.x.push_back(static_cast<double>(n));
    curves.push_back(std::move(series));
  }
  page.measure("kl_independent_pixels", multi_information(table_of(data, pixels)), "nats",
               "KL(data || independent pixels): no part at all");
  page.measure("entropy_of_data", entropy(table_of(data, pixels)), "nats", "exact");
  page.section("Parts that are learned");
  page.text(
      "All three have the same numbers: a bias for each pixel, and for each part a weight to each pixel "
      "and a bias of its own. They learn images of bars (each row and column is there or not, "
      "independently) by ascent of the exact likelihood.");
  ChartOptions chart;
  chart.title = "The same number of parts, combined in three ways";
  chart.x_label = "parts", chart.y_label = "KL(data || model), nats", chart.from_zero = true;
  page.line_chart("combinations", curves, chart,
                  "Each point is the best of " + std::to_string(context.count("starts")) + " starts.");
}

void run(const IdeaContext& context, IdeaPage& page) {
  page.text(
      "A mixture explains each case by one of its parts, so it can never be sharper than they are, and it "
      "needs a part for every kind of case. A product lets every part veto; a composition lets parts cause "
      "the data together. Both say exponentially many things with the same number of parts.");
  learned_parts(context, page);
  given_parts(context, page);
}

}  // namespace

Idea combinations_idea() {
  return {"combinations",
          "Mixture, composition and product of the same parts",
          {{"size", 3, 2, 3, true, "of the images"},
           {"chance", 0.25, 0.01, 0.99, false, "that a bar is there"},
           {"strength", 2, 0, 20, false, "of the parts that are given"},
           {"parts", 8, 1, 10, true, "learned at most"},
           {"starts", 3, 1, 100, true, "of learning; the best counts"},
           {"steps", 1500, 1, 1e6, true, "of ascent"},
           {"rate", 0.05, 1e-6, 1, false, "of ascent, at the start"}},
          run};
}

}  // namespace harmonium
