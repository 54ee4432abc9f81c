#include "harmonium/base/threads.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <limits>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "harmonium/base/error.h"

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

namespace {

// How often a waiting thread looks before it sleeps: some 30 microseconds, about what waking takes. Meetings
// of a batch are that close together; on a busy machine little is lost.
constexpr int kLooks = 1000;

void pause_briefly() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

template <class Done>
bool look_for(Done done) {
  for (int i = 0; i < kLooks; ++i) {
    if (done()) return true;
    pause_briefly();
  }
  return false;
}

}  // namespace

// A thread's share of a job of n threads: every n-th block, the same ones whenever a job has as many, so that
// what it wrote in the last job is still in its own caches, and blocks of one sort, which lie side by side,
// are shared evenly. Where the processors are far apart (two chips, two sockets), a row of weights that
// changes hands each time costs more than the update itself.
struct Share {
  // One word holds the number of the job and how many blocks are left, so that whoever takes a block knows
  // which job it is of and nobody takes one between two jobs.
  alignas(64) std::atomic<std::uint64_t> ticket{0};  // job << 32 | blocks not yet taken
};

// The caller waits for blocks, not for helpers: a helper that the machine has no time for is not missed, the
// others take its blocks when they have none of their own.
struct ThreadTeam::State {
  using Block = std::function<void(std::size_t, unsigned)>;

  std::vector<Share> shares;          // one a thread
  std::atomic<std::uint32_t> job{0};  // what helpers sleep on
  std::atomic<const Block*> block{nullptr};
  std::atomic<std::uint32_t> count{0}, done{0};
  std::atomic<bool> stopping{false}, failed{false};
  std::mutex mutex;  // of `failure`
  std::exception_ptr failure;
  std::vector<std::jthread> helpers;

  explicit State(unsigned threads) : shares(threads) {}

  /// Blocks in the share of thread `worker`.
  std::uint64_t share_size(std::size_t blocks, std::size_t worker) const {
    return (blocks + shares.size() - 1 - worker) / shares.size();
  }

  /// The next block of job `number`, first of the thread's own share; nothing where all are taken or the job
  /// is over.
  std::optional<std::uint32_t> take(std::uint32_t number, std::size_t worker) {
    for (std::size_t i = 0; i < shares.size(); ++i)
      if (const auto index = take_of_share(number, (worker + i) % shares.size())) return index;
    return std::nullopt;
  }

  std::optional<std::uint32_t> take_of_share(std::uint32_t number, std::size_t share) {
    std::atomic<std::uint64_t>& ticket = shares[share].ticket;
    std::uint64_t now = ticket.load(std::memory_order_acquire);
    for (;;) {
      const auto left = static_cast<std::uint32_t>(now);
      if (now >> 32 != number || left == 0) return std::nullopt;
      // From here on the job cannot end without this block, so its count stays.
      if (ticket.compare_exchange_weak(now, now - 1, std::memory_order_acq_rel))
        return static_cast<std::uint32_t>(
            share + (share_size(count.load(std::memory_order_relaxed), share) - left) * shares.size());
    }
  }

  void do_block(std::uint32_t index, unsigned worker) {
    try {
      if (!failed.load(std::memory_order_relaxed)) (*block.load(std::memory_order_relaxed))(index, worker);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
      failed.store(true, std::memory_order_relaxed);
    }
    // Read before the last block is told as done: the caller may begin another job from then on.
    const std::uint32_t all = count.load(std::memory_order_relaxed);
    if (done.fetch_add(1, std::memory_order_acq_rel) + 1 == all) done.notify_one();
  }

  void help(unsigned worker) {
    for (std::uint32_t seen = 0;;) {
      if (!look_for([&] { return job.load(std::memory_order_acquire) != seen; }))
        job.wait(seen, std::memory_order_acquire);
      if (stopping.load(std::memory_order_relaxed)) return;
      seen = job.load(std::memory_order_acquire);
      while (const auto index = take(seen, worker)) do_block(*index, worker);
    }
  }

  void begin_job(std::size_t blocks, const Block& f) {
    block.store(&f, std::memory_order_relaxed);
    count.store(static_cast<std::uint32_t>(blocks), std::memory_order_relaxed);
    done.store(0, std::memory_order_relaxed);
    failed.store(false, std::memory_order_relaxed);
    failure = nullptr;
    const std::uint32_t number = job.load(std::memory_order_relaxed) + 1;
    for (std::size_t w = 0; w < shares.size(); ++w) {
      shares[w].ticket.store(static_cast<std::uint64_t>(number) << 32 | share_size(blocks, w),
                             std::memory_order_release);
    }
    job.store(number, std::memory_order_release);
  }

  void await_blocks() {
    const std::uint32_t all = count.load(std::memory_order_relaxed);
    if (look_for([&] { return done.load(std::memory_order_acquire) == all; })) return;
    for (std::uint32_t now; (now = done.load(std::memory_order_acquire)) != all;)
      done.wait(now, std::memory_order_acquire);
  }
};

ThreadTeam::ThreadTeam(unsigned threads)
    : state_(std::make_unique<State>(threads == 0 ? available_processors() : threads)) {
  threads = static_cast<unsigned>(state_->shares.size());
  for (unsigned worker = 1; worker < threads; ++worker)
    state_->helpers.emplace_back([state = state_.get(), worker] { state->help(worker); });
}

ThreadTeam::~ThreadTeam() {
  state_->stopping = true;
  ++state_->job;
  state_->job.notify_all();
}

unsigned ThreadTeam::size() const {
  return static_cast<unsigned>(state_->helpers.size()) + 1;
}

void ThreadTeam::run(std::size_t count, const State::Block& block) {
  State& s = *state_;
  if (s.helpers.empty() || count < 2) {
    for (std::size_t i = 0; i < count; ++i) block(i, 0);
    return;
  }
  check(count < std::numeric_limits<std::uint32_t>::max(), "a job has fewer than 2^32 blocks");
  s.begin_job(count, block);
  s.job.notify_all();
  while (const auto index = s.take(s.job.load(std::memory_order_relaxed), 0)) s.do_block(*index, 0);
  s.await_blocks();
  if (s.failure) std::rethrow_exception(s.failure);
}

void ThreadTeam::run_blocks(std::size_t total, std::size_t block_rows,
                            const std::function<void(std::size_t, std::size_t, unsigned)>& rows) {
  const std::size_t step = std::max<std::size_t>(block_rows, 1);
  run((total + step - 1) / step,
      [&](std::size_t i, unsigned worker) { rows(i * step, std::min(step, total - i * step), worker); });
}

}  // namespace harmonium
