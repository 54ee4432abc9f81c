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

}  // namespace
}  // namespace harmonium
