#include "harmonium/samplers/fantasy_chains.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "harmonium/base/error.h"
#include "harmonium/kernels/products.h"
#include "harmonium/samplers/tempering.h"
#include "harmonium/samplers/trajectory.h"

namespace harmonium {
namespace {

constexpr std::array<std::pair<std::string_view, Mix>, 3> kWords{
    {{"gibbs", Mix::kGibbs}, {"tempering", Mix::kTempering}, {"trajectory", Mix::kTrajectory}}};

NamedTensor tensor_of(const char* name, Matrix<float>& matrix) {
  return {name, {matrix.rows(), matrix.cols()}, matrix.values()};
}

// The same M rows for every rung of a ladder.
void put_everywhere(ConstMatrixView<float> rows, Matrix<float>& ladder) {
  for (std::size_t r = 0; r < ladder.rows(); ++r)
    std::copy_n(rows.row(r % rows.rows()).data(), rows.cols(), ladder.row(r).data());
}

void hold_everywhere(const Clamp& clamp, std::size_t chains, Matrix<float>& ladder) {
  for (std::size_t t = 0; t * chains < ladder.rows(); ++t)
    clamp.hold(0, ladder.view().row_block(t * chains, chains));
}

Matrix<float> visible_means(const Rbm& rbm, const PackedWeights& packed, ConstMatrixView<float> hidden,
                            const Clamp& clamp, ThreadTeam& team) {
  Matrix<float> means(hidden.rows(), rbm.visible_columns());
  PassMemory memories(packed, team);
  team.run_blocks(hidden.rows(), block_of_cases(hidden.rows()),
                  [&](std::size_t first, std::size_t count, unsigned worker) {
                    half_step_mean(rbm, Side::kVisible, hidden.row_block(first, count), {},
                                   means.view().row_block(first, count), memories[worker]);
                  });
  clamp.hold(0, means);
  return means;
}

std::vector<double> rates(const std::vector<double>& accepted, const std::vector<double>& proposed) {
  std::vector<double> result(accepted.size());
  for (std::size_t t = 0; t < result.size(); ++t)
    result[t] = proposed[t] > 0 ? accepted[t] / proposed[t] : 0.0;
  return result;
}

class GibbsFantasies final : public FantasyChains {
 public:
  GibbsFantasies(const Rbm& rbm, const ChainsOptions& options)
      : rbm_(rbm), packed_(rbm.weights, Precision::kF32), seed_(options.seed) {
    chains_.visible = chains_.visible_mean = Matrix<float>(options.chains, rbm.visible_columns());
    chains_.hidden = Matrix<float>(options.chains, rbm.hidden_columns());
    if (rbm.visible.spec.has_open_length()) chains_.lengths.assign(options.chains, 0.0f);
  }

  void start(ConstMatrixView<float> visible, const Clamp& clamp, ThreadTeam& team) override {
    Matrix<float> held = copy_of(visible);
    clamp.hold(0, held);
    chains_ = start_chains(rbm_, held, seed_, team);
  }
  void start_from_bias(const Clamp& clamp, ThreadTeam& team) override {
    chains_ = start_chains_from_bias(rbm_, chains_.size(), seed_, team);
    if (clamp.empty()) return;
    clamp.hold(0, chains_.visible);
    clamp.hold(0, chains_.visible_mean);
    sample_hidden(rbm_, chains_, seed_, team);
  }
  void advance(std::uint64_t steps, const Clamp& clamp, ThreadTeam& team) override {
    harmonium::advance(rbm_, packed_, chains_, steps, seed_, team, clamp);
  }
  ChainsLook look(const Clamp&, ThreadTeam&) const override {
    return {chains_.visible, chains_.visible_mean, chains_.hidden};
  }
  std::uint64_t steps() const override { return chains_.steps; }
  void set_steps(std::uint64_t steps) override { chains_.steps = steps; }
  ParameterList state() override {
    ParameterList list = {tensor_of("visible", chains_.visible), tensor_of("hidden", chains_.hidden),
                          tensor_of("visible_mean", chains_.visible_mean)};
    if (!chains_.lengths.empty()) list.push_back({"lengths", {chains_.lengths.size()}, chains_.lengths});
    return list;
  }

 private:
  const Rbm& rbm_;
  PackedWeights packed_;
  std::uint64_t seed_;
  Chains chains_;
};

// Visible biases of a model without interactions that has the means of what the RBM itself soon shows.
std::vector<float> pilot_base(const Rbm& rbm, std::uint64_t seed, ThreadTeam& team) {
  constexpr std::size_t kChains = 100;
  constexpr std::uint64_t kSteps = 100;
  Chains chains = start_chains_from_bias(rbm, kChains, seed, team);
  advance(rbm, chains, kSteps, seed, team);
  std::vector<double> means(rbm.visible_columns(), 0.0);
  for (std::size_t r = 0; r < kChains; ++r)
    for (std::size_t i = 0; i < means.size(); ++i) means[i] += chains.visible_mean(r, i) / kChains;
  return base_rate_bias(rbm.visible.spec, means);
}

class TemperedFantasies final : public FantasyChains {
 public:
  TemperedFantasies(const Rbm& rbm, const ChainsOptions& options, ThreadTeam& team)
      : rbm_(rbm), packed_(rbm.weights, Precision::kF32), seed_(options.seed) {
    // Refuses models that cannot be tempered before the pilot runs.
    std::vector<float> base(rbm.visible_columns(), 0.0f);
    start_tempering(rbm, uniform_betas(options.temperatures), 1, base, seed_);
    base = pilot_base(rbm, Noise(seed_, Stream::kChainStart, 1).key(), team);
    chains_ = start_tempering(rbm, uniform_betas(options.temperatures), options.chains, base, seed_);
  }

