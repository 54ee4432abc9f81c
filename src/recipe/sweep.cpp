#include "recipe/sweep.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>

#include "harmonium/base/error.h"
#include "harmonium/base/version.h"
#include "harmonium/io/atomic_file.h"
#include "harmonium/render/number.h"
#include "io/json.h"
#include "recipe/run_folder.h"

namespace harmonium {
namespace {

// The runs of one variant.
struct VariantRuns {
  std::string name;
  std::vector<std::uint64_t> seeds;
  std::vector<RunResult> runs;
  std::vector<std::vector<HistoryRecord>> histories;
};

const Measurement* find(const RunResult& run, const std::string& name) {
  for (const Measurement& m : run.measurements)
    if (m.name == name) return &m;
  return nullptr;
}

// Likelihoods, and what fantasies have of the data, are better when larger; errors, gaps, divergences when
// smaller.
bool larger_is_better(const std::string& name) {
  if (name.ends_with("_bracket")) return false;
  static constexpr std::array kLarger = {"likelihood",    "log_probability", "read_as",
                                         "precision",     "recall",          "samples",
                                         "exchange_rate", "round_trips",     "effective_runs"};
  return std::any_of(kLarger.begin(), kLarger.end(),
                     [&](const char* word) { return name.find(word) != std::string::npos; });
}

// The deviation is that of single runs, with n - 1; none for one run.
struct Spread {
  double worst, median, best, mean;
  std::optional<double> deviation;
};
Spread spread_of(std::vector<double> values, const std::string& name) {
  std::sort(values.begin(), values.end());
  const std::size_t n = values.size();
  const double median = n % 2 ? values[n / 2] : 0.5 * (values[n / 2 - 1] + values[n / 2]);
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(n);
  std::optional<double> deviation;
  if (n > 1) {
    double squares = 0;
    for (const double value : values) squares += (value - mean) * (value - mean);
    deviation = std::sqrt(squares / static_cast<double>(n - 1));
  }
  return larger_is_better(name) ? Spread{values.front(), median, values.back(), mean, deviation}
                                : Spread{values.back(), median, values.front(), mean, deviation};
}

std::vector<double> values_of(const VariantRuns& variant, const std::string& name) {
  std::vector<double> values;
  for (const RunResult& run : variant.runs)
    if (const Measurement* m = find(run, name)) values.push_back(m->value);
  return values;
}

std::vector<std::string> measure_names(const std::vector<VariantRuns>& variants) {
  std::vector<std::string> names;
  for (const VariantRuns& variant : variants)
    for (const RunResult& run : variant.runs)
      for (const Measurement& m : run.measurements)
        if (std::find(names.begin(), names.end(), m.name) == names.end()) names.push_back(m.name);
  return names;
}

// What the doctor said in any of the runs, once each, with how many runs said it.
std::vector<std::string> doctor_of(const VariantRuns& variant) {
  std::map<std::string, std::size_t> counts;
  std::vector<std::string> first;
  for (const auto& history : variant.histories) {
    std::vector<std::string> kinds;
    for (const HistoryRecord& record : history)
      for (const std::string& sentence : record.warnings) {
        // Sentences differ in their numbers; the words up to the first number tell the sign.
        const std::string kind = sentence.substr(0, sentence.find_first_of("0123456789"));
        if (std::find(kinds.begin(), kinds.end(), kind) != kinds.end()) continue;
        kinds.push_back(kind);
        if (counts[kind]++ == 0) first.push_back(sentence);
      }
  }
  for (std::string& sentence : first) {
    const std::string kind = sentence.substr(0, sentence.find_first_of("0123456789"));
    sentence += " (" + std::to_string(counts[kind]) + " of " + std::to_string(variant.runs.size()) + " runs)";
  }
  return first;
}

Json spread_json(const Spread& s, const std::vector<double>& values) {
  Json json = {{"worst", s.worst}, {"median", s.median}, {"best", s.best}, {"mean", s.mean}};
  if (s.deviation) json["deviation"] = *s.deviation;
  json["values"] = values;
  return json;
}

Measurement spread_measurement(const std::string& name, const Spread& s, std::size_t runs) {
  std::string how = "median " + number_text(s.median, 4) + ", mean " + number_text(s.mean, 5);
  if (s.deviation) how += ", standard deviation " + number_text(*s.deviation, 2);
  return {name + ", worst of " + std::to_string(runs), s.worst, {}, 0, "", how};
}

void write_comparison(const Recipe& recipe, const std::filesystem::path& folder,
                      const std::vector<VariantRuns>& variants, const RunOptions& options,
                      RunResult& result) {
  Report report(recipe.title.empty() ? recipe.name : recipe.title,
                std::to_string(variants.size()) + " variants, " +
                    std::to_string(variants.front().seeds.size()) + " seeds each");
  Json json = {{"name", recipe.name},
               {"command", options.command},
               {"library_version", version()},
               {"variants", Json::object()}};
  for (const VariantRuns& variant : variants) {
    json["variants"][variant.name] = {
        {"seeds", variant.seeds}, {"measures", Json::object()}, {"warnings", doctor_of(variant)}};
  }
  report.section("Comparison");
  for (const std::string& name : measure_names(variants)) {
    ReportTable table{name, {"variant", "mean", "deviation", "worst", "median", "best", "runs"}, {}};
    std::vector<Box> boxes;
    for (const VariantRuns& variant : variants) {
      const auto values = values_of(variant, name);
      if (values.empty()) continue;
      const Spread s = spread_of(values, name);
      table.rows.push_back({variant.name, number_text(s.mean, 5),
                            s.deviation ? number_text(*s.deviation, 2) : "", number_text(s.worst, 4),
                            number_text(s.median, 4), number_text(s.best, 4), std::to_string(values.size())});
      boxes.push_back(box_of(variant.name, values));
      json["variants"][variant.name]["measures"][name] = spread_json(s, values);
      result.measurements.push_back(spread_measurement(name + " of " + variant.name, s, values.size()));
    }
    std::replace(table.caption.begin(), table.caption.end(), '_', ' ');
    report.table(table);
    ChartOptions chart;
    chart.title = table.caption;
    report.box_chart(boxes, chart);
  }
  report.section("What the doctor saw");
  bool any = false;
  for (const VariantRuns& variant : variants)
    for (const std::string& sentence : doctor_of(variant)) {
      report.warning(variant.name + ": " + sentence);
      result.warnings.push_back(variant.name + ": " + sentence);
      any = true;
    }
  if (!any) report.paragraph("Nothing: no sign of trouble in any run.");
  report.section("Recipe");
  report.paragraph("Command: " + options.command);
  std::string changes = recipe_text(recipe);
  for (const RecipeVariant& variant : recipe.variants) {
    changes += "\n[[variant]]\nname = \"" + variant.name + "\"\n";
    for (const auto& [key, literal] : variant.set) changes += key + " = " + literal + "\n";
  }
  report.preformatted(changes);
  report.write(folder / "report.html");
  write_file_atomically(folder / "metrics.json", dump_json(json, 2) + "\n");
}

}  // namespace

Recipe recipe_of(const Recipe& base, const RecipeVariant* variant, std::uint64_t seed) {
  Recipe recipe = base;
  recipe.variants.clear(), recipe.sweep_seeds.clear();
  if (variant) {
    for (const auto& [key, literal] : variant->set) set_recipe_key(recipe, key, literal);
    recipe.name = base.name + ", " + variant->name;
  }
  recipe.seed = seed;
  return recipe;
}

RunResult run_sweep(const Recipe& recipe, const std::filesystem::path& folder, const RunOptions& options) {
  check_comparison_folder(recipe, folder, options);
  std::vector<std::uint64_t> seeds = recipe.sweep_seeds;
  if (seeds.empty()) seeds = {recipe.seed};
  std::vector<const RecipeVariant*> chosen;
  for (const RecipeVariant& variant : recipe.variants) chosen.push_back(&variant);
  if (chosen.empty()) chosen.push_back(nullptr);
  const auto name_of = [&](const RecipeVariant* variant) { return variant ? variant->name : recipe.name; };
  const auto place_of = [&](const RecipeVariant* variant, std::uint64_t seed) {
    return folder / (name_of(variant) + "-" + std::to_string(seed));
  };

  Reporter silent;
  for (const RecipeVariant* variant : chosen) {
    const Recipe own = recipe_of(recipe, variant, seeds.front());
    check_run(own, load_recipe_data(own, silent), *options.team);
  }
  if (options.overwrite) {
    clear_for_comparison(folder);
    // At once, so that a comparison that is stopped goes on by --resume without meeting earlier runs.
    for (const RecipeVariant* variant : chosen)
      for (const std::uint64_t seed : seeds) clear_for_comparison(place_of(variant, seed));
  }

  RunResult result;
  result.folder = folder;
  std::vector<VariantRuns> variants;
  for (const RecipeVariant* variant : chosen) {
    VariantRuns runs;
    runs.name = name_of(variant);
    for (const std::uint64_t seed : seeds) {
      const auto place = place_of(variant, seed);
      const auto model_path = place / "model.safetensors";
      options.reporter->say(runs.name + ", seed " + std::to_string(seed));
      RunOptions own = options;
      // A sweep that goes on repeats only what is not finished; measuring again is cheap.
      RunResult run = run_one(recipe_of(recipe, variant, seed), place, own);
      if (!run.finished) return result;
      runs.seeds.push_back(seed);
      runs.runs.push_back(std::move(run));
      const AnyModel model = load_any_model(model_path);
      runs.histories.push_back(facts_of(model).history);
    }
    variants.push_back(std::move(runs));
  }
  write_comparison(recipe, folder, variants, options, result);
  result.finished = true;
  result.files = {folder / "report.html", folder / "metrics.json"};
  return result;
}

}  // namespace harmonium
