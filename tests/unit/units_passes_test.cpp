// The vector passes of every kind on every target of this machine: means and samples against the plain
// formulas in f64 with the same random numbers, and that a value is a function of (key, case, unit) alone,
// wherever it stands.
#include "units/passes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "harmonium/base/matrix.h"
#include "unit/every_target.h"

namespace harmonium {
namespace {

struct KindCase {
  const char* layer;  ///< one group
  float centre, spread;
};

constexpr KindCase kKinds[] = {
    {"137", 0, 3},
    {"gaussian 137", 0, 3},
    {"gaussian(learned) 137", 0, 3},
    {"rectified 137", -1, 2},
    {"binomial(1) 137", 0, 3},
    {"binomial(7) 137", 0, 3},
    {"binomial(64) 137", 0, 4},
    {"binomial(65) 137", 0, 4},
    {"binomial(1000) 137", -1, 4},
    {"stepped(1) 137", 0, 3},
    {"stepped(16) 137", 6, 6},
    {"stepped(1000) 137", 30, 30},
    {"softmax(2) 61", 0, 3},
    {"softmax(5) 31", 0, 3},
    {"softmax(31) 5", 0, 3},
    {"softmax(32) 5", 0, 3},
    {"softmax 137", 0, 3},
    {"multinomial(40) 137", 0, 2},
    {"multinomial(500) 7", 0, 2},
    {"poisson 137", 0, 1.5f},
    {"poisson 137", 4, 1.5f},
    {"poisson 137", 9, 2},
    {"poisson 137", -14, 3},
};

constexpr std::size_t kRows = 40;

struct Block {
  Layer layer;
  Matrix<float> input, means, samples;
  std::vector<float> scale;
  std::vector<std::uint64_t> cases;
  Noise noise{31, Stream::kChain, 2};

  explicit Block(const KindCase& c, std::size_t rows = kRows) : layer(parse_layer(c.layer)) {
    const std::size_t columns = layer.columns();
    input = Matrix<float>(rows, columns), means = samples = input;
    const Noise values(5, Stream::kInitialWeights, 0);
    for (std::size_t j = 0; j < columns; ++j)
      layer.bias[j] = 0.3f * values.normal(1, static_cast<std::uint32_t>(j));
    for (std::size_t j = 0; j < layer.log_variance.size(); ++j)
      layer.log_variance[j] = j == 3 ? -50.0f : values.normal(2, static_cast<std::uint32_t>(j));
    for (std::size_t i = 0; i < input.size(); ++i)
      input.data()[i] = c.centre + c.spread * values.normal(3, static_cast<std::uint32_t>(i));
    for (std::size_t r = 0; r < rows; ++r)
      scale.push_back(1.0f + 0.05f * static_cast<float>(r)), cases.push_back(4000000000 + 7 * r * r);
  }

