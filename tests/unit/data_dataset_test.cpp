// Data sets in memory: fetching, sampling, views, labels as units, hashes.
#include "harmonium/data/dataset.h"

#include <chrono>
#include <cmath>
#include <limits>
#include <map>

#include "harmonium/data/load.h"
#include "harmonium/io/idx.h"
#include "harmonium/io/matrix_market.h"
#include "harmonium/io/npy.h"
#include "unit/data_temp.h"

namespace harmonium {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsNan;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

class DatasetTest : public DataTest {
 protected:
  /// `rows` images of 4 x 6 bytes with labels row % 3.
  std::string images(std::size_t rows) const {
    std::vector<std::uint8_t> pixels(rows * 24), labels(rows);
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(i * 37 % 256);
    for (std::size_t r = 0; r < rows; ++r) labels[r] = static_cast<std::uint8_t>(r % 3);
    write_idx(path("images-idx3-ubyte"), NumericArray::from<std::uint8_t>(pixels, {rows, 4, 6}));
    write_idx(path("labels-idx1-ubyte"), NumericArray::from<std::uint8_t>(labels, {rows}));
    return path("images-idx3-ubyte");
  }
  Dataset sampled(std::size_t rows) const {
    DataRequest request;
    request.source = images(rows);
    request.binarise = Binarise::kSample;
    return load_dataset(request);
  }
  template <class T>
  std::string npy(const std::string& name, const std::vector<T>& values, std::size_t cols) const {
    write_npy(path(name), NumericArray::from<T>(values, {values.size() / cols, cols}));
    return path(name);
  }
};

TEST_F(DatasetTest, BytesBecomeProbabilities) {
  const Dataset data = load_dataset(images(20));
  EXPECT_EQ(data.layer().to_string(), "24");
  EXPECT_EQ(data.raw_description(), "u8 20 x 24");
  EXPECT_EQ(data.raw_bytes(), 20u * 24);
  EXPECT_THAT(data.image_shape(), ElementsAre(4, 6));
  EXPECT_THAT(data.class_counts(), ElementsAre(7, 7, 6));
  EXPECT_THAT(data.description(), HasSubstr("labels from labels-idx1-ubyte"));
  const Matrix<float> values = fetch_all(data);
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_FLOAT_EQ(values.values()[i], static_cast<float>(i * 37 % 256) / 255.0f);
    EXPECT_LE(values.values()[i], 1.0f);
  }
}

TEST_F(DatasetTest, EveryByteStaysAProbability) {
  std::vector<std::uint8_t> all(256);
  std::iota(all.begin(), all.end(), std::uint8_t{0});
  const Matrix<float> values = fetch_all(load_dataset(npy("a.npy", all, 256)));
  EXPECT_EQ(values(0, 255), 1.0f);
  EXPECT_EQ(values(0, 0), 0.0f);
}

TEST_F(DatasetTest, SamplingHasTheRightMeanOverEpochs) {
  const Dataset data = sampled(2);
  EXPECT_TRUE(data.is_sampled());
  constexpr int kEpochs = 4000;
  Matrix<double> sum(2, 24);
  for (int epoch = 0; epoch < kEpochs; ++epoch) {
    const Matrix<float> values = fetch_all(data, static_cast<std::uint64_t>(epoch));
    for (std::size_t i = 0; i < values.size(); ++i) {
      ASSERT_TRUE(values.values()[i] == 0.0f || values.values()[i] == 1.0f);
      sum.values()[i] += values.values()[i];
    }
  }
  for (std::size_t i = 0; i < sum.size(); ++i) {
    const double p = static_cast<double>(i * 37 % 256) / 255.0;
    const double error = std::sqrt(p * (1 - p) / kEpochs);
    EXPECT_LE(std::abs(sum.values()[i] / kEpochs - p), 4.5 * error) << i;
  }
}

