// Whole runs in a folder of their own, one a test.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "harmonium/base/error.h"
#include "harmonium/recipe/run.h"

namespace harmonium {

class RecipeFolder : public testing::Test {
 protected:
  void SetUp() override {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::temp_directory_path() / (std::string("harmonium-") + info->test_suite_name() +
                                                        "-" + info->name() + "-" + std::to_string(getpid()));
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path at(const std::string& name) const { return folder_ / name; }

  /// What the InputError of f() says, or "no error".
  template <class F>
  static std::string refusal(F f) {
    try {
      f();
    } catch (const InputError& error) {
      return error.what();
    }
    return "no error";
  }
  static std::string text_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }

  std::filesystem::path folder_;
  Recipe recipe_;
  Reporter reporter_;
};

}  // namespace harmonium
