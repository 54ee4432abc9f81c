// Nearest neighbours: the class of the training case that is closest in Euclidean distance.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "harmonium/base/matrix.h"
#include "harmonium/base/threads.h"

namespace harmonium {

/// For each row of `queries` the label of the nearest row of `cases` (exact search). `labels`: one a case.
/// Throws InputError where there are no cases.
std::vector<std::int32_t> nearest_labels(ConstMatrixView<float> cases, std::span<const std::int32_t> labels,
                                         ConstMatrixView<float> queries, ThreadTeam& team);

}  // namespace harmonium
