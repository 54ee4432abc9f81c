// The feed-forward net: its text, its passes against plain loops, its start from a stack, its file.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "harmonium/base/error.h"
#include "harmonium/io/safetensors.h"
#include "harmonium/models/network_model.h"

namespace harmonium {
namespace {

// x W + b, then f, written as the formula reads.
std::vector<double> plain_layer(const NetworkLayer& layer, const std::vector<double>& x) {
  std::vector<double> y(layer.bias.size());
  double sum = 0;
  for (std::size_t j = 0; j < y.size(); ++j) {
    y[j] = layer.bias[j];
    for (std::size_t i = 0; i < x.size(); ++i) y[j] += x[i] * layer.weights(i, j);
    if (layer.activation == Activation::kLogistic) y[j] = 1 / (1 + std::exp(-y[j]));
    if (layer.activation == Activation::kRectified) y[j] = std::max(0.0, y[j]);
    if (layer.activation == Activation::kTanh) y[j] = std::tanh(y[j]);
    if (layer.activation == Activation::kSoftmax) sum += y[j] = std::exp(y[j]);
  }
  if (layer.activation == Activation::kSoftmax)
    for (double& value : y) value /= sum;
  return y;
}

Network random_network(const char* text, std::uint64_t seed) {
  Network network = make_network(text);
  start_at_random(network, seed);
  const Noise noise(seed, Stream::kSynthetic, 1);
  for (std::size_t n = 0; n < network.layers.size(); ++n)
    for (std::size_t j = 0; j < network.layers[n].bias.size(); ++j)
      network.layers[n].bias[j] = 0.3f * noise.normal(n, static_cast<std::uint32_t>(j));
  return network;
}

Matrix<float> random_cases(std::size_t rows, std::size_t columns) {
  Matrix<float> cases(rows, columns);
  const Noise noise(7, Stream::kSynthetic, 0);
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t i = 0; i < columns; ++i) cases(r, i) = noise.uniform(r, static_cast<std::uint32_t>(i));
  return cases;
}

TEST(NetworkText, RoundTripAndDefaults) {
  EXPECT_EQ(make_network("784 - rectified 8 - softmax 10").to_string(), "784 - rectified 8 - softmax 10");
  EXPECT_EQ(make_network("4-3-linear 2").to_string(), "4 - logistic 3 - linear 2");
  const Network network = make_network("5 - 3 - softmax 2");
  EXPECT_EQ(network.inputs(), 5u);
  EXPECT_EQ(network.outputs(), 2u);
  EXPECT_EQ(network.layers[1].weights.rows(), 3u);
}

TEST(NetworkText, FaultsAreNamed) {
  for (const char* text : {"", "784", "784 -", "784 - rectified 8 -", "softmax 3 - 4", "3 - relu 4", "3 - 0",
                           "3 - 99999999999", "3 - rectified eight", "3 - linear 4 5", "16777216 - 16777216"})
    EXPECT_THROW(make_network(text), InputError) << text;
  try {
    make_network("3 - rectifed 4");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("'rectified'"), std::string::npos) << error.what();
  }
}

TEST(NetworkForward, IsTheFormula) {
  const Network network = random_network("6 - tanh 5 - logistic 7 - linear 4 - softmax 3", 3);
  const Matrix<float> cases = random_cases(300, 6);
  ThreadTeam team(2);
  const Matrix<float> third = forward(network, cases, 3, team), outputs = forward(network, cases, team);
  const auto classes = classify(network, cases, team);
  for (std::size_t r = 0; r < cases.rows(); ++r) {
    std::vector<double> y(cases.row(r).begin(), cases.row(r).end());
    for (std::size_t n = 0; n < 4; ++n) {
      y = plain_layer(network.layers[n], y);
      if (n < 2) continue;
      for (std::size_t j = 0; j < y.size(); ++j) EXPECT_NEAR((n == 2 ? third : outputs)(r, j), y[j], 1e-5);
    }
    EXPECT_EQ(classes[r], std::max_element(y.begin(), y.end()) - y.begin());
  }
}

TEST(NetworkDeterminism, ForwardHasTheSameBitsForAnyNumberOfThreads) {
  const Network network = random_network("20 - rectified 30 - softmax 4", 4);
  const Matrix<float> cases = random_cases(700, 20);
  ThreadTeam one(1), three(3);
  const Matrix<float> a = forward(network, cases, one), b = forward(network, cases, three);
  EXPECT_TRUE(std::equal(a.values().begin(), a.values().end(), b.values().begin()));
}

TEST(NetworkStart, VariancesFollowTheLayer) {
  Network network = make_network("400 - rectified 300 - logistic 200");
  start_at_random(network, 1);
  const double wanted[] = {2.0 / 400, 2.0 / 500};
  for (std::size_t n = 0; n < 2; ++n) {
    double squares = 0;
    for (const float w : network.layers[n].weights.values()) squares += static_cast<double>(w) * w;
    EXPECT_NEAR(squares / static_cast<double>(network.layers[n].weights.size()) / wanted[n], 1.0, 0.03);
  }
}

