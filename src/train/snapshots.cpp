#include "harmonium/train/snapshots.h"

#include <utility>

#include "harmonium/base/error.h"

namespace harmonium {

void Snapshots::keep(std::uint64_t updates, const std::function<Rbm()>& rbm) {
  if (kept_.size() >= wanted_.size() || wanted_[kept_.size()] != updates) return;
  kept_.updates.push_back(updates);
  kept_.rbms.push_back(rbm());
}

void Snapshots::restore(Trajectory kept, std::uint64_t updates, const std::string& where) {
  kept_ = std::move(kept);
  std::vector<std::uint64_t> due = wanted_;
  std::erase_if(due, [updates](std::uint64_t update) { return update > updates; });
  while (kept_.size() > due.size()) kept_.updates.pop_back(), kept_.rbms.pop_back();
  if (kept_.updates != due)
    throw InputError(where + ": lacks snapshots that the run has made; begin it anew by --force.");
}

}  // namespace harmonium
