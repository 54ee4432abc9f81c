#include "harmonium/samplers/gibbs.h"

#include <algorithm>
#include <numeric>

#include "harmonium/base/error.h"
#include "harmonium/kernels/products.h"

namespace harmonium {
namespace {

// The two half steps of one step draw from two children of its noise.
constexpr std::uint64_t kVisibleHalf = 0, kHiddenHalf = 1;

Chains sized_chains(const Rbm& rbm, std::size_t count) {
  Chains chains;
  chains.visible = Matrix<float>(count, rbm.visible_columns());
  chains.visible_mean = Matrix<float>(count, rbm.visible_columns());
  chains.hidden = Matrix<float>(count, rbm.hidden_columns());
  return chains;
}

}  // namespace

void Clamp::hold(std::size_t first, MatrixView<float> block) const {
  if (empty()) return;
  const bool shared = clamped.size() == block.cols();
  for (std::size_t r = 0; r < block.rows(); ++r)
    for (std::size_t i = 0; i < block.cols(); ++i)
      if (clamped[shared ? i : (first + r) * block.cols() + i]) block(r, i) = values(first + r, i);
}

void sample_hidden(const Rbm& rbm, Chains& chains, std::uint64_t seed, ThreadTeam& team) {
  const Noise noise = Noise(seed, Stream::kChainStart, chains.steps).child(kHiddenHalf);
  PassMemory memories(rbm, chains.size(), team);
  std::vector<std::uint64_t> numbers(chains.size());
  std::iota(numbers.begin(), numbers.end(), 0u);
  team.run_blocks(chains.size(), block_of_cases(chains.size()),
                  [&](std::size_t first, std::size_t count, unsigned worker) {
                    half_step(rbm, Side::kHidden, chains.visible.view().row_block(first, count), {}, {},
                              chains.hidden.view().row_block(first, count), noise,
                              std::span(numbers).subspan(first, count), memories[worker]);
                  });
}

Chains start_chains(const Rbm& rbm, ConstMatrixView<float> visible, std::uint64_t seed, ThreadTeam& team) {
  check(visible.cols() == rbm.visible_columns(), "chains need as many columns as the visible layer");
  Chains chains = sized_chains(rbm, visible.rows());
  for (std::size_t r = 0; r < visible.rows(); ++r)
    std::copy_n(visible.row(r).data(), visible.cols(), chains.visible.row(r).data());
  chains.visible_mean = chains.visible;
  chains.lengths = document_lengths(rbm.visible.spec, visible);
  sample_hidden(rbm, chains, seed, team);
  return chains;
}

Chains start_chains_from_bias(const Rbm& rbm, std::size_t count, std::uint64_t seed, ThreadTeam& team,
                              std::span<const float> lengths) {
  Chains chains = sized_chains(rbm, count);
  chains.lengths.assign(lengths.begin(), lengths.end());
  std::vector<std::uint64_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), 0u);
  RowContext context;
  context.lengths = chains.lengths;
  const Matrix<float> no_interaction(count, rbm.visible_columns());
  conditional(rbm.visible, no_interaction, context, chains.visible_mean, chains.visible,
              Noise(seed, Stream::kChainStart, 0).child(kVisibleHalf), numbers);
  sample_hidden(rbm, chains, seed, team);
  return chains;
}

void advance(const Rbm& rbm, Chains& chains, std::uint64_t steps, std::uint64_t seed, ThreadTeam& team,
             const Clamp& clamp) {
  // Packed or not must not depend on the number of steps, or a chain run in pieces had other sums.
  advance(rbm, PackedWeights(rbm.weights, Precision::kF32), chains, steps, seed, team, clamp);
}

void advance(const Rbm& rbm, const PackedWeights& packed, Chains& chains, std::uint64_t steps,
             std::uint64_t seed, ThreadTeam& team, const Clamp& clamp) {
  PassMemory memories(packed, team);
  std::vector<std::uint64_t> numbers(chains.size());
  std::iota(numbers.begin(), numbers.end(), 0u);
  team.run_blocks(chains.size(), block_of_cases(chains.size()),
                  [&](std::size_t first, std::size_t count, unsigned worker) {
                    const auto visible = chains.visible.view().row_block(first, count);
                    const auto means = chains.visible_mean.view().row_block(first, count);
                    const auto hidden = chains.hidden.view().row_block(first, count);
                    const auto rows = std::span(numbers).subspan(first, count);
                    HalfStep down;
                    if (!chains.lengths.empty())
                      down.lengths = std::span(chains.lengths).subspan(first, count);
                    for (std::uint64_t s = 0; s < steps; ++s) {
                      const Noise noise(seed, Stream::kChain, chains.steps + s);
                      half_step(rbm, Side::kVisible, hidden, down, means, visible, noise.child(kVisibleHalf),
                                rows, memories[worker]);
                      clamp.hold(first, visible);
                      clamp.hold(first, means);
                      half_step(rbm, Side::kHidden, visible, {}, {}, hidden, noise.child(kHiddenHalf), rows,
                                memories[worker]);
                    }
                  });
  chains.steps += steps;
}

}  // namespace harmonium
