// Reconstruction: up to the hidden means, down to the visible means. Cheap, and not the objective.
#pragma once

#include "harmonium/models/model_file.h"

namespace harmonium {

/// Visible means given the means of layer `depth` given `values`, through the net: B x V. Missing values
/// (NaN) start from the visible layer's own means. Label columns of the top RBM cannot be passed; `depth`
/// counts layers without them.
Matrix<float> reconstruct(const DeepBeliefNet& net, std::size_t depth, ConstMatrixView<float> values,
                          ThreadTeam& team);

/// The same for one RBM, labels and all.
Matrix<float> reconstruct(const Rbm& rbm, ConstMatrixView<float> values, ThreadTeam& team);

/// The same of whatever model a file holds, through all its layers. In a deep Boltzmann machine that is mean
/// field of the hidden layers and the visible means it leads to; values are then whole.
Matrix<float> reconstruct(const Model& model, ConstMatrixView<float> values, ThreadTeam& team);

/// Mean over cases of the squared error summed over columns; missing values are left out.
double squared_error(ConstMatrixView<float> values, ConstMatrixView<float> reconstruction);

/// Mean over cases of - sum over columns of t log y + (1 - t) log(1 - y), in nats, where values t and means y
/// are from 0 to 1; logarithms are of 1e-38 at least.
double binary_cross_entropy(ConstMatrixView<float> values, ConstMatrixView<float> means);

}  // namespace harmonium
