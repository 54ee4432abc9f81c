// Text that goes into HTML and SVG.
#pragma once

#include <string>
#include <string_view>

namespace harmonium {

/// `text` as it may stand in element content and in quoted attributes: & < > " ' are escaped. Control
/// characters other than tabs and line ends, bytes that are not UTF-8, and characters that XML forbids become
/// U+FFFD, so that the result is well-formed whatever was given.
std::string escape_markup(std::string_view text);

/// Characters (code points) in UTF-8 text.
std::size_t character_count(std::string_view text);

}  // namespace harmonium
