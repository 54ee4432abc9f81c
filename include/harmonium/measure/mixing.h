// How fast chains mix: autocorrelation of energies along Gibbs chains.
#pragma once

#include <span>
#include <vector>

#include "harmonium/samplers/gibbs.h"

namespace harmonium {

struct Mixing {
  std::vector<double> autocorrelation;  ///< at lags 0, 1, 2, ... (mean over chains)
  /// Integrated autocorrelation time 1 + 2 sum rho(t), summed up to Sokal's window t >= 5 tau: about so many
  /// steps are worth one independent sample. At least 1.
  double time = 1.0;
  /// True where the window was not reached within the record: the chains mix more slowly than `time` says.
  bool unresolved = false;
};

/// From a record of `steps` x `chains` values (a row a step). Means and variances are taken over all steps
/// and chains, so that chains stuck in different places show as slow mixing.
Mixing autocorrelation_of(ConstMatrixView<double> record, std::size_t longest_lag);

/// Free energies of the visible states of `chains` at each of `steps` further Gibbs steps, and their mixing.
Mixing measure_mixing(const Rbm& rbm, Chains& chains, std::size_t steps, std::uint64_t seed,
                      ThreadTeam& team);

}  // namespace harmonium
