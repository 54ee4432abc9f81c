// What units mean in the columns of the table that they were made from.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "harmonium/data/restore.h"

namespace harmonium {
namespace {

using testing::ElementsAre;

Schema schema_of_patients() {
  Schema schema;
  Column smoker{.name = "smoker", .kind = UnitKind::kBernoulli, .categories = {"no", "yes"}};
  Column colour{.name = "colour", .kind = UnitKind::kSoftmax, .categories = {"red", "green", "blue"}};
  Column label{.name = "ill", .role = ColumnRole::kLabel};
  Column visits{.name = "visits", .kind = UnitKind::kPoisson};
  Column weight{.name = "weight", .kind = UnitKind::kGaussian};
  weight.standardise = true, weight.mean = {70.0f}, weight.deviation = {8.0f};
  Column grade{.name = "grade", .kind = UnitKind::kSoftmax, .parameter = 2};
  Column dose{.name = "dose", .kind = UnitKind::kBernoulli};
  dose.scale = 0.25f, dose.offset = -0.5f;
  schema.columns = {smoker, colour, label, visits, weight, grade, dose};
  return schema;
}

TEST(Restore, SpeaksTheFilesOwnWords) {
  const Schema schema = schema_of_patients();
  EXPECT_THAT(raw_header(schema), ElementsAre("smoker", "colour", "visits", "weight", "grade", "dose"));
  const std::vector<float> units = {0.9f, 0.2f, 0.5f, 0.3f, 3.25f, -1.5f, 0.1f, 0.9f, 0.75f};
  EXPECT_THAT(raw_cells(schema, units), ElementsAre("yes", "green", "3.25", "58", "1", "5"));
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> unknown = {kNan, kNan, kNan, kNan, kNan, kNan, kNan, kNan, kNan};
  EXPECT_THAT(raw_cells(schema, unknown), ElementsAre("", "", "", "", "", ""));
}

}  // namespace
}  // namespace harmonium
