// Distributions over all states of a few binary units, as tables: what sampling and approximate inference are
// compared with where nothing may be approximate.
//
// Bit i of a state is unit i, so a table over n units has 2^n probabilities. For models that learn from data
// use their own measures (measure/exact.h, measure/annealed.h); tables end at 20 units.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "harmonium/base/random.h"

namespace harmonium {

/// Probabilities of states 0 to 2^n - 1, which sum to one.
using StateTable = std::vector<double>;

/// Tables are made over at most this many units.
inline constexpr std::size_t kMostTableUnits = 20;

/// A state with its probability: a distribution with few states is a list of them.
struct WeightedState {
  std::uint32_t state = 0;
  double weight = 0;
};
using StateList = std::vector<WeightedState>;

/// n of a table with 2^n entries. Throws InputError for other sizes and more than kMostTableUnits.
std::size_t table_units(const StateTable& table);
/// The states that have a probability above zero, ascending.
StateList support_of(const StateTable& table);
/// A list as a table over `units`; weights of the same state add up.
StateTable table_of(const StateList& list, std::size_t units);
/// The distribution of `list`'s states (with equal weights), as many times as each stands there.
StateList evenly(std::span<const std::uint32_t> states);

/// Values of `units` units as floats of 0 and 1, and back.
void write_state(std::uint32_t state, std::span<float> values);
std::uint32_t read_state(std::span<const float> values);

/// -sum_x p log p, in nats.
double entropy(const StateTable& p);
/// KL(p || q) = sum_x p log(p / q), in nats; infinite where q has no state that p has.
double kl_divergence(const StateTable& p, const StateTable& q);
/// P(unit i = 1) for each unit.
std::vector<double> unit_means(const StateTable& p);
/// Independent units that are 1 with probability logistic(logits[i]), times `scale`, added to `table`.
void add_factorial(std::span<const double> logits, double scale, StateTable& table);
/// Independent units with these means.
StateTable factorial_table(std::span<const double> means);
/// KL(p || product of p's own unit means): zero exactly where the units are independent; otherwise what the
/// best factorial distribution lacks (the multi-information).
double multi_information(const StateTable& p);

/// The factorial distribution to which coordinate ascent comes from `start` (a mean for each unit):
///
///   q_i = logistic( E_q of the others [ log p(x_i = 1, others) - log p(x_i = 0, others) ] ),
///
/// one unit after another until none moves by 1e-12. It lowers KL(q || p) in every step and ends in a local
/// minimum: variational inference (Jordan, Ghahramani, Jaakkola & Saul 1999). `p` need not sum to
/// one but all entries must be above zero (InputError).
struct FactorialFit {
  std::vector<double> means;
  double kl = 0;  ///< KL(q || p), p as it would be if it summed to one
};
FactorialFit fit_factorial(const StateTable& p, std::span<const double> start);

/// One sweep of Gibbs sampling on p: each unit in turn from its conditional given the others, with the
/// numbers of (noise, chain, unit).
std::uint32_t gibbs_sweep(const StateTable& p, std::uint32_t state, const Noise& noise, std::uint64_t chain);
/// A state drawn from p by the number of (noise, chain, unit 0): the first whose cumulative sum exceeds it.
std::uint32_t draw_state(const StateTable& p, const Noise& noise, std::uint64_t chain);

}  // namespace harmonium
