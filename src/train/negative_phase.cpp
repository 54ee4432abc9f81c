// Contrastive divergence, persistent chains, parallel tempering and enumeration as negative phases.
#include "harmonium/train/negative_phase.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "harmonium/base/error.h"
#include "harmonium/kernels/products.h"
#include "harmonium/samplers/gibbs.h"
#include "harmonium/samplers/tempering.h"
#include "samplers/state_fault.h"

namespace harmonium {
namespace {

constexpr std::uint64_t kVisibleHalf = 0, kHiddenHalf = 1;

void equal_weights(std::span<float> weights) {
  std::fill(weights.begin(), weights.end(), 1.0f / static_cast<float>(weights.size()));
}

// What one thread needs to run a block of chains.
struct ChainMemory {
  HalfStepMemory half_step;
  Matrix<float> hidden;
};

void prepare(std::vector<ChainMemory>& memories, const ChainModel& model, std::size_t block_rows,
             const ThreadTeam& team) {
  memories.resize(team.size());
  for (ChainMemory& memory : memories) {
    model.attach(memory.half_step);
    memory.hidden.resize(block_rows, model.rbm.hidden_columns());
  }
}

// Row r of `to` is row r of `from`, which begins again when it is at its end; what is NaN there stays.
void copy_in_turn(ConstMatrixView<float> from, MatrixView<float> to) {
  for (std::size_t r = 0; r < to.rows(); ++r)
    for (std::size_t i = 0; i < to.cols(); ++i)
      if (const float value = from(r % from.rows(), i); !std::isnan(value)) to(r, i) = value;
}

std::string chains_fault(const char* name, const LayerSpec& spec, const Matrix<float>& states) {
  const std::string fault = harmonium::find_state_fault(spec, states);
  return fault.empty() ? fault : std::string(name) + "\", " + fault;
}

// k Gibbs steps from the hidden states that the data gave; the last hidden layer is a mean (Hinton 2010,
// section 3: sampling it would only add noise).
class ContrastiveDivergence final : public NegativePhase {
 public:
  explicit ContrastiveDivergence(VisibleStates states) : states_(states) {}
  bool starts_from_data() const override { return true; }
  bool visible_are_means() const override { return states_ == VisibleStates::kMeans; }

  std::size_t begin(const ChainModel& model, std::size_t batch_rows, const StepInfo&,
                    ThreadTeam& team) override {
    rows_ = batch_rows;
    prepare(memories_, model, block_rows(), team);
    return rows_;
  }
  std::size_t block_rows() const override { return block_of_cases(rows_); }

  void block(const ChainModel& model, const PositiveStates& positive, std::size_t first, std::size_t count,
             unsigned worker, const StepInfo& info, MatrixView<float> visible,
             MatrixView<float> hidden_means) override {
    const Rbm& rbm = model.rbm;
    ChainMemory& memory = memories_[worker];
    const auto cases = positive.cases.subspan(first, count);
    const auto chain_hidden = memory.hidden.view().row_block(0, count);
    ConstMatrixView<float> hidden = positive.hidden_samples.row_block(first, count);
    HalfStep down;
    if (!positive.lengths.empty()) down.lengths = positive.lengths.subspan(first, count);
    const bool means = states_ == VisibleStates::kMeans;
    for (std::uint64_t k = 1; k <= info.gibbs_steps; ++k) {
      const Noise noise = Noise(info.seed, Stream::kChain, info.update).child(k);
      half_step(rbm, Side::kVisible, hidden, down, means ? visible : MatrixView<float>{},
                means ? MatrixView<float>{} : visible, noise.child(kVisibleHalf), cases, memory.half_step);
      leave_out(positive.absent, first, visible);
      if (k == info.gibbs_steps) {
        half_step_mean(rbm, Side::kHidden, visible, {}, hidden_means, memory.half_step);
      } else {
        half_step(rbm, Side::kHidden, visible, {}, {}, chain_hidden, noise.child(kHiddenHalf), cases,
                  memory.half_step);
        hidden = chain_hidden;
      }
    }
  }
  void weights(std::span<float> row_weights, const PositiveStates& positive) const override {
    std::copy(positive.weights.begin(), positive.weights.end(), row_weights.begin());
  }

 private:
  // A unit that a case does not have says nothing to the hidden units, in the chain as in the data.
  static void leave_out(ConstMatrixView<float> absent, std::size_t first, MatrixView<float> visible) {
    if (absent.rows() == 0) return;
    for (std::size_t r = 0; r < visible.rows(); ++r)
      for (std::size_t i = 0; i < visible.cols(); ++i)
        if (std::isnan(absent(first + r, i))) visible(r, i) = 0.0f;
  }

