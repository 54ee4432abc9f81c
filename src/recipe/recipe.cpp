#include "harmonium/recipe/recipe.h"

#include <algorithm>

#include "data/schema_text.h"
#include "harmonium/base/error.h"
#include "harmonium/data/schema.h"
#include "harmonium/io/read_file.h"
#include "harmonium/io/suggest.h"
#include "io/toml.h"
#include "recipe/idea.h"
#include "recipe/keys.h"
#include "recipe/toml_value.h"

namespace harmonium {
namespace {

constexpr const char* kLayerPrefix = "layer.";
constexpr const char* kSweepSeeds = "sweep.seeds";
constexpr const char* kIdeaPrefix = "idea.";
constexpr const char* kOwnStack = "stack";
constexpr const char* kAtRandom = "random";

std::string place(const std::string& where, const toml::node& node) {
  const auto& begin = node.source().begin;
  return where + ":" + std::to_string(begin.line) + ":" + std::to_string(begin.column) + ": ";
}

// A folder of files named like those of MNIST, with a test part among them.
bool has_test_part(const std::string& source) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(source, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("t10k-images") || name.starts_with("test-images")) return true;
  }
  return false;
}

bool cannot_be_in_a_file_name(char c) {
  return c == '/' || (c >= 0 && c < ' ') || c == '\x7f';
}

// A key of [train] by its short name, set on options for one RBM.
void set_layer_key(TrainOptions& options, const std::string& key, const RecipeValue& value) {
  const std::string path = key == "start" || key == "pass" ? "model." + key : "train." + key;
  const KeyRow* row = find_key(path);
  if (!row) throw InputError(unknown_key(path));
  Recipe carrier;
  carrier.train = options;
  row->set(carrier, value);
  options = carrier.train;
}

// [[layer]] tables are checked when they are read, not when their turn comes.
void keep_override(Recipe& recipe, std::size_t layer, const std::string& key, const RecipeValue& value) {
  TrainOptions trial = recipe.train;
  set_layer_key(trial, key, value);
  if (recipe.layer_overrides.size() <= layer) recipe.layer_overrides.resize(layer + 1);
  recipe.layer_overrides[layer][key] = value_text(value);
}

std::vector<std::uint64_t> as_seeds(const RecipeValue& value) {
  const auto numbers = as_counts(kSweepSeeds, value);
  std::vector<std::uint64_t> seeds(numbers.begin(), numbers.end());
  for (std::size_t i = 0; i < seeds.size(); ++i)  // each has a folder of its own
    if (std::find(seeds.begin(), seeds.begin() + static_cast<std::ptrdiff_t>(i), seeds[i]) !=
        seeds.begin() + static_cast<std::ptrdiff_t>(i))
      throw InputError(std::string(kSweepSeeds) + " must name each seed once, but has " +
                       std::to_string(seeds[i]) + " twice.");
  return seeds;
}

void set_key(Recipe& recipe, const std::string& key, const RecipeValue& value) {
  if (key.starts_with(kIdeaPrefix)) {
    set_idea_key(recipe.idea, key.substr(std::string(kIdeaPrefix).size()), value);
    return;
  }
  if (key.starts_with(kLayerPrefix)) {
    const auto dot = key.find('.', 6);
    const std::string number = key.substr(6, dot - 6);
    if (dot == std::string::npos || number.empty() || number.size() > 3 ||
        number.find_first_not_of("0123456789") != std::string::npos || std::stoul(number) == 0)
      throw InputError("key " + key + " must be layer.N.KEY, as in layer.2.epochs; RBMs count from 1.");
    keep_override(recipe, std::stoul(number) - 1, key.substr(dot + 1), value);
    return;
  }
  if (key == kSweepSeeds) {
    recipe.sweep_seeds = as_seeds(value);
    return;
  }
  const KeyRow* row = find_key(key);
  if (!row)
    throw InputError(recipe.idea.name.empty() ? unknown_key(key)
                                              : unknown_key(key, idea_recipe_keys(recipe.idea)));
  row->set(recipe, value);
}

// Reads one recipe's tables; every refusal gets the place where the offending node stands.
class Reader {
 public:
  Reader(Recipe& recipe, const std::string& where) : recipe_(recipe), where_(where) {}

  // An idea comes first, wherever it stands, because it says which other keys there are.
  void read(const toml::table& table) {
    if (const toml::node* idea = table.get("idea")) read_idea(*idea);
    read(table, "");
  }

