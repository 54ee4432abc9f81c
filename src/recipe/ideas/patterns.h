// Small worlds of binary images whose distribution is known.
#pragma once

#include "harmonium/base/threads.h"
#include "harmonium/models/state_table.h"

namespace harmonium {

/// The bars and stripes of size x size pixels, each equally likely (the data set of that name).
StateList bars_and_stripes(std::size_t size, ThreadTeam& team);
/// Each of the 2 * size rows and columns of size x size pixels is a bar that is there with probability
/// `chance`, independently; a pixel is 1 where any bar covers it (Földiák 1990). Exact probabilities of all
/// images.
StateList independent_bars(std::size_t size, double chance);

}  // namespace harmonium
