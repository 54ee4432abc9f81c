// The team of threads: every block once, whatever the number of threads, and errors come back.
#include "harmonium/base/threads.h"

#include <gtest/gtest.h>

#include <atomic>
#include <numeric>
#include <stdexcept>
#include <vector>

namespace harmonium {
namespace {

class Team : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(Sizes, Team, testing::Values(1u, 2u, 3u, 8u));

TEST_P(Team, RunsEveryBlockOnce) {
  ThreadTeam team(GetParam());
  EXPECT_EQ(team.size(), GetParam());
  for (const std::size_t count : {0u, 1u, 2u, 7u, 1000u}) {
    std::vector<std::atomic<int>> done(count);
    team.run(count, [&](std::size_t i, unsigned worker) {
      ASSERT_LT(worker, team.size());
      ++done[i];
    });
    for (const auto& d : done) EXPECT_EQ(d, 1);
  }
}

TEST_P(Team, CoversAllRowsInBlocks) {
  ThreadTeam team(GetParam());
  std::vector<std::atomic<int>> done(103);
  team.run_blocks(103, 10, [&](std::size_t first, std::size_t count, unsigned) {
    ASSERT_LE(count, 10u);
    for (std::size_t i = first; i < first + count; ++i) ++done[i];
  });
  for (const auto& d : done) EXPECT_EQ(d, 1);
}

TEST_P(Team, GivesBackTheFirstErrorAndWorksOn) {
  ThreadTeam team(GetParam());
  EXPECT_THROW(team.run(50,
                        [](std::size_t i, unsigned) {
                          if (i == 3) throw std::runtime_error("three");
                        }),
               std::runtime_error);
  std::atomic<int> done{0};
  team.run(50, [&](std::size_t, unsigned) { ++done; });
  EXPECT_EQ(done, 50);
}

TEST(ThreadTeam, TakesAllProcessorsWhenNotTold) {
  EXPECT_EQ(ThreadTeam().size(), available_processors());
}

// Jobs so short that helpers come late to one and early to the next: every block once, none of another job.
TEST(ThreadTeam, ManyShortJobsTakeEveryBlockOnce) {
  ThreadTeam team(4);
  std::vector<int> taken(9);
  for (int job = 0; job < 100'000; ++job) {
    const std::size_t count = 2 + static_cast<std::size_t>(job) % 8;
    std::fill(taken.begin(), taken.end(), 0);
    team.run(count, [&](std::size_t i, unsigned) {
      for (int wait = 0; wait < 50; ++wait) std::atomic_signal_fence(std::memory_order_seq_cst);
      ++taken[i];
    });
    for (std::size_t i = 0; i < taken.size(); ++i) ASSERT_EQ(taken[i], i < count ? 1 : 0) << job << ' ' << i;
  }
}

}  // namespace
}  // namespace harmonium