TEST_F(DatasetTest, ASampledCaseIsTheSameInAnyBatch) {
  const Dataset data = sampled(20);
  const Matrix<float> all = fetch_all(data, 3);
  const std::vector<std::uint64_t> some{17, 2, 17};
  Matrix<float> wide(3, 30, -1.0f);
  data.fetch(some, 1, 3, wide.view().col_block(2, 24));
  for (std::size_t r = 0; r < some.size(); ++r) {
    for (std::size_t j = 0; j < 24; ++j) EXPECT_EQ(wide(r, j + 2), all(some[r], j));
    EXPECT_EQ(wide(r, 1), -1.0f);
    EXPECT_EQ(wide(r, 26), -1.0f);
  }
  EXPECT_NE(row_of(all, 2), row_of(fetch_all(data, 4), 2));
  EXPECT_NE(row_of(all, 2), row_of(fetch_all(data, 3, 2), 2));
}

TEST_F(DatasetTest, SubsetsKeepTheNumbersOfTheFile) {
  const Dataset data = sampled(20);
  const Matrix<float> all = fetch_all(data, 5);
  const std::vector<std::uint64_t> chosen{11, 3, 19};
  const Dataset part = data.subset(chosen);
  EXPECT_EQ(part.size(), 3u);
  EXPECT_EQ(part.original_row(2), 19u);
  EXPECT_THAT(part.labels(), ElementsAre(2, 0, 1));
  for (std::size_t r = 0; r < 3; ++r) EXPECT_EQ(row_of(fetch_all(part, 5), r), row_of(all, chosen[r]));
  const std::vector<std::uint64_t> again{2, 0};
  EXPECT_EQ(row_of(fetch_all(part.subset(again), 5), 0), row_of(all, 19));
  const Dataset twos = data.filter_classes(std::vector<std::int32_t>{2});
  EXPECT_EQ(twos.size(), 6u);
  EXPECT_EQ(row_of(fetch_all(twos, 5), 1), row_of(all, 5));
  EXPECT_EQ(row_of(fetch_all(twos.take(1, 1), 5), 0), row_of(all, 5));
  EXPECT_EQ(data.take(18, 100).size(), 2u);
}

TEST_F(DatasetTest, ViewsRefuseWhatIsNotThere) {
  const Dataset data = sampled(20);
  EXPECT_THAT(input_error([&] { data.subset(std::vector<std::uint64_t>{20}); }), HasSubstr("no case 20"));
  EXPECT_THROW(data.subset({}), InputError);
  EXPECT_THROW(data.take(20, 1), InputError);
  EXPECT_THROW(data.take(0, 0), InputError);
  EXPECT_THAT(input_error([&] { data.filter_classes(std::vector<std::int32_t>{3}); }),
              HasSubstr("no class 3"));
  EXPECT_THROW(data.split(0, 1), InputError);
  EXPECT_THROW(data.split(20, 1), InputError);
}

TEST_F(DatasetTest, SplitIsAPartitionThatDependsOnTheSeed) {
  const Dataset data = sampled(60);
  const auto [rest, held] = data.split(15, 7);
  EXPECT_EQ(rest.size(), 45u);
  EXPECT_EQ(held.size(), 15u);
  std::vector<int> seen(60, 0);
  for (std::size_t i = 0; i < 45; ++i) ++seen[rest.original_row(i)];
  for (std::size_t i = 0; i < 15; ++i) ++seen[held.original_row(i)];
  EXPECT_THAT(seen, testing::Each(1));
  EXPECT_EQ(data.split(15, 7).second.hash(), held.hash());
  EXPECT_NE(data.split(15, 8).second.hash(), held.hash());
}

TEST_F(DatasetTest, SplitIsUniform) {
  const Dataset data = sampled(6);
  std::map<std::uint64_t, int> held;
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    const Dataset out = data.split(2, seed).second;
    ++held[out.original_row(0) * 6 + out.original_row(1)];
  }
  EXPECT_EQ(held.size(), 15u);  // pairs of 6
  double chi_square = 0.0;
  for (const auto& [pair, count] : held) chi_square += (count - 200.0) * (count - 200.0) / 200.0;
  EXPECT_LT(chi_square, 36.1);  // 14 degrees of freedom, 0.1 %
}

