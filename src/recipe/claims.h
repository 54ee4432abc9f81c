// How much memory keys of a recipe ask for, so that what no machine has is refused before hours of learning
// and not after them.
#pragma once

#include <string>
#include <vector>

#include "harmonium/models/deep_belief_net.h"
#include "harmonium/recipe/recipe.h"

namespace harmonium {

/// Memory that is in use at one time, and the keys from which it follows.
struct MemoryClaim {
  std::string keys;  ///< "measure.mixing.chains = 100 and measure.mixing.steps = 1000"
  double bytes = 0;
};

/// Chains of each RBM that is learned (`learned` is the stack of them, one set of options each) and of the
/// joint stage. `net`: the layers of the model itself.
std::vector<MemoryClaim> training_claims(const Recipe& recipe, const DeepBeliefNet& learned,
                                         const DeepBeliefNet& net);
/// Records of chains, and fantasies, of the measures and of the report. `cases`: how many there are to
/// measure.
std::vector<MemoryClaim> measuring_claims(const Recipe& recipe, const DeepBeliefNet& net, std::size_t cases);

/// A sentence naming the keys of the first claim that is larger than `memory`; empty where there is none.
std::string find_claim_fault(const std::vector<MemoryClaim>& claims, double memory);
/// Bytes of this machine's memory.
double machine_memory();

}  // namespace harmonium
