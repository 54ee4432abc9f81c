// The grammar of layers: what it reads, what it writes, what it refuses and how it says so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harmonium/base/error.h"
#include "harmonium/units/layer.h"

namespace harmonium {
namespace {

using ::testing::HasSubstr;

UnitGroup only_group(std::string_view text) {
  const LayerSpec spec = parse_layer(text);
  EXPECT_EQ(spec.groups.size(), 1u) << text;
  return spec.groups.at(0);
}

TEST(GrammarTest, ReadsEachKind) {
  EXPECT_EQ(only_group("500"), (UnitGroup{UnitKind::kBernoulli, 500, 0, false}));
  EXPECT_EQ(only_group("bernoulli 500"), (UnitGroup{UnitKind::kBernoulli, 500, 0, false}));
  EXPECT_EQ(only_group("gaussian 625"), (UnitGroup{UnitKind::kGaussian, 625, 0, false}));
  EXPECT_EQ(only_group("gaussian(learned) 625"), (UnitGroup{UnitKind::kGaussian, 625, 0, true}));
  EXPECT_EQ(only_group("rectified 1000"), (UnitGroup{UnitKind::kRectified, 1000, 0, false}));
  EXPECT_EQ(only_group("binomial(8) 20"), (UnitGroup{UnitKind::kBinomial, 20, 8, false}));
  EXPECT_EQ(only_group("stepped(16) 20"), (UnitGroup{UnitKind::kStepped, 20, 16, false}));
  EXPECT_EQ(only_group("softmax 10"), (UnitGroup{UnitKind::kSoftmax, 1, 10, false}));
  EXPECT_EQ(only_group("softmax(4) 20"), (UnitGroup{UnitKind::kSoftmax, 20, 4, false}));
  EXPECT_EQ(only_group("multinomial 2000"), (UnitGroup{UnitKind::kMultinomial, 2000, 0, false}));
  EXPECT_EQ(only_group("multinomial(50) 2000"), (UnitGroup{UnitKind::kMultinomial, 2000, 50, false}));
  EXPECT_EQ(only_group("poisson 30"), (UnitGroup{UnitKind::kPoisson, 30, 0, false}));
  EXPECT_EQ(only_group("  binomial ( 8 )20 "), (UnitGroup{UnitKind::kBinomial, 20, 8, false}));
}

TEST(GrammarTest, CountsColumns) {
  const LayerSpec spec = parse_layer("bernoulli 500 + softmax 10+softmax(4) 20 + poisson 3");
  EXPECT_EQ(spec.columns(), 593u);
  EXPECT_EQ(spec.first_column(0), 0u);
  EXPECT_EQ(spec.first_column(1), 500u);
  EXPECT_EQ(spec.first_column(2), 510u);
  EXPECT_EQ(spec.first_column(3), 590u);
}

TEST(GrammarTest, WritesTheShortestText) {
  for (const char* text :
       {"500", "gaussian 625", "gaussian(learned) 625", "rectified 1000", "binomial(8) 20", "stepped(16) 20",
        "softmax 10", "softmax(4) 20", "multinomial 2000", "multinomial(50) 2000", "poisson 30",
        "500 + softmax 10", "gaussian(learned) 3 + softmax(2) 4 + 7"}) {
    EXPECT_EQ(parse_layer(text).to_string(), text);
  }
  EXPECT_EQ(parse_layer("bernoulli 500+softmax(10) 1").to_string(), "500 + softmax 10");
}

TEST(GrammarTest, ReadsAndWritesModels) {
  for (const char* text : {"784-500-500-2000", "784", "gaussian 625 - rectified 1000 - 500 + softmax 10",
                           "data - 500 - 500 + softmax 10 - 2000"}) {
    EXPECT_EQ(layers_to_string(parse_layers(text)), text);
  }
  const std::vector<LayerSpec> layers = parse_layers("data-500-10");
  ASSERT_EQ(layers.size(), 3u);
  EXPECT_TRUE(layers[0].groups.empty());
  EXPECT_EQ(layers_to_string(layers), "data - 500 - 10");
}

TEST(GrammarTest, TellsWhatALayerHas) {
  EXPECT_TRUE(parse_layer("3 + gaussian(learned) 2").has_learned_variance());
  EXPECT_FALSE(parse_layer("3 + gaussian 2").has_learned_variance());
  EXPECT_TRUE(parse_layer("3 + softmax 2").has_kind(UnitKind::kSoftmax));
  EXPECT_FALSE(parse_layer("3 + softmax 2").has_kind(UnitKind::kGaussian));
  EXPECT_TRUE(parse_layer("3 + gaussian 2 + poisson 1").has_energy());
  EXPECT_FALSE(parse_layer("3 + rectified 2").has_energy());
  EXPECT_TRUE(parse_layer("3 + softmax 2 + binomial(2) 1 + stepped(3) 1").is_enumerable());
  EXPECT_TRUE(parse_layer("multinomial(4) 2").is_enumerable());
  for (const char* text : {"multinomial 2", "gaussian 1", "poisson 1", "rectified 1"})
    EXPECT_FALSE(parse_layer(text).is_enumerable()) << text;
}

struct Refusal {
  const char* text;
  std::vector<const char*> says;
};

TEST(GrammarTest, RefusesWithASentence) {
  const Refusal refusals[] = {
      {"gausian 20", {"'gausian'", "nearest is 'gaussian'"}},
      {"softmx(3) 20", {"'softmx'", "'softmax'"}},
      {"Poisson", {"'Poisson'", "'poisson'"}},
      {"bernoulli", {"'bernoulli' has no size", "'bernoulli 20'"}},
      {"binomial 20", {"binomial 20", "number N of copies", "'binomial(8) 20'"}},
      {"stepped 20", {"'stepped(8) 20'"}},
      {"binomial(0) 20", {"'0'", "number of copies", "from 1"}},
      {"binomial(x) 20", {"'x'", "number of copies"}},
      {"binomial() 20", {"'' (nothing)", "number of copies"}},
      {"binomial(8 20", {"bracket", "not closed"}},
      {"binomial(8)", {"'' (nothing)", "number of units"}},
      {"(8) 20", {"there is no kind of unit ''"}},
      {"softmax 1", {"'1'", "number of states", "from 2"}},
      {"softmax(1) 10", {"'1'", "number of states", "from 2"}},
      {"multinomial(0) 10", {"'0'", "number of words"}},
      {"bernoulli(3) 10", {"bernoulli takes nothing in brackets", "'bernoulli 20'"}},
      {"poisson(3) 10", {"poisson takes nothing in brackets"}},
      {"gaussian(fixed) 10", {"'fixed'", "only 'learned'"}},
      {"0", {"'0'", "from 1"}},
      {"poisson 0", {"'0'", "from 1"}},
      {"500 600", {"'500'"}},
      {"poisson 5 6", {"'5 6'", "whole number"}},
      {"1e3", {"'1e3'", "whole number"}},
      {"12.5", {"'12.5'"}},
      {"", {"empty"}},
      {"500 + ", {"'500 +' is empty"}},
      {"2147483648", {"2147483648", "to 2147483647"}},
      {"99999999999999999999999", {"'99999999999999999999999'", "2147483647"}},
      {"2147483647 + 1", {"more than 2147483647 columns"}},
      {"softmax(65536) 65536", {"more than 2147483647 columns"}},
      {"multinomial 5 + multinomial 6", {"two multinomial groups", "at most one"}},
  };
  for (const Refusal& refusal : refusals) {
    try {
      parse_layer(refusal.text);
      ADD_FAILURE() << "accepted: " << refusal.text;
    } catch (const InputError& error) {
      for (const char* part : refusal.says) EXPECT_THAT(error.what(), HasSubstr(part)) << refusal.text;
    }
  }
}

TEST(GrammarTest, RefusesModelsWithASentence) {
  const Refusal refusals[] = {
      {"784--500", {"a layer of '784--500' is empty", "'784-500-10'"}},
      {"-784", {"is empty"}},
      {"784 - data", {"'data'", "not the first layer"}},
      {"784 - gaussain 10", {"'gaussain'", "'gaussian'"}},
      {"data + 5 - 10", {"'data'"}},
      {"", {"is empty"}},
  };
  for (const Refusal& refusal : refusals) {
    try {
      parse_layers(refusal.text);
      ADD_FAILURE() << "accepted: " << refusal.text;
    } catch (const InputError& error) {
      for (const char* part : refusal.says) EXPECT_THAT(error.what(), HasSubstr(part)) << refusal.text;
    }
  }
}

TEST(GrammarTest, LayerBeginsWithZeros) {
  const Layer plain(parse_layer("3 + softmax 2"));
  EXPECT_EQ(plain.columns(), 5u);
  EXPECT_TRUE(plain.log_variance.empty());
  const Layer learned(parse_layer("3 + gaussian(learned) 2"));
  ASSERT_EQ(learned.log_variance.size(), 5u);
  for (const float value : learned.log_variance) EXPECT_EQ(value, 0.0f);
  for (const float value : learned.bias) EXPECT_EQ(value, 0.0f);
}

}  // namespace
}  // namespace harmonium
