// The likelihood of what is more than one RBM: a stack, or an RBM with label units
// (measure/net_likelihood.h).
#pragma once

#include <string>

#include "harmonium/recipe/measures.h"

namespace harmonium {

/// True where log p(v) is not that of an RBM of v alone, so that this file measures it.
bool is_net(const DeepBeliefNet& net);

/// Why the likelihood that [measure] demands cannot be had of such a net on these data, as a sentence; empty
/// where it can, or where none is demanded. Parameters do not matter.
std::string find_net_measure_fault(const Recipe& recipe, const RecipeData& data, const DeepBeliefNet& net,
                                   ThreadTeam& team);

/// Adds for the first cases of what is judged, named PREFIX:
/// "PREFIX_log_probability_bound", "PREFIX_log_probability" and "PREFIX_effective_samples", "log_z" of the
/// top RBM, and of the RBM at the bottom "PREFIX_first_rbm_log_likelihood" and "PREFIX_bound_gain", the bound
/// minus that (0 just after a tied start). Standard errors are over cases and of log Z together. Nothing
/// where measure.likelihood is "none", or "auto" and the net is neither tiny nor measure.net_cases given.
void measure_net(const Recipe& recipe, const RecipeData& data, const DeepBeliefNet& net,
                 const std::string& prefix, ThreadTeam& team, Reporter& reporter, MeasureResult& result);

}  // namespace harmonium
