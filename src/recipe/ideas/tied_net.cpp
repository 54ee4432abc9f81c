// The infinite directed net with tied weights is an RBM: cut off after d pairs of layers it does d Gibbs
// steps, and the deeper layers are the prior that makes the first layer's posterior factorial. What does
// contrastive divergence drop of the gradient, which it takes from the first layers only?
#include <algorithm>
#include <cmath>

#include "harmonium/models/sigmoid_belief_net.h"
#include "harmonium/render/number.h"
#include "harmonium/train/pair_gradients.h"
#include "recipe/ideas/ideas.h"
#include "recipe/ideas/patterns.h"

namespace harmonium {
namespace {

// The RBM's directed net: layers v, h, v, h, ..., h (2 * depth of them), tied weights going down, the top
// layer independent with the RBM's hidden biases.
SigmoidBeliefNet unrolled(const BinaryPair& rbm, std::size_t depth) {
  std::vector<std::size_t> sizes;
  for (std::size_t d = 0; d < depth; ++d) sizes.insert(sizes.end(), {rbm.lower(), rbm.upper()});
  SigmoidBeliefNet net(sizes);
  const BinaryPair turned = mirrored(rbm);
  for (std::size_t n = 0; n < net.layers(); ++n) {
    const BinaryPair& pair = n % 2 == 0 ? rbm : turned;
    std::copy(pair.lower_bias.begin(), pair.lower_bias.end(), net.biases[n].begin());
    if (n < net.weights.size())
      std::copy(pair.weights.values().begin(), pair.weights.values().end(), net.weights[n].values().begin());
  }
  return net;
}

struct Depth {
  double kl = 0;      // KL(net || RBM)
  double gibbs = 0;   // largest difference of the net's p(v) from that of Gibbs steps
  double spread = 0;  // mean over data of the multi-information of p(h | v) in the first hidden layer
};

std::vector<Depth> measured_depths(const BinaryPair& rbm, const StateList& data, std::size_t most) {
  std::vector<Depth> depths;
  const StateTable model = rbm_lower_table(rbm);
  StateTable chain = directed_lower_table(rbm);  // the top pair alone
  for (std::size_t d = 1; d <= most; ++d) {
    if (d > 1) chain = down_table(rbm, up_table(rbm, chain));
    const SigmoidBeliefNet net = unrolled(rbm, d);
    const StateTable visible = layer_table(net, 0);
    Depth depth{kl_divergence(visible, model), 0, 0};
    for (std::size_t v = 0; v < visible.size(); ++v)
      depth.gibbs = std::max(depth.gibbs, std::abs(visible[v] - chain[v]));
    const DirectedPosterior posterior(pair_of(net, 0), layer_table(net, 1));
    for (const auto& [state, weight] : data) depth.spread += weight * multi_information(posterior(state));
    depths.push_back(depth);
  }
  return depths;
}

// The numbers of the pair as 32 bits hold them, which is what the directed net is made of.
BinaryPair rounded(const BinaryPair& pair) {
  auto numbers = pair.flat();
  for (double& x : numbers) x = static_cast<float>(x);
  BinaryPair result = pair;
  result.set_flat(numbers);
  return result;
}

void show_depths(const IdeaContext& context, IdeaPage& page, const BinaryPair& rbm, const StateList& data) {
  const auto depths = measured_depths(rbm, data, context.count("depth"));
  Series kl{"KL(net || RBM)", {}, {}, {}, {}}, spread{"dependence in p(h | v)", {}, {}, {}, {}};
  double gibbs = 0;
  for (std::size_t d = 0; d < depths.size(); ++d) {
    kl.x.push_back(static_cast<double>(d + 1)), spread.x.push_back(static_cast<double>(d + 1));
    kl.y.push_back(depths[d].kl), spread.y.push_back(depths[d].spread);
    gibbs = std::max(gibbs, depths[d].gibbs);
  }
  page.measure("kl_at_depth_1", kl.y.front(), "nats", "KL(net of one pair of layers || RBM), exact");
  page.measure("kl_at_full_depth", kl.y.back(), "nats",
               "the same with " + std::to_string(depths.size()) + " pairs of layers");
  page.measure("largest_difference_from_gibbs", gibbs, "probability",
               "between the net's p(v) and that of as many Gibbs steps, over all depths and states");
  page.measure("dependence_at_depth_1", spread.y.front(), "nats",
               "KL(p(h | v) || product of its means) in the net of one pair, mean over the data");
  page.measure("dependence_at_full_depth", spread.y.back(), "nats", "the same at full depth");
  page.section("Deeper and deeper");
  ChartOptions chart;
  chart.title = "A directed net with tied weights becomes its RBM";
  chart.x_label = "pairs of layers (Gibbs steps)", chart.y_label = "nats", chart.log_y = true;
  page.line_chart(
      "tied-net", {kl, spread}, chart,
      "Exact. Explaining away in the first hidden layer is undone by the layers above it, which are "
      "a complementary prior.");
}

// ---- What CD drops ----

struct Drop {
  double kl = 0;            // KL(data || RBM) where it is measured
  double cosine_cd = 0;     // of CD-1 with the likelihood's gradient
  double cosine_whole = 0;  // of CD-1 and its neglected term with it
  double neglected = 0;     // length of the neglected term, in lengths of CD-1
};

Drop drop_at(const BinaryPair& rbm, const StateList& data) {
  const BinaryPair likelihood = likelihood_gradient(rbm, Combination::kProduct, data),
                   cd = expected_cd(rbm, data, 1), term = neglected_term(rbm, data, 1);
  return {kl_divergence(table_of(data, rbm.lower()), rbm_lower_table(rbm)), cosine(cd, likelihood),
          cosine(sum(cd, term), likelihood), length(term) / length(cd)};
}

// An RBM along its learning by the expected CD-1 update.
struct Learning {
  std::vector<std::size_t> updates;
  std::vector<BinaryPair> rbms;
};
Learning learning_by_cd(const IdeaContext& context, const StateList& data, std::size_t pixels) {
  const std::size_t updates = context.count("updates"), looks = context.count("looks");
  BinaryPair rbm =
      random_pair(pixels, context.count("units"), 0.1, Noise(context.seed(), Stream::kInitialWeights, 0));
  Learning learning;
  for (std::size_t n = 0; n <= updates; ++n) {
    if (n == updates || (n + 1) * looks / (updates + 1) > n * looks / (updates + 1)) {
      learning.updates.push_back(n);
      learning.rbms.push_back(rbm);
    }
    rbm = sum(rbm, expected_cd(rbm, data, 1), context.number("rate"));
  }
  return learning;
}

void show_layers(IdeaPage& page, const BinaryPair& rbm, const StateList& data) {
  // The likelihood's gradient is a sum over the layers of the infinite net; CD-k keeps those of the first 2k
  // + 1.
  const BinaryPair likelihood = likelihood_gradient(rbm, Combination::kProduct, data);
  Series angle{"cosine with the likelihood's gradient", {}, {}, {}, {}},
      dropped{"length of what is dropped", {}, {}, {}, {}};
  for (std::size_t k = 1; k <= 1024; k *= 2) {
    const BinaryPair cd = expected_cd(rbm, data, k);
    angle.x.push_back(static_cast<double>(k)), dropped.x.push_back(static_cast<double>(k));
    angle.y.push_back(cosine(cd, likelihood));
    dropped.y.push_back(length(sum(likelihood, cd, -1)) / length(likelihood));
  }
  page.measure("cosine_cd_1", angle.y.front(), "",
               "of the expected CD-1 update with the likelihood's gradient");
  page.measure("dropped_by_cd_1", dropped.y.front(), "of the gradient's length",
               "gradient of the deeper layers, which CD-1 leaves out");
  page.measure("dropped_by_cd_1024", dropped.y.back(), "of the gradient's length", "the same of CD-1024");
  page.section("What contrastive divergence leaves out");
  ChartOptions chart;
  chart.title = "CD-k keeps the first layers' share of the gradient";
  chart.x_label = "k", chart.y_label = "of 1", chart.log_x = true, chart.from_zero = true;
  page.line_chart("tied-net-cd", {angle, dropped}, chart,
                  "At the RBM that CD-1 has learned. The length is that of the deeper layers' gradient, in "
                  "lengths of the whole.");
}

void show_neglected(const IdeaContext& context, IdeaPage& page, const Learning& learning,
                    const StateList& data) {
  const auto drops = context.each(learning.rbms.size(), "what CD neglects",
                                  [&](std::size_t i) { return drop_at(learning.rbms[i], data); });
  Series without{"CD-1", {}, {}, {}, {}}, with{"CD-1 and its neglected term", {}, {}, {}, {}},
      size{"length of the neglected term", {}, {}, {}, {}};
  for (std::size_t i = 0; i < drops.size(); ++i) {
    for (Series* series : {&without, &with, &size})
      series->x.push_back(static_cast<double>(learning.updates[i]));
    without.y.push_back(drops[i].cosine_cd), with.y.push_back(drops[i].cosine_whole);
    size.y.push_back(drops[i].neglected);
  }
  double least_without = 1, least_with = 1, most = 0;
  for (const Drop& drop : drops) {
    least_without = std::min(least_without, drop.cosine_cd);
    least_with = std::min(least_with, drop.cosine_whole);
    most = std::max(most, drop.neglected);
  }
  page.measure("least_cosine_without_neglected_term", least_without, "",
               "of CD-1 with the likelihood's gradient, along learning");
  page.measure("least_cosine_with_neglected_term", least_with, "", "the same of the whole derivative");
  page.measure("neglected_term", drops.back().neglected, "of CD-1's length",
               "length of the term that CD-1 neglects, at the end");
  page.measure("kl_learned_by_cd", drops.back().kl, "nats", "KL(data || RBM) at the end of CD-1, exact");
  ChartOptions chart;
  chart.title = "CD-1 along its own learning, with and without the neglected term";
  chart.x_label = "updates", chart.y_label = "cosine, or length in lengths of CD-1", chart.from_zero = true;
  page.line_chart(
      "tied-net-neglected", {without, with, size}, chart,
      "CD-1 says that it descends KL(data || model) - KL(one step || model); the derivative of that "
      "has a third term, which it neglects (Hinton 2002).");
}

void run(const IdeaContext& context, IdeaPage& page) {
  const std::size_t size = context.count("size"), pixels = size * size;
  const StateList data = bars_and_stripes(size, context.team());
  const Learning learning = learning_by_cd(context, data, pixels);
  const BinaryPair rbm = rounded(learning.rbms.back());
  page.text(
      "Draw hidden units from an independent prior, visible ones from them, hidden ones from those, always "
      "with the same weights: each pair of layers of such a directed net is one Gibbs step of the RBM with "
      "these weights. With infinitely many the net is the RBM, and its posterior is factorial in every "
      "layer. "
      "The gradient of the log-likelihood is then a sum over the layers, of which contrastive divergence "
      "keeps the first.");
  show_depths(context, page, rbm, data);
  show_layers(page, learning.rbms.back(), data);
  show_neglected(context, page, learning, data);
  page.keep("rbm.weights", rbm.weights.values(), {pixels, rbm.upper()});
  page.keep("rbm.visible_bias", rbm.lower_bias, {pixels});
  page.keep("rbm.hidden_bias", rbm.upper_bias, {rbm.upper()});
}

}  // namespace

Idea tied_net_idea() {
  return {"tied-net",
          "The infinite directed net with tied weights, and its RBM",
          {{"size", 3, 2, 3, true, "of the bars and stripes that the RBM learns"},
           {"units", 6, 1, 8, true, "hidden"},
           {"updates", 1000, 1, 1e6, true, "of the RBM by the expected CD-1"},
           {"rate", 0.2, 1e-6, 10, false, "of these updates"},
           {"looks", 50, 1, 1000, true, "points of the curves along learning"},
           {"depth", 100, 1, 1000, true, "pairs of layers at most"}},
          run};
}

}  // namespace harmonium
