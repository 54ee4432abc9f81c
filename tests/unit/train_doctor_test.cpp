// The doctor: a healthy run gets no sentence, each sign gets one that names the key to change.
#include <gtest/gtest.h>

#include <cmath>

#include "harmonium/train/doctor.h"
#include "unit/rbm_cases.h"

namespace harmonium {
namespace {

Rbm with_weights(const char* visible, const char* hidden, std::vector<float> weights) {
  Rbm rbm(parse_layer(visible), parse_layer(hidden));
  std::copy(weights.begin(), weights.end(), rbm.weights.data());
  return rbm;
}
bool normalises(const Rbm& rbm) {
  return find_normalisation_fault(rbm).empty();
}

// The largest singular value decides, whatever the signs of its vector.
TEST(Normalisation, OfGaussianWithGaussianUnitsFollowsTheSingularValue) {
  EXPECT_FALSE(normalises(with_weights("gaussian 1", "gaussian 2", {1.2f, -1.2f})));
  EXPECT_TRUE(normalises(with_weights("gaussian 1", "gaussian 2", {0.7f, -0.7f})));
  EXPECT_FALSE(normalises(with_weights("gaussian 2", "gaussian 2", {0.6f, -0.6f, -0.6f, 0.6f})));
  EXPECT_TRUE(normalises(with_weights("gaussian 2", "gaussian 2", {0.45f, -0.45f, -0.45f, 0.45f})));
  EXPECT_TRUE(normalises(with_weights("gaussian 2", "gaussian(learned) 2", {0, 0, 0, 0})));
}

// Weights to a bounded unit may be as large as they like.
TEST(Normalisation, OfMixedLayersLooksAtTheUnboundedUnitsAlone) {
  EXPECT_TRUE(normalises(with_weights("1 + gaussian 1", "1 + gaussian 1", {5, 5, 5, 0.5f})));
  EXPECT_FALSE(normalises(with_weights("1 + gaussian 1", "1 + gaussian 1", {5, 5, 5, -1.5f})));
  EXPECT_TRUE(normalises(with_weights("poisson 1 + 1", "poisson 1 + 1", {-0.5f, 2, 2, 2})));
  EXPECT_FALSE(normalises(with_weights("poisson 1 + 1", "poisson 1 + 1", {0.5f, 0, 0, 0})));
}

TEST(Normalisation, OfGaussianWithPoissonUnitsNeedsZeroWeights) {
  EXPECT_FALSE(normalises(with_weights("gaussian 1", "poisson 1", {-0.1f})));
  EXPECT_TRUE(normalises(with_weights("1 + softmax 3", "gaussian 1", {3, 3, 3, 3})));
}

TEST(Numbers, ThatAreNotFiniteNameTheirTensor) {
  Rbm rbm = worked_rbm();
  EXPECT_EQ(find_number_fault(rbm.parameters("layers.0")), "");
  rbm.hidden.bias[1] = INFINITY;
  EXPECT_NE(find_number_fault(rbm.parameters("layers.0")).find("layers.0.hidden_bias"), std::string::npos);
  EXPECT_NE(find_number_fault(rbm.parameters("layers.0")).find("lower train.rate"), std::string::npos);
  EXPECT_NE(find_number_fault(rbm.parameters("layers.0"), "joint").find("lower joint.rate"),
            std::string::npos);
}

// One sign at a time in the measures of an otherwise healthy epoch.
TEST(Diagnosis, NamesWhatToChange) {
  const Measures healthy = {
      {"update_ratio", 1e-3},           {"weight_deviation", 0.1},   {"hidden_always_off", 0.0},
      {"hidden_always_on", 0.0},        {"free_energy_gap", 1.0},    {"free_energy_train", -50.0},
      {"free_energy_fantasies", -51.0}, {"free_energy_spread", 5.0}, {"chain_moved", 0.1},
      {"exchange_rate_least", 0.3},     {"log_likelihood", -80.0}};
  DoctorMemory memory;
  memory.follow({{1, 1, healthy, {}}, {0, 1, {{"log_likelihood", -1.0}}, {}}, {1, 2, healthy, {}}}, 1);
  EXPECT_EQ(memory.best_log_likelihood, -80.0);
  EXPECT_TRUE(diagnose(healthy, memory, {}).empty());
  EXPECT_TRUE(diagnose({}, {}, {}).empty());

  struct Sign {
    const char* measure;
    double value;
    const char* key;
  };
  for (const auto& [measure, value, key] :
       {Sign{"update_ratio", 0.1, "train.rate"}, Sign{"update_ratio", 1e-8, "train.rate"},
        Sign{"hidden_always_off", 0.5, "train.sparsity_cost"},
        Sign{"hidden_always_on", 0.5, "train.centring"}, Sign{"free_energy_gap", 20.0, "train.l2"},
        Sign{"chain_moved", 1e-4, "train.steps"}, Sign{"free_energy_fantasies", -200.0, "tempering"},
        Sign{"exchange_rate_least", 0.001, "train.temperatures"},
        Sign{"log_likelihood", -90.0, "train.rate_schedule"}}) {
    Measures now = healthy;
    now[measure] = value;
    const auto sentences = diagnose(now, memory, {});
    ASSERT_EQ(sentences.size(), 1u) << measure;
    EXPECT_NE(sentences[0].find(key), std::string::npos) << sentences[0];
    // The same keys in another table.
    TrainOptions joint;
    joint.table = "joint";
    const std::string there = diagnose(now, memory, joint).at(0);
    EXPECT_EQ(there.find("train."), std::string::npos) << there;
    EXPECT_NE(there.find("joint."), std::string::npos) << there;
  }
}

TEST(Options, NameTheirTable) {
  TrainOptions options;
  options.l2 = -1;
  EXPECT_EQ(find_option_fault(options), "train.l2 = -1 is out of range; it must be zero or more.");
  options.table = "joint";
  EXPECT_EQ(find_option_fault(options), "joint.l2 = -1 is out of range; it must be zero or more.");
}

}  // namespace
}  // namespace harmonium