  VisibleStates states_;
  std::vector<ChainMemory> memories_;
  std::size_t rows_ = 0;
};

// Fantasy particles that are never restarted. Their states are visible values; a step samples hidden units
// first, so that the chain always meets the current parameters.
class PersistentChains final : public NegativePhase {
 public:
  PersistentChains(const Rbm& rbm, std::size_t chains, std::uint64_t seed, ThreadTeam& team)
      : visible_(start_chains_from_bias(rbm, chains, seed, team).visible),
        numbers_(chains),
        changed_(chains) {
    std::iota(numbers_.begin(), numbers_.end(), 0u);
  }

  std::size_t begin(const ChainModel& model, std::size_t, const StepInfo&, ThreadTeam& team) override {
    prepare(memories_, model, block_rows(), team);
    return visible_.rows();
  }
  std::size_t block_rows() const override { return block_of_cases(visible_.rows()); }

  void block(const ChainModel& model, const PositiveStates&, std::size_t first, std::size_t count,
             unsigned worker, const StepInfo& info, MatrixView<float> visible,
             MatrixView<float> hidden_means) override {
    const Rbm& rbm = model.rbm;
    ChainMemory& memory = memories_[worker];
    const auto numbers = std::span(numbers_).subspan(first, count);
    const auto state = visible_.view().row_block(first, count);
    const auto hidden = memory.hidden.view().row_block(0, count);
    for (std::uint64_t k = 1; k <= info.gibbs_steps; ++k) {
      const Noise noise = Noise(info.seed, Stream::kChain, info.update).child(k);
      half_step(rbm, Side::kHidden, k == 1 ? state : visible, {}, {}, hidden, noise.child(kHiddenHalf),
                numbers, memory.half_step);
      half_step(rbm, Side::kVisible, hidden, {}, {}, visible, noise.child(kVisibleHalf), numbers,
                memory.half_step);
    }
    half_step_mean(rbm, Side::kHidden, visible, {}, hidden_means, memory.half_step);
    for (std::size_t r = 0; r < count; ++r) {
      const auto before = state.row(r), now = visible.row(r);
      std::size_t differences = 0;
      for (std::size_t i = 0; i < now.size(); ++i) differences += before[i] != now[i];
      changed_[first + r] = static_cast<double>(differences) / static_cast<double>(now.size());
      std::copy(now.begin(), now.end(), before.begin());
    }
  }
  void weights(std::span<float> row_weights, const PositiveStates&) const override {
    equal_weights(row_weights);
  }
  void start_from(ConstMatrixView<float> visible) override { copy_in_turn(visible, visible_); }
  ParameterList state() override {
    return {{"chains.visible", {visible_.rows(), visible_.cols()}, visible_.values()}};
  }
  std::string find_state_fault(const Rbm& rbm) const override {
    return chains_fault("chains.visible", rbm.visible.spec, visible_);
  }
  double moved() const override {
    return std::accumulate(changed_.begin(), changed_.end(), 0.0) / static_cast<double>(changed_.size());
  }
  ConstMatrixView<float> fantasies() const override { return visible_; }

 private:
  Matrix<float> visible_;
  std::vector<std::uint64_t> numbers_;
  std::vector<double> changed_;
  std::vector<ChainMemory> memories_;
};

class ParallelTempering final : public NegativePhase {
 public:
  ParallelTempering(const Rbm& rbm, const TrainOptions& options, std::span<const float> base)
      : chains_(
            start_tempering(rbm, uniform_betas(options.temperatures), options.chains, base, options.seed)),
        stride_(static_cast<std::uint64_t>(options.steps.largest()) | 1u),
        accepted_(options.temperatures - 1),
        proposed_(options.temperatures - 1) {}

  std::size_t begin(const ChainModel& model, std::size_t, const StepInfo& info, ThreadTeam& team) override {
    memories_.resize(team.size());
    accepted_by_worker_.assign(team.size(), std::vector<double>(accepted_.size(), 0.0));
    first_step_ = info.update * stride_, steps_ = info.gibbs_steps;
    for (TemperingMemory& memory : memories_) model.attach(memory.half_step);
    return chains_.chains;
  }
  std::size_t block_rows() const override { return block_of_cases(chains_.chains); }

