#include "harmonium/measure/annealed.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "harmonium/base/error.h"
#include "harmonium/kernels/products.h"

namespace harmonium {
namespace {

constexpr std::uint64_t kVisibleHalf = 0, kHiddenHalf = 1;

// The model between base and target at one inverse temperature.
struct Between {
  float beta = 0;
  std::vector<float> visible_bias, hidden_bias;

  void set(const Rbm& rbm, std::span<const float> base, float inverse_temperature) {
    beta = inverse_temperature;
    visible_bias.resize(base.size()), hidden_bias.resize(rbm.hidden_columns());
    for (std::size_t i = 0; i < base.size(); ++i)
      visible_bias[i] = (1.0f - beta) * base[i] + beta * rbm.visible.bias[i];
    for (std::size_t j = 0; j < hidden_bias.size(); ++j) hidden_bias[j] = beta * rbm.hidden.bias[j];
  }
};

// One block of runs, all temperatures, in one thread.
class BlockOfRuns {
 public:
  BlockOfRuns(const Rbm& rbm, const PackedWeights& packed, std::span<const float> base, std::size_t first,
              std::size_t count)
      : rbm_(rbm),
        base_(base),
        numbers_(count),
        visible_(count, rbm.visible_columns()),
        hidden_(count, rbm.hidden_columns()),
        scaled_(rbm.hidden_columns()) {
    std::iota(numbers_.begin(), numbers_.end(), first);
    memory_.packed = &packed;
  }

  void run(std::span<const float> betas, std::uint64_t seed, std::span<double> log_weights,
           const std::function<void()>& tick) {
    Between here, next;
    here.set(rbm_, base_, betas[0]);
    start(here, Noise(seed, Stream::kMeasure, 0));
    std::fill(log_weights.begin(), log_weights.end(), base_log_z(here));
    for (std::size_t k = 1; k < betas.size(); ++k) {
      next.set(rbm_, base_, betas[k]);
      interaction();
      for (std::size_t r = 0; r < log_weights.size(); ++r)
        log_weights[r] += free_energy_of(here, r) - free_energy_of(next, r);
      if (k + 1 < betas.size()) step(next, Noise(seed, Stream::kMeasure, k));
      std::swap(here, next);
      tick();
    }
  }

 private:
  double base_log_z(const Between& base) const {
    RowContext v, h;
    v.bias = base.visible_bias, h.bias = base.hidden_bias;
    const std::vector<float> zero_v(rbm_.visible_columns()), zero_h(rbm_.hidden_columns());
    return log_partition(rbm_.visible, zero_v, v) + log_partition(rbm_.hidden, zero_h, h);
  }
  void start(const Between& base, const Noise& noise) {
    RowContext context;
    context.bias = base.visible_bias;
    conditional(rbm_.visible, Matrix<float>(visible_.rows(), visible_.cols()), context, {}, visible_,
                noise.child(kVisibleHalf), numbers_);
  }
  void interaction() {
    ConstMatrixView<float> statistics = visible_;
    if (has_scaled_statistics(rbm_.visible.spec)) {
      memory_.statistics.resize(visible_.rows(), visible_.cols());
      to_statistics(rbm_.visible, visible_, memory_.statistics);
      statistics = memory_.statistics;
    }
    input_ = memory_.packed->up(statistics, 1.0f, 1.0f, memory_.product);
  }
  double free_energy_of(const Between& model, std::size_t r) {
    RowContext v, h;
    v.bias = model.visible_bias, h.bias = model.hidden_bias;
    const auto input = input_.row(r);
    for (std::size_t j = 0; j < scaled_.size(); ++j) scaled_[j] = model.beta * input[j];
    return layer_energy(rbm_.visible, std::as_const(visible_).row(r), v) -
           log_partition(rbm_.hidden, std::span<const float>(scaled_), h);
  }
  void step(const Between& model, const Noise& noise) {
    for (std::size_t r = 0; r < input_.rows(); ++r)
      for (float& x : input_.row(r)) x *= model.beta;
    RowContext context;
    context.bias = model.hidden_bias;
    conditional(rbm_.hidden, input_, context, {}, hidden_, noise.child(kHiddenHalf), numbers_);
    half_step(rbm_, Side::kVisible, hidden_, {model.beta, model.visible_bias, {}}, {}, visible_,
              noise.child(kVisibleHalf), numbers_, memory_);
  }

