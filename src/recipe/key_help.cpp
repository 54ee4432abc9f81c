#include "harmonium/recipe/key_help.h"

#include "recipe/idea.h"
#include "recipe/keys.h"

namespace harmonium {
namespace {

// "[measure.mixing]" of "measure.mixing.steps".
std::string title_of(const std::string& path) {
  const auto dot = path.rfind('.');
  return dot == std::string::npos ? "Above all tables" : "[" + path.substr(0, dot) + "]";
}

void add_common_tables(std::vector<KeyTable>& tables) {
  const Recipe standard;
  for (const KeyRow& row : key_table()) {
    const std::string title = title_of(row.path);
    if (tables.empty() || tables.back().title != title) tables.push_back({title, {}});
    tables.back().keys.push_back({row.path, row.get(standard), row.values, row.help});
  }
}

// Tables that are read by rules of their own (recipe.cpp).
void add_special_tables(std::vector<KeyTable>& tables) {
  tables.push_back(
      {"[data.columns]",
       {{"\"COLUMN\"", "", "a table", "as `harmonium data describe` writes it; not for --set"}}});
  tables.push_back({"[[layer]], one an RBM from the data up",
                    {{"layer.N.KEY", "that of [train]", "as train.KEY",
                      "any key of [train], and start and pass of [model], of the Nth RBM alone"}}});
  tables.push_back({"[sweep]",
                    {{"sweep.seeds", "[]", "a list of different whole numbers",
                      "the experiment is run once for each, and the runs are compared"}}});
  tables.push_back({"[[variant]], one a way to run the experiment",
                    {{"name", "", "a text without slashes", "of the variant and its folder; not for --set"},
                     {"KEY", "", "as KEY", "any key above, which differs in this variant; not for --set"}}});
}

void add_idea_tables(std::vector<KeyTable>& tables) {
  for (const Idea& idea : ideas()) {
    KeyTable table{"[idea], name = \"" + idea.name + "\"", {}};
    for (const IdeaKey& key : idea.keys)
      table.keys.push_back({"idea." + key.name, idea_value_text(key.standard),
                            std::string(key.whole ? "a whole number, " : "a number, ") +
                                idea_value_text(key.least) + " to " + idea_value_text(key.most),
                            key.help});
    tables.push_back(std::move(table));
  }
}

std::string in_a_cell(const std::string& text) {
  std::string escaped;
  for (const char c : text) escaped += c == '|' ? std::string("\\|") : std::string(1, c);
  return escaped;
}
std::string as_code(const std::string& text) {
  return text.empty() ? "" : "`" + in_a_cell(text) + "`";
}

}  // namespace

std::vector<KeyTable> key_tables() {
  std::vector<KeyTable> tables;
  add_common_tables(tables);
  add_special_tables(tables);
  add_idea_tables(tables);
  return tables;
}

std::string key_tables_markdown() {
  std::string text;
  for (const KeyTable& table : key_tables()) {
    text += (text.empty() ? "### " : "\n### ") + table.title + "\n\n";
    text += "| key | default | values | meaning |\n| --- | --- | --- | --- |\n";
    for (const KeyHelp& key : table.keys)
      text += "| " + as_code(key.path) + " | " + as_code(key.default_value) + " | " + in_a_cell(key.values) +
              " | " + in_a_cell(key.help) + " |\n";
  }
  return text;
}

}  // namespace harmonium
