// Which values a layer can hold, its states one by one, document lengths, and which pairs normalise.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>
#include <vector>

#include "harmonium/base/error.h"
#include "harmonium/units/layer.h"

namespace harmonium {
namespace {

using ::testing::HasSubstr;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

struct Values {
  const char* layer;
  std::vector<float> values;
};

TEST(ValuesTest, AcceptsWhatTheKindsHold) {
  for (const Values& c :
       {Values{"3", {0, 1, 0.5f}}, Values{"gaussian 2", {-1e30f, 3.5f}}, Values{"rectified 2", {0, 2.5f}},
        Values{"binomial(3) 2", {0, 3}}, Values{"stepped(3) 2", {0, 3}}, Values{"softmax 3", {0, 1, 0}},
        Values{"softmax 3", {0.2f, 0.5f, 0.3f}}, Values{"softmax(2) 2", {1, 0, 0, 1}},
        Values{"multinomial 3", {0, 7, 2}}, Values{"multinomial(9) 3", {0, 7, 2}},
        Values{"multinomial 2", {0, 0}}, Values{"poisson 2", {0, 1000000}}}) {
    EXPECT_EQ(find_value_fault(parse_layer(c.layer), c.values, false).reason, "") << c.layer;
  }
}

struct Fault {
  const char* layer;
  std::vector<float> values;
  std::size_t column;
  const char* reason;
};

TEST(ValuesTest, NamesTheFirstFault) {
  const Fault faults[] = {
      {"3", {0, 1.5f, 2}, 1, "1.5 is not between 0 and 1 (bernoulli)"},
      {"3", {0, 1, -0.25f}, 2, "-0.25 is not between 0 and 1 (bernoulli)"},
      {"2", {kInfinity, 0}, 0, "inf is not between 0 and 1"},
      {"2", {0, kNaN}, 1, "nan is not between 0 and 1"},
      {"gaussian 2", {0, kInfinity}, 1, "inf is not a finite number (gaussian)"},
      {"gaussian(learned) 1", {-kInfinity}, 0, "(gaussian(learned))"},
      {"gaussian 1", {kNaN}, 0, "nan is not a finite number"},
      {"rectified 2", {0, -1}, 1, "-1 is not a finite number of 0 or more (rectified)"},
      {"rectified 1", {kInfinity}, 0, "inf"},
      {"binomial(8) 2", {8, 9}, 1, "9 is not a whole number from 0 to 8 (binomial(8))"},
      {"binomial(8) 2", {2.5f, 9}, 0, "2.5 is not a whole number"},
      {"stepped(4) 1", {-1}, 0, "-1 is not a whole number from 0 to 4 (stepped(4))"},
      {"stepped(4) 1", {kNaN}, 0, "nan"},
      {"poisson 2", {3, 0.5f}, 1, "0.5 is not a count (0, 1, 2, ...) (poisson)"},
      {"poisson 1", {kInfinity}, 0, "inf is not a count"},
      {"multinomial 3", {1, 2, -1}, 2, "-1 is not a count (0, 1, 2, ...) (multinomial)"},
      {"multinomial 3", {1, 2, 0.5f}, 2, "0.5 is not a count"},
      {"multinomial(5) 3", {1, 2, 1}, 0, "sum to 4, not to 5 (multinomial(5))"},
      {"softmax 3", {1, 1, 0}, 0, "the 3 states of a variable sum to 2, not to 1 (softmax(3))"},
      {"softmax 3", {0, 0, 0}, 0, "sum to 0"},
      {"softmax 2", {2, -1}, 0, "2 is not between 0 and 1"},
      {"softmax(2) 2", {0, 1, 0.5f, 0.25f}, 2, "sum to 0.75"},
      {"softmax 2", {kNaN, 1}, 0, "nan"},
      {"2 + poisson 2", {0, 1, 2, -3}, 3, "-3 is not a count"},
  };
  for (const Fault& f : faults) {
    const ValueFault fault = find_value_fault(parse_layer(f.layer), f.values, false);
    EXPECT_EQ(fault.column, f.column) << f.layer << ": " << f.reason;
    EXPECT_THAT(fault.reason, HasSubstr(f.reason)) << f.layer;
  }
}

TEST(ValuesTest, MissingValues) {
  for (const char* text : {"2", "gaussian 2", "rectified 2", "binomial(3) 2", "stepped(3) 2", "softmax 2",
                           "multinomial 2", "multinomial(4) 2", "poisson 2"}) {
    const std::vector<float> missing = {kNaN, kNaN};
    EXPECT_EQ(find_value_fault(parse_layer(text), missing, true).reason, "") << text;
    EXPECT_THAT(find_value_fault(parse_layer(text), missing, false).reason, HasSubstr("nan")) << text;
    const std::vector<float> infinite = {kNaN, kInfinity};
    EXPECT_NE(find_value_fault(parse_layer(text), infinite, true).reason, "") << text;
  }
  const ValueFault part = find_value_fault(parse_layer("softmax 3"), std::vector<float>{0, kNaN, 1}, true);
  EXPECT_EQ(part.column, 1u);
  EXPECT_THAT(part.reason, HasSubstr("missing"));
}

TEST(StatesTest, CountsAndDiffer) {
  const std::pair<const char*, std::uint64_t> layers[] = {
      {"5", 32},
      {"binomial(3) 2", 16},
      {"stepped(2) 3", 27},
      {"softmax(3) 4", 81},
      {"softmax 7", 7},
      {"multinomial(4) 3", 15},
      {"multinomial(3) 1", 1},
      {"2 + softmax 3 + multinomial(2) 2", 36},
  };
  for (const auto& [text, count] : layers) {
    const LayerSpec spec = parse_layer(text);
    EXPECT_EQ(count_states(spec), static_cast<double>(count)) << text;
    const StateEnumerator states(spec);
    ASSERT_EQ(states.states(), count) << text;
    std::set<std::vector<float>> seen;
    std::vector<float> values(spec.columns());
    for (std::uint64_t i = 0; i < count; ++i) {
      states.state(i, values);
      EXPECT_EQ(find_value_fault(spec, values, false).reason, "") << text << ", state " << i;
      seen.insert(values);
    }
    EXPECT_EQ(seen.size(), count) << text;
  }
}

TEST(StatesTest, LastColumnMovesFastest) {
  const StateEnumerator states(parse_layer("2 + softmax 2"));
  std::vector<float> values(4);
  const std::vector<std::vector<float>> expected = {{0, 0, 1, 0}, {0, 0, 0, 1}, {0, 1, 1, 0}, {0, 1, 0, 1}};
  for (std::uint64_t i = 0; i < expected.size(); ++i) {
    states.state(i, values);
    EXPECT_EQ(values, expected[i]) << i;
  }
}

TEST(StatesTest, RefusesWhatCannotBeCounted) {
  for (const char* text : {"gaussian 1", "poisson 1", "rectified 1", "multinomial 3", "2 + poisson 1"}) {
    EXPECT_THROW(StateEnumerator(parse_layer(text)), InputError) << text;
    EXPECT_TRUE(std::isinf(count_states(parse_layer(text)))) << text;
  }
  EXPECT_EQ(count_states(parse_layer("100")), 0x1p100);
  EXPECT_THROW(StateEnumerator(parse_layer("100")), InputError);
  EXPECT_THROW(StateEnumerator(parse_layer("5000")), InputError);  // more than a double holds
  EXPECT_THROW(StateEnumerator(parse_layer("multinomial(5000) 5000")), InputError);
}

TEST(ValuesTest, DocumentLengths) {
  Matrix<float> values(2, 5);
  const float rows[2][5] = {{1, 0, 3, 4, 0.5f}, {0, 1, 0, 0, 7}};
  for (std::size_t r = 0; r < 2; ++r)
    for (std::size_t j = 0; j < 5; ++j) values(r, j) = rows[r][j];
  EXPECT_EQ(document_lengths(parse_layer("1 + multinomial 3 + gaussian 1"), values),
            (std::vector<float>{7.0f, 1.0f}));
  EXPECT_TRUE(document_lengths(parse_layer("5"), values).empty());
}

TEST(NormalisationTest, Table) {
  using enum Normalisation;
  struct Row {
    const char *visible, *hidden;
    Normalisation answer;
  };
  for (const Row& row : {Row{"5", "5", kAlways},
                         {"gaussian 5", "5", kAlways},
                         {"gaussian 5", "5 + softmax 3 + binomial(4) 2 + stepped(4) 2", kAlways},
                         {"poisson 5", "5", kAlways},
                         {"multinomial 5", "5", kAlways},
                         {"gaussian 2 + poisson 3", "7", kAlways},
                         {"multinomial(4) 5", "gaussian 2", kAlways},
                         {"gaussian 5", "gaussian 3", kIfWeightsSmall},
                         {"gaussian 5 + 2", "3 + gaussian(learned) 3", kIfWeightsSmall},
                         {"poisson 5", "poisson 3", kIfWeightsNegative},
                         {"gaussian 5", "poisson 3", kNever},
                         {"poisson 5", "gaussian 3", kNever},
                         {"gaussian 1 + poisson 1", "gaussian 1 + poisson 1", kNever},
                         {"5", "rectified 3", kNoEnergy},
                         {"rectified 5 + gaussian 1", "3", kNoEnergy},
                         {"gaussian 1", "rectified 1 + poisson 1", kNoEnergy}}) {
    EXPECT_EQ(normalisation(parse_layer(row.visible), parse_layer(row.hidden)), row.answer)
        << row.visible << " - " << row.hidden;
  }
}

}  // namespace
}  // namespace harmonium