 private:
  void read(const toml::table& table, const std::string& prefix) {
    for (const auto& entry : table) {  // not taken apart: clang before 16 captures no structured bindings
      const toml::node& node = entry.second;
      const std::string key = prefix + std::string(entry.first.str());
      if (key == "sweep")
        read_sweep(node);
      else if (key == "variant")
        read_variants(node);
      else if (key == "layer")
        read_layers(node);
      else if (key == "idea")
        continue;
      else if (key == "data.columns")
        read_columns(node);
      else if (const auto* inner = node.as_table())
        read(*inner, key + ".");
      else
        at(node, [&] { set_key(recipe_, key, value_of_node(node, key)); });
    }
  }

  template <class F>
  void at(const toml::node& node, F set) {
    try {
      set();
    } catch (const InputError& error) {
      throw InputError(place(where_, node) + error.what());
    }
  }

  const toml::array& tables(const toml::node& node, const char* name) {
    const auto* array = node.as_array();
    if (!array || !array->is_array_of_tables())
      throw InputError(place(where_, node) + name + " is written as [[" + name + "]] tables.");
    return *array;
  }

  void read_sweep(const toml::node& node) {
    const auto* table = node.as_table();
    if (!table || table->size() != 1 || !table->contains("seeds"))
      throw InputError(place(where_, node) + "[sweep] has one key, seeds, a list of whole numbers.");
    const toml::node& seeds = *table->get("seeds");
    at(seeds, [&] { set_key(recipe_, kSweepSeeds, value_of_node(seeds, kSweepSeeds)); });
  }

  void read_variants(const toml::node& node) {
    for (const toml::node& item : tables(node, "variant")) {
      RecipeVariant variant;
      for (const auto& entry : *item.as_table()) {
        const toml::node& value = entry.second;
        const std::string key(entry.first.str());
        if (key == "name")
          at(value, [&] { variant.name = as_text("variant.name", value_of_node(value, "variant.name")); });
        else if (const auto* inner = value.as_table())
          read_changes(*inner, key + ".", variant);
        else
          add_change(key, value, variant);
      }
      if (variant.name.empty() ||
          std::any_of(variant.name.begin(), variant.name.end(), cannot_be_in_a_file_name))
        throw InputError(
            place(where_, item) +
            "each [[variant]] needs a name without slashes or control characters, which is that of "
            "its folder.");
      for (const RecipeVariant& other : recipe_.variants)
        if (other.name == variant.name)
          throw InputError(place(where_, item) + "two variants are named \"" + variant.name +
                           "\"; each needs a name of its own, which is that of its folder.");
      recipe_.variants.push_back(std::move(variant));
    }
  }
  void read_changes(const toml::table& table, const std::string& prefix, RecipeVariant& variant) {
    for (const auto& [name, value] : table) {
      const std::string key = prefix + std::string(name.str());
      if (const auto* inner = value.as_table())
        read_changes(*inner, key + ".", variant);
      else
        add_change(key, value, variant);
    }
  }
  void add_change(const std::string& key, const toml::node& value, RecipeVariant& variant) {
    at(value, [&] {
      if (key == kSweepSeeds) throw InputError("the seeds of a sweep are the same for every variant.");
      Recipe trial = recipe_;
      const RecipeValue read = value_of_node(value, key);
      set_key(trial, key, read);
      variant.set.emplace_back(key, value_text(read));
    });
  }

  void read_layers(const toml::node& node) {
    std::size_t layer = 0;
    for (const toml::node& item : tables(node, "layer")) {
      if (recipe_.layer_overrides.size() <= layer) recipe_.layer_overrides.resize(layer + 1);
      for (const auto& entry : *item.as_table()) {
        const toml::node& value = entry.second;
        const std::string key(entry.first.str());
        at(value, [&] { keep_override(recipe_, layer, key, value_of_node(value, key)); });
      }
      ++layer;
    }
  }

