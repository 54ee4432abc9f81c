// Means and samples of each kind of unit over a block of rows that is in cache: ns a value, by the vector
// pass and by the plain formulas; then log-partitions and energies of a row.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "harmonium/units/layer.h"
#include "units/kind.h"

namespace harmonium {
namespace {

using Conditional = void (*)(const Layer&, ConstMatrixView<float>, const RowContext&, MatrixView<float>,
                             MatrixView<float>, const Noise&, std::span<const std::uint64_t>);

struct Case {
  const char* layer;
  std::size_t rows;
  float centre = 0.0f;  ///< of the total inputs, which spread by 1.5 around it
};

/// Layers of the recipes' sizes: 100 x 500 floats stay in the second cache.
constexpr Case kCases[] = {
    {"500", 100},
    {"gaussian 500", 100},
    {"gaussian(learned) 500", 100},
    {"rectified 500", 100},
    {"binomial(8) 500", 100},
    {"binomial(1000) 500", 10},
    {"stepped(16) 500", 100, 4.0f},
    {"softmax(4) 125", 100},
    {"softmax(10) 50", 100},
    {"softmax 500", 100},
    {"multinomial(100) 2000", 20},
    {"multinomial(100) 50000", 2},
    {"poisson 500", 100, -1.0f},
    {"poisson 500", 100, 4.0f},
};

struct Block {
  Layer layer;
  Matrix<float> input, means, samples;
  std::vector<std::uint64_t> cases;

  explicit Block(const Case& c)
      : layer(parse_layer(c.layer)),
        input(c.rows, layer.columns()),
        means(c.rows, layer.columns()),
        samples(c.rows, layer.columns()),
        cases(c.rows) {
    const Noise noise(1, Stream::kInitialWeights, 0);
    for (std::size_t i = 0; i < input.size(); ++i)
      input.data()[i] = c.centre + 1.5f * noise.normal(0, static_cast<std::uint32_t>(i));
    std::iota(cases.begin(), cases.end(), std::uint64_t{7000});
  }
};

void run(benchmark::State& state, const Case& c, Conditional pass, bool sampled) {
  Block block(c);
  const MatrixView<float> means = sampled ? MatrixView<float>() : block.means.view();
  const MatrixView<float> samples = sampled ? block.samples.view() : MatrixView<float>();
  std::uint64_t step = 0;
  for (auto _ : state) {
    pass(block.layer, block.input, {}, means, samples, Noise(1, Stream::kChain, step++), block.cases);
    benchmark::DoNotOptimize(block.means.data());
    benchmark::DoNotOptimize(block.samples.data());
    benchmark::ClobberMemory();
  }
  state.counters["ns_a_value"] =
      benchmark::Counter(static_cast<double>(block.input.size()) * 1e-9,
                         benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void run_log_partition(benchmark::State& state, const Case& c) {
  Block block(c);
  std::vector<double> row(block.input.row(0).begin(), block.input.row(0).end());
  for (auto _ : state) benchmark::DoNotOptimize(log_partition(block.layer, std::span<const double>(row)));
  state.counters["ns_a_value"] =
      benchmark::Counter(static_cast<double>(row.size()) * 1e-9,
                         benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void run_energy(benchmark::State& state, const Case& c) {
  Block block(c);
  conditional(block.layer, block.input, {}, {}, block.samples, Noise(1, Stream::kChain, 0), block.cases);
  for (auto _ : state) benchmark::DoNotOptimize(layer_energy(block.layer, block.samples.row(0)));
  state.counters["ns_a_value"] =
      benchmark::Counter(static_cast<double>(block.input.cols()) * 1e-9,
                         benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

/// One name a measurement: units/KIND/WHAT/HOW.
const bool kRegistered = [] {
  for (const Case& c : kCases) {
    const std::string name =
        std::string("units/") + c.layer + " at " + std::to_string(static_cast<int>(c.centre));
    for (const bool sampled : {false, true}) {
      const std::string what = name + (sampled ? "/sample" : "/mean");
      benchmark::RegisterBenchmark((what + "/plain").c_str(), run, c, plain_conditional, sampled);
      benchmark::RegisterBenchmark((what + "/pass").c_str(), run, c, conditional, sampled);
    }
    if (!LayerSpec(parse_layer(c.layer)).has_energy()) continue;
    benchmark::RegisterBenchmark((name + "/log_partition").c_str(), run_log_partition, c);
    benchmark::RegisterBenchmark((name + "/energy").c_str(), run_energy, c);
  }
  return true;
}();

}  // namespace
}  // namespace harmonium
