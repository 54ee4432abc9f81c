// What the training loop knows of a model: it takes a batch and improves, and it shows its numbers.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "harmonium/base/matrix.h"
#include "harmonium/base/sparse.h"
#include "harmonium/base/threads.h"
#include "harmonium/models/parameters.h"

namespace harmonium {

/// Some cases to learn from. B may be smaller than the batch size at the end of an epoch: such a batch is
/// used as it is, never padded.
struct Batch {
  MatrixView<float> values;              ///< B x V unit values; the learner may overwrite missing ones (NaN)
  std::span<const std::uint64_t> cases;  ///< their numbers in the data set
  std::span<const float> weights;        ///< one a case, or empty
  SparseRows sparse = {};  ///< B x V in place of `values`, only for a learner that takes_sparse()
  /// Where it is set, values are not there yet: the learner calls it for every block of rows, from any
  /// of its threads, and names where it wants them: rows of `values`, or memory of its own with as many rows
  /// and columns. So a case is fetched where it is learned from.
  std::function<void(std::size_t first, std::size_t count, MatrixView<float> into)> fetch = {};
  /// Class of each case, -1 where it is unknown, or empty where the source has none.
  std::span<const std::int32_t> labels = {};

  bool is_sparse() const { return values.empty() && sparse.rows() > 0; }
  std::size_t rows() const { return is_sparse() ? sparse.rows() : values.rows(); }
};

/// shares[r] = the weight of case r over the sum of all (1 / B where there are none). False, and all 0, where
/// that sum is not above 0: there is nothing to learn from.
bool share_weights(const Batch& batch, std::span<float> shares);

/// Where the run stands.
struct StepInfo {
  std::uint64_t seed = 1;
  std::uint64_t update = 0;  ///< counts updates of this learner from 0
  std::uint64_t epoch = 0;
  double rate = 0, momentum = 0;
  std::uint64_t gibbs_steps = 1;
  bool watch_update = false;  ///< measure the size of this update for the doctor
};

/// Measures by name, in a fixed order: "reconstruction_error", "free_energy_gap", ...
using Measures = std::map<std::string, double>;

class Learner {
 public:
  virtual ~Learner() = default;
  /// One update.
  virtual void step(const Batch& batch, const StepInfo& info, ThreadTeam& team) = 0;
  /// True where a batch may be sparse.
  virtual bool takes_sparse() const { return false; }
  /// What is learned, and averaged.
  virtual ParameterList parameters() = 0;
  /// What a checkpoint needs beside the parameters: velocities, chains, offsets.
  virtual ParameterList state() = 0;
  /// Called when `state` has been read back, before the next step.
  virtual void restored() {}
  /// A tensor of `state` that chains of this learner cannot have brought about, as
  /// "NAME\", row 2, column 5: 7 is ..."; empty where all may be.
  virtual std::string find_state_fault() { return {}; }
};

}  // namespace harmonium
