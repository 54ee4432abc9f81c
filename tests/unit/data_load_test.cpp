// Finding and reading data: names, folders, formats, parts, labels beside values, and writing them again.
#include "harmonium/data/load.h"

#include <chrono>
#include <cmath>
#include <set>

#include "harmonium/data/describe.h"
#include "harmonium/io/idx.h"
#include "harmonium/io/npy.h"
#include "harmonium/io/png.h"
#include "unit/data_temp.h"

namespace harmonium {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class LoadTest : public DataTest {
 protected:
  static NumericArray bytes(std::vector<std::uint8_t> values, std::vector<std::size_t> shape) {
    return NumericArray::from<std::uint8_t>(values, std::move(shape));
  }
};

TEST_F(LoadTest, MnistIsAllThere) {
  DataRequest request;
  request.source = "mnist";
  const Dataset train = load_dataset(request);
  EXPECT_EQ(train.size(), 60000u);
  EXPECT_EQ(train.raw_bytes(), 60000u * 784);
  EXPECT_EQ(train.layer().to_string(), "784");
  EXPECT_EQ(train.name(), "mnist");
  EXPECT_THAT(train.image_shape(), ElementsAre(28, 28));
  EXPECT_THAT(train.class_counts(), ElementsAre(5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949));
  request.part = "test";
  const Dataset test = load_dataset(request);
  EXPECT_EQ(test.size(), 10000u);
  EXPECT_THAT(test.class_counts(), ElementsAre(980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009));
  request.classes = {"2"};
  request.limit = 100;
  request.resize = {16, 16};
  const Dataset twos = load_dataset(request);
  EXPECT_EQ(twos.size(), 100u);
  EXPECT_EQ(twos.class_counts()[2], 100u);
  EXPECT_EQ(twos.layer().columns(), 256u);
  request.part = "valid";
  EXPECT_THAT(input_error([&] { load_dataset(request); }), HasSubstr("\"train\" and \"test\""));
  request.part = "test";
  request.classes = {"ten"};
  EXPECT_THAT(input_error([&] { load_dataset(request); }), HasSubstr("no class \"ten\""));
}

TEST_F(LoadTest, BarsAndStripesComeEachOnce) {
  const Dataset data = load_dataset("bars-and-stripes");
  EXPECT_EQ(data.size(), 30u);
  EXPECT_THAT(data.image_shape(), ElementsAre(4, 4));
  const Matrix<float> values = fetch_all(data);
  std::set<std::vector<float>> seen;
  for (std::size_t r = 0; r < 30; ++r) {
    const auto image = row_of(values, r);
    seen.insert(image);
    bool rows = true, columns = true;
    for (std::size_t i = 0; i < 16; ++i) {
      rows = rows && image[i] == image[i / 4 * 4];
      columns = columns && image[i] == image[i % 4];
    }
    EXPECT_TRUE(rows || columns) << r;
  }
  EXPECT_EQ(seen.size(), 30u);
  EXPECT_EQ(load_dataset("bars-and-stripes:3").size(), 14u);
  EXPECT_EQ(load_dataset("bars-and-stripes:1").size(), 2u);
  EXPECT_THROW(load_dataset("bars-and-stripes:0"), InputError);
  EXPECT_THROW(load_dataset("bars-and-stripes:4x"), InputError);
}

TEST_F(LoadTest, ListsWhatThereIs) {
  const auto all = list_datasets();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].name, "mnist");
  EXPECT_TRUE(all[0].is_here);
  EXPECT_THAT(all[0].parts, ElementsAre("train", "test"));
}

TEST_F(LoadTest, UnknownNamesAreAnsweredWithTheNearest) {
  EXPECT_THAT(input_error([] { load_dataset("mnits"); }),
              AllOf(HasSubstr("\"mnits\""), HasSubstr("did you mean 'mnist'?")));
  EXPECT_THAT(input_error([&] { load_dataset(path("nothing.npy")); }), HasSubstr("nothing.npy"));
  EXPECT_THAT(input_error([] { load_dataset(""); }), HasSubstr("no data"));
  EXPECT_THAT(input_error([&] { load_dataset(write("data.xls", "x")); }), HasSubstr(".csv"));
}

