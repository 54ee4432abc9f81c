// What every run leaves: its folder, and how a measure stands in metrics.json.
#pragma once

#include <filesystem>
#include <vector>

#include "harmonium/recipe/measures.h"
#include "io/json.h"

namespace harmonium {

/// The output folder, made before hours of work; new folders into which nothing was written go away again.
/// Throws WorkError where it cannot be made.
class OutputFolder {
 public:
  explicit OutputFolder(const std::filesystem::path& folder);
  ~OutputFolder();
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;

 private:
  std::vector<std::filesystem::path> made_;  // from the innermost out
};

/// {"value": ..., "standard_error": ..., "cases": ..., "unit": ..., "how": ...}
Json measurement_json(const Measurement& measurement);

}  // namespace harmonium
