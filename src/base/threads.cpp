#include "harmonium/base/threads.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace harmonium {

unsigned available_processors() {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  if (sched_getaffinity(0, sizeof mask, &mask) == 0) {
    const int count = CPU_COUNT(&mask);
    if (count > 0) return static_cast<unsigned>(count);
  }
  return std::max(1u, std::thread::hardware_concurrency());
}

struct ThreadTeam::State {
  using Block = std::function<void(std::size_t, unsigned)>;

  std::mutex mutex;
  std::condition_variable work_ready, work_done;
  std::size_t generation = 0;  // counts jobs; a change wakes the helpers
  std::size_t helpers_busy = 0;
  bool stopping = false;

  const Block* block = nullptr;
  std::size_t count = 0;
  std::atomic<std::size_t> next{0};
  std::exception_ptr failure;

  std::vector<std::jthread> helpers;

  void take_blocks(unsigned worker) {
    try {
      for (std::size_t i; (i = next.fetch_add(1, std::memory_order_relaxed)) < count;) (*block)(i, worker);
    } catch (...) {
      next.store(count, std::memory_order_relaxed);
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
    }
  }

  void help(unsigned worker) {
    std::size_t seen = 0;
    for (;;) {
      {
        std::unique_lock lock(mutex);
        work_ready.wait(lock, [&] { return stopping || generation != seen; });
        if (stopping) return;
        seen = generation;
      }
      take_blocks(worker);
      const std::lock_guard lock(mutex);
      if (--helpers_busy == 0) work_done.notify_one();
    }
  }
};

ThreadTeam::ThreadTeam(unsigned threads) : state_(std::make_unique<State>()) {
  if (threads == 0) threads = available_processors();
  for (unsigned worker = 1; worker < threads; ++worker)
    state_->helpers.emplace_back([state = state_.get(), worker] { state->help(worker); });
}

ThreadTeam::~ThreadTeam() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->work_ready.notify_all();
}

unsigned ThreadTeam::size() const {
  return static_cast<unsigned>(state_->helpers.size()) + 1;
}

void ThreadTeam::run(std::size_t count, const State::Block& block) {
  State& s = *state_;
  s.block = &block, s.count = count, s.failure = nullptr;
  s.next.store(0, std::memory_order_relaxed);
  if (s.helpers.empty() || count < 2) {
    s.take_blocks(0);
  } else {
    {
      const std::lock_guard lock(s.mutex);
      s.helpers_busy = s.helpers.size();
      ++s.generation;
    }
    s.work_ready.notify_all();
    s.take_blocks(0);
    std::unique_lock lock(s.mutex);
    s.work_done.wait(lock, [&] { return s.helpers_busy == 0; });
  }
  if (s.failure) std::rethrow_exception(s.failure);
}

void ThreadTeam::run_blocks(std::size_t total, std::size_t block_rows,
                            const std::function<void(std::size_t, std::size_t, unsigned)>& rows) {
  const std::size_t step = std::max<std::size_t>(block_rows, 1);
  run((total + step - 1) / step,
      [&](std::size_t i, unsigned worker) { rows(i * step, std::min(step, total - i * step), worker); });
}

}  // namespace harmonium