  const Rbm& rbm_;
  std::span<const float> base_;
  std::vector<std::uint64_t> numbers_;
  Matrix<float> visible_, hidden_;
  MatrixView<float> input_;  // s(v) W, in memory_
  std::vector<float> scaled_;
  HalfStepMemory memory_;
};

void refuse(const Rbm& rbm) {
  for (const LayerSpec* spec : {&rbm.visible.spec, &rbm.hidden.spec}) {
    if (!spec->has_energy())
      throw InputError(
          "layer \"" + spec->to_string() +
          "\" has no energy, so there is no log Z to estimate; use stepped units, which rectified ones "
          "approximate.");
    for (const UnitGroup& group : spec->groups)
      if (group.kind == UnitKind::kMultinomial && group.parameter == 0)
        throw InputError(
            "log Z of documents differs from length to length; give the length, as in "
            "\"multinomial(50) 2000\".");
  }
  if (normalisation(rbm.visible.spec, rbm.hidden.spec) == Normalisation::kNever)
    throw InputError("\"" + rbm.visible.spec.to_string() + "\" with \"" + rbm.hidden.spec.to_string() +
                     "\" has no finite Z unless all weights are 0.");
}

AnnealedLogZ summary_of(std::vector<double> log_weights) {
  AnnealedLogZ result;
  const double largest = *std::max_element(log_weights.begin(), log_weights.end());
  const auto runs = static_cast<double>(log_weights.size());
  double sum = 0, squares = 0;
  for (const double w : log_weights) {
    const double scaled = std::exp(w - largest);
    sum += scaled, squares += scaled * scaled;
  }
  const double mean = sum / runs;
  const double variance = runs > 1 ? std::max(0.0, (squares - runs * mean * mean) / (runs - 1)) : 0.0;
  const double error = std::sqrt(variance / runs);
  result.log_z = largest + std::log(mean);
  result.high = largest + std::log(mean + error);
  result.low = mean > error ? largest + std::log(mean - error) : -std::numeric_limits<double>::infinity();
  result.effective_runs = sum * sum / squares;
  result.log_weights = std::move(log_weights);
  return result;
}

}  // namespace

std::vector<float> annealing_schedule(std::size_t temperatures) {
  const std::size_t n = std::max<std::size_t>(temperatures, 4);
  const auto first = std::max<std::size_t>(1, n * 34 / 1000),
             second = std::max<std::size_t>(1, n * 276 / 1000);
  std::vector<float> betas = {0.0f};
  const auto spread = [&betas](double from, double to, std::size_t count) {
    for (std::size_t k = 1; k <= count; ++k)
      betas.push_back(
          static_cast<float>(from + (to - from) * static_cast<double>(k) / static_cast<double>(count)));
  };
  spread(0.0, 0.5, first);
  spread(0.5, 0.9, second);
  spread(0.9, 1.0, n - first - second);
  return betas;
}

AnnealedLogZ annealed_log_z(const Rbm& rbm, std::span<const float> base_visible_bias,
                            const AnnealingOptions& options, ThreadTeam& team) {
  refuse(rbm);
  check(base_visible_bias.size() == rbm.visible_columns(), "one base bias for each visible column");
  if (options.runs < 1) throw InputError("annealing needs at least one run.");
  const auto betas = annealing_schedule(options.temperatures);
  std::vector<double> log_weights(options.runs);
  std::atomic<std::size_t> ticks{0};
  const std::size_t block = block_of_cases(options.runs), blocks = (options.runs + block - 1) / block;
  const double all = static_cast<double>(blocks) * static_cast<double>(betas.size() - 1);
  const PackedWeights packed(rbm.weights, Precision::kF32);
  team.run_blocks(options.runs, block, [&](std::size_t first, std::size_t count, unsigned worker) {
    BlockOfRuns(rbm, packed, base_visible_bias, first, count)
        .run(betas, options.seed, std::span(log_weights).subspan(first, count), [&] {
          const std::size_t done = ticks.fetch_add(1) + 1;
          if (options.progress && worker == 0) options.progress(static_cast<double>(done) / all);
        });
  });
  return summary_of(std::move(log_weights));
}

}  // namespace harmonium
