#include "recipe/report_parts.h"

#include <algorithm>

#include "harmonium/base/version.h"
#include "harmonium/render/number.h"
#include "recipe/output.h"

namespace harmonium {

std::vector<std::string> history_warnings(const ModelFacts& facts, std::size_t rbms) {
  std::vector<std::string> warnings;
  for (std::size_t n = 0; n <= rbms + 1; ++n)
    if (const HistoryRecord* last = last_record(facts.history, n))
      for (const std::string& sentence : last->warnings)
        warnings.push_back(stage_name(n, rbms) + ": " + sentence);
  return warnings;
}

Json metrics_json(const Recipe& recipe, const ModelFacts& facts, const std::string& layers,
                  const RunResult& result, const std::string& command) {
  Json json = {{"name", recipe.name},
               {"command", command},
               {"seed", std::to_string(recipe.seed)},
               {"library_version", version()},
               {"precision", facts.precision},
               {"layers", layers},
               {"data", {{"name", facts.data_name}, {"hash", facts.data_hash}}},
               {"measures", Json::object()},
               {"warnings", result.warnings}};
  for (const Measurement& m : result.measurements) json["measures"][m.name] = measurement_json(m);
  return json;
}

std::vector<Metric> metrics_of(std::span<const Measurement> measurements) {
  std::vector<Metric> metrics;
  for (const Measurement& m : measurements) {
    std::string value = number_text(m.value, 5), note = m.unit;
    if (m.standard_error) value += " \xC2\xB1 " + number_text(*m.standard_error, 2);
    if (m.cases > 0) note += ", " + number_text(static_cast<double>(m.cases), 9) + " cases";
    if (!m.how.empty()) note += "; " + m.how;
    std::string name = m.name;
    std::replace(name.begin(), name.end(), '_', ' ');
    metrics.push_back({name, value, note});
  }
  return metrics;
}

std::vector<std::pair<std::string, std::string>> data_facts(const RecipeData& data) {
  std::vector<std::pair<std::string, std::string>> facts = {
      {"training data", data.train.description()},
      {"training cases", number_text(static_cast<double>(data.train.size()), 9)},
      {"raw values", data.train.raw_description()},
      {"units", data.train.layer().to_string()},
      {"hash", data.train.hash()},
  };
  if (data.held_out)
    facts.emplace_back("held-out cases", number_text(static_cast<double>(data.held_out->size()), 9));
  if (data.test) {
    facts.emplace_back("test data", data.test->description());
    facts.emplace_back("test cases", number_text(static_cast<double>(data.test->size()), 9));
  }
  return facts;
}

Series series_of(const ModelFacts& facts, std::size_t layer, const std::string& measure,
                 const std::string& name) {
  Series series;
  series.name = name;
  for (const HistoryRecord& record : facts.history)
    if (const auto found = record.measures.find(measure);
        record.layer == layer && found != record.measures.end()) {
      series.x.push_back(static_cast<double>(record.epoch));
      series.y.push_back(found->second);
    }
  return series;
}

void add_chart(Report& report, std::vector<Series> series, const std::string& title,
               const std::string& y_label, const std::string& caption) {
  std::erase_if(series, [](const Series& s) { return s.x.size() < 2; });
  if (series.empty()) return;
  ChartOptions options;
  options.title = title, options.x_label = "epoch", options.y_label = y_label;
  report.line_chart(series, options, caption);
}

}  // namespace harmonium
