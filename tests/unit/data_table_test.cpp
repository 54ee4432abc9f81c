// Tables end to end: described, edited as TOML, loaded, fetched; and what is refused.
#include <cmath>

#include "harmonium/data/describe.h"
#include "harmonium/data/load.h"
#include "unit/data_temp.h"

namespace harmonium {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsNan;

class TableTest : public DataTest {
 protected:
  /// 30 cases; "visits" is a count with a rare largest value only in larger tables, so here: 0..11 varied.
  std::string mixed() const {
    std::string text = "id,smoker,colour,answer,visits,height,constant,note,label\n";
    for (int i = 0; i < 30; ++i) {
      const char* colours[] = {"red", "green", "blue"};
      text += std::to_string(100 + i) + "," + std::to_string(i % 2) + ",";
      text += i == 4 ? "" : colours[i % 3];
      text += std::string(",") + (i % 5 == 0 ? "no" : "yes") + "," + std::to_string(i * i % 97) + ",";
      text += (i == 7 ? "NaN" : std::to_string(150 + i) + ".5") + ",7,\"note, " + std::to_string(i) + "\"," +
              (i % 3 == 0 ? "ill" : "well") + "\n";
    }
    return write("mixed.csv", text);
  }
  Dataset load(const std::string& file, const std::string& columns,
               std::optional<Missing> missing = std::nullopt) const {
    DataRequest request;
    request.source = file;
    request.columns = Schema::from_toml("[data.columns]\n" + columns);
    request.missing = missing;
    return load_dataset(request);
  }
};

TEST_F(TableTest, DescribesMixedColumns) {
  const Description description = describe(mixed());
  const auto& columns = description.schema.columns;
  ASSERT_EQ(columns.size(), 9u);
  EXPECT_EQ(description.cases, 30u);
  EXPECT_EQ(columns[0].role, ColumnRole::kIgnore);
  EXPECT_THAT(columns[0].reason, HasSubstr("identifier"));
  EXPECT_EQ(columns[1].kind, UnitKind::kBernoulli);
  EXPECT_EQ(columns[2].kind, UnitKind::kSoftmax);
  EXPECT_THAT(columns[2].categories, ElementsAre("blue", "green", "red"));
  EXPECT_EQ(columns[2].missing_cells, 1u);
  EXPECT_EQ(columns[2].missing, Missing::kUnknown);
  EXPECT_EQ(columns[3].kind, UnitKind::kBernoulli);
  EXPECT_THAT(columns[3].categories, ElementsAre("no", "yes"));
  EXPECT_EQ(columns[4].kind, UnitKind::kPoisson);
  EXPECT_EQ(columns[5].kind, UnitKind::kGaussian);
  EXPECT_TRUE(columns[5].standardise);
  EXPECT_EQ(columns[5].minimum, 150.5);
  EXPECT_EQ(columns[5].maximum, 179.5);
  EXPECT_EQ(columns[5].missing_cells, 1u);
  EXPECT_EQ(columns[6].role, ColumnRole::kIgnore);
  EXPECT_THAT(columns[6].reason, HasSubstr("the same value, 7"));
  EXPECT_EQ(columns[7].role, ColumnRole::kIgnore);
  EXPECT_EQ(columns[8].role, ColumnRole::kLabel);
  EXPECT_THAT(columns[8].categories, ElementsAre("ill", "well"));
  for (const auto& reason : description.reasons) EXPECT_FALSE(reason.empty());
}

TEST_F(TableTest, DescriptionParsesBackAndLoadsToExactUnits) {
  const std::string file = mixed();
  const Description description = describe(file);
  const Schema schema = Schema::from_toml(description.to_toml(), "edited.toml");
  EXPECT_EQ(schema, description.schema) << description.to_toml();
  DataRequest request;
  request.source = file;
  request.columns = schema;
  const Dataset data = load_dataset(request);
  EXPECT_EQ(data.layer().to_string(), parse_layer("1 + softmax 3 + 1 + poisson 1 + gaussian 1").to_string());
  EXPECT_EQ(data.size(), 30u);
  EXPECT_EQ(data.missing(), Missing::kUnknown);
  EXPECT_TRUE(data.has_missing());
  double mean = 0.0, square = 0.0;
  for (int i = 0; i < 30; ++i) mean += i == 7 ? 0.0 : (150.5 + i) / 29;
  for (int i = 0; i < 30; ++i) square += i == 7 ? 0.0 : (150.5 + i - mean) * (150.5 + i - mean) / 29;
  const auto standard = [&](int i) { return static_cast<float>((150.5 + i - mean) / std::sqrt(square)); };
  const Matrix<float> values = fetch_all(data);
  EXPECT_THAT(row_of(values, 0), ElementsAre(0, 0, 0, 1, 0, 0, testing::FloatNear(standard(0), 1e-5f)));
  EXPECT_THAT(row_of(values, 5), ElementsAre(1, 1, 0, 0, 0, 25, testing::FloatNear(standard(5), 1e-5f)));
  EXPECT_THAT(row_of(values, 4),
              ElementsAre(0, IsNan(), IsNan(), IsNan(), 1, 16, testing::FloatNear(standard(4), 1e-5f)));
  EXPECT_THAT(row_of(values, 7), ElementsAre(1, 0, 1, 0, 1, 49, IsNan()));
  EXPECT_THAT(data.class_counts(), ElementsAre(10, 20));
}

TEST_F(TableTest, MissingValuesAreRefusedUnlessTheRequestSaysWhatTheyMean) {
  const std::string file = write("m.csv", "a,b\n1.5,0\n,1\n2.25,1\n");
  EXPECT_THAT(input_error([&] { load_dataset(file); }),
              AllOf(HasSubstr("m.csv:3"), HasSubstr("column \"a\""), HasSubstr("set missing = \"unknown\"")));
  DataRequest request;
  request.source = file;
  request.missing = Missing::kAbsent;
  const Dataset data = load_dataset(request);
  EXPECT_EQ(data.missing(), Missing::kAbsent);
  EXPECT_THAT(row_of(fetch_all(data), 1), ElementsAre(IsNan(), 1));
  const std::string mixture =
      "a = { kind = \"gaussian\", missing = \"unknown\" }\n"
      "b = { missing = \"absent\" }\n";
  EXPECT_EQ(load(file, mixture).missing(), Missing::kUnknown);  // b has none
  const std::string both = write("n.csv", "a,b\n1,\n,1\n");
  EXPECT_THAT(input_error([&] { load(both, mixture); }), HasSubstr("learned differently"));
}

TEST_F(TableTest, InfinityIsAlwaysRefused) {
  const std::string file = write("i.csv", "a,b\n1.5,0\n2.5,1\n-inf,1\n");
  EXPECT_THAT(input_error([&] { load(file, "a = { kind = \"gaussian\" }\nb = { }", Missing::kUnknown); }),
              AllOf(HasSubstr("i.csv:4"), HasSubstr("column \"a\""), HasSubstr("infinite")));
  const std::string huge = write("h.csv", "a\n1.5\n1e999\n");
  EXPECT_THAT(input_error([&] { load(huge, "a = { kind = \"gaussian\" }"); }), HasSubstr("h.csv:3"));
}

TEST_F(TableTest, ValuesOutsideTheKindAreRefusedWithLineAndColumn) {
  const auto error = [&](const std::string& kind, const std::string& cell) {
    const std::string file = write("v.csv", "\"x, y\",b\n0,0\n1,1\n" + cell + ",1\n");
    return input_error([&] { load(file, "\"x, y\" = { kind = \"" + kind + "\" }\nb = { }"); });
  };
  const auto place = AllOf(HasSubstr("v.csv:4"), HasSubstr("column \"x, y\""));
  EXPECT_THAT(error("bernoulli", "1.5"), AllOf(place, HasSubstr("1.5 is not between 0 and 1")));
  EXPECT_THAT(error("bernoulli", "-0.001"), AllOf(place, HasSubstr("-0.001")));
  EXPECT_THAT(error("poisson", "-3"), AllOf(place, HasSubstr("-3 is not a whole number from 0")));
  EXPECT_THAT(error("poisson", "2.5"), AllOf(place, HasSubstr("2.5")));
  EXPECT_THAT(error("binomial(8)", "9"), AllOf(place, HasSubstr("from 0 to 8")));
  EXPECT_THAT(error("stepped(4)", "5"), AllOf(place, HasSubstr("from 0 to 4")));
  EXPECT_THAT(error("softmax(3)", "3"), AllOf(place, HasSubstr("3 categories")));
  EXPECT_THAT(error("rectified", "-1"), AllOf(place, HasSubstr("below 0")));
  EXPECT_THAT(error("gaussian", "tall"), AllOf(place, HasSubstr("\"tall\" is not a number")));
}

TEST_F(TableTest, UnknownCategoryIsAnsweredWithTheNearest) {
  const std::string file = write("c.csv", "colour\nred\ngreen\ngren\n");
  EXPECT_THAT(input_error([&] {
                load(file, "colour = { kind = \"softmax\", categories = [\"red\", \"green\", \"blue\"] }");
              }),
              AllOf(HasSubstr("c.csv:4"), HasSubstr("column \"colour\""), HasSubstr("\"gren\""),
                    HasSubstr("did you mean 'green'?")));
}

TEST_F(TableTest, CategoriesThatAreNumbersMeetByValue) {
  const std::string file = write("c.csv", "a\n1\n2.0\n 3 \n");
  const Dataset data = load(file, "a = { kind = \"softmax\", categories = [\"1.0\", \"2\", \"3\"] }");
  const Matrix<float> values = fetch_all(data);
  EXPECT_THAT(row_of(values, 0), ElementsAre(1, 0, 0));
  EXPECT_THAT(row_of(values, 1), ElementsAre(0, 1, 0));
  EXPECT_THAT(row_of(values, 2), ElementsAre(0, 0, 1));
}

TEST_F(TableTest, ColumnsMustBeThoseOfTheSchema) {
  const std::string file = write("c.csv", "height,weigth\n1,2\n3,4\n");
  EXPECT_THAT(
      input_error([&] { load(file, "height = { kind = \"gaussian\" }\nweight = { kind = \"gaussian\" }"); }),
      AllOf(HasSubstr("no column \"weight\""), HasSubstr("did you mean 'weigth'?")));
  EXPECT_THAT(input_error([&] { load(file, "height = { kind = \"gaussian\" }"); }),
              AllOf(HasSubstr("\"weigth\" is not in the schema"), HasSubstr("role = \"ignore\"")));
  const Dataset data = load(file, "weigth = { role = \"ignore\" }\nheight = { kind = \"gaussian\" }");
  EXPECT_THAT(row_of(fetch_all(data), 1), ElementsAre(3));
}

TEST_F(TableTest, OrderIsThatOfTheFile) {
  const std::string file = write("o.csv", "a,b,c\n1,2,3\n");
  const Dataset data =
      load(file, "c = { kind = \"poisson\" }\na = { kind = \"poisson\" }\nb = { kind = \"poisson\" }");
  EXPECT_THAT(row_of(fetch_all(data), 0), ElementsAre(1, 2, 3));
  EXPECT_EQ(data.layer().to_string(), "poisson 3");
}

// Weights stand in the order of the training data, so a file with other places for the same columns is the
// same.
TEST_F(TableTest, OrderOfASchemaThatWasReadByIsKept) {
  const std::string train = write("t.csv", "a,b,c,note\n1,2,3,x\n");
  const Dataset data = load(train,
                            "note = { role = \"ignore\" }\na = { kind = \"poisson\" }\n"
                            "b = { kind = \"poisson\" }\nc = { kind = \"poisson\" }");
  DataRequest request;
  request.source = write("moved.csv", "c,note,a,b\n3,x,1,2\n");
  for (const Schema& schema : {data.schema(), Schema::from_json(data.schema().to_json(), {})}) {
    request.columns = schema;
    EXPECT_THAT(row_of(fetch_all(load_dataset(request)), 0), ElementsAre(1, 2, 3));
  }
}

TEST_F(TableTest, SavedStatisticsStandardiseNewData) {
  const std::string train = write("train.csv", "a,b\n1,10\n3,30\n5,20\n");
  const std::string both =
      "a = { kind = \"gaussian\", standardise = true }\n"
      "b = { kind = \"gaussian\", standardise = true }\n";
  const Dataset data = load(train, both);
  EXPECT_FLOAT_EQ(data.schema().columns[0].mean[0], 3.0f);
  EXPECT_FLOAT_EQ(data.schema().columns[0].deviation[0], std::sqrt(8.0f / 3.0f));
  DataRequest request;
  request.source = write("new.csv", "a,b\n3,30\n100,0\n");
  request.columns = Schema::from_json(data.schema().to_json(), data.schema().statistics());
  const Dataset fresh = load_dataset(request);
  EXPECT_EQ(row_of(fetch_all(fresh), 0), row_of(fetch_all(data), 1));
  EXPECT_EQ(fresh.schema().columns[0].mean, data.schema().columns[0].mean);
}

TEST_F(TableTest, AColumnWithoutVarianceIsCentredAndNamed) {
  const std::string file = write("z.csv", "a,b\n0.1,1\n0.1,2\n0.1,4\n");
  const Dataset data =
      load(file, "a = { kind = \"gaussian\", standardise = true }\nb = { kind = \"poisson\" }");
  ASSERT_EQ(data.warnings().size(), 1u);
  EXPECT_THAT(data.warnings()[0], HasSubstr("column \"a\" has the same value"));
  EXPECT_EQ(data.schema().columns[0].deviation[0], 1.0f);
  for (std::size_t r = 0; r < 3; ++r) EXPECT_EQ(fetch_all(data)(r, 0), 0.0f);
}

TEST_F(TableTest, LabelsAndWeightsComeFromColumns) {
  DataRequest request;
  request.source = write("w.csv", "x,kind,w\n0,b,1\n1,a,0.5\n1,b,2\n");
  request.label_column = "kind";
  request.weights_column = "w";
  const Dataset data = load_dataset(request);
  EXPECT_EQ(data.layer().columns(), 1u);
  EXPECT_THAT(data.labels(), ElementsAre(1, 0, 1));
  EXPECT_THAT(data.case_weights(), ElementsAre(1.0f, 0.5f, 2.0f));
  request.label_column = "knid";
  EXPECT_THAT(input_error([&] { load_dataset(request); }), HasSubstr("did you mean 'kind'?"));
  request.label_column = "kind";
  request.source = write("bad.csv", "x,kind,w\n0,b,1\n1,a,-1\n");
  EXPECT_THAT(input_error([&] { load_dataset(request); }),
              AllOf(HasSubstr("bad.csv:3"), HasSubstr("weight -1")));
}

TEST_F(TableTest, AMissingLabelIsRefusedUnlessAllowed) {
  DataRequest request;
  request.source = write("l.csv", "x,label\n0,b\n1,\n1,a\n");
  EXPECT_THAT(input_error([&] { load_dataset(request); }),
              AllOf(HasSubstr("l.csv:3"), HasSubstr("missing = \"unknown\"")));
  request.missing = Missing::kUnknown;
  EXPECT_THAT(load_dataset(request).labels(), ElementsAre(1, -1, 0));
}

TEST_F(TableTest, TabsSeparateTsv) {
  const Dataset data = load_dataset(write("t.tsv", "a\tb\n0\t1\n1\t0\n"));
  EXPECT_THAT(row_of(fetch_all(data), 0), ElementsAre(0, 1));
}

TEST_F(TableTest, EmptyTablesAreRefused) {
  EXPECT_THAT(input_error([&] { load_dataset(write("e.csv", "a,b\n")); }), HasSubstr("no cases"));
  EXPECT_THROW(load_dataset(write("e.csv", "")), InputError);
  EXPECT_THROW(describe(write("e.csv", "a,b\n")), InputError);
}

TEST_F(TableTest, DescribeTellsCountsFromCategories) {
  std::string text = "few,tail,full,negative,many,words\n";
  for (int i = 0; i < 400; ++i) {
    const int tail = i == 0 ? 6 : i % 6;
    text += std::to_string(1 + i % 4) + "," + std::to_string(tail) + "," + std::to_string(i % 13) + "," +
            std::to_string(i % 5 - 2) + "," + std::to_string(i % 41 * 3) + ",w" + std::to_string(i % 30) +
            "\n";
  }
  const auto columns = describe(write("d.csv", text)).schema.columns;
  EXPECT_EQ(columns[0].kind, UnitKind::kSoftmax);
  EXPECT_THAT(columns[0].categories, ElementsAre("1", "2", "3", "4"));
  EXPECT_EQ(columns[1].kind, UnitKind::kPoisson);
  EXPECT_EQ(columns[2].kind, UnitKind::kBinomial);
  EXPECT_EQ(columns[2].parameter, 12u);
  EXPECT_EQ(columns[3].kind, UnitKind::kSoftmax);
  EXPECT_EQ(columns[4].kind, UnitKind::kPoisson);
  EXPECT_EQ(columns[5].role, ColumnRole::kIgnore);
  EXPECT_THAT(columns[5].reason, HasSubstr("30 different words"));
}

// Whoever loads a table without a schema is told what became of columns that a stray cell changes.
TEST_F(TableTest, LoadingTellsOfColumnsThatAreLeftOutOrTakenAsWords) {
  std::string text = "age,pressure,ward\n";
  for (int i = 0; i < 40; ++i)
    text += std::to_string(20 + i % 9) + ".5," + (i == 30 ? "-" : std::to_string(100 + i) + ".25") + "," +
            (i == 5 ? "x" : std::to_string(i % 4)) + "\n";
  const std::string file = write("ward.csv", text);
  const Dataset table = load_dataset(file);
  EXPECT_THAT(table.warnings(), testing::UnorderedElementsAre(
                                    AllOf(HasSubstr(file), HasSubstr("\"pressure\" is left out"),
                                          HasSubstr("\"-\" on line 32")),
                                    AllOf(HasSubstr(file), HasSubstr("\"ward\" is taken as categories"),
                                          HasSubstr("\"x\" on line 7"))));
  DataRequest request;
  request.source = file;
  request.columns = table.schema();
  EXPECT_TRUE(load_dataset(request).warnings().empty());  // whoever has a schema has seen it
}

TEST_F(TableTest, AFirstLineOfNumbersIsToldOf) {
  const Dataset table = load_dataset(write("bare.csv", "1.5,0\n2.5,1\n3.1,0\n"));
  EXPECT_EQ(table.size(), 2u);
  EXPECT_THAT(table.warnings(), testing::Contains(HasSubstr("first line")));
}

TEST_F(TableTest, DescribeSaysWhichCellIsNoNumber) {
  const auto description = describe(write("d.csv", "a\n1\n2\n3\n3\nten\n"));
  EXPECT_THAT(description.reasons[0], HasSubstr("\"ten\" on line 6"));
}

}  // namespace
}  // namespace harmonium
