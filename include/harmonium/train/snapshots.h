// Which models of a training run are kept for the ladder of models/trajectory.h, also over a resume.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "harmonium/models/trajectory.h"

namespace harmonium {

/// Snapshots of one RBM after given numbers of updates.
class Snapshots {
 public:
  /// Keeps none.
  Snapshots() = default;
  /// `wanted`: the updates after which the RBM is kept, ascending.
  explicit Snapshots(std::vector<std::uint64_t> wanted) : wanted_(std::move(wanted)) {}

  /// To be called before the first update (0) and after each: keeps rbm() where it is wanted after so many.
  void keep(std::uint64_t updates, const std::function<Rbm()>& rbm);
  /// Takes back what an earlier part of the run kept, up to `updates`; later ones are made again. Throws
  /// InputError, naming `where`, if one is missing.
  void restore(Trajectory kept, std::uint64_t updates, const std::string& where);

  const Trajectory& kept() const { return kept_; }
  bool any_wanted() const { return !wanted_.empty(); }

 private:
  std::vector<std::uint64_t> wanted_;
  Trajectory kept_;
};

}  // namespace harmonium