  // The name comes first, wherever it stands, because it says which other keys there are.
  void read_idea(const toml::node& node) {
    const auto* table = node.as_table();
    const toml::node* name = table ? table->get("name") : nullptr;
    if (!name) {
      if (table) refuse_misspelled_name(*table);
      throw InputError(place(where_, node) +
                       "[idea] is a table with a name, as in name = \"explaining-away\".");
    }
    at(*name, [&] { set_key(recipe_, "idea.name", value_of_node(*name, "idea.name")); });
    for (const auto& entry : *table) {
      const toml::node& value = entry.second;
      const std::string key = kIdeaPrefix + std::string(entry.first.str());
      if (&value != name) at(value, [&] { set_key(recipe_, key, value_of_node(value, key)); });
    }
  }

  void refuse_misspelled_name(const toml::table& idea) {
    const std::vector<std::string> known = {"name"};
    for (const auto& entry : idea) {
      const std::string key(entry.first.str());
      if (const std::string meant = did_you_mean(key, known); !meant.empty())
        throw InputError(place(where_, entry.second) + "unknown key idea." + key + meant);
    }
  }

  void read_columns(const toml::node& node) {
    const auto* table = node.as_table();
    if (!table)
      throw InputError(place(where_, node) +
                       "[data.columns] is a table; `harmonium data describe` writes it.");
    at(node, [&] { recipe_.data.columns = schema_from_toml_table(*table, where_).to_toml(); });
  }

  Recipe& recipe_;
  const std::string& where_;
};

}  // namespace

Recipe parse_recipe(const std::string& text, const std::string& where) {
  Recipe recipe;
  const toml::table table = parse_toml(text, where);
  Reader(recipe, where).read(table);
  if (const auto fault = find_option_fault(recipe.train); !fault.empty())
    throw InputError(where + ": " + fault);
  if (const auto fault = find_idea_fault(recipe); !fault.empty()) throw InputError(where + ": " + fault);
  return recipe;
}

Recipe load_recipe(const std::filesystem::path& path) {
  constexpr std::uint64_t kLargestRecipe = std::uint64_t{16} << 20;
  return parse_recipe(read_file(path, kLargestRecipe), path.string());
}

void set_recipe_key(Recipe& recipe, const std::string& key, const std::string& text) {
  set_key(recipe, key, parse_value(text));
}

std::string recipe_text(const Recipe& recipe, bool learned_alone) {
  if (!recipe.idea.name.empty()) return idea_text(recipe);
  std::string text;
  for (const KeyRow& row : key_table()) {
    if (learned_alone && !row.is_learned) continue;
    if (const std::string literal = row.get(recipe); !literal.empty())
      text += row.path + " = " + literal + "\n";
  }
  for (const auto& layer : recipe.layer_overrides) {
    text += "\n[[layer]]\n";
    for (const auto& [key, literal] : layer) text += key + " = " + literal + "\n";
  }
  if (!recipe.data.columns.empty()) text += "\n" + recipe.data.columns + "\n";
  return text;
}

std::string find_training_difference(const Recipe& a, const Recipe& b) {
  const auto text = [](const std::string& literal) { return literal.empty() ? "not set" : literal; };
  for (const KeyRow& row : key_table()) {
    if (!row.is_learned) continue;
    if (const std::string x = row.get(a), y = row.get(b); x != y)
      return row.path + " = " + text(x) + " and not " + text(y);
  }
  if (a.layer_overrides != b.layer_overrides) return "other [[layer]] tables";
  return a.data.columns == b.data.columns ? "" : "another [data.columns]";
}

std::vector<TrainOptions> layer_options(const Recipe& recipe, std::size_t rbms) {
  if (recipe.layer_overrides.size() > rbms)
    throw InputError("the recipe has " + std::to_string(recipe.layer_overrides.size()) +
                     " [[layer]] tables, but the model has only " + std::to_string(rbms) + " RBMs.");
  std::vector<TrainOptions> options(rbms, recipe.train);
  for (std::size_t n = 0; n < recipe.layer_overrides.size(); ++n)
    for (const auto& [key, literal] : recipe.layer_overrides[n])
      set_layer_key(options[n], key, parse_value(literal));
  for (TrainOptions& o : options) {
    o.seed = recipe.seed;
    o.missing_absent = recipe.data.missing == "absent";
    if (const auto fault = find_option_fault(o); !fault.empty()) throw InputError(fault);
  }
  return options;
}

// Gentle, as what greedy learning left is to be improved and not to be learned anew.
JointRecipe::JointRecipe() {
  train.table = "joint";
  train.epochs = 0;
  train.rate = Schedule(0.01, ScheduleShape::kLinear);
  train.average_epochs = 5;
  train.negative = NegativeKind::kAuto;
  train.monitor_cases = 10000;
}

