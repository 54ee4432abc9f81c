// The two ways in which work can go wrong for a person: what they gave is wrong, or the world failed.
//
// Every message is one sentence that names the file, line, key or value and says what would be right.
// A broken invariant of our own is neither: `check` prints it and aborts.
#pragma once

#include <stdexcept>
#include <string>

namespace harmonium {

/// Bad usage or bad input: a file that is not what it claims, an option out of range, a model that does
/// not fit the data. The command line ends with exit code 2.
class InputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The input was fine and the work failed: a full disk, a folder without write permission, learning that
/// diverged. The command line ends with exit code 1.
class WorkError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Aborts with `message` when `holds` is false. For invariants of this library, never for user input.
void check(bool holds, const char* message);

}  // namespace harmonium
