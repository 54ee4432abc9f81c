// An RBM that starts from the principal components of its data instead of from noise (after Decelle &
// Furtlehner 2021 and Béreux, Decelle, Furtlehner, Rosset & Seoane 2025).
//
// Learning first finds the directions in which data vary most, slowly, one after the other: the weights'
// first singular vectors grow along them (Decelle, Fissore & Furtlehner 2017). So they are put there at once.
// The papers learn a low-rank machine, the restricted Coulomb machine, in the space of all directions
// together; here each direction is fitted by itself, which is a sum over one line.
// docs/training-likelihood.md says what that leaves out.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "harmonium/base/threads.h"
#include "harmonium/models/rbm.h"

namespace harmonium {

/// What one direction got.
struct PrincipalCoupling {
  /// Hidden units [first, first + units), which are its own; none where the data vary in this direction as
  /// independent units would.
  std::size_t first = 0, units = 0;
  double strength = 0;  ///< s: each of its M units has weights s / sqrt(M) u, a singular value of s
  double field = 0;     ///< f: the visible biases have f u besides
  double gain = 0;      ///< of the log-likelihood of a case's projection, over independent units; nats
};

/// Why an RBM cannot start so from cases with so many `columns` of its visible layer (labels, which follow
/// them, are left out), as a sentence that names train.components; or empty.
std::string find_principal_fault(const Rbm& rbm, std::size_t columns, std::size_t components);

/// Adds the start to `rbm`, whose visible biases are those of independent units with means p (as
/// initialise_visible_bias sets them). For each of the first `components` principal directions u of `cases`
/// (B x C, C <= V, no missing values; fewer where the data have fewer) a group of M hidden units of its own,
/// whose free energy is, with y = u'(v - p),
///
///   -sum_i b_i v_i - f y - M log cosh(s y / (2 sqrt(M))) + constants.
///
/// f, s and M (1, 2, 4, ... up to H / components) are those under which the projections of the cases are
/// likeliest, where y alone is looked at: its distribution under independent units is the saddle-point
/// approximation from their cumulant function K(t) = log E exp(t y) (Daniels 1954). At that f the mean of y
/// is the cases'. Weights that were there stay, and make the units of a group different. Throws InputError
/// with find_principal_fault's sentence.
std::vector<PrincipalCoupling> start_from_components(Rbm& rbm, ConstMatrixView<float> cases,
                                                     std::size_t components, ThreadTeam& team);

}  // namespace harmonium
