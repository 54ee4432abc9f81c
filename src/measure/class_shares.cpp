#include "harmonium/measure/class_shares.h"

#include <cmath>

#include "harmonium/base/error.h"

namespace harmonium {

double ClassShare::deviations() const {
  const double difference = chains - data, error = std::hypot(chains_error, data_error);
  if (error > 0) return difference / error;
  return difference == 0 ? 0.0 : std::copysign(HUGE_VAL, difference);
}

bool ClassShare::is_over() const {
  return deviations() > kDeviations && chains - data > kRelative * data;
}

bool ClassShare::is_under() const {
  return deviations() < -kDeviations && data - chains > kRelative * data;
}

std::vector<ClassShare> class_shares(ConstMatrixView<std::int32_t> visits,
                                     std::span<const std::int32_t> labels, std::size_t classes) {
  const std::size_t steps = visits.rows(), chains = visits.cols();
  check(steps >= 1 && chains >= 2, "shares of classes need two chains");
  Matrix<double> parts(classes, chains);
  for (std::size_t t = 0; t < steps; ++t)
    for (std::size_t c = 0; c < chains; ++c)
      parts(static_cast<std::size_t>(visits(t, c)), c) += 1.0 / static_cast<double>(steps);
  std::vector<ClassShare> shares(classes);
  double cases = 0;
  for (const std::int32_t label : labels)
    if (label >= 0) shares[static_cast<std::size_t>(label)].data += 1.0, cases += 1.0;
  const auto m = static_cast<double>(chains);
  for (std::size_t k = 0; k < classes; ++k) {
    ClassShare& share = shares[k];
    for (const double part : parts.row(k)) share.chains += part / m;
    double squares = 0;
    for (const double part : parts.row(k)) squares += (part - share.chains) * (part - share.chains);
    share.chains_error = std::sqrt(squares / (m - 1) / m);
    if (cases == 0) continue;
    share.data /= cases;
    share.data_error = std::sqrt(share.data * (1 - share.data) / cases);
  }
  return shares;
}

double share_distance(std::span<const ClassShare> shares) {
  double sum = 0;
  for (const ClassShare& share : shares) sum += 0.5 * std::abs(share.chains - share.data);
  return sum;
}

}  // namespace harmonium
