#include "harmonium/measure/mixing.h"

#include <algorithm>
#include <cmath>

namespace harmonium {

Mixing autocorrelation_of(ConstMatrixView<double> record, std::size_t longest_lag) {
  const std::size_t steps = record.rows(), chains = record.cols();
  Mixing result;
  if (steps == 0 || chains == 0) return result;
  longest_lag = std::min(longest_lag, steps - 1);
  double mean = 0, variance = 0;
  const double n = static_cast<double>(steps) * static_cast<double>(chains);
  for (std::size_t t = 0; t < steps; ++t)
    for (std::size_t c = 0; c < chains; ++c) mean += record(t, c) / n;
  for (std::size_t t = 0; t < steps; ++t)
    for (std::size_t c = 0; c < chains; ++c) variance += (record(t, c) - mean) * (record(t, c) - mean) / n;
  result.unresolved = true;
  double sum_of_correlations = 1.0;  // below 1 where chains alternate
  for (std::size_t lag = 0; lag <= longest_lag; ++lag) {
    double sum = 0;
    for (std::size_t t = 0; t + lag < steps; ++t)
      for (std::size_t c = 0; c < chains; ++c) sum += (record(t, c) - mean) * (record(t + lag, c) - mean);
    const double pairs = static_cast<double>(steps - lag) * static_cast<double>(chains);
    // A chain that never moves is as slow as can be, whatever 0 / 0 may be.
    const double rho = variance > 0 ? sum / pairs / variance : 1.0;
    result.autocorrelation.push_back(rho);
    if (lag > 0 && result.unresolved) {
      sum_of_correlations += 2.0 * rho;
      result.time = std::max(1.0, sum_of_correlations);
      if (static_cast<double>(lag) >= 5.0 * result.time) result.unresolved = false;
    }
  }
  return result;
}

Mixing measure_mixing(const Rbm& rbm, Chains& chains, std::size_t steps, std::uint64_t seed,
                      ThreadTeam& team) {
  Matrix<double> record(steps, chains.size());
  for (std::size_t t = 0; t < steps; ++t) {
    advance(rbm, chains, 1, seed, team);
    free_energy(rbm, chains.visible, record.row(t), team);
  }
  return autocorrelation_of(record, steps / 2);
}

}  // namespace harmonium