TEST_F(DatasetTest, HashTellsDataApart) {
  const Dataset data = load_dataset(images(20));
  EXPECT_EQ(data.hash().size(), 16u);
  EXPECT_EQ(data.hash(), load_dataset(images(20)).hash());
  EXPECT_NE(data.hash(), load_dataset(images(19)).hash());
  EXPECT_NE(data.hash(), data.take(0, 19).hash());
  EXPECT_EQ(data.hash(), data.take(0, 20).hash());
  const auto change = [&](std::vector<float> values) { return load_dataset(npy("h.npy", values, 2)).hash(); };
  EXPECT_NE(change({0.25f, 0.5f}), change({0.25f, 0.75f}));
}

TEST_F(DatasetTest, EveryElementTypeIsFetched) {
  const auto check_type = [&]<class T>(T) {
    const std::vector<T> values{T{0}, T{3}, T{100}, T{7}};
    DataRequest request;
    request.source = npy("t.npy", values, 2);
    request.kind = UnitKind::kPoisson;
    const Matrix<float> units = fetch_all(load_dataset(request));
    EXPECT_THAT(row_of(units, 0), ElementsAre(0, 3));
    EXPECT_THAT(row_of(units, 1), ElementsAre(100, 7));
  };
  check_type(std::uint8_t{}), check_type(std::int8_t{}), check_type(std::uint16_t{});
  check_type(std::int16_t{}), check_type(std::int32_t{}), check_type(std::int64_t{});
  check_type(float{}), check_type(double{});
}

TEST_F(DatasetTest, ThresholdIsStrictAndKeepsMissingValues) {
  DataRequest request;
  request.source = npy<float>("t.npy", {0.2f, 0.5f, 0.51f, kNan}, 4);
  request.threshold = 0.5f;
  request.missing = Missing::kUnknown;
  const Dataset data = load_dataset(request);
  EXPECT_FALSE(data.is_sampled());
  EXPECT_THAT(row_of(fetch_all(data), 0), ElementsAre(0, 0, 1, IsNan()));
  request.threshold.reset();
  request.binarise = Binarise::kSample;
  EXPECT_TRUE(std::isnan(fetch_all(load_dataset(request))(0, 3)));
}

TEST_F(DatasetTest, LargeOffsetsDoNotCostStandardisedDigits) {
  DataRequest request;
  request.source = npy<double>("t.npy", {1e9 + 1, 1e9 + 2, 1e9 + 3.5}, 1);
  request.kind = UnitKind::kGaussian;
  request.standardise = true;
  const Matrix<float> units = fetch_all(load_dataset(request));
  const double deviation = std::sqrt(
      ((1 - 6.5 / 3) * (1 - 6.5 / 3) + (2 - 6.5 / 3) * (2 - 6.5 / 3) + (3.5 - 6.5 / 3) * (3.5 - 6.5 / 3)) /
      3);
  EXPECT_NEAR(units(1, 0) - units(0, 0), 1 / deviation, 1e-4);
  EXPECT_NEAR(units(2, 0) - units(1, 0), 1.5 / deviation, 1e-4);
}

TEST_F(DatasetTest, ArraysAreRefusedWithRowAndColumn) {
  const std::string file = npy<float>("bad.npy", {0, 1, 0.5f, 0, 1, 1.5f}, 3);
  DataRequest request;
  request.source = file;
  request.kind = UnitKind::kBernoulli;
  request.standardise.reset();
  EXPECT_THAT(input_error([&] { load_dataset(request); }),
              AllOf(HasSubstr("bad.npy: row 1 (counted from 0)"), HasSubstr("column 2 (\"values[2]\")"),
                    HasSubstr("1.5 is not between 0 and 1")));
  request.source = npy<float>("nan.npy", {0, 1, kNan, 0}, 2);
  EXPECT_THAT(input_error([&] { load_dataset(request); }),
              AllOf(HasSubstr("row 1"), HasSubstr("missing = \"unknown\"")));
  request.source = npy<float>("inf.npy", {0, 1, std::numeric_limits<float>::infinity(), 0}, 2);
  request.missing = Missing::kUnknown;
  EXPECT_THAT(input_error([&] { load_dataset(request); }), AllOf(HasSubstr("row 1"), HasSubstr("infinite")));
  request.source = npy<std::uint8_t>("bytes.npy", {0, 1, 2, 0}, 2);
  request.scale = 1.0f;
  EXPECT_THAT(input_error([&] { load_dataset(request); }), AllOf(HasSubstr("row 1"), HasSubstr("2 is not")));
}

