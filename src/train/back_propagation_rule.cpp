#include "harmonium/train/back_propagation_rule.h"

#include <algorithm>

#include "harmonium/base/error.h"
#include "harmonium/measure/classification.h"
#include "harmonium/measure/reconstruction.h"
#include "train/checkpoint.h"
#include "train/layer_source.h"

namespace harmonium {
namespace {

void measure_classifier(const Network& network, const BatchSource& cases,
                        std::span<const std::int32_t> labels, std::size_t most, std::uint64_t seed,
                        std::uint64_t epoch, const std::string& suffix, Measures& measures,
                        ThreadTeam& team) {
  ClassificationSums sums(network.outputs());
  fetch_pieces(cases, most, seed, epoch, team, [&](std::size_t first, const Matrix<float>& piece) {
    sums.add(first, forward(network, piece, team), labels.subspan(first, piece.rows()));
  });
  const Classification result = sums.result();
  if (result.cases == 0) return;
  measures["error" + suffix] = result.error();
  measures["cross_entropy" + suffix] = result.cross_entropy;
}

void measure_autoencoder(const Network& network, const BatchSource& cases, std::size_t most,
                         std::uint64_t seed, std::uint64_t epoch, const std::string& suffix,
                         Measures& measures, ThreadTeam& team) {
  const bool probabilities = network.layers.back().activation == Activation::kLogistic;
  double error = 0, entropy = 0;
  fetch_pieces(cases, most, seed, epoch, team, [&](std::size_t, const Matrix<float>& piece) {
    const double share = static_cast<double>(piece.rows()) / static_cast<double>(most);
    const Matrix<float> outputs = forward(network, piece, team);
    error += share * squared_error(piece, outputs);
    if (probabilities) entropy += share * binary_cross_entropy(piece, outputs);
  });
  measures["reconstruction_error" + suffix] = error;
  if (probabilities) measures["cross_entropy" + suffix] = entropy;
}

void refuse_unfit_cases(const TrainingData& data, NetworkTask task) {
  const auto known = [](std::int32_t label) { return label >= 0; };
  if (task == NetworkTask::kClassify &&
      std::none_of(data.train_labels.begin(), data.train_labels.end(), known))
    throw InputError(
        "a classifier learns from labels, but the training cases have none; name their file or column by "
        "data.labels or data.label_column.");
  if (data.train->has_missing())
    throw InputError(
        "back-propagation learns from whole cases, but the data have missing values; fill them in by "
        "`harmonium impute` first.");
}

}  // namespace

JointRule make_back_propagation_rule(Network start, const TrainingData& data, const NetworkOptions& network,
                                     const TrainOptions& options, ThreadTeam& team) {
  refuse_unfit_cases(data, network.task);
  JointRule rule;
  rule.name = kBackPropagation;
  rule.source = borrowed(*data.train);
  auto learner = std::make_unique<NetworkLearner>(std::move(start), network, team);
  NetworkLearner* own = learner.get();
  rule.learner = std::move(learner);
  rule.update_ratio = [own] { return own->update_ratio(); };
  const auto measure_set = [options, task = network.task, &team](
                               const Network& measured, const BatchSource& cases,
                               std::span<const std::int32_t> labels, std::uint64_t epoch,
                               const std::string& suffix, Measures& measures) {
    const std::size_t most = std::min(options.monitor_cases, cases.size());
    if (task == NetworkTask::kClassify)
      measure_classifier(measured, cases, labels, most, options.seed, epoch, suffix, measures, team);
    else
      measure_autoencoder(measured, cases, most, options.seed, epoch, suffix, measures, team);
  };
  rule.measure = [own, data, measure_set](const ParameterList& parameters, std::uint64_t epoch) {
    Network measured = own->network();
    copy_values(parameters, measured.parameters());
    Measures measures;
    measure_set(measured, *data.train, data.train_labels, epoch, "", measures);
    if (data.held_out)
      // Drawn pixels are the same in every epoch, so that epochs can be compared.
      measure_set(measured, *data.held_out, data.held_out_labels, 0, "_held_out", measures);
    return measures;
  };
  return rule;
}

}  // namespace harmonium
