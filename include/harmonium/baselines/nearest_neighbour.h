// Nearest neighbours: the class of the training cases that are closest in Euclidean distance.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "harmonium/base/matrix.h"
#include "harmonium/base/threads.h"

namespace harmonium {

/// For each row of `queries` the label that most of the `neighbours` nearest rows of `cases` have (exact
/// search); among labels with equally many that of the nearest. `labels`: one a case. Throws InputError
/// where there are fewer cases than neighbours, or no neighbours.
std::vector<std::int32_t> nearest_labels(ConstMatrixView<float> cases, std::span<const std::int32_t> labels,
                                         ConstMatrixView<float> queries, ThreadTeam& team,
                                         std::size_t neighbours = 1);

}  // namespace harmonium