  void block(const ChainModel& model, const PositiveStates&, std::size_t first, std::size_t count,
             unsigned worker, const StepInfo& info, MatrixView<float> visible,
             MatrixView<float> hidden_means) override {
    const Rbm& rbm = model.rbm;
    for (std::uint64_t k = 0; k < info.gibbs_steps; ++k)
      advance_tempering_block(rbm, chains_, first, count, info.update * stride_ + k, info.seed,
                              memories_[worker], accepted_by_worker_[worker]);
    const auto states = chains_.model_visible().row_block(first, count);
    for (std::size_t r = 0; r < count; ++r)
      std::copy_n(states.row(r).data(), states.cols(), visible.row(r).data());
    half_step_mean(rbm, Side::kHidden, visible, {}, hidden_means, memories_[worker].half_step);
  }
  void weights(std::span<float> row_weights, const PositiveStates&) const override {
    equal_weights(row_weights);
  }
  ParameterList state() override {
    return {
        {"chains.visible", {chains_.visible.rows(), chains_.visible.cols()}, chains_.visible.values()},
        {"chains.hidden", {chains_.hidden.rows(), chains_.hidden.cols()}, chains_.hidden.values()},
        {"chains.base_visible_bias", {chains_.base_visible_bias.size()}, chains_.base_visible_bias},
        {"chains.accepted", {accepted_.size()}, accepted_},
        {"chains.proposed", {proposed_.size()}, proposed_},
    };
  }
  std::string find_state_fault(const Rbm& rbm) const override {
    std::string fault = chains_fault("chains.visible", rbm.visible.spec, chains_.visible);
    if (fault.empty()) fault = chains_fault("chains.hidden", rbm.hidden.spec, chains_.hidden);
    for (std::size_t t = 0; t < accepted_.size() && fault.empty(); ++t)
      if (!(accepted_[t] >= 0 && accepted_[t] <= proposed_[t] && std::isfinite(proposed_[t])))
        fault = "chains.accepted\" counts more exchanges than \"training.chains.proposed\" has tries";
    return fault;
  }
  // Whole numbers, so that their sum does not depend on which thread counted them.
  void finish() override {
    constexpr float kMemory = 0.99f;
    for (std::size_t t = 0; t < accepted_.size(); ++t) {
      double accepted = 0;
      for (const auto& counts : accepted_by_worker_) accepted += counts[t];
      const std::uint64_t tries = (steps_ + (first_step_ % 2 == t % 2 ? 1 : 0)) / 2;
      accepted_[t] = kMemory * accepted_[t] + static_cast<float>(accepted);
      proposed_[t] = kMemory * proposed_[t] + static_cast<float>(tries * chains_.chains);
    }
  }
  double least_exchange_rate() const override {
    constexpr float kFewest = 30;  // tries from which a rate can be told
    double least = HUGE_VAL;
    for (std::size_t t = 0; t < accepted_.size(); ++t)
      if (proposed_[t] >= kFewest) least = std::min(least, static_cast<double>(accepted_[t] / proposed_[t]));
    return least < HUGE_VAL ? least : -1.0;
  }
  ConstMatrixView<float> fantasies() const override { return chains_.model_visible(); }

 private:
  TemperedChains chains_;
  // Step numbers between updates: enough for any update's steps, so that none is used twice, and odd, so that
  // even and odd pairs of temperatures take turns.
  std::uint64_t stride_;
  std::vector<TemperingMemory> memories_;
  std::vector<float> accepted_, proposed_;    // exchanges between neighbours, older ones fading
  std::uint64_t first_step_ = 0, steps_ = 0;  // of this update
  std::vector<std::vector<double>> accepted_by_worker_;
};

// Every state of one layer with its probability; the other layer as conditional means.
class ExactEnumeration final : public NegativePhase {
 public:
  ExactEnumeration(const Rbm& rbm, const TrainOptions& options)
      : visible_side_(enumerates_visible(rbm, options)) {
    const StateEnumerator states(visible_side_ ? rbm.visible.spec : rbm.hidden.spec);
    states_ = Matrix<float>(states.states(), visible_side_ ? rbm.visible_columns() : rbm.hidden_columns());
    for (std::size_t s = 0; s < states_.rows(); ++s) states.state(s, states_.row(s));
    free_energies_.resize(states_.rows());
    weights_.resize(states_.rows());
  }
  bool visible_are_means() const override { return !visible_side_; }

