#include "recipe/measure_fantasies.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "harmonium/base/error.h"
#include "harmonium/measure/nearest.h"
#include "harmonium/measure/precision_recall.h"
#include "harmonium/measure/reconstruction.h"
#include "harmonium/render/number.h"
#include "harmonium/samplers/generate.h"
#include "recipe/reader.h"

namespace harmonium {
namespace {

constexpr std::size_t kNeighbours = 3;  // that vote, and of precision and recall
constexpr std::size_t kShown = 40;
constexpr double kWorstReader = 0.05;    // fraction of test cases that a reader to be believed may misread
constexpr std::uint64_t kFantasies = 1;  // whose random numbers are not those of the report's chains

// Fantasies with the class that was held, -1 where there are no label units.
struct LabelledFantasies {
  Matrix<float> cases;
  std::vector<std::int32_t> labels;
};

// The label units of classes that have training cases: what the others dream of was never learned.
std::vector<std::int32_t> learned_classes(const Dataset& train, const DeepBeliefNet& net) {
  const std::set<std::int32_t> seen(train.labels().begin(), train.labels().end());
  std::vector<std::int32_t> classes;
  for (std::int32_t k = 0; std::cmp_less(k, net.label_columns); ++k)
    if (seen.contains(k)) classes.push_back(k);
  return classes;
}

std::size_t fantasies_in_all(const Recipe& recipe, std::span<const std::int32_t> classes) {
  return recipe.measure.fantasies * std::max<std::size_t>(1, classes.size());
}

// Classes in turn, so that the first so many are of all classes alike; those of the data where there are
// none.
LabelledFantasies draw_fantasies(const Recipe& recipe, const Model& model,
                                 std::span<const std::int32_t> classes, ThreadTeam& team,
                                 Reporter& reporter) {
  const DeepBeliefNet& net = model.net;
  const MeasureRecipe& m = recipe.measure;
  const std::size_t looks = std::min(m.fantasy_looks, m.fantasies);
  FantasyOptions options;
  options.chains = (m.fantasies + looks - 1) / looks * std::max<std::size_t>(1, classes.size());
  options.steps.clear();
  for (std::size_t look = 1; look <= looks; ++look) options.steps.push_back(look * m.fantasy_steps);
  for (std::size_t c = 0; c < options.chains && !classes.empty(); ++c)
    options.labels.push_back(classes[c % classes.size()]);
  options.seed = Noise(recipe.seed, Stream::kSampling, 0).child(kFantasies).key();
  options.progress = [&](double fraction) { reporter.working("drawing fantasies to be read", fraction); };
  const Fantasies fantasies = fantasies_from_noise(model, options, team);
  LabelledFantasies result{Matrix<float>(fantasies_in_all(recipe, classes), net.columns(0)), {}};
  for (std::size_t n = 0; n < result.cases.rows(); ++n) {
    const std::size_t chain = n % options.chains;
    const auto from = fantasies.visible[n / options.chains].row(chain);
    std::copy(from.begin(), from.end(), result.cases.row(n).begin());
    result.labels.push_back(options.labels.empty() ? -1 : options.labels[chain]);
  }
  return result;
}

// `count` cases at even distances, so that all classes are there in a file that is sorted by them.
Matrix<float> spread_cases(const Dataset& data, std::size_t count, std::uint64_t seed, ThreadTeam& team) {
  std::vector<std::uint64_t> numbers(count);
  for (std::size_t i = 0; i < count; ++i) numbers[i] = i * data.size() / count;
  Matrix<float> cases(count, data.layer().columns());
  team.run_blocks(count, 256, [&](std::size_t first, std::size_t rows, unsigned) {
    data.fetch(std::span(numbers).subspan(first, rows), seed, 0, cases.view().row_block(first, rows));
  });
  return cases;
}

// The nearest training cases of several sets of queries, in one pass over the training cases.
void search_training_cases(const Recipe& recipe, const Dataset& train, std::span<NearestCases*> searches,
                           ThreadTeam& team, Reporter& reporter) {
  const auto tell = [&](std::size_t done) {
    reporter.working("searching the nearest training cases",
                     static_cast<double>(done) / static_cast<double>(train.size()));
  };
  fetch_pieces(train, train.size(), recipe.seed, 0, team, [&](std::size_t first, const Matrix<float>& cases) {
    for (NearestCases* search : searches) search->add(cases, team);
    tell(first + cases.rows());
  });
}

double median_distance(const NearestCases& search, std::size_t count) {
  std::vector<double> distances;
  for (std::size_t q = 0; q < count; ++q)
    distances.push_back(std::sqrt(search.of(q).front().squared_distance));
  const auto middle = distances.begin() + static_cast<std::ptrdiff_t>(count / 2);
  std::nth_element(distances.begin(), middle, distances.end());
  if (count % 2 == 1) return *middle;
  return 0.5 * (*middle + *std::max_element(distances.begin(), middle));
}

// The class that most of the nearest training cases have; among those with equally many, that of the nearest.
std::vector<std::int32_t> votes(const NearestCases& search, std::span<const std::int32_t> labels) {
  std::vector<std::int32_t> result(search.queries());
  for (std::size_t q = 0; q < search.queries(); ++q) {
    std::ptrdiff_t most = 0;
    for (const auto& candidate : search.of(q)) {
      const auto count = std::count_if(search.of(q).begin(), search.of(q).end(), [&](const auto& other) {
        return labels[other.number] == labels[candidate.number];
      });
      if (count > most) most = count, result[q] = labels[candidate.number];
    }
  }
  return result;
}

std::vector<double> agreement(std::span<const std::int32_t> read, std::span<const std::int32_t> labels,
                              std::int32_t only = -1) {
  std::vector<double> right;
  for (std::size_t i = 0; i < read.size(); ++i)
    if (labels[i] >= 0 && (only < 0 || labels[i] == only)) right.push_back(read[i] == labels[i] ? 1.0 : 0.0);
  return right;
}

// One run of the measure: what its parts share.
class FantasyMeasure {
 public:
  FantasyMeasure(const Recipe& recipe, const RecipeData& data, const Model& model, ThreadTeam& team,
                 Reporter& reporter)
      : recipe_(recipe),
        train_(data.train),
        test_(*data.apart()),
        model_(model),
        team_(team),
        reporter_(reporter),
        classes_(learned_classes(data.train, model.net)),
        fantasies_(draw_fantasies(recipe, model, classes_, team, reporter)),
        test_cases_(fetch_range(test_, 0, recipe.measure.cases, recipe.seed, 0, team)),
        size_(std::min({fantasies_.cases.rows(), train_.size(), test_.size()})) {}

