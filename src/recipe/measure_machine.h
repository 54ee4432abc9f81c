// What [measure] asks of a deep Boltzmann machine: reconstructions through mean field, the bound on its
// likelihood, and estimates of that.
#pragma once

#include <string>

#include "harmonium/models/deep_boltzmann_machine.h"
#include "harmonium/recipe/measures.h"
#include "recipe/measured_cases.h"

namespace harmonium {

/// Why a machine of these layers cannot have on these data what [measure] demands, or empty.
std::string find_machine_measure_fault(const Recipe& recipe, const RecipeData& data,
                                       const DeepBoltzmannMachine& machine);

/// "PREFIX_log_probability_bound" of all measured cases with "log_z"; where cases can be summed over, or are
/// asked for by measure.net_cases, "PREFIX_log_probability" of those, beside the bound of the same cases.
void measure_machine(const Recipe& recipe, const RecipeData& data, const DeepBoltzmannMachine& machine,
                     const MeasuredCases& judged, const std::string& prefix, ThreadTeam& team,
                     Reporter& reporter, MeasureResult& result);

}  // namespace harmonium
