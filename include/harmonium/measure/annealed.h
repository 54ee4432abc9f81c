// Annealed importance sampling: an estimate of log Z where it cannot be summed (Neal 2001; Salakhutdinov &
// Murray 2008).
//
// Independent runs start from samples of a base model (the data's marginals, no interaction) and are carried
// to the model through many temperatures; each leaves a weight, and Z_model / Z_base is the weights' mean.
// The estimate of Z is unbiased, so that of log Z is too low on average: likelihoods come out too high where
// the runs are too few, too fast, or miss a mode. The error bar cannot see a mode that no run found.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "harmonium/models/rbm.h"

namespace harmonium {

struct AnnealingOptions {
  std::size_t runs = 100;            ///< independent runs
  std::size_t temperatures = 10000;  ///< intermediate distributions
  std::uint64_t seed = 1;
  std::function<void(double)> progress = {};  ///< told the fraction done
};

struct AnnealedLogZ {
  double log_z = 0;
  /// log Z with the mean weight one standard error lower and higher; the lower is -infinity where the error
  /// exceeds the mean.
  double low = 0, high = 0;
  /// (sum w)^2 / sum w^2, of `runs`: below a tenth of them the estimate is not to be believed.
  double effective_runs = 0;
  std::vector<double> log_weights;  ///< one a run, base included
};

/// Inverse temperatures from 0 to 1, denser towards 1: the first 3.4 % of them spread over [0, 0.5], the next
/// 27.6 % over [0.5, 0.9], the rest over [0.9, 1], in proportion as in Salakhutdinov & Murray 2008.
std::vector<float> annealing_schedule(std::size_t temperatures);

/// `base_visible_bias`: biases of the base model, from the data's means (base_rate_bias). Throws InputError
/// where a layer has no energy, or documents have no length of their own.
AnnealedLogZ annealed_log_z(const Rbm& rbm, std::span<const float> base_visible_bias,
                            const AnnealingOptions& options, ThreadTeam& team);

}  // namespace harmonium
