// Progress on standard error: one line that is rewritten on a terminal, a line now and then elsewhere.
#pragma once

#include <atomic>
#include <chrono>
#include <set>
#include <string>

#include "harmonium/recipe/training.h"

namespace harmonium::app {

class TerminalReporter final : public Reporter {
 public:
  /// `can_save` is true while a run learns, so that Ctrl-C knows whether a checkpoint is worth waiting for.
  explicit TerminalReporter(bool quiet, std::atomic<bool>* can_save = nullptr);
  ~TerminalReporter() override;

  void say(const std::string& line) override;
  void warn(const std::string& sentence) override;
  void training(std::size_t layer, std::size_t layers, const LoopProgress& progress,
                std::size_t cases_per_batch, std::size_t cases) override;
  void epoch_done(const HistoryRecord& record) override;
  void learned() override;
  void working(const std::string& what, double fraction) override;

 private:
  using Clock = std::chrono::steady_clock;
  void show(const std::string& line, bool now);
  void clear();

  bool quiet_, terminal_;
  std::atomic<bool>* can_save_;
  bool line_shown_ = false;
  Clock::time_point last_shown_{}, layer_begin_{}, work_begin_{};
  std::size_t layer_ = ~std::size_t{0}, layers_ = ~std::size_t{0};
  double batches_at_begin_ = 0;
  std::string work_, measures_;
  std::set<std::string> warned_;  ///< sentences up to their first number
};

}  // namespace harmonium::app
