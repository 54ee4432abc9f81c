#include "recipe/ideas/patterns.h"

#include "harmonium/data/load.h"
#include "harmonium/train/loop.h"

namespace harmonium {

StateList bars_and_stripes(std::size_t size, ThreadTeam& team) {
  const Dataset data = load_dataset("bars-and-stripes:" + std::to_string(size));
  const Matrix<float> cases = fetch_range(data, 0, data.size(), 0, 0, team);
  std::vector<std::uint32_t> states;
  for (std::size_t c = 0; c < cases.rows(); ++c) states.push_back(read_state(cases.row(c)));
  return evenly(states);
}

StateList independent_bars(std::size_t size, double chance) {
  StateTable images(std::size_t{1} << size * size);
  for (std::uint32_t bars = 0; bars < 1u << 2 * size; ++bars) {
    double p = 1;
    std::uint32_t image = 0;
    for (std::size_t bar = 0; bar < 2 * size; ++bar) {
      const bool there = (bars >> bar & 1u) != 0;
      p *= there ? chance : 1 - chance;
      for (std::size_t k = 0; there && k < size; ++k)
        image |= 1u << (bar < size ? bar * size + k : k * size + bar - size);
    }
    images[image] += p;
  }
  return support_of(images);
}

}  // namespace harmonium
