#include "terminal.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "command.h"
#include "harmonium/render/number.h"

namespace harmonium::app {
namespace {

constexpr auto kTerminalInterval = std::chrono::milliseconds(200);
constexpr auto kFileInterval = std::chrono::seconds(10);
constexpr auto kPatience = std::chrono::seconds(2);  // shorter work needs no progress

double seconds(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

std::string time_text(double left) {
  char text[32];
  const long whole = static_cast<long>(left + 0.5);
  if (whole >= 3600)
    std::snprintf(text, sizeof text, "%ld h %02ld min", whole / 3600, whole / 60 % 60);
  else if (whole >= 60)
    std::snprintf(text, sizeof text, "%ld min %02ld s", whole / 60, whole % 60);
  else
    std::snprintf(text, sizeof text, "%ld s", whole);
  return text;
}

// The measures that tell most, in few words.
std::string measures_text(const HistoryRecord& record) {
  static constexpr std::pair<const char*, const char*> kShown[] = {
      {"reconstruction_error", "error"},
      {"free_energy_gap", "gap"},
      {"log_likelihood", "log-likelihood"},
      {"pseudo_log_likelihood", "pseudo-log-likelihood"},
      {"error", "misread"},
      {"error_held_out", "held out"},
      {"cross_entropy", "cross-entropy"},
      {"update_ratio", "update/weights"}};
  std::string text;
  for (const auto& [name, label] : kShown)
    if (const auto found = record.measures.find(name); found != record.measures.end())
      text += std::string(text.empty() ? "" : "  ") + label + " " + number_text(found->second, 4);
  return typed_minus(text);
}

}  // namespace

TerminalReporter::TerminalReporter(bool quiet, std::atomic<bool>* can_save)
    : quiet_(quiet), terminal_(isatty(STDERR_FILENO) == 1), can_save_(can_save) {
  if (can_save_) *can_save_ = true;
}
TerminalReporter::~TerminalReporter() {
  clear();
}

void TerminalReporter::clear() {
  if (line_shown_) std::fputs("\r\x1b[K", stderr);
  line_shown_ = false;
}

void TerminalReporter::say(const std::string& line) {
  if (quiet_) return;
  clear();
  std::fprintf(stderr, "%s\n", typed_minus(line).c_str());
}

void TerminalReporter::warn(const std::string& sentence) {
  // The same sign epoch after epoch is said once; its numbers change.
  const std::string kind = sentence.substr(0, sentence.find_first_of("0123456789"));
  if (!warned_.insert(kind).second) return;
  clear();
  std::fprintf(stderr, "warning: %s\n", typed_minus(sentence).c_str());
}

void TerminalReporter::show(const std::string& line, bool now) {
  if (quiet_) return;
  const auto time = Clock::now();
  if (!now &&
      time - last_shown_ < (terminal_ ? Clock::duration(kTerminalInterval) : Clock::duration(kFileInterval)))
    return;
  last_shown_ = time;
  if (terminal_) {
    std::fprintf(stderr, "\r\x1b[K%s", line.c_str());
    std::fflush(stderr);
    line_shown_ = true;
  } else {
    std::fprintf(stderr, "%s\n", line.c_str());
  }
}

void TerminalReporter::training(std::size_t layer, std::size_t layers, const LoopProgress& progress,
                                std::size_t cases_per_batch, std::size_t cases) {
  if (can_save_) *can_save_ = true;
  const auto done = static_cast<double>((progress.epoch - 1) * progress.batches + progress.batch);
  const auto all = static_cast<double>(progress.epochs * progress.batches);
  layers_ = layers;
  if (layer != layer_) {
    layer_ = layer, layer_begin_ = last_shown_ = Clock::now(), batches_at_begin_ = done, measures_.clear();
    return;
  }
  const double elapsed = seconds(Clock::now() - layer_begin_), since = done - batches_at_begin_;
  if (elapsed <= 0 || since <= 0) return;
  const double rate = since / elapsed;
  const double cases_a_second =
      rate * std::min(static_cast<double>(cases_per_batch), static_cast<double>(cases));
  std::string line =
      (layer >= layers ? stage_name(layer, layers) + "  "
       : layers > 1    ? "layer " + std::to_string(layer + 1) + " of " + std::to_string(layers) + "  "
                       : "") +
      "epoch " + std::to_string(progress.epoch) + "/" + std::to_string(progress.epochs) + "  " +
      number_text(100.0 * static_cast<double>(progress.batch) / static_cast<double>(progress.batches), 3) +
      " %  " + number_text(cases_a_second, 3) + " cases/s  " + time_text((all - done) / rate) +
      (layers > 1 && layer < layers ? " left in this layer" : " left");
  if (!measures_.empty()) line += "  " + measures_;
  show(line, false);
}

void TerminalReporter::epoch_done(const HistoryRecord& record) {
  measures_ = measures_text(record);
  const bool shown_often = Clock::now() - last_shown_ < kTerminalInterval;
  if (quiet_ || shown_often) return;
  clear();
  const std::string what = stage_name(record.layer, layers_);
  std::fprintf(stderr, "%s  epoch %llu  %s\n", what.c_str(), static_cast<unsigned long long>(record.epoch),
               measures_.c_str());
  last_shown_ = Clock::now();
}

void TerminalReporter::learned() {
  if (can_save_) *can_save_ = false;
}

void TerminalReporter::working(const std::string& what, double fraction) {
  const auto now = Clock::now();
  if (what != work_) work_ = what, work_begin_ = now;
  const double elapsed = seconds(now - work_begin_);
  if (now - work_begin_ < kPatience || fraction <= 0) return;
  show(what + "  " + number_text(100.0 * fraction, 3) + " %  " + time_text(elapsed / fraction - elapsed) +
           " left",
       false);
}

}  // namespace harmonium::app
