// How fast the counter-based random numbers come: the floor under every sampling pass.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

#include "harmonium/base/random.h"

namespace harmonium {
namespace {

constexpr std::size_t kUnits = 500;  // a hidden layer; fits the first cache, so only the generator is timed

void uniform_row(benchmark::State& state) {
  const Noise noise(1, Stream::kChain, 0);
  std::vector<float> row(kUnits);
  std::uint64_t case_index = 0;
  for (auto _ : state) {
    for (std::size_t quad = 0; quad < kUnits / 4; ++quad) {
      const auto words = noise.words(case_index, static_cast<std::uint32_t>(quad));
      for (std::size_t i = 0; i < 4; ++i) row[4 * quad + i] = Noise::to_uniform(words[i]);
    }
    ++case_index;
    benchmark::DoNotOptimize(row.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * kUnits));
}
BENCHMARK(uniform_row);

void normal_row(benchmark::State& state) {
  const Noise noise(1, Stream::kChain, 0);
  std::vector<float> row(kUnits);
  std::uint64_t case_index = 0;
  for (auto _ : state) {
    for (std::size_t unit = 0; unit < kUnits; ++unit) {
      row[unit] = noise.normal(case_index, static_cast<std::uint32_t>(unit));
    }
    ++case_index;
    benchmark::DoNotOptimize(row.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * kUnits));
}
BENCHMARK(normal_row);

}  // namespace
}  // namespace harmonium