  std::size_t begin(const ChainModel& model, std::size_t, const StepInfo&, ThreadTeam& team) override {
    const Rbm& rbm = model.rbm;
    memories_.resize(team.size());
    for (HalfStepMemory& memory : memories_) model.attach(memory);
    if (visible_side_)
      free_energy(rbm, states_, free_energies_, team);
    else
      hidden_free_energy(rbm, states_, free_energies_, team);
    const double lowest = *std::min_element(free_energies_.begin(), free_energies_.end());
    double sum = 0;
    for (const double f : free_energies_) sum += std::exp(lowest - f);
    for (std::size_t s = 0; s < weights_.size(); ++s)
      weights_[s] = static_cast<float>(std::exp(lowest - free_energies_[s]) / sum);
    return states_.rows();
  }
  std::size_t block_rows() const override { return 256; }

  void block(const ChainModel& model, const PositiveStates&, std::size_t first, std::size_t count,
             unsigned worker, const StepInfo&, MatrixView<float> visible,
             MatrixView<float> hidden_means) override {
    const auto states = states_.view().row_block(first, count);
    const auto given = visible_side_ ? visible : hidden_means;
    for (std::size_t r = 0; r < count; ++r)
      std::copy_n(states.row(r).data(), states.cols(), given.row(r).data());
    half_step_mean(model.rbm, visible_side_ ? Side::kHidden : Side::kVisible, states, {},
                   visible_side_ ? hidden_means : visible, memories_[worker]);
  }
  void weights(std::span<float> row_weights, const PositiveStates&) const override {
    std::copy(weights_.begin(), weights_.end(), row_weights.begin());
  }

 private:
  // The smaller of the two sums that can be made.
  static bool enumerates_visible(const Rbm& rbm, const TrainOptions& options) {
    constexpr double kMostStates = 1 << 20;
    const auto states = [](const LayerSpec& spec) {
      return spec.is_enumerable() ? count_states(spec) : std::numeric_limits<double>::infinity();
    };
    const double visible = states(rbm.visible.spec), hidden = states(rbm.hidden.spec);
    if (std::min(visible, hidden) > kMostStates || !rbm.visible.spec.has_energy() ||
        !rbm.hidden.spec.has_energy())
      throw InputError(
          options.table +
          ".negative = \"exact\" sums over all states of the smaller layer, at most 2^20 of them; \"" +
          rbm.visible.spec.to_string() + "\" and \"" + rbm.hidden.spec.to_string() +
          "\" cannot be summed; use " + (options.table == "train" ? "cd, " : "") + "pcd or tempering.");
    return visible <= hidden;
  }

  bool visible_side_;
  Matrix<float> states_;
  std::vector<double> free_energies_;
  std::vector<float> weights_;
  std::vector<HalfStepMemory> memories_;
};

void refuse_open_length(const Rbm& rbm, const TrainOptions& options) {
  const std::string key = options.table + ".negative";
  if (rbm.visible.spec.has_open_length())
    throw InputError(key + " = \"" + std::string(negative_name(options.negative)) +
                     "\" needs chains of documents of one length, but lengths come from the data here; use " +
                     key + " = \"cd\", or give the length as in \"multinomial(50) 2000\".");
}

}  // namespace

TrainOptions options_for(const Rbm& rbm, TrainOptions options) {
  const bool open = rbm.visible.spec.has_open_length();
  if (open) options.centring = false;
  if (options.negative == NegativeKind::kAuto)
    options.negative =
        open || options.missing_absent ? NegativeKind::kContrastiveDivergence : NegativeKind::kPersistent;
  return options;
}

void measure_chains(const NegativePhase& negative, Measures& measures) {
  if (const double moved = negative.moved(); moved >= 0) measures["chain_moved"] = moved;
  if (const double least = negative.least_exchange_rate(); least >= 0)
    measures["exchange_rate_least"] = least;
}

std::unique_ptr<NegativePhase> make_negative_phase(const Rbm& rbm, const TrainOptions& wanted,
                                                   std::span<const float> base_visible_bias,
                                                   ThreadTeam& team) {
  const TrainOptions options = options_for(rbm, wanted);
  switch (options.negative) {
    case NegativeKind::kContrastiveDivergence:
      return std::make_unique<ContrastiveDivergence>(options.visible_states);
    case NegativeKind::kPersistent:
    case NegativeKind::kFastPersistent:
      refuse_open_length(rbm, options);
      return std::make_unique<PersistentChains>(rbm, options.chains, options.seed, team);
    case NegativeKind::kTempering:
      return std::make_unique<ParallelTempering>(rbm, options, base_visible_bias);
    case NegativeKind::kExact:
      return std::make_unique<ExactEnumeration>(rbm, options);
    case NegativeKind::kAuto:
      break;
  }
  throw InputError("unknown negative phase");
}

}  // namespace harmonium
