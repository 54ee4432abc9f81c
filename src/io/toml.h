// TOML behind our own errors. Private: public headers never show the library.
#pragma once

// The parser asserts what damaged text can break, and then reports it as an error all the same: no abort for
// bad input.
#define TOML_ASSERT(condition) static_cast<void>(0)
#include <toml++/toml.h>

#include <filesystem>
#include <string>
#include <string_view>

namespace harmonium {

/// Reads a TOML file. Throws InputError "FILE:LINE:COLUMN: ..." where it is not TOML, and as read_file does.
toml::table load_toml(const std::filesystem::path& path);

/// Parses text; `where` stands for the file in messages.
toml::table parse_toml(std::string_view text, const std::string& where);

}  // namespace harmonium