TrainOptions joint_options(const Recipe& recipe) {
  TrainOptions options = recipe.joint.train;
  options.seed = recipe.seed;
  options.precision = recipe.train.precision;
  options.checkpoint_minutes = recipe.train.checkpoint_minutes;
  if (const auto fault = find_option_fault(options); !fault.empty()) throw InputError(fault);
  return options;
}

// As in the Science-2006 paper: a small rate, so that what the stack has learned is improved and not
// replaced.
FineTuneRecipe::FineTuneRecipe() {
  train.table = "fine_tune";
  train.epochs = 0;
  train.rate = Schedule(0.1, ScheduleShape::kLinear);
  train.monitor_cases = 10000;
}

bool has_fine_tuning(const Recipe& recipe) {
  return recipe.fine_tune.train.epochs > 0;
}

bool learns_stack(const Recipe& recipe) {
  return !has_fine_tuning(recipe) || recipe.fine_tune.start == kOwnStack;
}

bool starts_at_random(const Recipe& recipe) {
  return has_fine_tuning(recipe) && recipe.fine_tune.start == kAtRandom;
}

std::optional<std::string> stack_file(const Recipe& recipe) {
  if (learns_stack(recipe) || starts_at_random(recipe)) return std::nullopt;
  return recipe.fine_tune.start;
}

TrainOptions fine_tune_options(const Recipe& recipe) {
  TrainOptions options = recipe.fine_tune.train;
  options.seed = recipe.seed;
  options.checkpoint_minutes = recipe.train.checkpoint_minutes;
  if (const auto fault = find_option_fault(options); !fault.empty()) throw InputError(fault);
  return options;
}

NetworkOptions network_options(const Recipe& recipe) {
  NetworkOptions options = recipe.fine_tune.net;
  options.l2 = recipe.fine_tune.train.l2;
  options.norm_limit = recipe.fine_tune.train.norm_limit;
  return options;
}

std::vector<RecipeKey> recipe_keys() {
  std::vector<RecipeKey> keys;
  const Recipe defaults;
  for (const KeyRow& row : key_table()) keys.push_back({row.path, row.get(defaults), row.help});
  return keys;
}

DataRequest train_request(const Recipe& recipe) {
  const DataRecipe& d = recipe.data;
  DataRequest request;
  request.source = d.train;
  request.labels = d.labels;
  request.label_column = d.label_column;
  request.weights_column = d.weights_column;
  request.classes = d.classes;
  request.limit = d.limit;
  if (!d.columns.empty()) request.columns = Schema::from_toml(d.columns, "[data.columns]");
  if (!d.binarise.empty()) request.binarise = parse_binarise(d.binarise);
  if (d.threshold) request.threshold = static_cast<float>(*d.threshold);
  if (d.standardise) request.standardise = *d.standardise;
  if (!d.missing.empty()) request.missing = parse_missing(d.missing);
  constexpr std::size_t kMostMib = std::size_t{1} << 40;
  request.stream = {std::uint64_t{std::min(d.memory, kMostMib)} << 20, std::min(d.block, kMostMib) << 10,
                    d.mixed_blocks};
  if (!d.resize.empty()) {
    if (d.resize.size() != 2) throw InputError("data.resize must be two numbers, [height, width].");
    request.resize = {d.resize[0], d.resize[1]};
  }
  return request;
}

std::optional<DataRequest> test_request(const Recipe& recipe) {
  if (recipe.data.test == kNoTest) return std::nullopt;
  DataRequest request = train_request(recipe);
  request.limit = 0;
  request.labels.clear();
  if (!recipe.data.test.empty() && recipe.data.test != recipe.data.train) {
    request.source = recipe.data.test;
    return request;
  }
  const auto known = list_datasets();
  const bool named = std::any_of(known.begin(), known.end(), [&](const NamedDataset& set) {
    return set.name == request.source &&
           std::find(set.parts.begin(), set.parts.end(), "test") != set.parts.end();
  });
  if (!named && !has_test_part(request.source)) {
    if (recipe.data.test.empty()) return std::nullopt;
    throw InputError(
        "data.test = \"" + recipe.data.test +
        "\" names the training data, which have no test part; use data.held_out, or name other cases.");
  }
  request.part = "test";
  return request;
}

}  // namespace harmonium