  void start(ConstMatrixView<float> visible, const Clamp& clamp, ThreadTeam& team) override {
    put_everywhere(visible, chains_.visible);
    start_from_bias(clamp, team);
    Matrix<float> held = copy_of(visible);
    clamp.hold(0, held);
    put_everywhere(start_chains(rbm_, held, seed_, team).hidden, chains_.hidden);
  }
  void start_from_bias(const Clamp& clamp, ThreadTeam&) override {
    hold_everywhere(clamp, chains_.chains, chains_.visible);
  }
  void advance(std::uint64_t steps, const Clamp& clamp, ThreadTeam& team) override {
    advance_tempering(rbm_, packed_, chains_, steps, seed_, team, clamp);
  }
  ChainsLook look(const Clamp& clamp, ThreadTeam& team) const override {
    const std::size_t first = (chains_.betas.size() - 1) * chains_.chains;
    Matrix<float> hidden = copy_of(chains_.hidden.view().row_block(first, chains_.chains));
    Matrix<float> means = visible_means(rbm_, packed_, hidden, clamp, team);
    return {copy_of(chains_.model_visible()), std::move(means), std::move(hidden)};
  }
  std::uint64_t steps() const override { return chains_.steps; }
  void set_steps(std::uint64_t steps) override { chains_.steps = steps; }
  std::size_t ladder() const override { return chains_.betas.size(); }
  std::vector<double> exchange_rates() const override { return rates(chains_.accepted, chains_.proposed); }
  std::size_t round_trips() const override { return chains_.trips.count(); }
  ParameterList state() override {
    return {tensor_of("visible", chains_.visible),
            tensor_of("hidden", chains_.hidden),
            {"betas", {chains_.betas.size()}, chains_.betas},
            {"base_visible_bias", {chains_.base_visible_bias.size()}, chains_.base_visible_bias}};
  }

 private:
  const Rbm& rbm_;
  PackedWeights packed_;
  std::uint64_t seed_;
  TemperedChains chains_;
};

class TrajectoryFantasies final : public FantasyChains {
 public:
  TrajectoryFantasies(const Rbm& rbm, const ChainsOptions& options) : rbm_(rbm), seed_(options.seed) {
    check(options.trajectory != nullptr && options.trajectory->size() > 0, "a trajectory has snapshots");
    for (const Rbm& snapshot : options.trajectory->rbms) models_.push_back(&snapshot);
    models_.push_back(&rbm);
    for (const Rbm* model : models_) packed_.emplace_back(model->weights, Precision::kF32);
    chains_ = start_trajectory(models_, options.chains, seed_);
  }

  void start(ConstMatrixView<float> visible, const Clamp& clamp, ThreadTeam& team) override {
    put_everywhere(visible, chains_.visible);
    start_from_bias(clamp, team);
  }
  void start_from_bias(const Clamp& clamp, ThreadTeam&) override {
    hold_everywhere(clamp, chains_.chains, chains_.visible);
  }
  void advance(std::uint64_t steps, const Clamp& clamp, ThreadTeam& team) override {
    advance_trajectory(models_, packed_, chains_, steps, seed_, team, clamp);
  }
  ChainsLook look(const Clamp& clamp, ThreadTeam& team) const override {
    Matrix<float> hidden(chains_.chains, rbm_.hidden_columns());
    sample_trajectory_hidden(models_, packed_, chains_, seed_, hidden, team);
    Matrix<float> means = visible_means(rbm_, packed_.back(), hidden, clamp, team);
    return {copy_of(chains_.model_visible()), std::move(means), std::move(hidden)};
  }
  std::uint64_t steps() const override { return chains_.steps; }
  void set_steps(std::uint64_t steps) override { chains_.steps = steps; }
  std::size_t ladder() const override { return models_.size(); }
  std::vector<double> exchange_rates() const override { return rates(chains_.accepted, chains_.proposed); }
  std::size_t round_trips() const override { return chains_.trips.count(); }
  ParameterList state() override { return {tensor_of("visible", chains_.visible)}; }

 private:
  const Rbm& rbm_;
  std::uint64_t seed_;
  std::vector<const Rbm*> models_;
  std::vector<PackedWeights> packed_;
  TrajectoryChains chains_;
};

}  // namespace

std::string_view mix_name(Mix mix) {
  for (const auto& [word, value] : kWords)
    if (value == mix) return word;
  check(false, "every mix has a name");
  return {};
}

Mix parse_mix(std::string_view word) {
  for (const auto& [known, value] : kWords)
    if (known == word) return value;
  throw InputError("chains mix by \"gibbs\", \"tempering\" or \"trajectory\", but not by \"" +
                   std::string(word) + "\".");
}

std::unique_ptr<FantasyChains> make_fantasy_chains(const Rbm& rbm, const ChainsOptions& options,
                                                   ThreadTeam& team) {
  switch (options.mix) {
    case Mix::kTempering:
      return std::make_unique<TemperedFantasies>(rbm, options, team);
    case Mix::kTrajectory:
      return std::make_unique<TrajectoryFantasies>(rbm, options);
    case Mix::kGibbs:
      break;
  }
  return std::make_unique<GibbsFantasies>(rbm, options);
}

}  // namespace harmonium
