#include "recipe/ideas/ideas.h"

namespace harmonium {

std::span<const Idea> ideas() {
  static const std::vector<Idea> all = {explaining_away_idea(), belief_net_idea(), combinations_idea(),
                                        directed_greedy_idea(), tied_net_idea(),   mixing_idea()};
  return all;
}

}  // namespace harmonium