TEST_F(LoadTest, AFolderLikeMnistsHasParts) {
  write_idx(path("train-images-idx3-ubyte.gz"), bytes({0, 1, 1, 0}, {2, 1, 2}));
  write_idx(path("train-labels-idx1-ubyte.gz"), bytes({1, 0}, {2}));
  write_idx(path("test-images-idx3-ubyte"), bytes({1, 1}, {1, 1, 2}));
  DataRequest request;
  request.source = folder_.string();
  const Dataset train = load_dataset(request);
  EXPECT_EQ(train.size(), 2u);
  EXPECT_THAT(train.labels(), ElementsAre(1, 0));
  EXPECT_THAT(train.description(), HasSubstr("labels from train-labels-idx1-ubyte.gz"));
  request.part = "test";
  const Dataset test = load_dataset(request);
  EXPECT_EQ(test.size(), 1u);
  EXPECT_FALSE(test.has_labels());
  request.part = "valid";
  EXPECT_THAT(input_error([&] { load_dataset(request); }), HasSubstr("no part \"valid\""));
  request.source = path("train-images-idx3-ubyte.gz");
  EXPECT_THAT(input_error([&] { load_dataset(request); }), HasSubstr("no part"));
}

TEST_F(LoadTest, LabelsMustBeOneACase) {
  write_idx(path("images-idx3-ubyte"), bytes({0, 1, 1, 0}, {2, 1, 2}));
  write_idx(path("labels-idx1-ubyte"), bytes({1, 0, 1}, {3}));
  EXPECT_THAT(input_error([&] { load_dataset(path("images-idx3-ubyte")); }),
              AllOf(HasSubstr("2 cases"), HasSubstr("3 labels")));
  DataRequest request;
  request.source = path("images-idx3-ubyte");
  request.labels = write("l.txt", "cat\ndog\n");
  const Dataset data = load_dataset(request);
  EXPECT_THAT(data.class_names(), ElementsAre("cat", "dog"));
  request.columns = data.schema();
  request.labels = write("l.txt", "cat\ndig\n");
  EXPECT_THAT(input_error([&] { load_dataset(request); }),
              AllOf(HasSubstr("l.txt:2"), HasSubstr("did you mean 'dog'?")));
}

TEST_F(LoadTest, NumberedClassesCountFromZeroOrOne) {
  write_npy(path("x.npy"), bytes({0, 1, 1}, {3, 1}));
  write_npy(path("x-labels.npy"), bytes({3, 1, 3}, {3}));
  const Dataset data = load_dataset(path("x.npy"));
  EXPECT_THAT(data.class_names(), ElementsAre("1", "2", "3"));
  EXPECT_THAT(data.labels(), ElementsAre(2, 0, 2));
}

TEST_F(LoadTest, FoldersOfPngs) {
  for (const char* name : {"b", "a"}) std::filesystem::create_directories(folder_ / name);
  write_png(path("a/1.png"), Image(3, 2, 1, 255));
  write_png(path("b/2.png"), Image(3, 2, 1, 0));
  write_png(path("b/1.png"), Image(3, 2, 1, 51));
  write("b/notes.txt", "x");
  const Dataset data = load_dataset(folder_.string());
  EXPECT_EQ(data.size(), 3u);
  EXPECT_THAT(data.image_shape(), ElementsAre(2, 3));
  EXPECT_THAT(data.class_names(), ElementsAre("a", "b"));
  EXPECT_THAT(data.labels(), ElementsAre(0, 1, 1));
  EXPECT_THAT(data.description(), HasSubstr("1 other files left out"));
  EXPECT_FLOAT_EQ(fetch_all(data)(1, 5), 0.2f);
  write_png(path("b/3.png"), Image(2, 2, 1, 0));
  EXPECT_THAT(input_error([&] { load_dataset(folder_.string()); }),
              AllOf(HasSubstr("3.png is 2 x 2"), HasSubstr("2 x 3")));
}

TEST_F(LoadTest, FoldersWithoutDataAreRefused) {
  EXPECT_THAT(input_error([&] { load_dataset(folder_.string()); }), HasSubstr("holds no data"));
}

