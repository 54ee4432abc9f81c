// The order of cases on a disk, with the reading ahead of what comes next.
#pragma once

#include <cstdint>
#include <future>
#include <memory>
#include <vector>

#include "data/block_order.h"
#include "data/streamed_rows.h"
#include "harmonium/data/dataset.h"

namespace harmonium {

/// Holds the window of the selected cases in memory while one thread in the background reads the next into a
/// second buffer: two windows are all the memory that it takes, whatever the size of the file (three for a
/// moment, and as many as a batch needs, where batches are larger than half a window).
class StreamedOrder final : public EpochOrder {
 public:
  /// `dataset` (whose values are `rows`) must outlive the order.
  StreamedOrder(const Dataset& dataset, std::shared_ptr<StreamedRows> rows, BlockOrder order);
  ~StreamedOrder() override;

  void select(std::uint64_t epoch, std::uint64_t first, std::span<std::uint64_t> cases) override;

 private:
  struct Place {
    std::uint64_t epoch = 0, window = 0;
    bool operator==(const Place&) const = default;
  };
  struct Window {
    Place place;
    std::shared_ptr<HeldRows> rows;
  };

  void begin_reading(const Place& place);
  std::shared_ptr<HeldRows> take(const Place& place);
  void replace_held(std::vector<Window> wanted);
  Place after(const Place& place) const;

  const Dataset& dataset_;
  std::shared_ptr<StreamedRows> rows_;
  BlockOrder order_;
  std::uint64_t half_window_;  ///< cases
  std::vector<Window> held_;
  std::vector<std::shared_ptr<HeldRows>> spare_;  ///< buffers that may be filled again
  Place ahead_place_;
  std::future<std::shared_ptr<HeldRows>> ahead_;  ///< the window under way, if it is valid
};

}  // namespace harmonium
