// Recognition by the associative memory: which label does a net with label units give to a case?
//
// The top RBM models codes and labels together, so for a code v and class l
//   log p(l | v) = -F(v, l) - log sum_l' exp(-F(v, l')),
// exactly, with terms that the classes share made once (Hinton, Osindero & Teh 2006, section 6.2).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "harmonium/models/deep_belief_net.h"

namespace harmonium {

enum class RecognitionWay {
  kFreeEnergy,  ///< means go up, then the exact free energy of each label
  kUpPasses,    ///< the same for several up-passes of samples; their probabilities are averaged
  kGibbs,       ///< means go up and stay; label units settle from a neutral state by Gibbs sampling
};

struct RecognitionOptions {
  RecognitionWay way = RecognitionWay::kFreeEnergy;
  std::size_t up_passes = 20;    ///< of kUpPasses
  std::size_t gibbs_steps = 20;  ///< of kGibbs: label probabilities are averaged over the second half of them
  std::uint64_t seed = 1;        ///< of kUpPasses and kGibbs
};

/// p(label | code) of each row of `codes` (B x columns(depth - 1), no label columns): B x K. 32-bit products,
/// 64-bit sums. Throws InputError where the net has no label units or the top hidden layer no energy,
/// WorkError where weights are so large that free energies are no finite numbers.
Matrix<double> label_probabilities_of_codes(const DeepBeliefNet& net, ConstMatrixView<float> codes,
                                            ThreadTeam& team);

/// Probabilities of the classes of cases (B x columns(0)) in the way of `options`: B x K. Row r uses the
/// random numbers of case `first_case` + r. Throws InputError as above.
Matrix<double> label_probabilities(const DeepBeliefNet& net, ConstMatrixView<float> cases,
                                   const RecognitionOptions& options, ThreadTeam& team,
                                   std::uint64_t first_case = 0);

/// The likeliest class of each row; the first of equals.
std::vector<std::int32_t> likeliest_labels(const Matrix<double>& probabilities);

}  // namespace harmonium
