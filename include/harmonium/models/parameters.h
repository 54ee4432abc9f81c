// Anything with weights shows them as a list of named tensors. Saving, loading, optimising, averaging and
// checkpointing are written once, over that list.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace harmonium {

/// A tensor of a model or of a learner's state, seen through its name. Does not own the values.
struct NamedTensor {
  std::string name;                ///< as in a model file: "layers.0.weights"
  std::vector<std::size_t> shape;  ///< row-major
  std::span<float> values;
};

using ParameterList = std::vector<NamedTensor>;

}  // namespace harmonium
