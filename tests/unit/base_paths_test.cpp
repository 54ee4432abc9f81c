// The folder of the shipped data and the version string.
#include "harmonium/base/paths.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <regex>
#include <string>

#include "harmonium/base/error.h"
#include "harmonium/base/version.h"

namespace harmonium {
namespace {

/// Sets HARMONIUM_DATA for one test and puts back what was there.
class DataVariable {
 public:
  explicit DataVariable(const char* value) {
    if (const char* before = std::getenv("HARMONIUM_DATA")) before_ = before;
    if (value != nullptr) {
      setenv("HARMONIUM_DATA", value, 1);
    } else {
      unsetenv("HARMONIUM_DATA");
    }
  }
  ~DataVariable() {
    if (before_) {
      setenv("HARMONIUM_DATA", before_->c_str(), 1);
    } else {
      unsetenv("HARMONIUM_DATA");
    }
  }
  DataVariable(const DataVariable&) = delete;
  DataVariable& operator=(const DataVariable&) = delete;

 private:
  std::optional<std::string> before_;
};

TEST(DataFolder, IsTheSourceTreesWhereNothingIsInstalled) {
  const DataVariable unset(nullptr);
  EXPECT_TRUE(std::filesystem::equivalent(data_folder(), HARMONIUM_DATA));
  EXPECT_TRUE(std::filesystem::exists(data_folder() / "mnist" / "train-images-idx3-ubyte.gz"));
}

TEST(DataFolder, AnEmptyVariableCountsAsUnset) {
  const DataVariable empty("");
  EXPECT_TRUE(std::filesystem::equivalent(data_folder(), HARMONIUM_DATA));
}

TEST(DataFolder, TheEnvironmentOverrides) {
  const DataVariable set("/");
  EXPECT_EQ(data_folder(), "/");
}

TEST(DataFolder, AVariableThatNamesNoFolderIsRefusedByName) {
  const DataVariable wrong("/no/such/folder");
  try {
    data_folder();
    FAIL() << "accepted /no/such/folder";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("HARMONIUM_DATA names \"/no/such/folder\""), std::string::npos)
        << error.what();
  }
}

TEST(Version, HasThreeNumbers) {
  EXPECT_TRUE(std::regex_match(version(), std::regex("[0-9]+\\.[0-9]+\\.[0-9]+"))) << version();
}

}  // namespace
}  // namespace harmonium