TEST(NetworkStart, FromAStackIsItsUpPass) {
  DeepBeliefNet net = make_net(parse_layers("6 - 5 + softmax 3 - 4"), true);
  for (std::size_t n = 0; n < net.depth(); ++n) initialise_weights(net.rbms[n], 1.0f, 0.2f, 9, n);
  const Matrix<float> cases = random_cases(50, 6);
  ThreadTeam team(1);
  const Network network = recognition_network(net);
  EXPECT_EQ(network.to_string(), "6 - logistic 5 - logistic 4");
  const Matrix<float> ours = forward(network, cases, team);
  const Matrix<float> theirs =
      up_pass(net, 0, 2, cases, States::kMeans, Noise(1, Stream::kUpPass, 0), {}, team);
  for (std::size_t i = 0; i < ours.size(); ++i) EXPECT_NEAR(ours.data()[i], theirs.data()[i], 1e-5);
}

TEST(NetworkStart, UnitsWithoutAFunctionAreRefused) {
  EXPECT_THROW(recognition_network(make_net(parse_layers("6 - poisson 5"), false)), InputError);
  EXPECT_THROW(recognition_network(make_net(parse_layers("gaussian(learned) 6 - 5"), false)), InputError);
  EXPECT_THROW(recognition_network(make_net(parse_layers("multinomial 6 - 5"), false)), InputError);
  EXPECT_EQ(recognition_network(make_net(parse_layers("gaussian 6 - rectified 5"), false)).to_string(),
            "6 - rectified 5");
  EXPECT_EQ(recognition_network(make_net(parse_layers("gaussian 6 - gaussian 5"), false)).to_string(),
            "6 - linear 5");
}

NetworkModel random_model() {
  NetworkModel model;
  model.network = random_network("6 - rectified 5 - softmax 3", 5);
  model.seed = 7;
  model.classes = {"a", "b", "c"};
  return model;
}

class NetworkFileTest : public ::testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }
  std::filesystem::path path_ = std::filesystem::temp_directory_path() /
                                ("harmonium-network-" + std::to_string(::getpid()) + ".safetensors");
};

TEST_F(NetworkFileTest, RoundTrip) {
  NetworkModel model = random_model();
  save_network_model(path_, model);
  NetworkModel read = load_network_model(path_);
  EXPECT_EQ(read.classes, model.classes);
  EXPECT_EQ(read.seed, model.seed);
  EXPECT_EQ(read.network.to_string(), model.network.to_string());
  const ParameterList a = model.network.parameters(), b = read.network.parameters();
  for (std::size_t t = 0; t < a.size(); ++t)
    EXPECT_TRUE(std::equal(a[t].values.begin(), a[t].values.end(), b[t].values.begin())) << a[t].name;
  EXPECT_TRUE(std::holds_alternative<NetworkModel>(load_any_model(path_)));
}

TEST_F(NetworkFileTest, DamageIsRefused) {
  NetworkModel model = random_model();
  model.network.layers[0].bias[2] = std::nanf("");
  save_network_model(path_, model);
  EXPECT_THROW(load_network_model(path_), InputError);
  model.network.layers[0].bias[2] = 0;
  save_network_model(path_, model);
  const auto size = std::filesystem::file_size(path_);
  std::filesystem::resize_file(path_, size - 4);
  EXPECT_THROW(load_network_model(path_), InputError);
  std::ofstream(path_) << "no net";
  EXPECT_THROW(load_network_model(path_), InputError);
}

TEST_F(NetworkFileTest, ItsTextMustFitItsTensors) {
  save_network_model(path_, random_model());
  TensorFile file = read_safetensors(path_);
  std::string& header = file.metadata.at("harmonium");
  for (const char* text : {"6 - rectified 2000000000 - softmax 3", "6 - rectified 4 - softmax 3", "6", ""}) {
    const std::string own = "6 - rectified 5 - softmax 3", before = header;
    header.replace(header.find(own), own.size(), text);
    write_safetensors(path_, file);
    EXPECT_THROW(load_network_model(path_), InputError) << text;
    header = before;
  }
}

// What version 4 wrote, as a reader in another language computed it.
TEST_F(NetworkFileTest, OfVersionFourKeepsLoading) {
  const NetworkModel model =
      load_network_model(std::filesystem::path(HARMONIUM_TEST_DATA) / "model-v4.safetensors");
  EXPECT_EQ(model.network.to_string(), "3 - rectified 3 - logistic 2 - softmax 2");
  EXPECT_EQ(model.classes, (std::vector<std::string>{"x", "y"}));
  Matrix<float> cases(2, 3);
  cases(0, 0) = cases(0, 2) = cases(1, 1) = 1.0f;
  ThreadTeam team(1);
  const Matrix<float> outputs = forward(model.network, cases, team);
  EXPECT_NEAR(outputs(0, 0), 0.5452930612, 1e-6);
  EXPECT_NEAR(outputs(1, 0), 0.4500269556, 1e-6);
}

TEST_F(NetworkFileTest, AStackAndANetAreToldApart) {
  save_network_model(path_, random_model());
  EXPECT_THROW(load_model(path_), InputError);
  Model stack;
  stack.net = make_net(parse_layers("4 - 3"), false);
  save_model(path_, stack);
  EXPECT_THROW(load_network_model(path_), InputError);
  EXPECT_TRUE(std::holds_alternative<Model>(load_any_model(path_)));
}

}  // namespace
}  // namespace harmonium
