// Chains of the top RBM of a net from which fantasies are made, however they mix, and their state on disk.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harmonium/models/deep_belief_net.h"
#include "harmonium/models/parameters.h"
#include "harmonium/models/trajectory.h"
#include "harmonium/samplers/gibbs.h"

namespace harmonium {

/// How chains move from one mode to the next.
enum class Mix {
  kGibbs,       ///< "gibbs": both layers sampled in turn, nothing else
  kTempering,   ///< "tempering": exchanges with warmer copies (samplers/tempering.h)
  kTrajectory,  ///< "trajectory": exchanges with the models of the training run (samplers/trajectory.h)
};
std::string_view mix_name(Mix mix);
/// Throws InputError naming the words that there are.
Mix parse_mix(std::string_view word);

/// What the chains of the model itself show after a step.
struct ChainsLook {
  Matrix<float> visible;  ///< M x V sampled values of the top RBM's visible layer, labels included
  Matrix<float> means;    ///< M x V: the conditional means behind them; after exchanges, those given `hidden`
  Matrix<float> hidden;   ///< M x H sampled values
};

/// M chains of an RBM.
class FantasyChains {
 public:
  virtual ~FantasyChains() = default;

  /// Starts at the given visible values (M x V), or where the visible layer alone would be; what `clamp`
  /// holds is held from then on.
  virtual void start(ConstMatrixView<float> visible, const Clamp& clamp, ThreadTeam& team) = 0;
  virtual void start_from_bias(const Clamp& clamp, ThreadTeam& team) = 0;
  virtual void advance(std::uint64_t steps, const Clamp& clamp, ThreadTeam& team) = 0;
  virtual ChainsLook look(const Clamp& clamp, ThreadTeam& team) const = 0;
  /// Steps done since the start.
  virtual std::uint64_t steps() const = 0;
  virtual void set_steps(std::uint64_t steps) = 0;
  /// Copies of the model's chains that each step moves: what a step costs.
  virtual std::size_t ladder() const { return 1; }
  /// Fraction of accepted exchanges between neighbours of the ladder, from the easiest; empty for kGibbs.
  virtual std::vector<double> exchange_rates() const { return {}; }
  /// Ways of a state from the easiest model to the one that matters and back (round_trips.h); 0 for kGibbs.
  virtual std::size_t round_trips() const { return 0; }
  /// All that a chain needs to go on bit for bit.
  virtual ParameterList state() = 0;
};

/// How chains are made.
struct ChainsOptions {
  std::size_t chains = 100;
  std::uint64_t seed = 1;
  Mix mix = Mix::kGibbs;
  std::size_t temperatures = 20;           ///< of kTempering, from 0 to 1 at equal distances
  const Trajectory* trajectory = nullptr;  ///< of kTrajectory: the snapshots; must outlive the chains
};

/// Chains that have yet to be started. The base model of kTempering, its warmest, has the visible means of
/// 100 Gibbs chains after 100 steps. `rbm` must outlive them. Throws InputError where the model cannot be
/// mixed so.
std::unique_ptr<FantasyChains> make_fantasy_chains(const Rbm& rbm, const ChainsOptions& options,
                                                   ThreadTeam& team);

/// Chains put aside: with the same model they go on bit for bit where they ended.
struct ChainState {
  Mix mix = Mix::kGibbs;
  std::size_t chains = 0;
  std::uint64_t seed = 1, steps = 0;
  std::string layers;                ///< of the RBM, "510-2000"
  std::vector<std::int32_t> labels;  ///< class held in each chain, -1 where none is
  std::vector<std::string> names;    ///< of the tensors below
  std::vector<std::vector<float>> values;
};

/// Writes a safetensors file, atomically; equal states give equal bytes. Throws WorkError.
void save_chain_state(const std::filesystem::path& path, const ChainState& state);
/// Throws InputError naming the file and what is wrong with it.
ChainState load_chain_state(const std::filesystem::path& path);

/// The state of `chains`, and the inverse. Throws InputError where the state is of chains of another kind,
/// model or number.
ChainState state_of(FantasyChains& chains, const Rbm& rbm, const ChainsOptions& options,
                    std::span<const std::int32_t> labels);
void restore_chains(FantasyChains& chains, const Rbm& rbm, const ChainState& state);

}  // namespace harmonium
