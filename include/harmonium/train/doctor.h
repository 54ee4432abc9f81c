// The doctor: a few cheap signs that learning goes wrong, each a sentence that says what is seen and what to
// change. Learning must not fail in silence.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harmonium/models/model_file.h"
#include "harmonium/models/rbm.h"
#include "harmonium/train/learner.h"
#include "harmonium/train/options.h"

namespace harmonium {

/// What the doctor remembers of earlier epochs of the same stage.
struct DoctorMemory {
  std::optional<Measures> before;             ///< of the last epoch measured
  std::optional<double> best_log_likelihood;  ///< so far

  /// Takes in the records of `layer` that `history` has got since it was followed last, so that a long
  /// history is not read again after each epoch. Another layer begins anew.
  void follow(const std::vector<HistoryRecord>& history, std::size_t layer);

 private:
  std::size_t layer_ = 0, seen_ = 0;
};

/// Sentences for what the measures of an epoch show (empty: healthy). Signs: updates far from 1e-3 of the
/// weights (Hinton 2010, section 7); hidden units that are always off or always on; a growing free-energy gap
/// between held-out and training cases (section 6: overfitting); persistent chains that do not move, or whose
/// free energy has left the data's; a likelihood that fell.
std::vector<std::string> diagnose(const Measures& now, const DoctorMemory& memory,
                                  const TrainOptions& options);

/// A sentence where exp(-E) has lost its finite sum: Gaussian with Gaussian units whose largest singular
/// value reached 1, Poisson with Poisson units with a positive weight; empty elsewhere.
std::string find_normalisation_fault(const Rbm& rbm);

/// A sentence where a parameter is not a finite number, naming the tensor and the rate of
/// `table`; empty where all are.
std::string find_number_fault(const ParameterList& parameters, const std::string& table = "train");

}  // namespace harmonium
