#include "harmonium/train/back_propagation_rule.h"

#include <algorithm>

#include "harmonium/base/error.h"
#include "harmonium/measure/classification.h"
#include "train/checkpoint.h"
#include "train/layer_source.h"

namespace harmonium {
namespace {

void measure_set(const Network& network, const BatchSource& cases, std::span<const std::int32_t> labels,
                 std::size_t most, std::uint64_t seed, std::uint64_t epoch, const std::string& suffix,
                 Measures& measures, ThreadTeam& team) {
  ClassificationSums sums(network.outputs());
  fetch_pieces(cases, std::min(most, cases.size()), seed, epoch, team,
               [&](std::size_t first, const Matrix<float>& piece) {
                 sums.add(first, forward(network, piece, team), labels.subspan(first, piece.rows()));
               });
  const Classification result = sums.result();
  if (result.cases == 0) return;
  measures["error" + suffix] = result.error();
  measures["cross_entropy" + suffix] = result.cross_entropy;
}

void refuse_unfit_cases(const TrainingData& data) {
  const auto known = [](std::int32_t label) { return label >= 0; };
  if (std::none_of(data.train_labels.begin(), data.train_labels.end(), known))
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
  refuse_unfit_cases(data);
  JointRule rule;
  rule.name = kBackPropagation;
  rule.source = borrowed(*data.train);
  auto learner = std::make_unique<NetworkLearner>(std::move(start), network, team);
  NetworkLearner* own = learner.get();
  rule.learner = std::move(learner);
  rule.update_ratio = [own] { return own->update_ratio(); };
  rule.measure = [own, data, options, &team](const ParameterList& parameters, std::uint64_t epoch) {
    Network measured = own->network();
    copy_values(parameters, measured.parameters());
    Measures measures;
    measure_set(measured, *data.train, data.train_labels, options.monitor_cases, options.seed, epoch, "",
                measures, team);
    if (data.held_out)
      measure_set(measured, *data.held_out, data.held_out_labels, options.monitor_cases, options.seed, epoch,
                  "_held_out", measures, team);
    return measures;
  };
  return rule;
}

}  // namespace harmonium
