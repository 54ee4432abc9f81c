#include "harmonium/measure/mixing_verdict.h"

#include <algorithm>
#include <cstdio>

#include "harmonium/base/error.h"

namespace harmonium {
namespace {

std::string fixed(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

std::string percent(double part) {
  return fixed(100 * part, 1);
}

std::string class_text(const ClassShare& share, const std::string& name) {
  return name + " is " + (share.is_over() ? "over" : "under") + "-represented (" + percent(share.chains) +
         " +- " + percent(share.chains_error) + " % of the free fantasies, " + percent(share.data) +
         " % of the data)";
}

// R-hat of chains that stand still in one place is 1.
bool stand_still_together(std::span<const FollowedStatistic> statistics) {
  return worst_statistic(statistics).convergence.r_hat <= kMixesSlowlyRHat &&
         std::none_of(statistics.begin(), statistics.end(),
                      [](const FollowedStatistic& s) { return s.convergence.moves; });
}

}  // namespace

const FollowedStatistic& worst_statistic(std::span<const FollowedStatistic> statistics) {
  check(!statistics.empty(), "a verdict on some statistic");
  return *std::max_element(statistics.begin(), statistics.end(), [](const auto& a, const auto& b) {
    return a.convergence.r_hat < b.convergence.r_hat;
  });
}

MixingGrade mixing_grade(std::span<const FollowedStatistic> statistics) {
  if (stand_still_together(statistics)) return MixingGrade::kDoesNotMix;
  const double worst = worst_statistic(statistics).convergence.r_hat;
  if (worst <= kMixesRHat) return MixingGrade::kMixes;
  return worst <= kMixesSlowlyRHat ? MixingGrade::kMixesSlowly : MixingGrade::kDoesNotMix;
}

std::string mixing_sentence(std::span<const FollowedStatistic> statistics) {
  if (stand_still_together(statistics))
    return "The chains do not mix: nothing that was followed ever changed in any of them.";
  const FollowedStatistic& worst = worst_statistic(statistics);
  const std::string r_hat = fixed(worst.convergence.r_hat, worst.convergence.r_hat < 10 ? 3 : 0),
                    samples = fixed(worst.convergence.effective_samples, 0);
  const std::string numbers = "the largest R-hat of " + std::to_string(statistics.size()) +
                              " statistics is " + r_hat + " (" + worst.name +
                              "; at most 1.01 is wanted, 1.1 tolerated)",
                    worth = "the record is worth " + samples + " independent samples of it.";
  switch (mixing_grade(statistics)) {
    case MixingGrade::kMixes:
      return "The chains mix: " + numbers + ", and " + worth;
    case MixingGrade::kMixesSlowly:
      return "The chains mix slowly: " + numbers + ", and " + worth;
    case MixingGrade::kDoesNotMix:
      break;
  }
  return "The chains do not mix: " + numbers + ", so they have not forgotten where they began; " + worth;
}

std::string moment_sentence(double first_ratio, double second_ratio) {
  return "Means of their states differ from those of the data " + fixed(first_ratio, 1) +
         " times as much as so many independent cases would, covariances " + fixed(second_ratio, 1) +
         " times as much.";
}

std::string class_sentence(std::span<const ClassShare> shares, std::span<const std::string> names) {
  check(shares.size() == names.size() && !shares.empty(), "a name for each class");
  std::vector<std::size_t> order;
  for (std::size_t k = 0; k < shares.size(); ++k)
    if (shares[k].is_over() || shares[k].is_under()) order.push_back(k);
  const std::string moved = percent(share_distance(shares)) + " %";
  if (order.empty())
    return "No class is over- or under-represented among free fantasies by more than 3 standard errors and a "
           "tenth of its part; " +
           moved + " of them would have to change class to match the data.";
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return shares[a].chains - shares[a].data > shares[b].chains - shares[b].data;
  });
  std::string text;
  for (const std::size_t k : order)
    text += (text.empty() ? "Class " : "; class ") + class_text(shares[k], names[k]);
  return text + "; " + moved + " of the fantasies would have to change class to match the data.";
}

}  // namespace harmonium
