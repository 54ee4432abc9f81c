// Likelihoods without approximation: sums over every state of the smaller layer.
//
// 32-bit products of the model's weights, 64-bit sums, whatever the precision of training.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "harmonium/models/rbm.h"

namespace harmonium {

/// Sums are made over at most this many states: 25 binary units.
inline constexpr double kMostEnumerated = 33554432.0;

/// Can log Z be summed: does one layer have at most 2^25 states, do all groups have an energy, and documents
/// a length?
bool can_enumerate(const Rbm& rbm);

/// Called now and then with the fraction done, in [0, 1].
using ProgressCallback = std::function<void(double)>;

/// log Z = log sum_v sum_h exp(-E(v, h)), over the layer with fewer states. Throws InputError where that is
/// more than 2^25 states, and where an energy is missing.
double exact_log_z(const Rbm& rbm, ThreadTeam& team, const ProgressCallback& progress = {});

/// A likelihood is that of whole states: the first Bernoulli or softmax value other than 0 and 1 as a
/// sentence that says what to change, or empty. Missing values (NaN) pass. The first row is case
/// `first_case`.
std::string find_grey_value(const LayerSpec& spec, ConstMatrixView<float> visible,
                            std::size_t first_case = 0);

/// log p(v) = -F(v) - log Z of each row, given log Z. For real-valued groups a log density. Rows are whole
/// states: Bernoulli and softmax values other than 0 and 1 are refused (InputError), because their
/// "likelihood" is that of no event.
std::vector<double> log_likelihoods(const Rbm& rbm, ConstMatrixView<float> visible, double log_z,
                                    ThreadTeam& team);

/// log p(observed part of v): missing values (NaN) are summed out, by enumerating the hidden layer for each
/// case (at most 2^20 states). Missing softmax variables are missing in all their columns.
std::vector<double> observed_log_likelihoods(const Rbm& rbm, ConstMatrixView<float> visible, double log_z,
                                             ThreadTeam& team);

/// KL(data || model) in nats, for data of whole states that weigh alike (repeated rows count as often as they
/// stand there): sum_v q(v) log q(v) - mean log p(v).
double kl_from_data(const Rbm& rbm, ConstMatrixView<float> data, double log_z, ThreadTeam& team);

}  // namespace harmonium
