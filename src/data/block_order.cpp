#include "data/block_order.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "harmonium/base/error.h"
#include "harmonium/base/random.h"

namespace harmonium {
namespace {

// Children of the epoch's noise: where the ring begins, the sequence of blocks, and from here on the windows.
constexpr std::uint64_t kBegin = 0, kSequence = 1, kFirstWindow = 2;

template <class T>
void shuffle(std::span<T> values, const Noise& noise) {
  for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[noise.below(i, i, 0)]);
}

}  // namespace

BlockOrder::BlockOrder(std::uint64_t cases, std::size_t block, std::size_t mixed, std::uint64_t seed)
    : cases_(cases), block_(block), seed_(seed) {
  check(cases > 0 && block > 0 && mixed > 0, "BlockOrder: nothing to put in order");
  blocks_ = (cases + block - 1) / block;
  check(blocks_ <= std::numeric_limits<std::uint32_t>::max(), "BlockOrder: too many blocks");
  windows_ = (blocks_ + mixed - 1) / mixed;
  sequence_.resize(blocks_);
}

std::uint64_t BlockOrder::largest_window() const {
  return std::min(cases_, (blocks_ + windows_ - 1) / windows_ * block_);
}

std::uint64_t BlockOrder::window_at(std::uint64_t position) const {
  // The largest w with first_block(w) <= block.
  return ((position / block_ + 1) * windows_ - 1) / blocks_;
}

void BlockOrder::shuffle_blocks(std::uint64_t epoch) {
  if (epoch_ == epoch) return;
  const Noise noise(seed_, Stream::kShuffle, epoch);
  begin_ = noise.child(kBegin).below(cases_, 0, 0);
  std::iota(sequence_.begin(), sequence_.end(), 0u);
  const std::size_t full = cases_ / block_;
  shuffle(std::span(sequence_).first(full), noise.child(kSequence));
  epoch_ = epoch;
  window_.reset();
}

std::vector<CaseRange> BlockOrder::ranges(std::uint64_t epoch, std::uint64_t window) {
  check(window < windows_, "BlockOrder: no such window");
  shuffle_blocks(epoch);
  std::vector<CaseRange> all;
  for (std::uint64_t b = first_block(window); b < first_block(window + 1); ++b) {
    const std::uint64_t on_ring = sequence_[b] * block_;
    const std::uint64_t count = std::min(block_, cases_ - on_ring);
    const std::uint64_t first = (begin_ + on_ring) % cases_;
    const std::uint64_t before_end = std::min(count, cases_ - first);
    all.push_back({first, before_end});
    if (before_end < count) all.push_back({0, count - before_end});
  }
  std::sort(all.begin(), all.end(), [](const CaseRange& a, const CaseRange& b) { return a.first < b.first; });
  return all;
}

void BlockOrder::shuffle_window(std::uint64_t epoch, std::uint64_t window) {
  shuffle_blocks(epoch);
  if (window_ == window) return;
  order_.clear();
  for (const CaseRange& range : ranges(epoch, window))
    for (std::uint64_t i = 0; i < range.count; ++i) order_.push_back(range.first + i);
  shuffle(std::span(order_), Noise(seed_, Stream::kShuffle, epoch).child(kFirstWindow + window));
  window_ = window;
}

void BlockOrder::select(std::uint64_t epoch, std::uint64_t first, std::span<std::uint64_t> cases) {
  check(first <= cases_ && cases.size() <= cases_ - first, "EpochOrder: no such positions");
  for (std::size_t done = 0; done < cases.size();) {
    const std::uint64_t window = window_at(first + done);
    shuffle_window(epoch, window);
    const std::uint64_t at = first + done - first_block(window) * block_;
    const std::size_t count = std::min<std::size_t>(cases.size() - done, order_.size() - at);
    std::copy_n(order_.begin() + static_cast<std::ptrdiff_t>(at), count,
                cases.begin() + static_cast<std::ptrdiff_t>(done));
    done += count;
  }
}

}  // namespace harmonium
