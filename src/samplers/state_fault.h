// What states of chains can be, for files that claim to hold some.
#pragma once

#include <string>

#include "harmonium/units/layer.h"

namespace harmonium {

/// The first value of sampled states (M x columns) that a layer cannot have: "row 2, column 5: 7 is not 0 or
/// 1 (bernoulli)". Empty where there is none. `probabilities`: binary and softmax units may hold some, as
/// where chains start from grey images or from labels that are not known.
std::string find_state_fault(const LayerSpec& spec, ConstMatrixView<float> states,
                             bool probabilities = false);

/// The same of conditional means: counts need not be whole there.
std::string find_mean_fault(const LayerSpec& spec, ConstMatrixView<float> means);

}  // namespace harmonium
