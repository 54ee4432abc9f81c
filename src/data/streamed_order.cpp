#include "data/streamed_order.h"

#include <algorithm>
#include <utility>

namespace harmonium {
namespace {

/// Reads the rows of the cases in `ranges`, neighbours together. `into` has room for them.
void read_ranges(const Dataset& dataset, const StreamedRows& rows, const std::vector<CaseRange>& ranges,
                 HeldRows& into) {
  const std::size_t row_bytes = rows.file().row_bytes();
  into.runs.clear();
  std::size_t offset = 0;
  for (const CaseRange& range : ranges) {
    for (std::uint64_t i = 0; i < range.count; ++i, offset += row_bytes) {
      const std::uint64_t row = dataset.original_row(range.first + i);
      if (!into.runs.empty() && into.runs.back().first + into.runs.back().count == row)
        ++into.runs.back().count;
      else
        into.runs.push_back({row, 1, offset});
    }
  }
  for (const HeldRows::Run& run : into.runs)
    rows.read(run.first, run.count, std::span(into.bytes).subspan(run.offset));
  std::sort(into.runs.begin(), into.runs.end(),
            [](const HeldRows::Run& a, const HeldRows::Run& b) { return a.first < b.first; });
}

}  // namespace

StreamedOrder::StreamedOrder(const Dataset& dataset, std::shared_ptr<StreamedRows> rows, BlockOrder order)
    : dataset_(dataset), rows_(std::move(rows)), order_(std::move(order)) {
  half_window_ = order_.largest_window() / 2;
}

StreamedOrder::~StreamedOrder() {
  if (ahead_.valid()) ahead_.wait();
  rows_->hold({});
}

StreamedOrder::Place StreamedOrder::after(const Place& place) const {
  return place.window + 1 < order_.windows() ? Place{place.epoch, place.window + 1}
                                             : Place{place.epoch + 1, 0};
}

void StreamedOrder::begin_reading(const Place& place) {
  std::shared_ptr<HeldRows> buffer;
  if (spare_.empty()) {
    buffer = std::make_shared<HeldRows>();
    buffer->bytes.resize(order_.largest_window() * rows_->file().row_bytes());
  } else {
    buffer = std::move(spare_.back());
    spare_.pop_back();
  }
  ahead_place_ = place;
  ahead_ = std::async(std::launch::async,
                      [this, buffer = std::move(buffer), ranges = order_.ranges(place.epoch, place.window)] {
                        read_ranges(dataset_, *rows_, ranges, *buffer);
                        return buffer;
                      });
}

std::shared_ptr<HeldRows> StreamedOrder::take(const Place& place) {
  for (const Window& window : held_)
    if (window.place == place) return window.rows;
  if (ahead_.valid() && ahead_place_ != place) {
    // The loop went elsewhere, as after a resume; what was read for nothing may have failed for nothing.
    ahead_.wait();
    ahead_ = {};
  }
  if (!ahead_.valid()) begin_reading(place);
  return ahead_.get();
}

void StreamedOrder::replace_held(std::vector<Window> wanted) {
  StreamedRows::Held rows;
  for (const Window& window : wanted) rows.push_back(window.rows);
  held_.swap(wanted);
  rows_->hold(std::move(rows));
  for (Window& window : wanted)
    if (window.rows.use_count() == 1) spare_.push_back(std::move(window.rows));
}

void StreamedOrder::select(std::uint64_t epoch, std::uint64_t first, std::span<std::uint64_t> cases) {
  if (cases.empty()) return;
  order_.select(epoch, first, cases);
  const std::uint64_t begin = order_.window_at(first), end = order_.window_at(first + cases.size() - 1);
  const bool same =
      !held_.empty() && held_.front().place == Place{epoch, begin} && held_.back().place == Place{epoch, end};
  if (!same) {
    std::vector<Window> wanted;
    for (std::uint64_t w = begin; w <= end; ++w) wanted.push_back({{epoch, w}, take({epoch, w})});
    replace_held(std::move(wanted));
  }
  // A batch across two windows waits, so that the buffer of the first can take what comes next.
  const bool has_room = held_.size() == 1 || cases.size() > half_window_;
  if (has_room && !ahead_.valid()) begin_reading(after(held_.back().place));
}

}  // namespace harmonium
