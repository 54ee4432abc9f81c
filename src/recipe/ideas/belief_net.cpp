// Learning a sigmoid belief net, with samples of its exact posterior and by wake-sleep, on images of bars:
// what does it cost that recognition is factorial and is learned from dreams?
#include <cmath>

#include "harmonium/render/number.h"
#include "harmonium/train/belief_net_learner.h"
#include "recipe/ideas/ideas.h"
#include "recipe/ideas/patterns.h"

namespace harmonium {
namespace {

struct Look {
  double kl = 0;      // KL(data || net)
  double gap = 0;     // mean over data of KL(recognition || posterior)
  double spread = 0;  // mean over data of the posterior's multi-information
};
struct Learned {
  std::vector<Look> looks;
  BeliefNetLearner learner{SigmoidBeliefNet({1, 1}), BeliefNetRule::kPosteriorSamples};
};

Look look_at(const BeliefNetLearner& learner, const StateList& data, bool recognises) {
  Look look;
  const SigmoidBeliefNet& net = learner.net();
  const DirectedPosterior posterior_of(pair_of(net, 0), layer_table(net, 1));
  look.kl = kl_divergence(table_of(data, net.units(0)), layer_table(net, 0));
  for (const auto& [state, weight] : data) {
    const StateTable posterior = posterior_of(state);
    look.spread += weight * multi_information(posterior);
    if (recognises)
      look.gap += weight * kl_divergence(recognition_table(learner.recognition(), state), posterior);
  }
  return look;
}

Learned learn(const IdeaContext& context, const StateList& data, BeliefNetRule rule, std::uint64_t run) {
  const std::size_t pixels = context.count("size") * context.count("size"),
                    updates = context.count("updates"), batch = context.count("batch"),
                    looks = context.count("looks");
  SigmoidBeliefNet net({pixels, context.count("causes")});
  initialise_weights(net, 0.1f, Noise(context.seed(), Stream::kInitialWeights, run));
  Learned learned;
  learned.learner = BeliefNetLearner(net, rule);
  const bool sleeps = rule == BeliefNetRule::kWakeSleep;
  const StateTable truth = table_of(data, pixels);
  Matrix<float> cases(batch, pixels);
  const Noise shown = Noise(context.seed(), Stream::kSynthetic, run),
              drawn = Noise(context.seed(), Stream::kHiddenPositive, run);
  learned.looks.push_back(look_at(learned.learner, data, sleeps));
  for (std::size_t n = 0; n < updates; ++n) {
    const double left = 1.0 - static_cast<double>(n) / static_cast<double>(updates);
    for (std::size_t c = 0; c < batch; ++c) write_state(draw_state(truth, shown.child(n), c), cases.row(c));
    learned.learner.step(cases, context.number("rate") * left, drawn.child(n));
    if ((n + 1) * looks / updates > n * looks / updates)
      learned.looks.push_back(look_at(learned.learner, data, sleeps));
  }
  return learned;
}

Series curve(const std::string& name, const std::vector<Learned>& runs, double updates, auto value) {
  const std::size_t looks = runs.front().looks.size(), last = looks - 1;
  Series series{name, {}, {}, {}, {}};
  for (std::size_t k = 0; k < looks; ++k) {
    double sum = 0, low = INFINITY, high = -INFINITY;
    for (const Learned& run : runs) {
      const double x = value(run.looks[k]);
      sum += x, low = std::min(low, x), high = std::max(high, x);
    }
    series.x.push_back(updates * static_cast<double>(k) / static_cast<double>(last));
    series.y.push_back(sum / static_cast<double>(runs.size()));
    series.low.push_back(low), series.high.push_back(high);
  }
  return series;
}

Image weight_sheet(const SigmoidBeliefNet& net, std::size_t size) {
  SheetOptions options = weight_options();
  options.columns = net.units(1), options.gap = 12;
  return sheet_of_columns(net.weights[0], {size, size}, options);
}

void run(const IdeaContext& context, IdeaPage& page) {
  const std::size_t size = context.count("size"), runs = context.count("runs");
  const StateList data = independent_bars(size, context.number("chance"));
  const auto all = context.each(2 * runs, "learning", [&](std::size_t i) {
    return learn(context, data, i < runs ? BeliefNetRule::kPosteriorSamples : BeliefNetRule::kWakeSleep,
                 i % runs);
  });
  const std::vector<Learned> exact(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(runs)),
      sleepers(all.begin() + static_cast<std::ptrdiff_t>(runs), all.end());
  const auto updates = context.number("updates");
  const auto kl = [](const Look& look) { return look.kl; };
  const auto gap = [](const Look& look) { return look.gap; };
  const auto spread = [](const Look& look) { return look.spread; };
  const std::vector<Series> curves = {curve("posterior samples", exact, updates, kl),
                                      curve("wake-sleep", sleepers, updates, kl),
                                      curve("wake-sleep: gap of its recognition", sleepers, updates, gap)};
  const double data_entropy = entropy(table_of(data, size * size));
  const std::string mean = "mean of " + std::to_string(runs) + " runs";
  page.measure("kl_posterior_samples", curves[0].y.back(), "nats", "KL(data || net), exact, " + mean);
  page.measure("kl_wake_sleep", curves[1].y.back(), "nats", "KL(data || net), exact, " + mean);
  page.measure("gap_wake_sleep", curves[2].y.back(), "nats",
               "KL(recognition || posterior) on the data: what its bound lacks of log p, " + mean);
  page.measure("kl_at_start", curves[0].y.front(), "nats", "KL(data || net) before learning, " + mean);
  page.measure("dependence_posterior_samples", curve("", exact, updates, spread).y.back(), "nats",
               "KL(posterior || product of its means) on the data: what no factorial recognition can say");
  page.measure("dependence_wake_sleep", curve("", sleepers, updates, spread).y.back(), "nats",
               "the same of the net that wake-sleep learned");
  page.measure("log_likelihood_posterior_samples", -data_entropy - curves[0].y.back(), "nats",
               "mean log p of the data, exact");
  page.measure("log_likelihood_wake_sleep", -data_entropy - curves[1].y.back(), "nats",
               "mean log p of the data, exact");
  page.measure("entropy_of_data", data_entropy, "nats", "exact; no net can do better than minus this");
  for (const bool sleeps : {false, true}) {
    BeliefNetLearner learner = (sleeps ? sleepers : exact).front().learner;
    auto list = learner.parameters();
    for (NamedTensor& tensor : list)
      tensor.name = (sleeps ? "wake_sleep." : "posterior_samples.") + tensor.name;
    page.keep(list);
  }
  page.text(
      "Images of bars: every row and column is there or not, independently, and a pixel cannot tell which of "
      "its two bars blackened it. A sigmoid belief net has this structure, and given samples of the "
      "posterior of its hidden causes the delta rule learns it. Wake-sleep puts a recognition net in the "
      "place of the posterior, which chooses every cause by itself and was taught by dreams; what it loses "
      "is measured exactly, by summing over all states.");
  page.section("Learning");
  ChartOptions chart;
  chart.title = "What is left to learn, by two ways to find the causes";
  chart.x_label = "updates", chart.y_label = "nats";
  chart.log_y = true;
  page.line_chart("belief-net", curves, chart,
                  "KL(data || net) by enumeration, means of " + std::to_string(runs) +
                      " runs and their range; and the distance of recognition from the posterior.");
  page.section("What was learned");
  page.picture("belief-net-weights-posterior",
               {weight_sheet(exact.front().learner.net(), size), "Weights from each cause to the pixels",
                "From samples of the posterior: what each cause does to the pixels."});
  page.picture("belief-net-weights-wake-sleep", {weight_sheet(sleepers.front().learner.net(), size),
                                                 "Weights from each cause to the pixels", "By wake-sleep."});
}

}  // namespace

Idea belief_net_idea() {
  return {"belief-net",
          "Learning a sigmoid belief net: posterior samples and wake-sleep",
          {{"size", 3, 2, 4, true, "of the images"},
           {"chance", 0.25, 0.01, 0.99, false, "that a bar is there"},
           {"causes", 6, 1, 12, true, "hidden units"},
           {"updates", 20000, 1, 1e6, true, "of each net"},
           {"batch", 20, 1, 10000, true, "cases an update"},
           {"rate", 1, 1e-6, 10, false, "at the start; falls to zero"},
           {"looks", 100, 1, 10000, true, "points of the curves"},
           {"runs", 4, 1, 100, true, "nets by each rule"}},
          run};
}

}  // namespace harmonium
