// The average of parameters over the last epochs: better than any single iterate while the rate is not zero
// (Polyak & Juditsky 1992), and what is evaluated and saved.
#pragma once

#include <string>
#include <vector>

#include "harmonium/base/matrix.h"
#include "harmonium/base/threads.h"
#include "harmonium/models/parameters.h"

namespace harmonium {

class ParameterAverage {
 public:
  /// Follows `parameters` with a memory of `window` updates: after n updates the average moves by
  /// 1 / min(n, window) of the way to the new values, so that early values are forgotten.
  ParameterAverage(ParameterList parameters, std::uint64_t window);

  /// To be called after every update.
  void follow(ThreadTeam& team);
  /// The averaged values under the parameters' names.
  const ParameterList& values() const { return average_; }
  std::uint64_t updates() const { return updates_; }
  /// For a checkpoint that has written back `values`.
  void restore(std::uint64_t updates) { updates_ = updates; }

 private:
  ParameterList parameters_, average_;
  std::vector<AlignedVector<float>> storage_;
  std::uint64_t window_, updates_ = 0;
};

}  // namespace harmonium
