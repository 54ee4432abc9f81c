#include "io/toml.h"

#include "harmonium/base/error.h"
#include "harmonium/io/read_file.h"

namespace harmonium {

toml::table parse_toml(std::string_view text, const std::string& where) {
  try {
    return toml::parse(text, std::string_view(where));
  } catch (const toml::parse_error& error) {
    const auto& begin = error.source().begin;
    throw InputError(where + ":" + std::to_string(begin.line) + ":" + std::to_string(begin.column) + ": " +
                     std::string(error.description()) + ".");
  }
}

toml::table load_toml(const std::filesystem::path& path) {
  constexpr std::uint64_t kLargestRecipe = std::uint64_t{16} << 20;
  return parse_toml(read_file(path, kLargestRecipe), path.string());
}

}  // namespace harmonium
