// Imputation: the unknown part of cases filled in by chains in which the known part is held.
#pragma once

#include <cstdint>
#include <functional>

#include "harmonium/models/deep_belief_net.h"

namespace harmonium {

struct ImputeOptions {
  std::uint64_t steps = 200;    ///< of a chain, for each case and completion
  std::uint64_t burn_in = 100;  ///< steps at the beginning that do not enter the mean
  std::size_t completions = 0;  ///< chains a case, each giving what it ends with; 0: one, and its mean
  bool samples = false;         ///< completions are sampled values in place of the means behind them
  std::uint64_t seed = 1;
  std::function<void(double)> progress = {};  ///< told the fraction of steps done
};

/// `cases` (B x V) with every missing value (NaN) filled in; known values stay as they are.
///
/// With `completions` = 0, B rows: what was missing is the mean over the steps after `burn_in` of the
/// conditional means, an estimate of E[v_unknown | v_known] whose variance is smaller than that of samples.
/// Else B * completions rows, those of a case one after the other: each is the end of a chain of its own.
///
/// For an RBM each step samples the hidden layer given the visible one, then the unknown visible units given
/// the hidden ones; this chain has the conditional distribution p(v_unknown | v_known) of the model. For a
/// net of more layers each step is an up-pass of samples from the completed case, one Gibbs step in the top
/// RBM (whose label units, where there are some, go on from step to step) and a down-pass of samples, of
/// which the unknown units are kept. The up-pass is the recognition model, which only approximates the
/// posterior of the generative one, so the chain's distribution is an approximation too, and what is known
/// acts through the visible layer alone.
///
/// Random numbers follow the case's row and completion: the same bits for any number of threads. Throws
/// InputError where cases have other columns than the net, where steps <= burn_in, and for visible documents
/// of open length.
Matrix<float> impute(const DeepBeliefNet& net, ConstMatrixView<float> cases, const ImputeOptions& options,
                     ThreadTeam& team);

}  // namespace harmonium
