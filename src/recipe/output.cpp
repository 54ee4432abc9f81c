#include "recipe/output.h"

#include "harmonium/base/error.h"

namespace harmonium {

OutputFolder::OutputFolder(const std::filesystem::path& folder) {
  std::error_code error;
  for (auto path = folder; !path.empty() && !std::filesystem::exists(path, error); path = path.parent_path())
    made_.push_back(path);
  std::filesystem::create_directories(folder, error);
  if (error || !std::filesystem::is_directory(folder))
    throw WorkError(folder.string() + ": the output folder cannot be made (" + error.message() +
                    "); give a place that can be written by --out.");
}

OutputFolder::~OutputFolder() {
  std::error_code ignored;
  for (const auto& path : made_) std::filesystem::remove(path, ignored);  // only where it is empty
}

Json measurement_json(const Measurement& m) {
  Json json = {{"value", m.value}};
  if (m.standard_error) json["standard_error"] = *m.standard_error;
  if (m.cases > 0) json["cases"] = m.cases;
  json["unit"] = m.unit;
  json["how"] = m.how;
  return json;
}

}  // namespace harmonium