TEST_F(DatasetTest, WidthsMustFitTheSchema) {
  DataRequest request;
  request.source = npy<float>("w.npy", {0, 1, 0.5f, 0, 1, 1}, 3);
  request.columns = Schema::from_toml("[data.columns]\nvalues = { width = 2 }");
  EXPECT_THAT(input_error([&] { load_dataset(request); }),
              AllOf(HasSubstr("3 columns"), HasSubstr("schema is for 2")));
  request.source = npy<float>("v.npy", {0.25f, 7, 1, 0.75f, -7, 0}, 3);
  request.columns =
      Schema::from_toml("[data.columns]\nx = { }\ny = { role = \"ignore\" }\nz = { kind = \"softmax(2)\" }");
  const Matrix<float> values = fetch_all(load_dataset(request));
  EXPECT_THAT(row_of(values, 0), ElementsAre(0.25f, 0, 1));
  EXPECT_THAT(row_of(values, 1), ElementsAre(0.75f, 1, 0));
}

TEST_F(DatasetTest, SparseRowsAreSpreadOut) {
  CsrMatrix matrix;
  matrix.rows = 3, matrix.cols = 5;
  matrix.row_start = {0, 2, 2, 3};
  matrix.columns = {1, 4, 0};
  matrix.values = {2, 1, 3};
  write_matrix_market(path("words.mtx"), matrix);
  const Dataset data = load_dataset(path("words.mtx"));
  EXPECT_EQ(data.layer().to_string(), "multinomial 5");
  const Matrix<float> values = fetch_all(data);
  EXPECT_THAT(row_of(values, 0), ElementsAre(0, 2, 0, 0, 1));
  EXPECT_THAT(row_of(values, 1), ElementsAre(0, 0, 0, 0, 0));
  EXPECT_THAT(row_of(values, 2), ElementsAre(3, 0, 0, 0, 0));
  matrix.values[2] = -3;
  write_matrix_market(path("bad.mtx"), matrix);
  DataRequest request;
  request.source = path("bad.mtx");
  request.kind = UnitKind::kMultinomial;
  EXPECT_THAT(input_error([&] { load_dataset(request); }), AllOf(HasSubstr("row 2"), HasSubstr("-3")));
}

// Twenty cases of 60 words: case r has word r + 5, and the first twelve have word r too.
CsrMatrix twenty_documents() {
  CsrMatrix matrix;
  matrix.rows = 20, matrix.cols = 60;  // fewer than one value in twenty is not zero
  for (std::uint32_t r = 0; r < 20; ++r) {
    if (r < 12) matrix.columns.push_back(r), matrix.values.push_back(2);
    matrix.columns.push_back(r + 5), matrix.values.push_back(1 + r % 2);
    matrix.row_start.push_back(matrix.columns.size());
  }
  return matrix;
}

// What fetch_sparse gives, spread out.
Matrix<float> fetch_all_sparse(const BatchSource& source) {
  std::vector<std::uint64_t> cases(source.size());
  std::iota(cases.begin(), cases.end(), std::uint64_t{0});
  SparseMatrix rows;
  rows.add(3, 1.0f), rows.end_row();  // is replaced
  source.fetch_sparse(cases, rows);
  EXPECT_EQ(rows.rows(), source.size());
  EXPECT_EQ(rows.cols, source.layer().columns());
  Matrix<float> values(rows.rows(), rows.cols);
  for (std::size_t r = 0; r < rows.rows(); ++r)
    for (auto k = rows.row_start[r]; k < rows.row_start[r + 1]; ++k) {
      EXPECT_NE(rows.values[k], 0.0f);
      values(r, rows.columns[k]) = rows.values[k];
    }
  return values;
}

void expect_equal(const Matrix<float>& a, const Matrix<float>& b) {
  ASSERT_EQ(a.rows(), b.rows());
  for (std::size_t r = 0; r < a.rows(); ++r) EXPECT_EQ(row_of(a, r), row_of(b, r)) << "row " << r;
}

