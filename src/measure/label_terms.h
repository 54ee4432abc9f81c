// What each label adds to the unnormalised log-probability of a code under the associative memory.
#pragma once

#include <span>
#include <vector>

#include "harmonium/models/deep_belief_net.h"

namespace harmonium {

/// terms[l] = b_l + L_h(input + W_l): the log of the sum over hidden states with label l on, but for the
/// energy of the code itself. `input` is the hidden layer's from the code alone. `memory` is reused from call
/// to call.
void label_terms(const DeepBeliefNet& net, std::span<const float> input, std::span<double> terms,
                 std::vector<float>& memory);

}  // namespace harmonium
