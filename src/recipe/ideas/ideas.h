// The list of ideas, each run by a file of this folder.
#pragma once

#include "recipe/idea.h"

namespace harmonium {

Idea explaining_away_idea();
Idea belief_net_idea();
Idea combinations_idea();
Idea directed_greedy_idea();
Idea tied_net_idea();
Idea mixing_idea();

}  // namespace harmonium
