// Missing values filled in by what the model expects, where a single complete row is needed.
#pragma once

#include "harmonium/models/rbm.h"

namespace harmonium {

/// A copy of `values` (B x V) in which missing ones (NaN) are replaced: first by the means of the visible
/// layer alone, then `sweeps` times by their means given the hidden means of the completed row (mean field).
/// Observed values stay.
Matrix<float> complete_missing(const Rbm& rbm, ConstMatrixView<float> values, std::size_t sweeps);

}  // namespace harmonium
