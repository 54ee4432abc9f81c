// All that can be chosen about how a feed-forward net is learned, beside the schedules of the loop.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "harmonium/models/network.h"

namespace harmonium {

/// What a learner of a net needs beside the schedules of the loop.
struct NetworkOptions {
  NetworkTask task = NetworkTask::kClassify;  ///< the targets: labels, or the inputs before dropout
  double input_dropout = 0.0;   ///< probability with which an input is left out of an update, in [0, 1)
  double hidden_dropout = 0.0;  ///< likewise of a hidden unit
  double l2 = 0.0;              ///< weight cost l2 * w on weights, not on biases
  double norm_limit = 0.0;      ///< longest column of weights into a unit; 0 is no limit
  /// The first so many epochs, in which the output layer learns alone (5 in the Science-2006 code).
  std::size_t output_epochs = 0;
  /// A factor of the rate for each layer, from the inputs up; none: 1 for all.
  std::vector<double> layer_rates = {};
};

/// The first fault of an option's range, as "input_dropout = 1 ..."; empty if none.
std::string find_network_option_fault(const NetworkOptions& options);

}  // namespace harmonium
