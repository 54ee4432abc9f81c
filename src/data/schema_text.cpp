// A column as an object of named fields, those left out that have their default; the same object is written
// as JSON for model files and as one line of TOML for people.
#include "data/schema_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <iterator>

#include "harmonium/base/error.h"
#include "harmonium/io/suggest.h"
#include "io/json.h"

namespace harmonium {
namespace {

const std::vector<std::string> kKeys{"role",        "kind",  "width",     "shape",    "reduced_from",
                                     "categories",  "scale", "offset",    "binarise", "threshold",
                                     "standardise", "mean",  "deviation", "missing",  "missing_cells",
                                     "range",       "reason"};

/// The shortest decimal that reads back as this f32, as a double: 0.1 rather than 0.100000001490116.
double shortest(float value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  double decimal = 0.0;
  std::from_chars(text, end, decimal);
  return static_cast<float>(decimal) == value ? decimal : static_cast<double>(value);
}

Json float_list(const std::vector<float>& values) {
  Json list = Json::array();
  for (const float value : values) list.push_back(shortest(value));
  return list;
}

/// As in the grammar of layers: "binomial(8)", "gaussian(learned)".
std::string kind_text(const Column& column) {
  std::string text(kind_name(column.kind));
  if (column.learned_variance) return text + "(learned)";
  if (column.parameter != 0) return text + "(" + std::to_string(column.parameter) + ")";
  return text;
}

Json column_to_json(const Column& column, bool with_statistics) {
  const Column usual;
  Json object = Json::object();
  if (column.role != usual.role) object["role"] = role_name(column.role);
  if (column.role == ColumnRole::kFeature || kind_text(column) != kind_text(usual)) {
    object["kind"] = kind_text(column);
  }
  if (column.width != usual.width) object["width"] = column.width;
  if (!column.shape.empty()) object["shape"] = column.shape;
  if (!column.reduced_from.empty()) object["reduced_from"] = column.reduced_from;
  if (!column.categories.empty()) object["categories"] = column.categories;
  if (column.scale != usual.scale) object["scale"] = shortest(column.scale);
  if (column.offset != usual.offset) object["offset"] = shortest(column.offset);
  if (column.binarise != usual.binarise) object["binarise"] = binarise_name(column.binarise);
  if (column.threshold != usual.threshold) object["threshold"] = shortest(column.threshold);
  if (column.standardise) object["standardise"] = true;
  if (with_statistics && !column.mean.empty()) {
    object["mean"] = float_list(column.mean);
    object["deviation"] = float_list(column.deviation);
  }
  if (column.missing != usual.missing) object["missing"] = missing_name(column.missing);
  if (column.missing_cells != 0) object["missing_cells"] = column.missing_cells;
  if (column.minimum != 0.0 || column.maximum != 0.0) object["range"] = {column.minimum, column.maximum};
  if (!column.reason.empty()) object["reason"] = column.reason;
  return object;
}

/// Reads the fields of one column; `where` begins each error.
class ColumnReader {
 public:
  ColumnReader(const Json& object, std::string where) : object_(object), where_(std::move(where)) {}

  Column read(const std::string& name) {
    if (!object_.is_object()) refuse("should be a table such as { kind = \"bernoulli\" }");
    for (const auto& [key, value] : object_.items()) {
      if (std::find(kKeys.begin(), kKeys.end(), key) == kKeys.end()) {
        refuse("has no key \"" + key + "\"" + did_you_mean(key, kKeys));
      }
    }
    Column column;
    column.name = name;
    words(column);
    sizes(column);
    numbers(column);
    return column;
  }

 private:
  [[noreturn]] void refuse(const std::string& what) const { throw InputError(where_ + what); }

  const Json* find(const char* key) const {
    const auto at = object_.find(key);
    return at == object_.end() ? nullptr : &*at;
  }
  void require(bool holds, const char* key, const char* wanted) const {
    if (!holds) refuse(std::string(key) + " should be " + wanted);
  }
  std::string text(const char* key, const std::string& otherwise) const {
    const Json* value = find(key);
    if (value == nullptr) return otherwise;
    require(value->is_string(), key, "a string");
    return value->get<std::string>();
  }
  std::uint64_t whole(const Json& value, const char* key) const {
    require(value.is_number_unsigned() || (value.is_number_integer() && value.get<std::int64_t>() >= 0), key,
            "made of whole numbers from 0 up");
    return value.get<std::uint64_t>();
  }
  /// Small enough that sums of sizes do not overflow.
  std::size_t size(const Json& value, const char* key) const {
    const std::uint64_t count = whole(value, key);
    require(count <= (1u << 31), key, "at most 2147483648");
    return count;
  }
  float number(const char* key, float otherwise) const {
    const Json* value = find(key);
    if (value == nullptr) return otherwise;
    require(value->is_number(), key, "a number");
    return value->get<float>();
  }
  std::vector<float> number_list(const char* key) const {
    const Json* value = find(key);
    if (value == nullptr) return {};
    require(value->is_array(), key, "a list of numbers");
    std::vector<float> list;
    for (const Json& one : *value) {
      require(one.is_number(), key, "a list of numbers");
      list.push_back(one.get<float>());
    }
    return list;
  }

