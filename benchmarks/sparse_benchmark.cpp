// The positive phase of a batch of documents (up, hidden means and samples, positive half of the gradient),
// by the entries alone and spread out: 100 documents of 100 different words out of 50,000, 128 hidden units.
//
// Dense is measured in two ways, both in f32: whole products of the library, which multiplies zeros like all
// else, and our packed products, which skip the zeros that they find. `positive_phase_ratio` times all in
// turn and shows the median ratios in percent: then the weights are not in cache when the sparse phase
// begins, as in training.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <numeric>
#include <vector>

#include "harmonium/kernels/products.h"
#include "harmonium/kernels/sparse.h"
#include "harmonium/models/rbm.h"

namespace harmonium {
namespace {

constexpr std::size_t kDocuments = 100, kDifferentWords = 100, kHidden = 128;

struct Documents {
  Rbm rbm;
  SparseMatrix sparse;
  Matrix<float> dense, hidden, samples;
  std::vector<std::uint64_t> cases;
  std::vector<float> weights;
  PackedWeights packed;

  explicit Documents(std::size_t words)
      : rbm(parse_layer("multinomial " + std::to_string(words)), parse_layer(std::to_string(kHidden))),
        dense(kDocuments, words),
        hidden(kDocuments, kHidden),
        samples(kDocuments, kHidden),
        cases(kDocuments),
        weights(kDocuments, 1.0f / kDocuments) {
    initialise_weights(rbm, 0.01f, 0.0f, 1, 0);
    const Noise noise(2, Stream::kSynthetic, 0);
    sparse.clear(words);
    for (std::size_t r = 0; r < kDocuments; ++r) {
      // One word of each hundredth part of the vocabulary.
      const std::size_t part = words / kDifferentWords;
      for (std::size_t k = 0; k < kDifferentWords; ++k) {
        const auto unit = static_cast<std::uint32_t>(k);
        const std::size_t word = k * part + noise.below(part, r, unit, 0);
        sparse.add(static_cast<std::uint32_t>(word), static_cast<float>(1 + noise.below(3, r, unit, 1)));
        dense(r, word) = sparse.values.back();
      }
      sparse.end_row();
    }
    std::iota(cases.begin(), cases.end(), std::uint64_t{0});
    packed = PackedWeights(rbm.weights, Precision::kF32);
  }

  Noise noise() const { return Noise(1, Stream::kHiddenPositive, 0); }
};

/// Calls f(first, count) for the blocks of the gradient.
template <class F>
void for_blocks_of_weights(const Documents& d, F f) {
  const std::size_t words = d.rbm.visible_columns(), rows = block_of_weights(words, kHidden);
  for (std::size_t first = 0; first < words; first += rows) f(first, std::min(rows, words - first));
}

struct SparsePhase {
  HalfStepMemory memory;
  SparseMatrix transpose;
  Matrix<float> gradient;

  // The blocks of the gradient are those of the negative half, in one memory that stays in cache.
  void operator()(Documents& d) {
    half_step_up(d.rbm, d.sparse, d.hidden, d.samples, d.noise(), d.cases, memory);
    weighted_transpose(d.sparse, d.weights, transpose);
    gradient.resize(block_of_weights(d.rbm.visible_columns(), kHidden), kHidden);
    for_blocks_of_weights(d, [&](std::size_t first, std::size_t count) {
      add_sparse_product(transpose.view().row_block(first, count), d.hidden,
                         gradient.view().row_block(0, count));
    });
    benchmark::DoNotOptimize(gradient.data());
  }
};

struct LibraryPhase {
  HalfStepMemory memory;
  Matrix<float> weighted, gradient;

  void operator()(Documents& d) {
    half_step(d.rbm, Side::kHidden, d.dense, {}, d.hidden, d.samples, d.noise(), d.cases, memory);
    weighted.resize(kDocuments, kHidden);
    for (std::size_t i = 0; i < weighted.size(); ++i)
      weighted.data()[i] = d.hidden.data()[i] / static_cast<float>(kDocuments);
    gradient.resize(block_of_weights(d.rbm.visible_columns(), kHidden), kHidden);
    for_blocks_of_weights(d, [&](std::size_t first, std::size_t count) {
      product(1.0f, d.dense.view().col_block(first, count), Transpose::kYes, weighted, Transpose::kNo, 1.0f,
              gradient.view().row_block(0, count));
    });
    benchmark::DoNotOptimize(gradient.data());
  }
};

struct PackedPhase {
  HalfStepMemory memory;
  ProductMemory product_memory;
  StatisticsStack stack;

  void operator()(Documents& d) {
    memory.packed = &d.packed;
    half_step(d.rbm, Side::kHidden, d.dense, {}, d.hidden, d.samples, d.noise(), d.cases, memory);
    stack.resize(StatisticsStack::places(kDocuments, Precision::kF32), d.rbm.visible_columns(), kHidden,
                 Precision::kF32);
    stack.store(0, d.dense, 1.0f, d.hidden, d.weights);
    for_blocks_of_weights(d, [&](std::size_t first, std::size_t count) {
      benchmark::DoNotOptimize(stack.product(first, count, product_memory).data());
    });
  }
};

template <class Phase>
void positive_phase(benchmark::State& state) {
  Documents documents(static_cast<std::size_t>(state.range(0)));
  Phase phase;
  for (auto _ : state) phase(documents);
}
BENCHMARK(positive_phase<SparsePhase>)->Arg(50000)->Unit(benchmark::kMillisecond);
BENCHMARK(positive_phase<PackedPhase>)->Arg(50000)->Unit(benchmark::kMillisecond);
BENCHMARK(positive_phase<LibraryPhase>)->Arg(50000)->Unit(benchmark::kMillisecond);

void positive_phase_ratio(benchmark::State& state) {
  using Clock = std::chrono::steady_clock;
  Documents documents(static_cast<std::size_t>(state.range(0)));
  SparsePhase sparse;
  LibraryPhase library;
  PackedPhase packed;
  const auto seconds = [&](auto& phase) {
    const auto start = Clock::now();
    phase(documents);
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  std::vector<double> times, of_library, of_packed;
  for (auto _ : state) {
    const double time = seconds(sparse);
    times.push_back(1e3 * time);
    of_library.push_back(100.0 * time / seconds(library));
    of_packed.push_back(100.0 * time / seconds(packed));
  }
  const auto median = [](std::vector<double>& values) {
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                     values.end());
    return values[values.size() / 2];
  };
  state.counters["ms sparse"] = median(times);
  state.counters["% of dense"] = median(of_library);
  state.counters["% of packed dense"] = median(of_packed);
}
BENCHMARK(positive_phase_ratio)->Arg(50000)->Iterations(20)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace harmonium
