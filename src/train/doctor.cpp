#include "harmonium/train/doctor.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string_view>

namespace harmonium {
namespace {

std::string format(const char* text, double a, double b = 0) {
  char buffer[512];
  std::snprintf(buffer, sizeof buffer, text, a, b);
  return buffer;
}

double value_or(const Measures& measures, const char* name, double otherwise) {
  const auto found = measures.find(name);
  return found == measures.end() ? otherwise : found->second;
}

// Columns of the groups of one kind.
std::vector<std::size_t> columns_of(const LayerSpec& spec, UnitKind kind) {
  std::vector<std::size_t> columns;
  for (std::size_t g = 0; g < spec.groups.size(); ++g)
    for (std::size_t i = 0; spec.groups[g].kind == kind && i < spec.groups[g].columns(); ++i)
      columns.push_back(spec.first_column(g) + i);
  return columns;
}

// The weights between the units of one kind in both layers: those to bounded units may have any size.
Matrix<float> weights_between(const Rbm& rbm, UnitKind kind) {
  const auto rows = columns_of(rbm.visible.spec, kind), columns = columns_of(rbm.hidden.spec, kind);
  Matrix<float> weights(rows.size(), columns.size());
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (std::size_t j = 0; j < columns.size(); ++j) weights(i, j) = rbm.weights(rows[i], columns[j]);
  return weights;
}

// ||W||_2 by power iteration on W'W; statistics are scaled, so variances do not enter. The start is random,
// as any regular one could be orthogonal to the vector that is looked for.
double largest_singular_value(const Matrix<float>& weights) {
  std::vector<double> x(weights.cols()), y(weights.rows());
  for (std::size_t j = 0; j < x.size(); ++j)
    x[j] = Noise(1, Stream::kMeasure, 0).normal(0, static_cast<std::uint32_t>(j));
  double value = 0;
  for (int iteration = 0; iteration < 30; ++iteration) {
    double norm = 0;
    for (const double v : x) norm += v * v;
    norm = std::sqrt(norm);
    if (norm == 0) return 0;
    for (double& v : x) v /= norm;
    for (std::size_t i = 0; i < y.size(); ++i) {
      y[i] = 0;
      for (std::size_t j = 0; j < x.size(); ++j) y[i] += static_cast<double>(weights(i, j)) * x[j];
    }
    value = 0;
    for (const double v : y) value += v * v;
    value = std::sqrt(value);
    std::fill(x.begin(), x.end(), 0.0);
    for (std::size_t i = 0; i < y.size(); ++i)
      for (std::size_t j = 0; j < x.size(); ++j) x[j] += static_cast<double>(weights(i, j)) * y[i];
  }
  return value;
}

// Sentences name keys of [train]; the same keys may stand in another table.
std::string in_table(std::string sentence, const std::string& table) {
  constexpr std::string_view kTrain = "train.";
  for (std::size_t at = 0; (at = sentence.find(kTrain, at)) != std::string::npos; at += table.size() + 1)
    sentence.replace(at, kTrain.size(), table + ".");
  return sentence;
}

// Persistent chains that stand still, or that sit where no data are. Those of a machine, which all layers of
// the joint stage share, have no fast weights.
template <class Say>
void diagnose_chains(const Measures& now, bool joint, const Say& say) {
  if (const double moved = value_or(now, "chain_moved", 1); moved < 5e-3)
    say(format("the persistent chains hardly move (%.2g of the visible units change in a step), so they no "
               "longer tell what the model believes in: lower train.rate, or use train.negative = "
               "\"tempering\"",
               moved) +
        (joint ? "" : " or \"fpcd\"") + ", or more train.steps.");
  if (const double least = value_or(now, "exchange_rate_least", 1); least < 0.02)
    say(
        format("the copies of the model that tempering keeps exchange in only %.2g of tries between two of "
               "them, so the warm ones do not help the cold one: use more train.temperatures.",
               least));
  const double data = value_or(now, "free_energy_train", 0);
  const double away = data - value_or(now, "free_energy_fantasies", data);
  if (away > std::max(20.0, 4.0 * value_or(now, "free_energy_spread", 0)))
    say(format(
        "the persistent chains sit %.1f nats below the data in free energy, in places that the data do "
        "not visit: lower train.rate, or use train.negative = \"tempering\".",
        away));
}

}  // namespace

void DoctorMemory::follow(const std::vector<HistoryRecord>& history, std::size_t layer) {
  if (layer != layer_ || history.size() < seen_) *this = {}, layer_ = layer;
  for (; seen_ < history.size(); ++seen_) {
    const HistoryRecord& record = history[seen_];
    if (record.layer != layer) continue;
    before = record.measures;
    if (const auto found = record.measures.find("log_likelihood"); found != record.measures.end())
      best_log_likelihood = std::max(best_log_likelihood.value_or(found->second), found->second);
  }
}

std::vector<std::string> diagnose(const Measures& now, const DoctorMemory& memory,
                                  const TrainOptions& options) {
  std::vector<std::string> sentences;
  const auto say = [&](std::string sentence) {
    sentences.push_back(in_table(std::move(sentence), options.table));
  };
  const auto& before = memory.before;

  // Updates may well exceed tiny initial weights; once weights have grown they should not. Where layers learn
  // together their weights are not measured, but greedy learning has grown them.
  const bool grown = value_or(now, "weight_deviation", 1) > 0.05;
  if (const double ratio = value_or(now, "update_ratio", 1e-3); ratio > 2e-2 && before && grown)
    say(
        format("an update changes the weights by %.2g of their size, where about 0.001 is healthy: lower "
               "train.rate (to about %.2g of what it is).",
               ratio, 2e-3 / ratio));
  else if (ratio < 1e-6 && options.rate.shape == ScheduleShape::kConstant)
    say(format(
        "an update changes the weights by only %.2g of their size, where about 0.001 is healthy: raise "
        "train.rate.",
        ratio));

  if (const double dead = value_or(now, "hidden_always_off", 0); dead > 0.2)
    say(
        format("%.0f %% of the hidden units are off for almost every case: lower train.rate or "
               "train.sparsity_cost, or start with train.initial_hidden_bias = 0.",
               100 * dead));
  if (const double full = value_or(now, "hidden_always_on", 0); full > 0.2)
    say(
        format("%.0f %% of the hidden units are on for almost every case: lower train.rate, or set "
               "train.centring = true or a train.sparsity_target.",
               100 * full));

  const double gap = value_or(now, "free_energy_gap", 0);
  if (sentences.empty() && before && gap > 5.0 && gap > 1.2 * value_or(*before, "free_energy_gap", gap))
    say(format(
        "the free energy of held-out cases is %.2f nats above that of training cases and rising, a sign "
        "of overfitting: use fewer epochs, fewer hidden units or a larger train.l2.",
        gap));
  diagnose_chains(now, options.table == "joint", say);
  if (memory.best_log_likelihood && now.count("log_likelihood"))
    if (const double fall = *memory.best_log_likelihood - now.at("log_likelihood");
        fall > 0.5 + 2 * value_or(now, "log_likelihood_error", 0))
      say(format(
          "the log-likelihood has fallen %.2f nats below its best: lower train.rate, or let it fall with "
          "train.rate_schedule = \"linear\".",
          fall));
  return sentences;
}

std::string find_normalisation_fault(const Rbm& rbm) {
  switch (normalisation(rbm.visible.spec, rbm.hidden.spec)) {
    case Normalisation::kIfWeightsSmall:
      if (const double norm = largest_singular_value(weights_between(rbm, UnitKind::kGaussian)); norm >= 1.0)
        return format(
            "the largest singular value of the weights is %.3f; Gaussian units with Gaussian units have "
            "a distribution only below 1: lower train.rate or raise train.l2.",
            norm);
      return {};
    case Normalisation::kIfWeightsNegative: {
      const auto weights = weights_between(rbm, UnitKind::kPoisson);
      if (std::any_of(weights.values().begin(), weights.values().end(), [](float w) { return w > 0; }))
        return "there are positive weights; Poisson units with Poisson units have a distribution only while "
               "no "
               "weight is positive: use bernoulli hidden units.";
      return {};
    }
    case Normalisation::kNever:
      return "Gaussian units with Poisson units have no distribution unless all weights are 0: use bernoulli "
             "hidden units.";
    case Normalisation::kAlways:
    case Normalisation::kNoEnergy:
      return {};
  }
  return {};
}

std::string find_number_fault(const ParameterList& parameters, const std::string& table) {
  for (const NamedTensor& tensor : parameters)
    for (const float value : tensor.values)
      if (!std::isfinite(value))
        return "learning diverged: " + tensor.name + " holds a value that is not a finite number; lower " +
               table + ".rate (real-valued units need one 10 to 100 times lower than binary ones).";
  return {};
}

}  // namespace harmonium
