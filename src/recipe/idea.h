// Ideas: small experiments about the arguments of the tutorial, exact where they can be, each one file of
// src/recipe/ideas. A recipe names one in [idea]; this is what they share.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "harmonium/io/safetensors.h"
#include "harmonium/models/parameters.h"
#include "harmonium/recipe/run.h"
#include "harmonium/render/report.h"
#include "recipe/value.h"

namespace harmonium {

/// A number that an idea takes from its recipe.
struct IdeaKey {
  std::string name;
  double standard = 0, least = 0, most = 0;
  bool whole = true;  ///< a whole number
  std::string help;
};

/// What an idea works with.
class IdeaContext {
 public:
  IdeaContext(const Recipe& recipe, ThreadTeam& team, Reporter& reporter)
      : recipe_(recipe), team_(team), reporter_(reporter) {}

  std::uint64_t seed() const { return recipe_.seed; }
  double number(const std::string& key) const { return recipe_.idea.settings.at(key); }
  std::size_t count(const std::string& key) const { return static_cast<std::size_t>(number(key)); }
  ThreadTeam& team() const { return team_; }
  void working(const std::string& what, double fraction) const { reporter_.working(what, fraction); }
  /// Results of `work(i)` for i in [0, count), shared out over the team: the same for any number of threads.
  template <class Work>
  auto each(std::size_t count, const std::string& what, Work work) const {
    std::vector<decltype(work(std::size_t{0}))> results(count);
    working(what, 0);
    team_.run(count, [&](std::size_t i, unsigned) { results[i] = work(i); });
    working(what, 1);
    return results;
  }

 private:
  const Recipe& recipe_;
  ThreadTeam& team_;
  Reporter& reporter_;
};

/// What an idea finds, in the order in which its report tells it. Charts also become files, FILE.svg.
class IdeaPage {
 public:
  /// Measures stand in metrics.json and in a table; the first four are the report's large ones.
  void measure(std::string name, double value, std::string unit, std::string how);
  void section(const std::string& title);
  void text(const std::string& paragraphs);
  void table(const ReportTable& table);
  void line_chart(const std::string& file, std::vector<Series> series, const ChartOptions& options,
                  const std::string& caption);
  void bar_chart(const std::string& file, std::vector<Bar> bars, const ChartOptions& options,
                 const std::string& caption);
  void picture(const std::string& file, Picture picture);
  /// Parameters that were learned, for learned.safetensors.
  void keep(const ParameterList& parameters);
  void keep(const std::string& name, std::span<const double> values, std::vector<std::size_t> shape);

  const std::vector<Measurement>& measurements() const { return measurements_; }
  const std::vector<std::pair<std::string, std::string>>& svgs() const { return svgs_; }
  const std::vector<std::pair<std::string, Image>>& pngs() const { return pngs_; }
  const TensorFile& learned() const { return learned_; }
  /// Adds all but the measures to a report.
  void tell(Report& report) const;

 private:
  std::vector<Measurement> measurements_;
  std::vector<std::pair<std::string, std::string>> svgs_;  // file and text
  std::vector<std::pair<std::string, Image>> pngs_;
  TensorFile learned_;
  std::vector<std::function<void(Report&)>> told_;
};

struct Idea {
  std::string name, title;
  std::vector<IdeaKey> keys;
  void (*run)(const IdeaContext& context, IdeaPage& page);
};

/// All ideas, one a file of src/recipe/ideas.
std::span<const Idea> ideas();
/// Throws InputError for unknown names, with the nearest known one.
const Idea& find_idea(const std::string& name);

/// Sets "name" (which sets all other keys as the idea has them) or one of the idea's keys. Throws InputError.
void set_idea_key(IdeaRecipe& recipe, const std::string& key, const RecipeValue& value);
/// All keys of a recipe that names an idea: "idea.chains", "seed".
std::vector<std::string> idea_recipe_keys(const IdeaRecipe& recipe);
/// A key that a recipe with an idea cannot have, as a sentence; empty where there is none.
std::string find_idea_fault(const Recipe& recipe);
/// A key's value as TOML, whole numbers without a point.
std::string idea_value_text(double value);
/// Name, title, seed and the idea's keys as TOML.
std::string idea_text(const Recipe& recipe);

/// Runs the idea of a recipe into `folder`. Throws InputError where a run is there already, unless
/// options.overwrite, which removes it, or resume, where it is the same run (which is made anew: an idea
/// takes seconds).
RunResult run_idea(const Recipe& recipe, const std::filesystem::path& folder, const RunOptions& options);

}  // namespace harmonium
