// Inverse temperatures of annealing: how the way from the base model to the model is cut into steps.
//
// A schedule ascends from 0 (base) to 1 (model). The same total of steps gives estimates of very different
// worth: steps are needed where the distribution changes fast and where chains follow it slowly.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "harmonium/models/rbm.h"

namespace harmonium {

/// `steps` (at least 4) equal steps.
std::vector<float> uniform_schedule(std::size_t steps);

/// Denser towards 1: the first 3.4 % of the steps over [0, 0.5], the next 27.6 % over [0.5, 0.9], the rest
/// over [0.9, 1], in proportion as in Salakhutdinov & Murray 2008. At least 4 steps.
std::vector<float> standard_schedule(std::size_t steps);

/// The same density with another number of steps (at least 4), between the given ones by interpolation.
std::vector<float> respaced(std::span<const float> betas, std::size_t steps);

/// Throws InputError unless the inverse temperatures ascend from 0 to 1.
void check_schedule(std::span<const float> betas);

/// Runs that a schedule is learned from. They are used for nothing else: weights of runs that had a say in
/// their own schedule would be biased.
struct PilotOptions {
  std::size_t runs = 100;
  std::size_t steps = 1000;  ///< of each of the two rounds
  std::uint64_t seed = 1;    ///< their random numbers are those of no other measure, whatever its seed
  std::function<void(double)> progress = {};  ///< told the fraction done
};

/// `steps` steps, placed so that each adds about the same to the variance of the log-weights.
///
/// Pilot runs start at `cases` (at data; run r at row r, in turn) and go back to the base. Where a pilot of n
/// small steps crosses an interval of width d, the part of its log-weights from there has a variance of about
/// d^2 g / n: g is the variance of d log f / d beta times the number of steps for which that stays correlated
/// (the friction of Sivak & Crooks 2012), so both what changes fast and what mixes slowly counts. For a given
/// number of steps the sum of these variances is smallest where they are dense as sqrt(g). A first round
/// along the standard schedule finds a g, a second round along the schedule made from it a better one. A
/// tenth of the density is spread evenly, so that no interval is left to what few runs saw.
///
/// Why back from data: on an RBM of 500 hidden units that learned MNIST, 2000 steps placed so lost 2.0 nats
/// on the way there and back, steps placed by runs from the base 2.5, the standard ones 3.1, even ones 3.5.
std::vector<float> adaptive_schedule(const Rbm& rbm, std::span<const float> base_visible_bias,
                                     ConstMatrixView<float> cases, std::size_t steps,
                                     const PilotOptions& pilot, ThreadTeam& team);

}  // namespace harmonium
