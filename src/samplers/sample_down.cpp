#include "samplers/sample_down.h"

#include <numeric>
#include <vector>

#include "harmonium/kernels/products.h"

namespace harmonium {

Matrix<float> sample_down(const DeepBeliefNet& net, std::size_t from, ConstMatrixView<float> values,
                          const Noise& noise, ThreadTeam& team, std::span<const float> lengths,
                          Matrix<float>* means) {
  std::vector<std::uint64_t> numbers(values.rows());
  std::iota(numbers.begin(), numbers.end(), 0u);
  Matrix<float> state;
  ConstMatrixView<float> above = values;
  for (std::size_t n = from; n-- > 0;) {
    const Rbm& rbm = net.rbms[n];
    Matrix<float> below(values.rows(), rbm.visible_columns());
    if (n == 0 && means != nullptr) means->resize(below.rows(), below.cols());
    PassMemory memories(rbm, values.rows(), team);
    team.run_blocks(
        values.rows(), block_of_cases(values.rows()),
        [&](std::size_t first, std::size_t count, unsigned worker) {
          HalfStep down;
          if (n == 0 && !lengths.empty()) down.lengths = lengths.subspan(first, count);
          half_step(rbm, Side::kVisible, above.row_block(first, count), down,
                    n == 0 && means != nullptr ? means->view().row_block(first, count) : MatrixView<float>{},
                    below.view().row_block(first, count), noise.child(n),
                    std::span(numbers).subspan(first, count), memories[worker]);
        });
    state = std::move(below);
    above = state.view().col_block(0, net.columns(n));
  }
  return state;
}

}  // namespace harmonium