TEST_F(DatasetTest, SparseRowsAreFetchedAsTheyAre) {
  write_matrix_market(path("words.mtx"), twenty_documents());
  const Dataset data = load_dataset(path("words.mtx"));
  ASSERT_TRUE(data.is_sparse());
  expect_equal(fetch_all_sparse(data), fetch_all(data));
  const std::vector<std::uint64_t> some = {19, 0, 7};
  const Dataset part = data.subset(some);
  ASSERT_TRUE(part.is_sparse());
  expect_equal(fetch_all_sparse(part), fetch_all(part));
  const LabelledSource labelled(std::make_shared<Dataset>(part), {2, 0, 1}, 3);
  ASSERT_TRUE(labelled.is_sparse());
  expect_equal(fetch_all_sparse(labelled), fetch_all(labelled));
  EXPECT_FALSE(LabelledSource(std::make_shared<Dataset>(part), {2, -1, 1}, 3).is_sparse());
}

TEST_F(DatasetTest, SparseRowsStaySparseWhereZerosStayZero) {
  write_matrix_market(path("words.mtx"), twenty_documents());
  DataRequest request;
  request.source = path("words.mtx");
  request.kind = UnitKind::kBernoulli;
  request.threshold = 1.5f;  // a word that occurs once is none
  const Dataset occurs = load_dataset(request);
  ASSERT_TRUE(occurs.is_sparse());
  expect_equal(fetch_all_sparse(occurs), fetch_all(occurs));
  request.threshold = -0.5f;
  EXPECT_FALSE(load_dataset(request).is_sparse()) << "every zero becomes a one";
  request.threshold.reset();
  request.kind = UnitKind::kGaussian;
  request.scale = 0.5f;
  const Dataset scaled = load_dataset(request);
  ASSERT_TRUE(scaled.is_sparse());
  expect_equal(fetch_all_sparse(scaled), fetch_all(scaled));
  request.standardise = true;
  EXPECT_FALSE(load_dataset(request).is_sparse());
}

TEST_F(DatasetTest, RowsWithFewZerosAreNotSparse) {
  CsrMatrix matrix = twenty_documents();
  matrix.cols = 26;
  write_matrix_market(path("words.mtx"), matrix);
  EXPECT_FALSE(load_dataset(path("words.mtx")).is_sparse());
}

TEST_F(DatasetTest, LengthsOfSparseDocumentsAreHeld) {
  CsrMatrix matrix = twenty_documents();
  std::fill(matrix.values.begin(), matrix.values.end(), 1.0f);
  write_matrix_market(path("words.mtx"), matrix);
  DataRequest request;
  request.source = path("words.mtx");
  request.kind = UnitKind::kMultinomial;
  request.parameter = 2;
  EXPECT_THAT(input_error([&] { load_dataset(request); }), AllOf(HasSubstr("row 12"), HasSubstr("sum to 1")));
}

TEST_F(DatasetTest, FixedLengthsOfDocumentsAreHeld) {
  DataRequest request;
  request.source = npy<std::uint8_t>("d.npy", {2, 1, 0, 3, 2, 2}, 2);
  request.kind = UnitKind::kMultinomial;
  request.parameter = 3;
  EXPECT_THAT(input_error([&] { load_dataset(request); }), AllOf(HasSubstr("row 2"), HasSubstr("sum to 4")));
  request.limit = 2;
  EXPECT_THROW(load_dataset(request), InputError);  // what is wrong in a file is said, whatever is used of it
}