  void words(Column& column) const {
    try {
      column.role = parse_role(text("role", "feature"));
      column.missing = parse_missing(text("missing", "refuse"));
      column.binarise = parse_binarise(text("binarise", "none"));
    } catch (const InputError& error) {
      refuse(error.what());
    }
    column.reason = text("reason", "");
    kind(column, text("kind", "bernoulli"));
    if (const Json* categories = find("categories")) {
      require(categories->is_array(), "categories", "a list of strings");
      for (const Json& one : *categories) {
        // A person who writes categories = [1, 2] means the texts of the cells.
        require(one.is_string() || one.is_number_integer(), "categories", "a list of strings");
        column.categories.push_back(one.is_string() ? one.get<std::string>() : one.dump());
      }
    }
  }

  void kind(Column& column, const std::string& word) const {
    try {
      // Softmax alone takes its number of states from its categories, where the grammar reads "softmax K".
      const LayerSpec spec = parse_layer(word == "softmax" ? "softmax(2) 1" : word + " 1");
      if (spec.groups.size() != 1) refuse("kind should be one kind of unit");
      column.kind = spec.groups[0].kind;
      column.parameter = word == "softmax" ? 0 : spec.groups[0].parameter;
      column.learned_variance = spec.groups[0].learned_variance;
    } catch (const InputError& error) {
      refuse("kind = \"" + word + "\" is no kind of unit (" + error.what() + ")");
    }
  }

  void sizes(Column& column) const {
    if (const Json* width = find("width")) column.width = size(*width, "width");
    if (const Json* shape = find("shape")) {
      require(shape->is_array(), "shape", "a list of whole numbers");
      for (const Json& one : *shape) column.shape.push_back(size(one, "shape"));
    }
    if (const Json* shape = find("reduced_from")) {
      require(shape->is_array(), "reduced_from", "a list of whole numbers");
      for (const Json& one : *shape) column.reduced_from.push_back(size(one, "reduced_from"));
    }
    if (const Json* cells = find("missing_cells")) column.missing_cells = whole(*cells, "missing_cells");
  }

  void numbers(Column& column) const {
    column.scale = number("scale", column.scale);
    column.offset = number("offset", column.offset);
    column.threshold = number("threshold", column.threshold);
    if (const Json* standardise = find("standardise")) {
      require(standardise->is_boolean(), "standardise", "true or false");
      column.standardise = standardise->get<bool>();
    }
    column.mean = number_list("mean");
    column.deviation = number_list("deviation");
    if (const Json* range = find("range")) {
      require(range->is_array() && range->size() == 2 && (*range)[0].is_number() && (*range)[1].is_number(),
              "range", "two numbers, as in [0, 1]");
      column.minimum = (*range)[0].get<double>();
      column.maximum = (*range)[1].get<double>();
    }
  }

  const Json& object_;
  std::string where_;
};

std::string toml_string(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      const char* digits = "0123456789ABCDEF";
      quoted += std::string("\\u00") + digits[byte >> 4] + digits[byte & 15];
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

std::string toml_key(const std::string& name) {
  const bool bare = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
  return bare ? name : toml_string(name);
}

std::string toml_value(const Json& value) {
  if (value.is_string()) return toml_string(value.get<std::string>());
  if (value.is_array()) {
    std::string list;
    for (const Json& one : value) list += (list.empty() ? "" : ", ") + toml_value(one);
    return "[" + list + "]";
  }
  if (value.is_number_float()) {
    char text[32];
    const auto number = value.get<double>();
    const bool whole = std::floor(number) == number && std::abs(number) < 1e15;
    const auto end = whole ? std::to_chars(text, text + sizeof text, static_cast<long long>(number)).ptr
                           : std::to_chars(text, text + sizeof text, number).ptr;
    return {text, end};
  }
  return value.dump();  // whole numbers, true and false are the same in both
}

Json from_toml_node(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* whole = node.as_integer()) return whole->get();
  if (const auto* real = node.as_floating_point()) return real->get();
  if (const auto* boolean = node.as_boolean()) return boolean->get();
  if (const auto* list = node.as_array()) {
    Json array = Json::array();
    for (const auto& one : *list) array.push_back(from_toml_node(one));
    return array;
  }
  if (const auto* table = node.as_table()) {
    Json object = Json::object();
    for (const auto& [key, value] : *table) object[std::string(key.str())] = from_toml_node(value);
    return object;
  }
  return nullptr;  // dates and times, which no key takes
}

}  // namespace

Schema schema_from_toml_table(const toml::table& columns, const std::string& file) {
  struct Entry {
    toml::source_position at;
    std::string name;
    const toml::node* node;
  };
  std::vector<Entry> entries;
  for (const auto& [key, node] : columns) {
    entries.push_back({node.source().begin, std::string(key.str()), &node});
  }
  // A TOML table forgets the order of its keys; their places in the file keep it.
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Entry& a, const Entry& b) { return a.at < b.at; });
  Schema schema;
  for (const Entry& entry : entries) {
    const std::string where = file + ":" + std::to_string(entry.at.line) + ": column \"" + entry.name + "\" ";
    schema.columns.push_back(ColumnReader(from_toml_node(*entry.node), where).read(entry.name));
  }
  try {
    schema.validate();
  } catch (const InputError& error) {
    throw InputError(file + ": " + error.what());
  }
  return schema;
}