  FantasyQuality run(const std::filesystem::path& folder) {
    std::optional<Network> reader;
    if (recipe_.measure.fantasy_reader == "net")
      reader = trained_reader(recipe_, train_, folder / "reader.safetensors", team_, reporter_);
    const Matrix<float> reconstructed = reconstruct(model_, test_cases_, team_);
    NearestCases near_fantasies(fantasies_.cases, kNeighbours), near_test(test_cases_, kNeighbours),
        near_reconstructed(reconstructed, 1);
    NearestCases* searches[] = {&near_fantasies, &near_test, &near_reconstructed};
    search_training_cases(recipe_, train_, searches, team_, reporter_);
    add_reading(reader ? classify(*reader, fantasies_.cases, team_) : votes(near_fantasies, train_.labels()),
                reader ? classify(*reader, test_cases_, team_) : votes(near_test, train_.labels()));
    add_variety(reader);
    add_distance("fantasies_nearest_distance", near_fantasies);
    add_distance("test_nearest_distance", near_test);
    add_distance("reconstructed_nearest_distance", near_reconstructed);
    show(near_fantasies);
    result_.classes = classes_.size();
    return std::move(result_);
  }

 private:
  void add(const std::string& name, double value, std::size_t cases, const std::string& unit,
           const std::string& how) {
    result_.measurements.push_back({name, value, {}, cases, unit, how});
  }

  void add_distance(const std::string& name, const NearestCases& near) {
    add(name, median_distance(near, near.queries()), near.queries(), "",
        "median Euclidean distance to the nearest of all " + std::to_string(train_.size()) +
            " training cases");
  }

  void add_reading(const std::vector<std::int32_t>& fantasies, const std::vector<std::int32_t>& test) {
    const std::string reader = recipe_.measure.fantasy_reader == "net"
                                   ? "a net with dropout that shares no weights with the model"
                                   : "vote of 3 nearest neighbours";
    if (!classes_.empty()) {
      const std::string how = "label units held, chains from noise, " +
                              std::to_string(recipe_.measure.fantasy_steps) +
                              " Gibbs steps before each look, visible means; read by " + reader;
      result_.measurements.push_back(mean_measurement(
          "fantasies_read_as_label", agreement(fantasies, fantasies_.labels), "fraction", how));
      for (const std::int32_t k : classes_)
        result_.measurements.push_back(
            mean_measurement("fantasies_read_as_" + train_.class_names()[static_cast<std::size_t>(k)],
                             agreement(fantasies, fantasies_.labels, k), "fraction", "that label held"));
    }
    std::vector<double> wrong = agreement(test, test_.labels());
    for (double& right : wrong) right = 1.0 - right;
    if (wrong.empty()) return;
    result_.measurements.push_back(mean_measurement("reader_test_error", wrong, "fraction", reader));
    if (const double error = result_.measurements.back().value; error > kWorstReader)
      result_.warnings.push_back("the reader misreads " + number_text(100 * error, 2) +
                                 " % of the test cases, so what it says of fantasies tells little" +
                                 (recipe_.measure.fantasy_reader == "net"
                                      ? ": raise measure.fantasies.reader_epochs or reader_units."
                                      : "."));
  }

