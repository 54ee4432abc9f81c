// The feed-forward net: a layer's outputs are a function of its total inputs, which are the outputs of the
// layer below times weights, plus biases.
//
//   y_0 = x,    y_{n+1} = f_n(y_n W_n + b_n)
//
// It starts at random or as the recognition half of a deep belief net; train/network_learner.h learns it.
// Use it to classify or encode; it has no density, for that take an Rbm or a DeepBeliefNet.
//
// Shapes: B cases; weights of a layer V x H, as in an RBM.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "harmonium/base/matrix.h"
#include "harmonium/base/threads.h"
#include "harmonium/models/deep_belief_net.h"
#include "harmonium/models/parameters.h"

namespace harmonium {

/// What a layer makes of its total input x.
enum class Activation {
  kLinear,     ///< x
  kLogistic,   ///< 1 / (1 + exp(-x))
  kRectified,  ///< max(0, x), without the noise of rectified units of an RBM
  kTanh,       ///< tanh(x)
  kSoftmax,    ///< exp(x_j) / sum over k of exp(x_k): probabilities of classes
};
/// Name as in the text of a net: "linear", "logistic", "rectified", "tanh", "softmax".
std::string_view activation_name(Activation activation);

/// What a net is for, and so what its outputs are compared with.
enum class NetworkTask {
  kClassify,     ///< "classify": the labels; the last layer is a softmax of the classes
  kReconstruct,  ///< "reconstruct": the inputs; an autoencoder, whose code is the layer in the middle
};
std::string_view task_name(NetworkTask task);

struct NetworkLayer {
  Activation activation = Activation::kLogistic;
  Matrix<float> weights;      ///< V x H
  AlignedVector<float> bias;  ///< H
};

/// The parameters of a net. A plain value.
struct Network {
  std::vector<NetworkLayer> layers;  ///< from the inputs up; at least one

  std::size_t inputs() const { return layers.front().weights.rows(); }
  std::size_t outputs() const { return layers.back().bias.size(); }
  /// "784 - rectified 800 - rectified 800 - softmax 10".
  std::string to_string() const;
  /// "layers.N.weights", "layers.N.bias", from the inputs up.
  ParameterList parameters();
};

/// A net with all parameters zero from text as above; a size without a name is a logistic layer. Throws
/// InputError with the offending part.
Network make_network(std::string_view text);

/// Weights N(0, 2 / V) into rectified layers (He, Zhang, Ren & Sun 2015), N(0, 2 / (V + H)) into others
/// (Glorot & Bengio 2010); biases zero. Numbers of (seed, layer). Layers below `first` (counted from 0) stay
/// as they are.
void start_at_random(Network& network, std::uint64_t seed, std::size_t first = 0);

/// The recognition half of a net: what `up_pass` computes by means, labels unknown. Layers to be
/// learned on top, such as a softmax, are added by the caller. Throws InputError where a layer has other
/// units than Bernoulli ones (logistic), noisy rectified ones (rectified, without the noise) or Gaussian ones
/// of fixed variance (linear).
Network recognition_network(const DeepBeliefNet& net);

/// An autoencoder: the net unrolled (Hinton & Salakhutdinov 2006), its layers going up and then, with
/// the generative weights, down again. Its code is layer net.depth(). Throws InputError as
/// recognition_network, for label units, and where the data are of a kind that no layer's outputs are.
Network unrolled_network(const DeepBeliefNet& net);

/// y = f(x + b) in place, where `totals` (B x H) are the products with the weights.
void activate(const NetworkLayer& layer, MatrixView<float> totals);

/// Outputs of layer `layers` (1 to all of them) for each row of `inputs` (B x inputs). The same bits for any
/// number of threads.
Matrix<float> forward(const Network& network, ConstMatrixView<float> inputs, std::size_t layers,
                      ThreadTeam& team);
/// Outputs of layer `last` where those of layer `first` (0 is the inputs) are `values`.
Matrix<float> forward(const Network& network, ConstMatrixView<float> values, std::size_t first,
                      std::size_t last, ThreadTeam& team);
/// Outputs of the last layer.
Matrix<float> forward(const Network& network, ConstMatrixView<float> inputs, ThreadTeam& team);

/// The number of the largest output of each row: the class where the outputs are those of a softmax.
std::vector<std::int32_t> likeliest_classes(ConstMatrixView<float> outputs);
/// That of each case.
std::vector<std::int32_t> classify(const Network& network, ConstMatrixView<float> inputs, ThreadTeam& team);

}  // namespace harmonium
