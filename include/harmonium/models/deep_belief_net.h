// The deep belief net: a stack of RBMs learned one at a time (Hinton, Osindero & Teh 2006).
//
// The top RBM stays undirected, an associative memory; below it each RBM keeps only its top-down half as the
// generative model p(layer below | layer above), and its bottom-up half as the recognition model. Where there
// are labels, they are a softmax group at the end of the top RBM's visible layer. A single RBM is the stack
// of height one.
//
// Layers are numbered from the data: layer 0 is visible, layer `depth()` is the top. RBM number n joins
// layers n and n + 1.
#pragma once

#include <vector>

#include "harmonium/models/rbm.h"

namespace harmonium {

struct DeepBeliefNet {
  std::vector<Rbm> rbms;
  /// After untying, for each RBM below the top: its weights and hidden biases take a layer up to the next
  /// one, and rbms[n] then only generates. Empty while both directions share their weights.
  std::vector<Rbm> recognition;
  /// Label columns at the end of the top RBM's visible layer; 0 where there are none.
  std::size_t label_columns = 0;

  std::size_t depth() const { return rbms.size(); }
  const Rbm& top() const { return rbms.back(); }
  Rbm& top() { return rbms.back(); }
  bool is_untied() const { return !recognition.empty(); }
  /// The RBM whose weights and hidden biases take layer `n` up to layer `n + 1`.
  const Rbm& upward(std::size_t n) const { return n < recognition.size() ? recognition[n] : rbms[n]; }
  /// Columns of layer `layer` without label columns.
  std::size_t columns(std::size_t layer) const;
  const Layer& layer(std::size_t layer) const;
  /// In the grammar of units/layer.h: "784-500-500 + softmax 10-2000".
  std::vector<LayerSpec> layers() const;
  /// "layers.N.weights" and so on, from the data upwards. After untying, below the top:
  /// "layers.N.generative_weights", "layers.N.generative_bias" (of layer N) and
  /// "layers.N.recognition_weights", "layers.N.recognition_bias" (of layer N + 1), both weights V x H;
  /// log-variances where they are learned: "layers.N.generative_log_variance" of layer N, and as recognition
  /// sees the two layers, "layers.N.recognition_visible_log_variance", "layers.N.recognition_log_variance".
  ParameterList parameters();
};

/// Gives every RBM below the top recognition weights of its own, which start as copies of the generative ones
/// (Hinton, Osindero & Teh 2006, section 5). Does nothing to a net that is untied already, or has one RBM.
void untie(DeepBeliefNet& net);

/// A net with all parameters zero. With `labels`, the last group of the layer below the top must be a softmax
/// group; its columns are the labels. Throws InputError for fewer than two layers, for an unresolved "data"
/// layer, or where labels are asked for and there is no such group.
DeepBeliefNet make_net(const std::vector<LayerSpec>& layers, bool labels);

/// Do these layers name label units: a softmax group joined to the layer below the top, beside other groups,
/// in a stack of at least two RBMs, or (for one RBM) beside a visible layer of `data_columns`?
bool names_label_units(const std::vector<LayerSpec>& layers, std::size_t data_columns);

/// What is handed from layer to layer in a pass.
enum class States { kMeans, kSamples };

/// From values of layer `from` (B x its columns) up to layer `to`. On the way through the top RBM label
/// columns may be given; where they are not, every class counts alike. With kSamples every layer is sampled,
/// the last one too. Row r uses the random numbers of `cases[r]`, or of r where `cases` is empty. `packed`:
/// the weights that lead upwards from layer 0 on in f32, for whoever passes a few rows again and again.
Matrix<float> up_pass(const DeepBeliefNet& net, std::size_t from, std::size_t to,
                      ConstMatrixView<float> values, States states, const Noise& noise,
                      std::span<const std::uint64_t> cases, ThreadTeam& team,
                      std::span<const PackedWeights> packed = {});

/// From values of layer `from` down to layer `to`, likewise; what arrives at `to` is a mean in either case.
/// Documents are given the lengths in `lengths` where the visible layer is multinomial of open length.
Matrix<float> down_pass(const DeepBeliefNet& net, std::size_t from, std::size_t to,
                        ConstMatrixView<float> values, States states, const Noise& noise,
                        std::span<const std::uint64_t> cases, ThreadTeam& team,
                        std::span<const float> lengths = {});

/// Starts `above` as the RBM below turned over: weights transposed, visible biases from the hidden ones
/// below, hidden biases from the visible ones below, surplus units at zero weights. With this start the stack
/// has exactly the distribution of the RBM below, and learning `above` can only raise the bound on the
/// likelihood (Hinton, Osindero & Teh 2006, section 4). Throws InputError where the hidden layer of `above`
/// is too small or of another kind to hold the copy.
void start_tied(const Rbm& below, Rbm& above);

/// Gives the hidden units of `above` from number `first` on, which start_tied left without weights, those of
/// `random`. As long as all their weights are zero they are one unit many times over: their gradients are
/// the same, so they stay the same, and together they move as fast as there are many. Their biases put their
/// total inputs at 0 where the visible units have the values `codes` (V, the mean of what is learned from),
/// and visible biases take back what they add on average, so that of the distribution only a second order of
/// their weights changes.
void wake_surplus_units(const Rbm& random, std::size_t first, std::span<const double> codes, Rbm& above);

}  // namespace harmonium
