#include "recipe/run_clock.h"

#include <cmath>

#include "harmonium/base/error.h"
#include "harmonium/io/atomic_file.h"
#include "harmonium/kernels/machine.h"
#include "io/json.h"

namespace harmonium {
namespace {

constexpr const char* kSeconds = "training_seconds";

}  // namespace

void RunClock::go_on() {
  std::error_code ignored;
  if (file_.empty() || !std::filesystem::exists(file_, ignored)) return;
  try {
    const Json timing = parse_json(read_file(file_), file_.string());
    const double seconds = timing.at(kSeconds).get<double>();
    if (std::isfinite(seconds) && seconds > 0) before_ = seconds;
  } catch (const Json::exception&) {
  } catch (const InputError&) {
  }
}

void RunClock::write(unsigned threads) const {
  if (file_.empty()) return;
  const MachineReport machine = describe_machine();
  const Json timing = {{kSeconds, seconds()},
                       {"threads", threads},
                       {"processor", machine.processor},
                       {"vectors", machine.vectors}};
  write_file_atomically(file_, dump_json(timing, 2) + "\n");
}

double RunClock::seconds() const {
  return before_ + std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
}

}  // namespace harmonium
