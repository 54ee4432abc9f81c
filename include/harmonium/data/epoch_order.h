// In which order the cases of a source are learned: a function of (seed, epoch) alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace harmonium {

/// The orders of all epochs. The training loop asks it for the cases of each batch before it fetches them.
class EpochOrder {
 public:
  virtual ~EpochOrder() = default;

  /// Writes the numbers of the cases that stand at positions [first, first + cases.size()) of `epoch`; over
  /// all positions each case occurs once. What is written depends on seed, epoch and positions alone, so a
  /// resumed epoch goes on in the same order.
  ///
  /// A source that is read from disk makes these cases ready for `fetch` and begins to read those that
  /// follow. For one thread at a time. Throws as the source's `fetch` does.
  virtual void select(std::uint64_t epoch, std::uint64_t first, std::span<std::uint64_t> cases) = 0;
};

/// All of `size` cases shuffled (Fisher and Yates), for what is in memory: 8 bytes a case.
std::unique_ptr<EpochOrder> shuffled_order(std::size_t size, std::uint64_t seed);

}  // namespace harmonium
