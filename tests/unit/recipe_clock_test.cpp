// The time of a run that was stopped and went on is that of all its parts.
#include <gtest/gtest.h>

#include "harmonium/io/atomic_file.h"
#include "harmonium/kernels/machine.h"
#include "io/json.h"
#include "recipe/run_clock.h"
#include "unit/data_temp.h"

namespace harmonium {
namespace {

class RunClockTest : public DataTest {};

double seconds_in(const std::string& path) {
  return parse_json(read_file(path), path).at("training_seconds").get<double>();
}

TEST_F(RunClockTest, AddsTheTimeOfEarlierParts) {
  write_file_atomically(path("timing.json"), "{\"training_seconds\": 100.5, \"threads\": 2}\n");
  RunClock clock(path("timing.json"));
  EXPECT_LT(clock.seconds(), 50);  // begun anew
  clock.go_on();
  EXPECT_GE(clock.seconds(), 100.5);
  EXPECT_LT(clock.seconds(), 150);
  clock.write(2);
  EXPECT_GE(seconds_in(path("timing.json")), 100.5);
  const Json timing = parse_json(read_file(path("timing.json")), "timing.json");
  EXPECT_EQ(timing.at("processor").get<std::string>(), describe_machine().processor);
}

TEST_F(RunClockTest, TakesADamagedFileForNone) {
  for (const char* text : {"", "{", "[]", "{\"training_seconds\": \"long\"}", "{\"training_seconds\": -5}"}) {
    write_file_atomically(path("timing.json"), text);
    RunClock clock(path("timing.json"));
    clock.go_on();
    EXPECT_LT(clock.seconds(), 50) << text;
    EXPECT_GE(clock.seconds(), 0) << text;
  }
}

TEST_F(RunClockTest, WithoutAFileKeepsNothing) {
  RunClock clock("");
  clock.go_on();
  clock.write(1);
  EXPECT_GE(clock.seconds(), 0);
}

}  // namespace
}  // namespace harmonium