  std::size_t unit_width() const {
    return layer.spec.groups[0].kind == UnitKind::kSoftmax ? layer.spec.groups[0].parameter : 1;
  }
  RowContext context() const { return {.bias_scale = scale}; }
  void run() { conditional(layer, input, context(), means, samples, noise, cases); }
  void run_plain() { plain_conditional(layer, input, context(), means, samples, noise, cases); }
};

TEST(PassesTest, AgreeWithThePlainFormulas) {
  for (const KindCase& c : kKinds) {
    SCOPED_TRACE(c.layer);
    Block plain(c);
    plain.run_plain();
    const UnitKind kind = plain.layer.spec.groups[0].kind;
    const bool real = kind == UnitKind::kGaussian || kind == UnitKind::kRectified;
    on_every_target([&] {
      Block fast(c);
      fast.run();
      std::size_t differ = 0;
      for (std::size_t i = 0; i < fast.input.size(); ++i) {
        // 8 ULP of the function, and what the rounding of the total, by at most its terms' size, does to it:
        // the logarithm of a mean changes no faster than the total (rectified: than z^2 / 2 below).
        const std::size_t r = i / fast.input.cols(), j = i % fast.input.cols();
        const float x = fast.input.data()[i], bias = fast.scale[r] * fast.layer.bias[j];
        const float size = 1.0f + std::abs(x) + std::abs(bias);
        const float mean = plain.means.data()[i], wanted = plain.samples.data()[i];
        float relative = 1.2e-7f * (8.0f + 2.0f * size);
        if (kind == UnitKind::kRectified)
          relative *= 1.0f + (x + bias) * (x + bias) * (1.0f + std::exp(-x - bias));
        const float absolute = kind == UnitKind::kGaussian ? 1e-6f * size * 3.0f : 1e-37f;
        ASSERT_NEAR(fast.means.data()[i], mean, absolute + relative * std::abs(mean)) << r << ", " << j;
        if (real)
          ASSERT_NEAR(fast.samples.data()[i], wanted, 2e-5f + 1e-6f * std::abs(wanted)) << r << ", " << j;
        else
          differ +=
              std::abs(fast.samples.data()[i] - wanted) > (wanted > 1000.0f ? 1.0f + 1e-6f * wanted : 0.0f);
      }
      // Only where a random number is within rounding of a threshold; a threshold that moves a word or a
      // state changes two columns.
      EXPECT_LE(static_cast<double>(differ), 2.0 + 1e-3 * static_cast<double>(fast.input.size()));
    });
  }
}

/// The pass over columns `first` to `first + columns` of `block` as a group of their own.
void run_part(Block& block, std::size_t first_unit, std::size_t units, float* means, float* samples) {
  const std::size_t width = block.unit_width(), first = first_unit * width;
  UnitGroup group = block.layer.spec.groups[0];
  group.units = units;
  GroupPass pass;
  pass.group = &group;
  if (group.learned_variance) pass.log_variance = block.layer.log_variance.data() + first;
  PassRows& p = pass.rows;
  p.input = block.input.data() + first, p.input_stride = block.input.cols();
  p.bias = block.layer.bias.data() + first, p.bias_scale = block.scale.data();
  p.means = means, p.samples = samples, p.means_stride = p.samples_stride = units * width;
  p.rows = block.input.rows(), p.columns = units * width;
  p.key = block.noise.key(), p.cases = block.cases.data();
  p.first_unit = static_cast<std::uint32_t>(first_unit);
  if (!kind_table(group.kind).pass(pass)) GTEST_SKIP() << "no vectors";
}

TEST(PassesTest, ValueDoesNotDependOnItsPlace) {
  for (const KindCase& c : kKinds) {
    SCOPED_TRACE(c.layer);
    if (std::strncmp(c.layer, "multinomial", 11) == 0) continue;  // one variable: it has no parts
    on_every_target([&] {
      Block whole(c);
      whole.run();
      const std::size_t units = whole.layer.spec.groups[0].units, width = whole.unit_width();
      for (const auto& [first, count] :
           {std::pair<std::size_t, std::size_t>{1, units - 1}, {13, 37}, {2, 1}}) {
        if (first + count > units) continue;
        std::vector<float> means(kRows * count * width), samples(means);
        run_part(whole, first, count, means.data(), samples.data());
        if (::testing::Test::IsSkipped()) return;
        for (std::size_t r = 0; r < kRows; ++r) {
          for (std::size_t j = 0; j < count * width; ++j) {
            ASSERT_EQ(means[r * count * width + j], whole.means(r, first * width + j)) << first << ", " << j;
            ASSERT_EQ(samples[r * count * width + j], whole.samples(r, first * width + j))
                << first << ", " << j;
          }
        }
      }
    });
  }
}

TEST(PassesTest, RowsDoNotDependOnEachOther) {
  for (const KindCase& c : kKinds) {
    SCOPED_TRACE(c.layer);
    on_every_target([&] {
      Block whole(c);
      whole.run();
      for (const std::size_t r : {std::size_t{0}, std::size_t{17}, kRows - 1}) {
        Matrix<float> mean(1, whole.input.cols()), sample(1, whole.input.cols());
        conditional(whole.layer, whole.input.view().row_block(r, 1), whole.context().row_block(r, 1), mean,
                    sample, whole.noise, std::span(whole.cases).subspan(r, 1));
        for (std::size_t j = 0; j < mean.cols(); ++j) {
          ASSERT_EQ(mean(0, j), whole.means(r, j)) << r << ", " << j;
          ASSERT_EQ(sample(0, j), whole.samples(r, j)) << r << ", " << j;
        }
      }
    });
  }
}

// A NaN input makes its own value NaN, or that of its whole variable where there is one, and no other.
TEST(PassesTest, NaNStaysWhereItIs) {
  for (const KindCase& c : kKinds) {
    SCOPED_TRACE(c.layer);
    on_every_target([&] {
      Block clean(c, 3), broken(c, 3);
      clean.run();
      const std::size_t columns = clean.input.cols();
      std::size_t width = clean.unit_width();
      if (clean.layer.spec.groups[0].kind == UnitKind::kMultinomial) width = columns;
      const std::size_t places[] = {0, columns / 2, columns - 1};
      for (const std::size_t j : places) broken.input(1, j) = std::nanf("");
      broken.run();
      for (std::size_t r = 0; r < 3; ++r) {
        for (std::size_t j = 0; j < columns; ++j) {
          const bool wanted = r == 1 && std::any_of(std::begin(places), std::end(places),
                                                    [&](std::size_t p) { return p / width == j / width; });
          ASSERT_EQ(std::isnan(broken.means(r, j)), wanted) << r << ", " << j;
          ASSERT_EQ(std::isnan(broken.samples(r, j)), wanted) << r << ", " << j;
          if (wanted) continue;
          ASSERT_EQ(broken.means(r, j), clean.means(r, j));
          ASSERT_EQ(broken.samples(r, j), clean.samples(r, j));
        }
      }
    });
  }
}

TEST(PassesTest, ExtremeInputs) {
  const float infinity = std::numeric_limits<float>::infinity();
  struct Wanted {
    const char* layer;
    float low, high;
  };
  for (const Wanted& w : {Wanted{"binomial(8) 70", 0, 8}, Wanted{"binomial(100) 70", 0, 100},
                          Wanted{"stepped(8) 70", 0, 8}, Wanted{"rectified 70", 0, infinity}}) {
    SCOPED_TRACE(w.layer);
    on_every_target([&] {
      for (const float size : {300.0f, 1e30f, infinity}) {
        Block block({w.layer, 0, 0}, 2);
        std::fill(block.layer.bias.begin(), block.layer.bias.end(), 0.0f);
        std::fill_n(block.input.data(), 70, -size), std::fill_n(block.input.data() + 70, 70, size);
        block.run();
        const float high = w.high == infinity ? size : w.high, near = w.high == infinity ? 10.0f : 0.0f;
        for (std::size_t j = 0; j < 70; ++j) {
          ASSERT_LT(block.means(0, j), 1e-35f);
          ASSERT_EQ(block.samples(0, j), 0.0f);
          if (std::isinf(high)) continue;
          ASSERT_EQ(block.means(1, j), high);
          ASSERT_NEAR(block.samples(1, j), high, near);
        }
      }
    });
  }
}

TEST(PassesTest, LogSumExpOfManyColumns) {
  on_every_target([] {
    for (const std::size_t columns : {1u, 7u, 8u, 9u, 33u, 1000u}) {
      std::vector<double> input(columns);
      std::vector<float> bias(columns);
      long double sum = 0.0L;
      for (std::size_t j = 0; j < columns; ++j) {
        input[j] = 710.0 + 30.0 * std::sin(static_cast<double>(j)),
        bias[j] = 0.25f * static_cast<float>(j % 5);
        sum += std::exp(static_cast<long double>(input[j]) + 1.5L * bias[j] - 700.0L);
      }
      const auto truth = static_cast<double>(700.0L + std::log(sum));
      EXPECT_NEAR(log_sum_exp(input.data(), bias.data(), 1.5, columns), truth, 1e-12) << columns;
      // Exponents on both sides of where the vector function ends.
      EXPECT_NEAR(std::log(sum_of_exp(input.data(), bias.data(), 1.5, 43.0, columns)) + 43.0, truth, 1e-12);
      input[columns / 2] = std::nan("");
      EXPECT_TRUE(std::isnan(log_sum_exp(input.data(), bias.data(), 1.5, columns)));
    }
  });
}

}  // namespace
}  // namespace harmonium
