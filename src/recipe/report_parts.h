// What reports and metrics.json of all kinds of runs have in common.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "harmonium/recipe/run.h"
#include "harmonium/render/report.h"
#include "io/json.h"

namespace harmonium {

/// The last word of the doctor on each stage, as "layer 2: ..."; earlier signs may have passed.
std::vector<std::string> history_warnings(const ModelFacts& facts, std::size_t rbms);

/// The run's identity, its measures and its warnings. `layers`: the model as text.
Json metrics_json(const Recipe& recipe, const ModelFacts& facts, const std::string& layers,
                  const RunResult& result, const std::string& command);

/// Measurements as a report shows them.
std::vector<Metric> metrics_of(std::span<const Measurement> measurements);

/// Names and values that say which data were learned from.
std::vector<std::pair<std::string, std::string>> data_facts(const RecipeData& data);

/// A measure along the epochs of one stage.
Series series_of(const ModelFacts& facts, std::size_t layer, const std::string& measure,
                 const std::string& name);
/// A chart of those series that have two points or more; nothing where none has.
void add_chart(Report& report, std::vector<Series> series, const std::string& title,
               const std::string& y_label, const std::string& caption);

}  // namespace harmonium
