#include "harmonium/recipe/measures.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "harmonium/base/error.h"
#include "harmonium/baselines/nearest_neighbour.h"
#include "harmonium/measure/annealed.h"
#include "harmonium/measure/exact.h"
#include "harmonium/measure/pseudo_likelihood.h"
#include "harmonium/measure/reconstruction.h"
#include "harmonium/measure/statistics.h"
#include "harmonium/train/doctor.h"

namespace harmonium {
namespace {

// "auto" sums up to so many states, a few seconds; "exact" goes on to the limit of exact_log_z.
constexpr double kMostStatesByDefault = 1 << 22;
constexpr double kMostStatesPerCase = 1 << 20;  // as observed_log_likelihoods
constexpr std::size_t kMixingChains = 100;

std::vector<double> squared_errors(ConstMatrixView<float> values, ConstMatrixView<float> reconstruction) {
  std::vector<double> errors(values.rows());
  for (std::size_t r = 0; r < values.rows(); ++r)
    errors[r] = squared_error(values.row_block(r, 1), reconstruction.row_block(r, 1));
  return errors;
}

// The first cases of a data set. Where they are many and wide (words), they are never in memory all at once.
class MeasuredCases {
 public:
  MeasuredCases(const Dataset& data, std::size_t most, std::uint64_t seed, ThreadTeam& team)
      : data_(data), size_(std::min(most, data.size())), seed_(seed), team_(team) {
    constexpr std::size_t kKept = std::size_t{1} << 26;  // bytes; they are looked at several times
    if (size_ * data.layer().columns() * sizeof(float) <= kKept) whole_ = all();
  }

  std::size_t size() const { return size_; }
  Matrix<float> all() const { return fetch_range(data_, 0, size_, seed_, 0, team_); }

  // Calls f(first, cases) piece by piece.
  template <class F>
  void visit(F&& f) const {
    if (whole_) return f(std::size_t{0}, *whole_);
    fetch_pieces(data_, size_, seed_, 0, team_, f);
  }

  // The numbers, one a case, that f(cases) gives.
  template <class F>
  std::vector<double> each(F&& f) const {
    std::vector<double> all;
    visit([&](std::size_t, const Matrix<float>& cases) {
      const std::vector<double> piece = f(cases);
      all.insert(all.end(), piece.begin(), piece.end());
    });
    return all;
  }

  bool any_missing() const {
    if (!data_.has_missing()) return false;
    bool any = false;
    visit([&](std::size_t, const Matrix<float>& cases) {
      const auto values = cases.values();
      any = any || std::any_of(values.begin(), values.end(), [](float v) { return std::isnan(v); });
    });
    return any;
  }

  std::string find_grey_value(const LayerSpec& spec) const {
    std::string found;
    visit([&](std::size_t first, const Matrix<float>& cases) {
      if (found.empty()) found = harmonium::find_grey_value(spec, cases, first);
    });
    return found;
  }

  std::vector<double> column_means() const {
    ColumnSums sums(data_.layer().columns());
    visit([&](std::size_t, const Matrix<float>& cases) { sums.add(cases); });
    return sums.means();
  }

