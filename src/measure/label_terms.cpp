#include "measure/label_terms.h"

namespace harmonium {

void label_terms(const DeepBeliefNet& net, std::span<const float> input, std::span<double> terms,
                 std::vector<float>& memory) {
  const Rbm& top = net.top();
  const std::size_t first = top.visible_columns() - net.label_columns;
  memory.resize(input.size());
  for (std::size_t l = 0; l < terms.size(); ++l) {
    const auto own = top.weights.row(first + l);
    for (std::size_t j = 0; j < memory.size(); ++j) memory[j] = input[j] + own[j];
    terms[l] = top.visible.bias[first + l] + log_partition(top.hidden, std::span<const float>(memory));
  }
}

}  // namespace harmonium
