#include "io/bytes.h"

#include <algorithm>
#include <cstdio>

namespace harmonium {

void swap_bytes(std::span<std::byte> bytes, std::size_t width) {
  if (width < 2) return;
  for (std::size_t i = 0; i + width <= bytes.size(); i += width)
    std::reverse(bytes.begin() + static_cast<std::ptrdiff_t>(i),
                 bytes.begin() + static_cast<std::ptrdiff_t>(i + width));
}

std::string shape_text(std::span<const std::size_t> shape) {
  if (shape.empty()) return "a single number";
  std::string text;
  for (const std::size_t n : shape) text += (text.empty() ? "" : " x ") + std::to_string(n);
  return text;
}

std::string printable(std::string_view text) {
  constexpr std::size_t kLongest = 60;
  std::string result;
  for (const char c : text.substr(0, kLongest)) {
    const auto byte = static_cast<unsigned char>(c);
    char code[8];
    std::snprintf(code, sizeof code, "\\x%02x", byte);
    result += byte >= 0x20 && byte != 0x7F ? std::string(1, c) : std::string(code);
  }
  return text.size() > kLongest ? result + "..." : result;
}

}  // namespace harmonium