 private:
  const Dataset& data_;
  std::size_t size_;
  std::uint64_t seed_;
  ThreadTeam& team_;
  std::optional<Matrix<float>> whole_;
};

double states_of(const LayerSpec& spec) {
  return spec.is_enumerable() ? count_states(spec) : HUGE_VAL;
}

std::string states_text(const Rbm& rbm) {
  const double states = std::min(states_of(rbm.visible.spec), states_of(rbm.hidden.spec));
  return "2^" + std::to_string(static_cast<int>(std::lround(std::log2(states)))) + " states";
}

bool has_open_length(const LayerSpec& spec) {
  return std::any_of(spec.groups.begin(), spec.groups.end(), [](const UnitGroup& group) {
    return group.kind == UnitKind::kMultinomial && group.parameter == 0;
  });
}

// What is judged beside the training cases, or null.
const Dataset* cases_apart(const RecipeData& data) {
  return data.test ? &*data.test : data.held_out ? &*data.held_out : nullptr;
}

// Are missing values masked instead of being unknown?
bool is_absent(const RecipeData& data) {
  const Dataset* apart = cases_apart(data);
  return data.train.missing() == Missing::kAbsent || (apart && apart->missing() == Missing::kAbsent);
}

// A likelihood of v alone is that of one RBM without label units.
bool is_alone(const DeepBeliefNet& net) {
  return net.depth() == 1 && net.label_columns == 0;
}

constexpr const char* kNotAlone =
    " is that of a single RBM without label units, but this model is a deep belief net.";

// "exact" or "annealed": what "auto" comes to.
std::string chosen_likelihood(const Rbm& rbm, const std::string& how, bool missing) {
  if (how != "auto") return how;
  const double states = std::min(states_of(rbm.visible.spec), states_of(rbm.hidden.spec));
  return missing || states <= kMostStatesByDefault ? "exact" : "annealed";
}

// Why no model of these layers can have its log p(v) in this way, or empty.
std::string find_layer_fault(const Rbm& rbm, const std::string& how, bool missing) {
  for (const LayerSpec* spec : {&rbm.visible.spec, &rbm.hidden.spec})
    if (!spec->has_energy())
      return "layer \"" + spec->to_string() + "\" has no energy, so there is no likelihood.";
  const std::string pair =
      "\"" + rbm.visible.spec.to_string() + "\" with \"" + rbm.hidden.spec.to_string() + "\"";
  if (normalisation(rbm.visible.spec, rbm.hidden.spec) == Normalisation::kNever)
    return pair + " has no finite Z unless all weights are 0, so there is no likelihood.";
  if (has_open_length(rbm.visible.spec))
    return "there is no one likelihood of documents of different lengths; give the length, as in "
           "\"multinomial(50) 2000\".";
  if (how == "exact" && !can_enumerate(rbm))
    return "log Z of " + pair +
           " cannot be summed: the smaller layer has more than 2^25 states (25 binary units).";
  if (missing && how == "annealed")
    return "the likelihood of cases with missing values is summed exactly only; set likelihood = \"exact\".";
  if (missing && states_of(rbm.hidden.spec) > kMostStatesPerCase)
    return "the likelihood of cases with missing values sums over the hidden states for each case; \"" +
           rbm.hidden.spec.to_string() + "\" has more than 2^20 of them.";
  return {};
}

// Why these cases have no likelihood under any such model, or empty.
std::string find_likelihood_fault(const Rbm& rbm, const std::string& how, bool absent,
                                  const MeasuredCases& cases) {
  const bool missing = cases.any_missing();
  if (missing && absent)
    return "values that are absent are no variables at all, so cases with different ones have no likelihood "
           "under "
           "one model; missing = \"unknown\" has one.";
  if (auto fault = find_layer_fault(rbm, chosen_likelihood(rbm, how, missing), missing); !fault.empty())
    return fault;
  return cases.find_grey_value(rbm.visible.spec);
}

std::string find_kl_fault(const Rbm& rbm, const MeasuredCases& train) {
  if (train.any_missing())
    return "KL(data || model) is that of whole cases, but the data have missing values.";
  return find_likelihood_fault(rbm, "exact", false, train);
}

std::string find_pseudo_fault(const Rbm& rbm, const MeasuredCases& cases) {
  if (cases.any_missing())
    return "the pseudo-likelihood is that of whole cases, but the data have missing values.";
  if (auto fault = find_pseudo_likelihood_fault(rbm); !fault.empty()) return fault;
  return cases.find_grey_value(rbm.visible.spec);
}

std::string find_mixing_fault(const Rbm& rbm) {
  for (const LayerSpec* spec : {&rbm.visible.spec, &rbm.hidden.spec})
    if (!spec->has_energy())
      return "measure.mixing_steps follows energies, but layer \"" + spec->to_string() + "\" has none.";
  return has_open_length(rbm.visible.spec)
             ? "measure.mixing_steps needs chains of documents of one length; give it, as in "
               "\"multinomial(50) 2000\"."
             : "";
}

std::string find_one_class_fault(const Recipe& recipe, const RecipeData& data, const DeepBeliefNet& net) {
  const MeasureRecipe& m = recipe.measure;
  if (!data.test || !data.test->has_labels() || !data.train.has_labels())
    return "measure.one_class needs labelled training data and labelled test data with all classes; give "
           "data.test.";
  const auto& classes = data.test->class_names();
  if (std::find(classes.begin(), classes.end(), m.one_class) == classes.end())
    return "measure.one_class.class = \"" + m.one_class + "\" is no class of the test data.";
  const std::size_t most = std::min(data.train.size(), net.columns(0));
  if (m.one_class_pca < 1 || m.one_class_pca > most)
    return "measure.one_class.pca = " + std::to_string(m.one_class_pca) + " must lie between 1 and " +
           std::to_string(most) + ", the smaller of the numbers of training cases and of columns.";
  if (m.one_class_cases < 1 || m.one_class_neighbours < 1)
    return "measure.one_class.cases and measure.one_class.neighbours must be 1 or more.";
  if (data.train.is_on_disk() || data.test->is_on_disk())
    return "measure.one_class keeps all cases in memory, but the data are larger than data.memory = " +
           std::to_string(recipe.data.memory) + " MiB; raise it, or leave the measure out.";
  if (data.train.has_missing() || data.test->has_missing())
    return "measure.one_class compares whole cases, but the data have missing values.";
  return {};
}

void add_exact(const Rbm& rbm, const MeasuredCases& cases, const std::string& prefix, ThreadTeam& team,
               Reporter& reporter, MeasureResult& result) {
  const double log_z =
      exact_log_z(rbm, team, [&](double fraction) { reporter.working("summing log Z", fraction); });
  const bool missing = cases.any_missing();
  const auto values = cases.each([&](const Matrix<float>& piece) {
    return missing ? observed_log_likelihoods(rbm, piece, log_z, team)
                   : log_likelihoods(rbm, piece, log_z, team);
  });
  const std::string how = "exact, log Z over " + states_text(rbm);
  result.measurements.push_back({"log_z", log_z, {}, 0, "nats", how});
  result.measurements.push_back(mean_measurement(prefix + "_log_likelihood", values, "nats", how));
}

void add_annealed(const Rbm& rbm, const MeasuredCases& cases, const std::string& prefix,
                  const LikelihoodPlan& plan, ThreadTeam& team, Reporter& reporter, MeasureResult& result) {
  AnnealingOptions options{plan.runs, plan.temperatures, plan.seed,
                           [&](double fraction) { reporter.working("annealing", fraction); }};
  const auto base = base_rate_bias(rbm.visible.spec, cases.column_means());
  const AnnealedLogZ annealed = annealed_log_z(rbm, base, options, team);
  const std::string how = "annealed importance sampling, " + std::to_string(plan.runs) + " runs of " +
                          std::to_string(plan.temperatures) + " temperatures, effective runs " +
                          std::to_string(static_cast<int>(annealed.effective_runs));
  Measurement log_z{"log_z", annealed.log_z, (annealed.high - annealed.log_z), 0, "nats", how};
  result.measurements.push_back(log_z);
  const auto values = cases.each(
      [&](const Matrix<float>& piece) { return log_likelihoods(rbm, piece, annealed.log_z, team); });
  result.measurements.push_back(mean_measurement(prefix + "_log_likelihood", values, "nats", how));
  if (annealed.effective_runs < 0.1 * static_cast<double>(plan.runs))
    result.warnings.push_back("annealing ended with " + std::to_string(annealed.effective_runs) +
                              " effective runs of " + std::to_string(plan.runs) +
                              ", too few to believe its likelihood: raise measure.annealing_temperatures.");
}

// Mean log-likelihoods and their log Z of one RBM for one set of cases: "PREFIX_log_likelihood" and "log_z";
// where they cannot be had, a warning that says why (where `how` demands them and no model of these layers
// has them, InputError).
void measure_likelihood(const Rbm& rbm, const MeasuredCases& cases, const std::string& prefix,
                        const LikelihoodPlan& plan, ThreadTeam& team, Reporter& reporter,
                        MeasureResult& result) {
  if (plan.how == "none") return;
  const auto fault = find_likelihood_fault(rbm, plan.how, plan.absent, cases);
  if (!fault.empty() && plan.how != "auto") throw InputError(fault);
  // Where there is none because of what was learned, the rest is still worth having.
  const auto& sentence = fault.empty() ? find_normalisation_fault(rbm) : fault;
  if (!sentence.empty())
    result.warnings.push_back(sentence);
  else if (chosen_likelihood(rbm, plan.how, cases.any_missing()) == "exact")
    add_exact(rbm, cases, prefix, team, reporter, result);
  else
    add_annealed(rbm, cases, prefix, plan, team, reporter, result);
}

void measure_free_energies(const RecipeData& data, const Rbm& rbm, const MeasuredCases& train,
                           const MeasuredCases& test, ThreadTeam& team, MeasureResult& result) {
  if (!rbm.visible.spec.has_energy() || !rbm.hidden.spec.has_energy() ||
      data.train.layer() != rbm.visible.spec || train.any_missing() || test.any_missing())
    return;
  const auto energies = [&](const Matrix<float>& cases) { return free_energy(rbm, cases, team); };
  const auto a = train.each(energies), b = test.each(energies);
  const auto mean_train = mean_measurement("train", a, "", ""),
             mean_test = mean_measurement("test", b, "", "");
  const double error =
      std::hypot(mean_train.standard_error.value_or(0), mean_test.standard_error.value_or(0));
  result.measurements.push_back({"free_energy_gap", mean_test.value - mean_train.value, error, b.size(),
                                 "nats", "mean free energy of test cases minus that of training cases"});
}

void measure_mixing_of(const Recipe& recipe, const Rbm& rbm, ThreadTeam& team, MeasureResult& result) {
  if (recipe.measure.mixing_steps == 0) return;
  Chains chains = start_chains_from_bias(rbm, kMixingChains, recipe.seed, team);
  advance(rbm, chains, recipe.measure.mixing_steps / 2, recipe.seed, team);
  result.mixing = measure_mixing(rbm, chains, recipe.measure.mixing_steps, recipe.seed, team);
  result.measurements.push_back(
      {"mixing_time",
       result.mixing->time,
       {},
       0,
       "Gibbs steps",
       "integrated autocorrelation of free energies along " + std::to_string(kMixingChains) + " chains"});
  if (result.mixing->unresolved)
    result.warnings.push_back("the chains mix too slowly for a record of " +
                              std::to_string(recipe.measure.mixing_steps) +
                              " Gibbs steps to tell how slowly: raise measure.mixing_steps.");
}

}  // namespace

Measurement mean_measurement(std::string name, std::span<const double> values, std::string unit,
                             std::string how) {
  Measurement m{std::move(name), 0, {}, values.size(), std::move(unit), std::move(how)};
  const auto n = static_cast<double>(values.size());
  m.value = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0;
  for (const double v : values) squares += (v - m.value) * (v - m.value);
  if (values.size() > 1) m.standard_error = std::sqrt(squares / (n - 1) / n);
  return m;
}

std::string find_measure_fault(const Recipe& recipe, const RecipeData& data, const DeepBeliefNet& net,
                               ThreadTeam& team) {
  const MeasureRecipe& m = recipe.measure;
  const Rbm& rbm = net.rbms.front();
  const bool demanded = m.likelihood == "exact" || m.likelihood == "annealed";
  if (demanded && !is_alone(net)) return "measure.likelihood = \"" + m.likelihood + "\"" + kNotAlone;
  if (m.kl && !is_alone(net)) return std::string("measure.kl") + kNotAlone;
  if (m.pseudo_likelihood && !is_alone(net)) return std::string("measure.pseudo_likelihood") + kNotAlone;
  if (m.cases < 1) return "measure.cases must be 1 or more.";
  const auto cases_of = [&](const Dataset* set) {
    return MeasuredCases(set ? *set : data.train, m.cases, recipe.seed, team);
  };
  std::string fault;
  if (demanded)
    fault = find_likelihood_fault(rbm, m.likelihood, is_absent(data), cases_of(cases_apart(data)));
  if (fault.empty() && m.pseudo_likelihood) fault = find_pseudo_fault(rbm, cases_of(cases_apart(data)));
  if (fault.empty() && m.kl) fault = find_kl_fault(rbm, cases_of(nullptr));
  if (fault.empty() && m.mixing_steps > 0) fault = find_mixing_fault(net.top());
  if (fault.empty() && !m.one_class.empty()) fault = find_one_class_fault(recipe, data, net);
  const auto& shape = recipe.report.image_shape;
  if (fault.empty() && !shape.empty() && (shape.size() != 2 || shape[0] * shape[1] != net.columns(0)))
    fault = "report.image_shape must be [height, width] of " + std::to_string(net.columns(0)) + " pixels.";
  return fault;
}

MeasureResult measure_model(const Recipe& recipe, const RecipeData& data, const Model& model,
                            ThreadTeam& team, Reporter& reporter) {
  if (const auto fault = find_measure_fault(recipe, data, model.net, team); !fault.empty())
    throw InputError(fault);
  MeasureResult result;
  const std::size_t most = recipe.measure.cases;
  const MeasuredCases train(data.train, most, recipe.seed, team);
  const Dataset* apart = cases_apart(data);
  const std::string prefix = data.test ? "test" : data.held_out ? "held_out" : "train";
  std::optional<MeasuredCases> test;
  if (apart) test.emplace(*apart, most, recipe.seed, team);
  const MeasuredCases& judged = apart ? *test : train;

  const auto add_reconstruction = [&](const std::string& name, const MeasuredCases& cases) {
    const auto errors = cases.each([&](const Matrix<float>& piece) {
      return squared_errors(piece, reconstruct(model.net, model.net.depth(), piece, team));
    });
    result.measurements.push_back(mean_measurement(name + "_reconstruction_error", errors,
                                                   "squared error per case",
                                                   "through all layers and back, means"));
  };
  add_reconstruction("train", train);
  if (apart) add_reconstruction(prefix, *test);

  const Rbm& rbm = model.net.rbms.front();
  if (is_alone(model.net)) {
    const LikelihoodPlan plan{recipe.measure.likelihood, recipe.measure.annealing_runs,
                              recipe.measure.annealing_temperatures, recipe.seed, is_absent(data)};
    measure_likelihood(rbm, judged, prefix, plan, team, reporter, result);
    if (apart) measure_free_energies(data, rbm, train, *test, team, result);
    if (recipe.measure.pseudo_likelihood)
      result.measurements.push_back(mean_measurement(
          prefix + "_pseudo_log_likelihood",
          judged.each([&](const Matrix<float>& piece) { return pseudo_log_likelihoods(rbm, piece, team); }),
          "nats", "every variable given all others"));
    if (recipe.measure.kl)
      result.measurements.push_back({"kl_from_data",
                                     kl_from_data(rbm, train.all(), exact_log_z(rbm, team), team),
                                     {},
                                     train.size(),
                                     "nats",
                                     "KL(data || model), exact"});
  }
  measure_mixing_of(recipe, model.net.top(), team, result);
  return result;
}

OneClassResult measure_one_class(const Recipe& recipe, const RecipeData& data, const Model& model,
                                 ThreadTeam& team, Reporter& reporter) {
  const std::string& name = recipe.measure.one_class;
  if (const auto fault = find_one_class_fault(recipe, data, model.net); !fault.empty())
    throw InputError(fault);
  auto request = test_request(recipe);
  // The recipe keeps one class; the claim is about the others, so all classes are read again.
  DataRequest all_train_request = train_request(recipe);
  all_train_request.classes.clear(), all_train_request.limit = 0;
  request->classes.clear();
  const Dataset all_train = load_dataset(all_train_request), all_test = load_dataset(*request);
  const auto& classes = all_test.class_names();
  const auto own_class =
      static_cast<std::int32_t>(std::find(classes.begin(), classes.end(), name) - classes.begin());

  std::vector<std::uint64_t> own_rows, other_rows;
  for (std::size_t i = 0; i < all_test.size(); ++i) {
    auto& rows = all_test.labels()[i] == own_class ? own_rows : other_rows;
    if (rows.size() < recipe.measure.one_class_cases) rows.push_back(i);
  }
  const auto fetch = [&](const Dataset& set) {
    return fetch_range(set, 0, set.size(), recipe.seed, 0, team);
  };
  OneClassResult result;
  result.own = fetch(all_test.subset(own_rows));
  result.others = fetch(all_test.subset(other_rows));
  const std::size_t depth = model.net.depth();
  result.own_reconstruction = reconstruct(model.net, depth, result.own, team);
  result.others_reconstruction = reconstruct(model.net, depth, result.others, team);

  const Pca pca = fit_pca(fetch(data.train), recipe.measure.one_class_pca);
  const std::string pca_name = "pca" + std::to_string(recipe.measure.one_class_pca);
  const auto add_error = [&](const std::string& label, const Matrix<float>& cases,
                             ConstMatrixView<float> back, const std::string& how) {
    result.measurements.push_back(
        mean_measurement(label, squared_errors(cases, back), "squared error per case", how));
  };
  add_error("own_class_error", result.own, result.own_reconstruction, "unseen cases of class " + name);
  add_error("other_classes_error", result.others, result.others_reconstruction,
            "test cases of the other classes");
  add_error(pca_name + "_own_class_error", result.own, reconstruct(pca, result.own),
            "PCA fitted to the training cases");
  add_error(pca_name + "_other_classes_error", result.others, reconstruct(pca, result.others),
            "PCA fitted to the training cases");

  reporter.working("reading reconstructions by nearest neighbours", 0.0);
  const Matrix<float> neighbours = fetch(all_train);
  const std::size_t votes = recipe.measure.one_class_neighbours;
  const auto add_read = [&](const std::string& label, const Matrix<float>& cases) {
    std::vector<double> read;
    for (const std::int32_t c : nearest_labels(neighbours, all_train.labels(), cases, team, votes))
      read.push_back(c == own_class ? 1.0 : 0.0);
    result.measurements.push_back(mean_measurement(
        label, read, "fraction read as " + name,
        (votes == 1 ? "nearest neighbour" : "vote of " + std::to_string(votes) + " nearest neighbours") +
            " among all " + std::to_string(all_train.size()) + " training cases"));
  };
  add_read("others_read_as_own", result.others);
  add_read("other_reconstructions_read_as_own", result.others_reconstruction);
  reporter.working("reading reconstructions by nearest neighbours", 1.0);
  return result;
}

}  // namespace harmonium
