#include "harmonium/base/error.h"

#include <cstdio>
#include <cstdlib>

namespace harmonium {

void check(bool holds, const char* message) {
  if (holds) return;
  std::fprintf(stderr, "harmonium: broken invariant: %s\n", message);
  std::abort();
}

}  // namespace harmonium
