// A team of threads that shares the blocks of one job at a time.
//
// Work is cut into blocks whose size depends on the shape of the work alone, never on the number of threads.
// Each thread has a share of them, the same from job to job, and helps out with another's when its own is
// done. Each block must write only what no other block touches. Then the
// result has the same bits for any number of threads.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace harmonium {

/// Threads that look for the next job for some microseconds and then sleep. Not copyable; one job at a time.
/// A job waits for its blocks, not for threads: on a busy machine it takes no longer than one thread would.
class ThreadTeam {
 public:
  /// `threads` counts the caller, which works too; 0 means one for every processor that we may use.
  explicit ThreadTeam(unsigned threads = 0);
  ~ThreadTeam();
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;

  unsigned size() const;

  /// Calls `block(index, worker)` for every index in [0, count), `worker` in [0, size()), and returns when
  /// all are done. The first exception thrown by a block is rethrown here; blocks not yet begun are skipped.
  void run(std::size_t count, const std::function<void(std::size_t index, unsigned worker)>& block);

  /// Calls `rows(first, count, worker)` for blocks of at most `block_rows` that cover [0, total).
  void run_blocks(std::size_t total, std::size_t block_rows,
                  const std::function<void(std::size_t first, std::size_t count, unsigned worker)>& rows);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Processors that this process may run on (the affinity mask, not the machine).
unsigned available_processors();

}  // namespace harmonium
