// Annealed importance sampling: an estimate of log Z where it cannot be summed (Neal 2001; Salakhutdinov &
// Murray 2008).
//
// Independent runs start from samples of a base model (the data's marginals, no interaction) and are carried
// to the model through many temperatures; each leaves a weight, and Z_model / Z_base is the weights' mean.
// The estimate of Z is unbiased, so that of log Z is too low on average: likelihoods come out too high where
// the runs are too few, too fast, or miss a mode. No error bar
// sees a mode that no run found; annealing in reverse (measure/raise.h) can.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "harmonium/measure/annealing_schedule.h"
#include "harmonium/models/rbm.h"

namespace harmonium {

struct AnnealingOptions {
  std::size_t runs = 100;            ///< independent runs
  std::size_t temperatures = 10000;  ///< steps of the standard schedule
  std::vector<float> schedule = {};  ///< inverse temperatures from 0 to 1, in place of the standard ones
  std::uint64_t seed = 1;
  std::function<void(double)> progress = {};  ///< told the fraction done
};

struct AnnealedLogZ {
  double log_z = 0;
  /// log Z with the mean weight one standard error lower and higher; the lower is -infinity where the error
  /// exceeds the mean.
  double low = 0, high = 0;
  /// 95 % interval of log Z: that of the mean weight by the central limit theorem, with the weights' skewness
  /// transformed away (Hall 1992, "On the removal of skewness by transformation", the cubic one), because
  /// weights are skewed and the usual interval lies too low at both ends.
  double interval_low = 0, interval_high = 0;
  /// (sum w)^2 / sum w^2, of `runs`: below a tenth of them the estimate is not to be believed.
  double effective_runs = 0;
  std::vector<double> log_weights;  ///< one a run, base included
};

/// The estimate from the runs' log-weights. At least one.
AnnealedLogZ summarise_log_weights(std::vector<double> log_weights);

/// `base_visible_bias`: biases of the base model, from the data's means (base_rate_bias). Throws InputError
/// where a layer has no energy, or documents have no length of their own, and for a schedule that does not
/// ascend from 0 to 1.
AnnealedLogZ annealed_log_z(const Rbm& rbm, std::span<const float> base_visible_bias,
                            const AnnealingOptions& options, ThreadTeam& team);

}  // namespace harmonium
