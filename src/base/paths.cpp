// Finds the data that ships: by the environment, beside an installed binary, or in the source tree.
#include "harmonium/base/paths.h"

#include <dlfcn.h>

#include <cstdlib>
#include <optional>
#include <string>
#include <system_error>

#include "harmonium/base/error.h"

namespace harmonium {
namespace {

namespace fs = std::filesystem;

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

/// The file that holds this code: libharmonium.so, or the program where the library is linked statically.
std::optional<fs::path> own_binary() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&data_folder), &info) == 0 || info.dli_fname == nullptr) return {};
  std::error_code failed;
  // The loader may give the program's name as it was typed; the kernel knows where it lies.
  fs::path binary = fs::canonical(info.dli_fname, failed);
  if (failed) binary = fs::canonical("/proc/self/exe", failed);
  if (failed) return {};
  return binary;
}

/// PREFIX/share/harmonium/data for a binary in PREFIX/bin, PREFIX/lib or PREFIX/lib/MACHINE.
std::optional<fs::path> installed_data() {
  const auto binary = own_binary();
  if (!binary) return {};
  fs::path prefix = binary->parent_path();
  for (int level = 0; level < 2; ++level) {
    prefix = prefix.parent_path();
    const fs::path data = prefix / "share" / "harmonium" / "data";
    if (is_folder(data)) return data;
  }
  return {};
}

}  // namespace

fs::path data_folder() {
  if (const char* chosen = std::getenv("HARMONIUM_DATA"); chosen != nullptr && *chosen != '\0') {
    if (!is_folder(chosen)) {
      throw InputError("HARMONIUM_DATA names \"" + std::string(chosen) +
                       "\", which is not a folder; it should name the folder that holds mnist/");
    }
    return chosen;
  }
  if (const auto installed = installed_data()) return *installed;
  if (is_folder(HARMONIUM_SOURCE_DATA)) return HARMONIUM_SOURCE_DATA;
  throw InputError("the data that ships with harmonium is neither beside its binary nor in \"" +
                   std::string(HARMONIUM_SOURCE_DATA) +
                   "\"; set HARMONIUM_DATA to the folder that holds mnist/");
}

}  // namespace harmonium
