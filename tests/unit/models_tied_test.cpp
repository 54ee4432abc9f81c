// Tied starts of other kinds than Bernoulli: the distribution below is kept, or the start is refused.
#include <gtest/gtest.h>

#include <cmath>

#include "harmonium/base/error.h"
#include "harmonium/models/deep_belief_net.h"
#include "unit/reference_rbm.h"

namespace harmonium {
namespace {

Rbm random_rbm(const LayerSpec& visible, const LayerSpec& hidden, std::uint64_t seed) {
  Rbm rbm(visible, hidden);
  initialise_weights(rbm, 0.6f, 0.2f, seed, 0);
  const Noise noise(seed, Stream::kSynthetic, 0);
  std::uint32_t n = 0;
  for (float& b : rbm.visible.bias) b = 0.5f * noise.normal(0, n++);
  for (float& z : rbm.visible.log_variance) z = 0.5f * noise.normal(1, n++);
  return rbm;
}

// log p(layer below = h) in the RBM above must be what the RBM below gives to h as its hidden layer.
void expect_same_middle_layer(const Rbm& below, const Rbm& above, const char* what, double most = 1e-5) {
  const Rbm turned = mirrored(below);
  const reference::Model a(turned.visible.spec, turned.hidden.spec), b(above.visible.spec, above.hidden.spec);
  const reference::Parameters pa(turned), pb(above);
  const double za = a.log_z(pa), zb = b.log_z(pb);
  for (const auto& h : a.visible_states().values)
    EXPECT_NEAR(a.log_unnormalised(pa, h) - za, b.log_unnormalised(pb, h) - zb, most) << what;
}

TEST(TiedStartOfKinds, KeepsTheDistribution) {
  for (const char* layers :
       {"3-2-3", "3-2-5", "gaussian(learned) 2-3-gaussian(learned) 2", "gaussian 1-2-gaussian 2",
        "binomial(3) 2-2-binomial(3) 2", "stepped(3) 1-2-stepped(3) 2", "softmax(3) 1-2-softmax(3) 2",
        "multinomial(3) 3-2-multinomial(3) 3", "poisson 1-2-poisson 2",
        "2 + softmax 3-binomial(2) 2-2 + softmax 3", "2 + softmax 3-2-2 + softmax 3 + poisson 1"}) {
    DeepBeliefNet net = make_net(parse_layers(layers), false);
    net.rbms[0] = random_rbm(net.rbms[0].visible.spec, net.rbms[0].hidden.spec, 5);
    net.rbms[1] = random_rbm(net.rbms[1].visible.spec, net.rbms[1].hidden.spec, 6);  // to be overwritten
    start_tied(net.rbms[0], net.rbms[1]);
    expect_same_middle_layer(net.rbms[0], net.rbms[1], layers);
  }
}

// A unit variance cannot hold a learned one; further words of a document would take from the others.
TEST(TiedStartOfKinds, IsRefusedWhereTheCopyWouldBeAnother) {
  for (const char* layers :
       {"gaussian(learned) 2-3-gaussian 2", "multinomial(3) 3-2-multinomial(3) 4",
        "binomial(3) 2-2-binomial(4) 2", "2 + softmax 3-2-softmax 3 + 2", "softmax(3) 2-2-softmax(3) 1"}) {
    DeepBeliefNet net = make_net(parse_layers(layers), false);
    EXPECT_THROW(start_tied(net.rbms[0], net.rbms[1]), InputError) << layers;
  }
}

// A copy of fixed variances goes into learned ones: they start at 1.
TEST(TiedStartOfKinds, OfUnitVariancesFillsLearnedOnes) {
  DeepBeliefNet net = make_net(parse_layers("gaussian 2-3-gaussian(learned) 3"), false);
  net.rbms[0] = random_rbm(net.rbms[0].visible.spec, net.rbms[0].hidden.spec, 5);
  for (float& z : net.rbms[1].hidden.log_variance) z = 0.7f;
  start_tied(net.rbms[0], net.rbms[1]);
  for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(net.rbms[1].hidden.log_variance[i], 0.0f);
}

// Surplus units get weights of their own, and log p moves by a second order of these alone.
TEST(TiedStartOfKinds, WakesSurplusUnitsWithoutMovingTheDistribution) {
  for (const char* layers : {"3-2-12", "3-2-3 + binomial(3) 2", "gaussian 1-2-gaussian 2",
                             "2 + softmax 3-binomial(2) 2-2 + softmax 3 + 6"}) {
    DeepBeliefNet net = make_net(parse_layers(layers), false);
    net.rbms[0] = random_rbm(net.rbms[0].visible.spec, net.rbms[0].hidden.spec, 5);
    Rbm random(net.rbms[1].visible.spec, net.rbms[1].hidden.spec), &above = net.rbms[1];
    initialise_weights(random, 0.05f, 0.0f, 7, 1);
    start_tied(net.rbms[0], above);
    const std::size_t first = net.rbms[0].visible_columns();
    const std::vector<double> codes(above.visible_columns(), 0.4);
    wake_surplus_units(random, first, codes, above);
    // Each has a gradient of its own now: its total input is 0 at the codes, and others elsewhere.
    for (std::size_t j = first; j < above.hidden_columns(); ++j) {
      double input = above.hidden.bias[j];
      for (std::size_t i = 0; i < codes.size(); ++i) input += codes[i] * above.weights(i, j);
      EXPECT_NEAR(input, 0.0, 1e-6) << layers;
      EXPECT_EQ(above.weights(0, j), random.weights(0, j)) << layers;
    }
    expect_same_middle_layer(net.rbms[0], above, layers, 0.01);
  }
}

// Where there are label units beside the layer below the top, the tied part has the distribution below and
// labels stand by themselves.
TEST(TiedStartOfKinds, LeavesLabelUnitsAlone) {
  DeepBeliefNet net = make_net(parse_layers("3-2 + softmax 3-4"), true);
  net.rbms[0] = random_rbm(net.rbms[0].visible.spec, net.rbms[0].hidden.spec, 5);
  net.rbms[1].visible.bias[3] = 1.5f;
  start_tied(net.rbms[0], net.rbms[1]);
  EXPECT_EQ(net.rbms[1].visible.bias[3], 1.5f);
  const Rbm turned = mirrored(net.rbms[0]);
  const reference::Model a(turned.visible.spec, turned.hidden.spec),
      b(net.rbms[1].visible.spec, net.rbms[1].hidden.spec);
  const reference::Parameters pa(turned), pb(net.rbms[1]);
  const double za = a.log_z(pa), zb = b.log_z(pb), labels = std::log(2 + std::exp(1.5));
  for (const auto& v : b.visible_states().values) {
    const double label = v[3] == 1 ? 1.5 - labels : -labels;
    EXPECT_NEAR(b.log_unnormalised(pb, v) - zb, a.log_unnormalised(pa, {v[0], v[1]}) - za + label, 1e-5);
  }
}

}  // namespace
}  // namespace harmonium
