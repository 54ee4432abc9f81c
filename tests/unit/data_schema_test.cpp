// Schemas: the layer they make, their text forms, and contradictions.
#include "harmonium/data/schema.h"

#include "unit/data_temp.h"

namespace harmonium {
namespace {

using testing::AllOf;
using testing::HasSubstr;

Column feature(const std::string& name, UnitKind kind, std::size_t width = 1) {
  Column column;
  column.name = name;
  column.kind = kind;
  column.width = width;
  return column;
}

Schema mixed() {
  Schema schema;
  schema.columns.push_back(feature("a", UnitKind::kBernoulli));
  schema.columns.push_back(feature("b", UnitKind::kBernoulli, 3));
  Column colour = feature("the \"colour\"\nof it", UnitKind::kSoftmax);
  colour.categories = {"red", "größe", "a, b"};
  schema.columns.push_back(colour);
  Column size = feature("size", UnitKind::kSoftmax, 2);
  size.parameter = 3;
  schema.columns.push_back(size);
  Column text = feature("text", UnitKind::kBernoulli);
  text.role = ColumnRole::kIgnore;
  text.reason = "53 different words: free text";
  schema.columns.push_back(text);
  Column count = feature("count", UnitKind::kBinomial);
  count.parameter = 8;
  count.missing = Missing::kUnknown;
  count.missing_cells = 4;
  count.minimum = 0, count.maximum = 8;
  schema.columns.push_back(count);
  Column real = feature("real", UnitKind::kGaussian);
  real.standardise = true;
  real.mean = {0.1f}, real.deviation = {2.5f};
  real.minimum = 0.1, real.maximum = 1e300;
  schema.columns.push_back(real);
  Column learned = feature("learned", UnitKind::kGaussian);
  learned.learned_variance = true;
  schema.columns.push_back(learned);
  Column pixels = feature("pixels", UnitKind::kBernoulli, 6);
  pixels.shape = {2, 3};
  pixels.scale = 1.0f / 255.0f;
  pixels.binarise = Binarise::kSample;
  schema.columns.push_back(pixels);
  Column label = feature("kind", UnitKind::kBernoulli);
  label.role = ColumnRole::kLabel;
  label.width = 0;
  label.categories = {"0", "1"};
  schema.columns.push_back(label);
  return schema;
}

TEST(SchemaTest, NeighboursOfOneKindAreOneGroupAndEachSoftmaxItsOwn) {
  const Schema schema = mixed();
  schema.validate();
  const LayerSpec layer = schema.layer();
  ASSERT_EQ(layer.groups.size(), 7u);
  EXPECT_EQ(layer.to_string(), parse_layer("4 + softmax 3 + softmax(3) 2 + binomial(8) 1 + gaussian 1 + "
                                           "gaussian(learned) 1 + 6")
                                   .to_string());
  EXPECT_EQ(schema.unit_columns(), layer.columns());
  EXPECT_EQ(schema.unit_columns(), 4u + 3 + 6 + 1 + 1 + 1 + 6);
}

TEST(SchemaTest, NamesItsUnits) {
  const Schema schema = mixed();
  EXPECT_EQ(schema.unit_name(0), "a");
  EXPECT_EQ(schema.unit_name(3), "b[2]");
  EXPECT_EQ(schema.unit_name(5), "the \"colour\"\nof it=größe");
  EXPECT_EQ(schema.unit_name(4 + 3 + 4), "size[1]=1");
  EXPECT_EQ(schema.unit_name(schema.unit_columns() - 1), "pixels[1,2]");
  EXPECT_THROW(schema.unit_name(schema.unit_columns()), InputError);
}

TEST(SchemaTest, ImageShapeNeedsOneBlock) {
  EXPECT_TRUE(mixed().image_shape().empty());
  Schema schema;
  schema.columns.push_back(mixed().columns[8]);
  schema.columns.push_back(mixed().columns[9]);
  EXPECT_EQ(schema.image_shape(), (std::vector<std::size_t>{2, 3}));
}

TEST(SchemaTest, JsonAndStatisticsGiveItBack) {
  const Schema schema = mixed();
  const auto statistics = schema.statistics();
  EXPECT_EQ(statistics.at("data.mean"), std::vector<float>{0.1f});
  EXPECT_EQ(statistics.at("data.deviation"), std::vector<float>{2.5f});
  EXPECT_EQ(schema.to_json().find("mean"), std::string::npos);
  EXPECT_EQ(Schema::from_json(schema.to_json(), statistics), schema);
}

TEST(SchemaTest, TomlGivesItBackInOrder) {
  const Schema schema = mixed();
  EXPECT_EQ(Schema::from_toml(schema.to_toml()), schema) << schema.to_toml();
}

TEST(SchemaTest, JsonRefusesWhatDoesNotFit) {
  const Schema schema = mixed();
  EXPECT_THAT(input_error([&] { Schema::from_json(schema.to_json(), {}); }),
              HasSubstr("data.mean should have 1 values, not 0"));
  EXPECT_THROW(Schema::from_json("{}", {}), InputError);
  EXPECT_THROW(Schema::from_json("[", {}), InputError);
  EXPECT_THROW(Schema::from_json(R"({"columns":[{"kind":"gaussian"}]})", {}), InputError);
  EXPECT_THROW(Schema::from_json(R"({"columns":[{"name":"a","width":18446744073709551615}]})", {}),
               InputError);
  EXPECT_THROW(Schema::from_json(R"({"columns":[{"name":"a","width":-1}]})", {}), InputError);
}

TEST(SchemaTest, TomlErrorsNameLineKeyAndNearest) {
  const auto error = [](const std::string& line) {
    return input_error([&] { Schema::from_toml("[data.columns]\n# a comment\n" + line, "r.toml"); });
  };
  EXPECT_THAT(error("age = { knid = \"gaussian\" }"),
              AllOf(HasSubstr("r.toml:3"), HasSubstr("column \"age\""), HasSubstr("\"knid\""),
                    HasSubstr("did you mean 'kind'?")));
  EXPECT_THAT(error("age = { kind = \"gausian\" }"), AllOf(HasSubstr("r.toml:3"), HasSubstr("gaussian")));
  EXPECT_THAT(error("age = { role = \"ignored\" }"), HasSubstr("did you mean 'ignore'?"));
  EXPECT_THAT(error("age = { missing = \"unkown\" }"), HasSubstr("did you mean 'unknown'?"));
  EXPECT_THAT(error("age = { scale = \"1\" }"), HasSubstr("scale should be a number"));
  EXPECT_THAT(error("age = { width = -1 }"), HasSubstr("width"));
  EXPECT_THAT(error("age = { mean = 3 }"), HasSubstr("mean should be a list"));
  EXPECT_THAT(error("age = 3"), HasSubstr("should be a table"));
  EXPECT_THAT(error("age = { kind = \"3 + gaussian\" }"), HasSubstr("kind"));
}

TEST(SchemaTest, RefusesContradictions) {
  const auto error = [](const std::string& lines) {
    return input_error([&] { Schema::from_toml("[data.columns]\n" + lines, "r.toml"); });
  };
  EXPECT_THAT(error("a = { role = \"ignore\" }"), HasSubstr("no column is a feature"));
  EXPECT_THAT(error("a = { kind = \"softmax\" }"), HasSubstr("at least 2 states"));
  EXPECT_THAT(error("a = { kind = \"bernoulli\", categories = [\"x\", \"y\", \"z\"] }"),
              HasSubstr("2 categories"));
  EXPECT_THAT(error("a = { kind = \"softmax\", categories = [\"x\", \"x\"] }"), HasSubstr("twice"));
  EXPECT_THAT(error("a = { width = 6, shape = [2, 2] }"), HasSubstr("multiply to the width 6"));
  EXPECT_THAT(error("a = { width = 6, shape = [0, 2] }"), HasSubstr("multiply to the width 6"));
  EXPECT_THAT(error("a = { kind = \"gaussian\", standardise = true, mean = [1, 2], deviation = [1, 2] }"),
              HasSubstr("1 values each"));
  EXPECT_THAT(error("a = { kind = \"gaussian\", standardise = true, mean = [1], deviation = [0] }"),
              HasSubstr("above 0"));
  EXPECT_THAT(error("a = { kind = \"poisson\", binarise = \"sample\" }"), HasSubstr("only bernoulli"));
  EXPECT_THAT(error("a = { standardise = true }"), HasSubstr("only gaussian"));
  EXPECT_THAT(error("a = { scale = 0 }"), HasSubstr("scale"));
  EXPECT_THAT(error("a = { scale = inf }"), HasSubstr("finite"));
  EXPECT_THAT(error("a = { }\nb = { role = \"label\" }\nc = { role = \"label\" }"), HasSubstr("two columns"));
}

TEST(SchemaTest, StatisticsMustBeThereToBeSaved) {
  Schema schema = mixed();
  schema.columns[6].mean.clear(), schema.columns[6].deviation.clear();
  EXPECT_THAT(input_error([&] { schema.statistics(); }), HasSubstr("\"real\""));
}

}  // namespace
}  // namespace harmonium
