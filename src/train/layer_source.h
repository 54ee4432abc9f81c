// The cases of each RBM of a stack: the data for the first, what the layers below make of them for the
// others.
#pragma once

#include <memory>

#include "harmonium/data/batch_source.h"
#include "harmonium/models/deep_belief_net.h"

namespace harmonium {

/// Cases handed up through the first `depth` RBMs of `net`. Means of cases that do not change from epoch to
/// epoch are computed once and kept, up to 4 GiB (256 MiB where the data are on a disk); all else is computed
/// when it is fetched, in the order of the data. `net` and `data` must outlive the source. Missing values are
/// completed by the first RBM on the way.
std::shared_ptr<const BatchSource> make_layer_source(const DeepBeliefNet& net, std::size_t depth,
                                                     const BatchSource& data, States states,
                                                     std::uint64_t seed, ThreadTeam& team);

/// A source that others own and that outlives the pointer.
std::shared_ptr<const BatchSource> borrowed(const BatchSource& source);

}  // namespace harmonium
