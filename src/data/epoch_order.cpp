#include "harmonium/data/epoch_order.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "harmonium/base/error.h"
#include "harmonium/base/random.h"

namespace harmonium {
namespace {

class ShuffledOrder final : public EpochOrder {
 public:
  ShuffledOrder(std::size_t size, std::uint64_t seed) : seed_(seed), order_(size) {}

  void select(std::uint64_t epoch, std::uint64_t first, std::span<std::uint64_t> cases) override {
    check(first <= order_.size() && cases.size() <= order_.size() - first, "EpochOrder: no such positions");
    if (epoch_ != epoch) shuffle(epoch);
    std::copy_n(order_.begin() + static_cast<std::ptrdiff_t>(first), cases.size(), cases.begin());
  }

 private:
  void shuffle(std::uint64_t epoch) {
    std::iota(order_.begin(), order_.end(), std::uint64_t{0});
    const Noise noise(seed_, Stream::kShuffle, epoch);
    for (std::size_t i = order_.size(); i > 1; --i) std::swap(order_[i - 1], order_[noise.below(i, i, 0)]);
    epoch_ = epoch;
  }

  std::uint64_t seed_;
  std::vector<std::uint64_t> order_;
  std::optional<std::uint64_t> epoch_;  ///< that `order_` is of
};

}  // namespace

std::unique_ptr<EpochOrder> shuffled_order(std::size_t size, std::uint64_t seed) {
  return std::make_unique<ShuffledOrder>(size, seed);
}

}  // namespace harmonium
