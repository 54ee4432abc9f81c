// How far apart two processors are: the time of a word from one thread to another and back.
//
// Threads that learn one model hand each other its weights in every batch, so on two processors of one chip,
// which share a cache, the same program is faster than on two that are far apart. A virtual machine can have
// either, now one and now the other. Prints one JSON object, {"round_trip_ns": ...}: the median of 9
// stretches.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <iostream>
#include <thread>

namespace {

constexpr int kRounds = 5000, kStretches = 9;

struct Word {
  alignas(128) std::atomic<int> value{0};
};

}  // namespace

int main() {
  using Clock = std::chrono::steady_clock;
  Word there, back;
  std::jthread other([&] {
    for (int i = 1; i <= kRounds * kStretches; ++i) {
      while (there.value.load(std::memory_order_acquire) < i) {
      }
      back.value.store(i, std::memory_order_release);
    }
  });
  std::array<double, kStretches> nanoseconds{};
  for (int stretch = 0, i = 0; stretch < kStretches; ++stretch) {
    const auto begin = Clock::now();
    for (const int last = i + kRounds; i < last;) {
      there.value.store(++i, std::memory_order_release);
      while (back.value.load(std::memory_order_acquire) < i) {
      }
    }
    nanoseconds[static_cast<std::size_t>(stretch)] =
        std::chrono::duration<double, std::nano>(Clock::now() - begin).count() / kRounds;
  }
  std::ranges::nth_element(nanoseconds, nanoseconds.begin() + kStretches / 2);
  std::cout << "{\"round_trip_ns\": " << nanoseconds[kStretches / 2] << "}\n";
}
