// Snapshots of an RBM along its training: the models that chains of `sample --mix trajectory` walk through.
//
// Early in training an RBM mixes in a few steps, at its end it may not mix at all; what lies between changes
// slowly. So the models of the run itself are a ladder from a distribution that is easy to sample to the one
// that was learned (Béreux, Decelle, Furtlehner, Rosset & Seoane 2025).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "harmonium/models/deep_belief_net.h"

namespace harmonium {

/// The top RBM of a net after `updates[n]` updates of its training, ascending; the finished model is not
/// among them.
struct Trajectory {
  std::vector<std::uint64_t> updates;
  std::vector<Rbm> rbms;

  std::size_t size() const { return rbms.size(); }
};

/// The updates after which `count` snapshots are kept in a run of `total` updates: 0, then `count` - 1 at
/// about equal distances of the logarithm, from 1 on, each at least one after the other and all before
/// `total`. Fewer than `count` where the run is too short.
std::vector<std::uint64_t> snapshot_updates(std::size_t count, std::uint64_t total);

/// MODEL.snapshots.safetensors.
std::filesystem::path trajectory_path(const std::filesystem::path& model);

/// Writes atomically; equal trajectories give equal bytes. Throws WorkError where the disk or the folder
/// refuses.
void save_trajectory(const std::filesystem::path& path, const Trajectory& trajectory);

/// Reads snapshots of `top`, whose layers they must have. Throws InputError naming the file and what is
/// wrong: not such a file, of another RBM, tensors missing or not finite, updates that do not ascend.
Trajectory load_trajectory(const std::filesystem::path& path, const Rbm& top);

}  // namespace harmonium
