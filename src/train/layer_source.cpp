#include "train/layer_source.h"

#include "harmonium/models/completion.h"
#include "harmonium/train/loop.h"

namespace harmonium {
namespace {

constexpr std::size_t kMostKeptBytes = std::size_t{4} << 30;
constexpr std::size_t kMostKeptBytesOfDisk = std::size_t{256} << 20;
constexpr std::size_t kCompletionSweeps = 10;

// What the learned RBMs below make of the data.
class UpPassSource final : public BatchSource {
 public:
  UpPassSource(const DeepBeliefNet& net, std::size_t depth, const BatchSource& data, States states)
      : net_(net), depth_(depth), data_(data), states_(states), layer_(net.rbms[depth - 1].hidden.spec) {
    for (std::size_t n = 0; n < depth; ++n) packed_.emplace_back(net.upward(n).weights, Precision::kF32);
  }

  std::size_t size() const override { return data_.size(); }
  const LayerSpec& layer() const override { return layer_; }
  std::span<const float> case_weights() const override { return data_.case_weights(); }
  bool varies_by_epoch() const override { return states_ == States::kSamples || data_.varies_by_epoch(); }
  float value_step() const override {
    return states_ == States::kSamples && has_exact_states(layer_) ? 1.0f : 0.0f;
  }
  bool is_on_disk() const override { return data_.is_on_disk(); }
  std::unique_ptr<EpochOrder> order(std::uint64_t seed) const override { return data_.order(seed); }
  std::vector<CaseRange> sample() const override { return data_.sample(); }

  void fetch(std::span<const std::uint64_t> cases, std::uint64_t seed, std::uint64_t epoch,
             MatrixView<float> values) const override {
    Matrix<float> below(cases.size(), net_.columns(0));
    data_.fetch(cases, seed, epoch, below);
    if (data_.has_missing()) below = complete_missing(net_.rbms.front(), below, kCompletionSweeps);
    ThreadTeam own(1);  // the caller has cut the cases into blocks already
    const auto states =
        up_pass(net_, 0, depth_, below, states_, Noise(seed, Stream::kUpPass, epoch), cases, own, packed_);
    for (std::size_t r = 0; r < values.rows(); ++r)
      std::copy_n(states.row(r).data(), values.cols(), values.row(r).data());
  }

 private:
  const DeepBeliefNet& net_;
  std::size_t depth_;
  const BatchSource& data_;
  States states_;
  LayerSpec layer_;
  std::vector<PackedWeights> packed_;  // of the RBMs below, which are learned
};

// States that stay the same from epoch to epoch, made once.
class KeptSource final : public BatchSource {
 public:
  KeptSource(LayerSpec layer, Matrix<float> values, std::span<const float> weights)
      : values_(std::move(values)), source_(std::move(layer), values_), weights_(weights) {}
  std::size_t size() const override { return source_.size(); }
  const LayerSpec& layer() const override { return source_.layer(); }
  std::span<const float> case_weights() const override { return weights_; }
  void fetch(std::span<const std::uint64_t> cases, std::uint64_t seed, std::uint64_t epoch,
             MatrixView<float> values) const override {
    source_.fetch(cases, seed, epoch, values);
  }

 private:
  Matrix<float> values_;
  MatrixSource source_;
  std::span<const float> weights_;
};

}  // namespace

std::shared_ptr<const BatchSource> borrowed(const BatchSource& source) {
  return {std::shared_ptr<const BatchSource>(), &source};
}

std::shared_ptr<const BatchSource> make_layer_source(const DeepBeliefNet& net, std::size_t depth,
                                                     const BatchSource& data, States states,
                                                     std::uint64_t seed, ThreadTeam& team) {
  if (depth == 0) return borrowed(data);
  auto source = std::make_shared<UpPassSource>(net, depth, data, states);
  const std::size_t bytes = source->size() * source->layer().columns() * sizeof(float);
  const std::size_t most = source->is_on_disk() ? kMostKeptBytesOfDisk : kMostKeptBytes;
  if (source->varies_by_epoch() || bytes > most) return source;
  return std::make_shared<KeptSource>(source->layer(), fetch_range(*source, 0, source->size(), seed, 0, team),
                                      data.case_weights());
}

}  // namespace harmonium
