// FNV-1a (Fowler, Noll & Vo): tells files apart, quickly and the same on every machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace harmonium {

class Fnv1a {
 public:
  void add(std::span<const std::byte> bytes) {
    for (const std::byte b : bytes) {
      hash_ = (hash_ ^ static_cast<std::uint64_t>(b)) * 0x100000001B3u;
    }
  }
  void add(std::uint64_t number) {
    for (int i = 0; i < 8; ++i) hash_ = (hash_ ^ (number >> (8 * i) & 0xFF)) * 0x100000001B3u;
  }
  void add(std::string_view text) {
    add(text.size());
    add(std::as_bytes(std::span(text.data(), text.size())));
  }
  std::uint64_t value() const { return hash_; }

 private:
  std::uint64_t hash_ = 0xCBF29CE484222325u;
};

}  // namespace harmonium
