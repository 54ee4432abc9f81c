// The pseudo-log-likelihood: how well each variable is predicted from all the others.
#pragma once

#include <string>
#include <vector>

#include "harmonium/models/rbm.h"

namespace harmonium {

/// sum_i log p(v_i | all other variables), for each row, over every variable i (none is picked at random, so
/// the value has no noise). For a Bernoulli unit the term is log logistic(F(v with i flipped) - F(v)) (Besag
/// 1975); a softmax variable compares its k states, a binomial or stepped one its N + 1. Cost: B * V * H.
/// NaN for a row with a missing value.
/// Throws InputError with find_pseudo_likelihood_fault's or find_grey_value's sentence.
std::vector<double> pseudo_log_likelihoods(const Rbm& rbm, ConstMatrixView<float> visible, ThreadTeam& team);

/// A sentence where this model has no pseudo-likelihood: visible groups whose variables have no finite number
/// of values (gaussian, poisson, multinomial), or hidden units without an energy. Empty where it has one.
std::string find_pseudo_likelihood_fault(const Rbm& rbm);

}  // namespace harmonium
