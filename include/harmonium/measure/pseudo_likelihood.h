// The pseudo-log-likelihood: how well each variable is predicted from all the others.
#pragma once

#include <vector>

#include "harmonium/models/rbm.h"

namespace harmonium {

/// sum_i log p(v_i | all other variables), for each row, over every variable i (none is picked at random, so
/// the value has no noise). For a Bernoulli unit the term is log logistic(F(v with i flipped) - F(v)) (Besag
/// 1975); a softmax variable compares its k states, a binomial or stepped one its N + 1. Cost: B * V * H.
/// Throws InputError where a visible group cannot be enumerated one unit at a time (gaussian, poisson,
/// multinomial) or has no energy.
std::vector<double> pseudo_log_likelihoods(const Rbm& rbm, ConstMatrixView<float> visible, ThreadTeam& team);

}  // namespace harmonium
