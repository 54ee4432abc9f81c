#include "harmonium/samplers/round_trips.h"

#include <numeric>
#include <utility>

namespace harmonium {

RoundTrips::RoundTrips(std::size_t rungs, std::size_t ladders)
    : marks_(rungs * ladders, Mark::kNone), trips_(ladders, 0) {
  for (std::size_t m = 0; m < ladders; ++m) marks_[m] = Mark::kWasEasy;
}

void RoundTrips::exchange(std::size_t t, std::size_t m) {
  std::swap(marks_[t * trips_.size() + m], marks_[(t + 1) * trips_.size() + m]);
}

void RoundTrips::end_step(std::size_t m) {
  Mark &easiest = marks_[m], &top = marks_[marks_.size() - trips_.size() + m];
  if (easiest == Mark::kReachedTop) ++trips_[m];
  easiest = Mark::kWasEasy;
  if (top == Mark::kWasEasy) top = Mark::kReachedTop;
}

std::size_t RoundTrips::count() const {
  return std::accumulate(trips_.begin(), trips_.end(), std::size_t{0});
}

}  // namespace harmonium