  // Codes of the net's last hidden layer; the values themselves for nearest neighbours.
  Matrix<float> codes(const std::optional<Network>& reader, const Matrix<float>& cases) const {
    return reader ? forward(*reader, cases, reader->layers.size() - 1, team_) : cases;
  }

  void add_variety(const std::optional<Network>& reader) {
    const Matrix<float> of_train = codes(reader, spread_cases(train_, size_, recipe_.seed, team_)),
                        of_test = codes(reader, spread_cases(test_, size_, recipe_.seed, team_)),
                        of_fantasies = codes(reader, fantasies_.cases);
    int part = 0;
    const auto progress = [&](double fraction) {
      reporter_.working("comparing fantasies with data", (part + fraction) / 5);
    };
    const PointRegion train(of_train, kNeighbours, team_, progress);
    ++part;
    const PointRegion test(of_test, kNeighbours, team_, progress);
    ++part;
    const PointRegion made(of_fantasies.view().row_block(0, size_), kNeighbours, team_, progress);
    ++part;
    const PrecisionRecall fantasies = precision_recall(train, made, team_, progress);
    ++part;
    const PrecisionRecall real = precision_recall(train, test, team_, progress);
    const std::string space = reader ? "codes of " + std::to_string(of_train.cols()) + " units of the reader"
                                     : "values as they are";
    const std::string how = "k = 3, " + space + ", against as many training cases (Kynkaanniemi et al. 2019)";
    add("fantasies_precision", fantasies.precision, size_, "fraction", how);
    add("fantasies_recall", fantasies.recall, size_, "fraction", how);
    add("real_precision", real.precision, size_, "fraction", "cases apart in the place of fantasies; " + how);
    add("real_recall", real.recall, size_, "fraction", "cases apart in the place of fantasies; " + how);
    const std::string ratio = "over that of cases apart";
    if (real.precision > 0)
      add("fantasies_precision_ratio", fantasies.precision / real.precision, size_, "", ratio);
    if (real.recall > 0) add("fantasies_recall_ratio", fantasies.recall / real.recall, size_, "", ratio);
  }

  void show(const NearestCases& near) {
    const std::size_t shown = std::min(kShown, fantasies_.cases.rows()), columns = fantasies_.cases.cols();
    result_.shown = Matrix<float>(shown, columns);
    result_.nearest = Matrix<float>(shown, columns);
    for (std::size_t r = 0; r < shown; ++r) {
      std::copy_n(fantasies_.cases.row(r).data(), columns, result_.shown.row(r).data());
      const std::uint64_t number = near.of(r).front().number;
      train_.fetch({&number, 1}, recipe_.seed, 0, result_.nearest.view().row_block(r, 1));
    }
  }

  const Recipe& recipe_;
  const Dataset &train_, &test_;
  const Model& model_;
  ThreadTeam& team_;
  Reporter& reporter_;
  std::vector<std::int32_t> classes_;
  LabelledFantasies fantasies_;
  Matrix<float> test_cases_;
  std::size_t size_;
  FantasyQuality result_;
};

}  // namespace

std::string find_fantasy_fault(const Recipe& recipe, const RecipeData& data, const DeepBeliefNet& net) {
  const MeasureRecipe& m = recipe.measure;
  if (m.fantasies == 0) return {};
  const Dataset* apart = data.apart();
  if (!apart)
    return "measure.fantasies compares fantasies with cases that were not learned; give data.test or "
           "data.held_out.";
  if (!data.train.has_labels())
    return "measure.fantasies needs labelled training cases, from which a classifier learns to read; give "
           "data.labels.";
  const auto labels = data.train.labels();  // a class that has a name may have no case
  if (std::all_of(labels.begin(), labels.end(), [&](std::int32_t l) { return l < 0 || l == labels.front(); }))
    return "measure.fantasies needs training cases of two classes or more, to tell them apart.";
  if (data.train.has_missing() || apart->has_missing())
    return "measure.fantasies compares whole cases, but the data have missing values.";
  if (std::min({fantasies_in_all(recipe, learned_classes(data.train, net)), data.train.size(),
                apart->size()}) <= kNeighbours)
    return "measure.fantasies needs 4 or more fantasies, training cases and cases apart.";
  if (net.rbms.front().visible.spec.has_open_length())
    return "measure.fantasies needs fantasies of documents of one length; give it, as in \"multinomial(50) "
           "2000\".";
  return {};
}

FantasyQuality measure_fantasies(const Recipe& recipe, const RecipeData& data, const Model& model,
                                 const std::filesystem::path& folder, ThreadTeam& team, Reporter& reporter) {
  if (const auto fault = find_fantasy_fault(recipe, data, model.net); !fault.empty()) throw InputError(fault);
  return FantasyMeasure(recipe, data, model, team, reporter).run(folder);
}

}  // namespace harmonium
