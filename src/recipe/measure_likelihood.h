// Likelihoods of one RBM, as [measure] asks for them: which way they are had, why not, and their numbers.
#pragma once

#include <string>

#include "harmonium/measure/annealed.h"
#include "harmonium/measure/raise.h"
#include "harmonium/recipe/measures.h"
#include "recipe/measured_cases.h"

namespace harmonium {

/// Why these cases have no log p(v) under a model of these layers in the way `how` ("auto", "exact",
/// "annealed") says, or empty. `absent`: missing values are no variables at all.
std::string find_likelihood_fault(const Rbm& rbm, const std::string& how, bool absent,
                                  const MeasuredCases& cases);

/// Why KL(data || model) or the pseudo-likelihood cannot be had, or empty.
std::string find_kl_fault(const Rbm& rbm, const MeasuredCases& train);
std::string find_pseudo_fault(const Rbm& rbm, const MeasuredCases& cases);

/// What [measure] says. `absent`: missing values are no variables at all.
LikelihoodPlan likelihood_plan(const Recipe& recipe, bool absent);

/// True where log Z is a sum that takes some seconds at most, over 2^22 states or fewer: "auto" makes it, and
/// leaves longer ones to "exact".
bool is_short_sum(const Rbm& rbm);

/// log Z by annealing, and the path on which it was had.
struct Annealing {
  std::vector<float> base;      ///< biases of the base model
  std::vector<float> schedule;  ///< inverse temperatures
  AnnealedLogZ log_z;
};

/// Anneals from `base` as the plan says; adaptive temperatures are learned by pilot runs from the base and
/// from the first of `cases` (visible values). `work` names it to people.
Annealing anneal(const Rbm& rbm, std::vector<float> base, ConstMatrixView<float> cases,
                 const LikelihoodPlan& plan, const std::string& work, ThreadTeam& team, Reporter& reporter);

/// log p(v) of the same cases from both sides: annealed, and by RAISE.
struct PairedLikelihoods {
  std::vector<double> annealed, raise;
  LikelihoodBracket bracket;
  std::string raise_how;
};

/// Both sides for the first plan.raise_cases of `cases` (visible values), RAISE along the path of annealing
/// or what the plan says of it. Warns where they are too far apart to be believed.
PairedLikelihoods pair_likelihoods(const Rbm& rbm, ConstMatrixView<float> cases, const LikelihoodPlan& plan,
                                   const Annealing& annealing, ThreadTeam& team, Reporter& reporter,
                                   MeasureResult& result);

/// The bracket as a measurement; without an error where one case does not tell it.
Measurement bracket_measurement(const std::string& name, const LikelihoodBracket& bracket, std::size_t cases,
                                const std::string& how);

/// Warns where so few of the runs that were asked for count in the end that what rests on them is not to be
/// believed: a tenth, or five. `work` as for anneal, `belief` what is not to be believed.
void warn_of_few_runs(const AnnealedLogZ& annealed, const LikelihoodPlan& plan, const std::string& work,
                      const std::string& belief, MeasureResult& result);

/// "effective runs 66", with whole runs.
std::string effective_text(double effective);

/// Mean log-likelihoods and their log Z of one RBM for one set of cases: "PREFIX_log_likelihood" and "log_z"
/// (add_log_z).
/// Annealed ones come with the other side of the bracket: "PREFIX_log_likelihood_raise", annealed ones of the
/// same cases as "PREFIX_log_likelihood_paired", and their difference as "PREFIX_log_likelihood_bracket";
/// where they cannot be had, a warning that says why (where `plan.how` demands them and no model of these
/// layers has them, InputError).
void measure_likelihood(const Rbm& rbm, const MeasuredCases& cases, const std::string& prefix,
                        const LikelihoodPlan& plan, ThreadTeam& team, Reporter& reporter,
                        MeasureResult& result);

}  // namespace harmonium