TEST_F(DatasetTest, ImagesAreReducedByAveragingOverAreas) {
  std::vector<std::uint8_t> pixels(16, 0);
  pixels[0] = 100, pixels[1] = 200, pixels[4] = 0, pixels[5] = 100;  // upper left quarter: mean 100
  pixels[15] = 255;
  write_idx(path("i.idx"), NumericArray::from<std::uint8_t>(pixels, {1, 4, 4}));
  DataRequest request;
  request.source = path("i.idx");
  request.resize = {2, 2};
  const Dataset data = load_dataset(request);
  EXPECT_THAT(data.image_shape(), ElementsAre(2, 2));
  EXPECT_EQ(data.raw_description(), "u8 1 x 4");
  EXPECT_THAT(data.description(), HasSubstr("reduced from 4 x 4 to 2 x 2"));
  const Matrix<float> values = fetch_all(data);
  EXPECT_FLOAT_EQ(values(0, 0), 100.0f / 255);
  EXPECT_FLOAT_EQ(values(0, 1), 0.0f);
  EXPECT_FLOAT_EQ(values(0, 3), 64.0f / 255);  // 63.75 rounded
  request.resize = {3, 3};                     // areas that cut pixels: each covers 4/3 x 4/3
  const Matrix<float> thirds = fetch_all(load_dataset(request));
  EXPECT_FLOAT_EQ(thirds(0, 0), std::round((100 + 200 / 3.0 + 0 + 100 / 9.0) * 9 / 16) / 255);
  request.resize = {5, 4};
  EXPECT_THAT(input_error([&] { load_dataset(request); }), HasSubstr("4 x 4"));
}

TEST_F(DatasetTest, ReducingKeepsAConstantImage) {
  write_idx(path("c.idx"),
            NumericArray::from<std::uint8_t>(std::vector<std::uint8_t>(28 * 28, 255), {1, 28, 28}));
  DataRequest request;
  request.source = path("c.idx");
  request.scale = 1.0f / 255.0f;
  for (const std::size_t n : {1, 3, 16, 27}) {
    request.resize = {n, n};
    const Matrix<float> values = fetch_all(load_dataset(request));
    EXPECT_THAT(row_of(values, 0), testing::Each(1.0f)) << n;
  }
}

TEST_F(DatasetTest, LabelsBecomeUnits) {
  const Dataset data = load_dataset(images(5));
  const LabelledSource joint = data.with_labels_as_units();
  EXPECT_EQ(joint.layer().to_string(), parse_layer("24 + softmax 3").to_string());
  const Matrix<float> values = fetch_all(joint), plain = fetch_all(data);
  for (std::size_t r = 0; r < 5; ++r) {
    for (std::size_t j = 0; j < 24; ++j) EXPECT_EQ(values(r, j), plain(r, j));
    for (std::size_t k = 0; k < 3; ++k) EXPECT_EQ(values(r, 24 + k), k == r % 3 ? 1.0f : 0.0f);
  }
  const auto shared = std::make_shared<Dataset>(data);
  const LabelledSource unknown(shared, {0, 1, -1, 2, 0}, 3);
  EXPECT_TRUE(unknown.has_missing());
  EXPECT_TRUE(std::isnan(fetch_all(unknown)(2, 25)));
  EXPECT_THROW(LabelledSource(shared, {0, 1}, 3), InputError);
  EXPECT_THROW(LabelledSource(shared, {0, 1, 3, 2, 0}, 3), InputError);
}

TEST_F(DatasetTest, MatricesInMemory) {
  Matrix<float> values(2, 5);
  const float rows[2][5] = {{1, 0.5f, 0, 0, 1}, {0, 1, 1, 0, 0}};
  for (std::size_t r = 0; r < 2; ++r) std::copy_n(rows[r], 5, values.row(r).begin());
  const LayerSpec layer = parse_layer("2 + softmax 3");
  const Dataset data = dataset_from_matrix(layer, values, {1, 0}, {"a"});
  EXPECT_EQ(data.layer(), layer);
  EXPECT_EQ(row_of(fetch_all(data), 0), row_of(values, 0));
  EXPECT_EQ(row_of(fetch_all(data), 1), row_of(values, 1));
  EXPECT_THAT(data.class_names(), ElementsAre("a", "1"));
  values(1, 3) = 1.0f;
  EXPECT_THAT(input_error([&] { dataset_from_matrix(layer, values); }), HasSubstr("row 1"));
  EXPECT_THROW(dataset_from_matrix(parse_layer("4"), values), InputError);
  values(1, 3) = 0.0f, values(0, 1) = 1.5f;
  EXPECT_THROW(dataset_from_matrix(layer, values), InputError);
  const MatrixSource source(layer, values);
  EXPECT_EQ(row_of(fetch_all(source), 1), row_of(values, 1));
}

}  // namespace
}  // namespace harmonium