TEST_F(LoadTest, SvmlightWithLabels) {
  const std::string file = write("s.svm", "1 1:0.5 3:1\n-1 2:2\n1\n");
  const Dataset data = load_dataset(file);
  EXPECT_THAT(data.class_names(), ElementsAre("-1", "1"));
  EXPECT_THAT(data.labels(), ElementsAre(1, 0, 1));
  EXPECT_EQ(data.layer().to_string(), "gaussian 3");
  EXPECT_THAT(row_of(fetch_all(data), 0), ElementsAre(0.5f, 0, 1));
  DataRequest request;
  request.source = write("narrow.svm", "1 1:0.5\n");
  request.columns = data.schema();
  EXPECT_THAT(row_of(fetch_all(load_dataset(request)), 0), ElementsAre(0.5f, 0, 0));
}

TEST_F(LoadTest, HeadersThatLieAreRefused) {
  const std::string lying(
      "\0\0\x08\x03\xff\xff\xff\xff\0\0\0\x1c\0\0\0\x1c"
      "abc",
      19);
  EXPECT_THROW(load_dataset(write("lying-images-idx3-ubyte", lying)), InputError);
  EXPECT_THROW(load_dataset(write("cut.npy", "\x93NUMPY")), InputError);
  EXPECT_THROW(
      load_dataset(write("m.mtx", "%%MatrixMarket matrix coordinate real general\n1099511627776 3 4\n")),
      InputError);
  write_idx(path("none.idx"), bytes({}, {0, 2, 2}));
  EXPECT_THAT(input_error([&] { load_dataset(path("none.idx")); }), HasSubstr("no cases"));
}

TEST_F(LoadTest, DescribesArrays) {
  const Description mnist = describe("mnist");
  ASSERT_EQ(mnist.schema.columns.size(), 2u);
  EXPECT_EQ(mnist.schema.columns[0].name, "pixels");
  EXPECT_EQ(mnist.schema.columns[0].width, 784u);
  EXPECT_FLOAT_EQ(mnist.schema.columns[0].scale, 1 / 255.0f);
  EXPECT_EQ(mnist.schema.columns[0].maximum, 255);
  EXPECT_EQ(Schema::from_toml(mnist.to_toml()), mnist.schema) << mnist.to_toml();
  EXPECT_LT(mnist.to_toml().size(), 1000u);
  write_npy(path("r.npy"), NumericArray::from<float>(std::vector<float>{1.5f, -2, NAN, 0.1f}, {2, 2}));
  const Description real = describe(path("r.npy"));
  EXPECT_EQ(real.schema.columns[0].kind, UnitKind::kGaussian);
  EXPECT_EQ(real.schema.columns[0].missing_cells, 1u);
  EXPECT_EQ(Schema::from_toml(real.to_toml()), real.schema) << real.to_toml();
}

// What a model of bytes dreamt comes back as floats that are probabilities already; floats up to 255 are not.
TEST_F(LoadTest, ProbabilitiesAreNotDividedBy255AsTheBytesOfTheSchemaWere) {
  write_npy(path("bytes.npy"), bytes({0, 51, 255, 102}, {2, 2}));
  DataRequest request;
  request.columns = load_dataset(path("bytes.npy")).schema();
  request.columns_of_other_cases = true;
  request.source = path("dreamt.npy");
  write_npy(path("dreamt.npy"), NumericArray::from<float>(std::vector<float>{0, 0.25f, 1, 0.5f}, {2, 2}));
  const Dataset dreamt = load_dataset(request);
  EXPECT_THAT(row_of(fetch_all(dreamt), 0), ElementsAre(0, 0.25f));
  EXPECT_THAT(row_of(fetch_all(dreamt), 1), ElementsAre(1, 0.5f));
  ASSERT_EQ(dreamt.warnings().size(), 1u);
  EXPECT_THAT(dreamt.warnings()[0], HasSubstr("not divided by 255"));
  request.columns_of_other_cases = false;  // but where a person says so
  EXPECT_FLOAT_EQ(row_of(fetch_all(load_dataset(request)), 1)[1], 0.5f / 255.0f);
  request.columns_of_other_cases = true;
  write_npy(path("dreamt.npy"), NumericArray::from<float>(std::vector<float>{0, 51, 255, 102}, {2, 2}));
  const Dataset same = load_dataset(request);
  EXPECT_FLOAT_EQ(row_of(fetch_all(same), 0)[1], 0.2f);
  EXPECT_TRUE(same.warnings().empty());
}

