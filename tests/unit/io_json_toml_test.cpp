// JSON and TOML behind our errors: what comes back, and where a text is wrong.
#include <cmath>
#include <limits>

#include "io/json.h"
#include "io/toml.h"
#include "unit/io_files.h"

namespace harmonium {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class JsonTomlTest : public IoTest {};

std::string json_error(const std::string& text) {
  return input_error([&] { parse_json(text, "f.json"); });
}

TEST_F(JsonTomlTest, JsonKeepsOrderAndNumbers) {
  const std::string text = R"({"z":1,"a":[1.5,true,null,"x\n"],"seed":18446744073709551615,"o":{"z":0.1}})";
  EXPECT_EQ(dump_json(parse_json(text, "f")), text);
  EXPECT_EQ(dump_json(parse_json("{\"a\":0.1}", "f"), 2), "{\n  \"a\": 0.1\n}");
  EXPECT_EQ(dump_json(Json(std::numeric_limits<double>::quiet_NaN())), "null");
  EXPECT_THAT(input_error([] { dump_json(Json("\xFF")); }), HasSubstr("UTF-8"));
}

TEST_F(JsonTomlTest, JsonErrorsNameThePlace) {
  EXPECT_THAT(json_error("{\n  \"a\": ,\n}"), StartsWith("f.json:2:8: "));
  EXPECT_THAT(json_error(""), StartsWith("f.json:1:1: "));
  EXPECT_THAT(json_error("{} x"), StartsWith("f.json:1:4: "));
  EXPECT_THAT(json_error("[1e999]"), StartsWith("f.json"));
  EXPECT_THAT(json_error("\"\xFF\""), StartsWith("f.json:1:"));
}

TEST_F(JsonTomlTest, JsonRefusesDoubledKeysAndDepth) {
  EXPECT_THAT(json_error(R"({"a":1,"b":{"c":1,"c":2}})"),
              AllOf(StartsWith("f.json"), HasSubstr("c"), HasSubstr("twice")));
  EXPECT_THAT(json_error(R"([{"a":1,"a":1}])"), HasSubstr("twice"));
  EXPECT_EQ(parse_json(R"([{"a":1},{"a":2,"b":{"a":3}}])", "f")[1]["b"]["a"],
            3);  // each in an object of its own
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + "1" + std::string(depth, ']');
  };
  EXPECT_NO_THROW(parse_json(nested(kMaxJsonDepth), "f.json"));
  EXPECT_THAT(json_error(nested(kMaxJsonDepth + 1)),
              AllOf(StartsWith("f.json"), HasSubstr("deeper than 64")));
  EXPECT_THAT(json_error(std::string(1'000'000, '[')), HasSubstr("deeper than 64"));
}

TEST_F(JsonTomlTest, JsonSurvivesDamage) {
  const std::string text = R"({"a":[1,2.5e3,{"b":"\u00e4"}],"c":null})";
  const auto read = [&] { parse_json(get("f"), "f"); };
  EXPECT_THAT(readable_prefixes(path("f"), text, read), ElementsAre(text.size()));
  EXPECT_GT(refused_of_damaged(path("f"), text, 5000, read), 1000u);
}

TEST_F(JsonTomlTest, TomlErrorsNameThePlace) {
  put("r.toml", "[training]\nepochs = 5\n");
  EXPECT_EQ(load_toml(path("r.toml"))["training"]["epochs"].value_or(0), 5);
  put("r.toml", "[training]\nepochs = = 5\n");
  EXPECT_THAT(input_error([&] { load_toml(path("r.toml")); }), HasSubstr("r.toml:2:10: "));
  put("r.toml", "a = 1\na = 2\n");
  EXPECT_THAT(input_error([&] { load_toml(path("r.toml")); }), HasSubstr("r.toml:2:"));
  EXPECT_THAT(input_error([&] { load_toml(path("s.toml")); }), HasSubstr("did you mean 'r.toml'?"));
  EXPECT_THAT(input_error([] { parse_toml("x", "--set"); }), StartsWith("--set:1:"));
  EXPECT_THAT(input_error([] { parse_toml("a = " + std::string(100'000, '['), "f"); }), StartsWith("f:1:"));
}

TEST_F(JsonTomlTest, TomlSurvivesDamage) {
  const std::string text = "[a]\nb = [1, 2.5]\nc = \"x\" # r\n[[d]]\ne.f = 1979-05-27\ng = { h = true }\n";
  const auto read = [&] { load_toml(path("f")); };
  const auto readable = readable_prefixes(path("f"), text, read);
  EXPECT_EQ(readable.back(), text.size());
  EXPECT_LT(readable.size(), text.size());
  EXPECT_GT(refused_of_damaged(path("f"), text, 5000, read), 1000u);
}

}  // namespace
}  // namespace harmonium
