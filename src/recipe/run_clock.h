// How long a run has learned, over all the parts that --resume joined: timing.json, beside the model and
// never in it.
#pragma once

#include <chrono>
#include <filesystem>

namespace harmonium {

class RunClock {
 public:
  /// Keeps the time in `file`; an empty path keeps it nowhere.
  explicit RunClock(std::filesystem::path file) : file_(std::move(file)) {}
  /// Adds what the file holds, for a run that goes on from its checkpoint. A file that is missing or damaged
  /// adds nothing.
  void go_on();
  /// {"training_seconds": seconds(), "threads": threads, "processor", "vectors"}, the last two as
  /// describe_machine tells them. Throws WorkError where it cannot be written.
  void write(unsigned threads) const;
  /// Of all parts until now.
  double seconds() const;

 private:
  std::filesystem::path file_;
  double before_ = 0;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace harmonium