std::string schema_to_toml(const Schema& schema, std::span<const std::string> comments) {
  std::string text = "[data.columns]\n";
  for (std::size_t i = 0; i < schema.columns.size(); ++i) {
    if (i < comments.size() && !comments[i].empty()) {
      std::string comment = comments[i];
      std::replace_if(
          comment.begin(), comment.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
      text += "# " + comment + "\n";
    }
    std::string fields;
    const Json object = column_to_json(schema.columns[i], true);
    for (const auto& [key, value] : object.items()) {
      fields += (fields.empty() ? " " : ", ") + key + " = " + toml_value(value);
    }
    text += toml_key(schema.columns[i].name) + " = {" + fields + " }\n";
  }
  return text;
}

std::string Schema::to_json() const {
  Json list = Json::array();
  for (const Column& column : columns) {
    Json object = Json::object();
    object["name"] = column.name;
    object.update(column_to_json(column, false));
    list.push_back(std::move(object));
  }
  Json all = Json::object();
  all["columns"] = std::move(list);
  return dump_json(all);
}

std::map<std::string, std::vector<float>> Schema::statistics() const {
  std::vector<float> mean, deviation;
  for (const Column& column : columns) {
    if (!column.standardise) continue;
    if (column.mean.size() != column.width) {
      throw InputError(
          "column \"" + column.name +
          "\" is standardised but its mean and deviation are not known; load data with it first");
    }
    mean.insert(mean.end(), column.mean.begin(), column.mean.end());
    deviation.insert(deviation.end(), column.deviation.begin(), column.deviation.end());
  }
  if (mean.empty()) return {};
  return {{"data.mean", std::move(mean)}, {"data.deviation", std::move(deviation)}};
}

Schema Schema::from_json(std::string_view json, const std::map<std::string, std::vector<float>>& statistics) {
  const std::string where = "the data's schema";
  const Json all = parse_json(json, where);
  if (!all.is_object() || !all.contains("columns") || !all["columns"].is_array()) {
    throw InputError(where + " should be an object with a list \"columns\"");
  }
  Schema schema;
  schema.ordered = true;
  for (Json object : all["columns"]) {
    if (!object.is_object() || !object.contains("name") || !object["name"].is_string()) {
      throw InputError(where + ": each column should be an object with a \"name\"");
    }
    const auto name = object["name"].get<std::string>();
    object.erase("name");
    schema.columns.push_back(ColumnReader(object, where + ": column \"" + name + "\" ").read(name));
  }
  std::size_t wanted = 0;
  for (const Column& column : schema.columns) wanted += column.standardise ? column.width : 0;
  const auto take = [&](const char* key, std::vector<float> Column::*field) {
    const auto at = statistics.find(key);
    const std::size_t have = at == statistics.end() ? 0 : at->second.size();
    if (have != wanted) {
      throw InputError(where + ": " + key + " should have " + std::to_string(wanted) + " values, not " +
                       std::to_string(have));
    }
    std::size_t next = 0;
    for (Column& column : schema.columns) {
      if (!column.standardise) continue;
      const auto first = at->second.begin() + static_cast<std::ptrdiff_t>(next);
      (column.*field).assign(first, first + static_cast<std::ptrdiff_t>(column.width));
      next += column.width;
    }
  };
  take("data.mean", &Column::mean);
  take("data.deviation", &Column::deviation);
  schema.validate();
  return schema;
}

std::string Schema::to_toml() const {
  return schema_to_toml(*this, {});
}

Schema Schema::from_toml(std::string_view text, const std::string& file) {
  const toml::table all = parse_toml(text, file);
  if (!all.contains("data")) return schema_from_toml_table(all, file);
  const toml::table* columns = all["data"]["columns"].as_table();
  if (columns == nullptr) throw InputError(file + ": it should have a table [data.columns]");
  return schema_from_toml_table(*columns, file);
}

}  // namespace harmonium
