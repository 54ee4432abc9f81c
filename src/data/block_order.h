// The order in which cases on a disk are learned: shuffled, and yet read in blocks.
//
// Reading single cases all over a disk is a hundred times slower than reading it in pieces of a megabyte. So
// an epoch shuffles blocks of neighbours, and mixes the cases of a few blocks, a window, among themselves:
//
//   1. The cases, as a ring, are cut into blocks, beginning at a random one; so neighbours share other blocks
//   in
//      other epochs. What is left over is a shorter block.
//   2. The full blocks are shuffled (Fisher and Yates, 4 bytes a block); the shorter one comes last.
//   3. Windows are runs of blocks of this sequence, of equal length to within one block.
//   4. Within a window the cases are shuffled.
//
// So one case follows another of its own block in a batch as often as blocks in a window make it likely,
// which is the price: a file whose neighbours are alike (sorted by class, frames of a film) wants more blocks
// in a window. Data of one window are shuffled as if they were in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "harmonium/data/batch_source.h"

namespace harmonium {

class BlockOrder {
 public:
  /// `block` cases are read at once and `mixed` blocks make a window; all from 1 up.
  BlockOrder(std::uint64_t cases, std::size_t block, std::size_t mixed, std::uint64_t seed);

  std::uint64_t cases() const { return cases_; }
  /// Windows of an epoch, at least one.
  std::uint64_t windows() const { return windows_; }
  /// Cases of the largest window.
  std::uint64_t largest_window() const;
  /// The window in which a position of an epoch lies.
  std::uint64_t window_at(std::uint64_t position) const;

  /// The cases of a window as ranges without overlap, ascending: what is to be read.
  std::vector<CaseRange> ranges(std::uint64_t epoch, std::uint64_t window);
  /// As EpochOrder::select.
  void select(std::uint64_t epoch, std::uint64_t first, std::span<std::uint64_t> cases);

 private:
  std::uint64_t first_block(std::uint64_t window) const { return window * blocks_ / windows_; }
  void shuffle_blocks(std::uint64_t epoch);
  void shuffle_window(std::uint64_t epoch, std::uint64_t window);

  std::uint64_t cases_, block_, seed_, blocks_, windows_;
  std::optional<std::uint64_t> epoch_;   ///< that the next two are of
  std::uint64_t begin_ = 0;              ///< the case at which the first block begins
  std::vector<std::uint32_t> sequence_;  ///< blocks in the order of this epoch
  std::optional<std::uint64_t> window_;  ///< that `order_` is of
  std::vector<std::uint64_t> order_;     ///< its cases
};

}  // namespace harmonium
