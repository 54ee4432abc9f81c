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

namespace harmonium {
namespace {

// "auto" sums up to so many states, a few seconds; "exact" goes on to the limit of exact_log_z.
constexpr double kMostStatesByDefault = 1 << 22;
constexpr std::size_t kMixingChains = 100;

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

std::vector<double> squared_errors(ConstMatrixView<float> values, ConstMatrixView<float> reconstruction) {
  std::vector<double> errors(values.rows());
  for (std::size_t r = 0; r < values.rows(); ++r)
    errors[r] = squared_error(values.row_block(r, 1), reconstruction.row_block(r, 1));
  return errors;
}

bool any_missing(ConstMatrixView<float> cases) {
  for (std::size_t r = 0; r < cases.rows(); ++r)
    for (const float v : cases.row(r))
      if (std::isnan(v)) return true;
  return false;
}

double states_of(const LayerSpec& spec) {
  return spec.is_enumerable() ? count_states(spec) : HUGE_VAL;
}

std::string states_text(const Rbm& rbm) {
  const double states = std::min(states_of(rbm.visible.spec), states_of(rbm.hidden.spec));
  return "2^" + std::to_string(static_cast<int>(std::lround(std::log2(states)))) + " states";
}

// Why there is no likelihood at all, or empty.
std::string find_likelihood_fault(const Rbm& rbm, ConstMatrixView<float> cases) {
  for (const LayerSpec* spec : {&rbm.visible.spec, &rbm.hidden.spec})
    if (!spec->has_energy())
      return "there is no likelihood: layer \"" + spec->to_string() + "\" has no energy.";
  for (const UnitGroup& group : rbm.visible.spec.groups)
    if (group.kind == UnitKind::kMultinomial && group.parameter == 0)
      return "there is no one likelihood of documents of different lengths; give the length, as in "
             "\"multinomial(50) 2000\".";
  return find_grey_value(rbm.visible.spec, cases);
}

void add_exact(const Rbm& rbm, ConstMatrixView<float> cases, const std::string& prefix, ThreadTeam& team,
               Reporter& reporter, MeasureResult& result) {
  const double log_z =
      exact_log_z(rbm, team, [&](double fraction) { reporter.working("summing log Z", fraction); });
  const auto values = any_missing(cases) ? observed_log_likelihoods(rbm, cases, log_z, team)
                                         : log_likelihoods(rbm, cases, log_z, team);
  const std::string how = "exact, log Z over " + states_text(rbm);
  result.measurements.push_back({"log_z", log_z, {}, 0, "nats", how});
  result.measurements.push_back(mean_measurement(prefix + "_log_likelihood", values, "nats", how));
}

void add_annealed(const Rbm& rbm, ConstMatrixView<float> cases, const std::string& prefix,
                  const LikelihoodPlan& plan, ThreadTeam& team, Reporter& reporter, MeasureResult& result) {
  AnnealingOptions options{plan.runs, plan.temperatures, plan.seed,
                           [&](double fraction) { reporter.working("annealing", fraction); }};
  const auto base = base_rate_bias(rbm.visible.spec, column_means(cases));
  const AnnealedLogZ annealed = annealed_log_z(rbm, base, options, team);
  const std::string how = "annealed importance sampling, " + std::to_string(plan.runs) + " runs of " +
                          std::to_string(plan.temperatures) + " temperatures, effective runs " +
                          std::to_string(static_cast<int>(annealed.effective_runs));
  Measurement log_z{"log_z", annealed.log_z, (annealed.high - annealed.log_z), 0, "nats", how};
  result.measurements.push_back(log_z);
  result.measurements.push_back(mean_measurement(
      prefix + "_log_likelihood", log_likelihoods(rbm, cases, annealed.log_z, team), "nats", how));
  if (annealed.effective_runs < 0.1 * static_cast<double>(plan.runs))
    result.warnings.push_back("annealing ended with " + std::to_string(annealed.effective_runs) +
                              " effective runs of " + std::to_string(plan.runs) +
                              ", too few to believe its likelihood: raise measure.annealing_temperatures.");
}

void measure_free_energies(const RecipeData& data, const Rbm& rbm, const Matrix<float>& train,
                           const Matrix<float>& test, ThreadTeam& team, MeasureResult& result) {
  if (!rbm.visible.spec.has_energy() || !rbm.hidden.spec.has_energy() ||
      train.cols() != rbm.visible_columns() || any_missing(train) || test.empty() || any_missing(test) ||
      data.train.layer() != rbm.visible.spec)
    return;
  const auto a = free_energy(rbm, train, team), b = free_energy(rbm, test, team);
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

void measure_likelihood(const Rbm& rbm, ConstMatrixView<float> cases, const std::string& prefix,
                        const LikelihoodPlan& plan, ThreadTeam& team, Reporter& reporter,
                        MeasureResult& result) {
  if (plan.how == "none") return;
  const bool must = plan.how != "auto";
  if (const auto fault = find_likelihood_fault(rbm, cases); !fault.empty()) {
    if (must) throw InputError(fault);
    result.warnings.push_back("no likelihood: " + fault);
    return;
  }
  const double states = std::min(states_of(rbm.visible.spec), states_of(rbm.hidden.spec));
  if (plan.how == "exact" || (plan.how == "auto" && states <= kMostStatesByDefault)) {
    add_exact(rbm, cases, prefix, team, reporter, result);
  } else if (any_missing(cases)) {
    const std::string fault =
        "the likelihood of cases with missing values is summed exactly only; this model has too "
        "many hidden states for that.";
    if (must) throw InputError(fault);
    result.warnings.push_back("no likelihood: " + fault);
  } else {
    add_annealed(rbm, cases, prefix, plan, team, reporter, result);
  }
}

MeasureResult measure_model(const Recipe& recipe, const RecipeData& data, const Model& model,
                            ThreadTeam& team, Reporter& reporter) {
  MeasureResult result;
  const std::size_t most = recipe.measure.cases;
  const Matrix<float> train = fetch_range(data.train, 0, most, recipe.seed, 0, team);
  const Dataset* apart = data.test ? &*data.test : data.held_out ? &*data.held_out : nullptr;
  const std::string prefix = data.test ? "test" : data.held_out ? "held_out" : "train";
  const Matrix<float> test = apart ? fetch_range(*apart, 0, most, recipe.seed, 0, team) : Matrix<float>();
  const Matrix<float>& judged = apart ? test : train;

  const auto add_reconstruction = [&](const std::string& name, const Matrix<float>& cases) {
    const auto errors = squared_errors(cases, reconstruct(model.net, model.net.depth(), cases, team));
    result.measurements.push_back(mean_measurement(name + "_reconstruction_error", errors,
                                                   "squared error per case",
                                                   "through all layers and back, means"));
  };
  add_reconstruction("train", train);
  if (apart) add_reconstruction(prefix, test);

  const Rbm& rbm = model.net.rbms.front();
  const bool alone = model.net.depth() == 1 && model.net.label_columns == 0;
  if (alone) {
    const LikelihoodPlan plan{recipe.measure.likelihood, recipe.measure.annealing_runs,
                              recipe.measure.annealing_temperatures, recipe.seed};
    measure_likelihood(rbm, judged, prefix, plan, team, reporter, result);
    measure_free_energies(data, rbm, train, test, team, result);
    if (recipe.measure.pseudo_likelihood)
      result.measurements.push_back(mean_measurement(prefix + "_pseudo_log_likelihood",
                                                     pseudo_log_likelihoods(rbm, judged, team), "nats",
                                                     "every variable given all others"));
    if (recipe.measure.kl)
      result.measurements.push_back({"kl_from_data",
                                     kl_from_data(rbm, train, exact_log_z(rbm, team), team),
                                     {},
                                     train.rows(),
                                     "nats",
                                     "KL(data || model), exact"});
  } else if (recipe.measure.kl || recipe.measure.pseudo_likelihood) {
    result.warnings.push_back(
        "KL and pseudo-likelihood are those of a single RBM without labels; this model is a stack.");
  }
  measure_mixing_of(recipe, model.net.top(), team, result);
  return result;
}

OneClassResult measure_one_class(const Recipe& recipe, const RecipeData& data, const Model& model,
                                 ThreadTeam& team, Reporter& reporter) {
  const std::string& name = recipe.measure.one_class;
  auto request = test_request(recipe);
  if (!data.test || !request)
    throw InputError("measure.one_class needs test data with all classes; give data.test.");
  // The recipe keeps one class; the claim is about the others, so all classes are read again.
  DataRequest all_train_request = train_request(recipe);
  all_train_request.classes.clear(), all_train_request.limit = 0;
  request->classes.clear();
  const Dataset all_train = load_dataset(all_train_request), all_test = load_dataset(*request);
  const auto& classes = all_test.class_names();
  const auto found = std::find(classes.begin(), classes.end(), name);
  if (found == classes.end())
    throw InputError("measure.one_class.class = \"" + name + "\" is no class of the test data.");
  const auto own_class = static_cast<std::int32_t>(found - classes.begin());

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
  const auto add_read = [&](const std::string& label, const Matrix<float>& cases) {
    std::vector<double> read;
    for (const std::int32_t c : nearest_labels(neighbours, all_train.labels(), cases, team))
      read.push_back(c == own_class ? 1.0 : 0.0);
    result.measurements.push_back(mean_measurement(
        label, read, "fraction read as " + name,
        "nearest neighbour among all " + std::to_string(all_train.size()) + " training cases"));
  };
  add_read("others_read_as_own", result.others);
  add_read("other_reconstructions_read_as_own", result.others_reconstruction);
  reporter.working("reading reconstructions by nearest neighbours", 1.0);
  return result;
}

}  // namespace harmonium
