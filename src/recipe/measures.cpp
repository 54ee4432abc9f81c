#include "harmonium/recipe/measures.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "harmonium/base/error.h"
#include "harmonium/baselines/nearest_neighbour.h"
#include "harmonium/measure/exact.h"
#include "harmonium/measure/pseudo_likelihood.h"
#include "harmonium/measure/reconstruction.h"
#include "recipe/measure_fantasies.h"
#include "recipe/measure_likelihood.h"
#include "recipe/measure_machine.h"
#include "recipe/measure_mixing.h"
#include "recipe/measure_net.h"
#include "recipe/measure_recognition.h"
#include "recipe/measured_cases.h"

namespace harmonium {
namespace {

constexpr std::size_t kMixingChains = 100;

std::vector<double> squared_errors(ConstMatrixView<float> values, ConstMatrixView<float> reconstruction) {
  std::vector<double> errors(values.rows());
  for (std::size_t r = 0; r < values.rows(); ++r)
    errors[r] = squared_error(values.row_block(r, 1), reconstruction.row_block(r, 1));
  return errors;
}

// Are missing values masked instead of being unknown?
bool is_absent(const RecipeData& data) {
  const Dataset* apart = data.apart();
  return data.train.missing() == Missing::kAbsent || (apart && apart->missing() == Missing::kAbsent);
}

constexpr const char* kNotAlone =
    " is that of a single RBM without label units, but this model is a deep belief net.";

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
                                 "nats",
                                 "mean free energy of " + std::string(data.test ? "test" : "held-out") +
                                     " cases minus that of training cases"});
}

// The RBM whose chains are those of the model.
Rbm sampled_rbm(const Recipe& recipe, const DeepBeliefNet& net) {
  return recipe.is_machine ? folded(machine_of(net)) : net.top();
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
  const bool layered = is_net(net) && !recipe.is_machine, alone = !is_net(net) && !recipe.is_machine;
  if (recipe.is_machine)
    if (auto fault = find_machine_measure_fault(recipe, data, machine_of(net)); !fault.empty()) return fault;
  if (layered)
    if (auto fault = find_net_measure_fault(recipe, data, net, team); !fault.empty()) return fault;
  if (m.kl && layered) return std::string("measure.kl") + kNotAlone;
  if (m.pseudo_likelihood && layered) return std::string("measure.pseudo_likelihood") + kNotAlone;
  if (m.cases < 1) return "measure.cases must be 1 or more.";
  const auto cases_of = [&](const Dataset* set) {
    return MeasuredCases(set ? *set : data.train, m.cases, m.binarise_seed, team);
  };
  std::string fault;
  if (demanded && alone)
    fault = find_likelihood_fault(rbm, m.likelihood, is_absent(data), cases_of(data.apart()));
  if (fault.empty() && m.pseudo_likelihood) fault = find_pseudo_fault(rbm, cases_of(data.apart()));
  if (fault.empty() && m.kl) fault = find_kl_fault(rbm, cases_of(nullptr));
  if (fault.empty() && m.mixing_steps > 0) fault = find_chain_fault("measure.mixing_steps", net.top());
  if (fault.empty()) fault = find_mixing_fault(recipe, data, net);
  if (fault.empty() && !m.one_class.empty()) fault = find_one_class_fault(recipe, data, net);
  if (fault.empty()) fault = find_fantasy_fault(recipe, data, net);
  const auto& shape = recipe.report.image_shape;
  if (fault.empty() && !shape.empty() && (shape.size() != 2 || shape[0] * shape[1] != net.columns(0)))
    fault = "report.image_shape must be [height, width] of " + std::to_string(net.columns(0)) + " pixels.";
  return fault;
}

MeasureResult measure_model(const Recipe& recipe, const RecipeData& data, const Model& model,
                            ThreadTeam& team, Reporter& reporter) {
  if (const auto fault = find_measure_fault(recipe, data, model.net, team); !fault.empty())
    throw InputError(fault);
  check(recipe.is_machine == model.is_machine, "a recipe measures the kind of model that it is");
  MeasureResult result;
  const std::size_t most = recipe.measure.cases;
  const MeasuredCases train(data.train, most, recipe.measure.binarise_seed, team);
  const Dataset* apart = data.apart();
  const std::string prefix = data.judged_name();
  std::optional<MeasuredCases> test;
  if (apart) test.emplace(*apart, most, recipe.measure.binarise_seed, team);
  const MeasuredCases& judged = apart ? *test : train;

  const auto add_reconstruction = [&](const std::string& name, const MeasuredCases& cases) {
    const auto errors = cases.each(
        [&](const Matrix<float>& piece) { return squared_errors(piece, reconstruct(model, piece, team)); });
    result.measurements.push_back(
        mean_measurement(name + "_reconstruction_error", errors, "squared error per case",
                         model.is_machine ? "through mean field of all layers and back, means"
                                          : "through all layers and back, means"));
  };
  add_reconstruction("train", train);
  if (apart) add_reconstruction(prefix, *test);

  const Rbm& rbm = model.net.rbms.front();
  if (model.is_machine) {
    measure_machine(recipe, data, machine_of(model.net), judged, prefix, team, reporter, result);
  } else if (is_net(model.net)) {
    measure_net(recipe, data, model.net, prefix, team, reporter, result);
  } else {
    const LikelihoodPlan plan = likelihood_plan(recipe, is_absent(data));
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
  measure_recognition(recipe, data, model, team, reporter, result);
  for (const Measurement& m : result.measurements)
    if (!std::isfinite(m.value)) {
      result.warnings.push_back(m.name +
                                " is not a finite number: parameters have grown beyond what sums hold, so " +
                                "learning has diverged; lower its rate.");
      break;
    }
  measure_mixing_of(recipe, sampled_rbm(recipe, model.net), team, result);
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
