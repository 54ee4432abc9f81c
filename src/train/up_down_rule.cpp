#include "harmonium/train/up_down_rule.h"

#include <algorithm>

#include "harmonium/base/error.h"
#include "harmonium/data/dataset.h"
#include "harmonium/measure/recognition.h"
#include "harmonium/measure/reconstruction.h"
#include "train/checkpoint.h"
#include "train/layer_source.h"

namespace harmonium {
namespace {

// Error rate and reconstruction error of the first cases of one set.
void measure_set(const DeepBeliefNet& net, const BatchSource& cases, std::span<const std::int32_t> labels,
                 std::size_t most, std::uint64_t seed, std::uint64_t epoch, const std::string& suffix,
                 Measures& measures, ThreadTeam& team) {
  const Noise unused(seed, Stream::kMeasure, 0);
  const std::size_t code_layer = net.depth() - 1;
  double error = 0, wrong = 0;
  std::size_t known = 0;
  most = std::min(most, cases.size());
  fetch_pieces(cases, most, seed, epoch, team, [&](std::size_t first, const Matrix<float>& piece) {
    const auto share = static_cast<double>(piece.rows()) / static_cast<double>(most);
    const auto codes = up_pass(net, 0, code_layer, piece, States::kMeans, unused, {}, team);
    const auto top = up_pass(net, code_layer, net.depth(), codes, States::kMeans, unused, {}, team);
    error +=
        share * squared_error(piece, down_pass(net, net.depth(), 0, top, States::kMeans, unused, {}, team));
    if (net.label_columns == 0) return;
    const auto read = likeliest_labels(label_probabilities_of_codes(net, codes, team));
    for (std::size_t r = 0; r < read.size(); ++r) {
      if (labels[first + r] < 0) continue;
      ++known;
      wrong += read[r] != labels[first + r];
    }
  });
  measures["reconstruction_error" + suffix] = error;
  if (known > 0) measures["error" + suffix] = wrong / static_cast<double>(known);
}

}  // namespace

JointRule make_up_down_rule(DeepBeliefNet net, const TrainingData& data, const TrainOptions& options,
                            ThreadTeam& team) {
  if (const auto fault = find_up_down_fault(net, data.train->has_missing()); !fault.empty())
    throw InputError(fault);
  JointRule rule;
  rule.name = "up-down";
  rule.source = borrowed(*data.train);
  if (net.label_columns > 0)
    rule.source = std::make_shared<LabelledSource>(
        rule.source, std::vector<std::int32_t>(data.train_labels.begin(), data.train_labels.end()),
        net.label_columns);
  auto learner = std::make_unique<UpDownLearner>(std::move(net), options, data.train->value_step(), team);
  UpDownLearner* own = learner.get();
  rule.learner = std::move(learner);
  rule.update_ratio = [own] { return own->update_ratio(); };
  const auto net_with = [own](const ParameterList& parameters) {
    DeepBeliefNet result = own->net();
    copy_values(parameters, result.parameters());
    return result;
  };
  rule.top = [net_with](const ParameterList& parameters) { return net_with(parameters).top(); };
  rule.measure = [own, net_with, data, options, &team](const ParameterList& parameters, std::uint64_t epoch) {
    const DeepBeliefNet measured = net_with(parameters);
    Measures measures;
    measure_set(measured, *data.train, data.train_labels, options.monitor_cases, options.seed, epoch, "",
                measures, team);
    if (data.held_out)
      measure_set(measured, *data.held_out, data.held_out_labels, options.monitor_cases, options.seed, epoch,
                  "_held_out", measures, team);
    if (own->chains()) measure_chains(*own->chains(), measures);
    return measures;
  };
  return rule;
}

}  // namespace harmonium
