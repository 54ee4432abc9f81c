// Snapshots of a training run: when they are kept, and their file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "harmonium/base/error.h"
#include "harmonium/models/trajectory.h"

namespace harmonium {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(SnapshotUpdates, AreSpacedExponentially) {
  EXPECT_THAT(snapshot_updates(5, 10000), ElementsAre(0, 1, 10, 100, 1000));
  EXPECT_THAT(snapshot_updates(1, 10000), ElementsAre(0));
  EXPECT_TRUE(snapshot_updates(0, 10000).empty());
  EXPECT_TRUE(snapshot_updates(5, 0).empty());
}

TEST(SnapshotUpdates, AscendAndStayBeforeTheEnd) {
  for (const std::uint64_t total : {1u, 2u, 7u, 50u, 6000u})
    for (const std::size_t count : {1u, 2u, 3u, 10u, 100u}) {
      const auto updates = snapshot_updates(count, total);
      EXPECT_LE(updates.size(), count);
      EXPECT_EQ(updates.front(), 0u);
      EXPECT_LT(updates.back(), total);
      EXPECT_EQ(std::adjacent_find(updates.begin(), updates.end(), std::greater_equal<>()), updates.end());
    }
  EXPECT_EQ(snapshot_updates(30, 6000).size(), 30u);
}

class TrajectoryFile : public testing::Test {
 protected:
  TrajectoryFile() {
    for (std::uint64_t n = 0; n < 3; ++n) {
      Rbm rbm(parse_layer("gaussian(learned) 2 + 3"), parse_layer("4"));
      initialise_weights(rbm, 0.5f, 0.1f, n, 0);
      rbm.visible.log_variance[0] = 0.25f * static_cast<float>(n);
      trajectory_.updates.push_back(n * n);
      trajectory_.rbms.push_back(std::move(rbm));
    }
  }
  ~TrajectoryFile() override { std::filesystem::remove(path_); }

  const std::filesystem::path path_ =
      std::filesystem::temp_directory_path() /
      (std::string("harmonium-") + testing::UnitTest::GetInstance()->current_test_info()->name() + ".st");
  Trajectory trajectory_;
};

TEST_F(TrajectoryFile, ReadsBack) {
  save_trajectory(path_, trajectory_);
  const Trajectory back = load_trajectory(path_, trajectory_.rbms[0]);
  EXPECT_EQ(back.updates, trajectory_.updates);
  ASSERT_EQ(back.size(), 3u);
  for (std::size_t n = 0; n < 3; ++n) {
    EXPECT_EQ(back.rbms[n].visible.log_variance, trajectory_.rbms[n].visible.log_variance);
    EXPECT_EQ(back.rbms[n].hidden.bias, trajectory_.rbms[n].hidden.bias);
    const std::span<const float> a = back.rbms[n].weights.values(), b = trajectory_.rbms[n].weights.values();
    EXPECT_TRUE(std::equal(a.begin(), a.end(), b.begin()));
  }
}

std::string refusal(const std::filesystem::path& path, const Rbm& top) {
  try {
    load_trajectory(path, top);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST_F(TrajectoryFile, OfAnotherModelIsRefused) {
  save_trajectory(path_, trajectory_);
  EXPECT_THAT(refusal(path_, Rbm(parse_layer("5"), parse_layer("4"))), HasSubstr("the same training run"));
}

TEST_F(TrajectoryFile, DamagedIsRefused) {
  std::swap(trajectory_.updates[0], trajectory_.updates[2]);
  save_trajectory(path_, trajectory_);
  EXPECT_THAT(refusal(path_, trajectory_.rbms[0]), HasSubstr("must ascend"));
  std::swap(trajectory_.updates[0], trajectory_.updates[2]);
  trajectory_.rbms[1].weights(0, 0) = std::numeric_limits<float>::quiet_NaN();
  save_trajectory(path_, trajectory_);
  EXPECT_THAT(refusal(path_, trajectory_.rbms[0]), HasSubstr("not a finite number"));
  std::ofstream(path_) << "nothing";
  EXPECT_THAT(refusal(path_, trajectory_.rbms[0]), HasSubstr(path_.string()));
}

}  // namespace
}  // namespace harmonium
