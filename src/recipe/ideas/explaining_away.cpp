// Explaining away: the house jumps. Was it an earthquake or a truck? Each is rare, either explains it, and so
// the two become strongly dependent although nothing joins them. What do sampling and a factorial
// approximation make of that posterior?
#include <cmath>
#include <numeric>

#include "harmonium/models/sigmoid_belief_net.h"
#include "harmonium/render/number.h"
#include "recipe/ideas/ideas.h"

namespace harmonium {
namespace {

constexpr std::uint32_t kQuake = 1, kTruck = 2;

// KL(samples || exact) after growing numbers of samples.
struct Trace {
  std::vector<double> kl;
  double changes = 0;  ///< from one explanation to the other
};

std::vector<std::size_t> looks_of(std::size_t samples) {
  std::vector<std::size_t> looks;
  for (double look = 10; look < 0.999 * static_cast<double>(samples); look *= std::pow(10.0, 0.25))
    looks.push_back(static_cast<std::size_t>(std::lround(look)));
  looks.push_back(samples);
  return looks;
}

// `draw(state, n)` gives sample n from the one before.
template <class Draw>
Trace trace_of(const StateTable& exact, const std::vector<std::size_t>& looks, Draw draw) {
  Trace trace;
  std::vector<double> counts(exact.size());
  std::uint32_t state = kQuake, explanation = kQuake;
  std::size_t n = 0;
  for (const std::size_t look : looks) {
    for (; n < look; ++n) {
      state = draw(state, n);
      ++counts[state];
      if ((state == kQuake || state == kTruck) && state != explanation) ++trace.changes, explanation = state;
    }
    StateTable seen = counts;
    for (double& x : seen) x /= static_cast<double>(n);
    trace.kl.push_back(kl_divergence(seen, exact));
  }
  return trace;
}

Series series_of(const std::string& name, const std::vector<Trace>& traces,
                 const std::vector<std::size_t>& looks) {
  Series series{name, {}, std::vector<double>(looks.size()), {}, {}};
  for (std::size_t k = 0; k < looks.size(); ++k) {
    series.x.push_back(static_cast<double>(looks[k]));
    for (const Trace& trace : traces) series.y[k] += trace.kl[k] / static_cast<double>(traces.size());
  }
  return series;
}

SigmoidBeliefNet causes_and_effect(const IdeaContext& context) {
  SigmoidBeliefNet net({1, 2});
  net.biases[1] = {static_cast<float>(context.number("cause_bias")),
                   static_cast<float>(context.number("cause_bias"))};
  net.biases[0] = {static_cast<float>(context.number("effect_bias"))};
  net.weights[0](0, 0) = net.weights[0](0, 1) = static_cast<float>(context.number("weight"));
  return net;
}

std::vector<std::string> row_of(const std::string& name, const StateTable& p, double kl) {
  std::vector<std::string> row = {name};
  for (const std::uint32_t state : {0u, kQuake, kTruck, kQuake | kTruck})
    row.push_back(number_text(p[state], 6));
  row.push_back(number_text(kl, 4));
  return row;
}

void run(const IdeaContext& context, IdeaPage& page) {
  const SigmoidBeliefNet net = causes_and_effect(context);
  const StateTable exact = DirectedPosterior(pair_of(net, 0), layer_table(net, 1))(1);
  const Matrix<float> jumps(1, 1, 1.0f);
  const double log_p = log_likelihoods(net, jumps)[0];

  const std::size_t chains = context.count("chains"), samples = context.count("samples");
  const auto looks = looks_of(samples);
  const auto gibbs = context.each(chains, "Gibbs sampling", [&](std::size_t chain) {
    const Noise noise(context.seed(), Stream::kChain, 0);
    return trace_of(exact, looks, [&](std::uint32_t state, std::size_t n) {
      return gibbs_sweep(exact, state, noise.child(n), chain);
    });
  });
  const auto drawn = context.each(chains, "independent samples", [&](std::size_t chain) {
    const Noise noise(context.seed(), Stream::kSampling, 0);
    return trace_of(exact, looks,
                    [&](std::uint32_t, std::size_t n) { return draw_state(exact, noise.child(n), chain); });
  });

  const FactorialFit best = fit_factorial(exact, std::vector<double>{0.6, 0.4});
  const StateTable means = factorial_table(unit_means(exact));
  const double moment_kl = kl_divergence(means, exact), gibbs_kl = series_of("", gibbs, looks).y.back();
  double changes = 0;
  for (const Trace& trace : gibbs) changes += trace.changes;
  const double sweeps = static_cast<double>(chains * samples);

  page.measure("kl_variational", best.kl, "nats", "KL(q || posterior) of the best factorial q");
  page.measure("kl_gibbs", gibbs_kl, "nats",
               "KL(samples || posterior), mean over chains at their last sweep");
  page.measure("kl_independent_samples", series_of("", drawn, looks).y.back(), "nats",
               "the same for as many samples that do not depend on each other");
  page.measure("changes_of_mind", 1000 * changes / sweeps, "per 1,000 sweeps",
               "how often Gibbs sampling goes from one explanation to the other");
  page.measure("posterior_neither", exact[0], "probability", "exact: p(neither | jump)");
  page.measure("posterior_earthquake", exact[kQuake], "probability", "exact: p(earthquake alone | jump)");
  page.measure("posterior_truck", exact[kTruck], "probability", "exact: p(truck alone | jump)");
  page.measure("posterior_both", exact[3], "probability", "exact: p(both | jump)");
  page.measure("log_likelihood", log_p, "nats", "exact: log p(jump)");
  page.measure("variational_bound", log_p - best.kl, "nats", "log p(jump) - kl_variational");
  page.measure("kl_product_of_means", moment_kl, "nats",
               "KL(q || posterior) where q has the posterior's own means");
  page.measure("multi_information", multi_information(exact), "nats",
               "KL(posterior || product of its means): how dependent the causes are");
  page.measure("variational_mean_earthquake", best.means[0], "probability", "of the best factorial q");
  page.measure("variational_mean_truck", best.means[1], "probability", "of the best factorial q");

  page.text(
      "Two rare causes and one effect that either of them explains. Before the house jumps the causes are "
      "independent; after it they exclude each other, for one explains the other away. A factorial "
      "distribution cannot say \"one of the two\": the best one settles on one explanation and loses log 2. "
      "Gibbs sampling, one cause at a time, has to pass through a state that is ten thousand times less "
      "likely before it changes its mind.");
  page.section("The posterior, and what stands for it");
  page.table({"Probability of each state of the causes, given that the house jumps",
              {"", "neither", "earthquake", "truck", "both", "KL to exact (nats)"},
              {row_of("exact", exact, 0), row_of("best factorial", factorial_table(best.means), best.kl),
               row_of("product of the exact means", means, moment_kl)}});
  page.section("Sampling");
  ChartOptions chart;
  chart.title = "Distance of the samples from the exact posterior";
  chart.x_label = "samples", chart.y_label = "KL(samples || posterior), nats";
  chart.log_x = chart.log_y = true;
  chart.levels = {{best.kl, "best factorial"}};
  page.line_chart("explaining-away",
                  {series_of("Gibbs sampling", gibbs, looks), series_of("independent samples", drawn, looks)},
                  chart,
                  "Means over " + std::to_string(chains) +
                      " chains that begin with the earthquake. The level is what the best factorial "
                      "distribution misses, whatever time it is given.");
}

}  // namespace

Idea explaining_away_idea() {
  return {"explaining-away",
          "Explaining away: the earthquake and the truck",
          {{"cause_bias", -10, -30, 30, false, "bias of each cause"},
           {"effect_bias", -20, -60, 60, false, "bias of the effect"},
           {"weight", 20, -60, 60, false, "from each cause to the effect"},
           {"chains", 16, 1, 1000, true, "chains of samples"},
           {"samples", 1000000, 10, 1e8, true, "of each chain"}},
          run};
}

}  // namespace harmonium
