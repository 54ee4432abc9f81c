#include "recipe/measure_net.h"

#include <algorithm>
#include <cmath>

#include "harmonium/base/error.h"
#include "harmonium/measure/annealed.h"
#include "harmonium/measure/exact.h"
#include "harmonium/measure/net_likelihood.h"
#include "harmonium/measure/statistics.h"
#include "harmonium/render/number.h"
#include "harmonium/train/doctor.h"
#include "recipe/measure_likelihood.h"
#include "recipe/measure_log_z.h"

namespace harmonium {
namespace {

// What is summed for all cases without being asked for.
constexpr double kMostNetStatesByDefault = 1 << 10;
constexpr std::size_t kCasesByDefault = 500;
// Fewer effective samples than this in more than one case of ten: the estimate misses some of log p(v).
constexpr double kFewSamples = 5.0;

bool is_tiny(const DeepBeliefNet& net) {
  return is_short_sum(net.top()) && hidden_states_below_top(net) <= kMostNetStatesByDefault;
}

// How many cases are measured; 0: none.
std::size_t cases_of(const MeasureRecipe& m, const DeepBeliefNet& net, std::size_t given) {
  if (m.likelihood == "none") return 0;
  std::size_t wanted = m.net_cases;
  if (wanted == 0 && (m.likelihood != "auto" || is_tiny(net))) wanted = kCasesByDefault;
  return std::min({wanted, m.cases, given});
}

// Why these cases have no likelihood under such a net, or empty.
std::string find_fault(const std::string& how, const DeepBeliefNet& net, const Dataset& cases,
                       const Matrix<float>& values) {
  if (auto fault = find_net_likelihood_fault(net); !fault.empty()) return fault;
  if (cases.has_missing())
    return "the likelihood of a deep belief net is that of whole cases, but the data have missing values.";
  if (how == "exact" && !can_enumerate(net.top()))
    return "log Z of the top RBM cannot be summed: \"" + net.top().visible.spec.to_string() + "\" and \"" +
           net.top().hidden.spec.to_string() +
           "\" both have more than 2^25 states (25 binary units); set likelihood = \"annealed\".";
  if (how == "exact" && hidden_states_below_top(net) > kMostNetStates)
    return "the likelihood of a deep belief net sums over its hidden layers below the top, but these have "
           "more than 2^20 states (20 binary units); set likelihood = \"annealed\".";
  return find_grey_value(cases.layer(), values);
}

// Visible values of the top RBM: the up-pass of the cases, with all labels in turn.
Matrix<float> top_visible(const DeepBeliefNet& net, const Matrix<float>& values, std::uint64_t seed,
                          ThreadTeam& team) {
  const std::size_t layers = net.depth() - 1;
  const Matrix<float> passed = layers == 0 ? values
                                           : up_pass(net, 0, layers, values, States::kSamples,
                                                     Noise(seed, Stream::kMeasure, 0), {}, team);
  Matrix<float> result(passed.rows(), net.top().visible_columns());
  for (std::size_t r = 0; r < passed.rows(); ++r) {
    std::copy_n(passed.row(r).begin(), passed.cols(), result.row(r).begin());
    if (net.label_columns > 0) result(r, passed.cols() + r % net.label_columns) = 1.0f;
  }
  return result;
}

void warn_of_few_samples(const NetLikelihood& net, MeasureResult& result) {
  auto sorted = net.effective_samples;
  std::sort(sorted.begin(), sorted.end());
  if (sorted[sorted.size() / 10] >= kFewSamples) return;
  result.warnings.push_back(
      "the up-passes of a tenth of the cases are worth " + number_text(sorted[sorted.size() / 10], 2) +
      " samples of the posterior or fewer, so their log-probability is estimated too low: raise "
      "measure.net_samples or measure.net_temperatures.");
}

// The RBM at the bottom as a model of its own, and what the layers above it add to that.
void add_gain(const Recipe& recipe, const DeepBeliefNet& net, const Matrix<float>& values,
              const NetLikelihood& likelihood, const LogZ& top, const std::string& prefix, ThreadTeam& team,
              Reporter& reporter, MeasureResult& result) {
  const Rbm& first = net.rbms.front();
  const bool is_rbm = &net.upward(0) == &first;  // not so any more once its halves are untied
  DeepBeliefNet alone;
  alone.rbms = {first};
  if (net.depth() == 1 || !is_rbm || !find_net_likelihood_fault(alone).empty() ||
      !find_normalisation_fault(first).empty() ||
      (recipe.measure.likelihood == "exact" && !can_enumerate(first)))
    return;
  const LogZ z = log_z_of(first, "first RBM", values, recipe, team, reporter, result);
  const auto log_p = log_likelihoods(first, values, z.value, team);
  std::vector<double> gains(log_p.size());
  for (std::size_t r = 0; r < gains.size(); ++r) gains[r] = likelihood.bound[r] - log_p[r];
  result.measurements.push_back(with_error_of(mean_measurement(prefix + "_first_rbm_log_likelihood", log_p,
                                                               "nats", "of the first RBM alone; " + z.how),
                                              z.error));
  add_bracket(prefix + "_first_rbm_log_likelihood_bracket", z, result);
  result.measurements.push_back(
      with_error_of(mean_measurement(prefix + "_bound_gain", gains, "nats",
                                     "bound of the net minus log-likelihood of the first RBM, case by case"),
                    std::hypot(z.error, top.error)));
}

void add_net(const Recipe& recipe, const DeepBeliefNet& net, const Matrix<float>& values,
             const std::string& prefix, ThreadTeam& team, Reporter& reporter, MeasureResult& result) {
  const MeasureRecipe& m = recipe.measure;
  const bool exact = m.likelihood == "exact" || (m.likelihood == "auto" && is_tiny(net));
  const LogZ z = log_z_of(net.top(), "top RBM", top_visible(net, values, recipe.seed, team), recipe, team,
                          reporter, result);
  NetLikelihoodOptions options{m.net_samples, m.net_temperatures, recipe.seed,
                               [&](double done) { reporter.working("weighing up-passes", done); }};
  if (net.depth() == 1) options.samples = options.temperatures = 1;  // nothing hidden below the top
  const NetLikelihood likelihood = exact ? exact_net_likelihoods(net, values, z.value, team)
                                         : net_likelihoods(net, values, z.value, options, team);
  add_log_z(z, "top RBM", result);
  std::string how = exact ? "exact sum over the hidden layers; " + z.how
                          : std::to_string(options.samples) + " up-passes a case; " + z.how;
  const auto add = [&](const char* name, const std::vector<double>& cases) {
    result.measurements.push_back(
        with_error_of(mean_measurement(prefix + name, cases, "nats", how), z.error));
  };
  if (net.depth() > 1) add("_log_probability_bound", likelihood.bound);
  if (net.depth() > 1 && !exact && options.temperatures > 1)
    how = std::to_string(options.samples) + " up-passes a case, annealed in " +
          std::to_string(options.temperatures) + " steps; " + z.how;
  add("_log_probability", likelihood.log_probability);
  add_bracket(prefix + "_log_probability_bracket", z, result);
  if (net.depth() > 1 && !exact) {
    const auto& samples = likelihood.effective_samples;
    result.measurements.push_back(
        mean_measurement(prefix + "_effective_samples", samples, "samples",
                         "of " + std::to_string(options.samples) + " a case; smallest " +
                             number_text(*std::min_element(samples.begin(), samples.end()), 3)));
    warn_of_few_samples(likelihood, result);
  }
  add_gain(recipe, net, values, likelihood, z, prefix, team, reporter, result);
}

}  // namespace

bool is_net(const DeepBeliefNet& net) {
  return net.depth() > 1 || net.label_columns > 0;
}

std::string find_net_measure_fault(const Recipe& recipe, const RecipeData& data, const DeepBeliefNet& net,
                                   ThreadTeam& team) {
  const std::string& how = recipe.measure.likelihood;
  if (how != "exact" && how != "annealed") return {};
  const Dataset& cases = data.judged();
  const std::size_t count = cases_of(recipe.measure, net, cases.size());
  return find_fault(how, net, cases, fetch_range(cases, 0, count, recipe.measure.binarise_seed, 0, team));
}

void measure_net(const Recipe& recipe, const RecipeData& data, const DeepBeliefNet& net,
                 const std::string& prefix, ThreadTeam& team, Reporter& reporter, MeasureResult& result) {
  const Dataset& cases = data.judged();
  const std::size_t count = cases_of(recipe.measure, net, cases.size());
  if (count == 0) return;
  const auto values = fetch_range(cases, 0, count, recipe.measure.binarise_seed, 0, team);
  auto sentence = find_fault(recipe.measure.likelihood, net, cases, values);
  if (sentence.empty()) sentence = find_normalisation_fault(net.top());
  // A tiny net on data without a likelihood (grey values) was not asked for one.
  if (sentence.empty())
    add_net(recipe, net, values, prefix, team, reporter, result);
  else if (recipe.measure.net_cases > 0 || recipe.measure.likelihood != "auto")
    result.warnings.push_back(sentence);
}

}  // namespace harmonium
