// What the tests of files share: a folder of its own for each test, bytes spelled out, errors, and damage.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "harmonium/base/error.h"

namespace harmonium {

class IoTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    folder_ =
        std::filesystem::temp_directory_path() / (std::string("harmonium-") + info->test_suite_name() + "-" +
                                                  info->name() + "-" + std::to_string(::getpid()));
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  /// Writes without any of the library's care.
  std::string put(const std::string& name, std::string_view bytes) const {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
    return path(name);
  }
  std::string get(const std::string& name) const {
    std::ifstream in(folder_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  /// Names in the folder, sorted.
  std::vector<std::string> names() const {
    std::vector<std::string> result;
    for (const auto& entry : std::filesystem::directory_iterator(folder_))
      result.push_back(entry.path().filename().string());
    std::sort(result.begin(), result.end());
    return result;
  }

  std::filesystem::path folder_;
};

/// What an Error says; fails the test where another one or none is thrown.
template <class Error>
std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  } catch (const std::exception& error) {
    ADD_FAILURE() << "another error: " << error.what();
    return "";
  }
  ADD_FAILURE() << "no error was thrown";
  return "";
}
inline std::string input_error(const std::function<void()>& action) {
  return error_of<InputError>(action);
}
inline std::string work_error(const std::function<void()>& action) {
  return error_of<WorkError>(action);
}

/// A number as bytes, the least significant first.
template <class T>
std::string little(T value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}
/// The same, the most significant first.
template <class T>
std::string big(T value) {
  const std::string bytes = little(value);
  return {bytes.rbegin(), bytes.rend()};
}

/// Writes a fresh file: writing over an old one makes some file systems sync it, which is slow.
inline void put_fresh(const std::string& path, std::string_view bytes) {
  std::filesystem::remove(path);
  std::ofstream(path, std::ios::binary) << bytes;
}

/// Memory that the process may take at most while this lives: a claim that is believed becomes bad_alloc.
/// Sanitizers reserve address space of their own, so there the limit stays off.
class MemoryLimit {
 public:
  MemoryLimit() {
    ::getrlimit(RLIMIT_AS, &before_);
#ifndef __SANITIZE_ADDRESS__
    constexpr rlim_t kMost = rlim_t{512} << 20;
    const rlimit now{kMost, before_.rlim_max};
    ::setrlimit(RLIMIT_AS, &now);
#endif
  }
  ~MemoryLimit() {
    ::setrlimit(RLIMIT_AS, &before_);
  }

 private:
  rlimit before_{};
};

/// True where reading succeeds, false for InputError; anything else fails the test.
inline bool reads(const std::function<void()>& read, const std::string& damage) {
  try {
    read();
    return true;
  } catch (const InputError& error) {
    EXPECT_GT(std::string_view(error.what()).size(), 10u) << damage;
  } catch (const std::exception& error) {
    ADD_FAILURE() << damage << ": " << error.what();
  }
  return false;
}

/// Reads every beginning of `whole`; returns the lengths at which reading succeeds.
inline std::vector<std::size_t> readable_prefixes(const std::string& path, const std::string& whole,
                                                  const std::function<void()>& read) {
  const MemoryLimit limit;
  std::vector<std::size_t> result;
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    put_fresh(path, std::string_view(whole).substr(0, cut));
    if (reads(read, "cut at " + std::to_string(cut))) result.push_back(cut);
  }
  return result;
}

/// Reads `whole` with one to four bytes changed, taken out or put in, `count` times over; returns how often
/// it was refused.
inline std::size_t refused_of_damaged(const std::string& path, const std::string& whole, std::size_t count,
                                      const std::function<void()>& read) {
  const MemoryLimit limit;
  std::mt19937 random(1);
  std::size_t refused = 0;
  for (std::size_t i = 0; i < count; ++i) {
    std::string changed = whole;
    for (std::size_t n = random() % 4 + 1; n > 0 && !changed.empty(); --n) {
      const std::size_t at = random() % changed.size();
      const auto byte = static_cast<char>(random() % 4 == 0 ? 0xFF : random());
      switch (random() % 6) {
        case 0:
          changed.erase(at, 1);
          break;
        case 1:
          changed.insert(at, 1, byte);
          break;
        case 2:
          changed[at] = byte;
          break;
        default:
          changed[at] = static_cast<char>(changed[at] ^ (1 << random() % 8));
      }
    }
    put_fresh(path, changed);
    refused += !reads(read, "change " + std::to_string(i) + " of '" + changed + "'");
  }
  return refused;
}

}  // namespace harmonium
