// A folder of its own for each test, and what messages say.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "harmonium/base/error.h"
#include "harmonium/data/batch_source.h"

namespace harmonium {

class DataTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::temp_directory_path() /
              (std::string("harmonium-data-") + info->test_suite_name() + "-" + info->name());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string write(const std::string& name, std::string_view text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return path(name);
  }

  std::filesystem::path folder_;
};

/// All cases of a source, in order.
inline Matrix<float> fetch_all(const BatchSource& source, std::uint64_t epoch = 0, std::uint64_t seed = 1) {
  std::vector<std::uint64_t> cases(source.size());
  std::iota(cases.begin(), cases.end(), std::uint64_t{0});
  Matrix<float> values(source.size(), source.layer().columns());
  source.fetch(cases, seed, epoch, values);
  return values;
}

inline std::vector<float> row_of(const Matrix<float>& values, std::size_t row) {
  return {values.row(row).begin(), values.row(row).end()};
}

/// What an InputError says; fails the test where none is thrown.
template <class F>
std::string input_error(F&& f) {
  try {
    f();
  } catch (const InputError& error) {
    return error.what();
  } catch (const std::exception& error) {
    ADD_FAILURE() << "not an InputError: " << error.what();
    return "";
  }
  ADD_FAILURE() << "no error was thrown";
  return "";
}

}  // namespace harmonium
