#include "harmonium/train/machine_rule.h"

#include <algorithm>
#include <numeric>

#include "harmonium/base/error.h"
#include "harmonium/measure/reconstruction.h"
#include "train/checkpoint.h"
#include "train/layer_source.h"

namespace harmonium {
namespace {

class DoubledSource final : public BatchSource {
 public:
  explicit DoubledSource(const BatchSource& source)
      : source_(source), layer_(doubled_layers({source.layer(), source.layer(), source.layer()}).front()) {}
  std::size_t size() const override { return source_.size(); }
  const LayerSpec& layer() const override { return layer_; }
  std::span<const float> case_weights() const override { return source_.case_weights(); }
  std::span<const std::int32_t> labels() const override { return source_.labels(); }
  bool varies_by_epoch() const override { return source_.varies_by_epoch(); }
  float value_step() const override { return 2.0f * source_.value_step(); }
  bool has_missing() const override { return source_.has_missing(); }
  bool is_on_disk() const override { return source_.is_on_disk(); }
  std::unique_ptr<EpochOrder> order(std::uint64_t seed) const override { return source_.order(seed); }
  std::vector<CaseRange> sample() const override { return source_.sample(); }
  void fetch(std::span<const std::uint64_t> cases, std::uint64_t seed, std::uint64_t epoch,
             MatrixView<float> values) const override {
    source_.fetch(cases, seed, epoch, values);
    for (std::size_t r = 0; r < values.rows(); ++r)
      for (float& value : values.row(r)) value *= 2.0f;
  }

 private:
  const BatchSource& source_;
  LayerSpec layer_;
};

// To watch learning by; more sweeps would add little.
constexpr MeanFieldOptions kWatched{20, 1e-3f};

struct SetMeasures {
  double error = 0, bound = 0;
};

// Of the first `most` cases: squared error of the reconstruction, and the mean bound on log p*(v).
SetMeasures measure_set(const DeepBoltzmannMachine& machine, const BatchSource& cases, std::size_t most,
                        std::uint64_t seed, std::uint64_t epoch, ThreadTeam& team) {
  SetMeasures result;
  most = std::min(most, cases.size());
  fetch_pieces(cases, most, seed, epoch, team, [&](std::size_t, const Matrix<float>& piece) {
    const MeanFieldPosterior posterior = mean_field(machine, piece, kWatched, team);
    const auto count = static_cast<double>(most);
    const double share = static_cast<double>(piece.rows()) / count;
    result.error += share * squared_error(piece, visible_means(machine, posterior.means[0], team));
    result.bound += std::accumulate(posterior.bounds.begin(), posterior.bounds.end(), 0.0) / count;
  });
  return result;
}

}  // namespace

std::shared_ptr<const BatchSource> make_doubled_source(const BatchSource& source) {
  return std::make_shared<DoubledSource>(source);
}

JointRule make_machine_rule(DeepBoltzmannMachine machine, const TrainingData& data,
                            const TrainOptions& options, ThreadTeam& team) {
  if (const auto fault = find_machine_learning_fault(options, data.train->has_missing()); !fault.empty())
    throw InputError(fault);
  JointRule rule;
  rule.name = "mean-field";
  rule.source = borrowed(*data.train);
  auto learner = std::make_unique<MachineLearner>(std::move(machine), options, team);
  MachineLearner* own = learner.get();
  rule.learner = std::move(learner);
  rule.update_ratio = [own] { return own->update_ratio(); };
  rule.measure = [own, data, options, &team](const ParameterList& parameters, std::uint64_t epoch) {
    DeepBoltzmannMachine measured = own->machine();
    copy_values(parameters, measured.parameters());
    const auto set = [&](const BatchSource& cases) {
      return measure_set(measured, cases, options.monitor_cases, options.seed, epoch, team);
    };
    Measures measures;
    const SetMeasures train = set(*data.train);
    measures["reconstruction_error"] = train.error;
    if (data.held_out) {
      const SetMeasures held_out = set(*data.held_out);
      measures["reconstruction_error_held_out"] = held_out.error;
      measures["free_energy_gap"] = train.bound - held_out.bound;
    }
    measure_chains(own->negative_phase(), measures);
    return measures;
  };
  return rule;
}

}  // namespace harmonium
