// log Z of an RBM that stands for a larger model: the top of a net, the fold of a deep Boltzmann machine.
#pragma once

#include <optional>
#include <string>

#include "harmonium/measure/raise.h"
#include "harmonium/recipe/measures.h"

namespace harmonium {

/// The value, its standard error (0 where it is a sum), and how it was had.
struct LogZ {
  double value = 0, error = 0;
  std::string how;
  std::optional<double> effective_runs;  ///< of annealing, of so many
  std::size_t runs = 0;
  /// How much lower log-probabilities, and so how much higher log Z, may be by RAISE, of so many states of
  /// the visible layer; none where log Z is a sum or measure.raise_cases is 0.
  std::optional<LikelihoodBracket> bracket;
  std::size_t bracket_states = 0;
};

/// Summed where measure.likelihood says so, or is "auto" and the sum is short; else annealed from the base
/// rates of `visible`, states of the RBM's visible layer, and bracketed by RAISE from the first of them, with
/// warnings where few runs count or the two sides are far apart. `which` names the RBM to people ("top RBM").
LogZ log_z_of(const Rbm& rbm, const std::string& which, ConstMatrixView<float> visible, const Recipe& recipe,
              ThreadTeam& team, Reporter& reporter, MeasureResult& result);

/// The measurements "log_z", of the RBM that `of` names where that is not empty ("top RBM"), and, where it
/// was annealed, "log_z_effective_runs".
void add_log_z(const LogZ& z, const std::string& of, MeasureResult& result);

/// The width of the bracket on log-probabilities that rest on `z`, as the measurement `name`; nothing where
/// there is none.
void add_bracket(const std::string& name, const LogZ& z, MeasureResult& result);

/// The measurement with the standard error of log Z beside its own.
Measurement with_error_of(Measurement m, double error);

}  // namespace harmonium
