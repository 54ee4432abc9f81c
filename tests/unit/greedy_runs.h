// What a greedy run has learned, and that it is the same bits for any number of threads and however often the
// run is stopped. `make(team)` gives a trainer that has not begun.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "harmonium/train/greedy.h"

namespace harmonium {

/// All parameters, averages and last iterates, and the snapshots.
inline std::vector<float> numbers(const GreedyTrainer& trainer) {
  std::vector<float> result;
  for (DeepBeliefNet net : {trainer.net(), trainer.last().value_or(trainer.net())})
    for (const NamedTensor& tensor : net.parameters())
      result.insert(result.end(), tensor.values.begin(), tensor.values.end());
  for (Rbm rbm : trainer.snapshots().rbms)
    for (const NamedTensor& tensor : rbm.parameters("snapshot"))
      result.insert(result.end(), tensor.values.begin(), tensor.values.end());
  return result;
}

template <class Make>
void expect_same_for_threads(const Make& make) {
  std::vector<float> first;
  for (const unsigned threads : {1u, 2u, 3u, 5u}) {
    ThreadTeam team(threads);
    GreedyTrainer trainer = make(team);
    EXPECT_TRUE(trainer.run({}));
    const auto result = numbers(trainer);
    for (const float value : result) ASSERT_TRUE(std::isfinite(value));
    if (first.empty()) first = result;
    EXPECT_EQ(first, result) << threads << " threads";
  }
}

/// Runs that stop every so many batches. Every stop goes through a file, named after the test, into a trainer
/// that knows nothing.
template <class Make>
void expect_same_when_stopped(const Make& make, const std::string& test, std::initializer_list<int> stops) {
  ThreadTeam team(2);
  GreedyTrainer whole = make(team);
  whole.run({});
  const auto path = std::filesystem::temp_directory_path() /
                    ("harmonium-" + test + std::to_string(getpid()) + ".checkpoint");
  for (const int stop_after : stops) {
    auto trainer = std::make_unique<GreedyTrainer>(make(team));
    int batches = 0;
    GreedyHooks hooks;
    Trajectory kept;
    hooks.checkpoint = [&] {
      kept = trainer->snapshots();
      write_safetensors(path, trainer->checkpoint("recipe"));
    };
    hooks.stop_requested = [&] { return ++batches % stop_after == 0; };
    while (!trainer->run(hooks)) {
      trainer = std::make_unique<GreedyTrainer>(make(team));
      trainer->restore(read_safetensors(path), "recipe");
      trainer->restore_snapshots(kept, "snapshots");
    }
    EXPECT_EQ(numbers(whole), numbers(*trainer)) << "stopped every " << stop_after << " batches";
    ASSERT_EQ(whole.history().size(), trainer->history().size());
    for (std::size_t i = 0; i < whole.history().size(); ++i)
      EXPECT_EQ(history_line(whole.history()[i]), history_line(trainer->history()[i]));
  }
  std::filesystem::remove(path);
}

}  // namespace harmonium
