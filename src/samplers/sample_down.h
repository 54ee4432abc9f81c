// A stochastic down-pass to samples of the visible layer.
#pragma once

#include <span>

#include "harmonium/models/deep_belief_net.h"

namespace harmonium {

/// Samples every layer from `from` - 1 down to the visible one, given values of layer `from` (B x its
/// columns): B x V samples, and in `means`, where it is not null, the means that they were drawn from.
/// `lengths` as in down_pass. Row r uses the random numbers of r.
Matrix<float> sample_down(const DeepBeliefNet& net, std::size_t from, ConstMatrixView<float> values,
                          const Noise& noise, ThreadTeam& team, std::span<const float> lengths = {},
                          Matrix<float>* means = nullptr);

}  // namespace harmonium
