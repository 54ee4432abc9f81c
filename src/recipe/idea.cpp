#include "recipe/idea.h"

#include <algorithm>
#include <cmath>

#include "harmonium/base/error.h"
#include "harmonium/base/version.h"
#include "harmonium/io/atomic_file.h"
#include "harmonium/io/suggest.h"
#include "harmonium/render/number.h"
#include "recipe/keys.h"
#include "recipe/output.h"
#include "recipe/report_parts.h"
#include "recipe/run_folder.h"
#include "recipe/sweep.h"

namespace harmonium {
namespace {

// With the sign that people type.
std::string typed(double number) {
  return number < 0 ? "-" + number_text(-number) : number_text(number);
}

// Keys that a recipe of an idea shares with all others.
bool is_common(const std::string& path) {
  return path == "name" || path == "title" || path == "seed";
}

// A chart as a file of its own is read on paper and on pages of any colour.
std::string on_paper(std::string svg) {
  svg.insert(4, " style=\"background:#fff;color:#222\"");
  return svg;
}

void write_metrics(const std::filesystem::path& path, const Recipe& recipe, const IdeaPage& page,
                   const std::vector<std::filesystem::path>& files, const RunOptions& options) {
  Json json = {{"name", recipe.name},
               {"command", options.command},
               {"seed", std::to_string(recipe.seed)},
               {"library_version", version()},
               {"idea", {{"name", recipe.idea.name}, {"settings", recipe.idea.settings}}},
               {"measures", Json::object()}};
  for (const Measurement& m : page.measurements()) json["measures"][m.name] = measurement_json(m);
  json["files"] = Json::array();  // --force removes them
  for (const auto& file : files) json["files"].push_back(file.filename().string());
  write_file_atomically(path, dump_json(json, 2) + "\n");
}

void write_report(const std::filesystem::path& path, const Recipe& recipe, const IdeaPage& page,
                  const RunOptions& options) {
  Report report(recipe.title.empty() ? find_idea(recipe.idea.name).title : recipe.title,
                "An argument of the tutorial, small enough to be exact");
  const auto metrics = metrics_of(page.measurements());
  auto first = metrics;
  first.resize(std::min<std::size_t>(first.size(), 4));
  for (Metric& metric : first) metric.note = metric.note.substr(0, metric.note.find(';'));
  report.highlights(first);
  page.tell(report);
  report.section("Measures");
  report.metrics(metrics, {options.command, recipe.seed});
  report.section("Recipe");
  report.preformatted(recipe_text(recipe));
  report.write(path);
}

}  // namespace

void IdeaPage::measure(std::string name, double value, std::string unit, std::string how) {
  measurements_.push_back({std::move(name), value, std::nullopt, 0, std::move(unit), std::move(how)});
}
void IdeaPage::section(const std::string& title) {
  told_.emplace_back([=](Report& report) { report.section(title); });
}
void IdeaPage::text(const std::string& paragraphs) {
  told_.emplace_back([=](Report& report) { report.paragraph(paragraphs); });
}
void IdeaPage::table(const ReportTable& table) {
  told_.emplace_back([=](Report& report) { report.table(table); });
}
void IdeaPage::line_chart(const std::string& file, std::vector<Series> series, const ChartOptions& options,
                          const std::string& caption) {
  svgs_.emplace_back(file + ".svg", on_paper(harmonium::line_chart(series, options)));
  told_.emplace_back([=](Report& report) { report.line_chart(series, options, caption); });
}
void IdeaPage::bar_chart(const std::string& file, std::vector<Bar> bars, const ChartOptions& options,
                         const std::string& caption) {
  svgs_.emplace_back(file + ".svg", on_paper(harmonium::bar_chart(bars, options)));
  told_.emplace_back([=](Report& report) { report.bar_chart(bars, options, caption); });
}
void IdeaPage::picture(const std::string& file, Picture picture) {
  pngs_.emplace_back(file + ".png", picture.image);
  told_.emplace_back([picture = std::move(picture)](Report& report) { report.picture(picture); });
}
void IdeaPage::keep(const ParameterList& parameters) {
  for (const NamedTensor& tensor : parameters)
    learned_.tensors.push_back(Tensor::from_f32(tensor.name, tensor.values, tensor.shape));
}
void IdeaPage::keep(const std::string& name, std::span<const double> values, std::vector<std::size_t> shape) {
  learned_.tensors.push_back(Tensor::from_f64(name, values, std::move(shape)));
}
void IdeaPage::tell(Report& report) const {
  for (const auto& add : told_) add(report);
}

const Idea& find_idea(const std::string& name) {
  std::vector<std::string> names;
  std::string list;
  for (const Idea& idea : ideas()) {
    if (idea.name == name) return idea;
    names.push_back(idea.name);
    list += (list.empty() ? "" : ", ") + idea.name;
  }
  throw InputError("idea.name must be one of " + list + ", but is \"" + name + "\"" +
                   did_you_mean(name, names));
}

void set_idea_key(IdeaRecipe& recipe, const std::string& key, const RecipeValue& value) {
  if (key == "name") {
    const Idea& idea = find_idea(as_text("idea.name", value));
    if (recipe.name == idea.name) return;
    recipe = {idea.name, {}};
    for (const IdeaKey& row : idea.keys) recipe.settings[row.name] = row.standard;
    return;
  }
  if (recipe.name.empty())
    throw InputError("idea." + key + " is a key of an idea, but the recipe has no idea.name.");
  std::vector<std::string> names = {"name"};
  for (const IdeaKey& row : find_idea(recipe.name).keys) {
    names.push_back(row.name);
    if (row.name != key) continue;
    const double given =
        row.whole ? static_cast<double>(as_count("idea." + key, value)) : as_number("idea." + key, value);
    if (!(given >= row.least && given <= row.most))
      throw InputError("idea." + key + " must be a number from " + typed(row.least) + " to " +
                       typed(row.most) + ", but is " + typed(given) + ".");
    recipe.settings[key] = given;
    return;
  }
  throw InputError("unknown key idea." + key + " of " + recipe.name + did_you_mean(key, names));
}

std::vector<std::string> idea_recipe_keys(const IdeaRecipe& recipe) {
  std::vector<std::string> keys = {"idea.name"};
  for (const auto& [key, value] : recipe.settings) keys.push_back("idea." + key);
  for (const KeyRow& row : key_table())
    if (is_common(row.path)) keys.push_back(row.path);
  return keys;
}

std::string find_idea_fault(const Recipe& recipe) {
  if (recipe.idea.name.empty()) return "";
  const Recipe standard;
  const std::string why =
      " belongs to recipes that learn from data; one with an [idea] has name, title, seed and the keys of "
      "the idea.";
  for (const KeyRow& row : key_table())
    if (!is_common(row.path) && row.get(recipe) != row.get(standard)) return row.path + why;
  if (!recipe.layer_overrides.empty()) return "[[layer]]" + why;
  if (!recipe.variants.empty()) return "[[variant]]" + why;
  if (!recipe.sweep_seeds.empty()) return "[sweep]" + why;
  return recipe.data.columns.empty() ? "" : "[data.columns]" + why;
}

std::string idea_value_text(double value) {
  const bool whole = value == std::floor(value) && std::abs(value) < 1e15;
  return whole ? std::to_string(static_cast<std::int64_t>(value)) : value_text(value);
}

std::string idea_text(const Recipe& recipe) {
  std::string text;
  for (const KeyRow& row : key_table())
    if (is_common(row.path)) text += row.path + " = " + row.get(recipe) + "\n";
  text += "\n[idea]\nname = " + value_text(recipe.idea.name) + "\n";
  for (const auto& [key, value] : recipe.idea.settings) text += key + " = " + idea_value_text(value) + "\n";
  return text;
}

RunResult run_idea(const Recipe& recipe, const std::filesystem::path& folder, const RunOptions& options) {
  if (const auto fault = find_idea_fault(recipe); !fault.empty()) throw InputError(fault);
  check_idea_folder(recipe, folder, options);
  const OutputFolder output(folder);
  options.reporter->learned();  // nothing is lost by ending now: Ctrl-C need not wait
  IdeaPage page;
  find_idea(recipe.idea.name).run({recipe, *options.team, *options.reporter}, page);
  clear_for_idea(folder);
  RunResult result;
  result.folder = folder;
  result.measurements = page.measurements();
  result.files.push_back(folder / "report.html");
  for (const auto& [file, text] : page.svgs()) {
    write_file_atomically(folder / file, text);
    result.files.push_back(folder / file);
  }
  for (const auto& [file, image] : page.pngs()) {
    write_png(folder / file, image);
    result.files.push_back(folder / file);
  }
  if (!page.learned().tensors.empty()) {
    write_safetensors(folder / "learned.safetensors", page.learned());
    result.files.push_back(folder / "learned.safetensors");
  }
  write_metrics(folder / "metrics.json", recipe, page, result.files, options);
  write_report(folder / "report.html", recipe, page, options);
  result.finished = true;
  return result;
}

}  // namespace harmonium
