// Which release of the library this is.
#pragma once

#include <string>

namespace harmonium {

/// The library's version, "major.minor.patch" of semantic versioning, as it is written into models and
/// reports.
std::string version();

}  // namespace harmonium