TEST_F(LoadTest, StandardisingWantsGaussianColumns) {
  DataRequest request;
  request.source = "bars-and-stripes";
  request.standardise = true;
  EXPECT_THAT(input_error([&] { load_dataset(request); }), HasSubstr("kind = \"gaussian\""));
  request.kind = UnitKind::kGaussian;
  const Matrix<float> values = fetch_all(load_dataset(request));
  double sum = 0.0, square = 0.0;
  for (std::size_t r = 0; r < 30; ++r) sum += values(r, 3), square += values(r, 3) * values(r, 3);
  EXPECT_NEAR(sum, 0.0, 1e-5);
  EXPECT_NEAR(square / 30, 1.0, 1e-5);
}

TEST_F(LoadTest, ConvertedDataAreTheSame) {
  write_idx(path("images-idx3-ubyte"), bytes({0, 1, 20, 255, 3, 9, 7, 7}, {2, 2, 2}));
  write_idx(path("labels-idx1-ubyte"), bytes({4, 2}, {2}));
  const Dataset data = load_dataset(path("images-idx3-ubyte"));
  for (const char* name : {"out.npy", "out.idx", "o-images-idx3-ubyte.gz"}) {
    convert(data, path(name));
    const Dataset again = load_dataset(path(name));
    EXPECT_EQ(fetch_all(again).values().size(), 8u);
    EXPECT_EQ(row_of(fetch_all(again), 0), row_of(fetch_all(data), 0)) << name;
    EXPECT_EQ(row_of(fetch_all(again), 1), row_of(fetch_all(data), 1)) << name;
    EXPECT_EQ(again.image_shape(), data.image_shape()) << name;
    EXPECT_THAT(again.labels(), ElementsAre(data.labels()[0], data.labels()[1])) << name;
    EXPECT_EQ(again.hash(), data.hash()) << name;
  }
  convert(data, path("out.csv"));
  DataRequest request;
  request.source = path("out.csv");
  request.columns = data.schema();
  const Dataset table = load_dataset(request);
  EXPECT_EQ(row_of(fetch_all(table), 1), row_of(fetch_all(data), 1));
  EXPECT_THAT(table.labels(), ElementsAre(data.labels()[0], data.labels()[1]));
  EXPECT_THAT(input_error([&] { convert(data, path("out.xls")); }), HasSubstr(".npy"));
}

TEST_F(LoadTest, ConvertedTablesAreTheSame) {
  DataRequest request;
  request.source = write("t.csv", "x,colour,label\n0.125,red,a\n,\"b, \"\"c\"\"\",b\n1.1,red,a\n7,x,a\n");
  request.missing = Missing::kUnknown;
  const Dataset data = load_dataset(request);
  convert(data, path("u.csv"));
  request.source = path("u.csv");
  const Dataset again = load_dataset(request);
  for (std::size_t r = 0; r < 4; ++r) {
    const auto a = row_of(fetch_all(data), r), b = row_of(fetch_all(again), r);
    for (std::size_t j = 0; j < a.size(); ++j)
      EXPECT_TRUE(a[j] == b[j] || (std::isnan(a[j]) && std::isnan(b[j])));
  }
  EXPECT_EQ(data.class_names(), again.class_names());
}

TEST_F(LoadTest, SubsetsAreConvertedAsTheyAre) {
  const std::vector<std::uint64_t> chosen{5, 0};
  convert(load_dataset("bars-and-stripes").subset(chosen), path("two.npy"));
  const Dataset two = load_dataset(path("two.npy"));
  EXPECT_EQ(two.size(), 2u);
  EXPECT_EQ(row_of(fetch_all(two), 0), row_of(fetch_all(load_dataset("bars-and-stripes")), 5));
}

}  // namespace
}  // namespace harmonium
