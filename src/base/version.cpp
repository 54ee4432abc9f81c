// The version has one home, project() in CMakeLists.txt, which hands it to this file alone.
#include "harmonium/base/version.h"

namespace harmonium {

std::string version() {
  return HARMONIUM_VERSION;
}

}  // namespace harmonium
