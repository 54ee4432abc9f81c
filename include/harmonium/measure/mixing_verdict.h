// The verdict in words on chains: do they mix, and which classes do they show too often or too rarely?
#pragma once

#include <span>
#include <string>
#include <vector>

#include "harmonium/measure/class_shares.h"
#include "harmonium/measure/convergence.h"

namespace harmonium {

/// A statistic that was followed, and what became of it.
struct FollowedStatistic {
  std::string name;
  Convergence convergence;
};

enum class MixingGrade {
  kMixes,        ///< every R-hat is at most 1.01, as Vehtari et al. (2021) demand
  kMixesSlowly,  ///< at most 1.1, the classical limit (Gelman & Rubin 1992)
  kDoesNotMix,
};

inline constexpr double kMixesRHat = 1.01, kMixesSlowlyRHat = 1.1;

/// The statistic whose R-hat is largest; the first of equal ones. There is at least one.
const FollowedStatistic& worst_statistic(std::span<const FollowedStatistic> statistics);
MixingGrade mixing_grade(std::span<const FollowedStatistic> statistics);

/// "The chains do not mix: the largest R-hat of 4 statistics is 1.52 (free energy; ...".
std::string mixing_sentence(std::span<const FollowedStatistic> statistics);
/// How many times what independent cases of the data would differ by the moments of fantasies differ.
std::string moment_sentence(double first_ratio, double second_ratio);
/// "Class 1 is over-represented (18.2 +- 0.9 % of the fantasies, 11.2 % of the data); ...", or that none is.
/// `names`: as many as shares.
std::string class_sentence(std::span<const ClassShare> shares, std::span<const std::string> names);

}  // namespace harmonium
