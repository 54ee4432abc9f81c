// log Z along a training run at a small part of its cost (Béreux, Decelle, Furtlehner, Rosset & Seoane 2025,
// "Fast training and sampling of restricted Boltzmann machines").
//
// Learning moves a model little by little, which is what annealing wants. Chains of their own (those of the
// negative phase would be biased by the gradients that they made) start at the untrained model, whose log Z
// annealing has in a moment, and follow the parameters from epoch to epoch: each move from theta to theta' is
// cut into a few steps between them, and at each a chain is weighted by the ratio of its probabilities,
//   log w += F(v; theta_s) - F(v; theta_s+1),   then one step of Gibbs sampling at theta_s+1.
// E[w] stays Z whatever the length of the way, as in annealed importance sampling, and so does the direction
// of the error: estimates are too low on average, likelihoods too high.
//
// Chains live in populations that know nothing of each other. Where the weights of a population have become
// uneven, its chains are drawn anew in proportion to them (sequential Monte Carlo: Del Moral, Doucet & Jasra
// 2006), which leaves the estimate unbiased. How far populations differ gives the error.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harmonium/io/safetensors.h"
#include "harmonium/measure/annealed.h"
#include "harmonium/models/rbm.h"

namespace harmonium {

struct TrajectoryOptions {
  std::size_t populations = 10;
  std::size_t chains = 20;               ///< in each population
  std::size_t start_temperatures = 200;  ///< from the base to the untrained model
  std::size_t first_steps = 200;  ///< of the first move, while the model is farthest from where it will be
  std::size_t steps = 20;         ///< of every other
  std::uint64_t seed = 1;
};

/// Why the log Z of models of these layers cannot be followed, as a sentence, or empty.
std::string find_trajectory_fault(const LayerSpec& visible, const LayerSpec& hidden);

class LogZTrajectory {
 public:
  /// Begins at `rbm`, by annealing from its base. Throws InputError with find_trajectory_fault's sentence.
  LogZTrajectory(const Rbm& rbm, std::span<const float> base_visible_bias, const TrajectoryOptions& options,
                 ThreadTeam& team);

  /// Goes on to `rbm`, of the same layers.
  void follow(const Rbm& rbm, ThreadTeam& team);

  /// log Z of the model where it stands: a weight for each population.
  AnnealedLogZ estimate() const;

  /// What a checkpoint needs, and its way back: tensors named PREFIX + name. Equal states give equal bytes.
  std::vector<Tensor> state(const std::string& prefix) const;
  void restore(const TensorFile& file, const std::string& prefix);

 private:
  void step_to(const Rbm& next, const Noise& noise, ThreadTeam& team);
  void draw_anew(const Noise& noise);

  TrajectoryOptions options_;
  Rbm rbm_;                          // where the chains stand
  Matrix<float> visible_;            // a row a chain, population by population
  std::vector<double> energies_;     // free energies of visible_ under rbm_
  std::vector<double> log_weights_;  // of the chains, since they were last drawn anew
  std::vector<double> log_z_;        // of the populations, until then
  std::uint64_t moves_ = 0;
};

}  // namespace harmonium
