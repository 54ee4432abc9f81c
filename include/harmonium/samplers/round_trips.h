// Round trips of states along a ladder of models: what shows that exchanges bring new states, where the rates
// of accepted exchanges may be high and yet all states stay in their half of the ladder.
#pragma once

#include <cstddef>
#include <vector>

namespace harmonium {

/// Follows the states of M ladders of T rungs through their exchanges. A round trip is the way of a state
/// from the easiest model (rung 0) to the one that matters (rung T - 1) and back; `count` is how many were
/// completed. Ladders are independent, so threads may follow different ones at once.
class RoundTrips {
 public:
  RoundTrips() = default;
  RoundTrips(std::size_t rungs, std::size_t ladders);

  /// The states of rungs t and t + 1 of ladder m have changed places.
  void exchange(std::size_t t, std::size_t m);
  /// All exchanges of a step of ladder m are done.
  void end_step(std::size_t m);
  /// Of all ladders.
  std::size_t count() const;

 private:
  enum class Mark : unsigned char { kNone, kWasEasy, kReachedTop };
  std::vector<Mark> marks_;  ///< T x M: where the state at rung t of ladder m comes from
  std::vector<std::size_t> trips_;
};

}  // namespace harmonium
