// Documents of different lengths (replicated softmax whose length comes with the case): each length is a
// model of its own, with the hidden biases times the length, and all share their parameters.
#include <gtest/gtest.h>

#include <cmath>

#include "unit/gradients.h"
#include "unit/reference_rbm.h"

namespace harmonium {
namespace {

// The documents: counts of three words.
const std::vector<std::vector<double>> kDocuments = {{1, 0, 0}, {0, 2, 1}, {2, 0, 2}, {1, 1, 1}};

// Mean over the documents of log p(v | its length), in double precision.
double log_likelihood(const reference::Parameters& p, const char* hidden) {
  double sum = 0;
  for (const auto& v : kDocuments) {
    const double length = v[0] + v[1] + v[2];
    const reference::Model model(
        parse_layer("multinomial(" + std::to_string(static_cast<int>(length)) + ") 3"), parse_layer(hidden));
    reference::Parameters scaled = p;
    for (double& b : scaled.hidden_bias) b *= length;
    sum += model.log_likelihood(scaled, {v}, {1.0});
  }
  return sum / static_cast<double>(kDocuments.size());
}

class Documents : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(HiddenKinds, Documents,
                         testing::Values("2", "gaussian 1", "gaussian(learned) 1", "binomial(2) 1",
                                         "softmax 3"));

TEST_P(Documents, GiveTheGradientOfTheirOwnLengths) {
  Rbm rbm(parse_layer("multinomial 3"), parse_layer(GetParam()));
  initialise_weights(rbm, 0.4f, 0.15f, 3, 0);
  rbm.visible.bias = {0.3f, 0.0f, -0.6f};
  for (float& z : rbm.hidden.log_variance) z = 0.4f;
  Matrix<float> cases(kDocuments.size(), 3);
  for (std::size_t r = 0; r < cases.rows(); ++r)
    std::copy(kDocuments[r].begin(), kDocuments[r].end(), cases.row(r).begin());

  reference::Parameters p(rbm);
  std::vector<double> truth;
  for (auto* list : {&p.weights, &p.visible_bias, &p.hidden_bias, &p.hidden_log_variance})
    for (double& x : *list) {
      const double at = x;
      x = at + 1e-4;
      const double up = log_likelihood(p, GetParam());
      x = at - 1e-4;
      truth.push_back((up - log_likelihood(p, GetParam())) / 2e-4);
      x = at;
    }

  constexpr std::size_t kSeeds = 30;
  TrainOptions options;
  options.steps = 30.0;
  const auto many = repeated(cases, 100);
  std::vector<double> sum(truth.size(), 0.0), square(truth.size(), 0.0);
  for (options.seed = 1; options.seed <= kSeeds; ++options.seed) {
    const auto one = flat(gradient_of(rbm, options, many));
    ASSERT_EQ(one.size(), truth.size());
    for (std::size_t i = 0; i < one.size(); ++i) sum[i] += one[i], square[i] += one[i] * one[i];
  }
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const double mean = sum[i] / kSeeds, error = std::sqrt((square[i] / kSeeds - mean * mean) / (kSeeds - 1));
    EXPECT_NEAR(mean, truth[i], 4.5 * error + 1e-4) << "parameter " << i;
  }
}

}  // namespace
}  // namespace harmonium
