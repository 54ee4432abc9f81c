#include "recipe/labelled_cases.h"

#include <algorithm>
#include <vector>

#include "harmonium/base/error.h"
#include "harmonium/base/random.h"

namespace harmonium {
namespace {

struct Drawn {
  std::uint64_t key, row;
};

// The labelled rows of each class, in random order.
std::vector<std::vector<Drawn>> shuffled_classes(const Dataset& train, std::uint64_t seed) {
  constexpr std::uint64_t kLabels = 0x6c6162656c73u;  // no held-out case is drawn by these
  const Noise noise = Noise(seed, Stream::kSplit, 0).child(kLabels);
  std::vector<std::vector<Drawn>> classes(train.class_count());
  for (std::uint64_t row = 0; row < train.size(); ++row)
    if (const std::int32_t label = train.labels()[row]; label >= 0)
      classes[static_cast<std::size_t>(label)].push_back({noise.bits(row, 0), row});
  for (auto& rows : classes)
    std::sort(rows.begin(), rows.end(),
              [](const Drawn& a, const Drawn& b) { return a.key != b.key ? a.key < b.key : a.row < b.row; });
  return classes;
}

}  // namespace

Dataset labelled_cases(const Recipe& recipe, const Dataset& train) {
  const std::size_t wanted = recipe.fine_tune.labels;
  if (wanted == 0 || !has_fine_tuning(recipe) || !train.has_labels()) return train;
  const auto classes = shuffled_classes(train, recipe.seed);
  std::vector<std::uint64_t> rows;
  bool any = true;
  for (std::size_t rank = 0; any && rows.size() < wanted; ++rank) {
    any = false;
    for (const auto& own : classes)
      if (rank < own.size()) {
        any = true;
        if (rows.size() < wanted) rows.push_back(own[rank].row);
      }
  }
  if (rows.size() < wanted)
    throw InputError("fine_tune.labels = " + std::to_string(wanted) + " is more than the " +
                     std::to_string(rows.size()) + " training cases with a label; give less, or 0 for all.");
  std::sort(rows.begin(), rows.end());
  return train.subset(rows);
}

}  // namespace harmonium
